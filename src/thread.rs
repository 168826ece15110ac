//! The thread's slot: one pointer of thread-local storage that leads to the thread's cache.
//!
//! Before its first slow path a thread has [`NONE`], a cache without blocks, so the hit path needs no test whether the
//! thread is known. After its end it has [`ENDED`], which is the same but remembered.
//!
//! `thread_local!` in a shared library calls `__tls_get_addr`. So the slot is 8 bytes of `.tdata` defined in assembly,
//! initialised to the address of `NONE`, read through the initial-exec model: two instructions, no call, and few
//! enough bytes that `dlopen` finds room in the static TLS block. macOS uses a pthread key.

#![expect(unsafe_code, reason = "thread-local storage in assembly")]

use crate::cache::Cache;

/// The cache of threads that have none yet: no block in any window, owner of nothing. Never written.
pub(crate) static NONE: Cache = Cache::new();

/// The cache of threads whose cache was given back at their end. Never written.
pub(crate) static ENDED: Cache = Cache::new();

/// The thread's cache, or one of the stand-ins.
#[inline(always)]
pub(crate) fn cache() -> &'static Cache {
    let cache = slot::get();
    // SAFETY: the slot holds `NONE`, or what `set_cache` was given.
    unsafe { &*cache }
}

/// Makes `cache` the calling thread's.
pub(crate) fn set_cache(cache: &'static Cache) {
    slot::set(cache);
}

/// Whether `cache` is a thread's own, and not a stand-in.
pub(crate) fn is_real(cache: &'static Cache) -> bool {
    !core::ptr::eq(cache, &raw const NONE) && !core::ptr::eq(cache, &raw const ENDED)
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod slot {
    use super::{Cache, NONE};
    use core::arch::{asm, global_asm};

    // Aligned to 8 only: dlopen fails on aarch64 when a library's TLS asks for 64.
    #[cfg(target_arch = "x86_64")]
    global_asm!(
        ".section .tdata.ft_malloc_slot,\"awT\",@progbits",
        ".balign 8",
        ".hidden ft_malloc_slot",
        ".globl ft_malloc_slot",
        ".type ft_malloc_slot,@object",
        ".size ft_malloc_slot,8",
        "ft_malloc_slot:",
        ".quad {none}",
        ".text",
        none = sym NONE,
    );
    #[cfg(target_arch = "aarch64")]
    global_asm!(
        ".section .tdata.ft_malloc_slot,\"awT\",%progbits",
        ".balign 8",
        ".hidden ft_malloc_slot",
        ".globl ft_malloc_slot",
        ".type ft_malloc_slot,%object",
        ".size ft_malloc_slot,8",
        "ft_malloc_slot:",
        ".xword {none}",
        ".text",
        none = sym NONE,
    );

    /// The slot's content.
    #[inline(always)]
    pub(super) fn get() -> *const Cache {
        let cache: *const Cache;
        // SAFETY: reads 8 bytes of this thread's static TLS at the offset the linker gives.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            asm!(
                "mov {0}, qword ptr [rip + ft_malloc_slot@GOTTPOFF]",
                "mov {0}, qword ptr fs:[{0}]",
                out(reg) cache,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            asm!(
                "mrs {1}, tpidr_el0",
                "adrp {0}, :gottprel:ft_malloc_slot",
                "ldr {0}, [{0}, :gottprel_lo12:ft_malloc_slot]",
                "ldr {0}, [{1}, {0}]",
                out(reg) cache,
                out(reg) _,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        cache
    }

    /// Changes the slot's content.
    pub(super) fn set(cache: &'static Cache) {
        let cache = core::ptr::from_ref(cache);
        // SAFETY: writes the 8 bytes that `get` reads.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            asm!(
                "mov {0}, qword ptr [rip + ft_malloc_slot@GOTTPOFF]",
                "mov qword ptr fs:[{0}], {1}",
                out(reg) _,
                in(reg) cache,
                options(nostack, preserves_flags),
            );
        }
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            asm!(
                "mrs {1}, tpidr_el0",
                "adrp {0}, :gottprel:ft_malloc_slot",
                "ldr {0}, [{0}, :gottprel_lo12:ft_malloc_slot]",
                "str {2}, [{1}, {0}]",
                out(reg) _,
                out(reg) _,
                in(reg) cache,
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod slot {
    use super::{Cache, NONE};
    use crate::os::ThreadValue;

    /// The key; created at the first `set`.
    static VALUE: ThreadValue = ThreadValue::new();

    /// The thread's value.
    #[inline(always)]
    pub(super) fn get() -> *const Cache {
        let cache = VALUE.get().cast::<Cache>().cast_const();
        if cache.is_null() { &raw const NONE } else { cache }
    }

    /// Changes the thread's value.
    pub(super) fn set(cache: &'static Cache) {
        VALUE.set(core::ptr::from_ref(cache).cast_mut().cast());
    }
}
