//! What is wrong on purpose: each is recognised at the call, said in one line, and changes nothing.

#![allow(unsafe_code, reason = "calls of the library")]

use core::ffi::c_void;

use super::ffi;
use super::model::{Block, Model, keeping, setting};
use super::sequence::{Op, Step};
use super::table::RELEASES;

/// Whether a text is what must be said.
type Expected<'a> = dyn Fn(&str) -> bool + 'a;

/// What is said of a pointer that is no address of the heap's.
const FOREIGN: &str = "foreign pointer, not a block of this allocator";

/// What is said of memory of the heap where no block is.
const NO_BLOCK: &str = "pointer into free memory, no block is allocated there";

/// A pointer that came from nowhere.
fn wild(address: usize) -> *mut c_void {
    core::ptr::without_provenance_mut(address)
}

/// Whether `text` ends with the block's kind in brackets. A LARGE block, of whole pages, can be as small as one of another
/// kind.
fn names_kind(text: &str, usable: usize) -> bool {
    let kind = match usable {
        0..=128 => "(TINY)",
        129..=1024 => "(SMALL)",
        1025..=32_768 => "(MEDIUM)",
        _ => "(LARGE)",
    };
    text.ends_with(kind) || (usable.is_multiple_of(4096) && text.ends_with("(LARGE)"))
}

impl Model {
    /// Does what is wrong.
    pub(crate) fn misuse(&mut self, step: &Step) {
        match step.op {
            Op::Freed => {
                // Elsewhere the memory may be somebody's again.
                if self.said.is_some() && !self.freed.is_empty() {
                    self.pass(step, self.freed[step.pick % self.freed.len()]);
                }
            }
            Op::Inside => {
                if let Some(block) = self.block(step.pick).filter(|block| block.usable > 1) {
                    self.pass_inside(step, block, 1 + step.amount % (block.usable - 1));
                }
            }
            Op::Near => {
                if let Some(block) = self.block(step.pick).filter(|_| self.said.is_some()) {
                    // Near, or somewhere in the same arena or the next one.
                    let distance =
                        if step.form.is_multiple_of(2) { step.amount % 8192 } else { step.amount % (1 << 27) };
                    self.pass(step, (block.start.addr() + distance).saturating_sub(1 << 12));
                }
            }
            Op::Foreign => self.pass_foreign(step),
            Op::WrongSize => self.wrong_size(step),
            _ => self.wrong_align(step),
        }
    }

    /// Passes an address that may be anything to a function that wants a block, unless one starts there.
    fn pass(&mut self, step: &Step, address: usize) {
        match self.around(address) {
            Some((start, _)) if start == address => {}
            Some((start, _)) => {
                let block = self.blocks.iter().find(|block| block.start.addr() == start).copied();
                self.pass_inside(step, block.expect("a live block"), address - start);
            }
            None if address == 0 => {}
            None => self.pass_bad(step, address, &|text| {
                let freed = text.starts_with("double free of a ") || text.starts_with("freed pointer, the ");
                // What is behind a block of no bytes, or in the guard behind a LARGE one, is nobody's, but nearest to it.
                let inside = text.contains(" bytes into the freed ") || text.contains(" bytes behind the ");
                freed || inside || text == NO_BLOCK || text == FOREIGN
            }),
        }
    }

    /// Passes an address inside a live block.
    fn pass_inside(&mut self, step: &Step, block: Block, offset: usize) {
        let (start, usable) = (block.start.addr(), block.usable);
        let what = if (start + offset).is_multiple_of(16) { "interior" } else { "unaligned" };
        let text = format!("{what} pointer, {offset} bytes into the {usable}-byte block at {start:#x} (");
        self.pass_bad(step, start + offset, &|said| said.starts_with(&text) && names_kind(said, usable));
    }

