//! `std::bad_alloc`, thrown without `std::__throw_bad_alloc`.
//!
//! A C++ runtime that is linked into the program statically comes in parts, and a weak reference brings none of them along:
//! that function is missing where nothing else of its part is used. What throws and what is thrown is there in every
//! program that catches a `std::bad_alloc`.

use core::ffi::c_void;
use core::ptr;

use crate::os::weak;

/// A function that throws it; null if a part is missing.
pub(super) fn thrower() -> *mut c_void {
    let parts: [usize; 5] = [
        weak!("__cxa_allocate_exception"),
        weak!("__cxa_throw"),
        weak!("_ZTVSt9bad_alloc"),
        weak!("_ZTISt9bad_alloc"),
        weak!("_ZNSt9bad_allocD1Ev"),
    ];
    if parts.contains(&0) { ptr::null_mut() } else { (&raw const THROW).cast_mut().cast() }
}

unsafe extern "C" {
    /// The function below: only its address is wanted.
    #[link_name = "ft_malloc_throw_bad_alloc"]
    static THROW: u8;
}

// The object is a pointer into its table, behind the two words that each begins with.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".hidden ft_malloc_throw_bad_alloc",
    ".globl ft_malloc_throw_bad_alloc",
    ".type ft_malloc_throw_bad_alloc,@function",
    "ft_malloc_throw_bad_alloc:",
    ".cfi_startproc",
    "push rax",
    ".cfi_adjust_cfa_offset 8",
    "mov edi, 8",
    "call qword ptr [rip + __cxa_allocate_exception@GOTPCREL]",
    "mov rcx, qword ptr [rip + _ZTVSt9bad_alloc@GOTPCREL]",
    "add rcx, 16",
    "mov qword ptr [rax], rcx",
    "mov rdi, rax",
    "mov rsi, qword ptr [rip + _ZTISt9bad_alloc@GOTPCREL]",
    "mov rdx, qword ptr [rip + _ZNSt9bad_allocD1Ev@GOTPCREL]",
    "call qword ptr [rip + __cxa_throw@GOTPCREL]",
    "ud2",
    ".cfi_endproc",
    ".size ft_malloc_throw_bad_alloc, . - ft_malloc_throw_bad_alloc",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".hidden ft_malloc_throw_bad_alloc",
    ".globl ft_malloc_throw_bad_alloc",
    ".type ft_malloc_throw_bad_alloc,%function",
    "ft_malloc_throw_bad_alloc:",
    ".cfi_startproc",
    "stp x29, x30, [sp, #-16]!",
    ".cfi_adjust_cfa_offset 16",
    ".cfi_rel_offset x29, 0",
    ".cfi_rel_offset x30, 8",
    "mov x29, sp",
    "mov x0, #8",
    "adrp x8, :got:__cxa_allocate_exception",
    "ldr x8, [x8, :got_lo12:__cxa_allocate_exception]",
    "blr x8",
    "adrp x8, :got:_ZTVSt9bad_alloc",
    "ldr x8, [x8, :got_lo12:_ZTVSt9bad_alloc]",
    "add x8, x8, #16",
    "str x8, [x0]",
    "adrp x1, :got:_ZTISt9bad_alloc",
    "ldr x1, [x1, :got_lo12:_ZTISt9bad_alloc]",
    "adrp x2, :got:_ZNSt9bad_allocD1Ev",
    "ldr x2, [x2, :got_lo12:_ZNSt9bad_allocD1Ev]",
    "adrp x8, :got:__cxa_throw",
    "ldr x8, [x8, :got_lo12:__cxa_throw]",
    "blr x8",
    "brk #1",
    ".cfi_endproc",
    ".size ft_malloc_throw_bad_alloc, . - ft_malloc_throw_bad_alloc",
);
