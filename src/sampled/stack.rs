//! Who called: return addresses, found without an unwinder, a lock or an allocation.
//!
//! The first one is the program's call, which the ABI layer has noted. The others come from frame pointers, as far as the
//! program has them: each frame starts with the address of its caller's and the return address. Where it has none, any
//! number may be there. So a page is read only after the OS has said that it can be, and all pages between it and the last
//! frame: then it is of this thread's stack, and nobody takes it away meanwhile, as another thread may a block's.

use crate::os::Os;
use crate::sync::RelaxedUsize;
use crate::tls;

/// Most return addresses that are kept.
const DEPTH: usize = 16;

/// Bytes of the longest frame that is believed.
const LONGEST: usize = 1 << 20;

/// Return addresses, the innermost first; 0 where there are no more.
#[repr(C)]
pub(crate) struct Stack([RelaxedUsize; DEPTH]);

impl Stack {
    /// The return addresses.
    pub(crate) fn frames(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(RelaxedUsize::get).take_while(|&frame| frame != 0)
    }

    /// Forgets them.
    pub(crate) fn clear(&self) {
        self.0.iter().for_each(|frame| frame.set(0));
    }

    /// Takes down the calling thread's stack outside of this library.
    pub(crate) fn record(&self, os: &impl Os) {
        self.clear();
        let (caller, mut frame) = tls::caller();
        let mut last: *const u8 = (&raw const frame).cast();
        let mut found = caller.addr();
        for entry in &self.0 {
            entry.set(found);
            let page_of = |place: *const u8| place.addr() & !(os.page() - 1);
            // The two words of a frame may not lie in two pages: then the second could not be read.
            let is_frame = frame.addr().is_multiple_of(16) && frame > last && frame.addr() - last.addr() <= LONGEST;
            if found == 0 || !is_frame || (page_of(frame) != page_of(last) && !os.is_readable(last, frame)) {
                return;
            }
            last = frame;
            (frame, found) = words_at(frame);
        }
    }
}

/// The two words at `frame`: the caller's frame and the return address.
#[expect(unsafe_code, reason = "reads the program's stack")]
fn words_at(frame: *const u8) -> (*const u8, usize) {
    let words: *const [*const u8; 2] = frame.with_addr(frame.addr()).cast();
    // SAFETY: the page is readable, as the caller has seen, and the address is a multiple of 16. What is there may be
    // anything: it is not used but as a number, or after the same checks.
    let [next, back] = unsafe { words.read_volatile() };
    (next, back.addr())
}
