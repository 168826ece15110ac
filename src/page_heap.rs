//! The page heap: free runs of granules, best fit, neighbours merge, idle pages go back to the OS.
//!
//! Owns every granule that no zone and no LARGE block uses. A free run is described by the descriptors of its first
//! and its last granule (boundary tags) and hangs in a bin by its length. Three bitmaps an arena tell the rest: `free`,
//! `dirty` (touched since the OS cleared it), `old` (free and dirty at the last tick).
//!
//! Memory goes back (`MADV_DONTNEED`) when a granule stayed free for one to two times the purge delay, or when free
//! dirty memory passes `max(32 MiB, 1/8 of what is in use)`; wholly free arenas are unmapped then. There is no clock
//! of our own: the check runs when runs are taken or given.
//!
//! One mutex around all of it, held by the caller (`&mut self`).

use core::ptr::NonNull;

use crate::arena::{ARENA, AddressMap, Arena, GRANULES};
use crate::list::List;
use crate::meta::Meta;
use crate::os::Os;
use crate::ptr::{low16, size};
use crate::size_class::GRANULE;
use crate::sync::{Link, Mutex};
use crate::zone::{Role, Zone};

/// Bins for runs of exactly 1, 2, … granules.
const EXACT: usize = 64;

/// Granules of difference within a bin of longer runs.
const STEP: usize = 32;

/// All bins; fewer than the bits of the occupancy word.
const BINS: usize = EXACT + (GRANULES - EXACT).div_ceil(STEP);

/// Free dirty granules that are always allowed: 32 MiB.
const ALLOWED_DIRTY: usize = (32 << 20) / GRANULE;

/// A run that was taken: move-only, to become a zone or a LARGE block.
pub(crate) struct Run {
    /// Its descriptor.
    pub(crate) zone: &'static Zone,
    /// Whether it reads as zero.
    pub(crate) clean: bool,
}

/// What the page heap works with.
pub(crate) struct Tools<'a, O: Os> {
    /// The operating system.
    pub(crate) os: &'a O,
    /// The address map.
    pub(crate) map: &'static AddressMap,
    /// The metadata pool, for arena headers.
    pub(crate) meta: &'static Mutex<Meta>,
    /// Somewhere in the address space, to choose the place of the first arena; changes with each start (ASLR).
    pub(crate) near: *mut u8,
}

/// Free runs and arenas.
pub(crate) struct PageHeap {
    /// Free runs by length.
    bins: [List; BINS],
    /// Bins that are not empty.
    occupied: u128,
    /// All arenas, by address.
    pub(crate) arenas: Link<Arena>,
    /// The arena that still has granules to prepare.
    pub(crate) growing: Link<Arena>,
    /// Headers of arenas that were unmapped.
    pub(crate) spare: Link<Arena>,
    /// Granules that exist.
    pub(crate) mapped: usize,
    /// The most that existed.
    pub(crate) peak_mapped: usize,
    /// Granules in use.
    pub(crate) in_use: usize,
    /// Granules that are free and may be resident.
    pub(crate) dirty: usize,
    /// Milliseconds between two ticks.
    pub(crate) purge_delay: u64,
    /// Most free dirty granules whatever is in use.
    pub(crate) allowed_dirty: usize,
    /// When the last tick was.
    last_tick: u64,
    /// Whether the OS refused to purge since the last tick (locked pages): no use in trying before the next one.
    refused: bool,
}

/// The bin for free runs of `granules`, a number from 1 to [`GRANULES`].
fn bin_of(granules: usize) -> usize {
    if granules <= EXACT { granules - 1 } else { EXACT + (granules - EXACT - 1) / STEP }
}

impl PageHeap {
    /// A heap without arenas.
    pub(crate) const fn new() -> Self {
        Self {
            bins: [const { List::new() }; BINS],
            occupied: 0,
            arenas: Link::none(),
            growing: Link::none(),
            spare: Link::none(),
            mapped: 0,
            peak_mapped: 0,
            in_use: 0,
            dirty: 0,
            purge_delay: 1000,
            allowed_dirty: ALLOWED_DIRTY,
            last_tick: 0,
            refused: false,
        }
    }

