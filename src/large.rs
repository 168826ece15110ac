//! LARGE blocks with a mapping of their own: one `mmap`, one `munmap`, `mremap` in between.
//!
//! Owns a tree of mappings ordered by address (a treap), so that any pointer into one is recognised. Descriptors are
//! metadata. Freed mappings wait for a moment, as far as the bound allows: the next request takes such a one,
//! cut or moved to its length (`reuse`). The last page of a mapping is a guard, where the OS knows such (`guard`). Mappings that the OS refuses to unmap are stuck, without memory, and tried
//! again or used again: nothing is lost. Huge pages come where blocks are filled (`huge`). Under its own mutex, between
//! central and the page heap in the lock order.

mod filled;
mod guard;
mod huge;
mod kept;
mod reuse;
mod tree;

use core::cmp::Ordering;
use core::ptr::NonNull;

use filled::Filled;
use huge::LEAST;
use kept::Kept;

use crate::allowance::Allowance;
use crate::meta::Meta;
use crate::os::Os;
use crate::ptr::{forward, round_up};
use crate::sync::{Link, Mutex, RelaxedBool, RelaxedPtr, RelaxedU32, RelaxedU64, RelaxedUsize};

/// A mapping.
#[repr(C)]
pub(crate) struct Mapping {
    /// First byte.
    start: RelaxedPtr<u8>,
    /// Length in bytes, whole pages.
    bytes: RelaxedUsize,
    /// Bytes the program asked for.
    requested: RelaxedUsize,
    /// Position in the heap order: no child's is larger.
    priority: RelaxedU32,
    /// Mappings at lower addresses; in the lists, the next one.
    left: Link<Mapping>,
    /// Mappings at higher addresses.
    right: Link<Mapping>,
    /// Since when it has been kept without a block, in milliseconds.
    since: RelaxedU64,
    /// So many of its last bytes were fresh when its block got them and tell whether that fills its memory (`huge`).
    fresh: RelaxedUsize,
    /// Whether it comes in huge pages.
    huge: RelaxedBool,
    /// Bytes of the guard at its end: a page or none. It stays while the mapping is kept.
    guard: RelaxedUsize,
    /// Bytes to the block, which is not the whole mapping if there are any: guard pages lie around it.
    offset: RelaxedUsize,
}

impl Mapping {
    /// A descriptor over zeroed metadata memory that nobody else uses.
    #[expect(unsafe_code, reason = "metadata becomes typed")]
    fn over(memory: NonNull<u8>) -> &'static Self {
        // SAFETY: all fields are atomics, for which zero is valid; metadata is aligned and never unmapped.
        unsafe { memory.cast::<Self>().as_ref() }
    }

    /// First byte.
    pub(crate) fn start(&self) -> *mut u8 {
        self.start.get()
    }

    /// Address of the first byte.
    pub(crate) fn address(&self) -> usize {
        self.start.get().addr()
    }

    /// Length in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Bytes before the guard at its end, if there is one.
    fn room(&self) -> usize {
        self.bytes() - self.guard.get()
    }

    /// Bytes the program asked for.
    pub(crate) fn requested(&self) -> usize {
        self.requested.get()
    }

    /// Address of the block.
    pub(crate) fn block(&self) -> usize {
        self.address() + self.offset.get()
    }

    /// Whether guard pages lie around the block.
    pub(crate) fn is_guarded(&self) -> bool {
        self.offset.get() != 0
    }

    /// Bytes of the block that the program may use.
    pub(crate) fn usable(&self) -> usize {
        if self.is_guarded() || self.requested() == 0 { self.requested() } else { self.room() }
    }

    /// Lets the block start so many bytes into the mapping, and have so many.
    pub(crate) fn set_block(&self, offset: usize, requested: usize) {
        self.offset.set(offset);
        self.requested.set(requested);
    }

    /// Whether `address` is in the mapping.
    fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.address()) < self.bytes()
    }
}

/// Addresses of LARGE blocks freed lately that are remembered to name a double free.
const RECENT: usize = 64;

/// How freed mappings may wait for the next request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    /// For so many milliseconds.
    pub(crate) delay: u64,
    /// So many bytes of them, or an eighth of those in use.
    pub(crate) bytes: usize,
}

impl Stay {
    /// Not at all.
    pub(crate) const NONE: Self = Self { delay: 0, bytes: 0 };
}

