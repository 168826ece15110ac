//! C++ `operator new` and `operator delete` in every form, without linking a C++ runtime.
//!
//! A `new` that fails calls the new-handler and tries again, as the standard says ([new.delete.single]), until there is
//! none; then it throws `std::bad_alloc`. Handler and thrower are the runtime's own, found by weak references; both may
//! throw. So the code that calls them is assembly with unwind information: no Rust frame is ever unwound, and the
//! thrower is reached by a tail jump, as if the program had called it. Only without a runtime does it end with a
//! message.

use core::ffi::c_void;
use core::ptr;

use super::free_checked;
use crate::heap::{self, Call};
use crate::os;
use crate::size_class::MIN_ALIGN;
use crate::text::{STDERR, Text};

/// An aligned block, as `aligned_alloc`; null for an alignment that is no power of two.
fn aligned(size: usize, align: usize) -> *mut c_void {
    if align.is_power_of_two() { heap::alloc_aligned(align, size).cast() } else { ptr::null_mut() }
}

/// One more try of a `new` that failed, called from the assembly below.
extern "C" fn try_again(size: usize, align: usize) -> *mut c_void {
    aligned(size, align)
}

/// The end of a throwing `new` in a process without a C++ runtime.
extern "C" fn no_runtime(size: usize) -> ! {
    let mut line = Text::<128>::to(STDERR);
    line.text("ft_malloc: operator new(").number(size);
    line.text("): memory exhausted, and no C++ runtime to throw std::bad_alloc\n").flush();
    os::abort()
}

// new_failed(size, align, throws): the standard's loop. Returns null only if `throws` is 0.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
core::arch::global_asm!(
    ".weak _ZSt15get_new_handlerv",
    ".weak _ZSt17__throw_bad_allocv",
    ".hidden ft_malloc_new_failed",
    ".globl ft_malloc_new_failed",
    ".type ft_malloc_new_failed,@function",
    "ft_malloc_new_failed:",
    ".cfi_startproc",
    "push rbx",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset rbx, 0",
    "push rbp",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset rbp, 0",
    "push r12",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset r12, 0",
    "mov rbx, rdi",
    "mov rbp, rsi",
    "mov r12, rdx",
    "2:",
    "mov rax, qword ptr [rip + _ZSt15get_new_handlerv@GOTPCREL]",
    "test rax, rax",
    "jz 3f",
    "call rax",
    "test rax, rax",
    "jz 3f",
    "call rax",
    "mov rdi, rbx",
    "mov rsi, rbp",
    "call {try_again}",
    "test rax, rax",
    "jz 2b",
    "jmp 4f",
    "3:",
    "xor eax, eax",
    "test r12, r12",
    "jz 4f",
    "mov rdi, rbx",
    ".cfi_remember_state",
    "pop r12",
    ".cfi_adjust_cfa_offset -8",
    ".cfi_restore r12",
    "pop rbp",
    ".cfi_adjust_cfa_offset -8",
    ".cfi_restore rbp",
    "pop rbx",
    ".cfi_adjust_cfa_offset -8",
    ".cfi_restore rbx",
    "mov rax, qword ptr [rip + _ZSt17__throw_bad_allocv@GOTPCREL]",
    "test rax, rax",
    "jz {no_runtime}",
    "jmp rax",
    "4:",
    ".cfi_restore_state",
    "pop r12",
    ".cfi_adjust_cfa_offset -8",
    ".cfi_restore r12",
    "pop rbp",
    ".cfi_adjust_cfa_offset -8",
    ".cfi_restore rbp",
    "pop rbx",
    ".cfi_adjust_cfa_offset -8",
    ".cfi_restore rbx",
    "ret",
    ".cfi_endproc",
    ".size ft_malloc_new_failed, . - ft_malloc_new_failed",
    try_again = sym try_again,
    no_runtime = sym no_runtime,
);

