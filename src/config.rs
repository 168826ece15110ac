//! Options: `FT_MALLOC="key=value,key=value"`, and what `mallopt` changes later.
//!
//! Parsing is pure: complaints go to the caller, who prints them. A bad entry is named and skipped; the others hold.

use crate::size_class::SMALL_MAX;
use crate::sync::{RelaxedBool, RelaxedU8, RelaxedU32, RelaxedU64, RelaxedUsize};

/// What to do when a pointer is not what it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OnError {
    /// One line on standard error; the call does nothing.
    Warn,
    /// The line, then `SIGABRT`.
    Abort,
    /// The call does nothing.
    Ignore,
}

/// Default boundary in bytes between LARGE blocks that are a run of an arena and those with a mapping of their own:
/// large enough that page faults, not system calls, dominate (glibc's threshold adapts up to 32 MiB).
pub(crate) const DEFAULT_MMAP_THRESHOLD: usize = 4 << 20;

/// Smallest boundary: requests above SMALL.
pub(crate) const MIN_MMAP_THRESHOLD: usize = SMALL_MAX + 1;

/// Largest boundary: half an arena, so that runs of arenas stay available.
pub(crate) const MAX_MMAP_THRESHOLD: usize = 32 << 20;

/// Default age in milliseconds at which free memory goes back to the OS.
const DEFAULT_PURGE_DELAY: u64 = 1000;

/// Most milliseconds for which freed mappings wait: loops that use one come back sooner.
const KEEP_DELAY: u64 = 20;

/// The options in force.
pub(crate) struct Config {
    /// The [`OnError`] that was chosen: 1, 2 or 3 in its order; 0 for none.
    on_error: RelaxedU8,
    /// LARGE requests of at least so many bytes get a mapping of their own.
    pub(crate) mmap_threshold: RelaxedUsize,
    /// Milliseconds; see [`DEFAULT_PURGE_DELAY`].
    pub(crate) purge_delay: RelaxedU64,
    /// Let what is filled to the last page use huge pages.
    pub(crate) huge_pages: RelaxedBool,
    /// Guard pages for one allocation in so many; 0 for none.
    pub(crate) sample_guard: RelaxedU32,
    /// Where random choices start from; 0 for somewhere else each time.
    pub(crate) seed: RelaxedU64,
    /// The hardened mode.
    pub(crate) secure: RelaxedBool,
    /// Print statistics at exit.
    pub(crate) stats: RelaxedBool,
    /// Call `show_alloc_mem` at exit.
    pub(crate) show: RelaxedBool,
    /// Print the options at start.
    pub(crate) help: RelaxedBool,
}

/// Why an entry of `FT_MALLOC` was skipped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Complaint<'a> {
    /// No option has this name.
    Unknown(&'a [u8]),
    /// The option does not take this value.
    Bad(&'a [u8], &'a [u8]),
}

/// An option as `help` prints it.
pub(crate) struct Described {
    /// Its key.
    pub(crate) key: &'static str,
    /// Its values.
    pub(crate) values: &'static str,
    /// Its default.
    pub(crate) default: &'static str,
    /// What it does.
    pub(crate) what: &'static str,
}

/// Every option, in the order of `help`.
pub(crate) const OPTIONS: [Described; 10] = [
    Described { key: "help", values: "0|1", default: "0", what: "print this list at start" },
    Described {
        key: "on_error",
        values: "warn|abort|ignore",
        default: "warn",
        what: "what a misused pointer leads to",
    },
    Described {
        key: "mmap_threshold",
        values: "1025..33554432",
        default: "4194304",
        what: "bytes from which a block has a mapping of its own",
    },
    Described {
        key: "purge_delay",
        values: "milliseconds",
        default: "1000",
        what: "age at which free memory goes back",
    },
    Described {
        key: "huge_pages",
        values: "0|1",
        default: "1",
        what: "let many small blocks, and LARGE ones of programs that fill them, use huge pages",
    },
    Described {
        key: "sample_guard",
        values: "0..4294967295",
        default: "0",
        what: "check one in so many allocations by guard pages, 0 for none",
    },
    Described {
        key: "seed",
        values: "0..18446744073709551615",
        default: "0",
        what: "makes random choices repeat, 0 for others each time",
    },
    Described {
        key: "secure",
        values: "0|1",
        default: "0",
        what: "hardened mode: random places, late reuse, cleared memory, canaries, guards, on_error=abort",
    },
    Described { key: "stats", values: "0|1", default: "0", what: "print malloc_stats at exit" },
    Described { key: "show", values: "0|1", default: "0", what: "print show_alloc_mem at exit" },
];

