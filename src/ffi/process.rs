//! The library in its process: start, exit, and what a `no_std` library has to bring along.

use core::ffi::{c_int, c_void};

use crate::heap::{self, HEAP};
use crate::os::{self, Kept};
use crate::report;
use crate::text::{STDERR, STDOUT, Text};

/// Has `on_load` called. Before the constructors of the program and of other libraries, as far as the loader does what it
/// is asked (`-z initfirst`, and a priority where we are linked into the program): fork handlers run in the reverse order
/// of their registration before a fork, and ours, which take every lock, have to run last.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[used]
#[unsafe(link_section = ".init_array.00101")]
static ON_LOAD: extern "C" fn(c_int, *const c_void, *const c_void) = on_load;

/// The same where constructors are passed nothing.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
#[ctor::ctor(unsafe)]
fn on_load_elsewhere() {
    on_load(0, core::ptr::null(), core::ptr::null());
}

/// Runs when the library is loaded. Everything in it can also happen later: allocations may come before it (the loader's,
/// those of `.preinit_array`).
///
/// `environment` is what glibc passes: its own constructor, which sets `environ`, has not run yet.
///
/// One block is allocated and freed, so that the structures every program needs are there when `main` starts, and an
/// empty program and one with a few blocks differ by those blocks only.
extern "C" fn on_load(_count: c_int, _arguments: *const c_void, environment: *const c_void) {
    os::set_early_environment(environment);
    heap::start();
    #[cfg(target_os = "linux")]
    super::cxx::replaced::look();
    heap::free(heap::alloc(1), heap::Call::Free);
    if HEAP.config.help.get() {
        heap::print_help();
    }
    if HEAP.config.stats.get() || HEAP.config.show.get() {
        KEPT_STDOUT.keep(STDOUT);
        KEPT_STDERR.keep(STDERR);
        os::at_exit(on_exit);
    }
}

/// Standard output as it was at start. Our exit handler, registered first, runs last: careful programs have closed
/// their streams by then (coreutils do).
static KEPT_STDOUT: Kept = Kept::none();

/// Standard error as it was at start.
static KEPT_STDERR: Kept = Kept::none();

/// Runs at exit when an option asks for it.
extern "C" fn on_exit() {
    if let Some(descriptor) = KEPT_STDOUT.descriptor().filter(|_| HEAP.config.show.get()) {
        report::show(descriptor);
    }
    if let Some(descriptor) = KEPT_STDERR.descriptor().filter(|_| HEAP.config.stats.get()) {
        report::stats(descriptor);
    }
}

/// A bug of ours: says where, and ends the process. No unwinding, no allocation.
#[cfg(not(test))]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let mut line = Text::<256>::to(STDERR);
    line.text("ft_malloc: internal error");
    if let Some(place) = info.location() {
        line.text(" at ").text(place.file()).text(":").number(crate::ptr::size(place.line()));
    }
    line.text("\n").flush();
    os::abort()
}

// The precompiled `core` is built for unwinding: a link that pulls in one of its panicking objects (every build without
// fat LTO) wants this name, and the loader would refuse the library for it. Nothing ever unwinds through it.
#[cfg(all(not(test), target_os = "linux"))]
core::arch::global_asm!(
    ".weak rust_eh_personality",
    ".hidden rust_eh_personality",
    ".type rust_eh_personality,%function",
    "rust_eh_personality:",
    ".long 0",
);