    /// A run of `granules` whose first granule is a multiple of `align` granules (a power of two); `None` when memory
    /// ends or no arena could hold it.
    pub(crate) fn take(&mut self, tools: &Tools<'_, impl Os>, granules: usize, align: usize) -> Option<Run> {
        let room = granules + align - 1;
        if granules == 0 || room > GRANULES {
            return None;
        }
        self.tick(tools);
        let free = if let Some(free) = self.best_fit(room) {
            free
        } else {
            self.grow(tools, room)?;
            self.best_fit(room)?
        };
        let (arena, first) = Self::locate(tools, free)?;
        let length = usize::from(free.granules.get());
        let start = first.next_multiple_of(align);
        self.unlink(arena, first, length);
        self.link(arena, first, start - first);
        self.link(arena, start + granules, first + length - start - granules);
        self.use_granules(arena, start, granules)
    }

    /// Marks a run that is in no bin as in use.
    fn use_granules(&mut self, arena: &'static Arena, first: usize, granules: usize) -> Option<Run> {
        let zone = arena.zone(first)?;
        let dirty = arena.dirty.count(first, granules);
        self.dirty -= dirty;
        self.in_use += granules;
        arena.old.remove(first, granules);
        zone.set_role(Role::None);
        zone.start.set(arena.granule(first));
        zone.granules.set(low16(granules));
        arena.set_table(first, granules, true);
        Some(Run { zone, clean: dirty == 0 })
    }

    /// Gives a run back, of which the first `touched` bytes may be dirty. Its descriptor must be done with.
    pub(crate) fn give(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, touched: usize) {
        let granules = usize::from(zone.granules.get());
        let Some((arena, first)) = Self::locate(tools, zone) else { return };
        // Merged with the run before it, it starts nothing any more.
        zone.set_role(Role::None);
        arena.set_table(first, granules, false);
        arena.dirty.insert(first, touched.div_ceil(GRANULE).min(granules));
        self.dirty += arena.dirty.count(first, granules);
        self.in_use -= granules;
        self.link_merged(arena, first, granules);
        self.tick(tools);
        if self.dirty > self.bound() && !self.refused {
            self.purge(tools, self.bound() / 2);
        }
    }

    /// Lets a run in use end `fewer` granules earlier.
    pub(crate) fn shrink(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, granules: usize) {
        let old = usize::from(zone.granules.get());
        let Some((arena, first)) = Self::locate(tools, zone) else { return };
        let Some(tail) = arena.zone(first + granules).filter(|_| granules < old) else { return };
        zone.granules.set(low16(granules));
        tail.start.set(arena.granule(first + granules));
        tail.granules.set(low16(old - granules));
        self.give(tools, tail, (old - granules) * GRANULE);
    }

    /// Lets a run in use grow to `granules` if the granules behind it are free, or not prepared yet.
    pub(crate) fn extend(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, granules: usize) -> bool {
        let old = usize::from(zone.granules.get());
        let Some((arena, first)) = Self::locate(tools, zone) else { return false };
        let behind = first + old;
        if first + granules > arena.ready() {
            self.extend_frontier(tools, arena, behind, first + granules);
        }
        let Some(more) = granules.checked_sub(old).filter(|_| first + granules <= GRANULES) else { return false };
        let Some(free) = arena.zone(behind).filter(|_| arena.free.has(behind)) else { return false };
        let length = usize::from(free.granules.get());
        if length < more {
            return false;
        }
        self.unlink(arena, behind, length);
        self.link(arena, behind + more, length - more);
        self.dirty -= arena.dirty.count(behind, more);
        self.in_use += more;
        arena.old.remove(behind, more);
        // From now on nobody knows what is clean in there.
        arena.dirty.insert(behind, more);
        zone.granules.set(low16(granules));
        arena.set_table(first, granules, true);
        true
    }

    /// The arena and the granule where a run starts.
    fn locate(tools: &Tools<'_, impl Os>, zone: &Zone) -> Option<(&'static Arena, usize)> {
        let address = zone.address();
        Some((tools.map.arena(address)?, Arena::granule_of(address)))
    }

