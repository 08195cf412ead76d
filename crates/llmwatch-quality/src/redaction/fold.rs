//! Text as the search sees it: bytes in which full-width forms are ASCII.

/// Folded bytes, and where each came from.
pub(super) struct Folded {
    bytes: Vec<u8>,
    /// After each character that was folded: where that is in the folded bytes, and where in the
    /// original. In order; between two of them both go on in step.
    resumed: Vec<(usize, usize)>,
}

/// Folds a text: full-width forms, hyphens and spaces become ASCII, invisible characters vanish,
/// all others keep their bytes.
pub(super) fn fold(text: &str) -> Folded {
    let text = text.as_bytes();
    let mut folded = Folded { bytes: Vec::with_capacity(text.len()), resumed: Vec::new() };
    let (mut copied, mut at) = (0, 0);
    while at < text.len() {
        let Some((form, length)) = form(&text[at..]) else {
            at += 1;
            continue;
        };
        folded.bytes.extend_from_slice(&text[copied..at]);
        if let Form::Ascii(byte) = form {
            folded.bytes.push(byte);
        }
        at += length;
        copied = at;
        folded.resumed.push((folded.bytes.len(), at));
    }
    folded.bytes.extend_from_slice(&text[copied..]);
    folded
}

impl Folded {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A range of folded bytes in the original. Findings begin and end between characters, so does
    /// what is returned.
    pub(super) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        (self.offset(start), self.offset(end))
    }

    fn offset(&self, folded: usize) -> usize {
        let before = self.resumed.partition_point(|(at, _)| *at <= folded);
        match before.checked_sub(1).and_then(|last| self.resumed.get(last)) {
            Some((at, original)) => original + (folded - at),
            None => folded,
        }
    }
}

enum Form {
    Ascii(u8),
    Invisible,
}

/// What the character that begins here counts as, with its bytes; none for one that stays. On
/// bytes, because texts are long and few characters are folded: a byte inside a character is never
/// a first byte.
fn form(text: &[u8]) -> Option<(Form, usize)> {
    let (form, length) = match text {
        // U+00A0, U+00AD
        [0xc2, 0xa0, ..] => (Form::Ascii(b' '), 2),
        [0xc2, 0xad, ..] => (Form::Invisible, 2),
        // U+2000 to U+200A, U+202F, U+3000
        [0xe2, 0x80, 0x80..=0x8a | 0xaf, ..] | [0xe3, 0x80, 0x80, ..] => (Form::Ascii(b' '), 3),
        // U+200B to U+200F, U+2060, U+FEFF
        [0xe2, 0x80, 0x8b..=0x8f, ..] | [0xe2, 0x81, 0xa0, ..] | [0xef, 0xbb, 0xbf, ..] => {
            (Form::Invisible, 3)
        }
        // U+2010 to U+2015, U+2212, U+FE63, and the Japanese long-vowel signs U+30FC and U+FF70
        // that stand in for hyphens.
        [0xe2, 0x80, 0x90..=0x95, ..]
        | [0xe2, 0x88, 0x92, ..]
        | [0xef, 0xb9, 0xa3, ..]
        | [0xe3, 0x83, 0xbc, ..]
        | [0xef, 0xbd, 0xb0, ..] => (Form::Ascii(b'-'), 3),
        // U+FF01 to U+FF3F and U+FF40 to U+FF5E are ASCII from `!` and from the backtick on.
        [0xef, 0xbc, last @ 0x81..=0xbf, ..] => (Form::Ascii(last - 0x81 + b'!'), 3),
        [0xef, 0xbd, last @ 0x80..=0x9e, ..] => (Form::Ascii(last - 0x80 + b'`'), 3),
        _ => return None,
    };
    Some((form, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_ascii_has_its_full_width_form() {
        for byte in b'!'..=b'~' {
            let wide = char::from_u32(u32::from(byte) + 0xfee0).unwrap();
            assert_eq!(
                fold(&format!("あ{wide}é")).bytes(),
                ["あ".as_bytes(), &[byte], "é".as_bytes()].concat()
            );
        }
    }

    #[test]
    fn spaces_hyphens_and_what_is_not_seen() {
        for (character, folded) in [
            ('\u{a0}', " "),
            ('\u{2009}', " "),
            ('\u{202f}', " "),
            ('\u{3000}', " "),
            ('\u{2010}', "-"),
            ('\u{2015}', "-"),
            ('\u{2212}', "-"),
            ('\u{fe63}', "-"),
            ('\u{30fc}', "-"),
            ('\u{ff70}', "-"),
            ('\u{ad}', ""),
            ('\u{200b}', ""),
            ('\u{200f}', ""),
            ('\u{2060}', ""),
            ('\u{feff}', ""),
            ('\u{3001}', "、"),
        ] {
            assert_eq!(fold(&character.to_string()).bytes(), folded.as_bytes(), "{character:?}");
        }
    }

    #[test]
    fn every_place_is_found_again() {
        let folded = fold("a１\u{200b}２あb");
        assert_eq!(folded.bytes(), "a12あb".as_bytes());
        assert_eq!(folded.original(0, 1), (0, 1));
        assert_eq!(folded.original(1, 3), (1, 10));
        assert_eq!(folded.original(6, 7), (13, 14));
    }
}
