//! What a `new` does that failed: the loop of the standard.
//!
//! Handler and thrower are the runtime's own, found by weak references, or by name where a library that was loaded later
//! brought it along; both may throw. So the code that calls them is
//! assembly with unwind information: no Rust frame is ever unwound, and the thrower is reached by a tail jump, as if the
//! program had called it. Only without a runtime does it end with a message.

use core::ffi::c_void;

use super::{aligned, thrown};
use crate::os::{self, in_runtime};
use crate::text::{STDERR, Text};

/// One more try of a `new` that failed, called from the assembly below.
extern "C" fn try_again(size: usize, align: usize) -> *mut c_void {
    aligned(size, align)
}

/// `std::get_new_handler` of a runtime that no reference leads to; null if there is none.
extern "C" fn find_handler() -> *mut c_void {
    in_runtime(c"_ZSt15get_new_handlerv")
}

/// What throws `std::bad_alloc` where no reference leads to `std::__throw_bad_alloc`; null if there is nothing.
extern "C" fn find_thrower() -> *mut c_void {
    let thrower = thrown::thrower();
    if thrower.is_null() { in_runtime(c"_ZSt17__throw_bad_allocv") } else { thrower }
}

/// The end of a throwing `new` in a process without a C++ runtime.
extern "C" fn no_runtime(size: usize) -> ! {
    let mut line = Text::<128>::to(STDERR);
    line.text("ft_malloc: operator new(").number(size);
    line.text("): memory exhausted, and no C++ runtime to throw std::bad_alloc\n").flush();
    os::abort()
}

