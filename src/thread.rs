//! The thread's slot: one pointer of thread-local storage that leads to the thread's cache.
//!
//! Before its first slow path a thread has [`NONE`], a cache without blocks, so the hit path needs no test whether the
//! thread is known. After its end it has [`ENDED`], which is the same but remembered.
//!
//! The slot itself is in `tls`.

#![expect(unsafe_code, reason = "the slot holds an address")]

use crate::cache::Cache;
use crate::tls;

/// The cache of threads that have none yet: no block in any window, owner of nothing. Never written.
pub(crate) static NONE: Cache = Cache::new();

/// The cache of threads whose cache was given back at their end. Never written.
pub(crate) static ENDED: Cache = Cache::new();

/// The thread's cache, or one of the stand-ins.
#[inline(always)]
pub(crate) fn cache() -> &'static Cache {
    let cache: *const Cache = tls::slot().cast();
    // SAFETY: the slot holds `NONE`, or what `set_cache` was given.
    unsafe { &*cache }
}

/// Makes `cache` the calling thread's.
pub(crate) fn set_cache(cache: &'static Cache) {
    tls::set_slot(core::ptr::from_ref(cache).cast());
}

/// The cache that the calling thread owns, be there a front before it or not; `None` if it owns none.
pub(crate) fn own() -> Option<&'static Cache> {
    let cache = cache();
    let is_stand_in = core::ptr::eq(cache, &raw const NONE) || core::ptr::eq(cache, &raw const ENDED);
    if is_stand_in { None } else { Some(cache.behind.get().unwrap_or(cache)) }
}

/// Whether `cache`, the thread's own, is what the hit paths see: there is no front before it.
pub(crate) fn is_direct(own: &'static Cache) -> bool {
    core::ptr::eq(cache(), own)
}

/// Whether the thread's cache was given back at its end.
pub(crate) fn has_ended() -> bool {
    core::ptr::eq(cache(), &raw const ENDED)
}
