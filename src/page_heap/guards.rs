//! Guards: the last page of a granule now and then, or all of one, a *wall*, so that an overrun meets one, mostly within
//! a MiB.
//!
//! | run | guard |
//! |---|---|
//! | LARGE, of 512 KiB or more | always, at its end: in the last page, or where the block leaves none a wall, one granule more |
//! | LARGE, shorter, when it is new | the same if the next run of its length would end more than a MiB behind the last guard |
//! | zone | a wall before it, by the same rule, but in the first MiB of the heap: small programs have none |
//! | any in an arena of huge pages | none: it would make small pages of one (`grow`: spaces) |
//!
//! A guard needs no mapping of its own (`Os::guard`). It stays when its run is freed, for the next run there, and goes when
//! a run is taken in which it would be in the way. How many come is bounded (`allowance`): a run may always have none.
//!
//! A zone's wall is no part of its run, for a look-up must not find the zone there: what it makes of an address that is more
//! than a block before the first one is not always "no block". It is nobody's, counts as in use, and goes back with the run.
//!
//! Invariants: `guards ⊆ mapped`; of a run in use only the last granule can have one, and only a LARGE run's; `zone_walls`
//! counts the granules that are mapped, and neither free nor of a run: each is a wall, and lies before a run.

use core::ptr::NonNull;

use super::take::{Wall, Wish};
use super::{PageHeap, Run, Tools};
use crate::arena::Arena;
use crate::os::Os;
use crate::size_class::GRANULE;
use crate::zone::Zone;

/// Granules from one guard to the next, at most.
const APART: usize = (1 << 20) / GRANULE;

/// Bytes of a long block.
const LONG: usize = 512 << 10;

impl PageHeap {
    /// A run for a LARGE block of `bytes`, whose first granule is a multiple of `align` granules; `None` as in `take`.
    pub(crate) fn take_block(&mut self, tools: &Tools<'_, impl Os>, bytes: usize, align: usize) -> Option<Run> {
        let (least, granules) = granules_for(tools.os, bytes);
        let leaves_none = least * GRANULE - bytes < tools.os.page();
        let wall = if granules == least && leaves_none { Wall::Behind } else { Wall::None };
        let wish = |granules| Wish { granules, bytes: bytes.max(1), wall, align, dense: false };
        let run = self.take_as(tools, &wish(granules));
        let run = if run.is_none() && granules > least { self.take_as(tools, &wish(least)) } else { run }?;
        if let Some((arena, first)) = Self::locate(tools, run.zone) {
            let end = first + usize::from(run.zone.granules.get());
            self.set_guard(tools, arena, end - 1, run.zone.bytes() - bytes.max(1));
        }
        Some(run)
    }

    /// Lets the run of a LARGE block hold `bytes` where it is, by granules behind it or by giving its last ones back, and
    /// a guard where it then ends. `false` if it cannot.
    pub(crate) fn resize_block(&mut self, tools: &Tools<'_, impl Os>, zone: &'static Zone, bytes: usize) -> bool {
        self.allowance.pass(tools.os.now());
        let (least, granules) = granules_for(tools.os, bytes);
        let old = usize::from(zone.granules.get());
        if granules < old {
            self.shrink(tools, zone, granules);
        }
        let is_long = granules <= old || self.extend(tools, zone, granules);
        if !is_long && least > old && !self.extend(tools, zone, least) {
            return false;
        }
        let Some((arena, first)) = Self::locate(tools, zone) else { return false };
        let granules = usize::from(zone.granules.get());
        // It may have used more of them than it will when it is freed.
        arena.dirty.insert(first, granules);
        self.set_guard(tools, arena, first + granules - 1, zone.bytes() - bytes)
    }

    /// Lets a guard be at the end of a run, which is granule `last`, in the last `left` bytes that its block leaves of it.
    /// `false` if one is in its way.
    fn set_guard(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena, last: usize, left: usize) -> bool {
        let is_wall = left >= GRANULE;
        if arena.guards.has(last) {
            if is_in_way(tools.os, arena, last, left) {
                if !remove(tools, arena, last, 1) {
                    return false;
                }
            } else if arena.walls.has(last) == is_wall {
                return true;
            }
        }
        let granules = arena.covering(last).map_or(0, |zone| usize::from(zone.granules.get()));
        if left >= tools.os.page() && is_wanted(arena, last, granules) && self.affords(tools) && self.allowance.spend()
        {
            install(tools.os, arena, last, is_wall);
        }
        true
    }

    /// Whether a run for `wish` from `start` has a wall, which takes a granule more: the first one, or the one behind those of
    /// the wish. All of them are free. A wall that is there stays; else one comes where it is wanted.
    pub(super) fn set_wall(
        &mut self,
        tools: &Tools<'_, impl Os>,
        arena: &'static Arena,
        start: usize,
        wish: &Wish,
    ) -> bool {
        let granules = wish.granules;
        let (place, length) = match wish.wall {
            Wall::None => return false,
            // An overrun begins behind a block.
            Wall::Before => (start, granules - 1),
            Wall::Behind => (start + granules, granules + 1),
        };
        debug_assert!(arena.free.has(place), "one more than the run needs is free");
        // The guards within the run go.
        let is_wanted = || {
            let is_first = wish.wall == Wall::Before && place + length <= APART && self.arenas.is(arena);
            arena.guards.count(start, granules) > 0 || !is_first && is_wanted(arena, place, length)
        };
        if !arena.walls.has(place)
            && !arena.huge.get()
            && is_wanted()
            && self.affords(tools)
            && self.allowance.spend()
            && install(tools.os, arena, place, true)
        {
            // Nothing of it is resident.
            self.dirty -= arena.dirty.count(place, 1);
            arena.dirty.remove(place, 1);
            arena.old.remove(place, 1);
        }
        arena.walls.has(place)
    }

