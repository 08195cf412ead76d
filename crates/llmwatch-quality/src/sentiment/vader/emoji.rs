//! Emoji as words.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

const TABLE: &str = include_str!("../../../data/vader/emoji.tsv");

static NAMES: LazyLock<FxHashMap<char, &str>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter_map(|line| line.split_once('\t'));
    rows.filter_map(|(emoji, name)| Some((emoji.chars().next()?, name))).collect()
});

/// The text with each emoji replaced by its name, set off by a space where none stands before it.
pub(in crate::sentiment) fn named(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(|character| name(character).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut named = String::with_capacity(2 * text.len());
    for character in text.chars() {
        match name(character) {
            None => named.push(character),
            Some(name) => {
                if !named.is_empty() && !named.ends_with(' ') {
                    named.push(' ');
                }
                named.push_str(name);
            }
        }
    }
    Cow::Owned(named)
}

fn name(character: char) -> Option<&'static str> {
    if character.is_ascii() { None } else { NAMES.get(&character).copied() }
}
