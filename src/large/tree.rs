//! The mappings in use, ordered by address: a treap.

use super::{Large, Mapping};
use crate::ptr::{low32, size64, wide};
use crate::random::mix;

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
        if self.young.is(old) {
            self.young.set(None);
        }
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

/// A number that looks random for each `n`, for evenly spaced ones too: blocks of one length often lie side by side, and a
/// product alone (Knuth's multiplicative hash) makes of some spacings a long run of rising numbers, so a path of a tree.
pub(super) fn scatter(n: usize) -> u32 {
    low32(size64(mix(wide(n)) >> 32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Link;

    /// Mappings on the longest path from `node`.
    fn depth(node: &Link<Mapping>) -> usize {
        node.get().map_or(0, |mapping| 1 + depth(&mapping.left).max(depth(&mapping.right)))
    }

    #[test]
    fn evenly_spaced_mappings_make_no_long_paths() {
        let memory = vec![0_u64; 4000 * size_of::<Mapping>() / 8].leak();
        let mappings = memory.chunks_exact(size_of::<Mapping>() / 8);
        let mappings: Vec<_> =
            mappings.map(|memory| Mapping::over(core::ptr::NonNull::from_ref(memory).cast())).collect();
        // 2584 is a Fibonacci number: times φ nearly a whole one.
        for pages in [1, 89, 1024, 1025, 1597, 2584, 2817, 4181, 25_601] {
            let mut large = Large::new();
            for (nth, mapping) in mappings.iter().enumerate() {
                mapping.start.set(core::ptr::without_provenance_mut(((1 << 34) - nth * pages) << 12));
                mapping.bytes.set(pages << 12);
                large.insert(mapping);
            }
            // Twice the binary logarithm is what to expect.
            assert!(depth(&large.root) < 60, "{} at a spacing of {pages} pages", depth(&large.root));
            assert!(mappings.iter().all(|mapping| large.find(mapping.address()).is_some()), "{pages} pages");
            for mapping in &mappings {
                large.remove(mapping);
            }
            assert!(large.root.get().is_none() && large.bytes == 0);
        }
    }
}
