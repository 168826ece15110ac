//! What else there is on Linux and macOS, in libc's terms: output, the environment, threads, fork.

#![expect(unsafe_code, reason = "system calls")]

use core::ffi::{CStr, c_char, c_int, c_void};

use super::{Os, Unix};
use crate::ptr::size64;

pub(crate) use libc::{EINVAL, ENOMEM};

/// Runs `call` and puts `errno` back to what it was.
pub(super) fn keeping_errno<T>(call: impl FnOnce() -> T) -> T {
    let before = errno::errno();
    let result = call();
    errno::set_errno(before);
    result
}

/// Runs `call`, in which the thread is not cancelled: what writes a message is a cancellation point, `free` is none.
#[cfg(target_os = "linux")]
pub(super) fn uncancelled<T>(call: impl FnOnce() -> T) -> T {
    /// `PTHREAD_CANCEL_DISABLE` of glibc and of musl.
    const DISABLE: c_int = 1;
    unsafe extern "C" {
        /// POSIX.
        fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
    }
    let mut before = 0;
    // SAFETY: `before` is a valid place.
    unsafe { pthread_setcancelstate(DISABLE, &raw mut before) };
    let result = call();
    // SAFETY: as above.
    unsafe { pthread_setcancelstate(before, &raw mut before) };
    result
}

/// See the Linux version.
#[cfg(not(target_os = "linux"))]
pub(super) fn uncancelled<T>(call: impl FnOnce() -> T) -> T {
    call()
}

/// Writes all of `bytes` to a file descriptor; gives up on errors. Calls nothing but `write`, keeps `errno`.
pub(crate) fn write(descriptor: i32, mut bytes: &[u8]) {
    let write_all = || {
        while !bytes.is_empty() {
            // SAFETY: the slice is readable.
            let written = unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) };
            match usize::try_from(written) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(_) if errno::errno().0 == libc::EINTR => {}
                Err(_) => return,
            }
        }
    };
    uncancelled(|| keeping_errno(write_all));
}

/// Writes all of `bytes` to an open C stream.
pub(crate) fn write_stream(stream: *mut c_void, bytes: &[u8]) {
    // SAFETY: the slice is readable, and the stream is the open one that the program passed.
    unsafe { libc::fwrite(bytes.as_ptr().cast(), 1, bytes.len(), stream.cast()) };
}

/// Has `function` called when the process exits.
pub(crate) fn at_exit(function: extern "C" fn()) -> bool {
    // SAFETY: the function stays mapped (-z nodelete).
    unsafe { libc::atexit(function) == 0 }
}

/// Takes away what the program would do about `SIGABRT`.
pub(crate) fn unhandle_abort() {
    // SAFETY: always callable.
    unsafe { libc::signal(libc::SIGABRT, libc::SIG_DFL) };
}

/// Ends the process with `SIGABRT`.
pub(crate) fn abort() -> ! {
    // SAFETY: always callable.
    unsafe { libc::abort() }
}

/// Sets the calling thread's `errno`.
pub(crate) fn set_errno(value: i32) {
    errno::set_errno(errno::Errno(value));
}

/// The environment that glibc passes to constructors; null where there was none yet.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
static EARLY: core::sync::atomic::AtomicPtr<*const c_char> = core::sync::atomic::AtomicPtr::new(core::ptr::null_mut());

/// Notes the environment that a constructor was called with: glibc's is not the first to run. Other C libraries pass none,
/// and have set `environ` by then.
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), expect(unused_variables, reason = "see above"))]
pub(crate) fn set_early_environment(passed: *const c_void) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    EARLY.store(passed.cast_mut().cast(), core::sync::atomic::Ordering::Relaxed);
}

/// The process's environment; null until libc has started.
#[cfg(not(target_os = "macos"))]
fn variables() -> *const *const c_char {
    unsafe extern "C" {
        /// POSIX.
        static environ: *const *const c_char;
    }
    // SAFETY: libc defines it; reading the pointer is always possible.
    let variables = unsafe { environ };
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if variables.is_null() {
        return EARLY.load(core::sync::atomic::Ordering::Relaxed).cast_const();
    }
    variables
}