// new_failed(size, align): the standard's loop. An exception of the handler passes through; without a handler the
// thrower is the end.
//
// nothrow_new_failed(size, align): the same for a nothrow new, which ends with null where the other one throws, also when
// the handler throws: its frame has a catch-all (the exception table of the Itanium ABI by hand, the runtime's
// personality by a weak reference; a runtime that came later gives none, and what its handler throws passes through).
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".weak _ZSt15get_new_handlerv",
    ".weak _ZSt17__throw_bad_allocv",
    ".weak __cxa_begin_catch",
    ".weak __cxa_end_catch",
    ".weak __gxx_personality_v0",
    // In: rbx size, rbp align. Out: rax the block, or null when there is no handler. `2:` tries again and again.
    ".macro ft_malloc_new_loop",
    "2:",
    "mov rax, qword ptr [rip + _ZSt15get_new_handlerv@GOTPCREL]",
    "test rax, rax",
    "jnz 4f",
    "call {find_handler}",
    "test rax, rax",
    "jz 3f",
    "4:",
    "call rax",
    "test rax, rax",
    "jz 3f",
    "call rax",
    "mov rdi, rbx",
    "mov rsi, rbp",
    "call {try_again}",
    "test rax, rax",
    "jz 2b",
    "3:",
    ".endm",
    ".macro ft_malloc_new_enter",
    "push rbx",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset rbx, 0",
    "push rbp",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset rbp, 0",
    "push rax",
    ".cfi_adjust_cfa_offset 8",
    "mov rbx, rdi",
    "mov rbp, rsi",
    ".endm",
    ".macro ft_malloc_new_leave",
    "pop rcx",
    ".cfi_adjust_cfa_offset -8",
    "pop rbp",
    ".cfi_adjust_cfa_offset -8",
    ".cfi_restore rbp",
    "pop rbx",
    ".cfi_adjust_cfa_offset -8",
    ".cfi_restore rbx",
    ".endm",
    //
    ".hidden ft_malloc_new_failed",
    ".globl ft_malloc_new_failed",
    ".type ft_malloc_new_failed,@function",
    "ft_malloc_new_failed:",
    ".cfi_startproc",
    "ft_malloc_new_enter",
    "ft_malloc_new_loop",
    "mov rdi, rbx",
    "ft_malloc_new_leave",
    "test rax, rax",
    "jz 4f",
    "ret",
    "4:",
    "mov rax, qword ptr [rip + _ZSt17__throw_bad_allocv@GOTPCREL]",
    "test rax, rax",
    "jnz 5f",
    "push rdi",
    ".cfi_adjust_cfa_offset 8",
    "call {find_thrower}",
    "pop rdi",
    ".cfi_adjust_cfa_offset -8",
    "test rax, rax",
    "jz {no_runtime}",
    "5:",
    "jmp rax",
    ".cfi_endproc",
    ".size ft_malloc_new_failed, . - ft_malloc_new_failed",
    //
    ".hidden ft_malloc_nothrow_new_failed",
    ".globl ft_malloc_nothrow_new_failed",
    ".type ft_malloc_nothrow_new_failed,@function",
    "ft_malloc_nothrow_new_failed:",
    ".cfi_startproc",
    // Both relative to their place; the personality indirectly, since the linker does not know its address.
    ".cfi_personality 0x9b, ft_malloc_personality",
    ".cfi_lsda 0x1b, ft_malloc_nothrow_lsda",
    "ft_malloc_new_enter",
    "5:",
    "ft_malloc_new_loop",
    "6:",
    "ft_malloc_new_leave",
    "ret",
    // The handler threw: rax is the exception.
    ".cfi_adjust_cfa_offset 24",
    ".cfi_rel_offset rbx, 16",
    ".cfi_rel_offset rbp, 8",
    "7:",
    "mov rdi, rax",
    "call qword ptr [rip + __cxa_begin_catch@GOTPCREL]",
    "call qword ptr [rip + __cxa_end_catch@GOTPCREL]",
    "xor eax, eax",
    "jmp 6b",
    "8:",
    ".cfi_endproc",
    ".size ft_malloc_nothrow_new_failed, . - ft_malloc_nothrow_new_failed",
    //
    ".section .data.rel.ro.ft_malloc_personality,\"aw\",@progbits",
    ".balign 8",
    "ft_malloc_personality:",
    ".quad __gxx_personality_v0",
    ".section .gcc_except_table.ft_malloc,\"a\",@progbits",
    ".balign 4",
    "ft_malloc_nothrow_lsda:",
    ".byte 0xff",      // landing pads are relative to the function
    ".byte 0x00",      // types are absolute addresses; the only one is null, which catches everything
    ".uleb128 12f - 9f",
    "9:",
    ".byte 0x01",      // call sites are uleb128
    ".uleb128 11f - 10f",
    "10:",
    ".uleb128 5b - ft_malloc_nothrow_new_failed",
    ".uleb128 6b - 5b",
    ".uleb128 7b - ft_malloc_nothrow_new_failed",
    ".uleb128 1",      // first action
    ".uleb128 7b - ft_malloc_nothrow_new_failed",
    ".uleb128 8b - 7b",
    ".uleb128 0",      // no landing pad
    ".uleb128 0",
    "11:",
    ".byte 0x01",      // action: the first type
    ".byte 0x00",      // and no other
    ".balign 4",
    ".quad 0",
    "12:",
    ".text",
    try_again = sym try_again,
    find_handler = sym find_handler,
    find_thrower = sym find_thrower,
    no_runtime = sym no_runtime,
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".weak _ZSt15get_new_handlerv",
    ".weak _ZSt17__throw_bad_allocv",
    ".weak __cxa_begin_catch",
    ".weak __cxa_end_catch",
    ".weak __gxx_personality_v0",
    // In: x19 size, x20 align. Out: x0 the block, or null when there is no handler.
    ".macro ft_malloc_new_loop",
    "2:",
    "adrp x8, :got:_ZSt15get_new_handlerv",
    "ldr x8, [x8, :got_lo12:_ZSt15get_new_handlerv]",
    "cbnz x8, 4f",
    "bl {find_handler}",
    "cbz x0, 3f",
    "mov x8, x0",
    "4:",
    "blr x8",
    "cbz x0, 3f",
    "blr x0",
    "mov x0, x19",
    "mov x1, x20",
    "bl {try_again}",
    "cbz x0, 2b",
    "3:",
    ".endm",
    ".macro ft_malloc_new_enter",
    "stp x29, x30, [sp, #-32]!",
    ".cfi_adjust_cfa_offset 32",
    ".cfi_rel_offset x29, 0",
    ".cfi_rel_offset x30, 8",
    "stp x19, x20, [sp, #16]",
    ".cfi_rel_offset x19, 16",
    ".cfi_rel_offset x20, 24",
    "mov x29, sp",
    "mov x19, x0",
    "mov x20, x1",
    ".endm",
    ".macro ft_malloc_new_leave",
    "ldp x19, x20, [sp, #16]",
    "ldp x29, x30, [sp], #32",
    ".cfi_adjust_cfa_offset -32",
    ".cfi_restore x19",
    ".cfi_restore x20",
    ".cfi_restore x29",
    ".cfi_restore x30",
    ".endm",
    //
    ".hidden ft_malloc_new_failed",
    ".globl ft_malloc_new_failed",
    ".type ft_malloc_new_failed,%function",
    "ft_malloc_new_failed:",
    ".cfi_startproc",
    "ft_malloc_new_enter",
    "ft_malloc_new_loop",
    "mov x9, x19",
    "ft_malloc_new_leave",
    "cbz x0, 4f",
    "ret",
    "4:",
    "mov x0, x9",
    "adrp x8, :got:_ZSt17__throw_bad_allocv",
    "ldr x8, [x8, :got_lo12:_ZSt17__throw_bad_allocv]",
    "cbnz x8, 5f",
    "stp x29, x30, [sp, #-32]!",
    ".cfi_adjust_cfa_offset 32",
    ".cfi_rel_offset x29, 0",
    ".cfi_rel_offset x30, 8",
    "str x0, [sp, #16]",
    "bl {find_thrower}",
    "mov x8, x0",
    "ldr x0, [sp, #16]",
    "ldp x29, x30, [sp], #32",
    ".cfi_adjust_cfa_offset -32",
    ".cfi_restore x29",
    ".cfi_restore x30",
    "cbz x8, 6f",
    "5:",
    "br x8",
    "6:",
    "b {no_runtime}",
    ".cfi_endproc",
    ".size ft_malloc_new_failed, . - ft_malloc_new_failed",
    //
    ".hidden ft_malloc_nothrow_new_failed",
    ".globl ft_malloc_nothrow_new_failed",
    ".type ft_malloc_nothrow_new_failed,%function",
    "ft_malloc_nothrow_new_failed:",
    ".cfi_startproc",
    ".cfi_personality 0x9b, ft_malloc_personality",
    ".cfi_lsda 0x1b, ft_malloc_nothrow_lsda",
    "ft_malloc_new_enter",
    "5:",
    "ft_malloc_new_loop",
    "6:",
    "ft_malloc_new_leave",
    "ret",
    // The handler threw: x0 is the exception.
    ".cfi_adjust_cfa_offset 32",
    ".cfi_rel_offset x29, 0",
    ".cfi_rel_offset x30, 8",
    ".cfi_rel_offset x19, 16",
    ".cfi_rel_offset x20, 24",
    "7:",
    "adrp x8, :got:__cxa_begin_catch",
    "ldr x8, [x8, :got_lo12:__cxa_begin_catch]",
    "blr x8",
    "adrp x8, :got:__cxa_end_catch",
    "ldr x8, [x8, :got_lo12:__cxa_end_catch]",
    "blr x8",
    "mov x0, xzr",
    "b 6b",
    "8:",
    ".cfi_endproc",
    ".size ft_malloc_nothrow_new_failed, . - ft_malloc_nothrow_new_failed",
    //
    ".section .data.rel.ro.ft_malloc_personality,\"aw\",%progbits",
    ".balign 8",
    "ft_malloc_personality:",
    ".xword __gxx_personality_v0",
    ".section .gcc_except_table.ft_malloc,\"a\",%progbits",
    ".balign 4",
    "ft_malloc_nothrow_lsda:",
    ".byte 0xff",      // landing pads are relative to the function
    ".byte 0x00",      // types are absolute addresses; the only one is null, which catches everything
    ".uleb128 12f - 9f",
    "9:",
    ".byte 0x01",      // call sites are uleb128
    ".uleb128 11f - 10f",
    "10:",
    ".uleb128 5b - ft_malloc_nothrow_new_failed",
    ".uleb128 6b - 5b",
    ".uleb128 7b - ft_malloc_nothrow_new_failed",
    ".uleb128 1",      // first action
    ".uleb128 7b - ft_malloc_nothrow_new_failed",
    ".uleb128 8b - 7b",
    ".uleb128 0",      // no landing pad
    ".uleb128 0",
    "11:",
    ".byte 0x01",      // action: the first type
    ".byte 0x00",      // and no other
    ".balign 4",
    ".xword 0",
    "12:",
    ".text",
    try_again = sym try_again,
    find_handler = sym find_handler,
    find_thrower = sym find_thrower,
    no_runtime = sym no_runtime,
);

unsafe extern "C" {
    /// The loop of a throwing new, above.
    #[link_name = "ft_malloc_new_failed"]
    pub(super) fn new_failed(size: usize, align: usize) -> *mut c_void;
    /// The loop of a nothrow new, above.
    #[link_name = "ft_malloc_nothrow_new_failed"]
    pub(super) fn nothrow_new_failed(size: usize, align: usize) -> *mut c_void;
}
