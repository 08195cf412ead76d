//! Japan's individual number ("My Number"): 12 digits, the last of which checks the others.
//!
//! Source of the check digit: 行政手続における特定の個人を識別するための番号の利用等に関する法律の規定による
//! 通知カード及び個人番号カード並びに情報提供ネットワークシステムによる特定個人情報の提供等に関する省令,
//! article 5 (the ordinance on individual numbers of 2014; from memory, not read again).
//! About one in eleven numbers of 12 digits passes by chance; AWS account ids inside ARNs and
//! paths are left alone.

use super::digits::{Groups, begins, ends, values};

const DIGITS: usize = 12;

/// The end of an individual number that begins at the digit `at`: in one piece or as 4-4-4.
pub(super) fn at(text: &[u8], at: usize) -> Option<usize> {
    if !begins(text, at) {
        return None;
    }
    let read = Groups::read(text, at, DIGITS);
    let number = match read.as_slice() {
        [all, ..] if all.len() == DIGITS => {
            if is_account_id(text, all.start, all.end) {
                return None;
            }
            &read.as_slice()[..1]
        }
        [a, b, c, ..] if [a, b, c].iter().all(|group| group.len() == 4) => {
            let separator = b.separator;
            if c.separator != separator || !matches!(separator, b' ' | b'-') {
                return None;
            }
            &read.as_slice()[..3]
        }
        _ => return None,
    };
    let end = number.last()?.end;
    (ends(text, end) && is_valid(values(text, number))).then_some(end)
}

fn is_valid(digits: impl Iterator<Item = u8>) -> bool {
    let mut all = [0u32; DIGITS];
    for (place, digit) in all.iter_mut().zip(digits) {
        *place = u32::from(digit);
    }
    let [body @ .., check] = all;
    // From the right, without the check digit: weights 2 to 7, then 2 to 6.
    let weights = (2..=7).chain(2..=6);
    let sum: u32 = body.iter().rev().zip(weights).map(|(digit, weight)| digit * weight).sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    sum > 0 && check == expected
}

/// `arn:aws:iam::123456789012:role/…`, `…/123456789012/…`, `123456789012.dkr.ecr…`
fn is_account_id(text: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|index| text[index]);
    match text.get(end) {
        Some(b':' | b'/') => matches!(before, Some(b':' | b'/')),
        Some(b'.') => text[end..].starts_with(b".dkr."),
        _ => false,
    }
}