#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
core::arch::global_asm!(
    ".weak _ZSt15get_new_handlerv",
    ".weak _ZSt17__throw_bad_allocv",
    ".hidden ft_malloc_new_failed",
    ".globl ft_malloc_new_failed",
    ".type ft_malloc_new_failed,%function",
    "ft_malloc_new_failed:",
    ".cfi_startproc",
    "stp x29, x30, [sp, #-48]!",
    ".cfi_adjust_cfa_offset 48",
    ".cfi_rel_offset x29, 0",
    ".cfi_rel_offset x30, 8",
    "stp x19, x20, [sp, #16]",
    ".cfi_rel_offset x19, 16",
    ".cfi_rel_offset x20, 24",
    "str x21, [sp, #32]",
    ".cfi_rel_offset x21, 32",
    "mov x29, sp",
    "mov x19, x0",
    "mov x20, x1",
    "mov x21, x2",
    "2:",
    "adrp x8, :got:_ZSt15get_new_handlerv",
    "ldr x8, [x8, :got_lo12:_ZSt15get_new_handlerv]",
    "cbz x8, 3f",
    "blr x8",
    "cbz x0, 3f",
    "blr x0",
    "mov x0, x19",
    "mov x1, x20",
    "bl {try_again}",
    "cbz x0, 2b",
    "b 4f",
    "3:",
    "mov x0, xzr",
    "cbz x21, 4f",
    "mov x0, x19",
    ".cfi_remember_state",
    "ldr x21, [sp, #32]",
    "ldp x19, x20, [sp, #16]",
    "ldp x29, x30, [sp], #48",
    ".cfi_adjust_cfa_offset -48",
    ".cfi_restore x19",
    ".cfi_restore x20",
    ".cfi_restore x21",
    ".cfi_restore x29",
    ".cfi_restore x30",
    "adrp x8, :got:_ZSt17__throw_bad_allocv",
    "ldr x8, [x8, :got_lo12:_ZSt17__throw_bad_allocv]",
    "cbz x8, 5f",
    "br x8",
    "5:",
    "b {no_runtime}",
    "4:",
    ".cfi_restore_state",
    "ldr x21, [sp, #32]",
    "ldp x19, x20, [sp, #16]",
    "ldp x29, x30, [sp], #48",
    ".cfi_adjust_cfa_offset -48",
    ".cfi_restore x19",
    ".cfi_restore x20",
    ".cfi_restore x21",
    ".cfi_restore x29",
    ".cfi_restore x30",
    "ret",
    ".cfi_endproc",
    ".size ft_malloc_new_failed, . - ft_malloc_new_failed",
    try_again = sym try_again,
    no_runtime = sym no_runtime,
);

#[cfg(target_os = "linux")]
unsafe extern "C" {
    /// The loop above.
    #[link_name = "ft_malloc_new_failed"]
    fn new_failed(size: usize, align: usize, throws: usize) -> *mut c_void;
}

/// Elsewhere `operator new` is not replaced by preloading; a program that links it gets the message.
#[cfg(not(target_os = "linux"))]
unsafe fn new_failed(size: usize, align: usize, throws: usize) -> *mut c_void {
    let again = try_again(size, align);
    if again.is_null() && throws != 0 {
        no_runtime(size)
    }
    again
}

/// A throwing `new`.
#[inline(always)]
fn new_or_throw(size: usize) -> *mut c_void {
    heap::alloc_or(size, || new_slow(size)).cast()
}

/// The rest of it, reached by a jump.
#[cold]
#[inline(never)]
extern "C" fn new_slow(size: usize) -> *mut u8 {
    let block = heap::alloc_slow(size);
    if block.is_null() {
        // SAFETY: the loop takes any size; this is the last thing this frame does.
        return unsafe { new_failed(size, MIN_ALIGN, 1) }.cast();
    }
    block
}

/// A throwing `new` with an alignment.
fn new_aligned_or_throw(size: usize, align: usize) -> *mut c_void {
    let block = aligned(size, align);
    if block.is_null() {
        // SAFETY: as above.
        return unsafe { new_failed(size, align, 1) };
    }
    block
}

/// A `new` that returns null.
fn new_or_null(size: usize, align: usize) -> *mut c_void {
    let block = aligned(size, align);
    if block.is_null() {
        // SAFETY: as above.
        return unsafe { new_failed(size, align, 0) };
    }
    block
}

