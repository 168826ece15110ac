//! libft_malloc
#![cfg_attr(not(test), no_std)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::std_instead_of_core, clippy::as_conversions, reason = "tests fail by panicking"))]

mod arena;
mod cache;
mod central;
mod config;
#[cfg(feature = "abi")]
pub mod ffi;
mod fold;
mod grow;
mod heap;
mod large;
mod meta;
mod os;
mod page_heap;
mod ptr;
mod remote;
mod report;
mod size_class;
mod sync;
mod text;
mod thread;
mod zone;
