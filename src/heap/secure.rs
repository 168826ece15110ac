//! `secure`: the heap for programs that others attack. Slower, and it takes more memory.
//!
//! | what | how |
//! |---|---|
//! | placement | a random block of a random window of several; other zones with room now and then; zones behind one or two guard granules |
//! | reuse | freed blocks wait in the thread's quarantine; LARGE ones as inaccessible mappings |
//! | reads | blocks are cleared when they are freed, so that all new memory reads as zero |
//! | writes after free | a block that is handed out again must still be zero |
//! | overflows | a canary behind each block, looked at by `free` and `realloc`; guard pages around LARGE ones |
//!
//! Only zones that are cut while the mode is on take part (`Zone::is_guarded`): blocks from before have no canary. Those
//! zones serve nobody any more.
//!
//! A block in quarantine has a state of its own: neither live nor free. In the child of a fork what other threads had in
//! quarantine stays there for ever.

#![expect(unsafe_code, reason = "reads, clears and fills user memory")]

mod runs;

use core::ptr::NonNull;

use super::misuse::{Call, Misuse, report};
use super::{Block, HEAP, MAX_REQUEST, careful, release, slow, threads};
use crate::cache::{Cache, Freed, free_index};
use crate::fold::prefetch;
use crate::large::{Mapping, Stay};
use crate::os::{self, Os, Unix};
use crate::ptr::{forward, low32, size64};
use crate::random::{mix, next};
use crate::remote::post;
use crate::secure::{CANARY, Quarantine, filling, is_intact, is_zero, seal};
use crate::size_class::{Class, FRESH, GRANULE, Kind, MIN_ALIGN, SMALL_MAX};
use crate::thread;
use crate::zone::Zone;

#[cfg(test)]
pub(super) use runs::guards;
pub(super) use runs::{give_run, reopen, take_run};

/// Last bytes that are looked at of a MEDIUM block that was never in use.
const TAIL: usize = 64;

/// Bytes of freed LARGE mappings that wait, without memory: they are in a list that is walked.
const MOST_WAITING: usize = 32 << 20;

/// Most LARGE blocks with guard pages at a time: each may cost two of the 65,530 mappings that Linux allows.
const MOST_LARGE: usize = 8_000;

/// Whether the mode is on.
pub(super) fn is_on() -> bool {
    HEAP.config.secure.get()
}

/// Turns the mode on, for all zones that are still to be cut.
pub(super) fn start() {
    HEAP.secret.set(os::entropy(), mix(os::entropy()));
    if let Some(cache) = thread::own() {
        cache.shelve();
    }
}

/// How freed LARGE mappings wait.
pub(super) fn stay() -> Stay {
    Stay { delay: HEAP.config.purge_delay.get(), bytes: MOST_WAITING }
}

/// A cleared block of `bytes`; `None` when memory is exhausted.
#[inline]
pub(super) fn alloc(bytes: usize) -> Option<NonNull<u8>> {
    // With the canary, too, the slack is less than what the class can record.
    match bytes.checked_add(CANARY).and_then(Class::of) {
        Some(class) => alloc_class(class, bytes),
        None => alloc_large(bytes, MIN_ALIGN),
    }
}

/// The same, aligned to `align`, a power of two.
pub(super) fn alloc_aligned(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    let class = bytes.checked_add(CANARY).and_then(|room| Class::aligned(room, align));
    match class.filter(|class| class.records(class.block() - bytes)) {
        Some(class) => alloc_class(class, bytes),
        None => alloc_large(bytes, align),
    }
}

/// A cleared block of `class`.
#[inline]
fn alloc_class(class: Class, bytes: usize) -> Option<NonNull<u8>> {
    let block = take(careful::cache()?, class, bytes);
    threads::leave();
    block
}

/// The same of the calling thread's cache.
#[inline]
fn take(cache: &'static Cache, class: Class, bytes: usize) -> Option<NonNull<u8>> {
    let chance = next(&cache.random);
    if chance.is_multiple_of(32) {
        wander(cache, class, size64(chance >> 32));
    }
    loop {
        if let Some((start, zone, state)) = cache.take_random(class, bytes, low32(size64(chance >> 8))) {
            if zone.is_guarded() {
                prepare(zone, start, bytes, state);
            } else {
                clear(start, bytes);
            }
            return Some(start);
        }
        if !slow::refill(cache, class) {
            return None;
        }
        wander(cache, class, size64(chance >> 40));
    }
}

/// Lets the class go on in another window, now and then of another zone.
#[cold]
#[inline(never)]
fn wander(cache: &'static Cache, class: Class, chance: usize) {
    if chance.is_multiple_of(4) && cache.shuffle(class, chance / 4 % 8) {
        slow::refill(cache, class);
    }
    cache.turn(class, chance / 32);
}

/// Makes a block that was just taken, and whose state byte was `state`, the program's.
#[inline]
fn prepare(zone: &'static Zone, start: NonNull<u8>, bytes: usize, state: u8) {
    let block = zone.block_bytes();
    if state == FRESH && zone.is_clean() && block > SMALL_MAX {
        // Without its pages, which the program may not need, but where an underflow of the next block would be.
        check_free(forward(start, block - TAIL), TAIL, block, Call::Malloc);
    } else {
        check_free(start, block, block, Call::Malloc);
    }
    // SAFETY: the class has room for the canary.
    unsafe { seal(&HEAP.secret, start, bytes) };
}

