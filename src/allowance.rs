//! How many guards may come: a system call may cost a small part only of what goes on anyway.
//!
//! A guard takes two calls, one to install it and one to remove it when it is in the way, and the fault of a page that
//! was there: some 6 µs. New memory takes 490 µs a MiB if the program uses it (2026-11-21), so each MiB of it brings a
//! guard; and every fourth millisecond does, for memory that is used again. What is not used is saved, up to a bound.

use crate::ptr::size64;

/// Bytes of new memory that a guard is worth.
const EACH: usize = 1 << 20;

/// As many bytes as a millisecond is worth.
const A_MILLISECOND: usize = EACH / 4;

/// Most that is saved.
const MOST: usize = 16 * EACH;

/// What is saved.
pub(crate) struct Allowance {
    /// In bytes of new memory.
    saved: usize,
    /// Up to when time was counted, in milliseconds.
    counted: u64,
}

impl Allowance {
    /// Nothing is saved yet.
    pub(crate) const fn new() -> Self {
        Self { saved: 0, counted: 0 }
    }

    /// Counts new memory.
    pub(crate) fn earn(&mut self, bytes: usize) {
        self.saved = self.saved.saturating_add(bytes).min(MOST);
    }

    /// Counts the time, up to `now` in milliseconds of a clock that never goes back.
    pub(crate) fn pass(&mut self, now: u64) {
        if now != self.counted {
            let passed = size64(now.saturating_sub(self.counted));
            self.counted = now;
            self.earn(passed.saturating_mul(A_MILLISECOND));
        }
    }

    /// Whether there may be a guard.
    pub(crate) fn affords(&self) -> bool {
        self.saved >= EACH
    }

    /// Pays for a guard, if there may be one.
    pub(crate) fn spend(&mut self) -> bool {
        let affords = self.affords();
        self.saved -= if affords { EACH } else { 0 };
        affords
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Guards in a row.
    fn spent(allowance: &mut Allowance) -> usize {
        (0..1000).take_while(|_| allowance.spend()).count()
    }

    #[test]
    fn new_memory_and_time_bring_guards() {
        let mut allowance = Allowance::new();
        assert_eq!(spent(&mut allowance), 0);
        (0..3).for_each(|_| allowance.earn(EACH / 2));
        assert!(allowance.affords());
        assert_eq!(spent(&mut allowance), 1, "and a half is left");
        allowance.earn(EACH / 2);
        assert_eq!(spent(&mut allowance), 1);
        allowance.pass(8);
        allowance.pass(8);
        assert_eq!((spent(&mut allowance), spent(&mut allowance)), (2, 0));
    }

    #[test]
    fn only_so_many_are_saved() {
        let mut allowance = Allowance::new();
        allowance.earn(usize::MAX);
        assert_eq!(spent(&mut allowance), 16);
        allowance.pass(u64::MAX);
        assert_eq!(spent(&mut allowance), 16);
        // A clock that went back brings nothing.
        allowance.pass(5);
        assert_eq!(spent(&mut allowance), 0);
    }
}
