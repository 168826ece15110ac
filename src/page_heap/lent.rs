//! Runs for zones that may stay nearly empty.
//!
//! A thread's first zone of a class often holds a few blocks for as long as the thread lives. A run that is resident from
//! its last use stays so under them, for nobody: with a hundred threads of forty classes each that is more than what is
//! live. So such zones get resident granules only while those that they all have together, the *lent* ones, are below
//! a bound; above it memory that comes page by page. A zone that was filled is not lent any more, nor is one given back:
//! `lent = Σ zone.lent` over the zones in use.

use super::take::{Wall, Wish};
use super::{MOST_REFUSALS, PageHeap, Run, Tools, guards};
use crate::arena::Arena;
use crate::os::Os;
use crate::ptr::low16;
use crate::size_class::GRANULE;
use crate::zone::Zone;

/// Arenas with untouched memory, besides the one that is growing, that are looked through for enough of it.
const ARENAS: usize = 4;

impl PageHeap {
    /// A run for the first zone of a class in a thread, as `take_zone`.
    pub(crate) fn lend(&mut self, tools: &Tools<'_, impl Os>, granules: usize) -> Option<Run> {
        // Of a program that has locked its memory what is untouched is resident too.
        let may_be_resident = self.lent < self.allowed_lent() || self.refusals >= MOST_REFUSALS;
        let untouched = if may_be_resident { None } else { self.take_untouched(tools, granules) };
        let run = untouched.or_else(|| self.take_zone(tools, granules, false))?;
        run.zone.lent.set(low16(run.dirty));
        self.lent += run.dirty;
        Some(run)
    }

    /// Notes that a zone uses what was lent to it, or is given back.
    pub(crate) fn settle(&mut self, zone: &'static Zone) {
        self.lent -= usize::from(zone.lent.get());
        zone.lent.set(0);
    }

    /// Lent granules that are allowed: a quarter of what may be free and resident, 8 MiB.
    fn allowed_lent(&self) -> usize {
        self.allowed_dirty / 4
    }

    /// A run of memory that nobody has touched since the OS cleared it, new if there is none, as `take_zone`. `None` also when
    /// there is none with room for a wall.
    fn take_untouched(&mut self, tools: &Tools<'_, impl Os>, granules: usize) -> Option<Run> {
        self.tick(tools);
        let wish = Wish { granules, bytes: granules * GRANULE, wall: Wall::Before, align: 1, dense: false };
        let may_have_wall = self.may_have_wall(tools, &wish);
        let room = granules + usize::from(may_have_wall);
        let (arena, run, start) = self.find_untouched(room).or_else(|| {
            self.grow(tools, room, false)?;
            self.find_untouched(room)
        })?;
        let wall = usize::from(may_have_wall && self.set_wall(tools, arena, start, &wish));
        if !guards::clear(tools, arena, start + wall, &wish) {
            return None;
        }
        let run = self.carve(arena, run, wall, (start + wall, granules))?;
        run.zone.dense.set(false);
        Some(run)
    }

    /// The first free run in which `granules` are untouched: its arena, its first granule and its length, and the first
    /// one of these. Not among the bins' few shortest ones, for those are mostly what was freed a moment ago.
    fn find_untouched(&self, granules: usize) -> Option<(&'static Arena, (usize, usize), usize)> {
        let arenas = self.arenas().filter(|arena| !arena.huge.get() && has_untouched(arena)).take(ARENAS);
        arenas.chain(self.plain.growing.get()).find_map(|arena| {
            let mut from = 0;
            while let Some((first, length)) = arena.free.next_run(from) {
                if let Some(start) = untouched_part(arena, first, length, granules) {
                    return Some((arena, (first, length), start));
                }
                from = first + length;
            }
            None
        })
    }
}

/// Whether an arena has free granules that nobody has touched.
fn has_untouched(arena: &Arena) -> bool {
    arena.free.words().zip(arena.dirty.words()).any(|(free, dirty)| free & !dirty != 0)
}

/// The first of `granules` granules without a touched one in a free run of `length` from `first`.
fn untouched_part(arena: &Arena, first: usize, length: usize, granules: usize) -> Option<usize> {
    let mut at = first;
    while at + granules <= first + length {
        match arena.dirty.next_run(at) {
            Some((dirty, count)) if dirty < at + granules => at = dirty + count,
            _ => return Some(at),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::World;
    use super::*;
    use crate::allowance::Allowance;
    use crate::os::mock::{Kind, Mock};

    #[test]
    fn what_may_stay_empty_gets_resident_memory_up_to_a_bound() {
        let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
        let tools = world.tools();
        world.os.refuse(Kind::Guard, true);
        heap.allowed_dirty = 40;
        let runs = world.runs(&mut heap, 30, 1);
        for zone in runs {
            heap.give(&tools, zone, GRANULE);
        }
        assert_eq!(heap.dirty, 30);
        // A quarter of what may be free and dirty; the last one starts below the bound and ends above it.
        let zones: Vec<_> = (0..8).map(|_| heap.lend(&tools, 4).expect("memory").zone).collect();
        heap.check_invariants(world.map);
        assert_eq!((heap.lent, heap.dirty), (12, 18));
        // A zone that was filled makes room for others.
        heap.settle(zones[0]);
        assert_eq!(heap.lend(&tools, 4).expect("memory").dirty, 4);
        assert_eq!(heap.lend(&tools, 4).expect("memory").dirty, 0);
        heap.check_invariants(world.map);
        // One given back too, with all that was resident in it, whatever was used.
        let dirty = heap.dirty;
        heap.give(&tools, zones[1], 0);
        assert_eq!((heap.lent, heap.dirty), (8, dirty + 4));
        heap.check_invariants(world.map);
    }

    #[test]
    fn what_cannot_go_back_is_used_before_new_memory() {
        let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
        let tools = world.tools();
        heap.allowed_dirty = 40;
        world.os.refuse(Kind::Purge, true);
        let mut most = 0;
        for round in 0..20 {
            let zones: Vec<_> = (0..30).map(|_| heap.lend(&tools, 4).expect("memory").zone).collect();
            for zone in zones {
                heap.give(&tools, zone, 4 * GRANULE);
            }
            heap.purge(&tools, 0);
            most = if round < 5 { heap.mapped } else { most };
        }
        assert_eq!(heap.mapped, most, "no growth");
        heap.check_invariants(world.map);
    }

    #[test]
    fn without_new_memory_the_bound_is_nothing() {
        let (world, mut heap) = (World::new(Mock::unlimited()), PageHeap::new());
        let tools = world.tools();
        let runs = world.runs(&mut heap, 10, 4);
        world.os.refill(0);
        let rest: Vec<_> = core::iter::from_fn(|| heap.take(&tools, 1, 1, false)).map(|run| run.zone).collect();
        for zone in runs {
            heap.give(&tools, zone, 4 * GRANULE);
        }
        heap.allowed_dirty = 0;
        // So no walls, which would take some of it.
        heap.allowance = Allowance::new();
        assert!((0..10).all(|_| heap.lend(&tools, 4).is_some()) && heap.lend(&tools, 4).is_none());
        assert_eq!(heap.lent, 40);
        heap.check_invariants(world.map);
        drop(rest);
    }
}
