//! The page heap: free runs of granules, best fit, neighbours merge, idle pages go back to the OS.
//!
//! Owns every granule that no zone and no LARGE block uses. A free run is described by the descriptors of its first
//! and its last granule (boundary tags) and hangs in a bin by its length. Bitmaps of the arena tell the rest: `free`,
//! `dirty` (resident since the OS cleared it), `blank` (resident, but nobody has had it), `old` (free and dirty at the
//! last tick), `cleared` (who gave it back had cleared it).
//!
//! Huge pages: once a heap is large, runs that will be filled to the last page (zones of small blocks) come from arenas
//! of their own, where the first run of each two free, clean MiB brings in all of them as one page. Other runs stay
//! away from these: pages that they never touch must not become resident.
//!
//! Memory goes back (`MADV_DONTNEED`) when a granule stayed free for one to two times the purge delay, or when free
//! dirty memory passes `max(32 MiB, 1/8 of what is in use)`; wholly free arenas are unmapped then. There is no clock
//! of our own: the check runs when runs are taken or given.
//!
//! LARGE runs end with guards, and zones have walls before them now and then, where the OS knows such (`guards`).
//!
//! One mutex around all of it, held by the caller (`&mut self`).

mod cleared;
mod guards;
mod lent;
mod purge;
mod resize;
mod take;

use crate::allowance::Allowance;
use crate::arena::{ARENA, AddressMap, Arena, GRANULES};
use crate::bins::Bins;
use crate::grow::MOST_SPACES;
use crate::list::List;
use crate::meta::Meta;
use crate::os::Os;
use crate::ptr::low16;
use crate::size_class::GRANULE;
use crate::sync::{Link, Mutex};
use crate::zone::{Role, Zone};

pub(crate) use guards::usable;

/// Granules of a huge page: 2 MiB.
pub(crate) const HUGE: usize = (2 << 20) / GRANULE;

/// Free dirty granules that are always allowed: 32 MiB.
const ALLOWED_DIRTY: usize = (32 << 20) / GRANULE;

/// Granules that the OS refuses to purge after which there is no use in trying others before the next tick: the program
/// has locked all its memory.
const MOST_REFUSALS: usize = 16;

/// A run that was taken: move-only, to become a zone or a LARGE block.
pub(crate) struct Run {
    /// Its descriptor.
    pub(crate) zone: &'static Zone,
    /// Whether it reads as zero.
    pub(crate) clean: bool,
    /// Granules of it that may be resident.
    pub(crate) dirty: usize,
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

/// What the arenas with, or those without huge pages have.
pub(crate) struct Side {
    /// Free runs by length.
    bins: Bins,
    /// The arena that still has granules to prepare.
    pub(crate) growing: Link<Arena>,
}

impl Side {
    /// No arenas.
    const fn new() -> Self {
        Self { bins: Bins::new(), growing: Link::none() }
    }
}

/// Free runs and arenas.
pub(crate) struct PageHeap {
    /// Arenas whose pages come one by one.
    plain: Side,
    /// Arenas of huge pages.
    huge: Side,
    /// Whether there may be such.
    pub(crate) huge_pages: bool,
    /// Huge pages with a space behind them (`grow`).
    pub(crate) spaces: usize,
    /// The most of them.
    pub(crate) most_spaces: usize,
    /// All arenas, by address.
    pub(crate) arenas: Link<Arena>,
    /// Headers of arenas that were unmapped.
    pub(crate) spare: Link<Arena>,
    /// Granules that exist.
    pub(crate) mapped: usize,
    /// The most that existed.
    pub(crate) peak_mapped: usize,
    /// Granules in use.
    pub(crate) in_use: usize,
    /// Those of them that are walls before zones.
    pub(crate) zone_walls: usize,
    /// Granules in use by runs that were taken as dense.
    dense: usize,
    /// Granules that are free and may be resident.
    pub(crate) dirty: usize,
    /// Granules that may be resident though nobody may ever use them (`lent`).
    lent: usize,
    /// Runs in use without a zone, whose memory could not be made accessible again.
    pub(crate) protected: List,
    /// The same of runs for any use (`heap::secure`).
    pub(crate) closed: List,
    /// Milliseconds between two ticks.
    pub(crate) purge_delay: u64,
    /// Most free dirty granules whatever is in use.
    pub(crate) allowed_dirty: usize,
    /// When the last tick was.
    last_tick: u64,
    /// How many guards runs get.
    allowance: Allowance,
    /// Granules that the OS refused to purge since the last tick (locked pages).
    refusals: usize,
}

impl PageHeap {
    /// A heap without arenas.
    pub(crate) const fn new() -> Self {
        Self {
            plain: Side::new(),
            huge: Side::new(),
            huge_pages: true,
            spaces: 0,
            most_spaces: MOST_SPACES,
            arenas: Link::none(),
            spare: Link::none(),
            mapped: 0,
            peak_mapped: 0,
            in_use: 0,
            zone_walls: 0,
            dense: 0,
            dirty: 0,
            lent: 0,
            protected: List::new(),
            closed: List::new(),
            purge_delay: 1000,
            allowed_dirty: ALLOWED_DIRTY,
            last_tick: 0,
            allowance: Allowance::new(),
            refusals: 0,
        }
    }

