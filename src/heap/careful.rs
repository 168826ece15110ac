//! Modes in which every call is looked at: filled memory (`perturb`), sampled blocks (`sample`), the hardened heap
//! (`secure`).
//!
//! They cost nothing while they are off: where one is on, each thread puts a *front* before its cache, a cache without
//! blocks. So every `malloc` misses its window and every `free` its owner, and both come to the slow paths, which find the
//! cache behind the front.

use core::ptr::{self, NonNull};

use super::{Block, HEAP, perturb, sample, secure, slow, threads, zero};
use crate::cache::{Cache, Taken};
use crate::os;
use crate::random::mix;
use crate::size_class::MIN_ALIGN;
use crate::thread;

/// Lets the threads put fronts before their caches, or take them away, as the modes want it.
pub(super) fn update() {
    HEAP.careful.set(HEAP.perturb.get() != 0 || HEAP.config.sample_guard.get() != 0 || secure::is_on());
}

/// Turns on what the options want, once they are read.
pub(super) fn start() {
    if HEAP.config.sample_guard.get() != 0 || secure::is_on() {
        let seed = HEAP.config.seed.get();
        HEAP.seed.set(if seed == 0 { os::entropy() } else { seed });
    }
    if HEAP.config.sample_guard.get() != 0 {
        sample::start();
    }
    if secure::is_on() {
        secure::start();
    }
    update();
}

/// Lets the child of a fork make other choices than its parent.
pub(super) fn after_fork(own: Option<&Cache>) {
    if HEAP.seed.get() == 0 {
        return;
    }
    let chance = if HEAP.config.seed.get() == 0 { os::entropy() } else { 1 };
    HEAP.seed.set(mix(HEAP.seed.get() ^ chance));
    if let Some(own) = own {
        own.random.set(0);
    }
}

/// The calling thread's cache, with random numbers; `None` when memory is exhausted. In a mode that looks at every call.
#[inline]
pub(super) fn cache() -> Option<&'static Cache> {
    match thread::cache().behind.get() {
        Some(own) if own.keyed.get() && own.random.get() != 0 => Some(own),
        _ => seeded_cache(),
    }
}

/// The same for a thread whose cache lacks a front, a key or a seed.
#[cold]
#[inline(never)]
fn seeded_cache() -> Option<&'static Cache> {
    let cache = threads::current()?;
    if cache.random.get() == 0 {
        let mut seed = HEAP.seed.get();
        // Each thread starts from a number of its own.
        while let Err(now) = {
            use core::sync::atomic::Ordering::Relaxed;
            HEAP.seed.0.compare_exchange_weak(seed, mix(seed.wrapping_add(1)), Relaxed, Relaxed)
        } {
            seed = now;
        }
        cache.random.set(mix(seed) | 1);
    }
    Some(cache)
}

/// A block of at least `bytes`; null when memory is exhausted.
pub(super) fn alloc(bytes: usize) -> *mut u8 {
    match sample::alloc(bytes, MIN_ALIGN) {
        Some(block) => block.as_ptr(),
        None => perturb::on_alloc(any(bytes, true).0, bytes),
    }
}

/// A block of at least `bytes` for `calloc`, and whether it reads as zero.
pub(super) fn alloc_zeroed(bytes: usize) -> Taken {
    match sample::alloc(bytes, MIN_ALIGN) {
        Some(block) => (block.as_ptr(), false),
        None => any(bytes, false),
    }
}

/// A block that is not sampled, and whether it reads as zero. `reuse` says whether a freed mapping will do.
fn any(bytes: usize, reuse: bool) -> Taken {
    if bytes > 0 && secure::is_on() {
        let block = secure::alloc(bytes);
        return (block.map_or(ptr::null_mut(), NonNull::as_ptr), true);
    }
    slow::alloc_any(bytes, reuse)
}

/// A block of at least `bytes` at a multiple of `align`, which is more than the smallest alignment; null when memory is
/// exhausted.
pub(super) fn alloc_aligned(align: usize, bytes: usize) -> *mut u8 {
    let block = match sample::alloc(bytes, align) {
        Some(block) => return block.as_ptr(),
        None if secure::is_on() => {
            let zero = if bytes == 0 { zero::alloc_aligned(align) } else { None };
            zero.or_else(|| secure::alloc_aligned(bytes, align)).map_or(ptr::null_mut(), NonNull::as_ptr)
        }
        None => slow::alloc_aligned_any(align, bytes),
    };
    if block.is_null() { ptr::null_mut() } else { perturb::on_alloc(block, bytes) }
}

/// What happens to a block before it is freed.
pub(super) fn on_free(start: *mut u8, block: Block) {
    perturb::on_free(start, block);
}
