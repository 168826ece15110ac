//! What the dynamic loader knows: which object has a name, which one an address lies in.
//!
//! For the constructor alone: both questions take the loader's lock.

#![expect(unsafe_code, reason = "functions of the loader")]

use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::MaybeUninit;

/// `dlsym`: a name of the first object that has it, in the order of the handle.
type Dlsym = unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void;

/// `dladdr`: which object an address lies in.
type Dladdr = unsafe extern "C" fn(*const c_void, *mut libc::Dl_info) -> c_int;

/// The address of a weak symbol; 0 if nobody defines it.
#[cfg(target_arch = "x86_64")]
macro_rules! weak {
    ($name:literal) => {{
        let address: usize;
        // SAFETY: reads a word that the loader has written.
        unsafe {
            core::arch::asm!(
                concat!(".weak ", $name),
                concat!("mov {}, qword ptr [rip + ", $name, "@GOTPCREL]"),
                out(reg) address,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        address
    }};
}

/// See the x86-64 version.
#[cfg(target_arch = "aarch64")]
macro_rules! weak {
    ($name:literal) => {{
        let address: usize;
        // SAFETY: reads a word that the loader has written.
        unsafe {
            core::arch::asm!(
                concat!(".weak ", $name),
                concat!("adrp {0}, :got:", $name),
                concat!("ldr {0}, [{0}, :got_lo12:", $name, "]"),
                out(reg) address,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        address
    }};
}

/// Elsewhere it is not asked.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
macro_rules! weak {
    ($name:literal) => {
        0
    };
}

/// The loader, by weak references: a static program has none, and need not be told that it would need one.
pub(crate) struct Loader(Dlsym, Dladdr);

impl Loader {
    /// The loader of a process with a C++ runtime. For others there is nothing to ask.
    pub(crate) fn with_cxx() -> Option<Self> {
        let (runtime, dlsym, dladdr): (usize, usize, usize) =
            (weak!("__cxa_begin_catch"), weak!("dlsym"), weak!("dladdr"));
        if runtime == 0 || dlsym == 0 || dladdr == 0 {
            return None;
        }
        // SAFETY: that is what the C library's function of this name is.
        let dlsym = unsafe { core::mem::transmute::<usize, Dlsym>(dlsym) };
        // SAFETY: as above.
        Some(Self(dlsym, unsafe { core::mem::transmute::<usize, Dladdr>(dladdr) }))
    }

    /// What the process calls by this name; null if there is none.
    pub(crate) fn first(&self, name: &CStr) -> *mut c_void {
        // SAFETY: a C string.
        unsafe { self.0(libc::RTLD_DEFAULT, name.as_ptr()) }
    }

    /// What it would call without this library and those before it; null if there is none.
    pub(crate) fn behind(&self, name: &CStr) -> *mut c_void {
        // SAFETY: a C string.
        unsafe { self.0(libc::RTLD_NEXT, name.as_ptr()) }
    }

    /// Where the object starts that an address lies in; `None` if it lies in none.
    pub(crate) fn object(&self, address: *const c_void) -> Option<usize> {
        let mut about = MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: there is room for the answer.
        let known = unsafe { self.1(address, about.as_mut_ptr()) } != 0;
        // SAFETY: all-zero bytes are valid, and so is an answer.
        known.then(|| unsafe { about.assume_init() }.dli_fbase.addr())
    }
}
