//! What a pointer is, and what is said when it is not what it should be.
//!
//! Nothing here allocates, or waits for a mutex that an interrupted call of this thread holds; the message is one `write`. The heap is as it was: the call that found the misuse has done
//! nothing.

use super::{Block, HEAP, MAP, sample};
use crate::config::OnError;
use crate::os::{self, Unix};
use crate::size_class::{Class, FRESH, Kind, MIN_ALIGN};
use crate::text::{STDERR, Text};
use crate::tls;
use crate::zone::{Role, Spot, Zone};

/// The function the program called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Call {
    /// Any function that allocates.
    Malloc,
    /// `free` or `cfree`.
    Free,
    /// `realloc` or `reallocarray`.
    Realloc,
    /// `malloc_usable_size`.
    UsableSize,
    /// `free_sized`.
    FreeSized,
    /// `free_aligned_sized`.
    FreeAlignedSized,
    /// Any form of C++ `operator delete`.
    #[cfg_attr(target_os = "macos", expect(dead_code, reason = "it is libc++'s there"))]
    Delete,
}

impl Call {
    /// As the program writes it.
    const fn name(self) -> &'static str {
        match self {
            Self::Malloc => "malloc",
            Self::Free => "free",
            Self::Realloc => "realloc",
            Self::UsableSize => "malloc_usable_size",
            Self::FreeSized => "free_sized",
            Self::FreeAlignedSized => "free_aligned_sized",
            Self::Delete => "operator delete",
        }
    }

    /// Whether a freed pointer here is a double free.
    const fn frees(self) -> bool {
        !matches!(self, Self::Malloc | Self::Realloc | Self::UsableSize)
    }
}

/// What is wrong with a pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Misuse {
    /// The block was freed before.
    Freed(Class),
    /// The LARGE block was freed before.
    FreedLarge,
    /// The sampled block of so many bytes was freed before.
    FreedSampled(usize),
    /// Bytes around the block were written that are no part of it.
    Overrun {
        /// Bytes of the block.
        bytes: usize,
        /// Whether they are behind it, and not before.
        behind: bool,
        /// Its kind.
        kind: Kind,
    },
    /// The address points into a block, or to the few bytes behind it that are nobody's.
    Inside {
        /// Address of the block.
        start: usize,
        /// Bytes of the block.
        bytes: usize,
        /// Its kind.
        kind: Kind,
        /// Whether it is live.
        live: bool,
    },
    /// The address is in memory of the heap where no block is.
    NoBlock,
    /// The address is not in the heap.
    Foreign,
    /// A free block of so many bytes was written to: after it was freed, or across the end of another one.
    WrittenFree {
        /// Bytes of the block.
        bytes: usize,
        /// Its kind.
        kind: Kind,
    },
    /// The size is not the one the block was allocated with.
    WrongSize {
        /// The size given.
        given: usize,
        /// The size asked for when the block was allocated or last resized.
        requested: usize,
        /// Kind of the block.
        kind: Kind,
    },
    /// The alignment is not one the block was allocated with.
    WrongAlign {
        /// The alignment given.
        given: usize,
        /// Kind of the block.
        kind: Kind,
    },
}

/// The live block that starts at `address`, or what is wrong with that address.
pub(crate) fn find(address: usize) -> Result<Block, Misuse> {
    let zone = MAP.find(address);
    // If not, the arena was given back a moment ago, and its header is that of another one now.
    if let Some(zone) = zone.filter(|zone| zone.contains(address)) {
        match zone.role() {
            Role::Blocks => return find_in_zone(zone, address),
            Role::Large if zone.address() == address => return Ok(Block::Run(zone)),
            Role::Large => {
                let (start, bytes) = (zone.address(), Block::Run(zone).usable());
                return Err(Misuse::Inside { start, bytes, kind: Kind::Large, live: true });
            }
            Role::Free | Role::None => {}
        }
    }
    if let Some(place) = HEAP.sampled.place(&Unix, address) {
        return sample::find(place, address);
    }
    HEAP.large.peek(|large| match large.find(address) {
        Some(mapping) if mapping.block() == address => Ok(Block::Mapping(mapping)),
        Some(mapping) if address < mapping.block() => Err(Misuse::NoBlock),
        Some(mapping) => {
            let (start, bytes) = (mapping.block(), mapping.usable());
            Err(Misuse::Inside { start, bytes, kind: Kind::Large, live: true })
        }
        None if large.was_freed(address) => Err(Misuse::FreedLarge),
        None if zone.is_some() => Err(Misuse::NoBlock),
        None => Err(Misuse::Foreign),
    })
}

