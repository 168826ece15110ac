//! What a pointer is, and what is said when it is not what it should be.
//!
//! Nothing here allocates, or waits for a mutex that an interrupted call of this thread holds; the message is one `write`. The heap is as it was: the call that found the misuse has done
//! nothing.

use super::{Block, HEAP, MAP};
use crate::config::OnError;
use crate::os;
use crate::size_class::{Class, FRESH, Kind, MIN_ALIGN};
use crate::text::{STDERR, Text};
use crate::zone::{Role, Spot, Zone};

/// The function the program called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
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
        !matches!(self, Self::Realloc | Self::UsableSize)
    }
}

/// What is wrong with a pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Misuse {
    /// The block was freed before.
    Freed(Class),
    /// The LARGE block was freed before.
    FreedLarge,
    /// The address points into a block.
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
    if let Some(zone) = zone {
        match zone.role() {
            Role::Blocks => return find_in_zone(zone, address),
            Role::Large if zone.address() == address => return Ok(Block::Run(zone)),
            Role::Large => {
                let (start, bytes) = (zone.address(), zone.bytes());
                return Err(Misuse::Inside { start, bytes, kind: Kind::Large, live: true });
            }
            Role::Free | Role::None => {}
        }
    }
    HEAP.large.peek(|large| match large.find(address) {
        Some(mapping) if mapping.address() == address => Ok(Block::Mapping(mapping)),
        Some(mapping) => {
            let (start, bytes) = (mapping.address(), mapping.bytes());
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
            bytes: zone.class().block(),
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
    if policy == OnError::Abort {
        os::abort();
    }
}

/// Writes the message.
fn say(call: Call, address: usize, misuse: Misuse) {
    let mut line = Text::<256>::to(STDERR);
    line.text("ft_malloc: ").text(call.name()).text("(").address(address).text("): ");
    match misuse {
        Misuse::Freed(class) if call.frees() => {
            line.text("double free of a ").number(class.block()).text("-byte block").kind(class.kind());
        }
        Misuse::Freed(class) => {
            line.text("freed pointer, the ").number(class.block()).text("-byte block was freed before");
            line.kind(class.kind());
        }
        Misuse::FreedLarge if call.frees() => line.text("double free of a block").kind(Kind::Large),
        Misuse::FreedLarge => line.text("freed pointer, the block was freed before").kind(Kind::Large),
        Misuse::Inside { start, bytes, kind, live } => {
            let aligned = address.is_multiple_of(MIN_ALIGN);
            line.text(if aligned { "interior pointer, " } else { "unaligned pointer, " });
            line.number(address - start).text(" bytes into the ").text(if live { "" } else { "freed " });
            line.number(bytes).text("-byte block at ").address(start).kind(kind);
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
