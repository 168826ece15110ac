//! Frees that cross threads: how a block freed elsewhere finds its way back to the zone's owner.
//!
//! | step | who | operation |
//! |---|---|---|
//! | 0 | freeing thread, once a zone | mark the zone as shared, so that its owner's frees look at the state byte |
//! | 1 | freeing thread | exchange the state byte for `FREED`, if it still is that of a live block: of two threads one fails |
//! | 2 | freeing thread, unless `posted` is 1 | `posted: 0 → 1`; push the zone into its owner's inbox |
//! | 3 | owner, at its slow paths | take the whole inbox; for each zone `posted := 0`, then collect: set the bits of the `FREED` blocks |
//!
//! Step 1 and the look at `posted` in step 2 are sequentially consistent, and a fence is between the two parts of step
//! 3: either the freeing thread finds `posted` clear, or the owner finds the block. `scripts/models` proves this and
//! what follows, as far as it can be; `docs/concurrency.md` has all protocols as tables. A zone may change owners
//! between 2 and 3: whoever finds a zone of another owner in its inbox posts it there. A zone that was given back to
//! the page heap meanwhile belongs to *nobody*, an owner who only passes on what became a zone again. An owner that
//! goes away closes its inbox; a post that finds it closed reads the owner anew. Zones without a thread belong to
//! central; its inbox and nobody's never close. No locks.

#![expect(unsafe_code, reason = "the inbox holds addresses")]

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::fold::holds;
use crate::sync::{AtomicPtr, Link, address, fence, spin_loop};
use crate::zone::Zone;

/// Somebody who owns zones: a thread cache or central. Alone in its cache line: other threads write here.
#[repr(C, align(64))]
pub(crate) struct Owner {
    /// Zones with remote frees, linked through `next_posted`; [`closed`] while nobody would look.
    inbox: AtomicPtr<Zone>,
    /// Bytes that other threads freed since it last collected, about; of central's zones only, which has no thread that would
    /// collect by itself. Not one of `sync`'s: no protocol looks at it.
    pub(crate) freed: AtomicUsize,
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
        Self { inbox: AtomicPtr::new(core::ptr::null_mut()), freed: AtomicUsize::new(0) }
    }

    /// Opens a closed inbox.
    pub(crate) fn open(&self) {
        self.inbox.store(core::ptr::null_mut(), Ordering::Relaxed);
    }

    /// Puts `zone` into the inbox; `false` if it is closed.
    fn push(&self, zone: &'static Zone) -> bool {
        // Relaxed: of a zone that is there already only the address is used.
        let mut head = self.inbox.load(Ordering::Relaxed);
        loop {
            if head == closed() {
                return false;
            }
            // SAFETY: not closed, so null or a zone that was pushed.
            zone.next_posted.set(unsafe { head.as_ref() });
            match self.inbox.compare_exchange_weak(head, address(Some(zone)), Ordering::Release, Ordering::Relaxed) {
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
        let head = self.inbox.swap(core::ptr::null_mut(), Ordering::Acquire);
        // SAFETY: only the owner itself closes its inbox, so the head is null or a zone that was pushed.
        Posted { next: unsafe { Link::from_raw(head) } }
    }

    /// Closes the inbox and takes what is in it. The zones must belong to somebody else by now.
    pub(crate) fn close(&self) -> Posted {
        // Nothing is published with the mark: who finds it before the new owner looks again.
        let head = self.inbox.swap(closed(), Ordering::Acquire);
        // SAFETY: it was open, so the head is null or a zone that was pushed.
        Posted { next: unsafe { Link::from_raw(head) } }
    }
}

impl Owner {
    /// Passes on what was posted to *nobody*, this owner, for runs that were no zones any more: to whoever owns them now,
    /// if they are zones again.
    pub(crate) fn pass_on(&'static self) {
        for zone in self.take_posted() {
            if !zone.owner.is(self) {
                post(zone);
            }
        }
    }

    /// Closes the inbox and forgets what is in it, in the child of a fork, where all posts are made anew.
    pub(crate) fn discard(&self) {
        self.inbox.store(closed(), Ordering::Relaxed);
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
        // Who posts the zone next writes its link after it was read here.
        zone.posted.swap(0, Ordering::Release);
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
    // The link is free to be written. That what was freed is seen by whoever clears the mark is the work of the look above.
    if zone.posted.swap(1, Ordering::Acquire) != 0 {
        return;
    }
    while let Some(owner) = zone.owner.get() {
        if owner.push(zone) {
            return;
        }
        spin_loop();
    }
}

#[cfg(test)]
mod tests;
