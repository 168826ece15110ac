//! Programs that replace some of the operators.
//!
//! They may: `operator new(size_t)` and `operator delete(void *)` alone are enough, for by the standard the other forms end
//! in these, sized, array and nothrow ones ([new.delete.single], [new.delete.array]). Ours know only our own blocks. So
//! where the program has one that is not ours, all forms but the four that end nowhere else are the C++ runtime's, the next
//! ones in the loader's order, which do as the standard says.
//!
//! Which they are is known before any constructor of the program has run. Each form is a jump to where its function is
//! said to be, in memory that the loader makes read-only once it has bound the library: a wild write cannot turn the jump
//! elsewhere. In programs that replace operators that page becomes writable again.

use core::ffi::{CStr, c_void};
#[cfg(feature = "abi")]
use core::ptr::{self, NonNull};
use core::sync::atomic::AtomicPtr;
#[cfg(feature = "abi")]
use core::sync::atomic::Ordering;

#[cfg(feature = "abi")]
use super::linked;
#[cfg(feature = "abi")]
use crate::os::{Loader, Os, Unix};

/// Where a form goes on.
#[repr(transparent)]
#[cfg_attr(not(feature = "abi"), allow(dead_code, reason = "read by assembly, changed by the constructor"))]
pub(super) struct Next(AtomicPtr<c_void>);

impl Next {
    /// In a function of ours.
    pub(super) const fn own(function: *const c_void) -> Self {
        Self(AtomicPtr::new(function.cast_mut()))
    }

    /// In a function of somebody else's; where the page stays read-only, in ours.
    #[cfg(feature = "abi")]
    fn turn_to(&self, function: *mut c_void) {
        let page = Unix.page();
        let start = ptr::from_ref(self).cast_mut().cast::<u8>().map_addr(|address| address & !(page - 1));
        if NonNull::new(start).is_some_and(|start| Unix.prepare(start, page)) {
            self.0.store(function, Ordering::Relaxed);
        }
    }
}

