//! M_PERTURB
pub(crate) fn set_perturb(_byte: u8) -> bool {
    false
}
