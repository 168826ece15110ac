//! Start, thread end and fork: when caches come and go.
//!
//! | event | what happens | lock |
//! |---|---|---|
//! | a thread's first slow path | a parked cache, or new metadata, becomes its cache | central, meta |
//! | its end (key destructor) | zones go to central, the inbox closes, the cache is parked | central, page heap |
//! | later mallocs of that thread | a cache again; the next round of destructors takes it back | |
//! | mallocs after the last round | a cache for this call alone | central, page heap |
//! | fork, prepare | every mutex is held, glibc's stdio list first; none in a signal handler that has interrupted a change | all |
//! | fork, child | mutexes are opened anew; zones of vanished threads go to central when it is next asked | central |

#![expect(unsafe_code, reason = "callbacks for libc")]

use core::ffi::c_void;
use core::sync::atomic::Ordering;

use super::release::freed_twice;
use super::slow::{give_up, retire_all};
use super::{HEAP, careful, secure, tools};
use crate::arena::GRANULES;
use crate::cache::{self, Cache};
use crate::central::{Central, MOST_SPARE};
use crate::config::Complaint;
use crate::os::{self, ThreadKey, Unix, stdio};
use crate::remote::Owner;
use crate::sync::{Guard, fork_within, forked_within, set_forking};
use crate::text::{STDERR, Text};
use crate::thread;
use crate::zone::Zone;

/// The calling thread's cache, made if there is none; `None` when memory is exhausted.
pub(super) fn current() -> Option<&'static Cache> {
    match thread::own() {
        Some(cache) => {
            if HEAP.careful.get() == thread::is_direct(cache) && !change_front(cache) {
                return None;
            }
            if !cache.keyed.get() {
                bind(cache);
            }
            Some(cache)
        }
        None => attach(),
    }
}

/// Puts a front before the thread's cache, so that the hit paths miss and every call passes the slow ones, or takes it
/// away; as `Heap::careful` says. Without memory for a front nothing changes; `false` if the thread must have no blocks
/// then: the hit paths know no canaries and no quarantine.
#[cold]
fn change_front(cache: &'static Cache) -> bool {
    if !HEAP.careful.get() {
        thread::set_cache(cache);
        return true;
    }
    let front = cache.front.get().or_else(|| {
        let front = new_cache()?;
        front.behind.set(Some(cache));
        cache.front.set(Some(front));
        Some(front)
    });
    if let Some(front) = front {
        thread::set_cache(front);
    }
    front.is_some() || !secure::is_on()
}

/// A cache in new metadata memory.
fn new_cache() -> Option<&'static Cache> {
    HEAP.meta.lock().take(&Unix, size_of::<Cache>()).map(cache::over)
}

/// Gives the calling thread a cache.
#[cold]
fn attach() -> Option<&'static Cache> {
    let late = thread::has_ended();
    let parked = central().unpark();
    let cache = parked.or_else(new_cache).or_else(|| if give_up(None) { new_cache() } else { None })?;
    central().admit(cache);
    // Destructors have run already: this cache goes back in the next round, not in the last one.
    cache.rounds.set(if late { ThreadKey::ROUNDS } else { 0 });
    thread::set_cache(cache);
    cache.keyed.set(false);
    // From here on calls into libc may allocate.
    start();
    bind(cache);
    cache.random.set(0);
    if HEAP.careful.get() && !change_front(cache) {
        leave();
        return None;
    }
    Some(cache)
}

/// Has the cache given back at the thread's end, as soon as there is a thread key: another thread may be creating it.
fn bind(cache: &'static Cache) {
    if let Some(key) = key() {
        // First: for a high key libc allocates the room for the value, which leads here again.
        cache.keyed.set(true);
        cache.keyed.set(key.set(core::ptr::from_ref(cache).cast_mut().cast()));
    }
}

/// The thread key.
fn key() -> Option<ThreadKey> {
    // Libc has entered it in its table: that was done to make it.
    HEAP.key.get().and_then(ThreadKey::from_number)
}

