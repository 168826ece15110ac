//! An OS for tests: the real one, behind a budget of calls, a limit of address space, a list of calls that it refuses
//! and a record of what it gave, so that no call can touch what it did not give.

mod kind;
mod random;

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::{Os, Unix};

use kind::KINDS;
pub(crate) use kind::Kind;
pub(crate) use random::Random;

/// The real kernel behind a budget and a clock that the test sets.
pub(crate) struct Mock {
    /// Calls that still succeed.
    budget: AtomicUsize,
    /// The one call, counted from now, that fails although later ones succeed.
    failing: AtomicUsize,
    /// Which calls fail, every so many; 0 for none.
    every: AtomicUsize,
    /// Calls counted for that.
    counted: AtomicUsize,
    /// For each kind, whether every call fails.
    refused: [AtomicBool; KINDS],
    /// For each kind, the calls that succeeded.
    done: [AtomicUsize; KINDS],
    /// Whether such a call came.
    failed: AtomicBool,
    /// Where `map` maps next, if the test cares.
    place: AtomicPtr<u8>,
    /// Bytes by which `reserve` misses its hints.
    miss: AtomicUsize,
    /// Whether `is_written` takes all pages for written.
    pub(crate) touched: AtomicBool,
    /// What `now` answers, in milliseconds.
    pub(crate) clock: AtomicU64,
    /// Most bytes of address space held at a time, as `RLIMIT_AS` limits them.
    pub(crate) limit: AtomicUsize,
    /// Bytes purged so far.
    pub(crate) purged: AtomicUsize,
    /// Address space held: ranges by their first address, each with its end and whether it is readable and writable.
    held: Mutex<BTreeMap<usize, (usize, bool)>>,
    /// Pages of it that are guards. They are so for the kernel, too, if it knows them.
    guards: Mutex<BTreeSet<usize>>,
    /// Whether some call named pages that it should not: they may be anybody's.
    strayed: AtomicBool,
}

impl Mock {
    /// Locks a page in memory, or no more; `false` if that is not allowed here.
    #[expect(unsafe_code, reason = "system calls")]
    pub(crate) fn lock(&self, page: NonNull<u8>, locked: bool) -> bool {
        let call = if locked { libc::mlock } else { libc::munlock };
        // SAFETY: changes nothing that the program sees.
        unsafe { call(page.as_ptr().cast(), self.page()) == 0 }
    }

