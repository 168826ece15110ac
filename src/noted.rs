//! Notes where the program calls from, for the stacks of sampled blocks.
//!
//! A function whose body is `noted!(name(arguments))` keeps its return address and the frame pointer in the thread's words
//! (`tls`) and jumps to `name`, a function of the same signature: five instructions. Only ways that leave the hit paths do
//! so, or that have none.

/// The body of a function that notes its caller and goes on with another one.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
macro_rules! noted {
    ($to:ident($($arg:ident),*)) => {
        core::arch::naked_asm!(
            "mov r11, qword ptr [rip + ft_malloc_words@GOTTPOFF]",
            "mov rax, qword ptr [rsp]",
            "mov qword ptr fs:[r11 + 24], rax",
            "mov qword ptr fs:[r11 + 32], rbp",
            "jmp {}",
            sym $to,
        )
    };
}

/// See the x86-64 version.
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
macro_rules! noted {
    ($to:ident($($arg:ident),*)) => {
        core::arch::naked_asm!(
            "mrs x9, tpidr_el0",
            "adrp x10, :gottprel:ft_malloc_words",
            "ldr x10, [x10, :gottprel_lo12:ft_malloc_words]",
            "add x9, x9, x10",
            "str x30, [x9, #24]",
            "str x29, [x9, #32]",
            "b {}",
            sym $to,
        )
    };
}

/// Nobody notes it elsewhere.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
macro_rules! noted {
    ($to:ident($($arg:ident),*)) => {
        $to($($arg),*)
    };
}

pub(crate) use noted;
