//! The atomics and the mutex of the builds for model checkers.
//!
//! An atomic here has the size and the bytes of `core`'s, so that all of the crate is built as it is. A model names the
//! cells that its threads meet in ([`watch`]); these are kept by the checker, which tries every order of what is done to
//! them and, with loom, every value that their orderings allow a load to find. All other cells are plain memory.
//!
//! loom takes `SeqCst` of a load, store or swap for `AcqRel`, and only fences as sequentially consistent. Two such
//! operations of one thread therefore get a fence between them, which is what the total order of both amounts to.
//!
//! A thread can be made to vanish after so many operations, as other threads do in the child of a fork
//! ([`vanish_after`]).

use core::cell::RefCell;
use core::sync::atomic::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

#[cfg(loom)]
use loom as checker;
#[cfg(all(shuttle, not(loom)))]
use shuttle as checker;

use checker::sync::atomic as checked;
use checker::thread::{ThreadId, current};

/// A cell that the checker knows.
#[derive(Clone)]
enum Watched {
    /// It keeps the value.
    Value(Rc<Kept>),
    /// It is told of each use, so that it can complain if two are not ordered; the value is where it always was.
    Alone(Rc<Use>),
}

/// A value that the checker keeps.
struct Kept {
    /// It.
    value: checked::AtomicU64,
    /// Stored to before each load, and never read. To find orders that differ, loom 0.7 looks at the last access to a cell
    /// only: the load before a thread's own compare-and-swap would hide the other threads' loads before it. Two stores
    /// always differ in their order, and without a load they order nothing else.
    #[cfg(loom)]
    turn: checked::AtomicU64,
}

impl Kept {
    /// A cell that holds `value`.
    fn new(value: u64) -> Self {
        Self {
            value: checked::AtomicU64::new(value),
            #[cfg(loom)]
            turn: checked::AtomicU64::new(0),
        }
    }
}

/// What loom is told of uses with.
#[cfg(loom)]
type Use = loom::cell::UnsafeCell<()>;
/// shuttle is not told: to it everything is ordered.
#[cfg(all(shuttle, not(loom)))]
type Use = core::cell::UnsafeCell<()>;

/// What a model consists of.
#[derive(Default)]
struct Model {
    /// Whether one runs.
    runs: bool,
    /// The cells that are watched, by address.
    cells: HashMap<usize, Watched>,
    /// The mutexes used, by address.
    mutexes: HashMap<usize, &'static checker::sync::Mutex<()>>,
    /// The guards of those that are held.
    guards: HashMap<usize, Guard>,
    /// Threads whose last sequentially consistent operation has had no fence yet.
    unfenced: HashMap<ThreadId, bool>,
    /// Operations that a thread may still do, and mutexes that it holds.
    left: HashMap<ThreadId, (usize, usize)>,
}

/// Proof that a mutex is held.
#[cfg(loom)]
type Guard = loom::sync::MutexGuard<'static, ()>;
/// Proof that a mutex is held.
#[cfg(all(shuttle, not(loom)))]
type Guard = shuttle::sync::MutexGuard<'static, ()>;

std::thread_local! {
    /// The model that runs. The checkers run a model's threads one at a time on the thread that started it.
    static MODEL: RefCell<Model> = RefCell::default();
}

/// With the model of this moment. Never across an operation of the checker's: another thread may run then.
fn with<R>(act: impl FnOnce(&mut Model) -> R) -> R {
    MODEL.with_borrow_mut(act)
}

/// Whether a model runs here. Threads of other tests ask too, to their very end.
fn runs() -> bool {
    MODEL.try_with(|model| model.borrow().runs).unwrap_or(false)
}

/// What a thread that vanishes unwinds with.
pub(crate) struct Vanished;

/// Starts a model afresh: nothing is watched.
pub(crate) fn begin() {
    let old = with(|model| core::mem::replace(model, Model { runs: true, ..Model::default() }));
    // Not inside `with`: the checker may want to know.
    core::mem::forget(old.guards);
}

/// Ends a model: the cells are what they were when they were first watched.
pub(crate) fn end() {
    drop(with(core::mem::take));
}

/// A cell of some type.
pub(crate) trait Cell {
    /// Its value now, and its address.
    fn now(&self) -> (u64, usize);
}