    /// An OS whose first `budget` calls succeed.
    pub(crate) fn with_budget(budget: usize) -> Self {
        Self {
            budget: AtomicUsize::new(budget),
            failing: AtomicUsize::new(usize::MAX),
            every: AtomicUsize::new(0),
            counted: AtomicUsize::new(0),
            refused: Default::default(),
            done: Default::default(),
            failed: AtomicBool::new(false),
            place: AtomicPtr::default(),
            miss: AtomicUsize::new(0),
            touched: AtomicBool::new(false),
            clock: AtomicU64::new(0),
            limit: AtomicUsize::new(usize::MAX),
            purged: AtomicUsize::new(0),
            held: Mutex::default(),
            guards: Mutex::default(),
            strayed: AtomicBool::new(false),
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

    /// Lets one call fail, the one after `calls` others.
    pub(crate) fn fail_after(&self, calls: usize) {
        self.failing.store(calls, Relaxed);
    }

    /// Lets every `nth` call fail from now on, or none if that is 0.
    pub(crate) fn fail_every(&self, nth: usize) {
        self.every.store(nth, Relaxed);
    }

    /// Lets every call of a kind fail from now on, or none.
    pub(crate) fn refuse(&self, kind: Kind, refused: bool) {
        if let Some(flag) = self.refused.get(kind.index()) {
            flag.store(refused, Relaxed);
        }
    }

    /// Lets `map` map at `place`, where nothing is yet, and then always behind what it mapped last.
    pub(crate) fn map_at(&self, place: *mut u8) {
        self.place.store(place, Relaxed);
    }

    /// Lets `reserve` miss its hints by so many bytes.
    pub(crate) fn miss_hints(&self, bytes: usize) {
        self.miss.store(bytes, Relaxed);
    }

    /// Whether a call of [`Self::fail_after`] or [`Self::fail_every`] came.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Relaxed)
    }

    /// Successful calls of a kind so far.
    pub(crate) fn calls(&self, kind: Kind) -> usize {
        self.done.get(kind.index()).map_or(0, |done| done.load(Relaxed))
    }

    /// Whether only pages that this OS gave were ever named.
    pub(crate) fn prepared_within_reservations(&self) -> bool {
        !self.strayed.load(Relaxed)
    }

    /// Whether all of a range is held, and nothing of it can be read or written.
    pub(crate) fn is_guard(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let (low, high) = (start.addr().get(), start.addr().get() + bytes);
        let held = self.held.lock().expect("no panic");
        let over = held.range(..high).filter(|(_, (to, _))| *to > low);
        let free = over.clone().all(|(_, &(_, ready))| !ready);
        free && over.map(|(&from, &(to, _))| to.min(high) - from.max(low)).sum::<usize>() == bytes
    }

    /// Guards of [`Os::guard`] in a range, of pages.
    pub(crate) fn guards_in(&self, start: usize, bytes: usize) -> usize {
        self.guards.lock().expect("no panic").range(start..start + bytes).count()
    }

    /// Calls that would still succeed.
    pub(crate) fn budget_left(&self) -> usize {
        self.budget.load(Relaxed)
    }

    /// Bytes of address space held.
    pub(crate) fn held(&self) -> usize {
        self.held.lock().expect("no panic").iter().map(|(low, (high, _))| high - low).sum()
    }

    /// Ranges of address space held, as many as the kernel needs mappings at most.
    pub(crate) fn mappings(&self) -> usize {
        let held = self.held.lock().expect("no panic");
        let (mut count, mut last) = (0, (0, false));
        for (&low, &(high, ready)) in &*held {
            count += usize::from(last != (low, ready));
            last = (high, ready);
        }
        count
    }

    /// Takes one call that adds `bytes` of address space from the budget and the limit.
    fn spend(&self, kind: Kind, bytes: usize) -> Option<()> {
        self.may(kind, bytes)?;
        self.done.get(kind.index())?.fetch_add(1, Relaxed);
        Some(())
    }

    /// Whether the test lets a call succeed.
    fn may(&self, kind: Kind, bytes: usize) -> Option<()> {
        if self.held() + bytes > self.limit.load(Relaxed) && bytes > 0 {
            return None;
        }
        if self.refused.get(kind.index()).is_some_and(|refused| refused.load(Relaxed)) {
            return None;
        }
        if self.failing.load(Relaxed) != usize::MAX && self.failing.fetch_sub(1, Relaxed) == 0 {
            self.failed.store(true, Relaxed);
            return None;
        }
        let every = self.every.load(Relaxed);
        if every != 0 && self.counted.fetch_add(1, Relaxed) % every == every - 1 {
            self.failed.store(true, Relaxed);
            return None;
        }
        self.budget.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok().map(drop)
    }

    /// Notes that a range is held.
    fn hold(&self, start: NonNull<u8>, bytes: usize, ready: bool) {
        let low = start.addr().get();
        self.held.lock().expect("no panic").insert(low, (low + bytes, ready));
    }

    /// Whether all of a range is held and, if `ready` says so, readable and writable; if not it has strayed.
    fn is_held(&self, start: NonNull<u8>, bytes: usize, ready: bool) -> bool {
        let (mut at, end) = (start.addr().get(), start.addr().get() + bytes);
        let held = self.held.lock().expect("no panic");
        while at < end {
            match held.range(..=at).next_back() {
                Some((_, &(high, is_ready))) if high > at && (is_ready || !ready) => at = high,
                _ => {
                    self.strayed.store(true, Relaxed);
                    return false;
                }
            }
        }
        true
    }

    /// Notes whether a range that is held is readable and writable; its guards stay.
    fn change_range(&self, start: NonNull<u8>, bytes: usize, ready: bool) {
        let guards = self.guards.lock().expect("no panic").clone();
        self.drop_range(start, bytes);
        self.hold(start, bytes, ready);
        *self.guards.lock().expect("no panic") = guards;
    }

    /// Forgets a range that is held.
    fn drop_range(&self, start: NonNull<u8>, bytes: usize) {
        let (low, high) = (start.addr().get(), start.addr().get() + bytes);
        self.guards.lock().expect("no panic").retain(|page| !(low..high).contains(page));
        let mut held = self.held.lock().expect("no panic");
        while let Some((&from, &(to, ready))) = held.range(..high).next_back().filter(|(_, (to, _))| *to > low) {
            held.remove(&from);
            if from < low {
                held.insert(from, (low, ready));
            }
            if to > high {
                held.insert(high, (to, ready));
            }
        }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // What the test left: other tests need the memory.
        for (&low, &(high, _)) in &*self.held.lock().expect("no panic") {
            if let Some(start) = NonNull::new(core::ptr::with_exposed_provenance_mut(low)) {
                Unix.unmap(start, high - low);
            }
        }
    }
}

impl Os for Mock {
    fn page(&self) -> usize {
        Unix.page()
    }

    fn reserve(&self, hint: *mut u8, bytes: usize) -> Option<NonNull<u8>> {
        self.spend(Kind::Reserve, bytes)?;
        let start = Unix.reserve(hint.wrapping_add(self.miss.load(Relaxed)), bytes)?;
        self.hold(start, bytes, false);
        Some(start)
    }