/// See the other version: on macOS only programs, not libraries, have a variable `environ`.
#[cfg(target_os = "macos")]
fn variables() -> *const *const c_char {
    // SAFETY: always callable.
    let place = unsafe { libc::_NSGetEnviron() };
    // SAFETY: libSystem gives the address of a variable of its own.
    unsafe { place.read() }.cast_const().cast()
}

/// Runs `call` as if libc had not started. No other thread reads the environment meanwhile.
#[cfg(all(test, target_os = "linux"))]
pub(crate) fn without_environment<T>(call: impl FnOnce() -> T) -> T {
    unsafe extern "C" {
        /// POSIX.
        static mut environ: *const *const c_char;
    }
    let place = &raw mut environ;
    // SAFETY: the caller says that nobody else uses it.
    let before = unsafe { place.replace(core::ptr::null()) };
    let result = call();
    // SAFETY: as above.
    unsafe { place.write(before) };
    result
}

/// The value of an environment variable (`name` ends with `=`), or an empty one; `None` while libc has not started.
/// The bytes stay valid as long as the program does not change this variable: callers parse them at once.
pub(crate) fn environment(name: &[u8]) -> Option<&'static [u8]> {
    let mut entry = variables();
    if entry.is_null() {
        return None;
    }
    loop {
        // SAFETY: the array ends with a null pointer, and `entry` has not passed it.
        let text = unsafe { *entry };
        if text.is_null() {
            return Some(b"");
        }
        // SAFETY: entries are C strings.
        let text = unsafe { CStr::from_ptr(text) };
        if let Some(value) = text.to_bytes().strip_prefix(name) {
            return Some(value);
        }
        entry = entry.wrapping_add(1);
    }
}

/// Whether the process runs with more rights than its caller (set-user-ID and the like), so that the environment
/// is not to be trusted.
#[cfg(target_os = "linux")]
pub(crate) fn is_privileged() -> bool {
    // SAFETY: always callable; reads the auxiliary vector.
    keeping_errno(|| unsafe { libc::getauxval(libc::AT_SECURE) != 0 })
}

/// See the Linux version.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_privileged() -> bool {
    unsafe extern "C" {
        /// macOS and the BSDs.
        fn issetugid() -> c_int;
    }
    // SAFETY: always callable.
    unsafe { issetugid() != 0 }
}

/// A number that nobody else knows, from the kernel; without its help one that changes with each process at least.
#[cfg(target_os = "linux")]
pub(crate) fn entropy() -> u64 {
    let mut number = 0_u64;
    // SAFETY: `number` has so many bytes.
    let ask = || unsafe { libc::getrandom((&raw mut number).cast(), 8, libc::GRND_NONBLOCK) };
    let got = uncancelled(|| keeping_errno(ask));
    if got == 8 { number } else { weak_entropy() }
}

/// See the Linux version.
#[cfg(not(target_os = "linux"))]
pub(crate) fn entropy() -> u64 {
    weak_entropy()
}

/// Where things lie (ASLR), the process and the time.
fn weak_entropy() -> u64 {
    let here = 0_u8;
    // SAFETY: always callable.
    let process = u64::from(unsafe { libc::getpid() }.unsigned_abs());
    let places = crate::ptr::wide((&raw const here).addr() ^ variables().addr().rotate_left(20));
    places ^ process.rotate_left(40) ^ Unix.now().rotate_left(50)
}

/// A pthread key whose destructor runs at the end of every thread that set it.
#[derive(Clone, Copy)]
pub(crate) struct ThreadKey(libc::pthread_key_t);

impl ThreadKey {
    /// Rounds of key destructors that every pthread implementation makes (POSIX minimum). One is left to the thread
    /// sanitizer (`--cfg plain`), which ends with it and bears no code of its own behind.
    pub(crate) const ROUNDS: u32 = if cfg!(plain) { 3 } else { 4 };

    /// A new key; `None` when the process has used them up.
    pub(crate) fn create(destructor: unsafe extern "C" fn(*mut c_void)) -> Option<Self> {
        let mut key = 0;
        // SAFETY: `key` is a valid place, and the library with the destructor is never unloaded (-z nodelete).
        let result = keeping_errno(|| unsafe { libc::pthread_key_create(&raw mut key, Some(destructor)) });
        (result == 0).then_some(Self(key))
    }

