//! Tests of zones: a zone on memory of its own, against naive models.

use super::*;
use crate::os::mock::Random;

impl Zone {
    /// Every structural promise of a zone whose blocks nobody changes meanwhile. Returns its exposed blocks that are
    /// neither live nor marked free: each is pending with a thread that freed it.
    pub(crate) fn check_invariants(&self) -> usize {
        let layout = self.layout();
        let exposed = size(self.exposed.get());
        let mut pending = 0;
        assert!(exposed == size(layout.blocks) || exposed.is_multiple_of(WINDOW));
        for index in 0..size(layout.words) * WINDOW {
            let (word, bit) = Self::bit_of(index);
            let free = self.words()[word].get() & bit != 0;
            let remote = self.remote_words()[word].load(Ordering::Relaxed) & bit != 0;
            let state = self.state_of(index);
            assert!(!(free && remote), "block {index} is free twice");
            assert!(!(free || remote) || state < LIVE, "block {index} is free and live");
            assert!(index < exposed || !(free || remote || state != FRESH), "block {index} is not exposed");
            assert!(!remote || state == FREED);
            pending += usize::from(index < exposed && !free && !remote && state < LIVE);
        }
        if self.place() != Place::Current {
            assert_eq!(self.counted_free(), self.free_blocks(), "free blocks = mark − wake");
            let full = self.free_blocks() < self.enough();
            assert!(!full || self.place() == Place::Full, "with few free blocks it counts as full");
            assert!(self.wake.get() > 0);
        }
        pending
    }
}
