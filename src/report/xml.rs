//! `malloc_info`: the heap as XML, in glibc's vocabulary (`malloc version="1"`, `heap`, `sizes`, `total`, `system`,
//! `aspace`).
//!
//! One `heap` element: the arenas are shared by all threads. `size` elements are free blocks by class, as glibc's are
//! free chunks by size; `total type="fast"` counts free blocks in zones, `type="rest"` free runs, `type="mmap"` LARGE
//! blocks with a mapping of their own.

use core::ffi::c_void;

use crate::heap;
use crate::text::Text;

/// Writes the XML to a C stream; nothing where the heap cannot be read now.
pub(crate) fn info(stream: *mut c_void) {
    let Some(totals) = heap::totals() else { return };
    let mut text = Text::<256>::to_stream(stream);
    text.text("<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n");
    let (mut free_blocks, mut free_bytes) = (0, 0);
    for (index, class) in heap::classes().filter(|(_, class)| class.free > 0) {
        let block = heap::block_of(index);
        let from = if index == 0 || block == 0 { 0 } else { heap::block_of(index - 1) + 1 };
        text.text("  <size from=\"").number(from).text("\" to=\"").number(block);
        text.text("\" total=\"").number(class.free * block).text("\" count=\"").number(class.free).text("\"/>\n");
        free_blocks += class.free;
        free_bytes += class.free * block;
    }
    text.text("</sizes>\n");
    for round in 0..2 {
        total(&mut text, "fast", free_blocks, free_bytes);
        total(&mut text, "rest", usize::from(totals.free_runs > 0), totals.free_runs);
        if round == 1 {
            total(&mut text, "mmap", totals.mappings.0, totals.mappings.1);
        }
        size_of_kind(&mut text, "system", "current", totals.mapped);
        size_of_kind(&mut text, "system", "max", totals.peak_mapped);
        size_of_kind(&mut text, "aspace", "total", totals.mapped);
        size_of_kind(&mut text, "aspace", "mprotect", totals.mapped);
        text.text(if round == 0 { "</heap>\n" } else { "</malloc>\n" });
    }
}

/// A `total` element.
fn total<const N: usize>(text: &mut Text<N>, kind: &str, count: usize, bytes: usize) {
    text.text("<total type=\"").text(kind).text("\" count=\"").number(count);
    text.text("\" size=\"").number(bytes).text("\"/>\n");
}

/// A `system` or `aspace` element.
fn size_of_kind<const N: usize>(text: &mut Text<N>, element: &str, kind: &str, bytes: usize) {
    text.text("<").text(element).text(" type=\"").text(kind).text("\" size=\"").number(bytes).text("\"/>\n");
}
