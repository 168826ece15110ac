//! `M_PERTURB`: memory filled with a byte when it is allocated and when it is freed, to show programs that use what
//! they never wrote or what they freed.
//!
//! Costs nothing while it is off (`careful`): the front is there at once in the calling thread, and from their next slow
//! path on in others.

#![expect(unsafe_code, reason = "writes user memory")]

use super::{Block, HEAP, careful, threads};
use crate::size_class::SMALL_MAX;

/// Fills freed blocks with `byte` and allocated ones with its complement from now on; 0 ends it.
pub(crate) fn set_perturb(byte: u8) -> bool {
    HEAP.perturb.set(byte);
    careful::update();
    threads::current().is_some()
}

/// Fills a new block of `bytes`, if there is one; returns it.
pub(super) fn on_alloc(block: *mut u8, bytes: usize) -> *mut u8 {
    let byte = HEAP.perturb.get();
    if byte != 0 && !block.is_null() {
        // SAFETY: the block is new and has this size.
        unsafe { block.write_bytes(!byte, bytes) };
    }
    block
}

/// Fills a block that is about to be freed. Blocks with pages of their own only at the front: the rest goes to the OS.
pub(super) fn on_free(start: *mut u8, block: Block) {
    let byte = HEAP.perturb.get();
    if byte != 0 {
        let bytes = match block {
            Block::Zone(..) | Block::Sampled(_) => block.usable(),
            Block::Run(_) | Block::Mapping(_) => block.usable().min(SMALL_MAX),
        };
        // SAFETY: the block is live and at least as large.
        unsafe { start.write_bytes(byte, bytes) };
    }
}