/// Defines exported functions with a body each, `own`, in place of which another function can come.
macro_rules! forwarded {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? = $body:expr;)*) => {
        /// The bodies.
        #[expect(non_snake_case, reason = "named as the functions")]
        mod own {
            use super::*;

            $($(#[$doc])* pub(super) extern "C" fn $name($($arg: $type),*) $(-> $result)? { $body })*
        }

        /// Where they are.
        #[expect(non_upper_case_globals, reason = "named as the functions")]
        mod next {
            use super::*;

            $($(#[$doc])*
            #[cfg_attr(feature = "abi", unsafe(link_section = ".data.rel.ro.next"))]
            pub(super) static $name: Next = Next::own(own::$name as *const c_void);)*
        }

        /// All of them, with their names.
        #[cfg(feature = "abi")]
        static FORWARDED: [(&core::ffi::CStr, &Next); 16] = [$((replaced::c_name(concat!(stringify!($name), "\0")), &next::$name)),*];

        $(
            $(#[$doc])*
            #[cfg_attr(feature = "abi", unsafe(no_mangle))]
            #[cfg_attr(feature = "abi", unsafe(link_section = "ft_malloc_operators"))]
            #[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), unsafe(naked))]
            pub extern "C" fn $name($($arg: $type),*) $(-> $result)? { replaced::go_on!($name($($arg),*)) }
        )*
    };
}

/// The rest of a form.
#[cfg(target_arch = "x86_64")]
macro_rules! go_on {
    ($name:ident($($arg:ident),*)) => { core::arch::naked_asm!("jmp qword ptr [rip + {}]", sym next::$name) };
}

/// See the x86-64 version.
#[cfg(target_arch = "aarch64")]
macro_rules! go_on {
    ($name:ident($($arg:ident),*)) => {
        core::arch::naked_asm!("adrp x16, {0}", "ldr x16, [x16, :lo12:{0}]", "br x16", sym next::$name)
    };
}

/// Elsewhere it is always ours.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
macro_rules! go_on {
    ($name:ident($($arg:ident),*)) => { own::$name($($arg),*) };
}

pub(super) use {forwarded, go_on};

/// A name that ends with a zero, as C has it.
#[cfg(feature = "abi")]
pub(super) const fn c_name(name: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(name.as_bytes()) {
        Ok(name) => name,
        Err(_) => c"",
    }
}

/// What other forms end in.
#[cfg(feature = "abi")]
const GROUND: [&CStr; 8] = [
    c"_Znwm",
    c"_Znam",
    c"_ZdlPv",
    c"_ZdaPv",
    c"_ZnwmSt11align_val_t",
    c"_ZnamSt11align_val_t",
    c"_ZdlPvSt11align_val_t",
    c"_ZdaPvSt11align_val_t",
];

/// Looks whether the program replaces operators, and lets the forms go on accordingly.
#[cfg(feature = "abi")]
pub(in crate::ffi) fn look() {
    let loader = Loader::with_cxx();
    if linked::any() {
        turn_all(loader.as_ref(), linked::replaced);
    } else if let Some(loader) = loader {
        look_in(&loader);
    }
}

/// The same where other objects may replace them. Only in a process that calls some function of ours: opened later by
/// `dlopen`, we are nobody's. It need not be `malloc`, which may be wrapped.
#[cfg(feature = "abi")]
fn look_in(loader: &Loader) {
    let Some(us) = loader.object(ptr::from_ref(&super::FORWARDED).cast()) else { return };
    let others = |name: &CStr| Some(loader.first(name)).filter(|&it| loader.definer(it).is_some_and(|by| by != us));
    let replaced = GROUND.into_iter().filter(|name| others(name).is_some()).count();
    if replaced == 0 || (replaced == GROUND.len() && loader.definer(loader.first(c"malloc")) != Some(us)) {
        return;
    }
    turn_all(Some(loader), others);
}

/// Lets every form go on to the C++ runtime's. Without a runtime behind us, as where it is linked into the program
/// statically, to what the program replaced.
#[cfg(feature = "abi")]
fn turn_all(loader: Option<&Loader>, others: impl Fn(&CStr) -> Option<*mut c_void>) {
    for (name, next) in &super::FORWARDED {
        let behind = loader.map(|loader| loader.behind(name)).filter(|function| !function.is_null());
        let mut ends = core::iter::successors(ends_in(name), |&form| ends_in(form));
        if let Some(function) = behind {
            next.turn_to(function);
        } else if let Some(function) = ends.find_map(&others) {
            next.turn_to(without_size(name, function));
        }
    }
    // A name that is found: the program's first `dlerror` would tell it of one that was not.
    loader.map(|loader| loader.first(c"malloc"));
}

/// An `operator delete(void *, align_val_t)`.
#[cfg(feature = "abi")]
type AlignedDelete = unsafe extern "C" fn(*mut c_void, usize);

/// Defines functions that leave a size out and go on where a word of their own says.
#[cfg(feature = "abi")]
macro_rules! leave_out {
    ($($(#[$doc:meta])* $name:ident, $next:ident;)*) => {$(
        $(#[$doc])*
        #[unsafe(link_section = ".data.rel.ro.next")]
        static $next: Next = Next::own(ptr::null());

        $(#[$doc])*
        extern "C" fn $name(block: *mut c_void, _size: usize, align: usize) {
            // SAFETY: nobody comes here before `without_size` has stored such a function.
            let function = unsafe { core::mem::transmute::<*mut c_void, AlignedDelete>($next.0.load(Ordering::Relaxed)) };
            // SAFETY: as our caller promises.
            unsafe { function(block, align) };
        }
    )*};
}

#[cfg(feature = "abi")]
leave_out! {
    /// `operator delete(void *, size_t, align_val_t)`.
    delete_aligned, DELETE_ALIGNED;
    /// `operator delete[](void *, size_t, align_val_t)`.
    delete_array_aligned, DELETE_ARRAY_ALIGNED;
}

/// Where a form goes on that ends in this function: there, or where its size is left out before.
#[cfg(feature = "abi")]
#[expect(clippy::as_conversions, reason = "functions have no other way to a pointer")]
fn without_size(form: &CStr, function: *mut c_void) -> *mut c_void {
    let (next, between): (&Next, extern "C" fn(*mut c_void, usize, usize)) = match form.to_bytes() {
        b"_ZdlPvmSt11align_val_t" => (&DELETE_ALIGNED, delete_aligned),
        b"_ZdaPvmSt11align_val_t" => (&DELETE_ARRAY_ALIGNED, delete_array_aligned),
        _ => return function,
    };
    next.turn_to(function);
    between as *mut c_void
}

/// The form that one ends in with the same arguments in the same places. But a nothrow `new` that fails throws there, and
/// of forms with size and alignment the size is left out.
#[cfg(feature = "abi")]
const fn ends_in(form: &CStr) -> Option<&'static CStr> {
    Some(match form.to_bytes() {
        b"_ZnamRKSt9nothrow_t" => c"_Znam",
        b"_Znam" | b"_ZnwmRKSt9nothrow_t" => c"_Znwm",
        b"_ZnamSt11align_val_tRKSt9nothrow_t" => c"_ZnamSt11align_val_t",
        b"_ZnamSt11align_val_t" | b"_ZnwmSt11align_val_tRKSt9nothrow_t" => c"_ZnwmSt11align_val_t",
        b"_ZdaPvm" | b"_ZdaPvRKSt9nothrow_t" => c"_ZdaPv",
        b"_ZdaPv" | b"_ZdlPvm" | b"_ZdlPvRKSt9nothrow_t" => c"_ZdlPv",
        b"_ZdaPvSt11align_val_tRKSt9nothrow_t" | b"_ZdaPvmSt11align_val_t" => c"_ZdaPvSt11align_val_t",
        b"_ZdaPvSt11align_val_t" | b"_ZdlPvSt11align_val_tRKSt9nothrow_t" | b"_ZdlPvmSt11align_val_t" => {
            c"_ZdlPvSt11align_val_t"
        }
        _ => return None,
    })
}
