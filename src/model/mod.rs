//! Models of the protocols that cross threads, run by loom and by shuttle on the code itself (`scripts/models`).
//!
//! A model is a world of one or two zones, some thread caches, central and *nobody*, in which a few threads do a few
//! things each. loom tries every order and every value that a load may find (within a bound of preemptions where it says
//! so); shuttle tries orders at random in larger worlds, each operation sequentially consistent.
//!
//! What holds at the end of each, when all threads are done and all inboxes were emptied:
//! - each block freed once is free once: nothing is lost, nothing is collected twice;
//! - every call of `free` was either accepted or reported, and of the calls for one block one was accepted;
//! - what a thread did with a block is done before another one gets it: contents are cells of loom that complain if not.

#![expect(unsafe_code, reason = "worlds are written anew in place")]

mod blocks;
mod ends;
mod fork;
mod remote;
mod walk;

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;

use crate::cache::{Cache, Freed, free_index};
use crate::central::{Central, Orphans};
use crate::remote::{Owner, post};
use crate::size_class::{Class, FREED, FRESH, WINDOW};
use crate::sync::{Guard, Mutex, model};
use crate::zone::{Role, Zone};

#[cfg(loom)]
use loom as checker;
#[cfg(all(shuttle, not(loom)))]
use shuttle as checker;

/// Thread caches of a world.
const CACHES: usize = 3;

/// Blocks of a zone that threads do something with.
const BLOCKS: usize = 4;

