//! The operating system as the allocator sees it: pages, a clock, messages. The only place besides `sync` and `thread`
//! that names libc.
//!
//! Every call keeps `errno`: the ABI layer alone sets it. Failures are `None` or `false`.

use core::ptr::NonNull;

mod kept;
#[cfg(target_os = "linux")]
mod loader;
#[cfg(target_os = "linux")]
pub(crate) mod maps;
/// Elsewhere no file is known.
#[cfg(not(target_os = "linux"))]
pub(crate) mod maps {
    /// Calls nothing.
    pub(crate) fn files(_visit: impl FnMut(usize, usize, &[u8])) {}
}
#[cfg(test)]
pub(crate) mod mock;
mod pages;
pub(crate) mod signal;
mod unix;

#[cfg(not(target_os = "linux"))]
pub(crate) use unix::ThreadValue;

pub(crate) use kept::Kept;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) use loader::load;
#[cfg(target_os = "linux")]
pub(crate) use loader::{Loader, in_runtime, weak};
pub(crate) use pages::Unix;
#[cfg(all(test, target_os = "linux"))]
pub(crate) use unix::without_environment;
pub(crate) use unix::{
    EINVAL, ENOMEM, ThreadKey, abort, at_exit, entropy, environment, is_privileged, register_fork_handlers,
    set_early_environment, set_errno, stdio, unhandle_abort, write, write_stream,
};

/// What the layers below the front door ask of an operating system. Lengths are bytes, multiples of the page size.
pub(crate) trait Os {
    /// Bytes of a page.
    fn page(&self) -> usize;

    /// Address space without memory, near `hint` if the OS likes.
    fn reserve(&self, hint: *mut u8, bytes: usize) -> Option<NonNull<u8>>;

    /// Makes reserved pages readable and writable; they read as zero. Or sealed ones, which keep what they hold.
    fn prepare(&self, start: NonNull<u8>, bytes: usize) -> bool;

    /// Makes pages inaccessible; what they hold stays until `purge`.
    fn protect(&self, start: NonNull<u8>, bytes: usize) -> bool;

    /// Makes pages readable only, until `prepare`; they keep what they hold.
    fn seal(&self, start: NonNull<u8>, bytes: usize) -> bool;

    /// Fresh readable and writable pages that read as zero.
    fn map(&self, bytes: usize) -> Option<NonNull<u8>>;

    /// Gives address space back.
    fn unmap(&self, start: NonNull<u8>, bytes: usize) -> bool;

    /// Grows or shrinks a mapping, moving it if needed; `None` leaves it as it was.
    fn remap(&self, start: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>>;

    /// Gives the memory of prepared pages back; `true` promises that they read as zero from now on.
    fn purge(&self, start: NonNull<u8>, bytes: usize) -> bool;

    /// Brings in the memory of clean prepared pages, `page` bytes that start at a multiple of that, as one huge page, if
    /// the machine can. They lie in the `bytes` prepared ones from `first`, of all of which the kernel keeps one mapping.
    /// `false` if nothing was done; else it may be resident, and reads as zero.
    fn populate(&self, first: NonNull<u8>, bytes: usize, start: NonNull<u8>, page: usize) -> bool;

    /// Says whether pages that come in from now on are huge ones where they can be. `false` if they never are.
    fn advise_huge(&self, start: NonNull<u8>, bytes: usize, huge: bool) -> bool;

    /// Whether a page of a block that its program has given up holds anything but zeros; `false` if that cannot be told.
    /// What was never touched stays without memory.
    fn is_written(&self, page: NonNull<u8>) -> bool;

    /// The same of a page that a program has in use, and may change, protect or unmap at any moment. `true` is certain, `false`
    /// means nothing.
    fn is_in_use(&self, page: NonNull<u8>) -> bool;

    /// Whether all pages from the one of `first` to that of `last`, which is not before it, can be read; `false` if that
    /// cannot be told.
    fn is_readable(&self, first: *const u8, last: *const u8) -> bool;

    /// Whether it knows guards: Linux from 6.13 on.
    fn knows_guards(&self) -> bool;

    /// Lets pages be a guard: no memory, and whoever touches them faults, without a mapping of their own. `false` if it
    /// did not, as with locked pages; some of several may be guards then.
    fn guard(&self, start: NonNull<u8>, bytes: usize) -> bool;

    /// Makes what is guarded of readable and writable pages accessible again; it reads as zero.
    fn unguard(&self, start: NonNull<u8>, bytes: usize) -> bool;

    /// Milliseconds of a clock that never goes back; costs no system call.
    fn now(&self) -> u64;
}
