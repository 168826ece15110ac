//! The pool of metadata memory: descriptors, bitmaps, thread caches.
//!
//! Owns mappings apart from user memory, each between two guard pages, so that no overrun of a block reaches it.
//! Hands out zeroed chunks of multiples of 128 bytes, aligned to 128. Chunks that come back are kept by size for the next taker;
//! nothing goes back to the OS, which is what lets descriptors be `&'static`. Reservations double, so their number is
//! logarithmic in the size of the heap. Called under its own mutex, the last in the lock order.

#![expect(unsafe_code, reason = "raw memory becomes typed here")]

use core::ptr::NonNull;

use crate::os::Os;
use crate::ptr::{forward, round_up};

/// Bytes of the first reservation: enough for a small program.
const FIRST_RESERVE: usize = 1 << 20;

/// Bytes of the largest reservation asked for at once.
const MAX_RESERVE: usize = 1 << 30;

/// Bytes of a guard, and made writable at a time, at least: the largest page size supported.
const GUARD: usize = 64 << 10;

/// Number of chunk sizes, two per doubling: 128, 256, 384, 512, 768, … up to 96 KiB, all multiples of 128.
const BUCKETS: usize = 19;

/// A free chunk's link to the next one, kept in the chunk itself: metadata, which no user pointer reaches.
struct FreeChunk {
    /// The next free chunk of the bucket.
    next: Option<NonNull<FreeChunk>>,
}

/// The pool.
pub(crate) struct Meta {
    /// First byte not handed out yet.
    cursor: Option<NonNull<u8>>,
    /// Writable bytes from `cursor`.
    ready: usize,
    /// Reserved bytes behind the writable ones.
    reserved: usize,
    /// Bytes of the next reservation.
    next_reserve: usize,
    /// Free chunks by bucket.
    free: [Option<NonNull<FreeChunk>>; BUCKETS],
    /// Bytes made writable so far, for the statistics.
    pub(crate) prepared: usize,
}

// SAFETY: the pointers lead to memory that only the pool knows.
unsafe impl Send for Meta {}

/// The bucket for chunks of `bytes`, and the bytes of its chunks; `None` above the largest.
fn bucket(bytes: usize) -> Option<(usize, usize)> {
    (0..BUCKETS).map(|index| (index, bucket_bytes(index))).find(|&(_, chunk)| chunk >= bytes)
}

/// Bytes of the chunks in a bucket.
const fn bucket_bytes(index: usize) -> usize {
    match index.checked_sub(1) {
        None => 128,
        Some(step) if step % 2 == 0 => 256 << (step / 2),
        Some(step) => 384 << (step / 2),
    }
}

impl Meta {
    /// An empty pool.
    pub(crate) const fn new() -> Self {
        Self { cursor: None, ready: 0, reserved: 0, next_reserve: FIRST_RESERVE, free: [None; BUCKETS], prepared: 0 }
    }

    /// A zeroed chunk of at least `bytes`, aligned to 128; `None` when the OS gives no more.
    pub(crate) fn take(&mut self, os: &impl Os, bytes: usize) -> Option<NonNull<u8>> {
        let Some((index, chunk)) = bucket(bytes) else {
            return self.cut(os, round_up(bytes, 128)?);
        };
        if let Some(start) = self.reuse(index, index) {
            return Some(start);
        }
        // At the end of memory a chunk that is too large will do.
        self.cut(os, chunk).or_else(|| self.reuse(index + 1, BUCKETS - 1))
    }

    /// Keeps a chunk of `bytes` that came from [`Self::take`] for the next taker.
    pub(crate) fn give(&mut self, start: NonNull<u8>, bytes: usize) {
        let Some((index, _)) = bucket(bytes) else { return };
        let Some(head) = self.free.get_mut(index) else { return };
        let chunk = start.cast::<FreeChunk>();
        // SAFETY: the giver owns the chunk, which is larger than a link and aligned to 128.
        unsafe { chunk.write(FreeChunk { next: *head }) };
        *head = Some(chunk);
    }

    /// A cleared free chunk from the buckets `first..=last`.
    fn reuse(&mut self, first: usize, last: usize) -> Option<NonNull<u8>> {
        for index in first..=last {
            let Some(head) = self.free.get_mut(index) else { continue };
            let Some(chunk) = *head else { continue };
            // SAFETY: free chunks hold a link, written by `give`.
            *head = unsafe { chunk.as_ref() }.next;
            let start = chunk.cast::<u8>();
            // SAFETY: the chunk is ours alone and has at least this size.
            unsafe { start.write_bytes(0, bucket_bytes(index)) };
            return Some(start);
        }
        None
    }

    /// The next `bytes` of fresh memory.
    fn cut(&mut self, os: &impl Os, bytes: usize) -> Option<NonNull<u8>> {
        if self.ready < bytes && !self.prepare(os, bytes) {
            // A new reservation only where the old one ends: pages that the OS refuses here it would refuse there.
            if bytes <= self.ready + self.reserved {
                return None;
            }
            self.reserve(os, bytes)?;
            if !self.prepare(os, bytes) {
                return None;
            }
        }
        let start = self.cursor?;
        self.cursor = Some(forward(start, bytes));
        self.ready -= bytes;
        Some(start)
    }

