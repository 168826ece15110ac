//! Operators of a program that the archive is linked into.
//!
//! In the archive ours are weak (`Makefile`), as the C++ runtime's are in its own, so that a program may have others by
//! these names. The loader cannot tell them apart, for they are of one object: but ours lie in a section of their own.

use core::ffi::{CStr, c_void};

use super::replaced::c_name;

unsafe extern "C" {
    /// Where the section starts, by the linker.
    #[link_name = "__start_ft_malloc_operators"]
    static START: u8;
    /// Where it ends.
    #[link_name = "__stop_ft_malloc_operators"]
    static STOP: u8;
}

// The linker would export them.
core::arch::global_asm!(".hidden __start_ft_malloc_operators", ".hidden __stop_ft_malloc_operators");

/// Names, with what the process calls by them.
macro_rules! called {
    ($($name:ident)*) => { [$((c_name(concat!(stringify!($name), "\0")), super::$name as *const c_void)),*] };
}

/// What other forms end in.
const GROUND: [(&CStr, *const c_void); 8] = called!(
    _Znwm _Znam _ZdlPv _ZdaPv _ZnwmSt11align_val_t _ZnamSt11align_val_t _ZdlPvSt11align_val_t _ZdaPvSt11align_val_t
);

/// Whether the program has one of them.
pub(super) fn any() -> bool {
    GROUND.into_iter().any(|(_, function)| !is_ours(function))
}

/// The program's function of this name; `None` if it is ours, or no other form ends in it.
pub(super) fn replaced(name: &CStr) -> Option<*mut c_void> {
    let mut others = GROUND.into_iter().filter(|&(_, function)| !is_ours(function));
    others.find(|&(it, _)| it == name).map(|(_, function)| function.cast_mut())
}

/// Whether a function lies in our section.
fn is_ours(function: *const c_void) -> bool {
    let ours = (&raw const START).addr()..(&raw const STOP).addr();
    ours.contains(&function.addr())
}
