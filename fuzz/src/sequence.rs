//! From bytes to steps. The first byte says how threads take part, then each eight bytes are a step, so that a mutation of
//! one changes no other: operation, thread, two for the block it is about, four for sizes and the like.

/// Steps of a sequence at most.
const LONGEST: usize = 256;

/// Threads at most.
pub(crate) const THREADS: usize = 4;

/// An operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    /// A block of any function that allocates.
    Allocate,
    /// Many blocks of one size.
    AllocateMany,
    /// A new size for a block.
    Resize,
    /// A block goes, by any function that frees.
    Free,
    /// Every so many-th block goes.
    FreeMany,
    /// A request that cannot be served.
    Impossible,
    /// The usable size and the content of a block.
    Look,
    /// A pointer that was freed.
    Freed,
    /// A pointer into a live block.
    Inside,
    /// A pointer somewhere near a block.
    Near,
    /// A pointer that never was the heap's.
    Foreign,
    /// The wrong size for a block.
    WrongSize,
    /// The wrong alignment for a block.
    WrongAlign,
    /// `malloc_trim`.
    Trim,
    /// `mallopt`.
    Tune,
    /// The heap's own account of itself.
    Report,
    /// A block for another thread to take.
    Give,
    /// A block that another thread gave.
    Take,
    /// The thread ends; another one comes in its place.
    End,
}

/// By number; what is there several times happens as often.
const OPS: [Op; 32] = [
    Op::Allocate,
    Op::Allocate,
    Op::Allocate,
    Op::Allocate,
    Op::Allocate,
    Op::AllocateMany,
    Op::AllocateMany,
    Op::Resize,
    Op::Resize,
    Op::Resize,
    Op::Free,
    Op::Free,
    Op::Free,
    Op::Free,
    Op::FreeMany,
    Op::FreeMany,
    Op::Impossible,
    Op::Look,
    Op::Freed,
    Op::Freed,
    Op::Inside,
    Op::Near,
    Op::Foreign,
    Op::WrongSize,
    Op::WrongAlign,
    Op::Trim,
    Op::Tune,
    Op::Report,
    Op::Give,
    Op::Take,
    Op::Take,
    Op::End,
];

/// One step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// What happens.
    pub(crate) op: Op,
    /// In which thread.
    pub(crate) thread: usize,
    /// Which of several functions.
    pub(crate) form: usize,
    /// Which block.
    pub(crate) pick: usize,
    /// How much.
    pub(crate) amount: usize,
}

impl Step {
    /// Bytes of a step.
    const BYTES: usize = 8;

    /// The step that eight bytes stand for.
    fn from_bytes(bytes: &[u8]) -> Self {
        let word = |from: usize, count: usize| {
            bytes[from..from + count].iter().rev().fold(0, |word, &byte| word << 8 | usize::from(byte))
        };
        let (op, thread) = (word(0, 1), word(1, 1));
        Self {
            op: OPS[op % OPS.len()],
            thread: thread % THREADS,
            form: thread / THREADS,
            pick: word(2, 2),
            amount: word(4, 4),
        }
    }

    /// A size in bytes, by the amount's highest bits a small or a large one.
    pub(crate) fn size(&self) -> usize {
        let amount = self.amount & ((1 << 28) - 1);
        match self.amount >> 28 {
            0..6 => amount % 129,
            6..10 => amount % 1025,
            10..13 => amount % (32_769),
            13..15 => (32 << 10) + amount % (512 << 10),
            _ => (4 << 20) + amount % (256 << 10),
        }
    }

    /// A power of two.
    pub(crate) fn align(&self) -> usize {
        // Seldom more than a few pages.
        let logs = if self.pick % 16 == 15 { 31 } else { 15 };
        1 << ((self.pick / 16) % logs)
    }
}

/// A sequence.
pub(crate) struct Sequence {
    /// Whether the threads run at the same time, each with its own steps in order.
    pub(crate) at_once: bool,
    /// Whether all threads end before the last blocks are freed.
    pub(crate) end_first: bool,
    /// What happens.
    pub(crate) steps: Vec<Step>,
}

impl Sequence {
    /// The sequence that `data` stands for.
    pub(crate) fn from_bytes(data: &[u8]) -> Self {
        let (head, rest) = data.split_first().map_or((0, data), |(&head, rest)| (head, rest));
        let steps = rest.chunks_exact(Step::BYTES).take(LONGEST).map(Step::from_bytes).collect();
        Self { at_once: head % 4 == 3, end_first: head & 4 != 0, steps }
    }
}
