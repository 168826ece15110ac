//! The names that glibc has for its functions besides C's. What wraps `malloc` calls them, and some programs do: a block of
//! theirs comes to our `free`, and one of ours to theirs.

use core::ffi::c_void;

/// Defines exported functions that are other ones.
macro_rules! also {
    ($($name:ident is $ours:ident($($arg:ident: $type:ty),*) $(-> $result:ty)?;)*) => {$(
        #[doc = concat!("`", stringify!($ours), "`.")]
        ///
        /// # Safety
        /// As that.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) $(-> $result)? {
            #[allow(unused_unsafe, reason = "some are safe")]
            // SAFETY: our caller's promise.
            unsafe { super::$ours($($arg),*) }
        }
    )*};
}

also! {
    __libc_malloc is malloc(size: usize) -> *mut c_void;
    __libc_calloc is calloc(count: usize, size: usize) -> *mut c_void;
    // By its own name it would be the program's: see `build.rs`.
    __libc_realloc is realloc_here(ptr: *mut c_void, size: usize) -> *mut c_void;
    __libc_free is free(ptr: *mut c_void);
    __libc_memalign is memalign(alignment: usize, size: usize) -> *mut c_void;
    __libc_valloc is valloc(size: usize) -> *mut c_void;
    __libc_pvalloc is pvalloc(size: usize) -> *mut c_void;
}