    /// The side of arenas with (`huge`) or without huge pages.
    pub(crate) fn side(&mut self, huge: bool) -> &mut Side {
        if huge { &mut self.huge } else { &mut self.plain }
    }

    /// Whether `arena` still has granules to prepare.
    fn is_growing(&self, arena: &'static Arena) -> bool {
        self.plain.growing.is(arena) || self.huge.growing.is(arena)
    }

    /// Gives a run back, of which the first `touched` bytes may be dirty. Its descriptor must be done with.
    pub(crate) fn give(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, touched: usize) {
        self.give_as(tools, zone, touched, false);
    }

    /// Gives a run back, `cleared` or not.
    fn give_as(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, touched: usize, cleared: bool) {
        let granules = usize::from(zone.granules.get());
        let Some((arena, first)) = Self::locate(tools, zone) else { return };
        let walls = usize::from(guards::has_wall(arena, first));
        if cleared {
            arena.cleared.insert(first, granules);
        } else {
            arena.cleared.remove(first, granules);
        }
        self.settle(zone);
        // Merged with the run before it, it starts nothing any more.
        zone.set_role(Role::None);
        arena.set_table(first, granules, false);
        arena.dirty.insert(first, touched.div_ceil(GRANULE).min(granules));
        self.dirty += arena.dirty.count(first - walls, granules + walls);
        self.in_use -= granules + walls;
        self.zone_walls -= walls;
        self.dense -= if zone.dense.get() { granules } else { 0 };
        self.link_merged(arena, first - walls, granules + walls);
        self.tick(tools);
        if self.dirty > self.bound() && self.refusals < MOST_REFUSALS {
            self.purge(tools, self.bound() / 2);
        }
    }

    /// The arena and the granule where a run starts.
    fn locate(tools: &Tools<'_, impl Os>, zone: &Zone) -> Option<(&'static Arena, usize)> {
        let address = zone.address();
        Some((tools.map.arena(address)?, Arena::granule_of(address)))
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
        self.side(arena.huge.get()).bins.push(head, granules);
    }

    /// Takes a free run out of its bin.
    fn unlink(&mut self, arena: &'static Arena, first: usize, granules: usize) {
        let Some(head) = arena.zone(first) else { return };
        self.side(arena.huge.get()).bins.remove(head, granules);
        head.set_role(Role::None);
        arena.free.remove(first, granules);
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
    pub(crate) fn bound(&self) -> usize {
        self.allowed_dirty.max(self.in_use / 8)
    }

    /// Granules that may be free and dirty besides those that are.
    pub(crate) fn dirty_room(&self) -> usize {
        self.bound().saturating_sub(self.dirty)
    }

    /// Arenas by address. The one just yielded may be released meanwhile.
    pub(crate) fn arenas(&self) -> impl Iterator<Item = &'static Arena> + use<> {
        arenas_from(self.arenas.get())
    }

    /// The first run in use at or behind `address`. Looks at no arena before that address if it lies in one, as it does
    /// when all runs are walked through.
    pub(crate) fn next_in_use(&self, map: &AddressMap, address: usize) -> Option<&'static Zone> {
        for arena in arenas_from(map.arena(address).or_else(|| self.arenas.get())) {
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

/// `arena` and those behind it, by address. The one just yielded may be released meanwhile.
fn arenas_from(arena: Option<&'static Arena>) -> impl Iterator<Item = &'static Arena> {
    let mut next = arena;
    core::iter::from_fn(move || {
        let arena = next?;
        next = arena.next.get();
        Some(arena)
    })
}

#[cfg(test)]
mod tests;
