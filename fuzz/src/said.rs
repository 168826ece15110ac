//! What the library writes: standard error while a sequence runs, standard output while it lists the heap.

#![allow(unsafe_code, reason = "file descriptors")]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::{Once, OnceLock};

/// A copy of standard error as it was at first.
static KEPT: OnceLock<i32> = OnceLock::new();

/// Another number for what `descriptor` leads to.
fn duplicate(descriptor: i32) -> i32 {
    // SAFETY: always callable.
    let copy = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 100) };
    assert!(copy >= 0, "no descriptors left");
    copy
}

/// Lets `descriptor` lead to where `target` does.
fn lead(descriptor: i32, target: i32) {
    // SAFETY: always callable.
    assert!(unsafe { libc::dup2(target, descriptor) } >= 0, "no descriptor {descriptor}");
}

/// Keeps standard error as it is, once, for what panics have to say.
pub(crate) fn keep() {
    static HOOK: Once = Once::new();
    KEPT.get_or_init(|| duplicate(2));
    HOOK.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            lead(2, *KEPT.get_or_init(|| duplicate(2)));
            hook(panic);
        }));
    });
}

/// A file in the place of a descriptor, until this is dropped.
pub(crate) struct Said {
    /// The descriptor.
    descriptor: i32,
    /// What it led to before.
    before: i32,
    /// The file.
    file: File,
}

impl Said {
    /// Nothing said yet on `descriptor`.
    pub(crate) fn on(descriptor: i32) -> Self {
        // SAFETY: a C string; always callable.
        let memory = unsafe { libc::memfd_create(c"said".as_ptr(), libc::MFD_CLOEXEC) };
        assert!(memory >= 0, "no memory file");
        // SAFETY: a new descriptor that nobody else has.
        let file = unsafe { File::from_raw_fd(memory) };
        // SAFETY: always callable. Appends, because reading and writing share the file's position.
        unsafe { libc::fcntl(memory, libc::F_SETFL, libc::O_APPEND) };
        let before = duplicate(descriptor);
        lead(descriptor, file.as_raw_fd());
        Self { descriptor, before, file }
    }

    /// What was said since the last time.
    pub(crate) fn take(&mut self) -> String {
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0)).expect("a file");
        self.file.read_to_end(&mut text).expect("a readable file");
        self.file.set_len(0).expect("a file");
        String::from_utf8(text).expect("text")
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        lead(self.descriptor, self.before);
        // SAFETY: the copy is this structure's own.
        unsafe { libc::close(self.before) };
    }
}
