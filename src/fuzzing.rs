//! What the fuzz targets need besides the C functions: the options, as they are read from a text.

use crate::config::{Complaint, Config, OPTIONS, Value};

/// An option: its key, the values it takes as `FT_MALLOC=help` describes them, and the one in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Its key.
    pub key: &'static str,
    /// Its values.
    pub values: &'static str,
    /// The value in force, if it is a word.
    pub word: &'static str,
    /// The value in force, if it is a number.
    pub number: u64,
}

/// Reads `text` as the value of `FT_MALLOC` into a configuration of its own. `complain` hears the key of each bad entry,
/// and its value if the key is one; `tell` hears all options afterwards.
pub fn parse<'a>(text: &'a [u8], mut complain: impl FnMut(&'a [u8], Option<&'a [u8]>), tell: impl FnMut(Setting)) {
    let config = Config::new();
    config.parse(text, |complaint| match complaint {
        Complaint::Unknown(key) => complain(key, None),
        Complaint::Bad(key, value) => complain(key, Some(value)),
    });
    let setting = |option: &crate::config::Described| {
        let (word, number) = match config.value(option.key) {
            Value::Word(word) => (word, 0),
            Value::Number(number) => ("", number),
        };
        Setting { key: option.key, values: option.values, word, number }
    };
    OPTIONS.iter().map(setting).for_each(tell);
}
