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
//! LARGE runs end with guards, where the OS knows such (`guards`).
//!
//! One mutex around all of it, held by the caller (`&mut self`).

mod cleared;
mod guards;
mod lent;
mod purge;
mod resize;

use core::ptr::NonNull;

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

/// Dense granules in use from which huge pages are worth what they may waste: 8 MiB.
const HUGE_FROM: usize = (8 << 20) / GRANULE;

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

/// What run is wanted.
#[derive(Clone, Copy)]
struct Wish {
    /// Its length.
    granules: usize,
    /// So many of its bytes will be used; what lies behind them may be a guard.
    bytes: usize,
    /// Where it may have a granule more, as a guard.
    wall: Wall,
    /// Its first granule is a multiple of so many, a power of two.
    align: usize,
    /// Whether nearly every page of it will be used.
    dense: bool,
}

/// Where a run may have a wall.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wall {
    /// Nowhere.
    None,
    /// Before what is used of it.
    Before,
    /// Behind that.
    Behind,
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

    /// A run of `granules` whose first granule is a multiple of `align` granules (a power of two); `None` when memory
    /// ends or no arena could hold it. `dense` says that nearly every page of it will be used.
    pub(crate) fn take(
        &mut self,
        tools: &Tools<'_, impl Os>,
        granules: usize,
        align: usize,
        dense: bool,
    ) -> Option<Run> {
        let bytes = granules.saturating_mul(GRANULE);
        self.take_as(tools, &Wish { granules, bytes, wall: Wall::None, align, dense })
    }

    /// A run of `granules` for a zone. The granule before it may be a wall, which is nobody's and goes back with it.
    pub(crate) fn take_zone(&mut self, tools: &Tools<'_, impl Os>, granules: usize, dense: bool) -> Option<Run> {
        self.take_as(tools, &Wish { granules, bytes: granules * GRANULE, wall: Wall::Before, align: 1, dense })
    }

    /// The same.
    fn take_as(&mut self, tools: &Tools<'_, impl Os>, wish: &Wish) -> Option<Run> {
        let &Wish { granules, align, dense, wall, .. } = wish;
        let room = granules + align - 1;
        if granules == 0 || room > GRANULES {
            return None;
        }
        self.tick(tools);
        let free = self.find_or_grow(tools, room, wish)?;
        let (arena, first) = Self::locate(tools, free)?;
        if wall == Wall::Before && first + granules == arena.ready() && !self.prefers_huge(dense) {
            // Else there was no room for a wall.
            self.extend_frontier(tools, arena, first, first + granules + 1);
        }
        let length = usize::from(free.granules.get());
        let start = first.next_multiple_of(align);
        let more = usize::from(start + granules < first + length && self.set_wall(tools, arena, start, wish));
        let (before, behind) = if wall == Wall::Before { (more, 0) } else { (0, more) };
        if !guards::clear(tools, arena, start + before, wish) {
            return None;
        }
        if dense && arena.huge.get() && arena.reserved.get() {
            self.populate(tools, arena, start, granules);
        }
        let run = self.carve(arena, (first, length), (start, before), granules + behind)?;
        run.zone.dense.set(dense);
        self.dense += if dense { granules } else { 0 };
        Some(run)
    }

    /// Takes `granules` out of a free run, given by its first granule and its length: they begin behind so many granules
    /// (`1`) of wall from granule `0`.
    fn carve(
        &mut self,
        arena: &'static Arena,
        run: (usize, usize),
        (wall, walls): (usize, usize),
        granules: usize,
    ) -> Option<Run> {
        let (first, length) = run;
        let start = wall + walls;
        self.unlink(arena, first, length);
        self.link(arena, first, wall - first);
        self.link(arena, start + granules, first + length - start - granules);
        self.in_use += walls;
        self.use_granules(arena, start, granules)
    }

    /// A free run of at least `granules` for what is wanted, of new memory if there is none.
    fn find_or_grow(&mut self, tools: &Tools<'_, impl Os>, granules: usize, wish: &Wish) -> Option<&'static Zone> {
        let (dense, used) = (wish.dense, granules - (wish.granules - wish.bytes.div_ceil(GRANULE)));
        // Memory that is there before memory that has to come.
        let is_there = |run: &'static Zone| {
            let place = Self::locate(tools, run);
            place.is_some_and(|(arena, first)| {
                let wall = usize::from(wish.wall == Wall::Before && arena.walls.has(first));
                arena.dirty.count(first + wall, used) == used
            })
        };
        let plain = self.plain.bins.best_fit(granules, is_there);
        let huge = if dense { self.huge.bins.best_fit(granules, is_there) } else { None };
        let free = huge.filter(|&huge| is_there(huge) || !plain.is_some_and(is_there)).or(plain);
        if free.is_some() {
            return free;
        }
        if self.prefers_huge(dense) && self.grow(tools, granules, true).is_some() {
            return self.huge.bins.best_fit(granules, is_there);
        }
        // With room for a wall, if it comes in small steps.
        if wish.wall == Wall::None || self.grow(tools, granules + 1, false).is_none() {
            self.grow(tools, granules, false);
        }
        // Better than nothing; and a piece may lie in a slot where a huge arena was given up.
        self.plain.bins.best_fit(granules, is_there).or_else(|| self.huge.bins.best_fit(granules, is_there))
    }

    /// Whether new memory for a run, `dense` or not, should come as huge pages.
    fn prefers_huge(&self, dense: bool) -> bool {
        dense && self.huge_pages && self.dense >= HUGE_FROM
    }

    /// Brings in, as huge pages, those of a free run's pages that its `granules` from `first` begin to use.
    fn populate(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena, first: usize, granules: usize) {
        for page in (first / HUGE * HUGE..first + granules).step_by(HUGE) {
            let is_clean = arena.free.count(page, HUGE) == HUGE && arena.dirty.count(page, HUGE) == 0;
            let (Some(base), Some(start)) = (NonNull::new(arena.base.get()), NonNull::new(arena.granule(page))) else {
                return;
            };
            let ready = arena.ready() * GRANULE;
            if is_clean && tools.os.populate(base, ready, start, HUGE * GRANULE) {
                arena.dirty.insert(page, HUGE);
                arena.blank.insert(page, HUGE);
                self.dirty += HUGE;
            }
        }
    }

    /// Marks a run that is in no bin as in use.
    fn use_granules(&mut self, arena: &'static Arena, first: usize, granules: usize) -> Option<Run> {
        let zone = arena.zone(first)?;
        let dirty = arena.dirty.count(first, granules);
        let clean = dirty == arena.blank.count(first, granules);
        self.dirty -= dirty;
        self.allowance.earn((granules - dirty) * GRANULE);
        self.in_use += granules;
        arena.old.remove(first, granules);
        arena.blank.remove(first, granules);
        zone.set_role(Role::None);
        zone.start.set(arena.granule(first));
        zone.granules.set(low16(granules));
        arena.set_table(first, granules, true);
        Some(Run { zone, clean, dirty })
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
        self.dirty += arena.dirty.count(first, granules);
        self.in_use -= granules + walls;
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
