//! What hardened blocks are made of: the canary behind each, and the quarantine in which freed ones wait.
//!
//! A canary is eight bytes that depend on two secrets of the process and on the block's place, so that neither a guess nor a
//! copy of another block's passes, and one that is read does not give the secrets away.
//!
//! The quarantine is a thread's own. A freed block takes a random place in an array; the one that was there before joins a
//! queue, and leaves it when the queue is full or holds too many bytes. So nobody can tell when a block comes back, but not
//! at once.

#![expect(unsafe_code, reason = "canaries lie in user memory")]

use core::cell::Cell;
use core::ptr::NonNull;

use crate::ptr::{low8, size64, wide};
use crate::random::{below, mix};
use crate::sync::{RelaxedPtr, RelaxedU64, RelaxedUsize};

/// Bytes of a canary.
pub(crate) const CANARY: usize = 8;

/// Places of the array.
const PLACES: usize = 128;

/// Most blocks in the queue.
const QUEUE: usize = 256;

/// Bytes in the queue above which the oldest block leaves.
const MOST_BYTES: usize = 256 << 10;

/// What canaries are made with.
pub(crate) struct Secret(RelaxedU64, RelaxedU64);

impl Secret {
    /// None yet.
    pub(crate) const fn new() -> Self {
        Self(RelaxedU64::new(0), RelaxedU64::new(0))
    }

    /// Sets both halves.
    pub(crate) fn set(&self, one: u64, other: u64) {
        self.0.set(one);
        self.1.set(other);
    }

    /// The canary of the block at `start`. Twice mixed: once could be undone by whoever knows the place.
    fn canary(&self, start: usize) -> u64 {
        mix(mix(self.0.get() ^ wide(start)) ^ self.1.get())
    }
}

/// The canary's place behind a block of `bytes`.
fn behind(start: NonNull<u8>, bytes: usize) -> *mut u64 {
    let place = start.as_ptr().wrapping_add(bytes);
    place.with_addr(place.addr()).cast()
}

/// Puts the canary behind a block of `bytes`.
///
/// # Safety
/// The block has [`CANARY`] bytes more.
pub(crate) unsafe fn seal(secret: &Secret, start: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller's promise.
    unsafe { behind(start, bytes).write_unaligned(secret.canary(start.addr().get())) };
}

/// Whether the canary is behind a block of `bytes`.
///
/// # Safety
/// The block has [`CANARY`] bytes more.
pub(crate) unsafe fn is_sealed(secret: &Secret, start: NonNull<u8>, bytes: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { behind(start, bytes).read_unaligned() == secret.canary(start.addr().get()) }
}

/// The byte that fills what a LARGE block leaves of its last page; never 0, which strings end with.
pub(crate) fn filling(secret: &Secret, start: NonNull<u8>) -> u8 {
    low8(size64(secret.canary(start.addr().get()))) | 1
}

/// Freed blocks that wait. All-zero bytes are an empty one.
#[repr(C)]
pub(crate) struct Quarantine {
    /// Blocks at random places.
    places: [Waiting; PLACES],
    /// Blocks in order, around `head`.
    queue: [Waiting; QUEUE],
    /// Where the oldest one is.
    head: RelaxedUsize,
    /// How many there are in the queue.
    length: RelaxedUsize,
    /// Their bytes.
    bytes: RelaxedUsize,
}

/// A freed block.
#[repr(C)]
struct Waiting {
    /// Its first byte; null if there is none.
    start: RelaxedPtr<u8>,
    /// Its bytes.
    bytes: RelaxedUsize,
}

impl Waiting {
    /// Puts a block here and gives the one that was.
    fn replace(&self, start: *mut u8, bytes: usize) -> Option<(NonNull<u8>, usize)> {
        let before = (NonNull::new(self.start.get()), self.bytes.get());
        self.start.set(start);
        self.bytes.set(bytes);
        Some((before.0?, before.1))
    }
}

