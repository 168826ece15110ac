//! A number that one thread makes when it is first wanted, while the others do without.

use core::sync::atomic::Ordering;

use crate::sync::AtomicUsize;

/// While it is being made.
const MAKING: usize = usize::MAX;

/// A number that is made once: plus 1, 0 while there is none.
pub(crate) struct Made(AtomicUsize);

impl Made {
    /// There is none.
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// The number. Who finds it finds done what was done to make it.
    #[inline]
    pub(crate) fn get(&self) -> Option<usize> {
        match self.0.load(Ordering::Acquire) {
            0 | MAKING => None,
            more => Some(more - 1),
        }
    }

    /// Lets `make` make the number, less than `usize::MAX - 1`, if there is none and no other thread does so at this moment,
    /// nor this one further up; whether it was called. Where it fails, the next caller tries again.
    pub(crate) fn make(&self, make: impl FnOnce() -> Option<usize>) -> bool {
        let begun = self.0.compare_exchange(0, MAKING, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if begun {
            self.0.store(make().map_or(0, |number| number + 1), Ordering::Release);
        }
        begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(loom, shuttle))]
    impl Made {
        /// Has a model checker keep the number.
        pub(crate) fn watch(&self) {
            crate::sync::model::watch(&self.0);
        }
    }

    #[test]
    fn a_number_is_made_once() {
        let made = Made::new();
        assert_eq!(made.get(), None);
        assert!(made.make(|| None), "and fails");
        assert_eq!(made.get(), None);
        let first = || {
            assert!(!made.make(|| panic!("it is being made")));
            assert_eq!(made.get(), None);
            Some(0)
        };
        assert!(made.make(first));
        assert_eq!(made.get(), Some(0));
        assert!(!made.make(|| panic!("it is made")));
    }
}
