//! Payment cards: 13 to 19 digits of a known issuer with a right check digit.
//!
//! Issuer ranges: <https://en.wikipedia.org/wiki/Payment_card_number> (read 2026-11); the check
//! digit: ISO/IEC 7812-1, Luhn. One in ten numbers of the right length and issuer passes by chance.

use super::digits::{Group, Groups, values};

const MAX_DIGITS: usize = 19;

/// The end of a card number that begins at the digit `at`: in one piece, or in groups of four
/// (4-6-5 and 4-6-4 too) with the same separator throughout.
///
/// What stands around matters less than elsewhere, because issuer and check digit tell so much.
pub(super) fn at(text: &[u8], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).map(|index| text[index]);
    let further = at.checked_sub(2).map(|index| text[index]);
    if before == Some(b'.') && further.is_some_and(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let read = Groups::read(text, at, MAX_DIGITS);
    let groups = read.as_slice();
    let first = groups.first()?;
    if first.len() > 4 {
        let is_word = text.get(first.end).is_some_and(u8::is_ascii_alphanumeric);
        return (!is_word && is_card(text, &groups[..1])).then_some(first.end);
    }
    let separator = groups.get(1)?.separator;
    let grouped = |groups: &[Group]| {
        first.len() == 4
            && matches!(separator, b' ' | b'-' | b'.')
            && groups[1..].iter().all(|group| group.separator == separator)
            && groups.iter().all(|group| (3..=6).contains(&group.len()))
    };
    (2..=groups.len())
        .rev()
        .map(|count| &groups[..count])
        .find(|groups| grouped(groups) && is_card(text, groups))
        .and_then(|groups| groups.last())
        .map(|last| last.end)
}

fn is_card(text: &[u8], groups: &[Group]) -> bool {
    let mut digits = [0; MAX_DIGITS];
    let mut count = 0;
    for digit in values(text, groups) {
        let Some(place) = digits.get_mut(count) else { return false };
        *place = digit;
        count += 1;
    }
    is_issued(&digits[..count]) && luhn(&digits[..count])
}

fn is_issued(digits: &[u8]) -> bool {
    let [a, b, c, d, ..] = *digits else { return false };
    let two = u16::from(a) * 10 + u16::from(b);
    let four = two * 100 + u16::from(c) * 10 + u16::from(d);
    let length = digits.len();
    match (two, four) {
        // Visa
        (40..=49, _) => matches!(length, 13 | 16 | 19),
        // Mastercard
        (51..=55, _) | (_, 2221..=2720) => length == 16,
        // American Express
        (34 | 37, _) => length == 15,
        // JCB
        (_, 3528..=3589) => (16..=19).contains(&length),
        // Diners Club
        (36 | 38 | 39, _) | (_, 3000..=3059) => (14..=19).contains(&length),
        // Maestro, UnionPay, Discover
        (50 | 56..=58 | 60 | 62..=65 | 67, _) => (16..=19).contains(&length),
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
