//! Central: zones without a thread, and the register of thread caches.
//!
//! A zone comes here when its thread ends and leaves when another thread needs its class. Remote frees to its zones go
//! to central's own inbox, which is emptied whenever somebody takes a zone. Wholly free zones of small blocks are
//! *spare* as long as they are few: where short threads follow each other, each needs again what the last one had, and
//! a zone from here costs a tenth of one from the page heap. Under its own mutex, the first in the lock order.
//!
//! Invariant: `spare_bytes = Σ bytes` over the spare zones, at most `most_spare`.

use core::sync::atomic::Ordering;

use crate::cache::Cache;
use crate::list::List;
use crate::remote::{Owner, post};
use crate::size_class::{CLASSES, Class, SMALL_CLASSES};
use crate::sync::{AtomicBool, Link};
use crate::zone::{Place, Role, Zone};

/// Bytes of spare zones, at most: some four threads of all classes. All of it may be resident, as part of what is free.
pub(crate) const MOST_SPARE: usize = 8 << 20;

/// Zones without a thread.
pub(crate) struct Central {
    /// Zones with room.
    available: [List; CLASSES],
    /// Wholly free zones of TINY and SMALL classes that wait for the next thread.
    spare: [List; SMALL_CLASSES],
    /// Bytes of them.
    spare_bytes: usize,
    /// How many these may be: [`MOST_SPARE`], or less if free memory is to go back earlier.
    pub(crate) most_spare: usize,
    /// Wholly free zones, for the caller to give to the page heap.
    pub(crate) idle: List,
    /// Caches that threads use.
    live: Link<Cache>,
    /// Caches of ended threads, for new ones.
    parked: Link<Cache>,
    /// In the child of a fork, until the zones of vanished threads are taken in: the cache of the thread that forked, if it
    /// had one.
    pub(crate) survivor: Link<Cache>,
}

impl Central {
    /// No zones.
    pub(crate) const fn new() -> Self {
        Self {
            available: [const { List::new() }; CLASSES],
            spare: [const { List::new() }; SMALL_CLASSES],
            spare_bytes: 0,
            most_spare: MOST_SPARE,
            idle: List::new(),
            live: Link::none(),
            parked: Link::none(),
            survivor: Link::none(),
        }
    }

    /// Lets `taker` have a zone of `class` with room. It changes hands under the mutex, so that nobody else touches its
    /// bitmaps any more.
    pub(crate) fn take(&mut self, class: Class, taker: &'static Owner) -> Option<&'static Zone> {
        if let Some(zone) = self.available.get(class.index())?.pop() {
            zone.owner.pass(taker);
            return Some(zone);
        }
        let zone = self.spare.get(class.index())?.pop()?;
        self.spare_bytes -= zone.bytes();
        // Whatever other threads freed in it was collected.
        zone.owner.set(taker);
        Some(zone)
    }

    /// Keeps a wholly free zone for the next thread, if there are few; else it is idle. None of the hardened mode's, and
    /// none that this mode has put away.
    fn give_free(&mut self, zone: &'static Zone) {
        let is_ordinary = !zone.is_guarded() && !zone.is_shelved();
        match self.spare.get(zone.class().index()) {
            Some(list) if is_ordinary && self.spare_bytes + zone.bytes() <= self.most_spare => {
                // Like one that was just cut: nobody counts its blocks.
                zone.set_current();
                self.spare_bytes += zone.bytes();
                list.push(zone);
            }
            _ => self.idle.push(zone),
        }
    }

    /// Makes all spare zones idle.
    pub(crate) fn release_spare(&mut self) {
        for list in &self.spare {
            while let Some(zone) = list.pop() {
                self.idle.push(zone);
            }
        }
        self.spare_bytes = 0;
    }

    /// Keeps a zone of which `free` blocks are free. Full zones are in no list: remote frees bring them back.
    pub(crate) fn give(&mut self, zone: &'static Zone, free: usize) {
        match (zone.settle(free), self.available.get(zone.class().index())) {
            (Some(Place::Available | Place::Sparse), Some(list)) => list.push(zone),
            (Some(_), _) => {}
            (None, _) => self.give_free(zone),
        }
    }

    /// Collects what was freed in central's zones.
    pub(crate) fn collect(&mut self, owner: &'static Owner, misuse: &mut dyn FnMut(&'static Zone, usize)) {
        for zone in owner.take_posted() {
            if zone.owner.is(owner) {
                self.collect_zone(zone, misuse);
            } else {
                post(zone);
            }
        }
    }

