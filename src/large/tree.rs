//! The mappings in use, ordered by address: a treap.

use super::{Large, Mapping};
use crate::ptr::{low32, size64, wide};

/// No path in the tree is longer: the expected depth is below 3 log2 of the number of mappings.
const MAX_DEPTH: usize = 512;

impl Large {
    /// The mapping that contains `address`. Ends even in a tree that is being changed, for signal handlers.
    pub(crate) fn find(&self, address: usize) -> Option<&'static Mapping> {
        let mut node = self.root.get();
        for _ in 0..MAX_DEPTH {
            let mapping = node?;
            if mapping.contains(address) {
                return Some(mapping);
            }
            node = if address < mapping.address() { mapping.left.get() } else { mapping.right.get() };
        }
        None
    }

    /// The first mapping at or behind `address`.
    pub(crate) fn next(&self, address: usize) -> Option<&'static Mapping> {
        let (mut node, mut best) = (self.root.get(), None);
        while let Some(mapping) = node {
            if mapping.address() >= address {
                best = Some(mapping);
                node = mapping.left.get();
            } else {
                node = mapping.right.get();
            }
        }
        best
    }

    /// Puts a mapping into the tree.
    pub(super) fn insert(&mut self, new: &'static Mapping) {
        self.count += 1;
        self.bytes += new.bytes();
        new.priority.set(scatter(new.address() >> 12));
        // Down to the first node that the new one outranks …
        let mut place = &self.root;
        let mut node = place.get();
        while let Some(mapping) = node.filter(|mapping| mapping.priority.get() >= new.priority.get()) {
            place = if new.address() < mapping.address() { &mapping.left } else { &mapping.right };
            node = place.get();
        }
        place.set(Some(new));
        // … whose subtree is split by address into the new node's two.
        let (mut lower, mut higher) = (&new.left, &new.right);
        while let Some(mapping) = node {
            if mapping.address() < new.address() {
                lower.set(Some(mapping));
                lower = &mapping.right;
                node = lower.get();
            } else {
                higher.set(Some(mapping));
                higher = &mapping.left;
                node = higher.get();
            }
        }
        lower.set(None);
        higher.set(None);
    }

    /// Takes a member out of the tree.
    pub(super) fn remove(&mut self, old: &'static Mapping) {
        self.count -= 1;
        self.bytes -= old.bytes();
        let mut place = &self.root;
        while let Some(mapping) = place.get().filter(|_| !place.is(old)) {
            place = if old.address() < mapping.address() { &mapping.left } else { &mapping.right };
        }
        // Merge its two subtrees in its place.
        let (mut left, mut right) = (old.left.get(), old.right.get());
        loop {
            match (left, right) {
                (Some(l), Some(r)) if l.priority.get() >= r.priority.get() => {
                    place.set(left);
                    place = &l.right;
                    left = place.get();
                }
                (Some(_), Some(r)) => {
                    place.set(right);
                    place = &r.left;
                    right = place.get();
                }
                (rest, None) | (None, rest) => {
                    place.set(rest);
                    return;
                }
            }
        }
    }
}

/// A number that looks random for each `n`: the top of a multiplicative hash (Knuth's 2^64 / φ).
pub(super) fn scatter(n: usize) -> u32 {
    low32(size64(wide(n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32))
}
