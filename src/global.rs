//! The allocator for Rust programs, without taking over C's names.

#![expect(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{self, NonNull};

use crate::heap::{self, Call};
use crate::report;
use crate::size_class::MIN_ALIGN;

/// A Rust program's global allocator:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: ft_malloc::FtMalloc = ft_malloc::FtMalloc;
/// # fn main() { assert_eq!(vec![1; 1000].len(), 1000); }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct FtMalloc;

// SAFETY: blocks are as large and aligned as the layout asks, and stay until they are freed.
unsafe impl GlobalAlloc for FtMalloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= MIN_ALIGN {
            heap::alloc_or(layout.size(), || heap::alloc_slow(layout.size()))
        } else {
            heap::alloc_aligned(layout.align(), layout.size())
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, _layout: Layout) {
        heap::free(block, Call::Free);
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= MIN_ALIGN {
            return heap::alloc_zeroed(layout.size());
        }
        // SAFETY: our caller's promise.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block has this size.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= MIN_ALIGN {
            let Some(start) = NonNull::new(block) else { return ptr::null_mut() };
            return heap::realloc(start, size).ok().flatten().map_or(ptr::null_mut(), NonNull::as_ptr);
        }
        let new = heap::alloc_aligned(layout.align(), size);
        if !new.is_null() {
            // SAFETY: both blocks hold that many bytes and do not overlap.
            unsafe { ptr::copy_nonoverlapping(block, new, layout.size().min(size)) };
            heap::free(block, Call::Free);
        }
        new
    }
}

/// Lists every live block on standard output; see the C function of this name.
pub fn show_alloc_mem() {
    report::show(crate::text::STDOUT);
}

/// Gives back all memory that is free now; whether there was any.
pub fn trim() -> bool {
    heap::trim(0)
}
