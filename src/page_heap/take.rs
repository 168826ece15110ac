//! How runs are chosen and taken: the shortest that is long enough, memory that is there before memory that has to come.

use core::ptr::NonNull;

use super::{HUGE, PageHeap, Run, Tools, guards};
use crate::arena::{Arena, GRANULES};
use crate::os::Os;
use crate::ptr::low16;
use crate::size_class::GRANULE;
use crate::zone::{Role, Zone};

/// Dense granules in use from which huge pages are worth what they may waste: 8 MiB.
pub(super) const HUGE_FROM: usize = (8 << 20) / GRANULE;

/// What run is wanted.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    /// Its length.
    pub(super) granules: usize,
    /// So many of its bytes will be used; what lies behind them may be a guard.
    pub(super) bytes: usize,
    /// Where it may have a granule more, as a guard.
    pub(super) wall: Wall,
    /// Its first granule is a multiple of so many, a power of two.
    pub(super) align: usize,
    /// Whether nearly every page of it will be used.
    pub(super) dense: bool,
}

/// Where a run may have a wall.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wall {
    /// Nowhere.
    None,
    /// Before what is used of it.
    Before,
    /// Behind that.
    Behind,
}

impl PageHeap {
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

    /// A run as it is wished, with a wall or without.
    pub(super) fn take_as(&mut self, tools: &Tools<'_, impl Os>, wish: &Wish) -> Option<Run> {
        let &Wish { granules, align, dense, wall, .. } = wish;
        let room = granules + align - 1;
        if granules == 0 || room > GRANULES {
            return None;
        }
        self.tick(tools);
        let free = self.find_or_grow(tools, room, wish)?;
        let (arena, first) = Self::locate(tools, free)?;
        let is_last = first + granules == arena.ready() && !arena.huge.get() && !self.prefers_huge(dense);
        if wall == Wall::Before && is_last && self.may_have_wall(tools, wish) {
            // Else there was no room for it.
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
        let run = self.carve(arena, (first, length), before, (start + before, granules + behind))?;
        run.zone.dense.set(dense);
        self.dense += if dense { granules } else { 0 };
        Some(run)
    }

    /// Takes a part out of a free run, and the `walls` granules before it, which are a wall or none. Both runs are given by
    /// their first granule and their length.
    pub(super) fn carve(
        &mut self,
        arena: &'static Arena,
        (first, length): (usize, usize),
        walls: usize,
        (start, granules): (usize, usize),
    ) -> Option<Run> {
        self.unlink(arena, first, length);
        self.link(arena, first, start - walls - first);
        self.link(arena, start + granules, first + length - start - granules);
        self.in_use += walls;
        self.zone_walls += walls;
        self.dirty -= arena.dirty.count(start - walls, walls);
        arena.old.remove(start - walls, walls);
        self.use_granules(arena, start, granules)
    }

    /// A free run of at least `granules` for what is wanted, of new memory if there is none.
    fn find_or_grow(&mut self, tools: &Tools<'_, impl Os>, granules: usize, wish: &Wish) -> Option<&'static Zone> {
        let (dense, used) = (wish.dense, granules - (wish.granules - wish.bytes.div_ceil(GRANULE)));
        // Memory that is there before memory that has to come.
        let is_there = |run: &'static Zone| {
            let place = Self::locate(tools, run);
            place.is_some_and(|(arena, first)| {
                let is_longer = usize::from(run.granules.get()) > granules;
                let wall = usize::from(wish.wall == Wall::Before && is_longer && arena.walls.has(first));
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
        if self.may_have_wall(tools, wish) {
            self.grow(tools, granules + 1, false);
        }
        let plain = self.plain.bins.best_fit(granules, is_there).or_else(|| {
            self.grow(tools, granules, false)?;
            self.plain.bins.best_fit(granules, is_there)
        });
        // Better than nothing; and a piece may lie in a slot where a huge arena was given up.
        plain.or_else(|| self.huge.bins.best_fit(granules, is_there))
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
}
