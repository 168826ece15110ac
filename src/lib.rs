//! `libft_malloc`: a malloc replacement with out-of-band metadata, thread caches and exact misuse checks.
//!
//! # Words
//! | word | meaning |
//! |---|---|
//! | block | what one `malloc` returns |
//! | zone | a run of granules cut into equal blocks of one size class, described elsewhere |
//! | size class | block size; spacing 16 bytes up to 128, then four per doubling up to 32 KiB |
//! | window | one word of a zone's bitmap, 64 blocks: what `malloc` hands out from |
//! | thread cache | a thread's own zones and windows; no lock, no atomic read-modify-write |
//! | central | zones without a thread |
//! | page heap | free runs of granules: best fit, neighbours merge, idle pages go back to the OS |
//! | granule | 64 KiB, the unit of the page heap and of address look-up |
//! | arena | a 64 MiB slot of address space, reserved, then prepared piece by piece |
//!
//! # Life of a malloc
//! [`ffi`]`::malloc` → `heap::alloc_or` → `Cache::take`: the size leads to the class's slot, the slot to a word of the
//! current zone's `free` bitmap; the lowest bit set is the block. Its state byte gets the slack (class size minus
//! requested size). 25 instructions. Only when the word is empty (`heap::slow`): the zone's next window; another zone
//! of the thread; a zone from central; a new zone from the page heap; a new arena from the OS. Requests above 32 KiB
//! are runs of granules, from 4 MiB on mappings of their own (`large`).
//!
//! # Life of a free
//! `heap::free`: the address leads to the arena, the arena's table to the zone's descriptor. If the zone is this
//! thread's: one multiplication gives the block's index and whether the address is its start; its bit tells whether it
//! is free already, and is set; the zone's countdown tells whether anybody has to look at the zone. 31 instructions, all
//! checks included. Other threads' blocks, and zones in which others have freed: `remote`. Everything that fits nothing:
//! `heap::misuse`.
//!
//! # What is where
//! User memory holds user data only. Descriptors, bitmaps and state bytes are metadata in mappings of their own
//! (`meta`), which are never unmapped: they are passed around as `&'static`, and their fields are relaxed cells.
//!
//! # Locks
//! Central, then LARGE, then page heap, then metadata: pthread mutexes, each around what it protects. The thread cache
//! takes none. Remote frees use none (`remote` has the protocol). `fork` holds all of them (`heap::threads`).
//! `docs/concurrency.md` has what crosses threads as state tables, and how it is checked.
//!
//! # Layers
//! Arrows point down only; `scripts/check-layers` holds the table.
//! ```text
//! ffi        C ABI: names, arguments, errno      global     Rust's GlobalAlloc      report   what people get to see
//! heap       the front door: which layer serves a request; all policy; the statics
//! thread     the thread's slot                   central    zones without a thread
//! cache      windows per size class; no lock     large      mappings of their own, mremap
//! page_heap  runs of granules, take, guards, purge, lent (bins: by length; grow: arenas from the OS)
//! zone       one zone: bitmaps, windows (list)   remote     frees that cross threads
//! arena      headers, address map                meta       metadata memory
//! sampled    blocks between guard pages      secure     canaries, quarantine     allowance  how many guards LARGE gets
//! size_class  config  text  fold  random  ptr  sync (pthread mutex)  tls  os (unix, mock)
//! ```

#![cfg_attr(not(test), no_std)]
#![cfg_attr(
    not(feature = "abi"),
    allow(dead_code, unused_imports, reason = "the C ABI is the caller of much of the crate")
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::std_instead_of_core,
        clippy::as_conversions,
        clippy::missing_panics_doc,
        reason = "tests fail by panicking"
    )
)]

mod allowance;
mod arena;
mod bins;
mod cache;
mod central;
mod config;
#[cfg(any(feature = "abi", feature = "fuzzing", test))]
pub mod ffi;
mod fold;
#[cfg(any(feature = "fuzzing", test))]
#[doc(hidden)]
pub mod fuzzing;
mod global;
mod grow;
mod heap;
mod large;
mod list;
mod made;
mod meta;
#[cfg(all(test, any(loom, shuttle)))]
mod model;
mod noted;
mod os;
mod page_heap;
mod ptr;
mod random;
mod remote;
mod report;
mod sampled;
mod secure;
mod size_class;
mod sync;
mod text;
mod thread;
mod tls;
mod zone;

pub use global::{FtMalloc, show_alloc_mem, trim};