/// All mappings.
pub(crate) struct Large {
    /// Root of the tree.
    root: Link<Mapping>,
    /// Descriptors without a mapping, linked through `left`.
    spare: Link<Mapping>,
    /// Mappings that could not be unmapped, linked through `left`.
    stuck: Link<Mapping>,
    /// Freed mappings.
    kept: Kept,
    /// Whether blocks may get huge pages.
    pub(crate) huge_pages: bool,
    /// Whether the program fills its blocks.
    filled: Filled,
    /// The mapping that got fresh memory last, if its block is live.
    young: Link<Mapping>,
    /// Whether mappings get guards at their ends.
    pub(crate) guards: bool,
    /// How many.
    allowance: Allowance,
    /// Mappings in the tree.
    pub(crate) count: usize,
    /// Their bytes.
    pub(crate) bytes: usize,
    /// Starts of blocks freed lately.
    recent: [usize; RECENT],
    /// Where the next one goes.
    next_recent: usize,
}

impl Large {
    /// No mappings.
    pub(crate) const fn new() -> Self {
        Self {
            root: Link::none(),
            spare: Link::none(),
            stuck: Link::none(),
            kept: Kept::new(),
            huge_pages: false,
            filled: Filled::new(),
            young: Link::none(),
            guards: false,
            allowance: Allowance::new(),
            count: 0,
            bytes: 0,
            recent: [0; RECENT],
            next_recent: 0,
        }
    }

    /// A zeroed block of `bytes` in a new mapping, aligned to `align` (a power of two).
    pub(crate) fn alloc(
        &mut self,
        os: &impl Os,
        meta: &'static Mutex<Meta>,
        bytes: usize,
        align: usize,
    ) -> Option<NonNull<u8>> {
        let length = round_up(bytes.max(1), os.page())?;
        let mapping = self.descriptor(os, meta)?;
        self.look_at_young(os, length);
        let huge = self.huge_pages && length >= LEAST && self.filled.grant(length);
        let guard = self.room_for_guard(os, if bytes > 0 { length } else { 0 });
        let huge = if huge { self.map_huge(os, meta, length, guard, align) } else { None };
        let plain = |large: &mut Self, total| Some((large.map(os, meta, total, align)?, total));
        let Some((start, total)) = huge.or_else(|| plain(self, length + guard)) else {
            self.keep_descriptor(mapping);
            return None;
        };
        mapping.start.set(start.as_ptr());
        mapping.bytes.set(total);
        mapping.requested.set(bytes);
        mapping.huge.set(huge.is_some());
        self.set_guard(os, mapping, length);
        self.set_fresh(mapping, length);
        self.insert(mapping);
        Some(start)
    }

    /// Fresh pages at a multiple of `align`.
    fn map(&mut self, os: &impl Os, meta: &'static Mutex<Meta>, length: usize, align: usize) -> Option<NonNull<u8>> {
        if align <= os.page() {
            return os.map(length).or_else(|| self.unstick(os, length));
        }
        // Reserve room for every alignment, keep the aligned part and only then ask for memory.
        let room = length.checked_add(align - os.page())?;
        let start = os.reserve(core::ptr::null_mut(), room)?;
        let head = start.addr().get().checked_next_multiple_of(align)? - start.addr().get();
        let aligned = forward(start, head);
        self.unmap(os, meta, start, head);
        self.unmap(os, meta, forward(aligned, length), room - head - length);
        if os.prepare(aligned, length) {
            return Some(aligned);
        }
        self.unmap(os, meta, aligned, length);
        None
    }

    /// Gives a mapping of the tree back to the OS, after its stay.
    pub(crate) fn free(&mut self, os: &impl Os, meta: &'static Mutex<Meta>, mapping: &'static Mapping, stay: Stay) {
        self.remove(mapping);
        self.look_last(os, mapping);
        self.free_detached(os, meta, mapping, mapping.block(), stay);
    }

    /// Takes a mapping with guards out of the tree, so that nobody else finds its block; `free_detached` follows.
    pub(crate) fn detach(&mut self, mapping: &'static Mapping) {
        self.remove(mapping);
        self.remember(mapping.block());
    }

    /// Gives a mapping that is in no tree back to the OS, after its stay; its block was at `block`.
    pub(crate) fn free_detached(
        &mut self,
        os: &impl Os,
        meta: &'static Mutex<Meta>,
        mapping: &'static Mapping,
        block: usize,
        stay: Stay,
    ) {
        self.remember(block);
        mapping.offset.set(0);
        self.retry(os);
        mapping.since.set(os.now());
        self.keep(os, mapping);
        self.expire(os, meta, stay);
    }

