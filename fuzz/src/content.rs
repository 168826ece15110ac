//! What blocks are filled with: a piece of a pattern, repeated, from an offset that is the block's own.

#![allow(unsafe_code, reason = "reads and writes the memory of blocks")]

use std::sync::LazyLock;

/// Bytes of the repeated pattern.
const PERIOD: usize = 64 << 10;

/// Bytes that look random, the same in every run (Knuth's multiplier, the high bits).
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..PERIOD + 256).map(|_| next()).collect()
});

/// The memory of a block of `bytes`.
fn bytes_of<'a>(start: *mut u8, bytes: usize) -> &'a mut [u8] {
    // SAFETY: the callers' blocks are live and theirs alone; memory of the heap is initialised, if only by the OS.
    unsafe { core::slice::from_raw_parts_mut(start, bytes) }
}

/// Fills a live block of `bytes` from byte `from` on.
pub(crate) fn write(start: *mut u8, bytes: usize, fill: u8, from: usize) {
    let at = usize::from(fill);
    for (nth, chunk) in bytes_of(start, bytes).chunks_mut(PERIOD).enumerate().skip(from / PERIOD) {
        chunk.copy_from_slice(&PATTERN[(at + nth) % 256..][..chunk.len()]);
    }
}

/// Whether the first `bytes` of a live block are what was written.
pub(crate) fn is_intact(start: *mut u8, bytes: usize, fill: u8) -> bool {
    let at = usize::from(fill);
    let mut chunks = bytes_of(start, bytes).chunks(PERIOD).enumerate();
    chunks.all(|(nth, chunk)| chunk == &PATTERN[(at + nth) % 256..][..chunk.len()])
}

/// Whether all of the first `bytes` of a live block are `byte`.
pub(crate) fn is_all(start: *mut u8, bytes: usize, byte: u8) -> bool {
    let same = [byte; 1024];
    bytes_of(start, bytes).chunks(same.len()).all(|chunk| chunk == &same[..chunk.len()])
}
