//! Freed mappings that wait for the next request: what a new mapping costs is its page faults, not its system calls.

use super::Mapping;
use crate::sync::Link;

/// Mappings without a block, with their memory.
pub(super) struct Kept {
    /// The one kept last; linked through `left`.
    first: Link<Mapping>,
    /// Bytes of all.
    pub(super) bytes: usize,
}

impl Kept {
    /// None.
    pub(super) const fn new() -> Self {
        Self { first: Link::none(), bytes: 0 }
    }

    /// Keeps a mapping that is in no tree.
    pub(super) fn push(&mut self, mapping: &'static Mapping) {
        mapping.left.set(self.first.get());
        self.first.set(Some(mapping));
        self.bytes += mapping.bytes();
    }

    /// Takes out the mapping that serves a request of `length` bytes best: the shortest that is long enough, else the
    /// longest.
    pub(super) fn take_best(&mut self, length: usize) -> Option<&'static Mapping> {
        let fitness = |mapping: &&'static Mapping| match mapping.bytes().checked_sub(length) {
            Some(more) => (0, more),
            None => (1, length - mapping.bytes()),
        };
        let best = self.iter().min_by_key(fitness)?;
        self.remove(best);
        Some(best)
    }

    /// Takes out the mapping kept first, if it was before `time` in milliseconds.
    pub(super) fn take_older(&mut self, time: u64) -> Option<&'static Mapping> {
        let oldest = self.iter().last().filter(|oldest| oldest.since.get() < time)?;
        self.remove(oldest);
        Some(oldest)
    }

    /// Takes out one that ends where `mapping` starts, or starts where it ends, and comes in pages of the same kind.
    pub(super) fn take_neighbour(&mut self, mapping: &'static Mapping) -> Option<&'static Mapping> {
        let end = |mapping: &'static Mapping| mapping.address() + mapping.bytes();
        let borders = |other: &&'static Mapping| end(other) == mapping.address() || end(mapping) == other.address();
        let alike = |other: &&'static Mapping| other.huge.get() == mapping.huge.get();
        let neighbour = self.iter().filter(alike).find(borders)?;
        self.remove(neighbour);
        Some(neighbour)
    }

    /// All, the one kept last first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static Mapping> + use<> {
        let mut next = self.first.get();
        core::iter::from_fn(move || {
            let mapping = next?;
            next = mapping.left.get();
            Some(mapping)
        })
    }

    /// Takes one out.
    fn remove(&mut self, mapping: &'static Mapping) {
        self.bytes -= mapping.bytes();
        let behind = mapping.left.get();
        match self.iter().find(|before| before.left.is(mapping)) {
            Some(before) => before.left.set(behind),
            None => self.first.set(behind),
        }
    }
}
