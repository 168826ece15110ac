//! What is said about misuse, and when.

use super::model::Known;
use super::*;

/// Writes on standard error what is to be said next, then does it.
pub(super) fn expect(line: &str, misuse: impl FnOnce()) {
    eprintln!("expected: ft_malloc: {line}");
    misuse();
}

/// `free`, `offset` bytes into `block`; `what` is to be said.
fn free_at(block: *mut u8, offset: usize, what: &str) {
    let pointer = block.wrapping_add(offset);
    expect(&format!("free({pointer:?}): {what}"), || free(pointer, Call::Free));
}

/// `realloc`, `offset` bytes into `block`; `what` is to be said.
fn resize_at(block: *mut u8, offset: usize, what: &str) {
    let pointer = block.wrapping_add(offset);
    let resize = || realloc(NonNull::new(pointer).expect("not null"), 10);
    expect(&format!("realloc({pointer:?}): {what}"), || assert!(resize().is_err_and(|refused| refused.is_misuse())));
}

/// Whether every line of ours was announced, and there are `count`. Nothing to check in the child itself.
pub(super) fn check_lines(said: &str, count: usize) {
    let lines: Vec<_> = said.lines().filter_map(|line| Some(&line[line.find("ft_malloc: ")?..])).collect();
    assert!(said.is_empty() || lines.len() == 2 * count, "{said}");
    for pair in lines.chunks(2) {
        assert_eq!(pair[0], pair[1]);
    }
}

#[test]
fn messages_say_what_is_wrong() {
    let said = alone!(messages_say_what_is_wrong, "", || {
        let [one, two] = [1, 2].map(|fill| Known::new(alloc(42), 42, 1, fill).start.as_ptr());
        free(two, Call::Free);
        free_at(two, 0, "double free of a 48-byte block (TINY)");
        free_at(one, 5, &format!("unaligned pointer, 5 bytes into the 48-byte block at {one:?} (TINY)"));
        free_at(one, 16, &format!("interior pointer, 16 bytes into the 48-byte block at {one:?} (TINY)"));
        free_at(two, 16, &format!("interior pointer, 16 bytes into the freed 48-byte block at {two:?} (TINY)"));
        resize_at(two, 0, "freed pointer, the 48-byte block was freed before (TINY)");
        // In its zone, far behind the blocks that were handed out.
        free_at(two, 48 * 1000, "pointer into free memory, no block is allocated there");
        let medium = alloc(5000);
        free_at(medium, 32, &format!("interior pointer, 32 bytes into the 5120-byte block at {medium:?} (MEDIUM)"));
        let local = 7_u8;
        free_at((&raw const local).cast_mut(), 0, "foreign pointer, not a block of this allocator");
        // The same addresses again: nothing has changed.
        free_at(two, 0, "double free of a 48-byte block (TINY)");
        free_at(one, 16, &format!("interior pointer, 16 bytes into the 48-byte block at {one:?} (TINY)"));
        check_heap();
    });
    check_lines(&said, 10);
}

#[test]
fn messages_know_large_blocks() {
    let said = alone!(messages_know_large_blocks, "", || {
        let (run, mapping) = (alloc(100_000), alloc(5 << 20));
        resize_at(
            run,
            99_999,
            &format!("unaligned pointer, 99999 bytes into the 126976-byte block at {run:?} (LARGE)"),
        );
        free_at(run, 127_000, &format!("pointer 24 bytes behind the 126976-byte block at {run:?} (LARGE)"));
        free_at(mapping, 16, &format!("interior pointer, 16 bytes into the 5242880-byte block at {mapping:?} (LARGE)"));
        for block in [run, mapping] {
            free(block, Call::Free);
            free_at(block, 0, "double free of a block (LARGE)");
            resize_at(block, 0, "freed pointer, the block was freed before (LARGE)");
        }
        // What was allocated first lies behind, so there is no room to grow in place.
        let [_behind, old] = [alloc(5 << 20), alloc(5 << 20)].map(|block| NonNull::new(block).expect("memory"));
        let new = realloc(old, 50 << 20).ok().flatten().expect("memory");
        assert_ne!(old, new);
        free_at(old.as_ptr(), 0, "double free of a block (LARGE)");
        // Free memory of an arena.
        free_at(run, 64, "pointer into free memory, no block is allocated there");
        check_heap();
    });
    check_lines(&said, 9);
}

#[test]
fn silence_is_kept_on_demand() {
    let said = alone!(silence_is_kept_on_demand, "on_error=ignore", || {
        let block = alloc(42);
        free(block, Call::Free);
        free(block, Call::Free);
        free(block.wrapping_add(5), Call::Free);
        check_heap();
    });
    assert!(!said.contains("ft_malloc: "), "{said}");
}

#[test]
fn bad_options_are_named() {
    let said = alone!(bad_options_are_named, "colour=blue,purge_delay=soon,on_error=ignore", || {
        expect("unknown option \"colour\" in FT_MALLOC (FT_MALLOC=help lists them)", || ());
        expect("bad value \"soon\" for option \"purge_delay\" in FT_MALLOC", || ());
        free(alloc(1), Call::Free);
        assert_eq!(HEAP.config.on_error(), crate::config::OnError::Ignore);
    });
    let mut lines: Vec<_> = said.lines().filter_map(|line| Some(&line[line.find("ft_malloc: ")?..])).collect();
    lines.sort_unstable();
    check_lines(&lines.join("\n"), 2);
}
