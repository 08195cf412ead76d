//! International bank account numbers: a country, two check digits, and that country's length.
//!
//! Lengths: SWIFT's IBAN registry, <https://www.swift.com/standards/data-standards/iban-international-bank-account-number>
//! (from memory of release 99); the check: ISO 13616, modulo 97.

/// Country and length, in the order of countries.
const LENGTHS: [(&[u8; 2], usize); 88] = [
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
];

/// The end of an IBAN that begins at the letter `at`, whatever its case, in one piece or in groups
/// of four with a space or a hyphen between.
pub(super) fn at(text: &[u8], at: usize) -> Option<usize> {
    let [a, b, c, d, ..] = text[at..] else { return None };
    if !(b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit()) {
        return None;
    }
    let country = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
    let place = LENGTHS.binary_search_by(|(known, _)| (**known).cmp(&country)).ok()?;
    let (_, length) = LENGTHS.get(place)?;
    let mut characters = [0; 34];
    let mut next = at;
    for (index, place) in characters.iter_mut().take(*length).enumerate() {
        if index > 0 && index % 4 == 0 && matches!(text.get(next), Some(b' ' | b'-')) {
            next += 1;
        }
        *place = *text.get(next).filter(|byte| byte.is_ascii_alphanumeric())?;
        next += 1;
    }
    let ends = !text.get(next).is_some_and(u8::is_ascii_alphanumeric);
    (ends && remainder(&characters[..*length]) == 1).then_some(next)
}

/// The number modulo 97, with its first four characters moved to the end and letters as 10 to 35.
fn remainder(characters: &[u8]) -> u32 {
    let (head, body) = characters.split_at(4);
    body.iter().chain(head).fold(0, |rest, character| match character {
        b'0'..=b'9' => (rest * 10 + u32::from(character - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.to_ascii_uppercase() - b'A') + 10) % 97,
    })
}