/// Reads the options, seals the address map, creates the thread key and registers the fork handlers, each once. Runs
/// from the constructor or from the first allocation, whatever comes first; before libc has started the options wait.
pub(crate) fn start() {
    if !HEAP.configured.get()
        && let Some(text) = os::environment(b"FT_MALLOC=")
    {
        HEAP.configured.set(true);
        if !os::is_privileged() {
            HEAP.config.parse(text, complain);
        }
        let mut pages = HEAP.pages.lock();
        pages.purge_delay = HEAP.config.purge_delay.get();
        pages.huge_pages = HEAP.config.huge_pages.get();
        let waits = pages.purge_delay > 0;
        drop(pages);
        HEAP.central.lock().most_spare = if waits { MOST_SPARE } else { 0 };
        careful::start();
    }
    let created = HEAP.key.make(|| {
        HEAP.pages.lock().seal_map(&tools());
        ThreadKey::create(detach).map(ThreadKey::number)
    });
    if created && !HEAP.fork_handled.get() {
        HEAP.fork_handled.set(os::register_fork_handlers(before_fork, after_fork_in_parent, after_fork_in_child));
    }
}

/// Says that an entry of `FT_MALLOC` was skipped.
fn complain(complaint: Complaint<'_>) {
    let mut line = Text::<256>::to(STDERR);
    line.text("ft_malloc: ");
    match complaint {
        Complaint::Unknown(key) => {
            line.text("unknown option ").quoted(key).text(" in FT_MALLOC (FT_MALLOC=help lists them)");
        }
        Complaint::Bad(key, value) => {
            line.text("bad value ").quoted(value).text(" for option ").quoted(key).text(" in FT_MALLOC");
        }
    }
    line.text("\n");
}

/// Destructor of the thread key. Lets the other keys' destructors go first, as many rounds as there are to give, and
/// runs in the last one, too.
///
/// # Safety
/// Called by libc at the end of a thread.
unsafe extern "C" fn detach(value: *mut c_void) {
    let again = || key().is_some_and(|key| key.set(value));
    let Some(cache) = thread::own().filter(|_| !value.is_null()) else {
        if thread::has_ended() {
            thread::set_over();
        }
        return;
    };
    let rounds = cache.rounds.get() + 1;
    cache.rounds.set(rounds);
    if rounds + 1 < ThreadKey::ROUNDS && again() {
        return;
    }
    give_back(cache);
    if rounds > ThreadKey::ROUNDS {
        thread::set_over();
    } else {
        // To see the last round.
        again();
    }
}

/// Takes the cache away again from a thread whose last round of destructors has run.
pub(super) fn leave() {
    if thread::is_over()
        && let Some(cache) = thread::own()
    {
        give_back(cache);
    }
}

/// Takes the calling thread's cache away: its zones go to central.
fn give_back(cache: &'static Cache) {
    // In the child of a fork other threads' caches may have to be taken in: while this one still is its thread's own.
    drop(central());
    secure::flush(cache);
    thread::end();
    cache.collect(&mut freed_twice);
    let mut central = central();
    central.take_over(cache, &HEAP.owner);
    // What this thread freed of ended ones' blocks may be their last: there may be no other call for a long time.
    collect(&mut central);
}

/// Central, after its orphans have been taken in.
pub(super) fn central() -> Guard<Central> {
    let mut central = HEAP.central.lock();
    HEAP.orphans.settle(&mut central, adopt_orphans);
    central
}

/// To be called before a zone of this thread's goes back: in the child of a fork another thread may be about to take in the
/// zones of vanished threads, and would take one that is nobody's any more for such. Central is open.
#[inline]
pub(super) fn settle_orphans() {
    if HEAP.orphans.are_left() {
        drop(central());
    }
}

/// Whether a block of another thread's zone may be freed at once: `prepare_remote` comes first, if not.
#[inline]
pub(super) fn is_ready_for_remote(zone: &Zone) -> bool {
    zone.owner.is_shared() && !HEAP.orphans.are_left()
}

/// To be called before a block is freed in a zone that was not shared; or in the child of a fork, where posts are made anew
/// first.
#[cold]
pub(super) fn prepare_remote(zone: &Zone) {
    settle_orphans();
    HEAP.shared.set(true);
    zone.owner.share();
}

