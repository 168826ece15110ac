//! Which file lies where in this process, read from `/proc/self/maps` without an allocation or a lock of the loader's: a
//! signal handler may do it.

#![expect(unsafe_code, reason = "system calls")]

use core::ffi::CStr;

use super::unix::{keeping_errno, uncancelled};
use crate::ptr::size64;

/// Bytes of a line that are looked at; what is longer is cut.
const LINE: usize = 512;

/// Bytes read at a time.
const CHUNK: usize = 128;

/// Calls `visit` with the first and the last-but-one address and the path of each mapping of a file, ascending, until it
/// returns `false`.
pub(crate) fn files(visit: impl FnMut(usize, usize, &[u8]) -> bool) {
    uncancelled(|| read_files(visit));
}

/// The same in a thread that must not be cancelled.
fn read_files(mut visit: impl FnMut(usize, usize, &[u8]) -> bool) {
    const PATH: &CStr = c"/proc/self/maps";
    // SAFETY: a C string.
    let file = keeping_errno(|| unsafe { libc::open(PATH.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) });
    if file < 0 {
        return;
    }
    let (mut line, mut length) = ([0_u8; LINE], 0);
    let mut chunk = [0_u8; CHUNK];
    'file: loop {
        // SAFETY: the buffer has so many bytes.
        let got = keeping_errno(|| unsafe { libc::read(file, chunk.as_mut_ptr().cast(), CHUNK) });
        let Some(bytes) = usize::try_from(got).ok().filter(|&got| got > 0).and_then(|got| chunk.get(..got)) else {
            break;
        };
        for &byte in bytes {
            if byte == b'\n' {
                if let Some((start, end, path)) = line.get(..length).and_then(parsed)
                    && !visit(start, end, path)
                {
                    break 'file;
                }
                length = 0;
            } else if let Some(place) = line.get_mut(length) {
                *place = byte;
                length += 1;
            }
        }
    }
    // SAFETY: opened above.
    keeping_errno(|| unsafe { libc::close(file) });
}

/// A line `start-end rights offset device inode path`; `None` if it names no file.
fn parsed(line: &[u8]) -> Option<(usize, usize, &[u8])> {
    let path = line.get(line.iter().position(|&byte| byte == b'/')?..)?;
    let mut numbers = line.splitn(2, |&byte| byte == b' ').next()?.split(|&byte| byte == b'-');
    let mut number = || {
        let text = core::str::from_utf8(numbers.next()?).ok()?;
        u64::from_str_radix(text, 16).ok().map(size64)
    };
    Some((number()?, number()?, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_files_are_understood() {
        let line = b"7f00-7fa0 r-xp 00026000 fe:00 12  /usr/lib/x y.so";
        assert_eq!(parsed(line), Some((0x7f00, 0x7fa0, b"/usr/lib/x y.so".as_slice())));
        assert_eq!(parsed(b"7f00-7fa0 rw-p 00000000 00:00 0 [stack]"), None);
        assert_eq!((parsed(b""), parsed(b"/"), parsed(b"x-y /a")), (None, None, None));
    }

    #[test]
    fn this_program_is_found() {
        static OWN: u8 = 0;
        let own = (&raw const OWN).addr();
        let (mut found, mut last) = (false, 0);
        files(|start, end, path| {
            assert!(start < end && start >= last && path.starts_with(b"/"));
            last = end;
            found |= (start..end).contains(&own) && path.windows(9).any(|part| part == b"ft_malloc");
            true
        });
        assert!(found);
        let mut visits = 0;
        files(|_, _, _| {
            visits += 1;
            visits < 3
        });
        assert_eq!(visits, 3);
    }
}