    /// Makes at least `bytes` from the cursor writable, if the reservation has them.
    fn prepare(&mut self, os: &impl Os, bytes: usize) -> bool {
        let Some(cursor) = self.cursor else { return false };
        let Some(least) = round_up(bytes - self.ready, GUARD).filter(|&least| least <= self.reserved) else {
            return false;
        };
        // An eighth of what there is already, so that the number of calls stays small.
        let step = least.max((self.prepared / 8).next_multiple_of(GUARD)).min(self.reserved);
        let edge = forward(cursor, self.ready);
        let Some(grow) = [step, least].into_iter().find(|&grow| os.prepare(edge, grow)) else { return false };
        self.ready += grow;
        self.reserved -= grow;
        self.prepared += grow;
        true
    }

    /// Starts a new reservation with room for `bytes`; what is left of the old one is kept as free chunks.
    fn reserve(&mut self, os: &impl Os, bytes: usize) -> Option<()> {
        let least = round_up(bytes, GUARD)?;
        let mut room = self.next_reserve.max(least);
        let start = loop {
            if let Some(start) = os.reserve(core::ptr::null_mut(), room + 2 * GUARD) {
                break start;
            }
            room = (room / 2) & !(GUARD - 1);
            if room < least {
                return None;
            }
        };
        self.keep_rest();
        self.cursor = Some(forward(start, GUARD));
        (self.ready, self.reserved) = (0, room);
        self.next_reserve = (room * 2).min(MAX_RESERVE);
        Some(())
    }

    /// Turns the writable rest of the reservation into free chunks.
    fn keep_rest(&mut self) {
        let Some(mut cursor) = self.cursor.take() else { return };
        for index in (0..BUCKETS).rev() {
            while bucket_bytes(index) <= self.ready {
                self.give(cursor, bucket_bytes(index));
                cursor = forward(cursor, bucket_bytes(index));
                self.ready -= bucket_bytes(index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::mock::{Kind, Mock};

    #[test]
    fn chunks_are_zeroed_aligned_and_reused() {
        let os = Mock::unlimited();
        let mut meta = Meta::new();
        for bytes in [1, 64, 65, 129, 200, 300, 1000, 5000, 135_000] {
            let first = meta.take(&os, bytes).expect("memory");
            assert_eq!(first.addr().get() % 128, 0);
            // SAFETY: the chunk has this size.
            unsafe { first.write_bytes(0xff, bytes) };
            meta.give(first, bytes);
            let second = meta.take(&os, bytes).expect("memory");
            // SAFETY: as above.
            let content = unsafe { core::slice::from_raw_parts(second.as_ptr(), bytes) };
            assert!(content.iter().all(|&byte| byte == 0));
            assert!(first == second || bytes > bucket_bytes(BUCKETS - 1));
        }
    }

    #[test]
    fn exhaustion_is_none_and_recovers() {
        for budget in 0..12 {
            let os = Mock::with_budget(budget);
            let mut meta = Meta::new();
            let taken = (0..4000).take_while(|_| meta.take(&os, 5000).is_some()).count();
            os.refill(usize::MAX);
            assert!(taken < 4000);
            assert!(meta.take(&os, 5000).is_some());
        }
    }

    #[test]
    fn larger_chunks_serve_when_memory_ends() {
        let os = Mock::unlimited();
        let mut meta = Meta::new();
        let large = meta.take(&os, 5000).expect("memory");
        os.refill(0);
        while meta.take(&os, 128).is_some() {}
        meta.give(large, 5000);
        assert_eq!(meta.take(&os, 128), Some(large));
    }

    #[test]
    fn what_lies_behind_a_reservation_is_not_touched() {
        let os = Mock::unlimited();
        let mut meta = Meta::new();
        // Ends the first reservation a little short of a large chunk, again and again.
        for _ in 0..200 {
            let before = (meta.ready + meta.reserved, meta.prepared);
            meta.take(&os, 140_000).expect("memory");
            let after = meta.ready + meta.reserved;
            assert!(meta.prepared - before.1 <= before.0.max(meta.next_reserve) && after < MAX_RESERVE);
            assert!(os.prepared_within_reservations());
        }
    }

    #[test]
    fn reservations_lie_between_guards() {
        let os = Mock::unlimited();
        let mut meta = Meta::new();
        let first = meta.take(&os, 128).expect("memory");
        (1..FIRST_RESERVE / 128).for_each(|_| assert!(meta.take(&os, 128).is_some()));
        assert_eq!((meta.ready, meta.reserved), (0, 0), "the first reservation is used up");
        let before = NonNull::new(first.as_ptr().wrapping_sub(GUARD)).expect("not null");
        assert!(os.is_guard(before, GUARD) && os.is_guard(forward(first, FIRST_RESERVE), GUARD));
    }

    #[test]
    fn refused_pages_do_not_eat_up_address_space() {
        let os = Mock::unlimited();
        let mut meta = Meta::new();
        meta.take(&os, 128).expect("memory");
        os.refuse(Kind::Prepare, true);
        while meta.take(&os, 5000).is_some() {}
        let before = os.held();
        assert!((0..100).all(|_| meta.take(&os, 5000).is_none()));
        assert!(os.held() - before < 8 << 20, "{} MiB more", (os.held() - before) >> 20);
        os.refuse(Kind::Prepare, false);
        assert!(meta.take(&os, 5000).is_some());
    }

    #[test]
    fn reservations_are_few() {
        let os = Mock::unlimited();
        let mut meta = Meta::new();
        for _ in 0..20_000 {
            meta.take(&os, 5000).expect("memory");
        }
        // 20,000 × 6 KiB = 120 MiB: 1 + 2 + 4 + … reservations, and about log(120 MiB) / log(9/8) prepare calls.
        let calls = usize::MAX - os.budget_left();
        assert!(calls < 120, "{calls} calls");
    }
}
