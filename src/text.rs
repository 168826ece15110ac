//! Text without allocation: a line is put together on the stack and written with one `write`.

use core::ffi::c_void;

use crate::os;
use crate::ptr::{low8, size64, wide};

/// Standard output.
pub(crate) const STDOUT: i32 = 1;

/// Standard error.
pub(crate) const STDERR: i32 = 2;

/// Where text goes.
#[derive(Clone, Copy)]
enum Sink {
    /// A file descriptor.
    Descriptor(i32),
    /// A C stream (`FILE *`), open.
    Stream(*mut c_void),
}

/// A buffer of `N` bytes that flushes itself to a file descriptor when full and when dropped.
pub(crate) struct Text<const N: usize> {
    /// What is not written yet.
    bytes: [u8; N],
    /// How much that is.
    length: usize,
    /// Where it goes.
    sink: Sink,
}

impl<const N: usize> Text<N> {
    /// An empty buffer in front of `descriptor`.
    pub(crate) fn to(descriptor: i32) -> Self {
        Self { bytes: [0; N], length: 0, sink: Sink::Descriptor(descriptor) }
    }

    /// An empty buffer in front of a C stream, which may allocate when it is written to.
    pub(crate) fn to_stream(stream: *mut c_void) -> Self {
        Self { bytes: [0; N], length: 0, sink: Sink::Stream(stream) }
    }

    /// Adds bytes. Never inlined, like the other loops here: the library stays small, and with it every process.
    #[inline(never)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            if self.length == N {
                self.flush();
            }
            if let Some(slot) = self.bytes.get_mut(self.length) {
                *slot = byte;
                self.length += 1;
            }
        }
        self
    }

    /// Adds text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Adds text that others chose, with control characters replaced.
    #[inline(never)]
    pub(crate) fn quoted(&mut self, bytes: &[u8]) -> &mut Self {
        self.text("\"");
        for &byte in bytes.iter().take(64) {
            self.bytes(&[if byte.is_ascii_graphic() || byte == b' ' { byte } else { b'?' }]);
        }
        self.text("\"")
    }

    /// Adds a decimal number.
    pub(crate) fn number(&mut self, number: usize) -> &mut Self {
        self.digits(wide(number), 10, b'a')
    }

    /// Adds an address in lower-case hexadecimal, as messages show it.
    pub(crate) fn address(&mut self, address: usize) -> &mut Self {
        self.text("0x").digits(wide(address), 16, b'a')
    }

    /// Adds an address in upper-case hexadecimal, as `show_alloc_mem` shows it.
    pub(crate) fn upper_address(&mut self, address: usize) -> &mut Self {
        self.text("0x").digits(wide(address), 16, b'A')
    }

    /// Adds the digits of `number` in `base`; `ten` is the digit after 9.
    #[inline(never)]
    fn digits(&mut self, number: u64, base: u64, ten: u8) -> &mut Self {
        let mut digits = [0; 20];
        let (mut rest, mut first) = (number, digits.len());
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            let value = low8(size64(rest % base));
            *digit = if value < 10 { b'0' + value } else { ten + (value - 10) };
            rest /= base;
            first = place;
            if rest == 0 {
                break;
            }
        }
        self.bytes(digits.get(first..).unwrap_or_default())
    }

    /// Writes what is there.
    pub(crate) fn flush(&mut self) {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        match self.sink {
            Sink::Descriptor(descriptor) => os::write(descriptor, bytes),
            Sink::Stream(stream) => os::write_stream(stream, bytes),
        }
        self.length = 0;
    }
}

impl<const N: usize> Drop for Text<N> {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;

    #[test]
    fn numbers_and_addresses_are_written_whole() {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        {
            // Smaller than the text, so that it flushes in between.
            let mut text = Text::<8>::to(writer.as_raw_fd());
            text.number(0).text(" ").number(usize::MAX).text(" ").address(0xab_cdef).text(" ");
            text.upper_address(0xab_cdef).text(" ").quoted(b"a\nb").text(" ").quoted(&[b'c'; 100]);
        }
        drop(writer);
        let mut written = String::new();
        reader.read_to_string(&mut written).expect("text");
        assert_eq!(written, format!("0 18446744073709551615 0xabcdef 0xABCDEF \"a?b\" \"{}\"", "c".repeat(64)));
    }
}