/// Looks whether `bytes` of a free block of `block` bytes are still zero, as they have to be.
#[inline]
fn check_free(place: NonNull<u8>, bytes: usize, block: usize, call: Call) {
    // SAFETY: the callers name memory of a block that is theirs, and blocks are multiples of 16.
    if !unsafe { is_zero(place, bytes) } {
        report_written(place, bytes, block, call);
    }
}

/// Clears them again, and says that they were not.
#[cold]
#[inline(never)]
fn report_written(place: NonNull<u8>, bytes: usize, block: usize, call: Call) {
    clear(place, bytes);
    report(call, place.addr().get(), Misuse::WrittenFree { bytes: block, kind: Kind::of(block) });
}

/// Clears so many bytes of a block of ours.
fn clear(start: NonNull<u8>, bytes: usize) {
    // SAFETY: the callers name memory of a block that is theirs.
    unsafe { start.write_bytes(0, bytes) };
}

/// Frees a live block of a guarded zone.
pub(super) fn free(zone: &'static Zone, index: usize, call: Call) {
    let Some(start) = NonNull::new(zone.block_at(index)) else { return };
    // What is looked at below, before the exchange, which nothing may overtake.
    prefetch(start.as_ptr());
    prefetch(start.as_ptr().wrapping_add(zone.block_bytes() - CANARY));
    prefetch(start.as_ptr().wrapping_sub(CANARY));
    // Before the canary is gone: of two threads one is too late.
    let Some(bytes) = zone.quarantine(index) else {
        return report(call, start.addr().get(), Misuse::Freed(zone.class()));
    };
    // A thread that has given its cache back gets none for this: libc frees things when nobody takes one back any more.
    let is_late = thread::has_ended() && thread::own().is_none();
    let (cache, block) = (if is_late { None } else { careful::cache() }, zone.block_bytes());
    let is_intact = check(start, bytes, block, call);
    if cache.is_some_and(|own| zone.owner.is(&own.owner)) {
        check_before(zone, index, start, call);
    }
    clear(start, if is_intact { bytes + CANARY } else { block });
    let Some((own, quarantine)) = cache.and_then(|own| Some((own, quarantine_of(own)?))) else {
        return release(cache, zone, index);
    };
    quarantine.push(&own.random, zone, index);
    while let Some((zone, index)) = quarantine.overdue() {
        release(cache, zone, index);
    }
}

/// Looks at what is behind the `bytes` of a live block of a guarded zone, the canary and zeros; whether it is intact.
#[inline]
fn check(start: NonNull<u8>, bytes: usize, block: usize, call: Call) -> bool {
    // SAFETY: the class has room for the canary.
    let is_intact = unsafe { is_intact(&HEAP.secret, start, bytes, block) };
    if !is_intact {
        report(call, start.addr().get(), Misuse::Overrun { bytes, behind: true, kind: Kind::of(bytes) });
    }
    is_intact
}

/// Looks at what is before a block of this thread's that is being freed, if that is a free block: then it is zero. A live
/// one may be another thread's to change.
#[inline]
fn check_before(zone: &'static Zone, index: usize, start: NonNull<u8>, call: Call) {
    let is_zeroed = match index.checked_sub(1) {
        Some(before) => zone.is_cleared(before),
        None => zone.offset(0) % GRANULE >= TAIL,
    };
    let tail = zone.block_bytes().min(TAIL);
    let Some(place) = NonNull::new(start.as_ptr().wrapping_sub(tail)).filter(|_| is_zeroed) else { return };
    check_free(place, tail, zone.block_bytes(), call);
}

