//! Where a cache keeps its zones, and when they go from one place to another.

use core::ptr::NonNull;

use super::{Cache, NO_BLOCKS, Slot};
use crate::list::List;
use crate::remote::post;
use crate::size_class::Class;
use crate::zone::{Place, Zone};

impl Cache {
    /// Gives the class a window with free blocks from the zones this cache has; `false` if none has any.
    /// `misuse` hears of blocks that were freed twice at the same moment.
    ///
    /// What other threads freed is collected only when nothing else is left: then it is more, for the same work.
    pub(crate) fn refill(&'static self, class: Class, misuse: &mut dyn FnMut(&'static Zone, usize)) -> bool {
        if self.refill_from_own(class) {
            return true;
        }
        self.collect(misuse);
        self.refill_from_own(class)
    }

    /// The same from what is known to be free.
    fn refill_from_own(&'static self, class: Class) -> bool {
        if let Some(zone) = self.current_of(class) {
            if self.open_window(class, zone) {
                return true;
            }
            self.close_window(class);
            self.place(zone, 0);
        }
        let next = [&self.available, &self.sparse].iter().find_map(|lists| lists.get(class.index())?.pop());
        next.is_some_and(|zone| self.start_zone(class, zone))
    }

    /// Closes the class's window and puts its zone where its free blocks belong.
    pub(crate) fn retire_current(&self, class: Class) {
        if let Some(zone) = self.current_of(class) {
            self.close_window(class);
            self.place(zone, zone.free_blocks());
        }
    }

    /// Leaves the class without a window and without a current zone.
    fn close_window(&self, class: Class) {
        if let (Some(slot), Some(current)) = (self.slots.get(class.index()), self.current.get(class.index())) {
            slot.window.set(NonNull::from_ref(&NO_BLOCKS));
            current.set(None);
        }
    }

    /// Puts a zone that is in no place where `free` free blocks belong.
    pub(crate) fn place(&self, zone: &'static Zone, free: usize) {
        let Some(place) = zone.settle(free) else { return self.idle.push(zone) };
        self.list_of(zone.class(), place).push(zone);
        if place == Place::Sparse {
            self.sparse_bytes.set(self.sparse_bytes.get() + zone.bytes());
        }
    }

    /// The list of the zones of a class that are in `place`.
    pub(super) fn list_of(&self, class: Class, place: Place) -> &List {
        let lists = match place {
            Place::Available => &self.available,
            Place::Sparse => &self.sparse,
            Place::Current | Place::Full => return &self.full,
        };
        lists.get(class.index()).unwrap_or(&self.full)
    }

    /// Takes a zone that is not current out of its place.
    fn displace(&self, zone: &'static Zone) {
        self.list_of(zone.class(), zone.place()).remove(zone);
    }

    /// Attends to a zone whose countdown reached 0: a full zone has room again, an available one is sparse, a sparse one
    /// wholly free.
    #[cold]
    pub(crate) fn woken(&self, zone: &'static Zone) {
        if zone.place() == Place::Current {
            zone.set_current();
            return;
        }
        let free = zone.counted_free();
        self.displace(zone);
        self.place(zone, free);
    }

    /// Collects what other threads freed in the zones that were posted to this cache.
    pub(crate) fn collect(&'static self, misuse: &mut dyn FnMut(&'static Zone, usize)) {
        for zone in self.owner.take_posted() {
            if zone.owner.is(&self.owner) {
                let count = zone.collect(|index| misuse(zone, index));
                if zone.place() != Place::Current && count > 0 {
                    let free = zone.counted_free() + count;
                    self.displace(zone);
                    self.place(zone, free);
                }
            } else {
                post(zone);
            }
        }
    }

    /// Collects what other threads freed in the class's current `zone`, if the next block would be one that nobody has had.
    /// The zone stays in the inbox: what is freed meanwhile is collected from there.
    #[cold]
    #[inline(never)]
    pub(super) fn reclaim(&self, class: Class, zone: &'static Zone, misuse: fn(&'static Zone, usize)) {
        let is_fresh = self.slots.get(class.index()).is_some_and(Slot::is_fresh);
        if is_fresh && zone.is_posted() {
            zone.collect(|index| misuse(zone, index));
        }
    }

    /// Gives the class a window from a full zone with a few free blocks, which it would not be asked for yet: when memory
    /// has ended.
    pub(crate) fn scrape(&'static self, class: Class) -> bool {
        let zone = self.full.iter().find(|zone| zone.has_rest(class));
        zone.is_some_and(|zone| {
            self.full.remove(zone);
            self.start_zone(class, zone)
        })
    }

    /// The zone of the class that the cache has filled just now, if it has: then it is likely to fill the next one too. Most
    /// zones of a program with many threads hold a few blocks.
    pub(crate) fn filled(&'static self, class: Class) -> Option<&'static Zone> {
        self.full.iter().take(4).find(|zone| zone.class() == class)
    }

    /// Takes every zone out of the cache, closing all windows, and tells `taker`.
    pub(crate) fn surrender(&'static self, mut taker: impl FnMut(&'static Zone)) {
        for class in Class::all() {
            if let Some(zone) = self.current_of(class) {
                self.close_window(class);
                taker(zone);
            }
        }
        self.sparse_bytes.set(0);
        for list in self.available.iter().chain(&self.sparse).chain([&self.full, &self.idle]) {
            while let Some(zone) = list.pop() {
                taker(zone);
            }
        }
    }

    /// Forgets all zones, in the child of a fork where the cache's thread is gone.
    pub(crate) fn reset(&'static self) {
        self.slots.iter().for_each(|slot| slot.window.set(NonNull::from_ref(&NO_BLOCKS)));
        self.current.iter().for_each(|current| current.set(None));
        let lists = self.available.iter().chain(&self.sparse).chain([&self.full, &self.idle]);
        lists.for_each(List::clear);
        self.sparse_bytes.set(0);
        // Torn, perhaps.
        self.quarantine.set(None);
        self.owner.discard();
    }

    /// Zones with room, of every class.
    pub(crate) fn available(&'static self) -> impl Iterator<Item = &'static Zone> {
        self.available.iter().flat_map(List::iter).chain(self.sparse())
    }

    /// Those of them that are nearly empty.
    pub(crate) fn sparse(&'static self) -> impl Iterator<Item = &'static Zone> {
        self.sparse.iter().flat_map(List::iter)
    }

    /// Zones that had no room when they were last looked at.
    pub(crate) fn full(&'static self) -> impl Iterator<Item = &'static Zone> {
        self.full.iter()
    }
}
