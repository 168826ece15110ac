//! Memory goes back to the OS: old runs, too much of it, idle arenas, and all there is when memory ends.

use core::ptr::NonNull;

use super::{HUGE, MOST_REFUSALS, PageHeap, Tools};
use crate::arena::{ARENA, Arena, GRANULES};
use crate::os::Os;
use crate::size_class::GRANULE;

impl PageHeap {
    /// Every purge delay: gives back what stayed free since the tick before.
    pub(super) fn tick(&mut self, tools: &Tools<'_, impl Os>) {
        if self.dirty == 0 {
            return;
        }
        let now = tools.os.now();
        self.allowance.pass(now);
        if now.wrapping_sub(self.last_tick) < self.purge_delay {
            return;
        }
        self.last_tick = now;
        self.refusals = 0;
        for arena in self.arenas() {
            self.purge_arena(tools, arena, false, 0);
            arena.old.assign_intersection(&arena.dirty, &arena.free);
        }
    }

    /// Gives free dirty memory back until at most `keep` granules of it are left. Returns whether any went.
    pub(crate) fn purge(&mut self, tools: &Tools<'_, impl Os>, keep: usize) -> bool {
        let before = (self.dirty, self.mapped);
        if self.refusals >= MOST_REFUSALS {
            // Asked for by the program.
            self.refusals = 0;
        }
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
            self.purge_run(tools, arena, first, count);
        }
        if arena.is_idle() && arena.dirty.next_run(0).is_none() && !self.is_growing(arena) {
            self.release(tools, arena);
        }
    }

    /// Gives back free dirty granules; where the OS refuses, all but those with locked pages.
    fn purge_run(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena, first: usize, count: usize) {
        if self.refusals >= MOST_REFUSALS {
            return;
        }
        if NonNull::new(arena.granule(first)).is_some_and(|start| tools.os.purge(start, count * GRANULE)) {
            arena.dirty.remove(first, count);
            arena.old.remove(first, count);
            arena.blank.remove(first, count);
            self.dirty -= count;
        } else if count == 1 {
            self.refusals += 1;
        } else {
            self.purge_run(tools, arena, first, count / 2);
            self.purge_run(tools, arena, first + count / 2, count - count / 2);
        }
    }

    /// Unmaps an arena of which nothing is in use and nothing dirty. What the OS refuses to unmap stays a free run.
    fn release(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena) {
        let unmap = |start, bytes| NonNull::new(start).is_some_and(|start| tools.os.unmap(start, bytes));
        let is_whole = arena.reserved.get();
        if is_whole {
            if !unmap(arena.base.get(), ARENA) {
                return;
            }
            self.spaces -= arena.spaces(HUGE).count();
        }
        let mut from = 0;
        while let Some((first, count)) = arena.mapped.next_run(from) {
            from = first + count;
            if is_whole || unmap(arena.granule(first), count * GRANULE) {
                self.unlink(arena, first, count);
                arena.forget_guards(first, count);
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
        tools.map.clear(arena.base.get().addr());
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
                for space in arena.spaces(HUGE) {
                    // Nobody knows of what stays.
                    gave |= NonNull::new(arena.granule(space)).is_some_and(|at| tools.os.unmap(at, HUGE * GRANULE));
                    self.spaces -= 1;
                }
                // From now on an arena of pieces.
                arena.reserved.set(false);
                arena.set_ready(GRANULES);
                if self.is_growing(arena) {
                    self.side(arena.huge.get()).growing.set(None);
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
                arena.blank.remove(first, count);
                arena.forget_guards(first, count);
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
