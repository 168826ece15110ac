//! Thread-local storage: five words a thread.
//!
//! `thread_local!` in a shared library calls `__tls_get_addr`. So the words are 40 bytes of `.tdata` defined in
//! assembly and read through the initial-exec model: two instructions, no call, and few enough bytes that `dlopen`
//! finds room in the static TLS block. macOS uses three pthread keys for the first three.
//!
//! | word | content |
//! |---|---|
//! | slot | the thread's cache; [`NONE`](crate::thread::NONE) at first |
//! | depth | mutexes of ours that the thread holds or is about to hold: not 0 means that a signal handler which asks us something has interrupted a change; and the forks of such handlers (`sync::fork_within`) |
//! | ended | 1 once the thread's cache was given back at its end, 2 when no destructor of ours follows |
//! | caller, frame | the return address and the frame pointer of the program's last call that left the hit paths (`noted`); macOS has none |

#![cfg_attr(target_os = "linux", expect(unsafe_code, reason = "assembly"))]

/// The words on x86-64 Linux.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod words {
    use core::arch::{asm, global_asm};

    global_asm!(
        ".section .tdata.ft_malloc_words,\"awT\",@progbits",
        ".balign 8",
        ".hidden ft_malloc_words",
        ".globl ft_malloc_words",
        ".type ft_malloc_words,@object",
        ".size ft_malloc_words,40",
        "ft_malloc_words:",
        ".quad {none}",
        ".quad 0, 0, 0, 0",
        ".text",
        none = sym crate::thread::NONE,
    );

    /// Reads word `N`.
    #[inline(always)]
    pub(super) fn get<const N: usize>() -> *const u8 {
        let word: *const u8;
        // SAFETY: reads 8 bytes of this thread's static TLS at the offset the linker gives.
        unsafe {
            asm!(
                "mov {0}, qword ptr [rip + ft_malloc_words@GOTTPOFF]",
                "mov {0}, qword ptr fs:[{0} + {at}]",
                out(reg) word,
                at = const 8 * N,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        word
    }

    /// Writes word `N`.
    #[inline(always)]
    pub(super) fn set<const N: usize>(word: *const u8) {
        // SAFETY: writes the 8 bytes that `get` reads.
        unsafe {
            asm!(
                "mov {0}, qword ptr [rip + ft_malloc_words@GOTTPOFF]",
                "mov qword ptr fs:[{0} + {at}], {1}",
                out(reg) _,
                in(reg) word,
                at = const 8 * N,
                options(nostack, preserves_flags),
            );
        }
    }
}

/// The words on aarch64 Linux.
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
mod words {
    use core::arch::{asm, global_asm};

    // Aligned to 8 only: dlopen fails on aarch64 when a library's TLS asks for 64.
    global_asm!(
        ".section .tdata.ft_malloc_words,\"awT\",%progbits",
        ".balign 8",
        ".hidden ft_malloc_words",
        ".globl ft_malloc_words",
        ".type ft_malloc_words,%object",
        ".size ft_malloc_words,40",
        "ft_malloc_words:",
        ".xword {none}",
        ".xword 0, 0, 0, 0",
        ".text",
        none = sym crate::thread::NONE,
    );

    /// Reads word `N`.
    #[inline(always)]
    pub(super) fn get<const N: usize>() -> *const u8 {
        let word: *const u8;
        // SAFETY: reads 8 bytes of this thread's static TLS at the offset the linker gives.
        unsafe {
            asm!(
                "mrs {1}, tpidr_el0",
                "adrp {0}, :gottprel:ft_malloc_words",
                "ldr {0}, [{0}, :gottprel_lo12:ft_malloc_words]",
                "add {0}, {0}, {1}",
                "ldr {0}, [{0}, {at}]",
                out(reg) word,
                out(reg) _,
                at = const 8 * N,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        word
    }

    /// Writes word `N`.
    #[inline(always)]
    pub(super) fn set<const N: usize>(word: *const u8) {
        // SAFETY: writes the 8 bytes that `get` reads.
        unsafe {
            asm!(
                "mrs {1}, tpidr_el0",
                "adrp {0}, :gottprel:ft_malloc_words",
                "ldr {0}, [{0}, :gottprel_lo12:ft_malloc_words]",
                "add {0}, {0}, {1}",
                "str {2}, [{0}, {at}]",
                out(reg) _,
                out(reg) _,
                in(reg) word,
                at = const 8 * N,
                options(nostack, preserves_flags),
            );
        }
    }
}

/// The words elsewhere.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod words {
    use core::ffi::c_void;

    use crate::os::ThreadValue;

    /// The slot's key; created at the first `set`.
    static SLOT: ThreadValue = ThreadValue::new(keep::<0>);

    /// The depth's.
    static DEPTH: ThreadValue = ThreadValue::new(keep::<1>);

    /// The mark's.
    static ENDED: ThreadValue = ThreadValue::new(keep::<2>);

    /// The key of word `N`.
    const fn key<const N: usize>() -> &'static ThreadValue {
        match N {
            0 => &SLOT,
            1 => &DEPTH,
            _ => &ENDED,
        }
    }

    /// At a thread's end its values are taken away, which may be before the cache is given back: back with them, in every
    /// round of destructors.
    extern "C" fn keep<const N: usize>(word: *mut c_void) {
        key::<N>().set(word);
    }

    /// Reads word `N`.
    #[inline(always)]
    pub(super) fn get<const N: usize>() -> *const u8 {
        let word: *const u8 = key::<N>().get().cast();
        if N == 0 && word.is_null() { (&raw const crate::thread::NONE).cast() } else { word }
    }

    /// Writes word `N`.
    pub(super) fn set<const N: usize>(word: *const u8) {
        key::<N>().set(word.cast_mut().cast());
    }
}

/// The thread's slot.
#[inline(always)]
pub(crate) fn slot() -> *const u8 {
    words::get::<0>()
}

/// Changes the thread's slot.
pub(crate) fn set_slot(content: *const u8) {
    words::set::<0>(content);
}

/// Mutexes of ours that the thread holds or is about to hold.
pub(crate) fn depth() -> usize {
    words::get::<1>().addr()
}

/// Changes that number.
pub(crate) fn set_depth(depth: usize) {
    words::set::<1>(core::ptr::without_provenance(depth));
}

/// How far the thread's end has come: 0 while it runs, more as `thread` says.
pub(crate) fn ended() -> usize {
    words::get::<2>().addr()
}

/// Changes that.
pub(crate) fn set_ended(ended: usize) {
    words::set::<2>(core::ptr::without_provenance(ended));
}

/// Where the program last called us from, and its frame pointer there; null where nobody notes it.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn caller() -> (*const u8, *const u8) {
    (words::get::<3>(), words::get::<4>())
}

/// See the other version.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(crate) fn caller() -> (*const u8, *const u8) {
    (core::ptr::null(), core::ptr::null())
}
