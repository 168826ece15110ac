//! Shared memory: atomics, relaxed cells, links between metadata structures, and the pthread mutex.
//!
//! All atomics of the crate come from here. In the builds for model checkers (`--cfg loom`, `--cfg shuttle`) they and the
//! mutex are those of `sync::model`, which lets the checker decide what each thread sees; else they are `core`'s.
//!
//! Metadata mappings are never given back, so descriptors live for ever and are passed around as `&'static`. Their
//! fields are *relaxed cells*: atomics read and written without ordering, which compile to plain moves and make the
//! races that misuse can cause harmless. What needs an order says so: a mutex, or the acquire/release operations that
//! `zone` and `cache` use for blocks that cross threads.

#![expect(unsafe_code, reason = "mutexes and links are built from raw parts here")]

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use crate::tls;

#[cfg(not(any(loom, shuttle)))]
pub(crate) use core::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, fence},
};

#[cfg(any(loom, shuttle))]
pub(crate) mod model;
#[cfg(any(loom, shuttle))]
pub(crate) use model::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, fence, spin_loop,
};

/// Defines a relaxed cell over one atomic type.
macro_rules! relaxed_cell {
    ($name:ident, $atomic:ident, $value:ty) => {
        #[doc = concat!("A `", stringify!($value), "` read and written with relaxed ordering.")]
        #[derive(Default)]
        #[repr(transparent)]
        pub(crate) struct $name(pub(crate) $atomic);

        impl $name {
            /// A cell that holds `value`.
            #[allow(dead_code, reason = "not every width has a static")]
            pub(crate) const fn new(value: $value) -> Self {
                Self($atomic::new(value))
            }

            /// The value.
            #[inline(always)]
            pub(crate) fn get(&self) -> $value {
                self.0.load(Relaxed)
            }

            /// Stores `value`.
            #[inline(always)]
            pub(crate) fn set(&self, value: $value) {
                self.0.store(value, Relaxed);
            }
        }
    };
}
relaxed_cell!(RelaxedBool, AtomicBool, bool);
relaxed_cell!(RelaxedU8, AtomicU8, u8);
relaxed_cell!(RelaxedU16, AtomicU16, u16);
relaxed_cell!(RelaxedU32, AtomicU32, u32);
relaxed_cell!(RelaxedU64, AtomicU64, u64);
relaxed_cell!(RelaxedUsize, AtomicUsize, usize);

/// A relaxed cell that holds a raw pointer into user or metadata memory.
#[repr(transparent)]
pub(crate) struct RelaxedPtr<T>(AtomicPtr<T>);

impl<T> RelaxedPtr<T> {
    /// A cell that holds no pointer.
    pub(crate) const fn null() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// The pointer.
    #[inline(always)]
    pub(crate) fn get(&self) -> *mut T {
        self.0.load(Relaxed)
    }

    /// Stores `pointer`.
    #[inline(always)]
    pub(crate) fn set(&self, pointer: *mut T) {
        self.0.store(pointer, Relaxed);
    }
}

/// A relaxed cell that holds a reference to a metadata structure, or nothing.
#[repr(transparent)]
pub(crate) struct Link<T: 'static>(AtomicPtr<T>);

impl<T> Link<T> {
    /// A cell that holds nothing.
    pub(crate) const fn none() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// The structure, if any.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&'static T> {
        // SAFETY: the pointer is null or was a `&'static T` in `set` or `new`: those are the only writers.
        unsafe { self.0.load(Relaxed).as_ref() }
    }

    /// Stores `target`.
    #[inline(always)]
    pub(crate) fn set(&self, target: Option<&'static T>) {
        self.0.store(address(target), Relaxed);
    }

    /// A link to what `pointer` leads to.
    ///
    /// # Safety
    /// The pointer is null or was made from a `&'static T`.
    pub(crate) const unsafe fn from_raw(pointer: *mut T) -> Self {
        Self(AtomicPtr::new(pointer))
    }

    /// Whether this link leads to `target`: a comparison of addresses.
    #[inline(always)]
    pub(crate) fn is(&self, target: &'static T) -> bool {
        ptr::eq(self.0.load(Relaxed), target)
    }
}

/// The address of `target` in the form the atomics hold; null for `None`.
pub(crate) fn address<T>(target: Option<&'static T>) -> *mut T {
    target.map_or(ptr::null_mut(), |t| ptr::from_ref(t).cast_mut())
}

/// Which thread is forking (`pthread_self` as an address), 0 for none. It holds every mutex and may pass them.
static FORKING: AtomicUsize = AtomicUsize::new(0);

/// An open mutex that spins for a moment before it sleeps, where libc has such: they are held for a moment, but for a purge, and come in
/// turn at a thread's start and end, where sleeping cost an eighth of the time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OPEN: libc::pthread_mutex_t = libc::PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;

/// An open mutex.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const OPEN: libc::pthread_mutex_t = libc::PTHREAD_MUTEX_INITIALIZER;

/// A pthread mutex around the value it protects.
pub(crate) struct Mutex<T> {
    /// The lock itself.
    raw: UnsafeCell<libc::pthread_mutex_t>,
    /// What it protects.
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached only through a guard, one thread at a time.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// An open mutex around `value`.
    pub(crate) const fn new(value: T) -> Self {
        let raw = UnsafeCell::new(OPEN);
        Self { raw, value: UnsafeCell::new(value) }
    }

