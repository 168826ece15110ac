//! Bins: the free runs of one kind of arena by length, for best fit.
//!
//! Runs of up to [`EXACT`] granules have a bin for each length; longer ones share bins of [`STEP`] lengths. Under the
//! page heap's mutex.

use crate::arena::GRANULES;
use crate::list::List;
use crate::ptr::size;
use crate::zone::Zone;

/// Bins for runs of exactly 1, 2, … granules.
const EXACT: usize = 64;

/// Granules of difference within a bin of longer runs.
const STEP: usize = 32;

/// Runs that are looked at.
const LOOK: usize = 16;

/// Runs of a shared bin that are too short, after which longer ones will do.
const SHORT: usize = 32;

/// All bins; fewer than the bits of the occupancy word.
const BINS: usize = EXACT + (GRANULES - EXACT).div_ceil(STEP);

/// Free runs by length.
pub(crate) struct Bins {
    /// The runs.
    lists: [List; BINS],
    /// Bins that are not empty.
    occupied: u128,
}

/// The bin for free runs of `granules`, a number from 1 to [`GRANULES`].
fn bin_of(granules: usize) -> usize {
    if granules <= EXACT { granules - 1 } else { EXACT + (granules - EXACT - 1) / STEP }
}

impl Bins {
    /// No runs.
    pub(crate) const fn new() -> Self {
        Self { lists: [const { List::new() }; BINS], occupied: 0 }
    }

    /// Hangs in a run of `granules`.
    pub(crate) fn push(&mut self, run: &'static Zone, granules: usize) {
        let bin = bin_of(granules);
        if let Some(list) = self.lists.get(bin) {
            list.push(run);
            self.occupied |= 1 << bin;
        }
    }

    /// Takes out a run of `granules`.
    pub(crate) fn remove(&mut self, run: &'static Zone, granules: usize) {
        let bin = bin_of(granules);
        if let Some(list) = self.lists.get(bin) {
            list.remove(run);
            if list.first().is_none() {
                self.occupied &= !(1 << bin);
            }
        }
    }

    /// A run of at least `granules` that is `preferred`, or the shortest if none of the [`LOOK`] shortest is. Of many that
    /// are too short [`SHORT`] are passed, as long as there are bins of longer ones.
    pub(crate) fn best_fit(&self, granules: usize, preferred: impl Fn(&'static Zone) -> bool) -> Option<&'static Zone> {
        let mut bins = self.occupied & (u128::MAX << bin_of(granules));
        let (mut shortest, mut left) = (None, LOOK);
        while bins != 0 && left > 0 {
            let list = self.lists.get(size(bins.trailing_zeros()))?;
            bins &= bins - 1;
            let fits = |run: &&'static Zone| usize::from(run.granules.get()) >= granules;
            let mut short = if bins == 0 { usize::MAX } else { SHORT };
            let near = list.iter().take_while(|run| {
                short -= usize::from(!fits(run));
                short > 0
            });
            // Of equally long runs the one in front, the last one freed: its pages are the warmest.
            for run in near.filter(fits).take(left) {
                if preferred(run) {
                    return Some(run);
                }
                if shortest.is_none_or(|shortest: &Zone| run.granules.get() < shortest.granules.get()) {
                    shortest = Some(run);
                }
                left -= 1;
            }
        }
        shortest
    }

    /// Every run, checked to hang in the bin of its length.
    #[cfg(test)]
    pub(crate) fn check_invariants(&self) -> impl Iterator<Item = &'static Zone> + '_ {
        self.lists.iter().enumerate().flat_map(|(bin, list)| {
            list.check_invariants();
            assert_eq!(self.occupied >> bin & 1 != 0, list.first().is_some(), "bin {bin}");
            list.iter().inspect(move |run| assert_eq!(bin_of(usize::from(run.granules.get())), bin))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ptr::low16;

    #[test]
    fn many_runs_that_are_too_short_are_not_all_passed() {
        let mut bins = Bins::new();
        let mut push = |granules: usize| {
            let run: &'static Zone = Box::leak(Box::new(Zone::empty()));
            run.granules.set(low16(granules));
            bins.push(run, granules);
            bins.best_fit(90, |_| false).map(|run| run.granules.get())
        };
        assert_eq!((push(91), push(200)), (Some(91), Some(91)));
        assert!((1..SHORT).all(|_| push(70) == Some(91)));
        assert_eq!((push(70), push(70)), (Some(200), Some(200)));
        // Rather than no run at all.
        let mut bins = Bins::new();
        for granules in core::iter::once(91).chain([70; 10 * SHORT]) {
            let run: &'static Zone = Box::leak(Box::new(Zone::empty()));
            run.granules.set(low16(granules));
            bins.push(run, granules);
        }
        assert!(bins.best_fit(90, |_| false).is_some_and(|run| run.granules.get() == 91));
    }
}
