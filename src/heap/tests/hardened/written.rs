//! What is written where nobody may write is seen: behind blocks, before them, and to free ones.

#![expect(unsafe_code, reason = "writes outside of blocks")]

use super::*;

/// Changes the byte at `offset` of a block, which may be one outside of it.
fn change(block: *mut u8, offset: isize) {
    // SAFETY: memory of a zone.
    let byte = unsafe { &mut *block.wrapping_offset(offset) };
    *byte ^= 1;
}

/// A length as an offset.
fn offset(bytes: usize) -> isize {
    isize::try_from(bytes).expect("a small one")
}

#[test]
fn every_block_has_room_for_its_canary() {
    alone!(every_block_has_room_for_its_canary, "secure,seed=7", || {
        for bytes in (1..3000).chain(30_000..32_760) {
            let block = alloc(bytes);
            assert!(spot(block).0.block_bytes() >= bytes + 8);
            free(block, Call::Free);
        }
    });
}

#[test]
fn every_byte_behind_a_block_is_compared() {
    let said = alone!(every_byte_behind_a_block_is_compared, "secure,seed=7,on_error=warn", || {
        for bytes in SIZES {
            let room = Class::of(bytes + 8).expect("a class").block();
            for at in [bytes, bytes + 7, room - 1] {
                let overflow = named("overflow, memory behind the", bytes, false);
                let block = alloc(bytes);
                change(block, offset(at));
                expect(&format!("free({block:?}): {overflow}"), || free(block, Call::Free));
                // Nobody who gets it later hears of it once more.
                assert!(is_zero(content(block, room)));
                let block = alloc(bytes);
                change(block, offset(at));
                let resize = || realloc(NonNull::new(block).expect("not null"), 40_000).ok().flatten();
                expect(&format!("realloc({block:?}): {overflow}"), || {
                    free(resize().expect("memory").as_ptr(), Call::Free);
                });
            }
        }
    });
    check_lines(&said, 6 * SIZES.len());
}

#[test]
fn aligned_blocks_are_like_all_others() {
    let said = alone!(aligned_blocks_are_like_all_others, "secure,seed=7,on_error=warn", || {
        for (bytes, align) in [(20, 32), (100, 64), (100, 256), (2000, 4096), (9000, 64)] {
            let [good, bad] = [alloc_aligned(align, bytes), alloc_aligned(align, bytes)];
            assert!(good.addr().is_multiple_of(align) && is_zero(content(good, bytes)));
            free(good, Call::Free);
            change(bad, offset(bytes));
            let overflow = named("overflow, memory behind the", bytes, false);
            expect(&format!("free({bad:?}): {overflow}"), || free(bad, Call::Free));
        }
    });
    check_lines(&said, 5);
}

#[test]
fn what_is_written_before_a_block_is_seen_when_it_is_freed() {
    let said = alone!(what_is_written_before_a_block_is_seen_when_it_is_freed, "secure,seed=7,on_error=warn", || {
        for bytes in SIZES {
            let tail = Class::of(bytes + 8).expect("a class").block().min(64);
            // Behind one that was never in use, and behind one that was freed long ago.
            for was_used in [false, true] {
                if was_used {
                    drop_all(many(600, bytes));
                }
                for at in [1, tail] {
                    let is_right = |&block: &*mut u8| {
                        let (zone, index) = spot(block);
                        let before = index.wrapping_sub(1);
                        index > 0 && zone.is_cleared(before) && (zone.state_of(before) != FRESH) == was_used
                    };
                    let block = (0..2000).map(|_| alloc(bytes)).find(is_right).expect("one of them");
                    change(block, -offset(at));
                    let place = block.wrapping_sub(tail);
                    let written = named("write to a free", bytes, true);
                    expect(&format!("free({place:?}): {written}"), || free(block, Call::Free));
                }
            }
        }
    });
    check_lines(&said, 4 * SIZES.len());
}

#[test]
fn what_is_written_before_a_block_is_seen_in_memory_that_was_used_too() {
    let options = "secure,seed=7,on_error=warn,purge_delay=100000";
    let said = alone!(what_is_written_before_a_block_is_seen_in_memory_that_was_used_too, options, || {
        // What new zones are cut of.
        drop_all(many(100_000, 96));
        let is_right = |&block: &*mut u8| {
            let (zone, index) = spot(block);
            index > 0 && !zone.is_clean() && zone.state_of(index - 1) == FRESH
        };
        let block = (0..1000).map(|_| alloc(8192)).find(is_right).expect("one of them");
        change(block, -1);
        let written = named("write to a free", 8192, true);
        expect(&format!("free({:?}): {written}", block.wrapping_sub(64)), || free(block, Call::Free));
    });
    check_lines(&said, 1);
}

#[test]
fn what_is_written_to_fresh_medium_blocks_is_seen_at_their_end() {
    let said =
        alone!(what_is_written_to_fresh_medium_blocks_is_seen_at_their_end, "secure,seed=7,on_error=warn", || {
            let is_first = |block: &*mut u8| spot(*block).1 > 0 && spot(*block).0.state_of(spot(*block).1 - 1) == FRESH;
            let block = (0..200).map(|_| alloc(9000)).find(is_first).expect("one of them");
            change(block, -1);
            let place = block.wrapping_sub(64);
            eprintln!("expected: ft_malloc: malloc({place:?}): {}", named("write to a free", 9000, true));
            drop_all(many(200, 9000));
            free(block, Call::Free);
        });
    check_lines(&said, 1);
}

#[test]
fn what_is_written_to_freed_blocks_is_seen_when_they_come_back() {
    let said =
        alone!(what_is_written_to_freed_blocks_is_seen_when_they_come_back, "secure,seed=7,on_error=warn", || {
            for bytes in SIZES {
                let room = Class::of(bytes + 8).expect("a class").block();
                for at in [0, room / 2, room - 1] {
                    let (kept, block) = (many(100, bytes), alloc(bytes));
                    free(block, Call::Free);
                    change(block, offset(at));
                    drop_all(many(2000, 300));
                    eprintln!("expected: ft_malloc: malloc({block:?}): {}", named("write to a free", bytes, true));
                    let others: Vec<_> = (0..5000).map(|_| alloc(bytes)).take_while(|&other| other != block).collect();
                    assert!(others.len() < 5000 && is_zero(content(block, bytes)));
                    drop_all(others);
                    drop_all(kept);
                }
            }
        });
    check_lines(&said, 3 * SIZES.len());
}

#[test]
fn what_is_written_to_freed_blocks_is_seen_when_their_zone_ends() {
    let said =
        alone!(what_is_written_to_freed_blocks_is_seen_when_their_zone_ends, "secure,seed=7,on_error=warn", || {
            for bytes in SIZES {
                let blocks = many(3 * size(Class::of(bytes + 8).expect("a class").layout().blocks), bytes);
                let is_apart = |block: &&*mut u8| spot(**block).0.place() == Place::Full;
                let block = *blocks.iter().find(is_apart).expect("a zone that is not in use");
                free(block, Call::Free);
                change(block, 0);
                eprintln!("expected: ft_malloc: free({block:?}): {}", named("write to a free", bytes, true));
                drop_all(blocks.into_iter().filter(|&other| other != block));
                // All leave the quarantine, and the zone is wholly free.
                drop_all(many(3000, 300));
            }
        });
    check_lines(&said, SIZES.len());
}