    /// Passes an address that never was the heap's.
    fn pass_foreign(&mut self, step: &Step) {
        static STATIC: u64 = 7;
        let (boxed, local) = (Box::new([0_u8; 100]), 0_u8);
        let addresses = [
            (&raw const local).addr(),
            (&raw const STATIC).addr(),
            boxed.as_ptr().addr(),
            boxed.as_ptr().addr() + 1 + step.pick % 64,
            1 + step.amount % 65_536,
            usize::MAX - step.amount % 65_536,
            (1 << 47) + step.amount,
            (1 << 63) + step.amount,
            (1 << (16 + step.pick % 16)) * (1 + step.amount % 256) % (1 << 32),
            (ffi::malloc as *const u8).addr(),
        ];
        let address = addresses[step.amount % addresses.len()];
        if address != 0 {
            self.pass_bad(step, address, &|text| text == FOREIGN);
        }
    }

    /// Passes a bad address to one of the functions that want a block.
    fn pass_bad(&mut self, step: &Step, address: usize, expected: &Expected<'_>) {
        let pointer = wild(address);
        let form = step.form % (RELEASES.len() + 3);
        let name = match form.checked_sub(RELEASES.len()) {
            None => {
                let release = &RELEASES[form];
                keeping(|| (release.call)(pointer, step.size(), step.align()));
                release.name
            }
            Some(0) => {
                // SAFETY: the call is to find out that there is no block.
                let none = setting(libc::EINVAL, || unsafe { ffi::realloc(pointer, step.size()) });
                assert!(none.is_null());
                "realloc"
            }
            Some(1) => {
                // SAFETY: as above.
                let none = setting(libc::EINVAL, || unsafe { ffi::reallocarray(pointer, step.size(), 1) });
                assert!(none.is_null());
                "realloc"
            }
            Some(_) => {
                // SAFETY: as above.
                assert_eq!(keeping(|| unsafe { ffi::malloc_usable_size(pointer) }), 0);
                "malloc_usable_size"
            }
        };
        self.expect(name, address, expected);
    }

    /// One line was written, about this call.
    fn expect(&mut self, name: &str, address: usize, expected: &Expected<'_>) {
        self.due += 1;
        let Some(said) = &mut self.said else { return };
        let text = said.take();
        let line = text.strip_prefix(&format!("ft_malloc: {name}({address:#x}): "));
        let what = line.and_then(|line| line.strip_suffix('\n'));
        assert!(what.is_some_and(|what| !what.contains('\n') && expected(what)), "{name}({address:#x}) said {text:?}");
        self.due -= 1;
    }

    /// Frees a block with another size than it has.
    fn wrong_size(&mut self, step: &Step) {
        let Some(block) = self.block(step.pick) else { return };
        let forms: Vec<_> = RELEASES.iter().filter(|release| release.sized).collect();
        let release = forms[step.form % forms.len()];
        let given = match step.amount % 4 {
            0 => block.requested + 1,
            1 => block.requested.wrapping_sub(1),
            2 => block.usable + 16,
            _ => step.amount,
        };
        if given == block.requested {
            return;
        }
        keeping(|| (release.call)(block.start.cast(), given, block.align));
        let text = format!("wrong size {given}, the block was allocated with {} bytes (", block.requested);
        let is_right = |said: &str| said.starts_with(&text) && names_kind(said, block.usable);
        self.expect(release.name, block.start.addr(), &is_right);
    }

    /// Frees a block with an alignment that it does not have.
    fn wrong_align(&mut self, step: &Step) {
        let Some(block) = self.block(step.pick) else { return };
        let forms: Vec<_> = RELEASES.iter().filter(|release| release.aligned).collect();
        let release = forms[step.form % forms.len()];
        let address = block.start.addr();
        let given = match step.amount % 4 {
            // Odd, or a divisor of the address: no power of two.
            0 => step.amount | 3,
            1 if address.is_multiple_of(48) => 48,
            // A power of two, and too much.
            _ => 2 << address.trailing_zeros(),
        };
        keeping(|| (release.call)(block.start.cast(), block.requested, given));
        let text = format!("wrong alignment {given}, the block was not allocated with it (");
        let is_right = |said: &str| said.starts_with(&text) && names_kind(said, block.usable);
        self.expect(release.name, address, &is_right);
    }
}
