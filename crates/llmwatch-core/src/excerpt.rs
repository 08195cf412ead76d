//! A little of a text from outside, for errors and logs: enough to find it by, too little to fill
//! a log or to give a document away.

/// The longest excerpt, in characters, without the `…` that tells that more follows.
pub const MAX_EXCERPT_CHARS: usize = 80;

/// The beginning of a text; all of it when it is short.
#[must_use]
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(excerpt("é"), "é");
        let all = "é".repeat(MAX_EXCERPT_CHARS);
        assert_eq!(excerpt(&all), all);
        assert_eq!(excerpt(&format!("{all}x")), format!("{all}…"));
    }
}