/// The thread's quarantine; `None` when memory is exhausted.
#[inline]
fn quarantine_of(cache: &'static Cache) -> Option<&'static Quarantine> {
    cache.quarantine.get().or_else(|| {
        let new = HEAP.meta.lock().take(&Unix, size_of::<Quarantine>()).map(Quarantine::over);
        cache.quarantine.set(new);
        new
    })
}

/// Gives a block that was in quarantine back to its zone. `own` is the calling thread's cache.
#[inline]
fn release(own: Option<&'static Cache>, zone: &'static Zone, index: usize) {
    if own.is_some_and(|own| zone.owner.is(&own.owner)) {
        if free_index(zone, index) == Freed::Woke {
            release::wake(zone);
        }
    } else {
        if !threads::is_ready_for_remote(zone) {
            threads::prepare_remote(zone);
        }
        zone.release_remotely(index);
        post(zone);
    }
}

/// Empties the quarantine of a thread that ends.
pub(super) fn flush(cache: &'static Cache) {
    while let Some((zone, index)) = cache.quarantine.get().and_then(Quarantine::pop) {
        release(thread::own(), zone, index);
    }
}

/// Resizes a block of a guarded zone within its class, if it stays in that.
pub(super) fn resize(zone: &'static Zone, index: usize, bytes: usize) -> Result<bool, Misuse> {
    let freed = Misuse::Freed(zone.class());
    let (start, before) = NonNull::new(zone.block_at(index)).zip(zone.recorded(index)).ok_or(freed)?;
    if !check(start, before, zone.block_bytes(), Call::Realloc) {
        // Said once: whoever frees the block will look again.
        clear(forward(start, before), zone.block_bytes() - before);
        // SAFETY: the class has room for the canary.
        unsafe { seal(&HEAP.secret, start, before) };
    }
    let fits = bytes.checked_add(CANARY).and_then(Class::of) == Some(zone.class());
    if fits {
        if !zone.set_requested(index, bytes) {
            return Err(freed);
        }
        let kept = before.min(bytes);
        clear(forward(start, kept), before + CANARY - kept);
        // SAFETY: the class has room for the canary.
        unsafe { seal(&HEAP.secret, start, bytes) };
    }
    Ok(fits)
}

/// A cleared LARGE block, between guard pages as far as there may be more of them, at the end of its last page as far as the alignment allows.
fn alloc_large(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    let (page, align) = (Unix.page(), align.max(MIN_ALIGN));
    let front = align.max(page);
    if bytes > MAX_REQUEST || align > MAX_REQUEST {
        return None;
    }
    let room = bytes.max(1).checked_next_multiple_of(page)?;
    let total = room.checked_add(front)?.checked_add(page).filter(|&total| total <= MAX_REQUEST)?;
    let map = || {
        let mut large = HEAP.large.lock();
        if large.count >= MOST_LARGE {
            return None;
        }
        large.huge_pages = false;
        // It has its own.
        large.guards = false;
        let base = large.alloc(&Unix, &HEAP.meta, total, front)?;
        Some((base, large.find(base.addr().get())?))
    };
    let Some((base, mapping)) = map() else { return alloc_plain(bytes, align) };
    // Without them overflows are seen at `free` at least.
    Unix.protect(base, front);
    Unix.protect(forward(base, front + room), page);
    let start = forward(base, front + room - bytes.max(1).next_multiple_of(align.min(page)));
    // SAFETY: what the block leaves of its last page.
    unsafe { forward(start, bytes).write_bytes(filling(&HEAP.secret, start), rest_of(start, bytes)) };
    mapping.set_block(start.addr().get() - base.addr().get(), bytes);
    Some(start)
}

/// A cleared LARGE block without guards, when there are too many or the OS gives no more mappings.
fn alloc_plain(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    let (block, clean) = slow::alloc_large(bytes, align, false);
    let start = NonNull::new(block)?;
    if !clean {
        clear(start, Block::at(start).map_or(bytes, Block::usable));
    }
    Some(start)
}

/// Takes its contents from a LARGE block without guards that is being freed: the first `bytes` of its `room`, if the OS
/// does not clear that; whether it did.
pub(super) fn wipe(start: *mut u8, bytes: usize, room: usize) -> bool {
    let Some(start) = NonNull::new(start) else { return false };
    let is_purged = Unix.purge(start, room);
    if !is_purged {
        clear(start, bytes);
    }
    is_purged
}

/// Bytes from the end of a LARGE block to that of its last page.
fn rest_of(start: NonNull<u8>, bytes: usize) -> usize {
    let end = start.addr().get() + bytes;
    end.next_multiple_of(Unix.page()) - end
}

/// Frees a LARGE block between guard pages. Its memory goes back at once, and its addresses wait. Looked up again under the
/// mutex: of two frees one wins, and its mapping may serve another block by then.
pub(super) fn free_large(mapping: &'static Mapping, block: *mut u8, call: Call) {
    let address = block.addr();
    let gone = {
        let mut large = HEAP.large.lock();
        match large.find(address).filter(|found| core::ptr::eq(*found, mapping) && found.block() == address) {
            Some(_) => {
                large.detach(mapping);
                false
            }
            None => true,
        }
    };
    if gone {
        return report(call, address, Misuse::FreedLarge);
    }
    check_large(mapping, call);
    if let Some(base) = NonNull::new(mapping.start()) {
        Unix.purge(base, mapping.bytes());
        Unix.protect(base, mapping.bytes());
    }
    HEAP.large.lock().free_detached(&Unix, &HEAP.meta, mapping, address, stay());
    threads::let_fork_pass();
}

/// Looks at what a LARGE block leaves of its last page.
pub(super) fn check_large(mapping: &'static Mapping, call: Call) {
    let start = NonNull::new(mapping.start()).map(|base| forward(base, mapping.block() - mapping.address()));
    let Some(start) = start else { return };
    let bytes = mapping.requested();
    let fill = filling(&HEAP.secret, start);
    let end = forward(start, bytes);
    // SAFETY: the page is the block's, readable unless the program has protected it, which its `free` would suffer from.
    let is_whole = (0..rest_of(start, bytes)).all(|at| unsafe { forward(end, at).read_volatile() } == fill);
    if !is_whole {
        report(call, start.addr().get(), Misuse::Overrun { bytes, behind: true, kind: Kind::Large });
    }
}
