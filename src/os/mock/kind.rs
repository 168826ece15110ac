//! What the mock counts and refuses.

/// A call of [`Os`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// `reserve`.
    Reserve,
    /// `prepare`.
    Prepare,
    /// `protect` and `seal`.
    Protect,
    /// `map`.
    Map,
    /// `unmap`.
    Unmap,
    /// `remap`.
    Remap,
    /// `purge`.
    Purge,
    /// `populate`.
    Populate,
    /// `advise_huge`.
    Advise,
    /// `guard`.
    Guard,
    /// `unguard`.
    Unguard,
}

impl Kind {
    /// Position in a table of all kinds.
    pub(super) fn index(self) -> usize {
        self as usize
    }
}

/// Number of kinds.
pub(super) const KINDS: usize = 11;
