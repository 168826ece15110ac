//! The fuzz targets' corpus, replayed: what was interesting once stays right, also where there is no fuzzer.

#![allow(dead_code, reason = "what only the fuzz targets call")]

#[path = "../../../fuzz/src/content.rs"]
pub(super) mod content;
#[path = "../../../fuzz/src/misuse.rs"]
mod misuse;
#[path = "../../../fuzz/src/model.rs"]
mod model;
#[path = "../../../fuzz/src/options.rs"]
mod options;
#[path = "../../../fuzz/src/report.rs"]
mod report;
#[path = "../../../fuzz/src/run.rs"]
mod run;
#[path = "../../../fuzz/src/said.rs"]
mod said;
#[path = "../../../fuzz/src/sequence.rs"]
mod sequence;
#[path = "../../../fuzz/src/table.rs"]
mod table;

use super::*;
use crate::os::mock::Random;
use crate::{ffi, fuzzing};

/// The files of a target's corpus.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("a corpus").map(|file| file.expect("a file").path()).collect();
    paths.sort();
    assert!(paths.len() > 20, "the corpus is all there");
    paths.iter().map(|path| std::fs::read(path).expect("a file")).collect()
}

/// Bytes that no fuzzer chose.
fn noise(seed: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..random.below(2000)).map(|_| crate::ptr::low8(random.below(256))).collect()
}

#[test]
fn sequences_of_the_corpus_agree_with_the_model() {
    alone!(sequences_of_the_corpus_agree_with_the_model, "", || {
        for (nth, data) in corpus("calls").iter().enumerate() {
            run::run(data);
            // Takes as long as many sequences.
            if nth % 8 == 0 {
                check_heap();
            }
        }
    });
}

#[test]
fn sequences_of_noise_agree_with_the_model() {
    alone!(sequences_of_noise_agree_with_the_model, "", || {
        for seed in 0..20 {
            run::run(&noise(seed));
            check_heap();
        }
        trim(0);
        assert_eq!(HEAP.pages.lock().in_use, 0, "nothing is lost");
    });
}

#[test]
fn options_of_the_corpus_are_read_as_described() {
    for text in corpus("options").into_iter().chain((0..100).map(noise)) {
        options::check(&text);
    }
}
