//! A file that is written to at the end, under a descriptor of our own.

#![expect(unsafe_code, reason = "system calls")]

use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};

use super::unix::keeping_errno;

/// A file that was open under some descriptor when it was kept. The program may close it nevertheless (some close all there
/// are), and open another one that gets its number: then it is gone.
pub(crate) struct Kept {
    /// The descriptor.
    descriptor: AtomicI32,
    /// Device and inode.
    file: [AtomicU64; 2],
}

impl Kept {
    /// No file.
    pub(crate) const fn none() -> Self {
        Self { descriptor: AtomicI32::new(-1), file: [const { AtomicU64::new(0) }; 2] }
    }

    /// Keeps what `descriptor` leads to.
    pub(crate) fn keep(&self, descriptor: i32) {
        /// Programs that count on the lowest free numbers (POSIX gives those) are not disturbed.
        const AT_LEAST: c_int = 100;
        // SAFETY: always callable.
        let copy = keeping_errno(|| unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, AT_LEAST) });
        let own = if copy < 0 { descriptor } else { copy };
        if let Some(file) = identity(own) {
            self.descriptor.store(own, Relaxed);
            self.file.iter().zip(file).for_each(|(cell, number)| cell.store(number, Relaxed));
        }
    }

    /// The descriptor, as long as it leads to that file.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        let own = self.descriptor.load(Relaxed);
        identity(own).filter(|file| self.file.iter().map(|cell| cell.load(Relaxed)).eq(*file)).map(|_| own)
    }
}

/// Device and inode of an open file.
fn identity(descriptor: i32) -> Option<[u64; 2]> {
    let mut about = core::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: there is room for the answer.
    let known = keeping_errno(|| unsafe { libc::fstat(descriptor, about.as_mut_ptr()) == 0 });
    if !known {
        return None;
    }
    // SAFETY: the call has filled it in.
    let about = unsafe { about.assume_init() };
    // Of different types on different systems.
    let number = |number: i128| u64::try_from(number.unsigned_abs()).unwrap_or(0);
    Some([number(about.st_dev.into()), number(about.st_ino.into())])
}