/// Has the checker keep `cell` from now on. Before any thread is started that uses it.
pub(crate) fn watch(cell: &impl Cell) {
    insert(cell, false);
}

/// The same for a cell that only one thread at a time may use, each after the one before: loom complains if not.
pub(crate) fn watch_alone(cell: &impl Cell) {
    insert(cell, true);
}

/// Enters a cell.
fn insert(cell: &impl Cell, alone: bool) {
    let (value, address) = cell.now();
    let watched = if alone { Watched::Alone(Rc::new(Use::new(()))) } else { Watched::Value(Rc::new(Kept::new(value))) };
    with(|model| model.cells.insert(address, watched));
}

/// Lets the calling thread vanish at the next operation on a watched cell after `operations` of them, when it holds no
/// mutex.
pub(crate) fn vanish_after(operations: usize) {
    let me = current().id();
    with(|model| model.left.insert(me, (operations, 0)));
}

/// Counts an operation; a thread that has none left vanishes.
fn spend() {
    let me = current().id();
    let gone = with(|model| match model.left.get_mut(&me) {
        Some((0, 0)) => true,
        Some((left, _)) => {
            *left = left.saturating_sub(1);
            false
        }
        None => false,
    });
    if gone {
        std::panic::resume_unwind(Box::new(Vanished));
    }
}

/// The checker's cell in the place of the one at `address`, after what has to come before an operation on it; `None` if
/// the value is in its own place.
fn watched(address: usize, order: Ordering, _write: bool) -> Option<Rc<Kept>> {
    let cell = runs().then(|| with(|model| model.cells.get(&address).cloned()))??;
    spend();
    match cell {
        Watched::Value(value) => {
            let me = current().id();
            if order == Ordering::SeqCst && with(|model| model.unfenced.insert(me, true)) == Some(true) {
                checked::fence(Ordering::SeqCst);
            }
            Some(value)
        }
        Watched::Alone(_used) => {
            #[cfg(loom)]
            if _write {
                _used.with_mut(|_| ())
            } else {
                _used.with(|_| ())
            }
            None
        }
    }
}

/// The load, store or swap whose order is taken for this one's.
fn part(order: Ordering, strict: Ordering) -> Ordering {
    if order == Ordering::SeqCst { strict } else { order }
}

/// Waits for the mutex at `address`; `false` if no model runs.
pub(crate) fn lock(address: usize) -> bool {
    if !runs() {
        return false;
    }
    spend();
    let new = || -> &'static checker::sync::Mutex<()> { Box::leak(Box::new(checker::sync::Mutex::new(()))) };
    let known = with(|model| model.mutexes.get(&address).copied());
    let mutex = known.unwrap_or_else(|| {
        let mutex = new();
        with(|model| model.mutexes.insert(address, mutex));
        mutex
    });
    let guard = mutex.lock().expect("no panic");
    let me = current().id();
    with(|model| {
        model.guards.insert(address, guard);
        model.left.entry(me).and_modify(|left| left.1 += 1);
    });
    true
}

/// Opens the mutex at `address`; `false` if no model runs.
pub(crate) fn unlock(address: usize) -> bool {
    if !runs() {
        return false;
    }
    let me = current().id();
    let guard = with(|model| {
        model.left.entry(me).and_modify(|left| left.1 -= 1);
        model.guards.remove(&address)
    });
    drop(guard);
    true
}

/// A fence, for the checker too while a model runs.
pub(crate) fn fence(order: Ordering) {
    if runs() {
        if order == Ordering::SeqCst {
            let me = current().id();
            with(|model| model.unfenced.insert(me, false));
        }
        checked::fence(order);
    }
    core::sync::atomic::fence(order);
}

/// Lets other threads run.
pub(crate) fn spin_loop() {
    if runs() {
        checker::thread::yield_now();
    } else {
        core::hint::spin_loop();
    }
}