/// An effective value, to be printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    /// A word.
    Word(&'static str),
    /// A number.
    Number(u64),
}

impl Config {
    /// The defaults.
    pub(crate) const fn new() -> Self {
        Self {
            on_error: RelaxedU8::new(0),
            mmap_threshold: RelaxedUsize::new(DEFAULT_MMAP_THRESHOLD),
            purge_delay: RelaxedU64::new(DEFAULT_PURGE_DELAY),
            huge_pages: RelaxedBool::new(true),
            sample_guard: RelaxedU32::new(0),
            seed: RelaxedU64::new(0),
            secure: RelaxedBool::new(false),
            stats: RelaxedBool::new(false),
            show: RelaxedBool::new(false),
            help: RelaxedBool::new(false),
        }
    }

    /// The policy for misuse; if none was chosen, the mode's.
    pub(crate) fn on_error(&self) -> OnError {
        match self.on_error.get() {
            1 => OnError::Warn,
            2 => OnError::Abort,
            3 => OnError::Ignore,
            _ if self.secure.get() => OnError::Abort,
            _ => OnError::Warn,
        }
    }

    /// Sets the options in `text`, the value of `FT_MALLOC`.
    pub(crate) fn parse<'a>(&self, text: &'a [u8], mut complain: impl FnMut(Complaint<'a>)) {
        for entry in text.split(|&byte| byte == b',').filter(|entry| !entry.is_empty()) {
            let mut parts = entry.splitn(2, |&byte| byte == b'=');
            let key = parts.next().unwrap_or_default();
            // A bare key means yes, as in FT_MALLOC=help.
            let value = parts.next().unwrap_or(b"1");
            match self.set(key, value) {
                Some(true) => {}
                Some(false) => complain(Complaint::Bad(key, value)),
                None => complain(Complaint::Unknown(key)),
            }
        }
    }

    /// Sets one option; `None` if there is none of this name, `Some(false)` if it does not take the value.
    fn set(&self, key: &[u8], value: &[u8]) -> Option<bool> {
        Some(match key {
            b"help" => set_flag(&self.help, value),
            b"stats" => set_flag(&self.stats, value),
            b"secure" => set_flag(&self.secure, value),
            b"show" => set_flag(&self.show, value),
            b"huge_pages" => set_flag(&self.huge_pages, value),
            b"on_error" => {
                let policy = match value {
                    b"warn" => 1,
                    b"abort" => 2,
                    b"ignore" => 3,
                    _ => return Some(false),
                };
                self.on_error.set(policy);
                true
            }
            b"mmap_threshold" => number(value).is_some_and(|bytes| self.set_mmap_threshold(bytes)),
            b"purge_delay" => number(value).is_some_and(|delay| {
                self.purge_delay.set(crate::ptr::wide(delay));
                true
            }),
            b"sample_guard" => number(value).and_then(|n| u32::try_from(n).ok()).is_some_and(|allocations| {
                self.sample_guard.set(allocations);
                true
            }),
            b"seed" => number(value).is_some_and(|seed| {
                self.seed.set(crate::ptr::wide(seed));
                true
            }),
            _ => return None,
        })
    }

    /// Sets the boundary of LARGE mappings in bytes; `false` if it is out of range.
    pub(crate) fn set_mmap_threshold(&self, bytes: usize) -> bool {
        let fits = (MIN_MMAP_THRESHOLD..=MAX_MMAP_THRESHOLD).contains(&bytes);
        if fits {
            self.mmap_threshold.set(bytes);
        }
        fits
    }

    /// Milliseconds for which freed mappings wait to be used again. Whoever lowers their boundary wants to see each come
    /// and go.
    pub(crate) fn keep_delay(&self) -> u64 {
        if self.mmap_threshold.get() < DEFAULT_MMAP_THRESHOLD { 0 } else { self.purge_delay.get().min(KEEP_DELAY) }
    }

