//! Texts of options. What is a good entry comes from the library's own list of options, as `FT_MALLOC=help` prints it.

use super::fuzzing::{Setting, parse};

/// What reading a text gives: the bad entries, each with its value if its key is one, and all options.
type Reading<'a> = (Vec<(&'a [u8], Option<&'a [u8]>)>, Vec<Setting>);

/// Reads a text.
fn read(text: &[u8]) -> Reading<'_> {
    let (mut complaints, mut settings) = (Vec::new(), Vec::new());
    parse(text, |key, value| complaints.push((key, value)), |setting| settings.push(setting));
    (complaints, settings)
}

/// A number as options take them.
fn number(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"+").unwrap_or(value);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    core::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

/// Whether `value` is one of those that a description has: words between bars, a range, or any number.
fn fits(value: &[u8], values: &str) -> bool {
    let mut words = values.split('|');
    if values.contains('|') {
        return words.any(|word| word.as_bytes() == value);
    }
    let Some(number) = number(value) else { return false };
    let Some((least, most)) = values.split_once("..") else { return true };
    let bound = |text: &str| text.parse::<u64>().expect("a number in the list of options");
    (bound(least)..=bound(most)).contains(&number)
}

/// Whether an option has this value.
fn has(setting: &Setting, value: &[u8]) -> bool {
    setting.word.as_bytes() == value || (setting.word.is_empty() && number(value) == Some(setting.number))
}

/// Checks what is read from `text`: every bad entry is named, in order; the good ones hold as if the others were not
/// there; the last one is in force.
pub(crate) fn check(text: &[u8]) {
    let defaults = read(b"").1;
    let (mut expected, mut good, mut last) = (Vec::new(), Vec::new(), None);
    for entry in text.split(|&byte| byte == b',').filter(|entry| !entry.is_empty()) {
        let at = entry.iter().position(|&byte| byte == b'=');
        let (key, value) = at.map_or((entry, &b"1"[..]), |at| (&entry[..at], &entry[at + 1..]));
        match defaults.iter().find(|setting| setting.key.as_bytes() == key) {
            None => expected.push((key, None)),
            Some(setting) if !fits(value, setting.values) => expected.push((key, Some(value))),
            Some(setting) => {
                good.extend_from_slice(entry);
                good.push(b',');
                last = Some((setting.key, value));
            }
        }
    }
    let (complaints, settings) = read(text);
    assert_eq!(complaints, expected, "complaints about {:?}", text.escape_ascii().to_string());
    assert_eq!(read(&good), (Vec::new(), settings.clone()), "bad entries of {:?}", text.escape_ascii().to_string());
    if let Some((key, value)) = last {
        let setting = settings.iter().find(|setting| setting.key == key).expect("an option");
        assert!(has(setting, value), "{setting:?} after {:?}", text.escape_ascii().to_string());
    } else {
        assert_eq!(settings, defaults);
    }
}
