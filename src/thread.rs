//! The thread's slot: one pointer of thread-local storage that leads to the thread's cache.
//!
//! Before its first slow path a thread has [`NONE`], a cache without blocks, so the hit path needs no test whether the
//! thread is known; so it has after its end, which is remembered.
//!
//! The slot itself is in `tls`.

#![expect(unsafe_code, reason = "the slot holds an address")]

use crate::cache::Cache;
use crate::tls;

/// The cache of threads that have none yet, or none any more: no block in any window, owner of nothing. Never written.
pub(crate) static NONE: Cache = Cache::new();

/// The thread's cache, or [`NONE`].
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

/// Takes the thread's cache away, at its end.
pub(crate) fn end() {
    tls::set_ended(tls::ended().max(1));
    set_cache(&NONE);
}

/// The cache that the calling thread owns, be there a front before it or not; `None` if it owns none.
pub(crate) fn own() -> Option<&'static Cache> {
    let cache = cache();
    if core::ptr::eq(cache, &raw const NONE) { None } else { Some(cache.behind.get().unwrap_or(cache)) }
}

/// Whether `cache`, the thread's own, is what the hit paths see: there is no front before it.
pub(crate) fn is_direct(own: &'static Cache) -> bool {
    core::ptr::eq(cache(), own)
}

/// Whether the thread's cache was given back at its end.
pub(crate) fn has_ended() -> bool {
    tls::ended() != 0
}

/// Notes that nobody will take a cache back from this thread any more.
pub(crate) fn set_over() {
    tls::set_ended(2);
}

/// Whether nobody will.
pub(crate) fn is_over() -> bool {
    tls::ended() > 1
}