    /// Lets a mapping of the tree hold `bytes`, at the old or a new address; `None` leaves it as it was.
    pub(crate) fn resize(
        &mut self,
        os: &impl Os,
        meta: &'static Mutex<Meta>,
        mapping: &'static Mapping,
        bytes: usize,
    ) -> Option<NonNull<u8>> {
        let length = round_up(bytes.max(1), os.page())?;
        let (start, before) = (NonNull::new(mapping.start())?, mapping.room());
        self.look(os, mapping);
        self.remove(mapping);
        let done = match length.cmp(&before) {
            Ordering::Less => self.shrink(os, mapping, length),
            Ordering::Equal => true,
            Ordering::Greater => self.grow(os, meta, mapping, length, false),
        };
        let moved = NonNull::new(mapping.start()).filter(|_| done);
        if done {
            mapping.requested.set(bytes);
            self.set_guard(os, mapping, length);
            self.set_fresh(mapping, (mapping.fresh.get() + length).saturating_sub(before));
        }
        if moved.is_some_and(|moved| moved != start) {
            self.remember(start.addr().get());
        }
        self.insert(mapping);
        moved
    }

    /// Lets a mapping end at `length`, which is less than it has, or a guard behind it; `false` leaves it as it was.
    fn shrink(&self, os: &impl Os, mapping: &'static Mapping, length: usize) -> bool {
        let total = length + if self.guards { os.page() } else { 0 };
        if total >= mapping.bytes() {
            return true;
        }
        let shrunk = NonNull::new(mapping.start()).and_then(|start| os.remap(start, mapping.bytes(), total));
        if let Some(start) = shrunk {
            mapping.start.set(start.as_ptr());
            mapping.bytes.set(total);
            mapping.guard.set(0);
        }
        shrunk.is_some()
    }

    /// Notes the start of a freed LARGE block.
    pub(crate) fn remember(&mut self, address: usize) {
        if let Some(slot) = self.recent.get_mut(self.next_recent) {
            *slot = address;
        }
        self.next_recent = (self.next_recent + 1) % RECENT;
    }

    /// Whether a LARGE block that started at `address` was freed lately.
    pub(crate) fn was_freed(&self, address: usize) -> bool {
        self.recent.contains(&address)
    }

    /// A descriptor without a mapping.
    fn descriptor(&mut self, os: &impl Os, meta: &'static Mutex<Meta>) -> Option<&'static Mapping> {
        if let Some(spare) = self.spare.get() {
            self.spare.set(spare.left.get());
            spare.guard.set(0);
            return Some(spare);
        }
        meta.lock().take(os, size_of::<Mapping>()).map(Mapping::over)
    }

    /// Keeps a descriptor for the next mapping.
    fn keep_descriptor(&mut self, mapping: &'static Mapping) {
        mapping.left.set(self.spare.get());
        self.spare.set(Some(mapping));
    }

    /// Unmaps pages. What the OS refuses (splitting a mapping may need one more than it allows) gives its memory back
    /// and waits in `stuck`.
    fn unmap(&mut self, os: &impl Os, meta: &'static Mutex<Meta>, start: NonNull<u8>, bytes: usize) {
        if bytes == 0 || os.unmap(start, bytes) {
            return;
        }
        os.purge(start, bytes);
        if let Some(mapping) = self.descriptor(os, meta) {
            mapping.start.set(start.as_ptr());
            mapping.bytes.set(bytes);
            mapping.left.set(self.stuck.get());
            self.stuck.set(Some(mapping));
        }
    }

    /// Tries to unmap one of the stuck mappings again.
    fn retry(&mut self, os: &impl Os) {
        if let Some(mapping) = self.stuck.get()
            && NonNull::new(mapping.start()).is_some_and(|start| os.unmap(start, mapping.bytes()))
        {
            self.stuck.set(mapping.left.get());
            self.keep_descriptor(mapping);
        }
    }

    /// Cleared pages from a stuck mapping of exactly this length.
    #[expect(unsafe_code, reason = "clears pages")]
    fn unstick(&mut self, os: &impl Os, length: usize) -> Option<NonNull<u8>> {
        let mapping = self.stuck.get().filter(|mapping| mapping.bytes() == length)?;
        let start = NonNull::new(mapping.start()).filter(|&start| os.prepare(start, length))?;
        if !os.unguard(start, length) {
            return None;
        }
        self.stuck.set(mapping.left.get());
        self.keep_descriptor(mapping);
        // SAFETY: the pages are mapped, writable and ours; the OS may not have cleared them.
        unsafe { start.write_bytes(0, length) };
        Some(start)
    }
}

#[cfg(test)]
mod tests;
