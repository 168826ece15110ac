//! What people get to see of their heap: `show_alloc_mem`, statistics, `malloc_info`.
//!
//! Reads the heap through [`heap::items`] and [`heap::totals`]; allocates nothing and holds no mutex while it writes.

mod xml;

use crate::heap::{self, Item, Totals};
use crate::text::Text;

pub(crate) use xml::info;

/// Blocks read at a time. With the text buffer about 1.5 KiB of stack.
const BATCH: usize = 16;

/// Instead of a report.
const NOT_NOW: &str = "ft_malloc: no report: this signal handler has interrupted the allocator\n";

/// Lists every live block on a file descriptor, by address.
pub(crate) fn show(descriptor: i32) {
    let mut text = Text::<1024>::to(descriptor);
    let (mut address, mut zone, mut total) = (0, None, 0_usize);
    loop {
        let mut items = [Item::NONE; BATCH];
        let Some((count, next)) = heap::items(address, &mut items) else {
            text.text(NOT_NOW);
            return;
        };
        for item in items.iter().take(count) {
            if zone.is_none_or(|(shown, _)| shown != item.zone) {
                zone = Some((item.zone, item.kind));
                text.text(item.kind.name()).text(" : ").upper_address(item.zone).text("\n");
            } else if zone.is_some_and(|(_, kind)| kind != item.kind) {
                // Since the last batch it has become one of another kind: what is in it is new.
                continue;
            }
            text.upper_address(item.start).text(" - ").upper_address(item.start + item.requested);
            text.text(" : ").number(item.requested).text(" bytes\n");
            total += item.requested;
        }
        address = next;
        if count == 0 {
            break;
        }
    }
    text.text("Total : ").number(total).text(" bytes\n");
}

/// The heap in a few figures, in bytes where it does not say otherwise.
#[derive(Default)]
pub(crate) struct Summary {
    /// Prepared bytes of arenas.
    pub(crate) arena: usize,
    /// Bytes of blocks in use in arenas.
    pub(crate) used: usize,
    /// The other bytes of arenas.
    pub(crate) free: usize,
    /// Number of free blocks and free runs' granules.
    pub(crate) free_blocks: usize,
    /// Number of LARGE blocks with a mapping of their own.
    pub(crate) mappings: usize,
    /// Their bytes.
    pub(crate) mapped: usize,
    /// Free bytes of runs that may be resident.
    pub(crate) resident_free: usize,
}

/// Adds up the heap; zeros where it cannot be read now.
pub(crate) fn summary() -> Summary {
    heap::totals().as_ref().map(summarise).unwrap_or_default()
}

/// Adds up `totals`.
fn summarise(totals: &Totals) -> Summary {
    let used = totals.zones.used + totals.runs.1;
    Summary {
        arena: totals.mapped + totals.sampled.1,
        used: used + totals.sampled.1,
        free: totals.mapped.saturating_sub(used),
        free_blocks: totals.zones.free,
        mappings: totals.mappings.0,
        mapped: totals.mappings.1,
        resident_free: totals.dirty + totals.kept,
    }
}

/// Prints statistics on a file descriptor.
pub(crate) fn stats(descriptor: i32) {
    let mut text = Text::<512>::to(descriptor);
    let Some(totals) = heap::totals() else {
        text.text(NOT_NOW);
        return;
    };
    let summary = summarise(&totals);
    text.text("ft_malloc ").text(env!("CARGO_PKG_VERSION")).text(" statistics, in bytes\n");
    figure(&mut text, "requested", totals.zones.requested + totals.large_requested + totals.sampled.1);
    figure(&mut text, "in use", summary.used + summary.mapped);
    figure(&mut text, "arenas", summary.arena);
    figure(&mut text, "free in zones", summary.free.saturating_sub(totals.free_runs));
    figure(&mut text, "free runs", totals.free_runs);
    figure(&mut text, "  maybe resident", totals.dirty);
    figure(&mut text, "own mappings", summary.mapped);
    figure(&mut text, "  waiting for reuse", totals.kept);
    figure(&mut text, "metadata", totals.metadata);
    if totals.sampled.0 > 0 {
        figure(&mut text, "sampled blocks (not bytes)", totals.sampled.0);
    }
    text.text("class      zones       live       free  requested\n");
    for (index, class) in heap::classes().filter(|(_, class)| class.zones > 0) {
        column(&mut text, heap::block_of(index), 5);
        column(&mut text, class.zones, 11);
        column(&mut text, class.live, 11);
        column(&mut text, class.free, 11);
        column(&mut text, class.requested, 11);
        text.text("\n");
    }
    text.text("LARGE");
    column(&mut text, totals.runs.0 + totals.mappings.0, 22);
    column(&mut text, totals.large_requested, 22);
    text.text("\n");
}

/// A line with a name and a number.
fn figure<const N: usize>(text: &mut Text<N>, name: &str, number: usize) {
    text.text(name);
    column(text, number, 32_usize.saturating_sub(name.len()));
    text.text("\n");
}

/// A number, right-aligned.
fn column<const N: usize>(text: &mut Text<N>, number: usize, width: usize) {
    let digits = crate::ptr::size(number.checked_ilog10().unwrap_or(0)) + 1;
    for _ in digits..width {
        text.text(" ");
    }
    text.number(number);
}
