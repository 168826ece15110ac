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
use crate::sync::{Link, RelaxedU64, RelaxedUsize};
use crate::zone::Zone;

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

    /// The canary of the block at `start`. Mixing alone could be undone by whoever knows the place; to mix once more
    /// behind the other half would help nobody but those who read parts of canaries only, for that can be undone too.
    fn canary(&self, start: usize) -> u64 {
        mix(self.0.get() ^ wide(start)) ^ self.1.get()
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

/// Whether the canary is behind the `bytes` of a block, and zeros between it and the block's end.
///
/// # Safety
/// The block has so many bytes as `block`, which are [`CANARY`] more than `bytes` at least.
#[inline]
pub(crate) unsafe fn is_intact(secret: &Secret, start: NonNull<u8>, bytes: usize, block: usize) -> bool {
    // SAFETY: the caller's promise, here and below.
    let word = |at| u64::from_le(unsafe { behind(start, at).read_unaligned() });
    let canary = u64::from_le(secret.canary(start.addr().get()));
    let (first, mut at) = (bytes + CANARY, block);
    let mut strange = word(bytes) ^ canary;
    // Words from the end; the last one begins within the canary, whose bytes are its low ones.
    while at >= first + 8 {
        at -= 8;
        strange |= word(at);
    }
    if at > first {
        strange |= word(at - 8) >> (8 * (8 - (at - first)));
    }
    strange == 0
}

/// Whether so many bytes, a multiple of 16, are zero. In steps of 64 bytes, of which the last one may overlap the one
/// before: what is left is not worth a loop.
///
/// # Safety
/// `start` is aligned to 16, and so many bytes are there.
#[inline]
pub(crate) unsafe fn is_zero(start: NonNull<u8>, bytes: usize) -> bool {
    // SAFETY: the caller's promise.
    let pairs = unsafe { core::slice::from_raw_parts(start.cast::<[u64; 2]>().as_ptr(), bytes / 16) };
    let is_zero = |line: &[[u64; 2]; 4]| line.iter().fold(0, |all, pair| all | pair[0] | pair[1]) == 0;
    if let (Some(last), Some((_, before))) = (pairs.last_chunk(), pairs.split_last()) {
        return before.as_chunks().0.iter().all(is_zero) && is_zero(last);
    }
    // Up to three.
    let places = [pairs.first(), pairs.get(pairs.len() / 2), pairs.last()];
    places.into_iter().flatten().fold(0, |all, pair| all | pair[0] | pair[1]) == 0
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

/// Where a freed block is. Its zone stays one: it is not wholly free.
#[repr(C)]
struct Waiting {
    /// Its zone; none if there is no block.
    zone: Link<Zone>,
    /// Its index there.
    index: RelaxedUsize,
}

impl Waiting {
    /// Puts a block here.
    fn set(&self, zone: Option<&'static Zone>, index: usize) {
        self.zone.set(zone);
        self.index.set(index);
    }

    /// The block that is here.
    fn get(&self) -> Option<Freed> {
        Some((self.zone.get()?, self.index.get()))
    }

    /// The same, taken away.
    fn take(&self) -> Option<Freed> {
        let block = self.get();
        self.zone.set(None);
        block
    }
}

/// A freed block: its zone, and its index there.
pub(crate) type Freed = (&'static Zone, usize);

impl Quarantine {
    /// A quarantine over zeroed metadata memory that nobody else uses.
    pub(crate) fn over(memory: NonNull<u8>) -> &'static Self {
        // SAFETY: all fields are atomics, for which zero is valid; metadata is aligned and never unmapped.
        unsafe { memory.cast().as_ref() }
    }

    /// Lets a block wait.
    #[inline]
    pub(crate) fn push(&self, random: &Cell<u64>, zone: &'static Zone, index: usize) {
        let Some(place) = self.places.get(below(random, PLACES)) else { return };
        let other = place.get();
        place.set(Some(zone), index);
        if let Some((zone, index)) = other {
            self.enqueue(zone, index);
        }
    }

    /// Puts a block at the end of the queue, which has room.
    fn enqueue(&self, zone: &'static Zone, index: usize) {
        if let Some(last) = self.queue.get((self.head.get() + self.length.get()) % QUEUE) {
            last.set(Some(zone), index);
            self.length.set(self.length.get() + 1);
            self.bytes.set(self.bytes.get() + zone.block_bytes());
        }
    }

    /// A block that has waited long enough. To be asked after each `push` until there is none.
    #[inline]
    pub(crate) fn overdue(&self) -> Option<Freed> {
        let is_full = self.length.get() == QUEUE || self.bytes.get() > MOST_BYTES;
        if is_full { self.dequeue() } else { None }
    }

    /// The oldest block of the queue.
    fn dequeue(&self) -> Option<Freed> {
        let (zone, index) = self.queue.get(self.head.get())?.take()?;
        self.head.set((self.head.get() + 1) % QUEUE);
        self.length.set(self.length.get() - 1);
        self.bytes.set(self.bytes.get() - zone.block_bytes());
        Some((zone, index))
    }

    /// Any block, until there is none.
    pub(crate) fn pop(&self) -> Option<Freed> {
        self.dequeue().or_else(|| self.places.iter().find_map(Waiting::take))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ptr::{low16, size};
    use crate::remote::Owner;
    use crate::size_class::{Class, GRANULE};

    impl Secret {
        /// Both halves.
        pub(crate) fn halves(&self) -> [u64; 2] {
            [self.0.get(), self.1.get()]
        }
    }

    /// An empty quarantine.
    fn quarantine() -> &'static Quarantine {
        let memory = Box::leak(Box::new(core::mem::MaybeUninit::<Quarantine>::zeroed()));
        Quarantine::over(NonNull::from_mut(memory).cast())
    }

    /// A zone with blocks of so many bytes, of which only that is known.
    fn zone(bytes: usize) -> &'static Zone {
        let layout = Class::of(bytes).expect("a class").layout();
        let memory: &[u64] = vec![0; size(layout.granules) * GRANULE / 8].leak();
        let chunk: &[u64] = vec![0; size(layout.chunk) / 8].leak();
        let zone = Box::leak(Box::new(Zone::empty()));
        zone.start.set(memory.as_ptr().cast::<u8>().cast_mut());
        zone.granules.set(low16(size(layout.granules)));
        let owner = Box::leak(Box::new(Owner::new()));
        zone.cut(Class::of(bytes).expect("a class"), NonNull::from_ref(chunk).cast(), true, owner);
        zone
    }

    #[test]
    fn blocks_leave_late_at_random_and_once() {
        let (quarantine, random, zone) = (quarantine(), Cell::new(3), zone(48));
        let (mut left, mut soonest, mut in_order) = (BTreeSet::new(), usize::MAX, 0);
        let mut last = 0;
        for n in 0..20_000 {
            quarantine.push(&random, zone, n);
            while let Some((_, out)) = quarantine.overdue() {
                assert!(left.insert(out), "twice");
                soonest = soonest.min(n - out);
                in_order += usize::from(out > last);
                last = out;
            }
        }
        assert!(soonest >= QUEUE - 1 && (6_000..14_000).contains(&in_order), "{soonest} {in_order}");
        while let Some((_, out)) = quarantine.pop() {
            assert!(left.insert(out));
        }
        assert_eq!(left.len(), 20_000);
    }

    #[test]
    fn bytes_are_bounded() {
        let (quarantine, random, zone) = (quarantine(), Cell::new(3), zone(32 << 10));
        for n in 0..2_000 {
            quarantine.push(&random, zone, n);
            while quarantine.overdue().is_some() {}
            assert!(quarantine.bytes.get() <= MOST_BYTES && quarantine.length.get() <= MOST_BYTES >> 15);
        }
    }

    #[test]
    fn every_byte_is_compared_with_zero_and_none_behind() {
        let mut memory = [0_u128; 20];
        let start = NonNull::from_mut(&mut memory).cast::<u8>();
        for bytes in (0..=19 * 16).step_by(16) {
            // SAFETY: the array has that many bytes, aligned to 16.
            let is_zero = || unsafe { is_zero(start, bytes) };
            assert!(is_zero());
            for at in 0..20 * 16 {
                // SAFETY: as above.
                let byte = unsafe { &mut *start.as_ptr().wrapping_add(at) };
                *byte = 0x80;
                assert_eq!(is_zero(), at >= bytes, "byte {at} of {bytes}");
                *byte = 0;
            }
        }
    }

    #[test]
    fn canaries_know_their_place_and_zeros_follow() {
        let (one, other) = (Secret::new(), Secret::new());
        one.set(7, 8);
        other.set(7, 9);
        let mut memory = [0_u8; 64];
        let start = NonNull::from_mut(&mut memory).cast::<u8>();
        for bytes in 0..=64 - CANARY {
            // SAFETY: the array has that many bytes.
            unsafe { start.write_bytes(0x55, bytes) };
            // SAFETY: and so many more.
            unsafe { start.as_ptr().wrapping_add(bytes).write_bytes(0, 64 - bytes) };
            // SAFETY: as above.
            unsafe { seal(&one, start, bytes) };
            // SAFETY: as above.
            let is_intact = |secret: &Secret| unsafe { is_intact(secret, start, bytes, 64) };
            // SAFETY: as above.
            let byte = |at| unsafe { &mut *start.as_ptr().wrapping_add(at) };
            assert!(is_intact(&one) && !is_intact(&other));
            for at in bytes..64 {
                *byte(at) ^= 1;
                assert!(!is_intact(&one), "byte {at} behind {bytes}");
                *byte(at) ^= 1;
            }
        }
        assert_ne!(one.canary(16), one.canary(32));
        assert_ne!(filling(&one, start), 0);
    }
}