impl Quarantine {
    /// A quarantine over zeroed metadata memory that nobody else uses.
    pub(crate) fn over(memory: NonNull<u8>) -> &'static Self {
        // SAFETY: all fields are atomics, for which zero is valid; metadata is aligned and never unmapped.
        unsafe { memory.cast().as_ref() }
    }

    /// Lets a block wait.
    pub(crate) fn push(&self, random: &Cell<u64>, start: NonNull<u8>, bytes: usize) {
        let Some(place) = self.places.get(below(random, PLACES)) else { return };
        if let Some((other, bytes)) = place.replace(start.as_ptr(), bytes) {
            self.enqueue(other, bytes);
        }
    }

    /// Puts a block at the end of the queue, which has room.
    fn enqueue(&self, start: NonNull<u8>, bytes: usize) {
        if let Some(last) = self.queue.get((self.head.get() + self.length.get()) % QUEUE) {
            last.replace(start.as_ptr(), bytes);
            self.length.set(self.length.get() + 1);
            self.bytes.set(self.bytes.get() + bytes);
        }
    }

    /// A block that has waited long enough. To be asked after each `push` until there is none.
    pub(crate) fn overdue(&self) -> Option<NonNull<u8>> {
        let is_full = self.length.get() == QUEUE || self.bytes.get() > MOST_BYTES;
        if is_full { self.dequeue() } else { None }
    }

    /// The oldest block of the queue.
    fn dequeue(&self) -> Option<NonNull<u8>> {
        let (start, bytes) = self.queue.get(self.head.get())?.replace(core::ptr::null_mut(), 0)?;
        self.head.set((self.head.get() + 1) % QUEUE);
        self.length.set(self.length.get() - 1);
        self.bytes.set(self.bytes.get() - bytes);
        Some(start)
    }

    /// Any block, until there is none.
    pub(crate) fn pop(&self) -> Option<NonNull<u8>> {
        let placed = || self.places.iter().find_map(|place| place.replace(core::ptr::null_mut(), 0));
        self.dequeue().or_else(|| Some(placed()?.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// An empty quarantine.
    fn quarantine() -> &'static Quarantine {
        let memory = Box::leak(Box::new(core::mem::MaybeUninit::<Quarantine>::zeroed()));
        Quarantine::over(NonNull::from_mut(memory).cast())
    }

    /// A block that is a number.
    fn block(n: usize) -> NonNull<u8> {
        NonNull::new(core::ptr::without_provenance_mut(n + 1)).expect("not null")
    }

    #[test]
    fn blocks_leave_late_at_random_and_once() {
        let (quarantine, random) = (quarantine(), Cell::new(3));
        let (mut left, mut soonest, mut in_order) = (BTreeSet::new(), usize::MAX, 0);
        let mut last = 0;
        for n in 0..20_000 {
            quarantine.push(&random, block(n), 48);
            while let Some(out) = quarantine.overdue() {
                let out = out.addr().get() - 1;
                assert!(left.insert(out), "twice");
                soonest = soonest.min(n - out);
                in_order += usize::from(out > last);
                last = out;
            }
        }
        assert!(soonest >= QUEUE - 1 && (6_000..14_000).contains(&in_order), "{soonest} {in_order}");
        while let Some(out) = quarantine.pop() {
            assert!(left.insert(out.addr().get() - 1));
        }
        assert_eq!(left.len(), 20_000);
    }

    #[test]
    fn bytes_are_bounded() {
        let (quarantine, random) = (quarantine(), Cell::new(3));
        for n in 0..2_000 {
            quarantine.push(&random, block(n), 32 << 10);
            while quarantine.overdue().is_some() {}
            assert!(quarantine.bytes.get() <= MOST_BYTES && quarantine.length.get() <= MOST_BYTES >> 15);
        }
    }

    #[test]
    fn canaries_know_their_place() {
        let (one, other) = (Secret::new(), Secret::new());
        one.set(7, 8);
        other.set(7, 9);
        let mut memory = [0_u8; 64];
        let start = NonNull::from_mut(&mut memory).cast::<u8>();
        for bytes in 0..=64 - CANARY {
            // SAFETY: the array has that many bytes.
            unsafe { seal(&one, start, bytes) };
            // SAFETY: as above.
            let is_sealed = |secret: &Secret, bytes| unsafe { is_sealed(secret, start, bytes) };
            assert!(is_sealed(&one, bytes) && !is_sealed(&other, bytes));
            for at in bytes..bytes + CANARY {
                // SAFETY: as above.
                let byte = unsafe { &mut *start.as_ptr().wrapping_add(at) };
                *byte ^= 1;
                assert!(!is_sealed(&one, bytes), "byte {at} behind {bytes}");
                *byte ^= 1;
            }
        }
        assert_ne!(one.canary(16), one.canary(32));
        assert_ne!(filling(&one, start), 0);
    }
}
