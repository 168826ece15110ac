//! The heap's own account of itself, compared with the model.

#![allow(unsafe_code, reason = "calls of the library")]

use core::ffi::c_void;
use core::ptr;

use super::ffi::{self, info};
use super::model::{Block, Model, keeping};
use super::said::Said;
use super::sequence::Step;

/// The blocks that `show_alloc_mem` lists, with the bytes asked for, and the sum that it prints.
fn listed(text: &str) -> (Vec<(usize, usize)>, usize) {
    let number = |text: &str| usize::from_str_radix(text.trim_start_matches("0x"), 16).expect("an address");
    let (mut blocks, mut total) = (Vec::new(), None);
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["TINY" | "SMALL" | "MEDIUM" | "LARGE", ":", zone] => assert!(number(zone) > 0),
            [start, "-", end, ":", bytes, "bytes"] => {
                let bytes = bytes.parse().expect("a number");
                assert_eq!(number(end) - number(start), bytes);
                blocks.push((number(start), bytes));
            }
            ["Total", ":", bytes, "bytes"] => total = bytes.parse().ok(),
            _ => panic!("show_alloc_mem printed {line:?}"),
        }
    }
    (blocks, total.expect("a last line"))
}

/// What `malloc_info` writes.
fn xml() -> String {
    let (mut text, mut length) = (ptr::null_mut(), 0);
    // SAFETY: two places for the answers.
    let stream = unsafe { libc::open_memstream(&raw mut text, &raw mut length) };
    assert!(!stream.is_null());
    // SAFETY: an open stream.
    assert_eq!(unsafe { info::malloc_info(0, stream.cast()) }, 0);
    // SAFETY: the same stream, for the last time.
    unsafe { libc::fclose(stream) };
    // SAFETY: so many bytes were written there.
    let bytes = unsafe { core::slice::from_raw_parts(text.cast::<u8>(), length) };
    let xml = String::from_utf8(bytes.to_vec()).expect("text");
    // SAFETY: the stream's buffer, which is the caller's to free.
    unsafe { libc::free(text.cast::<c_void>()) };
    xml
}

impl Model {
    /// Asks for one of the reports.
    pub(crate) fn report(&mut self, step: &Step) {
        match step.form % 5 {
            0 => self.check_figures(),
            1 => self.check_list(),
            2 => {
                let xml = xml();
                assert!(xml.starts_with("<malloc ") && xml.ends_with("</malloc>\n"), "{xml}");
                assert_eq!(xml.matches("<heap").count(), xml.matches("</heap>").count());
            }
            3 => {
                keeping(|| info::malloc_stats());
                if let Some(said) = &mut self.said {
                    let text = said.take();
                    assert!(text.starts_with("ft_malloc ") && text.lines().last().unwrap_or("").starts_with("LARGE"));
                }
            }
            _ => {
                // SAFETY: null is no block, and allowed.
                assert_eq!(keeping(|| unsafe { ffi::malloc_usable_size(ptr::null_mut()) }), 0);
                // SAFETY: as above.
                keeping(|| unsafe { ffi::free(ptr::null_mut()) });
                assert!(info::mallinfo().uordblks >= 0);
            }
        }
    }

    /// The sums are those of the live blocks.
    pub(crate) fn check_figures(&self) {
        let figures = keeping(|| info::mallinfo2());
        assert!(figures.uordblks + figures.fordblks == figures.arena);
        if self.said.is_some() {
            // An aligned block of no bytes has a page that nobody may touch.
            let guarded = |block: &&Block| block.requested == 0 && block.usable == 0 && block.align > 16;
            // SAFETY: asks for a figure.
            let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("a size");
            let usable: usize = self.blocks.iter().map(|block| block.usable).sum();
            let pages = self.blocks.iter().filter(guarded).count() * page;
            // Behind LARGE blocks, runs and mappings, there may be room for a guard.
            let large = self.blocks.iter().filter(|block| block.usable > 32 << 10).count() + figures.hblks;
            let more = (figures.uordblks + figures.hblkhd).checked_sub(usable + pages);
            assert!(more.is_some_and(|more| more <= large * ((64 << 10) + page)), "{figures:?}");
        }
    }

    /// A list of the heap has the live blocks and nothing else.
    pub(crate) fn check_list(&self) {
        if self.said.is_none() {
            return keeping(|| ffi::show_alloc_mem());
        }
        let mut said = Said::on(1);
        keeping(|| ffi::show_alloc_mem());
        let text = said.take();
        drop(said);
        let mut expected: Vec<_> = self.blocks.iter().map(|block| (block.start.addr(), block.requested)).collect();
        expected.sort_unstable();
        let sum = expected.iter().map(|&(_, bytes)| bytes).sum();
        assert_eq!(listed(&text), (expected, sum), "show_alloc_mem");
    }
}