/// Collects what was freed in central's zones, and gives those that are wholly free back.
pub(super) fn collect(central: &mut Central) {
    HEAP.owner.freed.store(0, Ordering::Relaxed);
    HEAP.nobody.pass_on();
    central.collect(&HEAP.owner, &mut freed_twice);
    retire_all(&central.idle);
}

/// Lets a fork that waits for the mutex of LARGE have it: for threads that take that again and again and make system calls
/// meanwhile, who would win it each time. The forking thread holds central's already.
pub(super) fn let_fork_pass() {
    if HEAP.fork_waits.get() {
        drop(HEAP.central.lock());
    }
}

/// Called before every fork: holds all locks, so that the child finds every structure whole. But not for a signal handler
/// that has interrupted a change of its own thread's: the lock would never come. Where that is the only thread its child
/// can go on like itself; another one's may do no more than call `execve` or `_exit` (POSIX).
///
/// # Safety
/// Called by libc, followed by one of the two below.
unsafe extern "C" fn before_fork() {
    if fork_within() {
        return;
    }
    stdio::hold();
    HEAP.central.hold();
    HEAP.fork_waits.set(true);
    HEAP.large.hold();
    HEAP.pages.hold();
    HEAP.sampled.queue.hold();
    HEAP.meta.hold();
    set_forking(true);
}

/// Called in the parent after every fork.
///
/// # Safety
/// Called by libc, after `before_fork`.
unsafe extern "C" fn after_fork_in_parent() {
    if forked_within() {
        return;
    }
    set_forking(false);
    HEAP.fork_waits.set(false);
    HEAP.meta.release();
    HEAP.sampled.queue.release();
    HEAP.pages.release();
    HEAP.large.release();
    HEAP.central.release();
    stdio::release();
}

/// Called in the child after every fork: the only thread is the one that forked.
///
/// # Safety
/// Called by libc, after `before_fork`.
unsafe extern "C" fn after_fork_in_child() {
    if forked_within() {
        return;
    }
    HEAP.fork_waits.set(false);
    HEAP.meta.reset();
    HEAP.sampled.queue.reset();
    HEAP.pages.reset();
    HEAP.large.reset();
    HEAP.central.reset();
    stdio::reset();
    set_forking(false);
    // Taking in the other threads' zones reads all descriptors: not for a child that only executes a program.
    let central = HEAP.central.lock();
    let own = thread::own();
    careful::after_fork(own);
    if HEAP.shared.get() || central.has_others(own) {
        central.survivor.set(own);
        // Torn, perhaps; and what is posted is found again.
        own.into_iter().map(|own| &own.owner).chain([&HEAP.owner, &HEAP.nobody]).for_each(Owner::open);
        HEAP.orphans.leave();
    }
}

/// Takes in the zones of threads that did not survive a fork. Their caches' lists may be torn; the descriptors and the
/// state bytes are not. Whichever thread of the child comes first does it: the one that forked goes on meanwhile, with its
/// own blocks, as long as no zone goes back (`settle_orphans`); all others wait.
fn adopt_orphans(central: &mut Central) {
    let pages = HEAP.pages.lock();
    for arena in pages.arenas() {
        for zone in (0..GRANULES).filter_map(|g| arena.zone(g)) {
            central.take_in(zone, &HEAP.owner);
        }
    }
    drop(pages);
    central.forget_others();
    retire_all(&central.idle);
}

/// Prints every option, its default and its value in force.
pub(crate) fn print_help() {
    use crate::config::{OPTIONS, Value};
    let mut text = Text::<512>::to(STDERR);
    text.text("ft_malloc options, FT_MALLOC=\"key=value,key=value\":\n");
    for option in &OPTIONS {
        text.text("  ").text(option.key).text("=").text(option.values).text(": ").text(option.what);
        text.text(" (default ").text(option.default).text(", now ");
        match HEAP.config.value(option.key) {
            Value::Word(word) => text.text(word),
            Value::Number(number) => text.number(crate::ptr::size64(number)),
        };
        text.text(")\n");
    }
}

/// What a fork does to the heap, seen from the child: the calling thread goes on; the others may never run again.
#[cfg(test)]
pub(super) fn lose_other_threads() {
    // SAFETY: in this order, as libc does it.
    unsafe { before_fork() };
    // SAFETY: after the call above.
    unsafe { after_fork_in_child() };
}