/// What threads meet in.
struct World {
    /// Zones.
    zones: [&'static Zone; 2],
    /// Thread caches; the first one owns the zones.
    caches: [&'static Cache; CACHES],
    /// Zones without a thread.
    central: &'static Mutex<Central>,
    /// Who owns those.
    owner: &'static Owner,
    /// Whether vanished threads' zones are left.
    orphans: Orphans,
    /// Who owns what is no zone any more.
    nobody: &'static Owner,
    /// Contents of the first blocks of each zone, one cell each.
    contents: [[Content; BLOCKS]; 2],
    /// Calls of `free` that were accepted.
    accepted: AtomicUsize,
    /// Calls that were reported, at once or at collection.
    reported: AtomicUsize,
}

// SAFETY: the checkers run one thread at a time.
unsafe impl Sync for World {}
// SAFETY: as above.
unsafe impl Send for World {}

/// What a program has in a block.
#[derive(Default)]
struct Content {
    /// Told of each use.
    #[cfg(loom)]
    cell: loom::cell::UnsafeCell<()>,
}

impl Content {
    /// Uses the block, as only its owner may.
    fn touch(&self) {
        #[cfg(loom)]
        self.cell.with_mut(|_| ());
    }
}

/// Memory of a world, made once; each run writes it anew.
#[derive(Clone, Copy)]
struct Memory {
    /// Zones.
    zones: [&'static Zone; 2],
    /// Places for caches.
    caches: [*mut Cache; CACHES],
    /// A place for central.
    central: *mut Mutex<Central>,
    /// Places for its owner and nobody.
    owners: [*mut Owner; 2],
}

// SAFETY: only the thread that runs the model uses it.
unsafe impl Sync for Memory {}
// SAFETY: as above.
unsafe impl Send for Memory {}

/// The class of the zones: of those with one window.
fn class() -> Class {
    Class::of(32 << 10).expect("a class")
}

impl Memory {
    /// New memory.
    fn new() -> Self {
        static NOBODY: Owner = Owner::new();
        Self {
            zones: [(); 2].map(|()| Zone::for_test(class(), &NOBODY)),
            caches: [(); CACHES].map(|()| Box::into_raw(Box::new(Cache::new()))),
            central: Box::into_raw(Box::new(Mutex::new(Central::new()))),
            owners: [(); 2].map(|()| Box::into_raw(Box::new(Owner::new()))),
        }
    }

    /// A world at its start: all blocks of both zones are live and the first cache's; the checker watches all.
    fn world(self) -> Arc<World> {
        let place = |owner: *mut Owner| {
            // SAFETY: made by `new`; no thread of the last run is left.
            unsafe { owner.write(Owner::new()) };
            // SAFETY: as above.
            unsafe { &*owner }
        };
        let caches = self.caches.map(|cache| {
            // SAFETY: as above.
            unsafe { cache.write(Cache::new()) };
            // SAFETY: as above.
            unsafe { &*cache }
        });
        // SAFETY: as above.
        unsafe { self.central.write(Mutex::new(Central::new())) };
        // SAFETY: as above.
        let central = unsafe { &*self.central };
        let [owner, nobody] = self.owners.map(place);
        for zone in self.zones {
            let (chunk, _) = zone.chunk().expect("a chunk");
            zone.cut(class(), chunk, true, &caches[0].owner);
            zone.set_role(Role::Blocks);
            zone.posted.store(0, Relaxed);
            zone.fill();
            caches[0].place(zone, 0);
            assert!(zone.words().len() == 1 && zone.states().len() <= WINDOW);
            zone.watch(0..BLOCKS);
        }
        let owners = caches.iter().map(|cache| &cache.owner).chain([owner, nobody]);
        owners.for_each(Owner::watch);
        caches.iter().for_each(|cache| central.lock().register(cache));
        let (accepted, reported) = Default::default();
        let contents = Default::default();
        let orphans = Orphans::new();
        let world = World { zones: self.zones, caches, central, owner, orphans, nobody, contents, accepted, reported };
        let world = Arc::new(world);
        world.orphans.watch();
        world
    }
}

impl World {
    /// `free`, called by the thread that has this cache: the steps of `heap::free`, which finds its cache by itself.
    fn free(&self, zone: usize, index: usize, own: &'static Cache) {
        self.contents[zone][index].touch();
        self.free_again(self.zones[zone], index, own);
    }

    /// The same for a block that may be somebody else's by now.
    fn free_again(&self, zone: &'static Zone, index: usize, own: &'static Cache) {
        let accepted = if zone.owner.is_alone(&own.owner) {
            free_index(zone, index)
        } else if zone.role() != Role::Blocks || zone.live_at(zone.block_at(index).addr()).is_none() {
            Freed::No
        } else if zone.owner.is(&own.owner) {
            free_index(zone, index)
        } else {
            if !zone.owner.is_shared() || self.orphans.are_left() {
                if self.orphans.are_left() {
                    drop(self.central());
                }
                zone.owner.share();
            }
            if zone.free_remotely(index) {
                post(zone);
                Freed::Done
            } else {
                Freed::No
            }
        };
        match accepted {
            Freed::No => self.reported.fetch_add(1, Relaxed),
            Freed::Done => self.accepted.fetch_add(1, Relaxed),
            Freed::Woke => {
                own.woken(zone);
                self.accepted.fetch_add(1, Relaxed)
            }
        };
    }

    /// A block of the first zone, taken by the thread whose current zone it is; its index.
    fn alloc(&self, own: &'static Cache) -> Option<usize> {
        let mut taken = own.take_class(class(), class().block()).0;
        if taken.is_null() && own.refill(class(), &mut |_, _| self.misuse()) {
            taken = own.take_class(class(), class().block()).0;
        }
        self.used(taken)
    }

    /// The same, of what the current zone has or others have freed in it.
    fn alloc_reclaimed(&self, own: &'static Cache) -> Option<usize> {
        self.used(own.take_reclaimed(class(), class().block(), |_, _| panic!("no misuse")).0)
    }

    /// The index of a block that was taken, now in use.
    fn used(&self, taken: *mut u8) -> Option<usize> {
        let zone = self.zones.into_iter().position(|zone| zone.index_of(taken.addr()).is_some_and(|k| k < BLOCKS))?;
        let index = self.zones[zone].index_of(taken.addr())?;
        self.contents[zone][index].touch();
        Some(index)
    }

    /// Counts a block that was freed by two threads at the same moment: one of both calls had been accepted.
    fn misuse(&self) {
        self.reported.fetch_add(1, Relaxed);
        self.accepted.fetch_sub(1, Relaxed);
    }

    /// A thread's visit to what was posted to it.
    fn collect(&self, own: &'static Cache) {
        own.collect(&mut |_, _| self.misuse());
    }

    /// A visit to central.
    fn collect_central(&self) {
        let mut central = self.central();
        self.nobody.pass_on();
        central.collect(self.owner, &mut |_, _| self.misuse());
    }

    /// The end of a thread.
    fn end(&self, own: &'static Cache) {
        self.collect(own);
        self.central().take_over(own, self.owner);
    }

    /// Empties all inboxes, as threads that go on would do in time. Posts that are passed on need a second round, and
    /// those that central passes on a third.
    fn settle(&self) {
        for _ in 0..3 {
            let live: Vec<_> = self.central().live().collect();
            live.into_iter().for_each(|cache| self.collect(cache));
            self.collect_central();
        }
    }

    /// A fork, in its child, whose thread has the cache `own`: `heap::threads::after_fork_in_child`.
    fn fork(&self, own: &'static Cache) {
        self.central.lock().survivor.set(Some(own));
        [&own.owner, self.owner, self.nobody].into_iter().for_each(Owner::open);
        self.orphans.leave();
    }

    /// Central, after its orphans have been taken in: `heap::threads::central`, without arenas.
    fn central(&self) -> Guard<Central> {
        let mut central = self.central.lock();
        self.orphans.settle(&mut central, |central| {
            self.zones.iter().for_each(|zone| central.take_in(zone, self.owner));
            central.forget_others();
        });
        central
    }

    /// Blocks that are free, be they collected or not.
    fn freed(&self) -> usize {
        let free = |zone: &Zone| (0..zone.states().len()).filter(|&k| !zone.is_live(k)).count();
        self.zones.iter().map(|zone| free(zone)).sum()
    }

    /// What holds when all inboxes are empty: so many blocks are free, and nothing waits to be collected.
    fn check_heap(&self, freed: usize) {
        self.settle();
        let free: usize = self.zones.iter().map(|zone| zone.free_blocks()).sum();
        assert_eq!(free, freed, "blocks that are free");
        let waiting = self.zones.iter().flat_map(|zone| zone.states()).filter(|state| state.get() == FREED);
        assert_eq!(waiting.count(), 0, "blocks that nobody will collect");
        assert!(self.zones.iter().all(|zone| zone.posted.load(Relaxed) == 0), "posted and in no inbox");
    }

    /// The same after so many calls of `free`.
    fn check(&self, freed: usize, calls: usize) {
        self.check_heap(freed);
        let (accepted, reported) = (self.accepted.load(Relaxed), self.reported.load(Relaxed));
        assert_eq!((accepted, reported), (freed, calls - freed), "calls of free that were accepted and reported");
    }
}

/// Starts a thread of a model.
fn spawn(act: impl FnOnce() + Send + 'static) -> Thread {
    Thread(checker::thread::spawn(move || {
        // A thread that vanishes is no failure.
        if let Err(reason) = std::panic::catch_unwind(core::panic::AssertUnwindSafe(act))
            && !reason.is::<model::Vanished>()
        {
            std::panic::resume_unwind(reason);
        }
    }))
}

/// A thread of a model.
struct Thread(checker::thread::JoinHandle<()>);

impl Thread {
    /// Waits for its end.
    fn join(self) {
        self.0.join().expect("no panic");
    }
}

/// Runs `body` in a new world, in every order that differs, with so many preemptions of threads at most.
fn explore(preemptions: Option<usize>, body: impl Fn(&Arc<World>) + Send + Sync + 'static) {
    explore_part(1, preemptions, body);
}

/// The same for one of so many worlds of a model; shuttle tries fewer orders in each.
fn explore_part(parts: usize, preemptions: Option<usize>, body: impl Fn(&Arc<World>) + Send + Sync + 'static) {
    let memory = Memory::new();
    let run = move || {
        model::begin();
        body(&memory.world());
        model::end();
    };
    #[cfg(loom)]
    {
        let _ = parts;
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions;
        builder.max_branches = 100_000;
        builder.check(run);
    }
    #[cfg(all(shuttle, not(loom)))]
    {
        let _ = preemptions;
        let rounds = rounds() / parts + 1;
        let run = Arc::new(run);
        let again = Arc::clone(&run);
        shuttle::check_random(move || run(), rounds);
        shuttle::check_pct(move || again(), rounds, 3);
    }
}

/// Schedules that shuttle tries of each kind.
#[cfg(all(shuttle, not(loom)))]
fn rounds() -> usize {
    std::env::var("MODEL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2000)
}
