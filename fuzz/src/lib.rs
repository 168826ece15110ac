//! What the fuzz targets run: bytes become a sequence of calls or a text of options, and what the library makes of it is
//! compared with a model.
//!
//! | module | what it has |
//! |---|---|
//! | `sequence` | from bytes to steps: which call, in which thread, with what |
//! | `table` | every function that allocates or frees |
//! | `model` | the live blocks with their contents, and what has to come of each step |
//! | `misuse` | what is wrong on purpose, and what must be said about it |
//! | `report` | the heap's own account of itself |
//! | `run` | the threads: one at a time in the order of the input, or all at once |
//! | `said` | what the library writes |
//! | `content` | what blocks are filled with |
//! | `options` | `FT_MALLOC` |
//!
//! The library's unit tests have the same modules and replay the corpus with them (`src/heap/tests/corpus.rs`).

mod content;
mod misuse;
mod model;
mod options;
mod report;
mod run;
mod said;
mod sequence;
mod table;

use ft_malloc::{ffi, fuzzing};

/// Runs the sequence of calls that `data` stands for; panics where it does not agree with the model.
pub fn calls(data: &[u8]) {
    run::run(data);
}

/// Reads `data` as options; panics where the result does not agree with what the library's list of options says.
pub fn options(data: &[u8]) {
    options::check(data);
}

/// Keeps standard error for what panics say. To be called before the fuzzer closes it (`-close_fd_mask=2`).
pub fn keep_stderr() {
    said::keep();
}