    /// The shortest free run of at least `granules`.
    fn best_fit(&self, granules: usize) -> Option<&'static Zone> {
        let mut bins = self.occupied & (u128::MAX << bin_of(granules));
        while bins != 0 {
            let bin = size(bins.trailing_zeros());
            let runs = self.bins.get(bin)?.iter().filter(|run| usize::from(run.granules.get()) >= granules);
            // Of equally long runs the one in front, the last one freed: its pages are the warmest.
            if let Some(best) = runs.min_by_key(|run| run.granules.get()).filter(|_| bin >= EXACT) {
                return Some(best);
            }
            if bin < EXACT {
                return self.bins.get(bin)?.first();
            }
            bins &= bins - 1;
        }
        None
    }

    /// Hangs a free run into its bin; a run of no granules is nothing.
    fn link(&mut self, arena: &'static Arena, first: usize, granules: usize) {
        if granules == 0 {
            return;
        }
        let (Some(head), Some(tail)) = (arena.zone(first), arena.zone(first + granules - 1)) else { return };
        tail.granules.set(low16(granules));
        head.granules.set(low16(granules));
        head.start.set(arena.granule(first));
        head.set_role(Role::Free);
        arena.free.insert(first, granules);
        let bin = bin_of(granules);
        if let Some(list) = self.bins.get(bin) {
            list.push(head);
            self.occupied |= 1 << bin;
        }
    }

    /// Takes a free run out of its bin.
    fn unlink(&mut self, arena: &'static Arena, first: usize, granules: usize) {
        let bin = bin_of(granules);
        let (Some(head), Some(list)) = (arena.zone(first), self.bins.get(bin)) else { return };
        list.remove(head);
        head.set_role(Role::None);
        arena.free.remove(first, granules);
        if list.first().is_none() {
            self.occupied &= !(1 << bin);
        }
    }

    /// Hangs a run in, merged with its free neighbours.
    pub(crate) fn link_merged(&mut self, arena: &'static Arena, mut first: usize, mut granules: usize) {
        let behind = first + granules;
        if arena.free.has(behind) {
            let length = arena.zone(behind).map_or(0, |next| usize::from(next.granules.get()));
            self.unlink(arena, behind, length);
            granules += length;
        }
        if first > 0 && arena.free.has(first - 1) {
            let length = arena.zone(first - 1).map_or(0, |previous| usize::from(previous.granules.get()));
            first -= length;
            self.unlink(arena, first, length);
            granules += length;
        }
        self.link(arena, first, granules);
    }

    /// Free dirty granules that are allowed now.
    fn bound(&self) -> usize {
        self.allowed_dirty.max(self.in_use / 8)
    }

    /// Every purge delay: gives back what stayed free since the tick before.
    fn tick(&mut self, tools: &Tools<'_, impl Os>) {
        if self.dirty == 0 {
            return;
        }
        let now = tools.os.now();
        if now.wrapping_sub(self.last_tick) < self.purge_delay {
            return;
        }
        self.last_tick = now;
        self.refused = false;
        for arena in self.arenas() {
            self.purge_arena(tools, arena, false, 0);
            arena.old.assign_intersection(&arena.dirty, &arena.free);
        }
    }

    /// Gives free dirty memory back until at most `keep` granules of it are left. Returns whether any went.
    pub(crate) fn purge(&mut self, tools: &Tools<'_, impl Os>, keep: usize) -> bool {
        let before = (self.dirty, self.mapped);
        for arena in self.arenas() {
            if self.dirty > keep || keep == 0 {
                self.purge_arena(tools, arena, true, keep);
            }
        }
        before != (self.dirty, self.mapped)
    }

    /// Gives back the free dirty granules of one arena (`all`, down to `keep` in total, or only the old ones), and the
    /// arena itself if nothing in it is in use.
    fn purge_arena(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena, all: bool, keep: usize) {
        let mut from = 0;
        while let Some((first, count)) = next_purgeable(arena, from, all) {
            from = first + count;
            if all && keep != 0 && self.dirty <= keep {
                return;
            }
            let Some(start) = NonNull::new(arena.granule(first)) else { return };
            if tools.os.purge(start, count * GRANULE) {
                arena.dirty.remove(first, count);
                arena.old.remove(first, count);
                self.dirty -= count;
            } else {
                self.refused = true;
            }
        }
        if arena.is_idle() && arena.dirty.next_run(0).is_none() && !self.growing.is(arena) {
            self.release(tools, arena);
        }
    }

    /// Unmaps an arena of which nothing is in use and nothing dirty. What the OS refuses to unmap stays a free run.
    fn release(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena) {
        let mut from = 0;
        while let Some((first, count)) = arena.mapped.next_run(from) {
            from = first + count;
            let (start, bytes) =
                if arena.reserved.get() { (arena.base.get(), ARENA) } else { (arena.granule(first), count * GRANULE) };
            if NonNull::new(start).is_some_and(|start| tools.os.unmap(start, bytes)) {
                self.unlink(arena, first, count);
                arena.mapped.remove(first, count);
                self.mapped -= count;
            }
        }
        if arena.mapped.next_run(0).is_none() {
            self.retire_header(tools, arena);
        }
    }

    /// Takes an arena without granules out of the map, and keeps its header.
    fn retire_header(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena) {
        tools.map.set(arena.base.get().addr(), None);
        self.forget(arena);
        self.keep_header(arena);
    }

    /// Gives back the address space of all free runs and of what is reserved but not prepared, when nothing else is left
    /// to be had: a limit on it may stand in the way of metadata or of other sizes. Returns whether any went.
    pub(crate) fn give_up(&mut self, tools: &Tools<'_, impl Os>) -> bool {
        let mut gave = false;
        for arena in self.arenas() {
            let ready = arena.ready();
            if arena.reserved.get()
                && let Some(edge) = NonNull::new(arena.granule(ready))
                && (ready == GRANULES || tools.os.unmap(edge, (GRANULES - ready) * GRANULE))
            {
                gave |= ready < GRANULES;
                // From now on an arena of pieces.
                arena.reserved.set(false);
                arena.set_ready(GRANULES);
                if self.growing.is(arena) {
                    self.growing.set(None);
                }
            }
            if !arena.reserved.get() {
                gave |= self.unmap_free_runs(tools, arena);
            }
        }
        gave
    }

    /// Unmaps the free runs of an arena of pieces; whether there were any.
    fn unmap_free_runs(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena) -> bool {
        let before = self.mapped;
        let mut from = 0;
        while let Some((first, count)) = arena.free.next_run(from) {
            from = first + count;
            if NonNull::new(arena.granule(first)).is_some_and(|start| tools.os.unmap(start, count * GRANULE)) {
                self.unlink(arena, first, count);
                self.dirty -= arena.dirty.count(first, count);
                arena.dirty.remove(first, count);
                arena.old.remove(first, count);
                arena.mapped.remove(first, count);
                self.mapped -= count;
            }
        }
        if arena.mapped.next_run(0).is_none() {
            self.retire_header(tools, arena);
        }
        self.mapped < before
    }

    /// Takes an arena out of the list.
    fn forget(&mut self, arena: &'static Arena) {
        if self.arenas.is(arena) {
            self.arenas.set(arena.next.get());
            return;
        }
        if let Some(before) = self.arenas().find(|before| before.next.is(arena)) {
            before.next.set(arena.next.get());
        }
    }

    /// Arenas by address. The one just yielded may be released meanwhile.
    pub(crate) fn arenas(&self) -> impl Iterator<Item = &'static Arena> + use<> {
        let mut next = self.arenas.get();
        core::iter::from_fn(move || {
            let arena = next?;
            next = arena.next.get();
            Some(arena)
        })
    }

    /// The first run in use at or behind `address`.
    pub(crate) fn next_in_use(&self, address: usize) -> Option<&'static Zone> {
        for arena in self.arenas() {
            let base = arena.base.get().addr();
            if base + (ARENA - 1) < address {
                continue;
            }
            let from = address.saturating_sub(base).div_ceil(GRANULE);
            let starts = (from..GRANULES).filter_map(|g| {
                let zone = arena.covering(g)?;
                (zone.address() == arena.granule(g).addr()).then_some(zone)
            });
            let found = starts.into_iter().find(|zone| matches!(zone.role(), Role::Blocks | Role::Large));
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

/// The next granules at or behind `from` that can be purged: free and dirty, and old unless `all`.
fn next_purgeable(arena: &Arena, from: usize, all: bool) -> Option<(usize, usize)> {
    if arena.dirty.words().zip(arena.free.words()).all(|(dirty, free)| dirty & free == 0) {
        return None;
    }
    let wanted = |g: usize| arena.dirty.has(g) && arena.free.has(g) && (all || arena.old.has(g));
    let first = (from..GRANULES).find(|&g| wanted(g))?;
    Some((first, (first..GRANULES).take_while(|&g| wanted(g)).count()))
}

#[cfg(test)]
mod tests;
