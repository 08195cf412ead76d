//! One spelling of the characters that matchers compare: widths, quotes, blanks.

use std::borrow::Cow;

/// The text with full-width ASCII made narrow, curly quotes straight, odd blanks plain, and
/// characters without width left out. Letters keep their case; plain ASCII is not copied.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(fold_char).collect())
}

fn fold_char(c: char) -> Option<char> {
    let folded = match c {
        '\u{0}'..='\u{7f}' => c,
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{ff07}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' => '"',
        '\u{ff01}'..='\u{ff5e}' => narrow(c),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => ' ',
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => return None,
        _ => c,
    };
    Some(folded)
}

/// Full-width forms lie 0xFEE0 above the ASCII they show.
fn narrow(c: char) -> char {
    char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(fold(text), expected);
    }

    #[test]
    fn spellings_of_one_text_become_one() {
        check("I can\u{2019}t", "I can't");
        check("\u{201c}no\u{201d}", "\"no\"");
        check("Ｉｇｎｏｒｅ！", "Ignore!");
        check("a\u{3000}b\u{a0}c", "a b c");
        check("ig\u{200b}no\u{ad}re", "ignore");
        check("申し訳ありません。", "申し訳ありません。");
    }

    #[test]
    fn plain_ascii_is_not_copied() {
        assert!(matches!(fold("I can't help with that."), Cow::Borrowed(_)));
    }
}
