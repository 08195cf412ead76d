//! Text cut at white space, with what kinds of characters each piece has.

/// A piece of text without white space; never blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sentiment) struct Piece<'a> {
    pub(in crate::sentiment) text: &'a str,
    pub(super) has: Kinds,
}

impl Piece<'_> {
    /// Whether it has no punctuation and nothing beyond ASCII.
    pub(in crate::sentiment) fn is_plain(self) -> bool {
        !self.has.any(Kinds::PUNCTUATION.or(Kinds::FOREIGN))
    }
}

/// Which kinds of characters there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    const NONE: Self = Self(0);
    pub(super) const UPPER: Self = Self(1);
    pub(super) const LOWER: Self = Self(1 << 1);
    pub(super) const PUNCTUATION: Self = Self(1 << 2);
    /// Characters that no word of the table has: those beyond ASCII, and NUL.
    pub(super) const FOREIGN: Self = Self(1 << 3);
    const SPACE: Self = Self(1 << 4);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether some of these kinds are there.
    pub(super) const fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }
}

/// The kind of each byte.
const KINDS: [Kinds; 256] = {
    let mut kinds = [Kinds::NONE; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        // A const block has no `for` and no `TryFrom`; below 256 nothing is cut off.
        kinds[byte] = match byte as u8 {
            b'A'..=b'Z' => Kinds::UPPER,
            b'a'..=b'z' => Kinds::LOWER,
            b'\t'..=b'\r' | 0x1c..=0x1f | b' ' => Kinds::SPACE,
            0 | 0x80.. => Kinds::FOREIGN,
            other if other.is_ascii_punctuation() => Kinds::PUNCTUATION,
            _ => Kinds::NONE,
        };
        byte += 1;
    }
    kinds
};

/// The pieces between white space, as Python's `str.split()` finds them.
pub(in crate::sentiment) fn split(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(space) = space(text, at) {
            at += space;
        }
        let start = at;
        let mut has = Kinds::NONE;
        while let Some(byte) = text.as_bytes().get(at) {
            let kind = KINDS[usize::from(*byte)];
            if kind.any(Kinds::SPACE.or(Kinds::FOREIGN)) && space(text, at).is_some() {
                break;
            }
            has = has.or(kind);
            at += 1;
        }
        (at > start).then(|| Piece { text: &text[start..at], has })
    })
}

/// How many bytes the white space at a place has, if there is one. None is inside a character.
fn space(text: &str, at: usize) -> Option<usize> {
    let kind = KINDS[usize::from(*text.as_bytes().get(at)?)];
    if !kind.any(Kinds::FOREIGN) {
        return kind.any(Kinds::SPACE).then_some(1);
    }
    let character = text.get(at..)?.chars().next()?;
    character.is_whitespace().then(|| character.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::{KINDS, Kinds, split};

    #[test]
    fn pieces_are_pythons() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(
                split(text).map(|piece| piece.text).collect::<Vec<_>>(),
                expected,
                "{text:?}"
            );
        };
        check("", &[]);
        check(" \t\r\n", &[]);
        check("  one two\u{b}three\u{1f}", &["one", "two", "three"]);
        check("a\u{a0}b\u{3000}c\u{2003}\u{85}d", &["a", "b", "c", "d"]);
        check("né\u{200b}e 東京", &["né\u{200b}e", "東京"]);
    }

    #[test]
    fn bytes_are_of_the_kind_their_characters_are() {
        for byte in 0..=127_u8 {
            let kind = KINDS[usize::from(byte)];
            let letter = char::from(byte);
            let is_space = letter.is_whitespace() || (0x1c..=0x1f).contains(&byte);
            assert_eq!(kind.any(Kinds::SPACE), is_space, "{byte}");
            assert_eq!(kind.any(Kinds::UPPER), letter.is_uppercase(), "{byte}");
            assert_eq!(kind.any(Kinds::LOWER), letter.is_lowercase(), "{byte}");
            assert_eq!(kind.any(Kinds::PUNCTUATION), letter.is_ascii_punctuation(), "{byte}");
        }
    }
}
