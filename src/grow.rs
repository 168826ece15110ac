//! How the page heap gets granules from the OS: arenas reserved side by side and prepared piece by piece, or single
//! pieces where address space is short.
//!
//! Arenas follow each other where the OS lets them, and are prepared from the front, so that the kernel keeps the
//! whole heap as one mapping (two with the reserve) whatever its size.
//!
//! Of the first huge pages each has a *space* behind it, as long as itself, whose first and last page are guards
//! (`Os::guard`), so that an overrun ends within 2 MiB there: a guard within a huge page would make small ones of it. For
//! the page heap spaces do not exist; to the kernel they are memory that might be written to, which counts where it
//! promises no more than it has, and marks that a fork copies. So there are so many at most.

use core::ptr::NonNull;

use crate::arena::{ARENA, AddressMap, Arena, GRANULES};
use crate::os::Os;
use crate::page_heap::{HUGE, PageHeap, Tools};
use crate::ptr::forward;
use crate::size_class::GRANULE;

/// Granules prepared at a time, at least and at most: 512 KiB, so that a small program stays below the size of a huge
/// page, to 16 MiB.
const PREPARE: (usize, usize) = (8, 256);

/// Granules of the smallest piece mapped where a whole arena cannot be reserved: 1 MiB.
const PIECE: usize = 16;

/// Most spaces: 64 MiB.
pub(crate) const MOST_SPACES: usize = 32;

/// Bytes between the library, which lies high in the address space, and the first arena: room to grow upwards.
const DISTANCE: usize = 1 << 40;

impl PageHeap {
    /// Makes a free run of at least `granules`, in an arena with (`huge`) or without huge pages; `None` when the OS gives
    /// no more.
    pub(crate) fn grow(&mut self, tools: &Tools<'_, impl Os>, granules: usize, huge: bool) -> Option<()> {
        if granules > GRANULES {
            return None;
        }
        if let Some(arena) = self.side(huge).growing.get() {
            if granules_missing(arena, granules) <= GRANULES - arena.ready() {
                return self.prepare(tools, arena, granules);
            }
            self.finish(tools, arena);
        }
        match self.reserve(tools, huge) {
            Some(arena) => {
                self.side(huge).growing.set(Some(arena));
                self.prepare(tools, arena, granules)
            }
            None if huge => None,
            None => self.map_piece(tools, granules),
        }
    }

    /// Prepares enough of an arena for a run of `granules` at its frontier.
    fn prepare(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena, granules: usize) -> Option<()> {
        let ready = arena.ready();
        let least = granules_missing(arena, granules);
        let step = (self.in_use / 4).clamp(PREPARE.0, PREPARE.1).max(least);
        if arena.huge.get() && least <= HUGE {
            (0..step.div_ceil(HUGE)).take_while(|_| self.prepare_spaced(tools, arena)).for_each(drop);
            if arena.ready() > ready {
                return Some(());
            }
        }
        // Whole huge pages, where there are any.
        let end = if arena.huge.get() { (ready + step).next_multiple_of(HUGE) } else { ready + step };
        let step = end.min(GRANULES) - ready;
        let edge = NonNull::new(arena.granule(ready))?;
        let count = [step, least].into_iter().find(|&count| tools.os.prepare(edge, count * GRANULE))?;
        self.add(arena, ready, count);
        Some(())
    }

    /// Prepares a huge page and the space behind it; `false` if there is none, and where the OS refuses.
    fn prepare_spaced(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena) -> bool {
        let ready = arena.ready();
        let places = (NonNull::new(arena.granule(ready)), NonNull::new(arena.granule(ready + HUGE)));
        let (Some(page), Some(space)) = places else { return false };
        let may = self.spaces < self.most_spaces && ready.is_multiple_of(HUGE) && ready + 2 * HUGE <= GRANULES;
        if !may || !tools.os.knows_guards() || !tools.os.prepare(page, 2 * HUGE * GRANULE) {
            return false;
        }
        let bytes = tools.os.page();
        let ends = [space, forward(space, HUGE * GRANULE - bytes)];
        // What is neither guarded nor free of guards is a space, too.
        let is_space =
            ends.iter().all(|&end| tools.os.guard(end, bytes)) || !ends.iter().all(|&end| tools.os.unguard(end, bytes));
        self.add(arena, ready, if is_space { HUGE } else { 2 * HUGE });
        if is_space {
            self.spaces += 1;
            self.pass(arena, ready + 2 * HUGE);
        }
        is_space
    }