    /// Whether it is worth while to look for a granule more than a run needs, for a wall.
    pub(super) fn may_have_wall(&self, tools: &Tools<'_, impl Os>, wish: &Wish) -> bool {
        // A small program does not even ask the OS.
        wish.wall != Wall::None && self.mapped >= APART && tools.os.knows_guards()
    }

    /// Whether a guard may come now, and the OS knows such.
    fn affords(&mut self, tools: &Tools<'_, impl Os>) -> bool {
        if self.dirty == 0 && !self.allowance.affords() {
            // Else the last tick has seen the time.
            self.allowance.pass(tools.os.now());
        }
        self.allowance.affords() && tools.os.knows_guards()
    }
}

/// Whether granule `place` shall be or have a guard: if the one of the next run of so many `granules` would be more than a
/// MiB behind the guard before.
fn is_wanted(arena: &'static Arena, place: usize, granules: usize) -> bool {
    let near = APART.saturating_sub(granules).min(place);
    !arena.huge.get() && arena.guards.first_of(place - near, near).is_none()
}

/// Granules for a LARGE block of `bytes`: at least, and if its run shall end with a guard.
fn granules_for(os: &impl Os, bytes: usize) -> (usize, usize) {
    let least = bytes.max(1).div_ceil(GRANULE);
    let is_long = bytes >= LONG && os.knows_guards();
    (least, if is_long { (bytes + os.page()).div_ceil(GRANULE) } else { least })
}

/// Whether the granule before a run in use is its wall: nobody's, and not free.
pub(super) fn has_wall(arena: &'static Arena, first: usize) -> bool {
    first.checked_sub(1).is_some_and(|g| arena.walls.has(g) && !arena.free.has(g) && arena.covering(g).is_none())
}

/// Removes the guards that are in the way of a run: all but one behind the bytes that it will use. `false` if one stays.
pub(super) fn clear(tools: &Tools<'_, impl Os>, arena: &'static Arena, first: usize, wish: &Wish) -> bool {
    let left = wish.granules * GRANULE - wish.bytes;
    let stays = left > 0 && !is_in_way(tools.os, arena, first + wish.granules - 1, left);
    remove(tools, arena, first, wish.granules - usize::from(stays))
}

/// Removes the guards of `count` granules; `false` if one stays.
#[inline]
pub(super) fn remove(tools: &Tools<'_, impl Os>, arena: &'static Arena, first: usize, count: usize) -> bool {
    arena.guards.first_of(first, count).is_none_or(|guard| remove_some(tools, arena, guard, first + count))
}

/// The same for those from granule `guard`, which has one, to `end`.
#[cold]
fn remove_some(tools: &Tools<'_, impl Os>, arena: &'static Arena, mut guard: usize, end: usize) -> bool {
    loop {
        let (start, bytes) = place(tools.os, arena, guard, arena.walls.has(guard));
        if !start.is_some_and(|start| tools.os.unguard(start, bytes)) {
            return false;
        }
        arena.forget_guards(guard, 1);
        match arena.guards.first_of(guard, end - guard) {
            Some(next) => guard = next,
            None => return true,
        }
    }
}

/// Whether a guard of granule `last` would be in the way of a block that leaves the last `left` bytes.
fn is_in_way(os: &impl Os, arena: &Arena, last: usize, left: usize) -> bool {
    left < if arena.walls.has(last) { GRANULE } else { os.page() }
}

/// Lets all of granule `last` be a guard, or its last page; whether the OS does.
fn install(os: &impl Os, arena: &Arena, last: usize, is_wall: bool) -> bool {
    let (start, bytes) = place(os, arena, last, is_wall);
    let Some(start) = start else { return false };
    let is_done = os.guard(start, bytes);
    // A refused wall may have come half of the way, to pages that the program has locked and freed. What cannot be taken back
    // counts as a wall, but has what was in it.
    if is_done || is_wall && !os.unguard(start, bytes) {
        arena.guards.insert(last, 1);
        arena.walls.insert(last, usize::from(is_wall));
    } else if is_wall {
        arena.forget_guards(last, 1);
    }
    is_done
}

/// Where the guard of granule `g` is, and its bytes.
fn place(os: &impl Os, arena: &Arena, g: usize, is_wall: bool) -> (Option<NonNull<u8>>, usize) {
    let bytes = if is_wall { GRANULE } else { os.page() };
    (NonNull::new(arena.granule(g + 1).wrapping_sub(bytes)), bytes)
}

/// Bytes that the program may use of a LARGE run: the last page belongs to the guard if the block leaves it, whether
/// there is one or not, so that sizes are the same everywhere.
pub(crate) fn usable(page: usize, zone: &Zone) -> usize {
    let (bytes, requested) = (zone.bytes(), zone.requested.get());
    let room = if bytes.saturating_sub(requested) >= page { bytes - page } else { bytes };
    room.min(requested.max(1).next_multiple_of(GRANULE))
}