    /// The key as a number, to be kept in an atomic.
    pub(crate) fn number(self) -> usize {
        size64(u64::from(self.0))
    }

    /// The key with this number, which came from [`Self::number`].
    pub(crate) fn from_number(number: usize) -> Option<Self> {
        number.try_into().ok().map(Self)
    }

    /// Sets this thread's value; the destructor will get it if it is not null.
    pub(crate) fn set(self, value: *mut c_void) -> bool {
        // SAFETY: the key was created and is never deleted.
        keeping_errno(|| unsafe { libc::pthread_setspecific(self.0, value) == 0 })
    }
}

/// A pointer of each thread, where there is no thread-local storage to be had without a call.
#[cfg(not(target_os = "linux"))]
pub(crate) struct ThreadValue {
    /// The pthread key plus 1; 0 while there is none.
    key: core::sync::atomic::AtomicUsize,
    /// Called with the value at the thread's end, when the thread has it no more.
    at_end: unsafe extern "C" fn(*mut c_void),
}

#[cfg(not(target_os = "linux"))]
impl ThreadValue {
    /// A value that is null in every thread.
    pub(crate) const fn new(at_end: unsafe extern "C" fn(*mut c_void)) -> Self {
        Self { key: core::sync::atomic::AtomicUsize::new(0), at_end }
    }

    /// The key, if it was created.
    fn key(&self) -> Option<libc::pthread_key_t> {
        let number = self.key.load(core::sync::atomic::Ordering::Acquire).checked_sub(1)?;
        number.try_into().ok()
    }

    /// This thread's value.
    pub(crate) fn get(&self) -> *mut c_void {
        // SAFETY: the key was created and is never deleted.
        self.key().map_or(core::ptr::null_mut(), |key| unsafe { libc::pthread_getspecific(key) })
    }

    /// Sets this thread's value.
    pub(crate) fn set(&self, value: *mut c_void) {
        if self.key().is_none() {
            let mut key = 0;
            // SAFETY: `key` is a valid place.
            if unsafe { libc::pthread_key_create(&raw mut key, Some(self.at_end)) } != 0 {
                return;
            }
            let number = size64(key.into()) + 1;
            let order = core::sync::atomic::Ordering::AcqRel;
            let _ = self.key.compare_exchange(0, number, order, core::sync::atomic::Ordering::Acquire);
        }
        if let Some(key) = self.key() {
            // SAFETY: as in `get`.
            unsafe { libc::pthread_setspecific(key, value) };
        }
    }
}

/// Has `prepare` called before every fork, `parent` and `child` after it.
pub(crate) fn register_fork_handlers(
    prepare: unsafe extern "C" fn(),
    parent: unsafe extern "C" fn(),
    child: unsafe extern "C" fn(),
) -> bool {
    // SAFETY: the functions stay mapped (-z nodelete).
    keeping_errno(|| unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) == 0 })
}

/// glibc's lock over the list of open stdio streams.
///
/// `fork` takes it *after* the prepare handlers. A thread that holds it (`fflush(NULL)`) and waits for memory would
/// wait for a forking thread that holds our locks and waits for this one. So our prepare handler takes it first; it
/// is recursive.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) mod stdio {
    unsafe extern "C" {
        /// Public since glibc 2.2.5.
        fn _IO_list_lock();
        /// Its counterpart.
        fn _IO_list_unlock();
        /// For children of forks.
        fn _IO_list_resetlock();
    }

    /// Waits for the lock.
    pub(crate) fn hold() {
        // SAFETY: always callable.
        unsafe { _IO_list_lock() };
    }

    /// Opens it, in the parent.
    pub(crate) fn release() {
        // SAFETY: the forking thread took it in `hold`.
        unsafe { _IO_list_unlock() };
    }

    /// Opens it in the child. glibc does so itself, but only if the parent had several threads.
    pub(crate) fn reset() {
        // SAFETY: the child has one thread, and that one held the lock.
        unsafe { _IO_list_resetlock() };
    }
}

/// Other C libraries do not take stdio locks in `fork`.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) mod stdio {
    /// Nothing to hold.
    pub(crate) fn hold() {}

    /// Nothing to release.
    pub(crate) fn release() {}

    /// Nothing to reset.
    pub(crate) fn reset() {}
}
