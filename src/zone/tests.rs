//! Tests of zones: a zone on memory of its own, against naive models.

use core::ptr;

use super::room::Window;
use super::*;
use crate::cache::{Freed, free_index, free_own};
use crate::os::mock::Random;
use crate::ptr::{low16, low32};
use crate::size_class::{FREED, MAX_BYTE_SLACK, QUARANTINED};

impl Zone {
    /// A zone of `class` in memory of its own, `owner`'s current one.
    pub(crate) fn for_test(class: Class, owner: &'static Owner) -> &'static Self {
        use std::alloc::{Layout, alloc_zeroed};
        let bytes = size(class.layout().granules) * GRANULE;
        let memory = |bytes, align| {
            let layout = Layout::from_size_align(bytes, align).expect("a layout");
            // SAFETY: neither size is 0.
            NonNull::new(unsafe { alloc_zeroed(layout) }).expect("memory")
        };
        let zone: &'static Self = Box::leak(Box::new(Self::empty()));
        zone.start.set(memory(bytes, GRANULE).as_ptr());
        zone.granules.set(low16(bytes / GRANULE));
        zone.cut(class, memory(size(class.layout().chunk), 128), true, owner);
        zone.set_role(Role::Blocks);
        zone
    }

    /// Makes every block live, as if each had been handed out.
    pub(crate) fn fill(&self) {
        self.exposed.set(self.layout().blocks);
        self.words().iter().for_each(|word| word.set(0));
        self.states().iter().for_each(|state| state.set(LIVE));
    }

    /// Has a model checker keep what threads meet in, of `blocks` of the first window, and mind what is the owner's alone.
    #[cfg(any(loom, shuttle))]
    pub(crate) fn watch(&self, blocks: core::ops::Range<usize>) {
        use crate::sync::model::{watch, watch_alone};
        self.owner.watch();
        watch(&self.posted);
        watch(&self.words()[0]);
        self.states()[blocks].iter().for_each(watch);
        watch_alone(&self.next_posted);
        watch_alone(&self.next);
        watch_alone(&self.mark);
        watch_alone(self.wake());
    }

    /// Has a model checker keep what the descriptor is read for by other threads as soon as its role says so.
    #[cfg(any(loom, shuttle))]
    pub(crate) fn watch_publication(&self) {
        use crate::sync::model::{watch, watch_alone};
        watch(&self.role);
        watch_alone(&self.class);
        watch_alone(&self.first);
        watch_alone(&self.free);
        watch_alone(&self.state);
    }

    /// The next window, by its index.
    fn next_index(&self) -> Option<usize> {
        let window = self.next_window()?;
        self.words().iter().position(|word| ptr::eq(word, window.word.as_ptr()))
    }

    /// Every structural promise of a zone whose blocks nobody changes meanwhile. Returns its blocks that other threads
    /// freed and that wait to be collected.
    pub(crate) fn check_invariants(&self) -> usize {
        let layout = self.layout();
        let exposed = size(self.exposed.get());
        let mut waiting = 0;
        assert!(exposed == size(layout.blocks) || exposed.is_multiple_of(WINDOW));
        for (window, states) in self.windows().iter().enumerate() {
            for (k, state) in states.iter().enumerate() {
                let (index, state) = (window * WINDOW + k, state.get());
                let free = self.is_free(index);
                assert!(!free || !self.is_live(index), "block {index} is free and live");
                assert!(!free || state != FREED, "block {index} is free twice");
                let exists = index < size(layout.blocks);
                assert!(index < exposed || (free == exists && state == FRESH), "block {index} is not exposed");
                assert!(state != FREED || self.owner.is_shared(), "block {index} was freed by another thread");
                assert!(free || state != FRESH || !exists, "block {index} was handed out");
                waiting += usize::from(state == FREED);
            }
        }
        if self.place() != Place::Current {
            assert_eq!(self.counted_free(), self.free_blocks(), "free blocks = mark − wake");
            let full = self.free_blocks() < self.enough();
            assert!(!full || self.place() == Place::Full, "with few free blocks it counts as full");
            assert!(self.wake().get() > 0);
        }
        waiting
    }
}

/// An owner that nobody asks.
static OWNER: Owner = Owner::new();

#[test]
fn every_offset_of_every_class_is_told_rightly() {
    for class in Class::all() {
        let zone = Zone::for_test(class, &OWNER);
        let (block, blocks) = (class.block(), size(class.layout().blocks));
        zone.fill();
        // From the end, so that a block is live while offsets into it are tried.
        for offset in (0..zone.bytes()).rev() {
            let address = zone.address() + offset;
            let head = zone.bytes() - blocks * block;
            let behind = offset.checked_sub(head);
            let (spot, freed) = match behind.map(|behind| (behind / block, behind % block)) {
                Some((index, 0)) => (Spot::Start(index), Freed::Done),
                Some((index, inside)) => (Spot::Inside(index, inside), Freed::No),
                None => (Spot::Head, Freed::No),
            };
            assert_eq!(zone.spot(address), spot, "{offset} in a zone of {block}");
            assert_eq!(free_own(zone, address), freed, "{offset} in a zone of {block}");
        }
        assert_eq!(zone.free_blocks(), blocks);
        // All of them are free now: no offset is right any more.
        let again = (0..blocks).filter(|&index| free_own(zone, zone.block_at(index).addr()) != Freed::No);
        assert_eq!(again.count(), 0);
        zone.check_invariants();
    }
}

#[test]
fn a_free_from_elsewhere_is_seen_by_the_owner() {
    let zone = Zone::for_test(Class::SMALLEST, &OWNER);
    zone.fill();
    assert!(zone.owner.is_alone(&OWNER) && zone.free_remotely(0));
    // From now on the owner looks at the state byte.
    assert!(zone.owner.is(&OWNER) && !zone.owner.is_alone(&OWNER) && !zone.free_remotely(0));
}

#[test]
fn nothing_outside_of_a_zone_is_a_live_block_of_it() {
    use crate::arena::ARENA;
    for class in Class::all() {
        let zone = Zone::for_test(class, &OWNER);
        zone.fill();
        let first = zone.block_at(0).addr();
        // As behind a guard: a zone may begin with granules that hold no blocks.
        let before = (1..=2 * GRANULE).map(|step| first.wrapping_sub(step));
        // As with the header of another arena, that has moved.
        let elsewhere =
            (1..100).flat_map(|arena| [first.wrapping_add(arena * ARENA), first.wrapping_sub(arena * ARENA)]);
        let behind = (0..GRANULE).map(|step| zone.address() + zone.bytes() + step);
        for address in before.chain(elsewhere).chain(behind) {
            assert_eq!(
                zone.live_at(address),
                None,
                "{address:#x} outside of a zone of {} at {first:#x}",
                class.block()
            );
            assert!(!zone.contains(address) || address < first);
        }
        assert_eq!(zone.live_at(first), Some(0));
    }
}

#[test]
fn a_zone_is_touched_up_to_the_last_block_that_was_handed_out() {
    for class in Class::all() {
        let zone = Zone::for_test(class, &OWNER);
        zone.next_window().expect("fresh memory");
        let last = WINDOW.min(size(class.layout().blocks)) - 1;
        for index in [0, last / 2, last, last / 3] {
            zone.states()[index].set(LIVE);
        }
        assert_eq!(zone.touched(), zone.offset(last + 1));
        zone.free_remotely(last);
        assert_eq!(zone.touched(), zone.offset(last + 1));
    }
}

#[test]
fn blocks_are_exposed_a_word_at_a_time() {
    for class in Class::all() {
        let zone = Zone::for_test(class, &OWNER);
        let blocks = size(class.layout().blocks);
        for window in 0..size(class.layout().words) {
            let head = zone.bytes() - blocks * class.block();
            assert_eq!(zone.touched(), if window == 0 { 0 } else { head + window * WINDOW * class.block() });
            assert_eq!(zone.free_blocks(), blocks - window * WINDOW);
            let next = zone.next_window().expect("fresh memory");
            let (word, state) = (&zone.words()[window], &zone.states()[window * WINDOW]);
            let base = zone.block_at(window * WINDOW);
            assert_eq!(next, Window { word: NonNull::from_ref(word), state: ptr::from_ref(state), base });
            assert_eq!(size(word.get().count_ones()), WINDOW.min(blocks - window * WINDOW));
            zone.check_invariants();
            // Handed out.
            word.set(0);
            let states = zone.states().iter().skip(window * WINDOW).take(WINDOW);
            states.for_each(|state| state.set(LIVE));
        }
        assert!(zone.next_window().is_none() && zone.free_blocks() == 0 && zone.touched() <= zone.bytes());
    }
}

#[test]
fn windows_come_in_turn_and_fresh_memory_last() {
    let zone = Zone::for_test(Class::SMALLEST, &OWNER);
    let give = |index: usize| free_own(zone, zone.block_at(index).addr());
    for _ in 0..8 {
        let window = zone.next_index().expect("fresh memory");
        zone.words()[window].set(0);
        zone.states().iter().skip(window * WINDOW).take(WINDOW).for_each(|state| state.set(LIVE));
    }
    for index in [10, 2 * WINDOW, 5 * WINDOW + 63] {
        give(index);
    }
    // The last window was 7: from there around, as long as there is one.
    let order: Vec<_> = (0..4).map(|_| zone.next_index()).collect();
    assert_eq!(order, [Some(0), Some(2), Some(5), Some(0)]);
    for window in [0, 2, 5] {
        zone.words()[window].set(0);
    }
    assert_eq!(zone.next_index(), Some(8));
}

#[test]
fn free_runs_are_found_as_they_are() {
    let zone = Zone::for_test(Class::of(1000).expect("a class"), &OWNER);
    zone.fill();
    for index in [0, 1, 2, 62, 63, 64, 65, 127] {
        free_own(zone, zone.block_at(index).addr());
    }
    assert_eq!(zone.next_free(0), Some((0, 3)));
    assert_eq!(zone.next_free(1), Some((1, 2)));
    assert_eq!(zone.next_free(3), Some((62, 4)));
    assert_eq!(zone.next_free(66), Some((127, 1)));
    assert_eq!(zone.next_free(128), None);
}

#[test]
fn collect_takes_exactly_what_was_freed() {
    let mut random = Random::new(9);
    for class in Class::all() {
        let zone = Zone::for_test(class, &OWNER);
        let blocks = size(class.layout().blocks);
        zone.fill();
        let mut expected = (0, Vec::new());
        for index in 0..blocks {
            match random.below(6) {
                0 => assert_eq!(free_index(zone, index), Freed::Done),
                // At the same moment by another thread, too.
                1 => {
                    assert!(zone.free_remotely(index));
                    assert_eq!(free_index(zone, index), Freed::Done);
                    expected.1.push(index);
                }
                2..=4 => {
                    assert!(zone.free_remotely(index) && !zone.free_remotely(index));
                    expected.0 += 1;
                }
                _ => {}
            }
        }
        let before = zone.free_blocks();
        let mut twice = Vec::new();
        let collected = zone.collect(|index| twice.push(index));
        assert_eq!((collected, twice), expected);
        assert_eq!(zone.free_blocks(), before + collected);
        assert_eq!(zone.check_invariants(), 0);
        assert_eq!(zone.collect(|_| panic!("nothing is left")), 0);
    }
}

#[test]
fn rebuilt_bitmaps_hold_all_that_is_not_live() {
    let mut random = Random::new(4);
    for class in Class::all() {
        let zone = Zone::for_test(class, &OWNER);
        let (blocks, words) = (size(class.layout().blocks), size(class.layout().words));
        let exposed = (1 + random.below(words)) * WINDOW;
        zone.exposed.set(low32(exposed.min(blocks)));
        zone.owner.share();
        let mut live = 0;
        for (index, state) in zone.states().iter().enumerate().take(exposed) {
            let value = [FRESH, FREED, LIVE, LIVE + 100][random.below(4)];
            state.set(value);
            // Taken, or on its way between the bitmaps.
            if random.below(2) == 0 {
                let (word, bit) = Zone::bit_of(index);
                zone.words()[word].set(zone.words()[word].get() & !bit);
                live += usize::from(value >= LIVE);
            }
        }
        // Torn by a thread that stopped anywhere.
        for word in zone.words().iter().skip(exposed.div_ceil(WINDOW)) {
            word.set(crate::ptr::wide(random.below(usize::MAX)));
        }
        assert_eq!(zone.rebuild(), blocks - live);
        assert_eq!(zone.check_invariants(), 0);
    }
}

#[test]
fn requested_sizes_are_exact() {
    for class in Class::all() {
        let zone = Zone::for_test(class, &OWNER);
        zone.fill();
        let block = class.block();
        for slack in (0..=block).filter(|&slack| class.records(slack)) {
            let index = slack % size(class.layout().blocks);
            assert!(zone.set_requested(index, block - slack));
            assert_eq!(zone.requested_of(index), Some(block - slack));
            assert!(zone.state_of(index) >= LIVE);
        }
        for bytes in 0..=block + 1 {
            let before = zone.requested_of(2);
            let is_small = class.has_states() && class != Class::ZERO && bytes >= block.div_ceil(2);
            let fits = is_small && bytes <= block && block - bytes <= MAX_BYTE_SLACK;
            assert_eq!(zone.resize_small(2, bytes), fits, "{bytes} of {block}");
            assert_eq!(zone.requested_of(2), if fits { Some(bytes) } else { before });
        }
        free_own(zone, zone.block_at(1).addr());
        assert_eq!(zone.requested_of(1), None);
        assert_eq!((zone.requested_of(usize::MAX), zone.state_of(usize::MAX)), (None, FRESH));
    }
}

#[test]
fn a_block_that_another_thread_freed_gets_no_size() {
    for class in Class::all() {
        let zone = Zone::for_test(class, &OWNER);
        zone.fill();
        assert!(zone.free_remotely(1) && zone.quarantine(2).is_some());
        assert!(!zone.set_requested(1, class.block()) && !zone.set_requested(2, class.block()));
        assert!(!zone.resize_small(1, class.block()) && !zone.resize_small(2, class.block()));
        assert_eq!((zone.state_of(1), zone.state_of(2)), (FREED, QUARANTINED));
        assert!(zone.set_requested(0, class.block()) && zone.is_live(0));
    }
}

#[test]
fn a_block_goes_into_quarantine_once_and_stays_as_it_is() {
    let zone = Zone::for_test(Class::SMALLEST, &OWNER);
    zone.fill();
    zone.set_requested(3, 9);
    assert_eq!((zone.quarantine(3), zone.state_of(3)), (Some(9), QUARANTINED));
    assert_eq!((zone.quarantine(3), zone.state_of(3)), (None, QUARANTINED));
    assert!(zone.release_remotely(3));
    assert_eq!((zone.quarantine(3), zone.state_of(3)), (None, FREED));
}

#[test]
fn a_descriptor_of_zeros_belongs_to_nobody() {
    let zone = Zone::empty();
    assert!(zone.owner.get().is_none() && zone.role() == Role::None && zone.bytes() == 0);
}
