//! Sequences of calls; see `ft_malloc_fuzz::calls`.

#![no_main]

libfuzzer_sys::fuzz_target!(init: ft_malloc_fuzz::keep_stderr(), |data: &[u8]| ft_malloc_fuzz::calls(data));
