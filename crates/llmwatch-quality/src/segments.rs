//! Texts cut to what a service takes, never inside a character.
//!
//! Limits are counted in bytes of UTF-8, as Comprehend counts them.

/// The most bytes of a text Comprehend's sentiment takes, and of the texts in one batch.
///
/// Documented as 5 KB; which kilobyte is meant is not said, so the smaller one is kept to.
/// Source: <https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html>
/// (read 2026-11-22).
pub const SENTIMENT_BYTES: usize = 5_000;

/// The most bytes of one segment Comprehend's toxicity detection takes. Documented as 1 KB.
///
/// Source: <https://docs.aws.amazon.com/comprehend/latest/dg/trust-safety.html> (read 2026-11-22).
pub const TOXICITY_BYTES: usize = 1_000;

/// The most segments one call of toxicity detection takes; ten full ones are 10 KB, the most bytes
/// it takes in all.
pub const TOXICITY_SEGMENTS: usize = 10;

/// How far back from a limit a cut looks for the end of a sentence or a word, as a part of the
/// limit: a cut further back would waste more than it saves.
const SEARCHED_PART: usize = 4;

/// The longest beginning of a text that has at most so many bytes and ends with a character.
///
/// A limit of 0, or below the first character's length, leaves nothing.
#[must_use]
pub fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

/// A text in pieces of at most so many bytes, in order, white space at their ends left out.
///
/// Pieces end with a sentence or a word where one ends in the last quarter, else anywhere between
/// two characters. Blank pieces are left out, so a blank text has none. A limit below 4 bytes, the
/// longest character, is taken as 4.
#[must_use]
pub fn segments(text: &str, max_bytes: usize) -> Vec<&str> {
    let max_bytes = max_bytes.max(4);
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(end_of_piece(rest, max_bytes));
        pieces.push(piece.trim_end());
        rest = after.trim_start();
    }
    pieces
}

/// Where the first piece of a text ends, in bytes; at least one character, at most the limit.
fn end_of_piece(text: &str, max_bytes: usize) -> usize {
    let most = cut(text, max_bytes);
    if most.len() == text.len() {
        return most.len();
    }
    let earliest = most.len() - most.len() / SEARCHED_PART;
    let last_after = |ends: fn(char) -> bool| {
        let found = most.char_indices().rev().find(|(_, character)| ends(*character));
        found.map(|(at, character)| at + character.len_utf8()).filter(|end| *end >= earliest)
    };
    last_after(|character| matches!(character, '.' | '!' | '?' | '\n' | '。' | '！' | '？'))
        .or_else(|| last_after(char::is_whitespace))
        .unwrap_or(most.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, max_bytes: usize, expected: &[&str]) {
        assert_eq!(segments(text, max_bytes), expected, "{text:?} by {max_bytes}");
    }

    #[test]
    fn pieces_end_where_a_sentence_or_a_word_ends() {
        check("", 10, &[]);
        check(" \n ", 10, &[]);
        check(" short ", 10, &["short"]);
        check("one two. three four", 10, &["one two.", "three four"]);
        check("one two three. four", 16, &["one two three.", "four"]);
        check("one two three four five", 16, &["one two three", "four five"]);
        check("unbrokenunbroken", 7, &["unbroke", "nunbrok", "en"]);
        // Ten bytes hold three characters of three bytes.
        check("悪い。とても悪い。", 10, &["悪い。", "とても", "悪い。"]);
        // Four characters of four bytes each; a limit that fits none is taken as one that fits one.
        check("😀😀", 1, &["😀", "😀"]);
    }

    #[test]
    fn a_cut_leaves_whole_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("é", 0), "");
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost_and_no_piece_is_too_long(
            text in "(\\PC|[ \\n.。]){0,200}",
            max_bytes in 1_usize..40,
        ) {
            let pieces = segments(&text, max_bytes);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= max_bytes.max(4)));
            prop_assert!(pieces.iter().all(|piece| !piece.trim().is_empty()));
            let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(visible(&pieces.concat()), visible(&text));
        }
    }
}
