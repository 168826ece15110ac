//! An OS for tests: the real one, with a budget of calls after which every call fails.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::{Os, Unix};

/// The real kernel behind a budget and a clock that the test sets.
pub(crate) struct Mock {
    /// Calls that still succeed.
    budget: AtomicUsize,
    /// What `now` answers, in milliseconds.
    pub(crate) clock: AtomicU64,
    /// Bytes of address space held: mapped or reserved minus unmapped.
    pub(crate) held: AtomicUsize,
    /// Bytes purged so far.
    pub(crate) purged: AtomicUsize,
    /// Reserved ranges that are not unmapped.
    reserved: std::sync::Mutex<Vec<(usize, usize)>>,
    /// Whether some call prepared pages that were not reserved.
    strayed: core::sync::atomic::AtomicBool,
}

impl Mock {
    /// An OS whose first `budget` calls succeed.
    pub(crate) fn with_budget(budget: usize) -> Self {
        Self {
            budget: AtomicUsize::new(budget),
            clock: AtomicU64::new(0),
            held: AtomicUsize::new(0),
            purged: AtomicUsize::new(0),
            reserved: std::sync::Mutex::default(),
            strayed: false.into(),
        }
    }

    /// An OS that never fails.
    pub(crate) fn unlimited() -> Self {
        Self::with_budget(usize::MAX)
    }

    /// Lets `calls` more calls succeed.
    pub(crate) fn refill(&self, calls: usize) {
        self.budget.store(calls, Relaxed);
    }

    /// Whether only reserved pages were ever prepared.
    pub(crate) fn prepared_within_reservations(&self) -> bool {
        !self.strayed.load(Relaxed)
    }

    /// Calls that would still succeed.
    pub(crate) fn budget_left(&self) -> usize {
        self.budget.load(Relaxed)
    }

    /// Takes one call from the budget.
    fn spend(&self) -> Option<()> {
        self.budget.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok().map(drop)
    }
}

impl Os for Mock {
    fn page(&self) -> usize {
        Unix.page()
    }

    fn reserve(&self, hint: *mut u8, bytes: usize) -> Option<NonNull<u8>> {
        self.spend()?;
        let start = Unix.reserve(hint, bytes)?;
        self.held.fetch_add(bytes, Relaxed);
        self.reserved.lock().expect("no panic").push((start.addr().get(), start.addr().get() + bytes));
        Some(start)
    }

    fn prepare(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let from = start.addr().get();
        let reserved = self.reserved.lock().expect("no panic");
        if !reserved.iter().any(|&(low, high)| low <= from && from + bytes <= high) {
            // Refused: the pages may be anybody's.
            self.strayed.store(true, Relaxed);
            return false;
        }
        self.spend().is_some() && Unix.prepare(start, bytes)
    }

    fn map(&self, bytes: usize) -> Option<NonNull<u8>> {
        self.spend()?;
        let start = Unix.map(bytes)?;
        self.held.fetch_add(bytes, Relaxed);
        Some(start)
    }

    fn unmap(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let done = self.spend().is_some() && Unix.unmap(start, bytes);
        if done {
            self.held.fetch_sub(bytes, Relaxed);
        }
        done
    }

    fn remap(&self, start: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
        self.spend()?;
        let moved = Unix.remap(start, old, new)?;
        self.held.fetch_add(new, Relaxed);
        self.held.fetch_sub(old, Relaxed);
        Some(moved)
    }

    fn purge(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let done = self.spend().is_some() && Unix.purge(start, bytes);
        if done {
            self.purged.fetch_add(bytes, Relaxed);
        }
        done
    }

    fn now(&self) -> u64 {
        self.clock.load(Relaxed)
    }
}
