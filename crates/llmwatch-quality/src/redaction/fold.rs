//! Text as the search sees it: bytes in which full-width forms are ASCII.

/// Folded bytes, and where each came from.
pub(super) struct Folded {
    bytes: Vec<u8>,
    /// Offsets in the original, one per folded byte and one for the end.
    offsets: Vec<usize>,
}

/// Folds a text: full-width forms, hyphens and spaces become ASCII, invisible characters vanish,
/// all others keep their bytes.
pub(super) fn fold(text: &str) -> Folded {
    let mut folded = Folded {
        bytes: Vec::with_capacity(text.len()),
        offsets: Vec::with_capacity(text.len() + 1),
    };
    for (offset, character) in text.char_indices() {
        match ascii_of(character) {
            Form::Ascii(byte) => {
                folded.bytes.push(byte);
                folded.offsets.push(offset);
            }
            Form::Invisible => {}
            Form::Other => {
                let mut buffer = [0; 4];
                for (index, byte) in character.encode_utf8(&mut buffer).bytes().enumerate() {
                    folded.bytes.push(byte);
                    folded.offsets.push(offset + index);
                }
            }
        }
    }
    folded.offsets.push(text.len());
    folded
}

impl Folded {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A range of folded bytes in the original. Findings begin and end between characters, so does
    /// what is returned.
    pub(super) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        (self.offsets[start], self.offsets[end])
    }
}

enum Form {
    Ascii(u8),
    Invisible,
    Other,
}

fn ascii_of(character: char) -> Form {
    match character {
        '\0'..='\u{7f}' => Form::Ascii(character as u8),
        // Full-width ASCII is ASCII at a distance.
        '\u{ff01}'..='\u{ff5e}' => Form::Ascii((character as u32 - 0xfee0) as u8),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => Form::Ascii(b' '),
        // Hyphens, dashes, minus, and the Japanese long-vowel signs that stand in for them.
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{30fc}' | '\u{ff70}' => {
            Form::Ascii(b'-')
        }
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => Form::Invisible,
        _ => Form::Other,
    }
}