    /// Waits for the mutex. During a fork the forking thread passes: it holds every mutex already, and other
    /// libraries' fork handlers may allocate.
    pub(crate) fn lock(&'static self) -> Guard<T> {
        let forking = FORKING.load(Relaxed);
        if forking != 0 && forking == this_thread() {
            return Guard { mutex: self, held: false };
        }
        self.hold();
        Guard { mutex: self, held: true }
    }

    /// Waits for the mutex, unless this very thread holds one: then a signal handler runs in the middle of a change, and
    /// would wait for itself. Not so during a fork.
    pub(crate) fn lock_from_outside(&'static self) -> Option<Guard<T>> {
        let forking = FORKING.load(Relaxed);
        let inside = tls::depth() != 0 && (forking == 0 || forking != this_thread());
        if inside { None } else { Some(self.lock()) }
    }

    /// Reads the value, under the mutex unless this very thread holds one: then a signal handler runs in the middle of a
    /// change and asks something. `read` must bear a value that is being changed.
    pub(crate) fn peek<R>(&'static self, read: impl FnOnce(&T) -> R) -> R {
        if tls::depth() != 0 {
            // SAFETY: if the value is being changed, then by this thread, which is interrupted; `read` bears that.
            return read(unsafe { &*self.value.get() });
        }
        read(&self.lock())
    }

    /// Locks without a guard; for the fork handlers.
    pub(crate) fn hold(&self) {
        // Before the lock and after the unlock, so that no moment is missed.
        tls::set_depth(tls::depth() + 1);
        #[cfg(any(loom, shuttle))]
        if model::lock(ptr::from_ref(self).addr()) {
            return;
        }
        // SAFETY: the mutex was initialised statically and never moves.
        unsafe { libc::pthread_mutex_lock(self.raw.get()) };
    }

    /// Opens what [`Self::hold`] locked.
    pub(crate) fn release(&self) {
        #[cfg(any(loom, shuttle))]
        if model::unlock(ptr::from_ref(self).addr()) {
            return tls::set_depth(tls::depth() - 1);
        }
        // SAFETY: as in `hold`; this thread holds the mutex.
        unsafe { libc::pthread_mutex_unlock(self.raw.get()) };
        tls::set_depth(tls::depth() - 1);
    }

    /// Makes the mutex open again in the child of a fork, whose only thread is the one that held it.
    pub(crate) fn reset(&self) {
        tls::set_depth(tls::depth() - 1);
        // SAFETY: no other thread exists, and the value under the mutex is whole: the parent held the mutex.
        unsafe { self.raw.get().write(OPEN) };
    }
}

/// Notes that this thread forks and holds every mutex, or (`false`) that it is done.
pub(crate) fn set_forking(forking: bool) {
    FORKING.store(if forking { this_thread() } else { 0 }, Relaxed);
}

/// A fork in the thread's depth: more than there are mutexes.
const FORK_WITHIN: usize = 1 << 16;

/// Notes a fork by a signal handler that has interrupted this thread while it held a mutex, or `false`: there is none. It
/// must not wait for a mutex, which may be its own, and the child finds them as they are.
pub(crate) fn fork_within() -> bool {
    let within = tls::depth() != 0;
    if within {
        tls::set_depth(tls::depth() + FORK_WITHIN);
    }
    within
}

/// The end of such a fork, in the parent or in the child, or `false`: it is none.
pub(crate) fn forked_within() -> bool {
    let within = tls::depth() >= FORK_WITHIN;
    if within {
        tls::set_depth(tls::depth() - FORK_WITHIN);
    }
    within
}

/// An address that tells this thread from the others.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "pthread_t is an integer of address size here and a pointer there"
)]
fn this_thread() -> usize {
    // SAFETY: always callable.
    unsafe { libc::pthread_self() as usize }
}

/// Proof that a mutex is held, and the way to its value.
pub(crate) struct Guard<T: 'static> {
    /// The mutex.
    mutex: &'static Mutex<T>,
    /// Whether dropping the guard opens it (not while forking).
    held: bool,
}

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard proves that this thread alone may use the value.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T> DerefMut for Guard<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and `&mut self` makes it the only borrow.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        if self.held {
            self.mutex.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_exclude_each_other() {
        static COUNT: Mutex<u64> = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        *COUNT.lock() += 1;
                    }
                });
            }
        });
        assert_eq!(*COUNT.lock(), 40_000);
    }

    #[test]
    fn who_holds_a_mutex_is_not_outside() {
        static HELD: Mutex<u8> = Mutex::new(1);
        static ASKED: Mutex<u8> = Mutex::new(2);
        let held = HELD.lock();
        assert!(ASKED.lock_from_outside().is_none() && ASKED.peek(|&value| value == 2));
        drop(held);
        assert!(ASKED.lock_from_outside().is_some_and(|asked| *asked == 2));
    }

    #[test]
    fn links_hold_references() {
        static TARGET: u32 = 7;
        let link = Link::none();
        assert!(link.get().is_none() && !link.is(&TARGET));
        link.set(Some(&TARGET));
        assert!(link.get() == Some(&7) && link.is(&TARGET));
    }
}