/// Defines an atomic over one of `core`'s; `$to` and `$from` lead to and from the bits that the checker keeps.
macro_rules! atomic {
    ($name:ident $(<$t:ident>)?, $value:ty, $to:expr, $from:expr) => {
        #[doc = concat!("Like `core`'s `", stringify!($name), "`.")]
        #[repr(transparent)]
        pub(crate) struct $name $(<$t>)? (core::sync::atomic::$name $(<$t>)?);

        impl $(<$t>)? $name $(<$t>)? {
            /// An atomic that holds `value`.
            pub(crate) const fn new(value: $value) -> Self {
                Self(core::sync::atomic::$name::new(value))
            }

            /// The checker's cell.
            fn watched(&self, order: Ordering, write: bool) -> Option<Rc<Kept>> {
                watched(core::ptr::from_ref(self).addr(), order, write)
            }

            /// The value.
            pub(crate) fn load(&self, order: Ordering) -> $value {
                let Some(cell) = self.watched(order, false) else { return self.0.load(order) };
                #[cfg(loom)]
                cell.turn.store(0, Ordering::Relaxed);
                $from(cell.value.load(part(order, Ordering::Acquire)))
            }

            /// Stores `value`.
            pub(crate) fn store(&self, value: $value, order: Ordering) {
                let Some(cell) = self.watched(order, true) else { return self.0.store(value, order) };
                // As a swap: loom does not know that a store cannot come between another thread's swap and what that read.
                cell.value.swap($to(value), part(order, Ordering::Release));
            }

            /// Stores `value`; the one before it.
            #[allow(dead_code, reason = "not every width is swapped")]
            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                let Some(cell) = self.watched(order, true) else { return self.0.swap(value, order) };
                $from(cell.value.swap($to(value), part(order, Ordering::AcqRel)))
            }

            /// Stores `new` in the place of `old`.
            #[allow(dead_code, reason = "as above")]
            pub(crate) fn compare_exchange(
                &self,
                old: $value,
                new: $value,
                order: Ordering,
                failed: Ordering,
            ) -> Result<$value, $value> {
                let Some(cell) = self.watched(order, true) else {
                    return self.0.compare_exchange(old, new, order, failed);
                };
                let (order, failed) = (part(order, Ordering::AcqRel), part(failed, Ordering::Acquire));
                cell.value.compare_exchange($to(old), $to(new), order, failed).map($from).map_err($from)
            }

            /// The same; it may fail for no reason.
            #[allow(dead_code, reason = "as above")]
            pub(crate) fn compare_exchange_weak(
                &self,
                old: $value,
                new: $value,
                order: Ordering,
                failed: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(old, new, order, failed)
            }
        }

        impl $(<$t>)? Cell for $name $(<$t>)? {
            fn now(&self) -> (u64, usize) {
                ($to(self.0.load(Ordering::SeqCst)), core::ptr::from_ref(self).addr())
            }
        }
    };
}

atomic!(AtomicBool, bool, u64::from, |bits| bits != 0);
atomic!(AtomicU8, u8, u64::from, |bits| bits as u8);
atomic!(AtomicU16, u16, u64::from, |bits| bits as u16);
atomic!(AtomicU32, u32, u64::from, |bits| bits as u32);
atomic!(AtomicU64, u64, u64::from, u64::from);
atomic!(AtomicUsize, usize, |value| value as u64, |bits| bits as usize);

atomic!(AtomicPtr<T>, *mut T, |value: *mut T| value.expose_provenance() as u64, |bits| {
    core::ptr::with_exposed_provenance_mut(bits as usize)
});

impl<T> AtomicPtr<T> {
    /// Sets bits of the address; the one before it.
    pub(crate) fn fetch_or(&self, bits: usize, order: Ordering) -> *mut T {
        let Some(cell) = self.watched(order, true) else { return self.0.fetch_or(bits, order) };
        let old = cell.value.fetch_or(bits as u64, part(order, Ordering::AcqRel));
        core::ptr::with_exposed_provenance_mut(old as usize)
    }
}

impl Default for AtomicBool {
    fn default() -> Self {
        Self::new(false)
    }
}

/// Defines zero as what an atomic holds at first.
macro_rules! zero {
    ($($name:ident)*) => {
        $(
            impl Default for $name {
                fn default() -> Self {
                    Self::new(0)
                }
            }
        )*
    };
}
zero!(AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize);

/// Lets the cells of `sync` be watched.
macro_rules! cells {
    ($($name:ident $(<$t:ident>)?)*) => {
        $(
            impl $(<$t>)? Cell for super::$name $(<$t>)? {
                fn now(&self) -> (u64, usize) {
                    self.0.now()
                }
            }
        )*
    };
}
cells!(RelaxedU8 RelaxedU16 RelaxedU32 RelaxedU64 RelaxedPtr<T> Link<T>);
