//! The arrows between the modules point down only.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "tests fail by panicking"
)]

use std::process::Command;

/// Runs the check with `arguments`; nothing where there is no Python.
fn check(arguments: &[&str]) {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: no python3");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check-layers");
    let output = Command::new("python3").arg(script).args(arguments).output().expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn modules_use_what_lies_below_them() {
    check(&[]);
}

#[test]
fn the_check_sees_every_violation() {
    check(&["--self-test"]);
}
