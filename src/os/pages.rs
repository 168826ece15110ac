//! Pages and the clock of the running kernel.

#![expect(unsafe_code, reason = "system calls")]

use core::ffi::c_int;
use core::ptr::{self, NonNull};
#[cfg(target_os = "linux")]
use core::sync::atomic::AtomicU8;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::Os;
use super::unix::keeping_errno;

/// The running kernel.
#[derive(Clone, Copy)]
pub(crate) struct Unix;

/// Maps `bytes` private anonymous bytes.
fn map(hint: *mut u8, bytes: usize, protection: c_int, flags: c_int) -> Option<NonNull<u8>> {
    keeping_errno(|| {
        let flags = flags | libc::MAP_PRIVATE | libc::MAP_ANON;
        // SAFETY: a new mapping; without MAP_FIXED it replaces none, and with it the callers pass their own pages.
        let start = unsafe { libc::mmap(hint.cast(), bytes, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED { None } else { NonNull::new(start.cast()) }
    })
}

/// `MADV_GUARD_INSTALL`: marks in the page tables, of which no mapping is split.
#[cfg(target_os = "linux")]
const GUARD_INSTALL: c_int = 102;

/// `MADV_GUARD_REMOVE`.
#[cfg(target_os = "linux")]
const GUARD_REMOVE: c_int = 103;

/// `FUTEX_CMP_REQUEUE` for a futex of this process.
#[cfg(target_os = "linux")]
const CMP_REQUEUE: c_int = libc::FUTEX_CMP_REQUEUE | libc::FUTEX_PRIVATE_FLAG;

/// Gives the kernel advice about pages of ours; whether it took it.
#[cfg(target_os = "linux")]
fn advise(start: NonNull<u8>, bytes: usize, advice: c_int) -> bool {
    // SAFETY: the callers own these pages and say what becomes of them.
    keeping_errno(|| unsafe { libc::madvise(start.as_ptr().cast(), bytes, advice) == 0 })
}

impl Os for Unix {
    fn page(&self) -> usize {
        /// 0 until it was asked for: each LARGE block needs it a few times.
        static PAGE: AtomicUsize = AtomicUsize::new(0);
        if PAGE.load(Relaxed) == 0 {
            // SAFETY: always callable; reads the auxiliary vector.
            let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
            PAGE.store(usize::try_from(page).unwrap_or(4096), Relaxed);
        }
        PAGE.load(Relaxed)
    }

    fn reserve(&self, hint: *mut u8, bytes: usize) -> Option<NonNull<u8>> {
        map(hint, bytes, libc::PROT_NONE, libc::MAP_NORESERVE)
    }

    fn prepare(&self, start: NonNull<u8>, bytes: usize) -> bool {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the caller reserved these pages and nobody uses them yet.
        keeping_errno(|| unsafe { libc::mprotect(start.as_ptr().cast(), bytes, protection) == 0 })
    }

    fn protect(&self, start: NonNull<u8>, bytes: usize) -> bool {
        // SAFETY: the caller owns these pages; who uses them from now on is to be stopped.
        keeping_errno(|| unsafe { libc::mprotect(start.as_ptr().cast(), bytes, libc::PROT_NONE) == 0 })
    }

    fn seal(&self, start: NonNull<u8>, bytes: usize) -> bool {
        // SAFETY: the caller owns these pages, and nobody writes to them from now on.
        keeping_errno(|| unsafe { libc::mprotect(start.as_ptr().cast(), bytes, libc::PROT_READ) == 0 })
    }

    fn map(&self, bytes: usize) -> Option<NonNull<u8>> {
        map(ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, 0)
    }

    fn unmap(&self, start: NonNull<u8>, bytes: usize) -> bool {
        // SAFETY: the caller owns these pages and is done with them.
        keeping_errno(|| unsafe { libc::munmap(start.as_ptr().cast(), bytes) == 0 })
    }

    #[cfg(target_os = "linux")]
    fn remap(&self, start: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
        keeping_errno(|| {
            // SAFETY: the caller owns this mapping and gives the old address up when the call succeeds.
            let moved = unsafe { libc::mremap(start.as_ptr().cast(), old, new, libc::MREMAP_MAYMOVE) };
            if moved == libc::MAP_FAILED { None } else { NonNull::new(moved.cast()) }
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn remap(&self, _start: NonNull<u8>, _old: usize, _new: usize) -> Option<NonNull<u8>> {
        None
    }

    #[cfg(target_os = "linux")]
    fn purge(&self, start: NonNull<u8>, bytes: usize) -> bool {
        // MADV_DONTNEED, not MADV_FREE: the resident size must tell the truth at once. Fails on locked pages.
        advise(start, bytes, libc::MADV_DONTNEED)
    }

    #[cfg(not(target_os = "linux"))]
    fn purge(&self, start: NonNull<u8>, bytes: usize) -> bool {
        // Elsewhere MADV_DONTNEED keeps the content, so new pages take the place of the old ones.
        map(start.as_ptr(), bytes, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_FIXED).is_some()
    }

    #[cfg(target_os = "linux")]
    fn populate(&self, first: NonNull<u8>, bytes: usize, start: NonNull<u8>, _page: usize) -> bool {
        // For the whole mapping: a part that is touched while it is advised otherwise stays a mapping of its own.
        if !advise(first, bytes, libc::MADV_HUGEPAGE) {
            return false;
        }
        // SAFETY: the caller owns these pages, which are writable and read as zero.
        unsafe { start.as_ptr().write_volatile(0) };
        // Or the kernel would, some time, make a huge page again of the few small ones that a purge has left.
        advise(first, bytes, libc::MADV_NOHUGEPAGE);
        true
    }

    #[cfg(not(target_os = "linux"))]
    fn populate(&self, _first: NonNull<u8>, _bytes: usize, _start: NonNull<u8>, _page: usize) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn advise_huge(&self, start: NonNull<u8>, bytes: usize, huge: bool) -> bool {
        advise(start, bytes, if huge { libc::MADV_HUGEPAGE } else { libc::MADV_NOHUGEPAGE })
    }

    #[cfg(not(target_os = "linux"))]
    fn advise_huge(&self, _start: NonNull<u8>, _bytes: usize, _huge: bool) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn is_readable(&self, first: *const u8, last: *const u8) -> bool {
        let page = first.map_addr(|address| address & !(self.page() - 1)).cast_mut();
        let bytes = (last.addr() & !(self.page() - 1)) - page.addr() + self.page();
        // SAFETY: changes nothing that the program sees.
        keeping_errno(|| unsafe { libc::madvise(page.cast(), bytes, libc::MADV_POPULATE_READ) == 0 })
    }

    #[cfg(not(target_os = "linux"))]
    fn is_readable(&self, _first: *const u8, _last: *const u8) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn is_written(&self, page: NonNull<u8>) -> bool {
        let words = page.cast::<u64>().as_ptr();
        // A page that was never touched becomes the kernel's one page of zeros; one that must not be read is refused.
        advise(page, self.page(), libc::MADV_POPULATE_READ)
            // SAFETY: the page can be read, as was just seen, and the caller says that nobody else decides over it.
            && (0..self.page() / size_of::<u64>()).any(|nth| unsafe { words.wrapping_add(nth).read_volatile() } != 0)
    }

    #[cfg(not(target_os = "linux"))]
    fn is_written(&self, _page: NonNull<u8>) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn is_in_use(&self, page: NonNull<u8>) -> bool {
        /// Places in a page that are looked at.
        const LOOKS: usize = 4;
        let step = self.page() / LOOKS + align_of::<u64>();
        (0..LOOKS).map(|nth| nth * step % self.page()).any(|offset| {
            let word = page.as_ptr().wrapping_add(offset);
            // A comparison that the kernel makes, and then wakes nobody: it says EAGAIN if the word is not 0, and EFAULT
            // where a load would fault; where one would wait, for a userfaultfd of the program's, it waits.
            // SAFETY: changes nothing.
            let call = || unsafe { libc::syscall(libc::SYS_futex, word, CMP_REQUEUE, 0, 0, word, 0) };
            keeping_errno(|| call() == -1 && errno::errno().0 == libc::EAGAIN)
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn is_in_use(&self, _page: NonNull<u8>) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn knows_guards(&self) -> bool {
        /// 0 not asked yet, 1 no, 2 yes.
        static KNOWN: AtomicU8 = AtomicU8::new(0);
        if KNOWN.load(Relaxed) == 0 {
            // Advice that a kernel knows it takes for no pages, too.
            // SAFETY: about no pages.
            let known = keeping_errno(|| unsafe { libc::madvise(ptr::null_mut(), 0, GUARD_INSTALL) == 0 });
            KNOWN.store(1 + u8::from(known), Relaxed);
        }
        KNOWN.load(Relaxed) == 2
    }

    #[cfg(not(target_os = "linux"))]
    fn knows_guards(&self) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn guard(&self, start: NonNull<u8>, bytes: usize) -> bool {
        advise(start, bytes, GUARD_INSTALL)
    }

    #[cfg(not(target_os = "linux"))]
    fn guard(&self, _start: NonNull<u8>, _bytes: usize) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn unguard(&self, start: NonNull<u8>, bytes: usize) -> bool {
        // A filter may have come in between that lets this call through no more: then new pages take their place.
        advise(start, bytes, GUARD_REMOVE)
            || map(start.as_ptr(), bytes, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_FIXED).is_some()
    }

    #[cfg(not(target_os = "linux"))]
    fn unguard(&self, _start: NonNull<u8>, _bytes: usize) -> bool {
        true
    }

    fn now(&self) -> u64 {
        // The coarse clock is read from the vDSO whatever the hardware clock is, so it is never a system call.
        #[cfg(target_os = "linux")]
        const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
        #[cfg(not(target_os = "linux"))]
        const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is a valid place for the answer.
        keeping_errno(|| unsafe { libc::clock_gettime(CLOCK, &raw mut time) });
        let milliseconds = time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000);
        u64::try_from(milliseconds).unwrap_or(0)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_has_in_use_is_seen_whatever_it_does_with_the_page() {
        let page = Unix.page();
        let start = Unix.map(page).expect("memory");
        errno::set_errno(errno::Errno(7));
        assert!(!Unix.is_in_use(start));
        for offset in [0, page / 4 + 8, page / 2 + 16] {
            let word = start.as_ptr().wrapping_add(offset);
            // SAFETY: the page was just mapped.
            unsafe { word.write(1) };
            assert!(Unix.is_in_use(start), "{offset}");
            // SAFETY: as above.
            unsafe { word.write(0) };
        }
        assert!(!Unix.is_in_use(start));
        // SAFETY: as above.
        unsafe { start.as_ptr().write(1) };
        assert!(Unix.protect(start, page) && !Unix.is_in_use(start));
        assert!(Unix.unmap(start, page) && !Unix.is_in_use(start));
        assert_eq!(errno::errno().0, 7);
    }
}
