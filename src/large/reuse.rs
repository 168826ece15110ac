//! Freed mappings and the next request: kept for a moment, cut or grown, made one again, and let go.

use core::ptr::NonNull;

use super::guard::remove_guard;
use super::huge::{HUGE, generous};
use super::{Large, Mapping, Stay};
use crate::meta::Meta;
use crate::os::Os;
use crate::ptr::{forward, round_up};
use crate::sync::Mutex;

/// Bytes from which the rest of a mapping that is cut is worth keeping.
const WORTH_KEEPING: usize = 1 << 20;

impl Large {
    /// A block of `bytes` in a freed mapping; its content is anything.
    pub(crate) fn reuse(&mut self, os: &impl Os, meta: &'static Mutex<Meta>, bytes: usize) -> Option<NonNull<u8>> {
        let length = round_up(bytes.max(1), os.page())?;
        let mapping = self.kept.take_best(length)?;
        let before = mapping.bytes();
        if before >= length {
            self.cut(os, meta, mapping, length);
        } else {
            self.look_at_young(os, length);
            if !self.grow(os, meta, mapping, length, true) {
                self.kept.push(mapping);
                return None;
            }
        }
        // The program may have protected pages of its block, and forgotten them when it freed it.
        let start = NonNull::new(mapping.start()).filter(|&start| os.prepare(start, mapping.bytes()));
        let start = start.filter(|_| self.set_guard(os, mapping, length));
        if start.is_none() {
            self.keep(os, mapping);
            return None;
        }
        mapping.requested.set(bytes);
        self.set_fresh(mapping, length.saturating_sub(before));
        self.insert(mapping);
        start
    }

    /// Lets a mapping in no tree end at `length` and a guard, or behind it where a huge page ends. A long rest is kept.
    fn cut(&mut self, os: &impl Os, meta: &'static Mutex<Meta>, mapping: &'static Mapping, length: usize) {
        let Some(start) = NonNull::new(mapping.start()) else { return };
        // A guard in the midst of a huge page would make small ones of it.
        let guard = if self.guards && !mapping.huge.get() { os.page() } else { 0 };
        let length = if mapping.huge.get() { generous(length, 8) } else { length + guard }.min(mapping.bytes());
        let (rest, more) = (forward(start, length), mapping.bytes() - length);
        if more == 0 {
            return;
        }
        let guard = mapping.guard.get();
        mapping.guard.set(0);
        mapping.bytes.set(length);
        match if more >= WORTH_KEEPING { self.descriptor(os, meta) } else { None } {
            Some(descriptor) => {
                descriptor.start.set(rest.as_ptr());
                descriptor.bytes.set(more);
                descriptor.since.set(mapping.since.get());
                descriptor.huge.set(mapping.huge.get());
                descriptor.guard.set(guard);
                self.keep(os, descriptor);
            }
            None => self.unmap(os, meta, rest, more),
        }
    }

    /// Lets the freed mappings go that have waited for `stay.delay`, and those beyond the bound; whether any went.
    pub(crate) fn expire(&mut self, os: &impl Os, meta: &'static Mutex<Meta>, stay: Stay) -> bool {
        let before = self.kept.bytes;
        if before == 0 {
            return false;
        }
        let time = (os.now() + 1).saturating_sub(stay.delay);
        while let Some(mapping) = self.kept.take_older(time) {
            self.let_go(os, meta, mapping, mapping.bytes());
        }
        let bound = stay.bytes.max(self.bytes / 8).next_multiple_of(os.page());
        while let Some(excess) = self.kept.bytes.checked_sub(bound).filter(|&excess| excess > 0)
            && let Some(mapping) = self.kept.take_older(u64::MAX)
        {
            self.let_go(os, meta, mapping, excess.min(mapping.bytes()));
        }
        self.kept.bytes < before
    }

    /// Unmaps the last `bytes` of a freed mapping, and keeps the rest.
    fn let_go(&mut self, os: &impl Os, meta: &'static Mutex<Meta>, mapping: &'static Mapping, bytes: usize) {
        let unit = if mapping.huge.get() { HUGE } else { os.page() };
        let rest = (mapping.bytes() - bytes) / unit * unit;
        let bytes = mapping.bytes() - rest;
        let Some(start) = NonNull::new(mapping.start()) else { return };
        if rest > 0 {
            mapping.bytes.set(rest);
            mapping.guard.set(0);
            self.kept.push(mapping);
        } else {
            self.keep_descriptor(mapping);
        }
        self.unmap(os, meta, forward(start, rest), bytes);
    }

    /// Bytes of freed mappings that wait.
    pub(crate) fn kept(&self) -> usize {
        self.kept.bytes
    }

    /// Keeps a mapping that is in no tree, made one with those it borders on: the parts of what was cut.
    pub(super) fn keep(&mut self, os: &impl Os, mapping: &'static Mapping) {
        while let Some(other) = self.kept.take_neighbour(mapping) {
            let (lower, higher) = if other.address() < mapping.address() { (other, mapping) } else { (mapping, other) };
            if !remove_guard(os, lower) {
                self.kept.push(other);
                break;
            }
            mapping.guard.set(higher.guard.get());
            if other.address() < mapping.address() {
                mapping.start.set(other.start());
            }
            mapping.bytes.set(mapping.bytes() + other.bytes());
            self.keep_descriptor(other);
        }
        self.kept.push(mapping);
    }
}
