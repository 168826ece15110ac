//! `sample_guard`: of N allocations about one is served by `sampled`, and the rest of the heap knows it.
//!
//! Each allocation is chosen by itself, with probability 1/N; so of N faults some block is hit with 1 − (1 − 1/N)^N.
//! A bad access to the pool is a `SIGSEGV`: our handler says what the access was and whose block it hit, and then the
//! program's own one runs, or the program ends. A program that installs one later and does not pass on to ours hears
//! nothing.

use core::ptr::NonNull;

use super::misuse::{Call, Misuse, report};
use super::{Block, HEAP, careful, threads};
use crate::config::OnError;
use crate::os::{Unix, maps, signal};
use crate::random::below;
use crate::sampled::{Place, Rest, Slot, Stack};
use crate::size_class::Kind;
use crate::sync::RelaxedUsize;
use crate::text::{STDERR, Text};

/// Makes the pool and installs the handler. Without memory nothing is sampled.
pub(super) fn start() {
    if !HEAP.sampled.open(&Unix, &HEAP.meta) || !signal::on_fault(on_fault) {
        HEAP.config.sample_guard.set(0);
    }
}

/// A sampled block, if it is this allocation's turn and one can be had.
#[inline]
pub(super) fn alloc(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    let one_in = crate::ptr::size(HEAP.config.sample_guard.get());
    if one_in > 0 { alloc_one_in(one_in, bytes, align) } else { None }
}

/// The same where each allocation is chosen with a probability of 1/`one_in`.
#[cold]
#[inline(never)]
fn alloc_one_in(one_in: usize, bytes: usize, align: usize) -> Option<NonNull<u8>> {
    let random = &careful::cache()?.random;
    let slot = if below(random, one_in) == 0 { HEAP.sampled.take(&Unix, random, bytes, align) } else { None };
    // Who serves the request otherwise may need no cache, and not do so.
    threads::leave();
    NonNull::new(slot?.start())
}

/// Frees a sampled block.
pub(super) fn free(slot: &'static Slot, call: Call) {
    let (start, bytes) = (slot.start().addr(), slot.requested());
    match HEAP.sampled.give(&Unix, slot) {
        Some(Rest::Intact) => {}
        Some(rest) => {
            let behind = rest == Rest::Behind;
            report(call, start, Misuse::Overrun { bytes, behind, kind: Kind::of(bytes) });
        }
        None => report(call, start, Misuse::FreedSampled(bytes)),
    }
}

/// The live block that starts at `address`, which is in the pool, or what is wrong with it.
pub(super) fn find(place: Place, address: usize) -> Result<Block, Misuse> {
    let Place::Page(slot) = place else { return Err(Misuse::NoBlock) };
    let (start, bytes, live) = (slot.start().addr(), slot.requested(), slot.is_live());
    match address.checked_sub(start) {
        Some(0) if live => Ok(Block::Sampled(slot)),
        Some(0) if slot.is_known() => Err(Misuse::FreedSampled(bytes)),
        Some(inside) if slot.is_known() && inside < bytes => {
            Err(Misuse::Inside { start, bytes, kind: Kind::of(bytes), live })
        }
        _ => Err(Misuse::NoBlock),
    }
}

/// The bad access reported last, so that a handler that goes on does not fill the log.
static LAST: RelaxedUsize = RelaxedUsize::new(0);

/// Says what a bad access was, if it was one to the pool.
fn on_fault(address: usize) {
    let Some(place) = HEAP.sampled.place(&Unix, address) else { return };
    if HEAP.config.on_error() == OnError::Ignore || LAST.get() == address {
        return;
    }
    LAST.set(address);
    let Some(slot) = blamed(place, address) else { return };
    let (start, bytes) = (slot.start().addr(), slot.requested());
    let mut line = Text::<256>::to(STDERR);
    line.text("ft_malloc: SIGSEGV at ").address(address).text(": ");
    match address.checked_sub(start) {
        Some(inside) if inside < bytes => line.text("use after free, ").number(inside).text(" bytes into a freed "),
        Some(behind) => line.text("overflow, ").number(behind - bytes).text(" bytes behind a "),
        None => line.text("underflow, ").number(start - address).text(" bytes before a "),
    };
    let freed = if slot.is_live() || (start..start + bytes).contains(&address) { "" } else { "freed " };
    line.text(freed).number(bytes).text("-byte block at ").address(start).text(" (sampled)\n").flush();
    say_slot(slot);
}

/// Whose block a bad access hit: in a guard page the nearer one's, a live one's first.
fn blamed(place: Place, address: usize) -> Option<&'static Slot> {
    let (before, behind) = match place {
        Place::Page(slot) => return Some(slot).filter(|slot| slot.is_known()),
        Place::Guard(before, behind) => (before.filter(|slot| slot.is_known()), behind.filter(|slot| slot.is_known())),
    };
    let (Some(one), Some(other)) = (before, behind) else { return before.or(behind) };
    if one.is_live() != other.is_live() {
        return Some(if one.is_live() { one } else { other });
    }
    let beyond = address - (one.start().addr() + one.requested());
    Some(if beyond <= other.start().addr() - address { one } else { other })
}

/// Says who allocated and who freed the sampled block at `address`, if there is one.
pub(super) fn say_stacks(address: usize) {
    if let Some(Place::Page(slot)) = HEAP.sampled.place(&Unix, address)
        && slot.is_known()
    {
        say_slot(slot);
    }
}

/// Says who allocated and who freed a block.
fn say_slot(slot: &Slot) {
    say_stack("allocated by", &slot.allocated);
    say_stack("freed by", &slot.freed);
}

/// Prints a stack, if there is one, in one line: `file+offset` for each return address, as `addr2line` wants them.
fn say_stack(what: &str, stack: &Stack) {
    if stack.frames().next().is_none() {
        return;
    }
    let mut line = Text::<256>::to(STDERR);
    line.text("ft_malloc:   ").text(what);
    for address in stack.frames() {
        say_place(line.text(" "), address);
    }
    line.text("\n");
}

/// Prints where a return address lies. Reads the list of mappings for each: to keep what it says would take a KiB of stack.
fn say_place<const N: usize>(line: &mut Text<N>, address: usize) {
    let (mut base, mut hash, mut file) = (0, 0, 0);
    maps::files(|start, end, path| {
        let this = path.iter().fold(0, |hash: usize, &byte| hash.wrapping_mul(31) ^ usize::from(byte));
        if this != hash {
            (base, hash) = (start, this);
        }
        let is_here = (start..end).contains(&address);
        if is_here {
            file = base;
            line.bytes(path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()).text("+");
        }
        !is_here
    });
    line.address(address - file);
}
