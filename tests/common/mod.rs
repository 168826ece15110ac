//! What the integration tests share: processes of their own, and figures about the running one.

#![allow(dead_code, reason = "every test file is a crate and uses what it needs")]
#![allow(unsafe_code, reason = "calls libc")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "tests fail by panicking"
)]

use std::process::{Command, Output};

/// Tells the child process of [`in_child`] which test it runs for.
const CHILD: &str = "FT_MALLOC_TEST_CHILD";

/// Runs `body` in a process that runs nothing else, with the options `FT_MALLOC`; `test` is the calling test. Returns
/// what the process wrote; in that process itself nothing.
pub(crate) fn in_child(test: &str, options: &str, body: impl FnOnce()) -> Option<Output> {
    if std::env::var(CHILD).is_ok_and(|name| name == test) {
        body();
        return None;
    }
    let mut child = Command::new(std::env::current_exe().expect("a path"));
    child.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, test).env("FT_MALLOC", options);
    let output = child.output().expect("a process");
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && said.contains("1 passed");
    assert!(passed, "{:?}\n{said}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    Some(output)
}

/// Ends the process with a signal if it is still there after so many seconds.
pub(crate) fn give_up_after(seconds: u32) {
    // SAFETY: always callable.
    unsafe { libc::alarm(seconds) };
}

/// Bytes of a page.
pub(crate) fn page() -> usize {
    // SAFETY: always callable.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(page).expect("a size")
}

/// Resident bytes of the process, `None` where there is no `/proc`. Allocates a little.
pub(crate) fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * page())
}

/// Page faults so far that read nothing from a disk.
pub(crate) fn faults() -> usize {
    // SAFETY: all fields are integers.
    let mut usage: libc::rusage = unsafe { core::mem::zeroed() };
    // SAFETY: a valid place for the answer.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    usize::try_from(usage.ru_minflt).expect("a count")
}

/// Numbers that look random, the same in every run (Knuth's multiplier, the high bits).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}
