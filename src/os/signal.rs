//! The signal of bad memory accesses: one handler of ours before the program's.

#![expect(unsafe_code, reason = "signal handlers")]

use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Called with the address of a bad access, before whatever the program does about it.
pub(crate) type OnFault = fn(usize);

/// What the program had installed before, as two words: the handler and its flags. Whole before ours is installed.
static PREVIOUS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// Called at each fault. Stored before the handler is installed, which the kernel orders.
static ON_FAULT: AtomicUsize = AtomicUsize::new(0);

/// Installs the handler; `false` if the kernel refuses.
pub(crate) fn on_fault(function: OnFault) -> bool {
    ON_FAULT.store(word_of(function), Ordering::Relaxed);
    let mut before = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: asks only.
    if unsafe { libc::sigaction(libc::SIGSEGV, ptr::null(), before.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: the call above has filled it.
    let before = unsafe { before.assume_init() };
    PREVIOUS[0].store(before.sa_sigaction, Ordering::Relaxed);
    PREVIOUS[1].store(bits(before.sa_flags), Ordering::Relaxed);
    // SAFETY: all-zero bytes are a valid structure.
    let mut ours: libc::sigaction = unsafe { core::mem::zeroed() };
    ours.sa_sigaction = word_of_handler(handle);
    // On the program's alternate stack, if it has one: its handler may count on that.
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    if before.sa_sigaction == libc::SIG_DFL || before.sa_sigaction == libc::SIG_IGN {
        ours.sa_flags |= libc::SA_NODEFER;
    } else {
        // What is blocked meanwhile, and which calls go on after it, is as the program's handler wants it.
        ours.sa_flags |= before.sa_flags & (libc::SA_NODEFER | libc::SA_RESTART);
        ours.sa_mask = before.sa_mask;
    }
    // SAFETY: the handler stays mapped (-z nodelete).
    unsafe { libc::sigaction(libc::SIGSEGV, &raw const ours, ptr::null_mut()) == 0 }
}

/// Flags as a word: one of them is the sign.
fn bits(flags: c_int) -> usize {
    crate::ptr::size(flags.cast_unsigned())
}

/// The address of a function of this library.
#[expect(clippy::as_conversions, clippy::fn_to_numeric_cast_any, reason = "functions have no other way to an atomic")]
fn word_of(function: OnFault) -> usize {
    function as usize
}

/// The address of a handler, as libc wants it.
#[expect(clippy::as_conversions, clippy::fn_to_numeric_cast_any, reason = "the C type is an integer")]
fn word_of_handler(handler: unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void)) -> usize {
    handler as usize
}

/// The handler.
///
/// # Safety
/// Called by the kernel.
unsafe extern "C" fn handle(signal: c_int, about: *mut libc::siginfo_t, context: *mut c_void) {
    let errno = errno::errno();
    // SAFETY: only `on_fault` writes the word, which is the address of such a function.
    let function: OnFault = unsafe { core::mem::transmute(ON_FAULT.load(Ordering::Relaxed)) };
    // SAFETY: the kernel passes a valid structure.
    let about_us = unsafe { &*about };
    // By `kill` or `raise`, which may be from a program that wants to end like this: no access, and none will follow.
    let is_sent = about_us.si_code <= 0;
    if !is_sent {
        // SAFETY: of a fault, so it has an address.
        function(unsafe { about_us.si_addr() }.addr());
    }
    errno::set_errno(errno);
    let flags = PREVIOUS[1].load(Ordering::Relaxed);
    let word = if flags & bits(libc::SA_RESETHAND) != 0 {
        // It is for one signal.
        PREVIOUS[0].swap(libc::SIG_DFL, Ordering::Relaxed)
    } else {
        PREVIOUS[0].load(Ordering::Relaxed)
    };
    if is_sent && word == libc::SIG_IGN {
        // As the program wants it.
    } else if word == libc::SIG_DFL || word == libc::SIG_IGN {
        // The access is made again, and the kernel does what it does without a handler.
        // SAFETY: always callable.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        if is_sent {
            // SAFETY: always callable; where the signal is blocked, it comes when this handler returns.
            unsafe { libc::raise(signal) };
        }
    } else if flags & bits(libc::SA_SIGINFO) != 0 {
        // SAFETY: the kernel said that this was installed as a function of three arguments.
        let previous: unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
            unsafe { core::mem::transmute(word) };
        // SAFETY: as the kernel would have called it.
        unsafe { previous(signal, about, context) };
    } else {
        // SAFETY: the same for one argument.
        let previous: unsafe extern "C" fn(c_int) = unsafe { core::mem::transmute(word) };
        // SAFETY: as the kernel would have called it.
        unsafe { previous(signal) };
    }
}