    /// The effective value of an option.
    pub(crate) fn value(&self, key: &str) -> Value {
        match key {
            "help" => Value::Number(self.help.get().into()),
            "stats" => Value::Number(self.stats.get().into()),
            "show" => Value::Number(self.show.get().into()),
            "mmap_threshold" => Value::Number(crate::ptr::wide(self.mmap_threshold.get())),
            "purge_delay" => Value::Number(self.purge_delay.get()),
            "sample_guard" => Value::Number(self.sample_guard.get().into()),
            "secure" => Value::Number(self.secure.get().into()),
            "seed" => Value::Number(self.seed.get()),
            "huge_pages" => Value::Number(self.huge_pages.get().into()),
            _ => Value::Word(match self.on_error() {
                OnError::Warn => "warn",
                OnError::Abort => "abort",
                OnError::Ignore => "ignore",
            }),
        }
    }
}

/// Sets `flag` from `0` or `1`; `false` for anything else.
fn set_flag(flag: &RelaxedBool, value: &[u8]) -> bool {
    let on = value == b"1";
    if on || value == b"0" {
        flag.set(on);
    }
    on || value == b"0"
}

/// A decimal number; `None` if it is none or too large.
fn number(text: &[u8]) -> Option<usize> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The complaints that parsing `text` gives, and the configuration.
    fn parsed(text: &str) -> (Vec<Complaint<'_>>, Config) {
        let (config, mut complaints) = (Config::new(), Vec::new());
        config.parse(text.as_bytes(), |complaint| complaints.push(complaint));
        (complaints, config)
    }

    #[test]
    fn good_options_are_taken() {
        let (complaints, config) = parsed(
            "on_error=abort,mmap_threshold=1025,,purge_delay=0,huge_pages=0,sample_guard=1000,seed=7,stats=1,show",
        );
        assert_eq!(complaints, []);
        assert_eq!(config.on_error(), OnError::Abort);
        assert_eq!(config.mmap_threshold.get(), 1025);
        assert_eq!(config.purge_delay.get(), 0);
        assert!(!config.huge_pages.get());
        assert_eq!((config.sample_guard.get(), config.seed.get()), (1000, 7));
        assert!(config.stats.get() && config.show.get() && !config.help.get());
    }

    #[test]
    fn the_hardened_mode_ends_programs_unless_told_otherwise() {
        let policy = |text| parsed(text).1.on_error();
        assert_eq!([policy("secure"), policy("on_error=ignore,on_error=abort")], [OnError::Abort; 2]);
        assert_eq!([policy("on_error=ignore,secure=1"), policy("secure,on_error=ignore")], [OnError::Ignore; 2]);
        assert_eq!([policy("secure,on_error=warn"), policy("secure,secure=0"), policy("seed=1")], [OnError::Warn; 3]);
        assert!(parsed("secure").1.secure.get() && !parsed("secure=0").1.secure.get());
    }

    #[test]
    fn bad_entries_are_named_and_the_rest_holds() {
        let (complaints, config) = parsed(
            "colour=blue,mmap_threshold=1024,on_error=maybe,purge_delay=-1,stats=yes,huge_pages=always,on_error=ignore,x",
        );
        let expected = [
            Complaint::Unknown(b"colour"),
            Complaint::Bad(b"mmap_threshold", b"1024"),
            Complaint::Bad(b"on_error", b"maybe"),
            Complaint::Bad(b"purge_delay", b"-1"),
            Complaint::Bad(b"stats", b"yes"),
            Complaint::Bad(b"huge_pages", b"always"),
            Complaint::Unknown(b"x"),
        ];
        assert_eq!(complaints, expected);
        assert_eq!(config.on_error(), OnError::Ignore);
        assert_eq!(config.mmap_threshold.get(), DEFAULT_MMAP_THRESHOLD);
        assert!(config.huge_pages.get());
    }

    #[test]
    fn help_knows_every_option_and_its_default() {
        let config = Config::new();
        for option in &OPTIONS {
            let expected = match config.value(option.key) {
                Value::Word(word) => word.to_string(),
                Value::Number(number) => number.to_string(),
            };
            assert_eq!(option.default, expected, "{}", option.key);
            let first = option.values.split(['|', '.']).next().expect("a value");
            let first = if first == "milliseconds" { "0" } else { first };
            assert_eq!(config.set(option.key.as_bytes(), first.as_bytes()), Some(true), "{}", option.key);
        }
    }
}
