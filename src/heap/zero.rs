//! Requests for 0 bytes: addresses that are nobody else's, whose memory can neither be read nor written.
//!
//! Up to the smallest alignment they are blocks of zones of [`Class::ZERO`](crate::size_class::Class::ZERO), whose runs
//! are protected when they are cut and made accessible again before they go back to the page heap. With larger alignments
//! they are mappings of a page. Metadata is elsewhere, so nothing else is different about them.
//!
//! Where the OS refuses to protect (each protected run may need two mappings more than the kernel allows), the caller
//! takes usable memory instead. A run that cannot be made accessible again stays in use, for the next zone of this class:
//! protected memory is never handed out as usable.

use core::ptr::{self, NonNull};

use super::{HEAP, secure, slow, tools};
use crate::cache::Taken;
use crate::os::{Os, Unix};
use crate::page_heap::Run;
use crate::size_class::{Class, GRANULE};
use crate::zone::{Role, Zone};

/// A protected run for a zone; `None` if there is no run, or none that the OS protects.
pub(super) fn take() -> Option<Run> {
    let granules = crate::ptr::size(Class::ZERO.layout().granules);
    let run = {
        let mut pages = HEAP.pages.lock();
        if let Some(zone) = pages.protected.pop() {
            return Some(Run { zone, clean: true, dirty: 0 });
        }
        pages.take(&tools(), granules, 1, false)?
    };
    let start = NonNull::new(run.zone.start.get())?;
    // Nobody will miss what the pages hold, and they would hold it until the program ends.
    let clean = run.clean || Unix.purge(start, granules * GRANULE);
    if Unix.protect(start, granules * GRANULE) {
        return Some(Run { clean, ..run });
    }
    // It may have come half of the way.
    give(run.zone);
    None
}

/// Takes the run of a zone that is done with back.
pub(super) fn give(zone: &'static Zone) {
    let accessible = NonNull::new(zone.start.get()).is_some_and(|start| Unix.prepare(start, zone.bytes()));
    let mut pages = HEAP.pages.lock();
    if accessible {
        pages.give(&tools(), zone, 0);
    } else {
        zone.set_role(Role::None);
        pages.protected.push(zone);
    }
}

/// An address that is a multiple of `align`, a power of two; `None` if there is no protected memory to be had.
pub(super) fn alloc_aligned(align: usize) -> Option<NonNull<u8>> {
    let mut large = HEAP.large.lock();
    let block = large.alloc(&Unix, &HEAP.meta, 0, align)?;
    if !Unix.protect(block, Unix.page())
        && let Some(mapping) = large.find(block.addr().get())
    {
        large.free(&Unix, &HEAP.meta, mapping, crate::large::Stay::NONE);
        return None;
    }
    Some(block)
}

/// A block for a request of 0 bytes where there is no protected memory to be had.
pub(super) fn alloc_usable() -> Taken {
    if secure::is_on() {
        return (secure::alloc(0).map_or(ptr::null_mut(), NonNull::as_ptr), true);
    }
    slow::alloc_class(Class::SMALLEST, 0)
}
