//! Size classes: which block size serves a request, and how a zone of that size is laid out.
//!
//! Owns nothing; constants and pure functions. Spacing is 16 bytes up to 128, then four classes per doubling up to
//! 1 KiB, so at most a fifth of a block is slack, then eight up to 32 KiB: at most a ninth. Invariants, checked in the
//! tests:
//! - `of(size)` is the smallest class whose block is at least `size`;
//! - `blocks × block ≤ granules × 64 KiB < (blocks + 1) × block`;
//! - TINY and SMALL zones hold at least 100 blocks (the contract of the 42 subject).
//!
//! Requests for 0 bytes have a class of their own, [`Class::ZERO`]: addresses that nobody may use (`heap::zero`).

#![expect(clippy::indexing_slicing, reason = "tables evaluated at compile time, where it cannot fail unseen")]

use crate::ptr::{byte_size, low8, low16, low32, size, wide};

/// Bytes of a granule: the unit of the page heap and of address lookup, a multiple of every supported page size
/// (4, 16 and 64 KiB).
pub(crate) const GRANULE: usize = 64 << 10;

/// Largest TINY request in bytes.
pub(crate) const TINY_MAX: usize = 128;

/// Largest SMALL request in bytes.
pub(crate) const SMALL_MAX: usize = 1024;

/// Largest MEDIUM request in bytes: the Go allocator's small-object limit.
pub(crate) const MEDIUM_MAX: usize = 32 << 10;

/// Largest block in bytes that is no longer than a page of any machine.
const DENSE: usize = 4 << 10;

/// Classes per doubling above [`TINY_MAX`].
const SMALL_STEPS: usize = 4;

/// Classes per doubling above [`SMALL_MAX`].
const MEDIUM_STEPS: usize = 8;

/// Number of TINY and SMALL classes.
pub(crate) const SMALL_CLASSES: usize = 8 + 3 * SMALL_STEPS;

/// Number of size classes that hold something: 8 TINY, 12 SMALL, 40 MEDIUM.
const SIZED: usize = SMALL_CLASSES + 5 * MEDIUM_STEPS;

/// Number of size classes, that of requests for 0 bytes included.
pub(crate) const CLASSES: usize = SIZED + 1;

/// Alignment of every block in bytes (`alignof(max_align_t)` on the supported targets).
pub(crate) const MIN_ALIGN: usize = 16;

/// Blocks a window covers: the bits of a word.
pub(crate) const WINDOW: usize = 64;

/// State byte of a block that was never handed out (fresh metadata is zero).
pub(crate) const FRESH: u8 = 0;

/// State byte of a block that another thread freed and the owner has not collected yet.
pub(crate) const FREED: u8 = 1;

/// State byte of a block that was freed and waits in a quarantine (`heap::secure`).
pub(crate) const QUARANTINED: u8 = 2;

/// Smallest state byte of a block that is live, or that its zone's owner freed or collected. TINY and SMALL blocks store
/// `LIVE + slack`, or [`ELSEWHERE`]; MEDIUM blocks store `LIVE` and keep their slack in a wider array.
pub(crate) const LIVE: u8 = 3;

/// State byte of a SMALL block with more slack than [`MAX_BYTE_SLACK`], for its alignment's sake: the wider array has it.
pub(crate) const ELSEWHERE: u8 = 255;

/// Largest slack in bytes that a state byte can hold.
pub(crate) const MAX_BYTE_SLACK: usize = byte_size(ELSEWHERE - LIVE) - 1;

/// Bytes of the smallest blocks for which there is the wider array. Smaller ones would need it for requests of 1 to 4
/// bytes alone.
const WIDE_FROM: usize = 512;

/// What users see of a block's kind; the words of the 42 subject, plus MEDIUM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Requests up to 128 bytes.
    Tiny,
    /// Requests up to 1024 bytes.
    Small,
    /// Requests up to 32 KiB.
    Medium,
    /// Requests above, each in pages of its own.
    Large,
}

impl Kind {
    /// The kind of a block of so many bytes.
    pub(crate) const fn of(bytes: usize) -> Self {
        match bytes {
            0..=TINY_MAX => Self::Tiny,
            129..=SMALL_MAX => Self::Small,
            1025..=MEDIUM_MAX => Self::Medium,
            _ => Self::Large,
        }
    }

    /// The word printed by `show_alloc_mem` and in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tiny => "TINY",
            Self::Small => "SMALL",
            Self::Medium => "MEDIUM",
            Self::Large => "LARGE",
        }
    }
}

/// A size class: an index below [`CLASSES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Class(u8);

