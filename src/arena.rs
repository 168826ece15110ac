//! Arenas: 64 MiB slots of address space, and the map from an address to its run.
//!
//! An arena's header is metadata: a table from granule to descriptor and the descriptors themselves. The address map
//! has one entry for every slot of the address space; it is zero-initialised `.bss`, of which a page serves 32 GiB.
//!
//! States of a slot: *none* (entry null), *reserved* (address space, no memory), *prepared* (granules before `ready`
//! are readable and writable, but for spaces). Where address space is short, an arena has no reservation: it is a slot in which
//! smaller mappings lie, and `mapped` tells which granules exist.
//!
//! Invariants: `free ∪ guards ⊆ mapped`, `walls ⊆ guards`, `old ∪ blank ⊆ dirty ∩ free`; `table[g] = 0` ⇔ no run in use covers `g`. All but the
//! look-up is under the page heap's mutex.

#![expect(unsafe_code, reason = "the look-up skips bounds checks, headers are raw metadata")]

use core::ptr::NonNull;

use crate::os::Os;
use crate::ptr::{forward, low32, size};
use crate::size_class::GRANULE;
use crate::sync::{Link, RelaxedBool, RelaxedPtr, RelaxedU32, RelaxedU64, RelaxedUsize};
use crate::zone::Zone;

/// Bytes of an arena's slot.
pub(crate) const ARENA: usize = 64 << 20;

/// Granules of an arena.
pub(crate) const GRANULES: usize = ARENA / GRANULE;

/// Bits of a user-space address: 47 on x86-64, 48 on aarch64.
const ADDRESS_BITS: u32 = if cfg!(target_arch = "x86_64") { 47 } else { 48 };

/// Slots of the address space. Without the last one, which no arena needs: compared with a power of two, the compiler
/// would shift the address a second time.
const SLOTS: usize = (1 << ADDRESS_BITS) / ARENA - 1;

/// A header.
#[repr(C)]
pub(crate) struct Arena {
    /// Entry 0 describes nothing and nobody owns it; entry `g + 1` the run that starts at granule `g`.
    zones: [Zone; GRANULES + 1],
    /// The run that covers each granule, entry 0 of `zones` where there is none: never empty, so that `find` has
    /// nothing to test.
    table: [Link<Zone>; GRANULES],
    /// First byte of the slot.
    pub(crate) base: RelaxedPtr<u8>,
    /// Granules prepared from the front, spaces among them (`grow`); [`GRANULES`] if nothing is left to prepare.
    pub(crate) ready: RelaxedU32,
    /// Whether the whole slot is reserved, and not only the granules that exist.
    pub(crate) reserved: RelaxedBool,
    /// Whether its memory comes as huge pages.
    pub(crate) huge: RelaxedBool,
    /// The next arena, by address.
    pub(crate) next: Link<Arena>,
    /// Granules that exist.
    pub(crate) mapped: Bits,
    /// Granules in free runs.
    pub(crate) free: Bits,
    /// Granules that may be resident since the OS last cleared them.
    pub(crate) dirty: Bits,
    /// Free dirty granules that nobody has had: the OS brought them in cleared, as part of a huge page.
    pub(crate) blank: Bits,
    /// Free dirty granules that were so at the last tick.
    pub(crate) old: Bits,
    /// Free granules that read as zero, dirty or not, unless somebody has written to free memory.
    pub(crate) cleared: Bits,
    /// Granules whose last page is a guard.
    pub(crate) guards: Bits,
    /// Those of them that are guards from the first page on.
    pub(crate) walls: Bits,
}

