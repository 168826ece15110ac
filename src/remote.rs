//! Frees that cross threads: how a block freed elsewhere finds its way back to the zone's owner.
//!
//! | step | who | operation |
//! |---|---|---|
//! | 0 | freeing thread, once a zone | mark the zone as shared, so that its owner's frees look at the state byte |
//! | 1 | freeing thread | swap the state byte with `FREED`: of two threads one finds `FREED` |
//! | 2 | freeing thread, unless `posted` is 1 | `posted: 0 → 1`; push the zone into its owner's inbox |
//! | 3 | owner, at its slow paths | take the whole inbox; for each zone `posted := 0`, then collect: set the bits of the `FREED` blocks |
//!
//! Steps 1 and 2 and the two parts of step 3 are sequentially consistent: either the freeing thread finds `posted`
//! clear, or the owner finds the block. A zone may change owners between 2 and 3: whoever finds a zone of another owner
//! in its inbox posts it there. A zone that was given back to the page heap meanwhile belongs to *nobody*, an owner who
//! only passes on what became a zone again. An owner that goes away closes its inbox; a post that finds it closed reads
//! the owner anew. Zones without a thread belong to central; its inbox and nobody's never close. No locks.

#![expect(unsafe_code, reason = "the inbox holds addresses")]

use core::sync::atomic::{AtomicPtr, Ordering, fence};

use crate::fold::holds;
use crate::sync::{Link, address};
use crate::zone::Zone;

/// Somebody who owns zones: a thread cache or central. Alone in its cache line: other threads write here.
#[repr(C, align(64))]
pub(crate) struct Owner {
    /// Zones with remote frees, linked through `next_posted`; [`closed`] while nobody would look.
    inbox: AtomicPtr<Zone>,
}

/// A relaxed cell that holds a zone's owner, or nothing, and whether the zone is *shared*: whether another thread has
/// freed blocks in it. The mark is bit 0 of the address, so that for a shared zone the hit path of `free`, which
/// compares the whole cell with the thread's cache, fails.
pub(crate) struct OwnerLink(AtomicPtr<Owner>);

/// The mark of a shared zone.
const SHARED: usize = 1;

impl OwnerLink {
    /// The owner, if any.
    pub(crate) fn get(&self) -> Option<&'static Owner> {
        // SAFETY: `set` and `pass` are the only writers of addresses, which are aligned: bit 0 is the mark.
        unsafe { self.0.load(Ordering::Relaxed).map_addr(|address| address & !SHARED).as_ref() }
    }

    /// Whether the zone is `owner`'s.
    pub(crate) fn is(&self, owner: &'static Owner) -> bool {
        self.get().is_some_and(|own| core::ptr::eq(own, owner))
    }

    /// Whether the zone is shared.
    pub(crate) fn is_shared(&self) -> bool {
        self.0.load(Ordering::Relaxed).addr() & SHARED != 0
    }

    /// Whether the zone is `owner`'s and not shared.
    #[inline(always)]
    pub(crate) fn is_alone(&self, owner: &'static Owner) -> bool {
        holds(&self.0, owner)
    }

    /// Gives a zone without live blocks to `owner`; it is not shared.
    pub(crate) fn set(&self, owner: &'static Owner) {
        self.0.store(address(Some(owner)), Ordering::Relaxed);
    }

    /// Gives the zone to `owner` as it is.
    pub(crate) fn pass(&self, owner: &'static Owner) {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let new = address(Some(owner)).map_addr(|address| address | old.addr() & SHARED);
            match self.0.compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => old = now,
            }
        }
    }

    /// Marks the zone as shared, before anything is freed in it by another thread than its owner's.
    #[inline]
    pub(crate) fn share(&self) {
        if self.0.load(Ordering::Relaxed).addr() & SHARED == 0 {
            self.0.fetch_or(SHARED, Ordering::Relaxed);
        }
    }
}

/// The mark of a closed inbox: an address that is no zone's.
fn closed() -> *mut Zone {
    core::ptr::without_provenance_mut(1)
}

impl Owner {
    /// An owner with an empty inbox.
    pub(crate) const fn new() -> Self {
        Self { inbox: AtomicPtr::new(core::ptr::null_mut()) }
    }

    /// Opens a closed inbox.
    pub(crate) fn open(&self) {
        self.inbox.store(core::ptr::null_mut(), Ordering::Release);
    }

    /// Puts `zone` into the inbox; `false` if it is closed.
    fn push(&self, zone: &'static Zone) -> bool {
        let mut head = self.inbox.load(Ordering::Acquire);
        loop {
            if head == closed() {
                return false;
            }
            // SAFETY: not closed, so null or a zone that was pushed.
            zone.next_posted.set(unsafe { head.as_ref() });
            match self.inbox.compare_exchange_weak(head, address(Some(zone)), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => head = now,
            }
        }
    }

    /// Takes all zones out of the inbox, each with `posted` cleared, so that it may be posted again at once.
    pub(crate) fn take_posted(&self) -> Posted {
        if self.inbox.load(Ordering::Relaxed).is_null() {
            return Posted { next: Link::none() };
        }
        let head = self.inbox.swap(core::ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: only the owner itself closes its inbox, so the head is null or a zone that was pushed.
        Posted { next: unsafe { Link::from_raw(head) } }
    }

    /// Closes the inbox and takes what is in it. The zones must belong to somebody else by now.
    pub(crate) fn close(&self) -> Posted {
        let head = self.inbox.swap(closed(), Ordering::AcqRel);
        // SAFETY: it was open, so the head is null or a zone that was pushed.
        Posted { next: unsafe { Link::from_raw(head) } }
    }
}

impl Owner {
    /// Closes the inbox and forgets what is in it, in the child of a fork, where all posts are made anew.
    pub(crate) fn discard(&self) {
        self.inbox.store(closed(), Ordering::Release);
    }
}

/// Zones taken from an inbox.
pub(crate) struct Posted {
    /// The next one.
    next: Link<Zone>,
}

impl Iterator for Posted {
    type Item = &'static Zone;

    fn next(&mut self) -> Option<&'static Zone> {
        let zone = self.next.get()?;
        self.next.set(zone.next_posted.get());
        zone.posted.swap(0, Ordering::SeqCst);
        // What is read of the zone from here on is newer than that.
        fence(Ordering::SeqCst);
        Some(zone)
    }
}

/// Tells the owner of `zone` that it has remote frees.
#[inline]
pub(crate) fn post(zone: &'static Zone) {
    // Read first: the zones of which much is freed are posted nearly always.
    if zone.posted.load(Ordering::SeqCst) == 0 {
        post_anew(zone);
    }
}

/// The same for a zone that did not seem to be posted.
#[cold]
fn post_anew(zone: &'static Zone) {
    if zone.posted.swap(1, Ordering::SeqCst) != 0 {
        return;
    }
    while let Some(owner) = zone.owner.get() {
        if owner.push(zone) {
            return;
        }
        core::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests;
