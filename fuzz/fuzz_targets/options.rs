//! Texts of options; see `ft_malloc_fuzz::options`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ft_malloc_fuzz::options(data));