    /// Prepares the granules up to `end` if only free ones lie between `from` and what is not prepared.
    pub(crate) fn extend_frontier(
        &mut self,
        tools: &Tools<'_, impl Os>,
        arena: &'static Arena,
        from: usize,
        end: usize,
    ) {
        let ready = arena.ready();
        let is_free = arena.free.count(from, ready.saturating_sub(from)) == ready.saturating_sub(from);
        if self.side(arena.huge.get()).growing.is(arena) && end <= GRANULES && from <= ready && is_free {
            self.prepare(tools, arena, end - from);
        }
    }

    /// Enters new granules of `arena` as free and clean.
    fn add(&mut self, arena: &'static Arena, first: usize, count: usize) {
        arena.mapped.insert(first, count);
        arena.dirty.remove(first, count);
        arena.old.remove(first, count);
        self.mapped += count;
        self.peak_mapped = self.peak_mapped.max(self.mapped);
        self.pass(arena, first + count);
        self.link_merged(arena, first, count);
    }

    /// Notes that an arena is prepared up to granule `ready`.
    fn pass(&mut self, arena: &'static Arena, ready: usize) {
        arena.set_ready(ready);
        let side = self.side(arena.huge.get());
        if ready == GRANULES && side.growing.is(arena) {
            side.growing.set(None);
        }
    }

    /// Prepares the rest of an arena that is too small for a request, for smaller ones.
    fn finish(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena) {
        let ready = arena.ready();
        if let Some(edge) = NonNull::new(arena.granule(ready))
            && tools.os.prepare(edge, (GRANULES - ready) * GRANULE)
        {
            self.add(arena, ready, GRANULES - ready);
        }
        self.side(arena.huge.get()).growing.set(None);
    }