/// Defines exported functions with one body.
macro_rules! export {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? = $body:expr;)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($arg: $type),*) $(-> $result)? { $body }
    )*};
}

/// `std::nothrow_t const &`, of which only the type matters.
type NoThrow = *const c_void;

export! {
    /// `operator new(size_t)`.
    _Znwm(size: usize) -> *mut c_void = new_or_throw(size);
    /// `operator new[](size_t)`.
    _Znam(size: usize) -> *mut c_void = new_or_throw(size);
    /// `operator new(size_t, nothrow)`.
    _ZnwmRKSt9nothrow_t(size: usize, _t: NoThrow) -> *mut c_void = new_or_null(size, MIN_ALIGN);
    /// `operator new[](size_t, nothrow)`.
    _ZnamRKSt9nothrow_t(size: usize, _t: NoThrow) -> *mut c_void = new_or_null(size, MIN_ALIGN);
    /// `operator new(size_t, align_val_t)`.
    _ZnwmSt11align_val_t(size: usize, align: usize) -> *mut c_void = new_aligned_or_throw(size, align);
    /// `operator new[](size_t, align_val_t)`.
    _ZnamSt11align_val_t(size: usize, align: usize) -> *mut c_void = new_aligned_or_throw(size, align);
    /// `operator new(size_t, align_val_t, nothrow)`.
    _ZnwmSt11align_val_tRKSt9nothrow_t(size: usize, align: usize, _t: NoThrow) -> *mut c_void = new_or_null(size, align);
    /// `operator new[](size_t, align_val_t, nothrow)`.
    _ZnamSt11align_val_tRKSt9nothrow_t(size: usize, align: usize, _t: NoThrow) -> *mut c_void = new_or_null(size, align);
    /// `operator delete(void *)`.
    _ZdlPv(block: *mut c_void) = heap::free(block.cast(), Call::Delete);
    /// `operator delete[](void *)`.
    _ZdaPv(block: *mut c_void) = heap::free(block.cast(), Call::Delete);
    /// `operator delete(void *, nothrow)`.
    _ZdlPvRKSt9nothrow_t(block: *mut c_void, _t: NoThrow) = heap::free(block.cast(), Call::Delete);
    /// `operator delete[](void *, nothrow)`.
    _ZdaPvRKSt9nothrow_t(block: *mut c_void, _t: NoThrow) = heap::free(block.cast(), Call::Delete);
    /// `operator delete(void *, size_t)`.
    _ZdlPvm(block: *mut c_void, size: usize) = free_checked(block.cast(), Some(size), None, Call::Delete);
    /// `operator delete[](void *, size_t)`.
    _ZdaPvm(block: *mut c_void, size: usize) = free_checked(block.cast(), Some(size), None, Call::Delete);
    /// `operator delete(void *, align_val_t)`.
    _ZdlPvSt11align_val_t(block: *mut c_void, align: usize) =
        free_checked(block.cast(), None, Some(align), Call::Delete);
    /// `operator delete[](void *, align_val_t)`.
    _ZdaPvSt11align_val_t(block: *mut c_void, align: usize) =
        free_checked(block.cast(), None, Some(align), Call::Delete);
    /// `operator delete(void *, align_val_t, nothrow)`.
    _ZdlPvSt11align_val_tRKSt9nothrow_t(block: *mut c_void, align: usize, _t: NoThrow) =
        free_checked(block.cast(), None, Some(align), Call::Delete);
    /// `operator delete[](void *, align_val_t, nothrow)`.
    _ZdaPvSt11align_val_tRKSt9nothrow_t(block: *mut c_void, align: usize, _t: NoThrow) =
        free_checked(block.cast(), None, Some(align), Call::Delete);
    /// `operator delete(void *, size_t, align_val_t)`.
    _ZdlPvmSt11align_val_t(block: *mut c_void, size: usize, align: usize) =
        free_checked(block.cast(), Some(size), Some(align), Call::Delete);
    /// `operator delete[](void *, size_t, align_val_t)`.
    _ZdaPvmSt11align_val_t(block: *mut c_void, size: usize, align: usize) =
        free_checked(block.cast(), Some(size), Some(align), Call::Delete);
}