/// How a zone of one class is cut, and how its metadata chunk is laid out (byte offsets into the chunk):
/// `[wake][free words][state bytes][wide slack, from 512 bytes]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Bytes of a block.
    pub(crate) block: u32,
    /// Blocks in the zone.
    pub(crate) blocks: u32,
    /// Granules of the zone.
    pub(crate) granules: u32,
    /// 64-bit words of a bitmap with one bit a block.
    pub(crate) words: u32,
    /// `⌈2^64 / block⌉`: turns an offset into a block index with one multiplication.
    pub(crate) reciprocal: u64,
    /// Offset of the wide slack array (u16 each), 0 if the class has none.
    pub(crate) wide: u32,
    /// Bytes of the metadata chunk, a multiple of 64.
    pub(crate) chunk: u32,
}

/// Distances between blocks in bytes, ascending; the class of requests for 0 bytes, whose blocks are places without
/// memory, comes last.
const SIZES: [u32; CLASSES] = {
    let mut sizes = [16; CLASSES];
    let mut i = 0;
    while i < 8 {
        sizes[i] = (low32(i) + 1) * 16;
        i += 1;
    }
    let mut base = TINY_MAX;
    while i < SIZED {
        let steps = if base < SMALL_MAX { SMALL_STEPS } else { MEDIUM_STEPS };
        let mut step = 1;
        while step <= steps {
            sizes[i] = low32(base + base / steps * step);
            i += 1;
            step += 1;
        }
        base *= 2;
    }
    sizes
};

/// Class index of a request of up to [`SMALL_MAX`] bytes, indexed by `(size + 15) / 16`.
const SMALL_CLASS: [u8; SMALL_MAX / 16 + 1] = {
    let mut table = [0; SMALL_MAX / 16 + 1];
    table[0] = Class::ZERO.0;
    let mut i = 1;
    while i < table.len() {
        let mut class = 0;
        while size(SIZES[class]) < i * 16 {
            class += 1;
        }
        table[i] = low8(class);
        i += 1;
    }
    table
};

/// Byte offset of the thread-cache slot for a request of up to [`SMALL_MAX`] bytes, for slots of `stride` bytes
/// behind `first`: one table look-up from size to slot.
pub(crate) const fn slot_offsets(first: usize, stride: usize) -> [u16; SMALL_MAX + 1] {
    let mut table = [0; SMALL_MAX + 1];
    let mut bytes = 0;
    while bytes < table.len() {
        table[bytes] = low16(first + byte_size(SMALL_CLASS[bytes.div_ceil(16)]) * stride);
        bytes += 1;
    }
    table
}

/// The layout of every class.
static LAYOUTS: [Layout; CLASSES] = {
    let mut layouts = [Layout::of_block(16); CLASSES];
    let mut i = 0;
    while i < CLASSES {
        layouts[i] = Layout::of_block(SIZES[i]);
        i += 1;
    }
    layouts
};

impl Layout {
    /// Bytes from the start of a chunk to the `free` bitmap.
    pub(crate) const WORDS: usize = 8;

    /// The layout of zones with blocks of `block` bytes.
    const fn of_block(block: u32) -> Self {
        let bytes = size(block);
        // 64 KiB, 128 KiB, 256 KiB, 512 KiB: at least 100 blocks in TINY and SMALL, at least 16 in MEDIUM.
        let granules = if bytes <= TINY_MAX {
            1
        } else if bytes <= SMALL_MAX {
            2
        } else if bytes <= MEDIUM_MAX / 4 {
            4
        } else {
            8
        };
        let blocks = granules * GRANULE / bytes;
        let words = blocks.div_ceil(WINDOW);
        let wide_at = Self::WORDS + words * 8 + words * WINDOW;
        let chunk = if bytes < WIDE_FROM { wide_at } else { wide_at + 2 * blocks };
        Self {
            block,
            blocks: low32(blocks),
            granules: low32(granules),
            words: low32(words),
            reciprocal: u64::MAX / wide(bytes) + 1,
            wide: if bytes < WIDE_FROM { 0 } else { low32(wide_at) },
            chunk: low32(chunk.next_multiple_of(64)),
        }
    }
}

impl Class {
    /// The class of the smallest blocks.
    pub(crate) const SMALLEST: Self = Self(0);

    /// The class of the smallest MEDIUM blocks; those of TINY and SMALL ones come before it.
    pub(crate) const MEDIUM: Self = Self(low8(SMALL_CLASSES));

    /// The class of requests for 0 bytes. Its zones' memory can neither be read nor written.
    pub(crate) const ZERO: Self = Self(low8(SIZED));

    /// The class that serves requests of `bytes`; `None` above [`SMALL_MAX`].
    #[inline]
    pub(crate) fn of_small(bytes: usize) -> Option<Self> {
        SMALL_CLASS.get(bytes.div_ceil(16)).map(|&index| Self(index))
    }

