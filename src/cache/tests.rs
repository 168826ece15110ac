//! Tests of the thread cache.

use std::collections::BTreeSet;

use super::*;
use crate::zone::Role;

impl Cache {
    /// Every structural promise of a cache that its thread does not use meanwhile. Returns the addresses of its zones.
    pub(crate) fn check_invariants(&'static self) -> BTreeSet<usize> {
        let mut zones = BTreeSet::new();
        let mut meet = |zone: &'static Zone, place: Place| {
            assert!(zone.owner.is(&self.owner) && zone.role() == Role::Blocks);
            assert_eq!(zone.place(), place);
            assert!(zones.insert(zone.address()), "a zone in two places");
        };
        for class in Class::all() {
            let slot = &self.slots[class.index()];
            let window: *const RelaxedU64 = slot.window.get().as_ptr();
            match self.current_of(class) {
                Some(zone) => {
                    meet(zone, Place::Current);
                    assert_eq!(zone.class(), class);
                    let at = zone.words().iter().position(|word| core::ptr::eq(word, window)).expect("its window");
                    assert_eq!(slot.base.get().addr(), zone.address() + at * WINDOW * class.block());
                    assert_eq!(slot.state.get(), zone.states()[at * WINDOW..].as_ptr());
                    assert_eq!((size(slot.block.get()), size(slot.tag.get())), (class.block(), class.block() + 2));
                }
                None => assert!(core::ptr::eq(window, &raw const NO_BLOCKS)),
            }
            let available = &self.available[class.index()];
            for zone in available.iter() {
                meet(zone, Place::Available);
                assert_eq!(zone.class(), class);
            }
            available.check_invariants();
        }
        self.full.iter().for_each(|zone| meet(zone, Place::Full));
        self.full.check_invariants();
        assert!(self.idle.first().is_none(), "idle zones go to the page heap at once");
        zones
    }
}
