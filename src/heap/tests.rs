//! Tests of the front door. They share the process's one heap; those that look at all of it run in a process of their
//! own.

#[cfg(target_os = "linux")]
mod corpus;
mod forks;
#[cfg(target_os = "linux")]
mod hardened;
mod messages;
mod model;
mod promises;
mod races;
mod sharing;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::*;
use crate::arena::GRANULES;
use crate::zone::{Place, Role};

/// Tells the child process of [`run_alone`] which test it runs for.
const ALONE: &str = "FT_MALLOC_TEST_ALONE";

/// Runs `body` in a process in which nothing else uses the heap, with the options `FT_MALLOC`. `test` is the full name
/// of the calling test. Returns what the process wrote on standard error; nothing in that process itself.
fn run_alone(test: &str, options: &str, body: impl FnOnce()) -> String {
    let test = test.split_once("::").map_or(test, |(_crate, rest)| rest);
    if std::env::var(ALONE).is_ok_and(|name| name == test) {
        let (running, is_running) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _ = running.send(());
            std::thread::sleep(Duration::from_mins(1));
            eprintln!("it hangs");
            std::process::abort();
        });
        // What the thread maps is there before the test measures.
        let _ = is_running.recv();
        body();
        return String::new();
    }
    let mut child = Command::new(std::env::current_exe().expect("a path"));
    child.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ALONE, test).env("FT_MALLOC", options);
    let output = child.output().expect("a process");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{:?}\n{out}\n{err}", output.status);
    err.into_owned()
}

/// [`run_alone`] for the test that calls it.
macro_rules! alone {
    ($test:ident, $options:expr, $body:expr) => {
        $crate::heap::tests::run_alone(concat!(module_path!(), "::", stringify!($test)), $options, $body)
    };
}
use alone;

/// Every structural promise of a heap that no thread changes meanwhile.
fn check_heap() {
    let central = threads::central();
    HEAP.pages.lock().check_invariants(&MAP);
    HEAP.large.lock().check_invariants();
    let mut owned = BTreeSet::new();
    for cache in central.live() {
        let zones = cache.check_invariants();
        assert!(zones.iter().all(|&zone| owned.insert(zone)), "a zone in two caches");
    }
    for zone in central.available() {
        assert!(zone.owner.is(&HEAP.owner) && matches!(zone.place(), Place::Available | Place::Sparse));
        assert!(owned.insert(zone.address()), "a zone of central's in a cache");
    }
    for zone in central.spare() {
        assert!(zone.owner.is(&HEAP.owner) && zone.place() == Place::Current);
        assert_eq!((zone.free_blocks(), zone.is_guarded()), (zone.states().len(), false));
        assert!(owned.insert(zone.address()), "a spare zone in a cache");
    }
    central.check_invariants();
    let pages = HEAP.pages.lock();
    // What central owns changes under its mutex only, so runs that are no zones are never central's.
    let descriptors = pages.arenas().flat_map(|arena| (0..GRANULES).filter_map(move |g| arena.zone(g)));
    let mut runs = descriptors.filter(|zone| zone.role() != Role::Blocks);
    assert!(runs.all(|run| !run.owner.is(&HEAP.owner)));
    let zones = pages.arenas().flat_map(|arena| (0..GRANULES).filter_map(move |g| arena.covering(g)));
    let zones: BTreeSet<_> = zones.filter(|zone| zone.role() == Role::Blocks).map(Zone::address).collect();
    for &address in &zones {
        let zone = MAP.find(address).expect("a zone");
        let waiting = zone.check_invariants();
        assert!(waiting == 0 || zone.posted.load(Relaxed) == 1, "blocks that nobody will collect");
        // Full ones without a thread are in no list.
        let in_no_list = zone.owner.is(&HEAP.owner) && zone.place() == Place::Full;
        assert!(in_no_list != owned.contains(&address), "a zone that nobody keeps");
    }
    assert!(owned.is_subset(&zones));
}

/// Every live block: its address, and the bytes that were asked for.
fn walk() -> Vec<(usize, usize)> {
    let (mut blocks, mut address) = (Vec::new(), 0);
    loop {
        // Not a divisor of anything, so that it ends in the middle of zones.
        let mut found = [Item::NONE; 7];
        let (count, next) = items(address, &mut found).expect("no signal handler");
        if count == 0 {
            return blocks;
        }
        blocks.extend(found[..count].iter().map(|item| (item.start, item.requested)));
        address = next;
    }
}

#[test]
fn a_listing_goes_on_behind_the_run_it_has_seen() {
    alone!(a_listing_goes_on_behind_the_run_it_has_seen, "", || {
        let large = alloc(100_000);
        // Before the next batch it may be a zone of small blocks.
        let (_, next) = items(large.addr(), &mut [Item::NONE]).expect("no signal handler");
        assert!(next >= large.addr() + 100_000);
        free(large, Call::Free);
    });
}

/// Lets misuse be silent: tests provoke it.
fn ignore_misuse() {
    HEAP.config.parse(b"on_error=ignore", |_| ());
}