/// The same for an address in a zone.
fn find_in_zone(zone: &'static Zone, address: usize) -> Result<Block, Misuse> {
    match zone.spot(address) {
        Spot::Start(index) if zone.is_live(index) => Ok(Block::Zone(zone, index)),
        Spot::Start(index) if zone.state_of(index) != FRESH => Err(Misuse::Freed(zone.class())),
        Spot::Inside(index, offset) => Err(Misuse::Inside {
            start: address - offset,
            bytes: zone.class().usable(),
            kind: zone.class().kind(),
            live: zone.is_live(index),
        }),
        Spot::Start(_) | Spot::Head => Err(Misuse::NoBlock),
    }
}

/// Says that `call` got a bad `address`, as the policy wants it.
#[cold]
pub(crate) fn report(call: Call, address: usize, misuse: Misuse) {
    let policy = HEAP.config.on_error();
    if policy == OnError::Ignore {
        return;
    }
    say(call, address, misuse);
    sample::say_stacks(address);
    if policy == OnError::Abort {
        // A handler of the program's that allocates would wait for a mutex that this thread holds.
        if tls::depth() != 0 {
            os::unhandle_abort();
        }
        os::abort();
    }
}

/// Writes the message.
fn say(call: Call, address: usize, misuse: Misuse) {
    let mut line = Text::<256>::to(STDERR);
    line.text("ft_malloc: ").text(call.name()).text("(").address(address).text("): ");
    match misuse {
        Misuse::Freed(class) if call.frees() => {
            line.text("double free of a ").number(class.usable()).text("-byte block").kind(class.kind());
        }
        Misuse::Freed(class) => {
            line.text("freed pointer, the ").number(class.usable()).text("-byte block was freed before");
            line.kind(class.kind());
        }
        Misuse::FreedSampled(bytes) if call.frees() => {
            line.text("double free of a ").number(bytes).text("-byte block (sampled)");
        }
        Misuse::FreedSampled(bytes) => {
            line.text("freed pointer, the ").number(bytes).text("-byte block was freed before (sampled)");
        }
        Misuse::Overrun { bytes, behind, kind } => {
            line.text(if behind { "overflow" } else { "underflow" }).text(", memory ");
            line.text(if behind { "behind" } else { "before" }).text(" the ").number(bytes);
            line.text("-byte block was written").kind(kind);
        }
        Misuse::FreedLarge if call.frees() => line.text("double free of a block").kind(Kind::Large),
        Misuse::FreedLarge => line.text("freed pointer, the block was freed before").kind(Kind::Large),
        Misuse::Inside { start, bytes, kind, live } => {
            let aligned = address.is_multiple_of(MIN_ALIGN);
            let offset = address - start;
            match offset.checked_sub(bytes) {
                Some(behind) => line.text("pointer ").number(behind).text(" bytes behind the "),
                None => line
                    .text(if aligned { "interior pointer, " } else { "unaligned pointer, " })
                    .number(offset)
                    .text(" bytes into the "),
            };
            line.text(if live { "" } else { "freed " });
            line.number(bytes).text("-byte block at ").address(start).kind(kind);
        }
        Misuse::WrittenFree { bytes, kind } => {
            line.text("write to a free ").number(bytes).text("-byte block").kind(kind);
        }
        Misuse::NoBlock => {
            line.text("pointer into free memory, no block is allocated there");
        }
        Misuse::Foreign => {
            line.text("foreign pointer, not a block of this allocator");
        }
        Misuse::WrongSize { given, requested, kind } => {
            line.text("wrong size ").number(given).text(", the block was allocated with ");
            line.number(requested).text(" bytes").kind(kind);
        }
        Misuse::WrongAlign { given, kind } => {
            line.text("wrong alignment ").number(given).text(", the block was not allocated with it").kind(kind);
        }
    }
    line.text("\n");
}

impl<const N: usize> Text<N> {
    /// Adds the kind of a block in brackets.
    fn kind(&mut self, kind: Kind) {
        self.text(" (").text(kind.name()).text(")");
    }
}
