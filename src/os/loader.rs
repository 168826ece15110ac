//! What the dynamic loader knows: which object has a name, which one an address lies in.
//!
//! For the constructor, and for a `new` that failed: all questions take the loader's lock.

#![expect(unsafe_code, reason = "functions of the loader")]

use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::MaybeUninit;

/// `dlsym`: a name of the first object that has it, in the order of the handle.
type Dlsym = unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void;

/// `dladdr`: which object an address lies in.
type Dladdr = unsafe extern "C" fn(*const c_void, *mut libc::Dl_info) -> c_int;

/// `dladdr1`: the same, and what glibc knows besides.
type Dladdr1 = unsafe extern "C" fn(*const c_void, *mut libc::Dl_info, *mut *const Symbol, c_int) -> c_int;

/// The last argument of `dladdr1` that asks for the symbol.
const RTLD_DL_SYMENT: c_int = 1;

/// A symbol as ELF has it.
#[repr(C)]
struct Symbol {
    /// Name, kind, visibility.
    _about: [u16; 3],
    /// The section that it lies in; 0 if the object has no definition of it.
    section: u16,
}

/// Instructions that load the address of a symbol into register 0.
#[cfg(target_arch = "x86_64")]
macro_rules! load {
    ($name:literal) => {
        concat!("mov {0}, qword ptr [rip + ", $name, "@GOTPCREL]")
    };
}

/// See the x86-64 version.
#[cfg(target_arch = "aarch64")]
macro_rules! load {
    ($name:literal) => {
        concat!("adrp {0}, :got:", $name, "\n", "ldr {0}, [{0}, :got_lo12:", $name, "]")
    };
}

/// The address of a weak symbol; 0 if nobody defines it.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! weak {
    ($name:literal) => {{
        let address: usize;
        // SAFETY: reads a word that the loader has written.
        unsafe {
            core::arch::asm!(
                concat!(".weak ", $name),
                $crate::os::load!($name),
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

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) use load;
pub(crate) use weak;

/// The loader, by weak references: a static program has none, and need not be told that it would need one.
pub(crate) struct Loader(Dlsym, Dladdr, Option<Dladdr1>);

impl Loader {
    /// The loader of a process with a C++ runtime. For others there is nothing to ask.
    pub(crate) fn with_cxx() -> Option<Self> {
        let (runtime, dlsym): (usize, usize) = (weak!("__cxa_begin_catch"), weak!("dlsym"));
        let (dladdr, dladdr1): (usize, usize) = (weak!("dladdr"), weak!("dladdr1"));
        if runtime == 0 || dlsym == 0 || dladdr == 0 {
            return None;
        }
        // SAFETY: that is what the C library's function of this name is.
        let dlsym = unsafe { core::mem::transmute::<usize, Dlsym>(dlsym) };
        // SAFETY: as above.
        let dladdr = unsafe { core::mem::transmute::<usize, Dladdr>(dladdr) };
        // SAFETY: as above; 0 is `None`.
        Some(Self(dlsym, dladdr, unsafe { core::mem::transmute::<usize, Option<Dladdr1>>(dladdr1) }))
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

    /// The same for a function, if the object does define it. A program that takes a function's address and is not
    /// position-independent has one of its own for it, which leads on.
    pub(crate) fn definer(&self, function: *const c_void) -> Option<usize> {
        let Some(dladdr1) = self.2 else { return self.object(function) };
        let (mut about, mut symbol) = (MaybeUninit::<libc::Dl_info>::zeroed(), core::ptr::null());
        // SAFETY: there is room for both answers.
        let known = unsafe { dladdr1(function, about.as_mut_ptr(), &raw mut symbol, RTLD_DL_SYMENT) } != 0;
        // SAFETY: null, or a symbol of an object that is loaded.
        let is_defined = known && unsafe { symbol.as_ref() }.is_some_and(|symbol| symbol.section != 0);
        // SAFETY: all-zero bytes are valid, and so is an answer.
        is_defined.then(|| unsafe { about.assume_init() }.dli_fbase.addr())
    }
}

/// `dlopen`: an object by the name it is known by.
type Dlopen = unsafe extern "C" fn(*const c_char, c_int) -> *mut c_void;

/// `dlclose`: of what `dlopen` gave.
type Dlclose = unsafe extern "C" fn(*mut c_void) -> c_int;

/// A function of the C++ runtime in a process that started without one: a library that was loaded later brought it along,
/// for itself alone perhaps (`RTLD_LOCAL`), as those of interpreters do. Null if there is none.
pub(crate) fn in_runtime(name: &CStr) -> *mut c_void {
    const RUNTIMES: [&CStr; 3] = [c"libstdc++.so.6", c"libc++.so.1", c"libc++abi.so.1"];
    let dlsym: usize = weak!("dlsym");
    if dlsym == 0 {
        return core::ptr::null_mut();
    }
    // SAFETY: that is what the C library's function of this name is.
    let dlsym = unsafe { core::mem::transmute::<usize, Dlsym>(dlsym) };
    // By name: the linker warns of a static program that refers to it.
    // SAFETY: a C string.
    let by_name = |name: &CStr| unsafe { dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    let (dlopen, dlclose) = (by_name(c"dlopen"), by_name(c"dlclose"));
    if dlopen.is_null() || dlclose.is_null() {
        return core::ptr::null_mut();
    }
    // SAFETY: as above.
    let dlopen = unsafe { core::mem::transmute::<*mut c_void, Dlopen>(dlopen) };
    // SAFETY: as above.
    let dlclose = unsafe { core::mem::transmute::<*mut c_void, Dlclose>(dlclose) };
    let mut found = RUNTIMES.into_iter().map(|runtime| {
        // SAFETY: a C string; nothing is loaded.
        let handle = unsafe { dlopen(runtime.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
        if handle.is_null() {
            return handle;
        }
        // SAFETY: an open handle and a C string.
        let function = unsafe { dlsym(handle, name.as_ptr()) };
        // SAFETY: opened above. Who called `new` has it open, too, or was linked with it.
        unsafe { dlclose(handle) };
        function
    });
    found.find(|function| !function.is_null()).unwrap_or(core::ptr::null_mut())
}