    fn prepare(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let may = self.is_held(start, bytes, false) && self.spend(Kind::Prepare, 0).is_some();
        let done = may && Unix.prepare(start, bytes);
        if done {
            self.change_range(start, bytes, true);
        }
        done
    }

    fn protect(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let may = self.is_held(start, bytes, false) && self.spend(Kind::Protect, 0).is_some();
        let done = may && Unix.protect(start, bytes);
        if done {
            self.change_range(start, bytes, false);
        }
        done
    }

    fn seal(&self, start: NonNull<u8>, bytes: usize) -> bool {
        self.is_held(start, bytes, true) && self.spend(Kind::Protect, 0).is_some() && Unix.seal(start, bytes)
    }

    fn map(&self, bytes: usize) -> Option<NonNull<u8>> {
        self.spend(Kind::Map, bytes)?;
        let place = self.place.load(Relaxed);
        let start = if place.is_null() {
            Unix.map(bytes)?
        } else {
            self.place.store(place.wrapping_add(bytes), Relaxed);
            Unix.reserve(place, bytes).filter(|&start| start.as_ptr() == place && Unix.prepare(start, bytes))?
        };
        self.hold(start, bytes, true);
        Some(start)
    }

    fn unmap(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let may = self.is_held(start, bytes, false) && self.spend(Kind::Unmap, 0).is_some();
        if may {
            // First the record: another test may map something there at once.
            self.drop_range(start, bytes);
        }
        may && Unix.unmap(start, bytes)
    }

    fn remap(&self, start: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
        self.is_held(start, old, true).then(|| self.spend(Kind::Remap, new.saturating_sub(old)))??;
        let low = start.addr().get();
        let guards: Vec<_> = self.guards.lock().expect("no panic").range(low..low + old).map(|at| at - low).collect();
        let moved = Unix.remap(start, old, new)?;
        self.drop_range(start, old);
        self.hold(moved, new, true);
        let moving = guards.into_iter().filter(|&at| at < new).map(|at| moved.addr().get() + at);
        self.guards.lock().expect("no panic").extend(moving);
        Some(moved)
    }

    fn purge(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let may = self.is_held(start, bytes, false) && self.spend(Kind::Purge, 0).is_some();
        let done = may && Unix.purge(start, bytes);
        if done {
            self.purged.fetch_add(bytes, Relaxed);
        }
        done
    }

    fn populate(&self, first: NonNull<u8>, bytes: usize, start: NonNull<u8>, page: usize) -> bool {
        let offset = start.addr().get().wrapping_sub(first.addr().get());
        if !start.addr().get().is_multiple_of(page) || offset >= bytes || bytes - offset < page {
            self.strayed.store(true, Relaxed);
            return false;
        }
        let may = self.is_held(first, bytes, true) && self.spend(Kind::Populate, 0).is_some();
        if may {
            // Where the kernel has no huge pages too: the memory reads as zero, and more was never promised.
            Unix.populate(first, bytes, start, page);
        }
        may
    }

    fn advise_huge(&self, start: NonNull<u8>, bytes: usize, _huge: bool) -> bool {
        // The kernel is not asked: the tests do without the memory, and it may have no huge pages.
        self.is_held(start, bytes, true) && self.spend(Kind::Advise, 0).is_some()
    }

    fn knows_guards(&self) -> bool {
        true
    }

    fn guard(&self, start: NonNull<u8>, bytes: usize) -> bool {
        if !self.is_held(start, bytes, true) {
            return false;
        }
        let may = self.spend(Kind::Guard, 0).is_some();
        // What fails comes half of the way, as where the rest is locked.
        let pages = bytes / self.page() / if may { 1 } else { 2 };
        // Where the kernel knows no guards too: the record tells which pages nobody may touch.
        Unix.guard(start, pages * self.page());
        let pages = (0..pages).map(|nth| start.addr().get() + nth * self.page());
        self.guards.lock().expect("no panic").extend(pages);
        may
    }

    fn unguard(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let may = self.is_held(start, bytes, true) && self.spend(Kind::Unguard, 0).is_some();
        let done = may && Unix.unguard(start, bytes);
        if done {
            let (low, high) = (start.addr().get(), start.addr().get() + bytes);
            self.guards.lock().expect("no panic").retain(|page| !(low..high).contains(page));
        }
        done
    }

    fn is_written(&self, page: NonNull<u8>) -> bool {
        self.is_held(page, self.page(), true) && self.touched.load(Relaxed)
    }

    fn is_in_use(&self, page: NonNull<u8>) -> bool {
        self.is_written(page)
    }

    fn is_readable(&self, first: *const u8, last: *const u8) -> bool {
        Unix.is_readable(first, last)
    }

    fn now(&self) -> u64 {
        self.clock.load(Relaxed)
    }
}