    /// Collects what was freed in one of central's zones.
    fn collect_zone(&mut self, zone: &'static Zone, misuse: &mut dyn FnMut(&'static Zone, usize)) {
        let count = zone.collect(|index| misuse(zone, index));
        if count > 0 {
            let free = zone.counted_free() + count;
            if zone.place() != Place::Full
                && let Some(list) = self.available.get(zone.class().index())
            {
                list.remove(zone);
            }
            self.give(zone, free);
        }
    }

    /// Zones with room, of every class.
    pub(crate) fn available(&self) -> impl Iterator<Item = &'static Zone> {
        self.available.iter().flat_map(List::iter)
    }

    /// Spare zones, of every class.
    #[cfg(test)]
    pub(crate) fn spare(&self) -> impl Iterator<Item = &'static Zone> {
        self.spare.iter().flat_map(List::iter)
    }

    /// A cache of an ended thread.
    pub(crate) fn unpark(&mut self) -> Option<&'static Cache> {
        let cache = self.parked.get()?;
        self.parked.set(cache.next.get());
        Some(cache)
    }

    /// Keeps the cache of an ended thread; it has no zones any more.
    pub(crate) fn park(&mut self, cache: &'static Cache) {
        cache.next.set(self.parked.get());
        self.parked.set(Some(cache));
    }

    /// Lets a thread have a cache that nobody uses.
    pub(crate) fn admit(&mut self, cache: &'static Cache) {
        cache.owner.open();
        self.register(cache);
    }

    /// Takes the zones of a cache whose thread ends, for central's `owner`, and keeps the cache for another thread.
    pub(crate) fn take_over(&mut self, cache: &'static Cache, owner: &'static Owner) {
        cache.surrender(|zone| {
            zone.owner.pass(owner);
            self.give(zone, zone.free_blocks());
        });
        self.unregister(cache);
        // Zones posted meanwhile are central's now.
        cache.owner.close().for_each(post);
        self.park(cache);
    }

    /// Takes in a run of a process that has forked, in its child, for central's `owner` if it is a zone of a thread that
    /// is gone. All posts are made anew: the inboxes were emptied, and nobody posts before this is done.
    pub(crate) fn take_in(&mut self, run: &'static Zone, owner: &'static Owner) {
        // Of what is no zone too: it may become one again. Read first: the child has no page of its own yet.
        if run.posted.load(Ordering::Relaxed) != 0 {
            run.posted.store(0, Ordering::Relaxed);
        }
        if run.role() != Role::Blocks {
            return;
        }
        if run.owner.is(owner) || self.survivor.get().is_some_and(|survivor| run.owner.is(&survivor.owner)) {
            // A vanished thread may have freed something in it, and not have come to say so.
            if run.owner.is_shared() {
                post(run);
            }
        } else {
            run.owner.pass(owner);
            self.give(run, run.rebuild());
        }
    }

    /// Whether there is a cache in use besides `own`.
    pub(crate) fn has_others(&self, own: Option<&'static Cache>) -> bool {
        self.live().any(|cache| !own.is_some_and(|own| core::ptr::eq(cache, own)))
    }

    /// Forgets the zones of all caches in use but the survivor's, which were taken in, and keeps the caches for other
    /// threads.
    pub(crate) fn forget_others(&mut self) {
        let survivor = self.survivor.get();
        for cache in self.live().filter(|&cache| !survivor.is_some_and(|survivor| core::ptr::eq(cache, survivor))) {
            self.unregister(cache);
            cache.reset();
            self.park(cache);
        }
    }

    /// Registers a cache that a thread uses now.
    pub(crate) fn register(&mut self, cache: &'static Cache) {
        let head = self.live.get();
        cache.previous.set(None);
        cache.next.set(head);
        if let Some(head) = head {
            head.previous.set(Some(cache));
        }
        self.live.set(Some(cache));
    }

    /// Takes a cache out of the register.
    pub(crate) fn unregister(&mut self, cache: &'static Cache) {
        let (previous, next) = (cache.previous.get(), cache.next.get());
        match previous {
            Some(previous) => previous.next.set(next),
            None => self.live.set(next),
        }
        if let Some(next) = next {
            next.previous.set(previous);
        }
    }

    /// Caches in use. The one just yielded may be unregistered meanwhile.
    pub(crate) fn live(&self) -> impl Iterator<Item = &'static Cache> + use<> {
        let mut next = self.live.get();
        core::iter::from_fn(move || {
            let cache = next?;
            next = cache.next.get();
            Some(cache)
        })
    }
}

/// Whether the process is the child of a fork and has zones of vanished threads that nobody has taken in yet.
pub(crate) struct Orphans(AtomicBool);

impl Orphans {
    /// There are none.
    pub(crate) const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// There are some from now on: in the child, before it has a second thread.
    pub(crate) fn leave(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether there are any. To whom there are none, what was done to take them in is done.
    #[inline]
    pub(crate) fn are_left(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Lets `take_in` see to them, if there are any, before anybody else does something in central.
    #[inline]
    pub(crate) fn settle(&self, central: &mut Central, take_in: impl FnOnce(&mut Central)) {
        if self.0.load(Ordering::Relaxed) {
            take_in(central);
            self.0.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests;