impl Arena {
    /// An arena over zeroed metadata memory of `size_of::<Arena>()` bytes that nobody else uses.
    pub(crate) fn over(memory: NonNull<u8>) -> &'static Self {
        // SAFETY: all fields are atomics, for which zero is valid; metadata is aligned to 128 and never unmapped.
        let arena: &'static Self = unsafe { memory.cast().as_ref() };
        arena.set_table(0, GRANULES, false);
        arena
    }

    /// The descriptor of the run that starts at granule `g`.
    pub(crate) fn zone(&'static self, g: usize) -> Option<&'static Zone> {
        self.zones.get(g + 1)
    }

    /// The descriptor of the run in use that covers granule `g`.
    pub(crate) fn covering(&'static self, g: usize) -> Option<&'static Zone> {
        self.table.get(g)?.get().filter(|&zone| !core::ptr::eq(zone, &raw const self.zones[0]))
    }

    /// The run in use that covers `address`, an address in this slot, or the descriptor of nothing.
    #[inline(always)]
    pub(crate) fn find(&'static self, address: usize) -> &'static Zone {
        // SAFETY: the granule number is below `GRANULES`, the length of the table.
        let zone = unsafe { self.table.get_unchecked(Self::granule_of(address)) }.get();
        // SAFETY: `over` fills the table, and `set_table` sets only descriptors.
        unsafe { zone.unwrap_unchecked() }
    }

    /// Address of granule `g`.
    pub(crate) fn granule(&self, g: usize) -> *mut u8 {
        self.base.get().wrapping_add(g * GRANULE)
    }

    /// The granule in which `address`, an address in this slot, lies.
    pub(crate) fn granule_of(address: usize) -> usize {
        address / GRANULE % GRANULES
    }

    /// Lets the granules `from..from + count` lead to the run that starts at `from`, or to none.
    pub(crate) fn set_table(&'static self, from: usize, count: usize, in_use: bool) {
        let zone = self.zones.get(if in_use { from + 1 } else { 0 });
        for slot in self.table.iter().skip(from).take(count) {
            slot.set(zone);
        }
    }

    /// Notes that `count` granules from `first` have no guards any more.
    pub(crate) fn forget_guards(&self, first: usize, count: usize) {
        self.guards.remove(first, count);
        self.walls.remove(first, count);
    }

    /// The first granules of the spaces (`grow`) of a reserved arena, each `length` long.
    pub(crate) fn spaces(&self, length: usize) -> impl Iterator<Item = usize> {
        (0..self.ready()).step_by(length).filter(|&g| !self.mapped.has(g))
    }

    /// Whether no granule is in use.
    pub(crate) fn is_idle(&self) -> bool {
        self.free.words().zip(self.mapped.words()).all(|(free, mapped)| free == mapped)
    }

    /// Granules prepared so far.
    pub(crate) fn ready(&self) -> usize {
        size(self.ready.get())
    }

    /// Notes that granules before `ready` are prepared.
    pub(crate) fn set_ready(&self, ready: usize) {
        self.ready.set(low32(ready));
    }
}

/// From address to arena.
#[repr(C)]
pub(crate) struct AddressMap {
    /// One entry a slot of the address space.
    slots: [Link<Arena>; SLOTS],
    /// Address of the first page behind the sealed ones; 0 if none are. Behind the entries: in no page of entries alone.
    sealed: RelaxedUsize,
}

impl AddressMap {
    /// A map without arenas.
    #[expect(clippy::large_stack_arrays, reason = "evaluated at compile time, for a static")]
    pub(crate) const fn new() -> Self {
        Self { slots: [const { Link::none() }; SLOTS], sealed: RelaxedUsize::new(0) }
    }

    /// The arena in whose slot `address` lies.
    #[inline(always)]
    pub(crate) fn arena(&self, address: usize) -> Option<&'static Arena> {
        let slot = address / ARENA;
        if slot >= SLOTS {
            return None;
        }
        // SAFETY: `slot` was just compared with the length.
        unsafe { self.slots.get_unchecked(slot) }.get()
    }

    /// The run that covers `address`, or the descriptor of nothing; `None` for addresses outside all arenas.
    pub(crate) fn find(&self, address: usize) -> Option<&'static Zone> {
        Some(self.arena(address)?.find(address))
    }

    /// Whether arenas can lie at `address`.
    pub(crate) fn covers(address: usize) -> bool {
        address / ARENA < SLOTS
    }

    /// Seals the pages of entries below that of `address`: arenas are not expected there, and pages that nobody can write
    /// cost nothing when the program locks its memory (`mlockall`). To be called before any entry is made. If the OS
    /// refuses, nothing is sealed.
    pub(crate) fn seal(&self, os: &impl Os, address: usize) {
        let entries = NonNull::from(&self.slots).cast::<u8>();
        let from = self.first_page(os);
        let to = entries.addr().get() + (address / ARENA).min(SLOTS) * size_of::<Link<Arena>>();
        let bytes = to.saturating_sub(from) & !(os.page() - 1);
        if bytes > 0 && os.seal(forward(entries, from - entries.addr().get()), bytes) {
            self.sealed.set(from + bytes);
        }
    }

    /// Address of the first page that has entries and nothing else.
    fn first_page(&self, os: &impl Os) -> usize {
        NonNull::from(&self.slots).addr().get().next_multiple_of(os.page())
    }

    /// Enters `arena` for the slot of `address`; `false` if the OS does not let the entry's page be written.
    pub(crate) fn enter(&self, os: &impl Os, address: usize, arena: &'static Arena) -> bool {
        let Some(slot) = self.slots.get(address / ARENA) else { return false };
        let entries = NonNull::from(&self.slots).cast::<u8>();
        let from = self.first_page(os);
        let entry = core::ptr::from_ref(slot).addr();
        // Again for each entry of the page, once in 64 MiB: nobody has to remember which pages are open.
        if (from..self.sealed.get()).contains(&entry) {
            let page = from + (entry - from) / os.page() * os.page();
            if !os.prepare(forward(entries, page - entries.addr().get()), os.page()) {
                return false;
            }
        }
        slot.set(Some(arena));
        true
    }

    /// Clears the entry for the slot of `address`, which [`Self::enter`] made.
    pub(crate) fn clear(&self, address: usize) {
        if let Some(slot) = self.slots.get(address / ARENA) {
            slot.set(None);
        }
    }
}

