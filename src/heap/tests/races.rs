//! Tests of two threads that want the same block at the same moment.

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};
use std::thread::yield_now;

use super::sharing::both;
use super::*;

/// Frees each of the blocks, at the same moments as another thread does. `steps` has how far both are.
fn free_together(blocks: &[AtomicPtr<u8>], steps: [&AtomicUsize; 2]) {
    for (nth, block) in blocks.iter().enumerate() {
        steps[0].store(nth + 1, Relaxed);
        let mut spins: usize = 0;
        while steps[1].load(Relaxed) <= nth {
            spins += 1;
            if spins.is_multiple_of(1000) {
                yield_now();
            }
        }
        free(block.load(Relaxed), Call::Free);
    }
}

#[test]
fn of_two_frees_at_the_same_moment_one_is_told() {
    let kinds = [(48, 3000), (40_000, 20_000), (5 << 20, 20)];
    let said = alone!(of_two_frees_at_the_same_moment_one_is_told, "", || {
        for (bytes, rounds) in kinds {
            let blocks: Vec<_> = (0..rounds).map(|_| AtomicPtr::new(alloc(bytes))).collect();
            let [one, other] = [const { AtomicUsize::new(0) }; 2];
            both(|| free_together(&blocks, [&one, &other]), || free_together(&blocks, [&other, &one]));
        }
        trim(0);
        check_heap();
    });
    let told = said.lines().filter(|line| line.contains(": double free of a ")).count();
    let expected: usize = kinds.iter().map(|&(_, rounds)| rounds).sum();
    assert!(said.is_empty() || told == expected, "{told} double frees told");
}

/// Frees what a look-up found, as `free` does after it.
fn free_found(found: Block, start: NonNull<u8>) {
    match found {
        Block::Zone(zone, index) => release::free_remote(zone, index, Call::Free),
        Block::Run(zone) => release::free_run(zone, start.as_ptr(), Call::Free),
        Block::Mapping(_) => release::free_mapping(start.as_ptr(), Call::Free),
        Block::Sampled(_) => unreachable!("nothing is sampled"),
    }
}

#[test]
fn a_free_that_comes_between_the_look_up_and_the_mark_is_told() {
    let kinds = [48, 40_000, 5 << 20];
    let said = alone!(a_free_that_comes_between_the_look_up_and_the_mark_is_told, "", || {
        for bytes in kinds {
            let start = NonNull::new(alloc(bytes)).expect("memory");
            let (found, shared) = (Block::at(start).expect("a block"), AtomicPtr::new(start.as_ptr()));
            both(|| free(shared.load(Relaxed), Call::Free), || ());
            free_found(found, start);
            assert!(Block::at(start).is_err());
            check_heap();
        }
    });
    let told = said.lines().filter(|line| line.contains(": double free of a ")).count();
    assert!(said.is_empty() || told == kinds.len(), "{said}");
}

#[test]
fn a_block_freed_while_it_is_resized_is_told_and_left_alone() {
    alone!(a_block_freed_while_it_is_resized_is_told_and_left_alone, "", || {
        // The last two are a run and a mapping: cut, grown and nearly as long as before.
        for bytes in [48, 1000, 20_000, 1 << 20, 5 << 20] {
            for wanted in [bytes / 5 * 4, bytes * 2, bytes - 1] {
                let start = NonNull::new(alloc(bytes)).expect("memory");
                let (block, shared) = (Block::at(start).expect("a block"), AtomicPtr::new(start.as_ptr()));
                both(|| free(shared.load(Relaxed), Call::Free), || ());
                let resized = resize::resize_in_place(block, start, wanted);
                let moves = bytes < 1 << 20 && wanted > bytes;
                assert!(moves && resized == Ok(None) || resized.is_err(), "{bytes} to {wanted}: {resized:?}");
                assert!(Block::at(start).is_err());
                check_heap();
            }
        }
    });
}
