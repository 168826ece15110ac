use std::collections::{BTreeSet, VecDeque};

use super::*;
use crate::os::Unix;
use crate::os::mock::{Kind, Mock};

#[cfg(any(loom, shuttle))]
impl Sampled {
    /// Has a model checker keep what threads meet in of the slot that is used next.
    pub(crate) fn watch_next(&'static self) -> &'static Slot {
        use crate::sync::model::watch;
        let slots = self.slots.get().expect("an open pool");
        let slot = &slots.slots[usize::from(slots.order[self.queue.lock().head].get())];
        watch(&slot.state);
        watch(&slot.start);
        watch(&slot.requested.0);
        slot
    }
}

/// An open pool over `os`.
fn pool(os: &Mock) -> &'static Sampled {
    let sampled = Box::leak(Box::new(Sampled::new()));
    let meta = Box::leak(Box::new(Mutex::new(Meta::new())));
    assert!(sampled.open(os, meta));
    sampled
}

/// Random numbers.
fn random() -> Cell<u64> {
    Cell::new(1)
}

/// Writes one byte.
fn write(place: *mut u8) {
    // SAFETY: in the page of a live block.
    let byte = unsafe { &mut *place };
    *byte ^= 1;
}

#[test]
fn blocks_end_or_start_where_their_page_does() {
    let (os, random) = (Mock::unlimited(), random());
    let sampled = pool(&os);
    let page = os.page();
    let mut ends = BTreeSet::new();
    for align in [16, 64, 1024, page] {
        for bytes in [1, 15, 16, 17, 100, page - 1, page] {
            let slot = sampled.take(&os, &random, bytes, align).expect("a slot");
            let start = slot.start().addr();
            assert!(start.is_multiple_of(align) && slot.requested() == bytes && slot.is_live());
            assert!(start / page == (start + bytes - 1) / page);
            let rest = page - start % page - bytes;
            assert!(start.is_multiple_of(page) || rest < align, "at one of its ends");
            if bytes == 100 && align == 16 {
                ends.insert(start % page);
            }
            assert_eq!(sampled.give(&os, slot), Some(Rest::Intact));
        }
    }
    for _ in 0..20 {
        let slot = sampled.take(&os, &random, 100, 16).expect("a slot");
        ends.insert(slot.start().addr() % page);
        sampled.give(&os, slot);
    }
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), [0, page - 112], "both at random");
    assert!(sampled.take(&os, &random, 0, 16).is_none() && sampled.take(&os, &random, page + 1, 16).is_none());
    assert!(sampled.take(&os, &random, 1, 2 * page).is_none());
}

#[test]
fn freed_slots_wait_for_all_others() {
    let (os, random) = (Mock::unlimited(), random());
    let sampled = pool(&os);
    let mut live: VecDeque<_> = (0..SLOTS).map(|_| sampled.take(&os, &random, 8, 16).expect("a slot")).collect();
    assert!(sampled.take(&os, &random, 8, 16).is_none(), "all are live");
    let mut freed = Vec::new();
    for _ in 0..SLOTS {
        let slot = live.pop_back().expect("live");
        freed.push(core::ptr::from_ref(slot));
        assert_eq!(sampled.give(&os, slot), Some(Rest::Intact));
        assert!(!slot.is_live() && slot.is_known());
        assert_eq!(sampled.give(&os, slot), None, "a second time");
    }
    let again: Vec<_> =
        (0..SLOTS).map(|_| core::ptr::from_ref(sampled.take(&os, &random, 8, 16).expect("a slot"))).collect();
    assert_eq!(again, freed, "first in, first out");
}

/// Whether the page of `place` can be read.
fn is_readable(place: *const u8) -> bool {
    Unix.is_readable(place, place)
}

#[test]
fn pages_are_accessible_only_while_live() {
    let (os, random) = (Mock::unlimited(), random());
    let sampled = pool(&os);
    let slot = sampled.take(&os, &random, 50, 16).expect("a slot");
    let start = slot.start();
    assert!(is_readable(start));
    let page = start.map_addr(|address| address & !(os.page() - 1));
    assert!(!is_readable(page.wrapping_sub(1)) && !is_readable(page.wrapping_add(os.page())));
    sampled.give(&os, slot);
    assert!(!is_readable(start));
}

#[test]
fn what_is_written_around_a_block_is_seen() {
    let (os, random) = (Mock::unlimited(), random());
    let sampled = pool(&os);
    for _ in 0..40 {
        let slot = sampled.take(&os, &random, 41, 16).expect("a slot");
        let start = slot.start();
        (0..41).for_each(|at| write(start.wrapping_add(at)));
        let at_page = start.addr().is_multiple_of(os.page());
        let (place, expected) =
            if at_page { (start.wrapping_add(41), Rest::Behind) } else { (start.wrapping_sub(1), Rest::Before) };
        write(place);
        assert_eq!(sampled.give(&os, slot), Some(expected));
        let slot = sampled.take(&os, &random, 41, 16).expect("a slot");
        write(slot.start().wrapping_add(41 + 6));
        assert_eq!(sampled.give(&os, slot), Some(Rest::Behind));
    }
}

#[test]
fn every_address_has_its_place() {
    let (os, random) = (Mock::unlimited(), random());
    let sampled = pool(&os);
    let slot = sampled.take(&os, &random, 8, 16).expect("a slot");
    let page = slot.start().addr() & !(os.page() - 1);
    let is_ours = |found: Option<&'static Slot>| found.is_some_and(|found| core::ptr::eq(found, slot));
    assert!(matches!(sampled.place(&os, page), Some(Place::Page(found)) if is_ours(Some(found))));
    assert!(matches!(sampled.place(&os, page - 1), Some(Place::Guard(None, behind)) if is_ours(behind)));
    assert!(matches!(sampled.place(&os, page + os.page()), Some(Place::Guard(before, Some(_))) if is_ours(before)));
    let end = page + 2 * SLOTS * os.page();
    assert!(matches!(sampled.place(&os, end - 1), Some(Place::Guard(Some(_), None))));
    assert!(sampled.place(&os, end).is_none() && sampled.place(&os, page - os.page() - 1).is_none());
    assert!(sampled.next(0).is_some() && sampled.next(slot.start().addr() + 1).is_none());
}

#[test]
fn refusals_lose_no_slot() {
    let (os, random) = (Mock::unlimited(), random());
    let sampled = pool(&os);
    os.refuse(Kind::Prepare, true);
    assert!((0..SLOTS).all(|_| sampled.take(&os, &random, 8, 16).is_none()));
    os.refuse(Kind::Prepare, false);
    os.refuse(Kind::Protect, true);
    os.refuse(Kind::Purge, true);
    for _ in 0..3 * SLOTS {
        let slot = sampled.take(&os, &random, 8, 16).expect("a slot");
        assert_eq!(sampled.give(&os, slot), Some(Rest::Intact));
    }
    let meta = Box::leak(Box::new(Mutex::new(Meta::new())));
    for budget in 0..3 {
        let os = Mock::with_budget(budget);
        assert!(!Box::leak(Box::new(Sampled::new())).open(&os, meta) || budget > 0);
    }
    let none = Sampled::new();
    assert!(none.next(0).is_none() && none.place(&os, 4096).is_none());
}