/// A set of granules of one arena.
pub(crate) struct Bits([RelaxedU64; GRANULES / 64]);

impl Bits {
    /// The words, lowest granules first.
    pub(crate) fn words(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().map(RelaxedU64::get)
    }

    /// Whether granule `g` is in the set.
    pub(crate) fn has(&self, g: usize) -> bool {
        self.0.get(g / 64).is_some_and(|word| word.get() >> (g % 64) & 1 != 0)
    }

    /// Calls `visit` with each word that has granules of `from..from + count`, and their mask.
    fn each(&self, from: usize, count: usize, mut visit: impl FnMut(&RelaxedU64, u64)) {
        let (mut g, end) = (from, from + count);
        while g < end {
            let bits = (64 - g % 64).min(end - g);
            let mask = if bits == 64 { u64::MAX } else { ((1 << bits) - 1) << (g % 64) };
            if let Some(word) = self.0.get(g / 64) {
                visit(word, mask);
            }
            g += bits;
        }
    }

    /// Adds `count` granules from `from`.
    pub(crate) fn insert(&self, from: usize, count: usize) {
        self.each(from, count, |word, mask| word.set(word.get() | mask));
    }

    /// Removes `count` granules from `from`.
    pub(crate) fn remove(&self, from: usize, count: usize) {
        self.each(from, count, |word, mask| word.set(word.get() & !mask));
    }

    /// How many of the `count` granules from `from` are in the set.
    pub(crate) fn count(&self, from: usize, count: usize) -> usize {
        let mut total = 0;
        self.each(from, count, |word, mask| total += size((word.get() & mask).count_ones()));
        total
    }

    /// The first of the `count` granules from `from` that is in the set.
    pub(crate) fn first_of(&self, from: usize, count: usize) -> Option<usize> {
        let (mut g, end) = (from, from + count);
        while g < end {
            let word = self.0.get(g / 64)?.get() >> (g % 64);
            if word != 0 {
                return Some(g + size(word.trailing_zeros())).filter(|&first| first < end);
            }
            g = (g / 64 + 1) * 64;
        }
        None
    }

    /// The first run of granules at or after `from` that are in the set: its first granule and its length.
    pub(crate) fn next_run(&self, from: usize) -> Option<(usize, usize)> {
        let first = (from..GRANULES).find(|&g| self.has(g))?;
        let count = (first..GRANULES).take_while(|&g| self.has(g)).count();
        Some((first, count))
    }