    /// Reserves an arena, behind the last one if the OS likes.
    fn reserve(&mut self, tools: &Tools<'_, impl Os>, huge: bool) -> Option<&'static Arena> {
        let header = self.header(tools)?;
        let Some(start) = self.reserve_slot(tools) else {
            self.keep_header(header);
            return None;
        };
        header.reserved.set(true);
        header.huge.set(huge);
        header.set_ready(0);
        if self.enter(tools, header, start.as_ptr()) {
            return Some(header);
        }
        tools.os.unmap(start, ARENA);
        self.keep_header(header);
        None
    }

    /// Seals the part of the address map where arenas are not expected. For the start: does nothing once there are any.
    pub(crate) fn seal_map(&self, tools: &Tools<'_, impl Os>) {
        if self.arenas().next().is_none() {
            let hint = first_place(tools).addr();
            tools.map.seal(tools.os, if hint == 0 { usize::MAX } else { hint });
        }
    }

    /// Reserves the address space of an arena.
    fn reserve_slot(&self, tools: &Tools<'_, impl Os>) -> Option<NonNull<u8>> {
        let hint = match self.arenas().last() {
            Some(last) => last.base.get().wrapping_add(ARENA),
            None => first_place(tools),
        };
        let start = tools.os.reserve(hint, ARENA)?;
        if start.addr().get().is_multiple_of(ARENA) && AddressMap::covers(start.addr().get()) {
            return Some(start);
        }
        tools.os.unmap(start, ARENA);
        let start = tools.os.reserve(core::ptr::null_mut(), 2 * ARENA)?;
        let head = start.addr().get().next_multiple_of(ARENA) - start.addr().get();
        let aligned = forward(start, head);
        if head > 0 {
            tools.os.unmap(start, head);
        }
        tools.os.unmap(forward(aligned, ARENA), ARENA - head);
        if AddressMap::covers(aligned.addr().get()) {
            return Some(aligned);
        }
        tools.os.unmap(aligned, ARENA);
        None
    }

    /// Maps a piece with a run of at least `granules` in one slot, and enters it into the arenas of the one or two slots
    /// it lies in.
    fn map_piece(&mut self, tools: &Tools<'_, impl Os>, granules: usize) -> Option<()> {
        let wish = (self.in_use / 4).clamp(PIECE, PREPARE.1).max(granules);
        // Of the last size one of two slots gets enough, wherever the border is.
        let counts = [wish, granules, 2 * granules - 1];
        let (start, here, there) = counts.into_iter().find_map(|count| Self::map_aligned(tools, granules, count))?;
        let entered = here == 0 || self.enter_piece(tools, start, here);
        let behind = forward(start, here * GRANULE);
        let entered = entered & (there == 0 || self.enter_piece(tools, behind, there));
        entered.then_some(())
    }

    /// Maps `count` granules: their start, and how many lie in its slot and in the next. `None` if there is no memory or
    /// neither slot has a run of `granules`.
    fn map_aligned(tools: &Tools<'_, impl Os>, granules: usize, count: usize) -> Option<(NonNull<u8>, usize, usize)> {
        let slack = GRANULE - tools.os.page();
        let start = tools.os.map(count * GRANULE + slack)?;
        let head = start.addr().get().next_multiple_of(GRANULE) - start.addr().get();
        let aligned = forward(start, head);
        if head > 0 {
            tools.os.unmap(start, head);
        }
        if head < slack {
            tools.os.unmap(forward(aligned, count * GRANULE), slack - head);
        }
        let here = count.min(GRANULES - Arena::granule_of(aligned.addr().get()));
        let there = (count - here).min(GRANULES);
        if here >= granules || there >= granules {
            // What reaches into a third slot is too much.
            let (kept, rest) = (here + there, count - here - there);
            if rest > 0 {
                tools.os.unmap(forward(aligned, kept * GRANULE), rest * GRANULE);
            }
            return Some((aligned, here, there));
        }
        tools.os.unmap(aligned, count * GRANULE);
        None
    }

    /// Enters granules that lie in one slot; gives them back to the OS if there is no header for the slot.
    fn enter_piece(&mut self, tools: &Tools<'_, impl Os>, start: NonNull<u8>, count: usize) -> bool {
        let address = start.addr().get();
        let first = Arena::granule_of(address);
        let arena = tools.map.arena(address).or_else(|| {
            let header = self.header(tools).filter(|_| AddressMap::covers(address))?;
            header.reserved.set(false);
            header.huge.set(false);
            if self.enter(tools, header, start.as_ptr().wrapping_sub(first * GRANULE)) {
                return Some(header);
            }
            self.keep_header(header);
            None
        });
        let Some(arena) = arena else {
            tools.os.unmap(start, count * GRANULE);
            return false;
        };
        self.add(arena, first, count);
        true
    }

    /// A header without granules.
    fn header(&mut self, tools: &Tools<'_, impl Os>) -> Option<&'static Arena> {
        if let Some(spare) = self.spare.get() {
            self.spare.set(spare.next.get());
            return Some(spare);
        }
        let memory = tools.meta.lock().take(tools.os, size_of::<Arena>())?;
        Some(Arena::over(memory))
    }

    /// Keeps a header without granules for later.
    pub(crate) fn keep_header(&mut self, arena: &'static Arena) {
        arena.next.set(self.spare.get());
        self.spare.set(Some(arena));
    }

    /// Enters an arena into the address map and the list; `false` if the OS refuses the map's page.
    fn enter(&mut self, tools: &Tools<'_, impl Os>, arena: &'static Arena, base: *mut u8) -> bool {
        arena.base.set(base);
        if !tools.map.enter(tools.os, base.addr(), arena) {
            return false;
        }
        let before = self.arenas().take_while(|before| before.base.get() < base).last();
        let place = before.map_or(&self.arenas, |before| &before.next);
        arena.next.set(place.get());
        place.set(Some(arena));
        true
    }
}

/// Where the first arena should lie, with all others above it; null to leave that to the OS.
fn first_place(tools: &Tools<'_, impl Os>) -> *mut u8 {
    tools.near.map_addr(|near| near.saturating_sub(DISTANCE) & !(ARENA - 1))
}

/// Granules to prepare so that a free run of `granules` ends at the frontier.
fn granules_missing(arena: &'static Arena, granules: usize) -> usize {
    let ready = arena.ready();
    let last = ready.checked_sub(1).filter(|&last| arena.free.has(last));
    let there = last.and_then(|last| arena.zone(last)).map_or(0, |run| usize::from(run.granules.get()));
    granules.saturating_sub(there).max(1)
}