    /// The class that serves requests of `bytes`; `None` above [`MEDIUM_MAX`].
    pub(crate) fn of(bytes: usize) -> Option<Self> {
        if bytes <= SMALL_MAX {
            return Self::of_small(bytes);
        }
        if bytes > MEDIUM_MAX {
            return None;
        }
        // bytes - 1 = 1.eee… × 2^log: three bits below the leading one choose the eighth of the doubling.
        let last = bytes - 1;
        let log = size(last.ilog2());
        let eighth = (last >> (log - 3)) % MEDIUM_STEPS;
        Some(Self(low8(SMALL_CLASSES + (log - 10) * MEDIUM_STEPS + eighth)))
    }

    /// The smallest class for `bytes` whose blocks are all aligned to `align`, a power of two, and whose slack can be
    /// recorded; `None` when pages of their own have to serve the request.
    pub(crate) fn aligned(bytes: usize, align: usize) -> Option<Self> {
        // Multiples of `align` are in classes of multiples of it: the blocks of a doubling are multiples of a quarter
        // or an eighth of it, and where `align` is more than that, its multiples are block sizes themselves.
        let least = |bytes: usize| Self::of(bytes.max(1).checked_next_multiple_of(align)?);
        let class = least(bytes)?;
        if class.records(class.block() - bytes) { Some(class) } else { least(WIDE_FROM) }
    }

    /// The same for a SMALL or TINY class whose state bytes can record the slack, quickly: a request of as many bytes has
    /// that class. `None` if it is another one, or `bytes` is 0.
    #[inline]
    pub(crate) fn aligned_small(bytes: usize, align: usize) -> Option<usize> {
        // No overflow: 1024 at most, and less than the largest power of two.
        let room = if bytes > SMALL_MAX { bytes } else { (bytes + (align - 1)) & !(align - 1) };
        (bytes != 0 && room <= SMALL_MAX && room - bytes <= MAX_BYTE_SLACK).then_some(room)
    }

    /// Every class, ascending.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..CLASSES).map(|index| Self(low8(index)))
    }

    /// The class with this index, if there is one.
    pub(crate) fn from_index(index: u8) -> Option<Self> {
        (byte_size(index) < CLASSES).then_some(Self(index))
    }

    /// Position among the classes, from 0.
    pub(crate) fn index(self) -> usize {
        byte_size(self.0)
    }

    /// The index as it is stored in a zone.
    pub(crate) fn byte(self) -> u8 {
        self.0
    }

    /// Bytes from one block to the next.
    pub(crate) fn block(self) -> usize {
        size(self.layout().block)
    }

    /// Bytes of a block that the program may use.
    pub(crate) fn usable(self) -> usize {
        if self == Self::ZERO { 0 } else { self.block() }
    }

    /// How zones of this class are cut.
    pub(crate) fn layout(self) -> &'static Layout {
        LAYOUTS.get(self.index()).unwrap_or(&LAYOUTS[0])
    }

    /// Whether a block of this class can record `slack` unused bytes.
    pub(crate) fn records(self, slack: usize) -> bool {
        self.layout().wide != 0 || slack <= MAX_BYTE_SLACK
    }

    /// Whether the state byte of a block for a request of `bytes` holds the slack, and not the wider array.
    #[inline]
    pub(crate) fn records_in_state(self, bytes: usize) -> bool {
        self.has_states() && self.block() - bytes <= MAX_BYTE_SLACK
    }

    /// Whether state bytes say where the slack is: in TINY and SMALL zones. In others it is in the wider array.
    #[inline]
    pub(crate) fn has_states(self) -> bool {
        byte_size(self.0) < SMALL_CLASSES || self == Self::ZERO
    }

    /// As how many bytes the state byte records a request of `bytes`.
    #[inline]
    pub(crate) fn in_state(self, bytes: usize) -> usize {
        if !self.has_states() {
            self.block()
        } else if self.records_in_state(bytes) {
            bytes
        } else {
            self.block() - byte_size(ELSEWHERE - LIVE)
        }
    }

    /// Whether a zone that is full has data in nearly every page: whatever the program writes of each block, no page
    /// lies between.
    pub(crate) fn is_dense(self) -> bool {
        self.block() <= DENSE && self != Self::ZERO
    }

    /// TINY, SMALL or MEDIUM.
    pub(crate) fn kind(self) -> Kind {
        Kind::of(self.block())
    }
}

const _: () = assert!(SIZES[7] == 128 && SIZES[SMALL_CLASSES - 1] == 1024 && SIZES[SIZED - 1] == 32768);

#[cfg(test)]
mod tests;
