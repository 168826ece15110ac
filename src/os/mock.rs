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
}

impl Mock {
    /// An OS whose first `budget` calls succeed.
    pub(crate) fn with_budget(budget: usize) -> Self {
        let budget = AtomicUsize::new(budget);
        Self { budget, clock: AtomicU64::new(0), held: AtomicUsize::new(0), purged: AtomicUsize::new(0) }
    }

    /// An OS that never fails.
    pub(crate) fn unlimited() -> Self {
        Self::with_budget(usize::MAX)
    }

    /// Lets `calls` more calls succeed.
    pub(crate) fn refill(&self, calls: usize) {
        self.budget.store(calls, Relaxed);
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
        Some(start)
    }

    fn prepare(&self, start: NonNull<u8>, bytes: usize) -> bool {
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