    /// Makes the set the intersection of two others.
    pub(crate) fn assign_intersection(&self, a: &Self, b: &Self) {
        for (word, (a, b)) in self.0.iter().zip(a.words().zip(b.words())) {
            word.set(a & b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::mock::{Kind, Mock};

    /// A header, which nobody looks into.
    fn header() -> &'static Arena {
        // SAFETY: all fields are atomics, for which zero is valid.
        Box::leak(unsafe { Box::<Arena>::new_zeroed().assume_init() })
    }

    /// A map in pages of `os`.
    fn map_of(os: &Mock) -> &AddressMap {
        let memory = os.map(size_of::<AddressMap>()).expect("memory");
        // SAFETY: all fields are atomics, for which zero is valid; the pages are there as long as `os`.
        unsafe { memory.cast().as_ref() }
    }

    #[test]
    fn entries_open_their_pages_of_a_sealed_map() {
        let os = Mock::unlimited();
        let (map, arena) = (map_of(&os), header());
        let page = os.page() / size_of::<Link<Arena>>() * ARENA;
        let lowest = 9 * page + 5 * ARENA;
        map.seal(&os, lowest);
        assert_eq!(os.calls(Kind::Protect), 1);
        // The page that the border lies in is open, and so are those above.
        for (address, opened) in [(0, 1), (page - ARENA, 2), (page, 3), (9 * page - 1, 4), (9 * page, 4), (lowest, 4)] {
            assert!(map.arena(address).is_none());
            assert!(map.enter(&os, address, arena));
            assert!(map.arena(address).is_some_and(|found| core::ptr::eq(found, arena)));
            assert_eq!(os.calls(Kind::Prepare), opened, "at {address:#x}");
        }
        map.clear(page);
        assert!(map.arena(page).is_none() && map.arena(0).is_some());
        assert!(!map.enter(&os, SLOTS * ARENA, arena) && os.prepared_within_reservations());
    }

    #[test]
    fn a_page_that_does_not_open_gets_no_entry() {
        let os = Mock::unlimited();
        let map = map_of(&os);
        map.seal(&os, usize::MAX);
        os.refuse(Kind::Prepare, true);
        assert!(!map.enter(&os, 7 * ARENA, header()) && map.arena(7 * ARENA).is_none());
        os.refuse(Kind::Prepare, false);
        assert!(map.enter(&os, 7 * ARENA, header()));
    }

    #[test]
    fn a_map_that_cannot_be_sealed_stays_open() {
        let os = Mock::unlimited();
        let map = map_of(&os);
        os.refuse(Kind::Protect, true);
        map.seal(&os, usize::MAX);
        assert!(map.enter(&os, 7 * ARENA, header()));
        assert_eq!(os.calls(Kind::Prepare), 0);
    }

    #[test]
    fn bits_agree_with_a_naive_set() {
        // SAFETY: atomics, for which zero is valid.
        let bits: Bits = unsafe { core::mem::zeroed() };
        let mut naive = [false; GRANULES];
        let mut seed: usize = 7;
        for step in 0..2000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let from = (seed >> 33) % GRANULES;
            let count = (seed >> 50) % 200 % (GRANULES - from + 1);
            if step % 2 == 0 {
                bits.insert(from, count);
            } else {
                bits.remove(from, count);
            }
            naive.iter_mut().skip(from).take(count).for_each(|bit| *bit = step % 2 == 0);
            let expected = naive.iter().skip(from / 2).take(count).filter(|&&bit| bit).count();
            assert_eq!(bits.count(from / 2, count), expected);
            let first = (from / 2..from / 2 + count).find(|&g| naive[g]);
            assert_eq!(bits.first_of(from / 2, count), first);
        }
        let mut g = 0;
        while let Some((from, count)) = bits.next_run(g) {
            assert!(naive[g..from].iter().all(|&bit| !bit) && naive[from..from + count].iter().all(|&bit| bit));
            g = from + count;
        }
        assert!(naive[g..].iter().all(|&bit| !bit));
    }
}
