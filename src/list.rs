//! Lists of descriptors: zones of a cache or of central, free runs of the page heap.
//!
//! Doubly linked through the descriptors themselves, so that any member can be taken out. Whoever owns the list, or
//! holds its mutex, alone uses it; a descriptor is in one list at most.

use crate::sync::Link;
use crate::zone::Zone;

/// A list.
pub(crate) struct List {
    /// The first zone.
    head: Link<Zone>,
}

impl List {
    /// An empty list.
    pub(crate) const fn new() -> Self {
        Self { head: Link::none() }
    }

    /// The first zone.
    pub(crate) fn first(&self) -> Option<&'static Zone> {
        self.head.get()
    }

    /// All zones, in list order. The zone just yielded may be removed meanwhile.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static Zone> + use<> {
        let mut next = self.head.get();
        core::iter::from_fn(move || {
            let zone = next?;
            next = zone.next.get();
            Some(zone)
        })
    }

    /// Forgets all zones.
    pub(crate) fn clear(&self) {
        self.head.set(None);
    }

    /// Puts `zone` in front.
    pub(crate) fn push(&self, zone: &'static Zone) {
        let head = self.head.get();
        zone.previous.set(None);
        zone.next.set(head);
        if let Some(head) = head {
            head.previous.set(Some(zone));
        }
        self.head.set(Some(zone));
    }

    /// Takes `zone`, a member, out.
    pub(crate) fn remove(&self, zone: &'static Zone) {
        let (previous, next) = (zone.previous.get(), zone.next.get());
        match previous {
            Some(previous) => previous.next.set(next),
            None => self.head.set(next),
        }
        if let Some(next) = next {
            next.previous.set(previous);
        }
    }

    /// Takes the first zone out.
    pub(crate) fn pop(&self) -> Option<&'static Zone> {
        let zone = self.head.get()?;
        self.remove(zone);
        Some(zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl List {
        /// Whether the links back agree with the links on.
        pub(crate) fn check_invariants(&self) {
            let mut last: Option<&'static Zone> = None;
            for zone in self.iter() {
                let previous = zone.previous.get().map(core::ptr::from_ref);
                assert_eq!(previous, last.map(core::ptr::from_ref));
                last = Some(zone);
            }
        }
    }
}
