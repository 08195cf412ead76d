//! Telephone numbers: international ones, those of Japan and other countries that dial 0 first,
//! and those of North America.
//!
//! Forms: ITU-T E.123 and E.164 (at most 15 digits), Japan's numbering plan
//! <https://www.soumu.go.jp/main_sosiki/joho_tsusin/top/tel_number/>, and the North American one
//! <https://www.nanpa.com/> (from memory). Groups are asked for where digits alone could be any id.

use super::digits::{Group, Groups, begins, ends, groups_end};
use super::scan::comes_after;

/// The most digits of a number in E.164.
const MAX_DIGITS: usize = 15;

/// Words before a bare number of ten digits that say it is a telephone number.
const CALLING: [&str; 9] =
    ["phone", "tel", "call", "cell", "mobile", "fax", "contact", "text me", "whatsapp"];

/// How far before the number such a word may end, in bytes.
const CALLING_WITHIN: usize = 24;

/// The end of an international number whose `+` is at `plus`.
pub(super) fn international(text: &[u8], plus: usize) -> Option<usize> {
    if plus.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric()) {
        return None;
    }
    let at = plus + 1;
    if !text.get(at).is_some_and(|digit| (b'1'..=b'9').contains(digit)) {
        return None;
    }
    // The most groups that end where a number may: a further one may begin a word ("… 0A").
    let (mut total, mut end) = (0, None);
    for (index, group) in Groups::read(text, at, MAX_DIGITS).as_slice().iter().enumerate() {
        total += group.len();
        if total > MAX_DIGITS {
            break;
        }
        let least = if index > 0 { 8 } else { 9 };
        if total >= least && !text.get(group.end).is_some_and(u8::is_ascii_alphanumeric) {
            end = Some(group.end);
        }
    }
    end
}

/// The end of a national number that begins at `at`, a digit or an opening parenthesis.
pub(super) fn national(text: &[u8], at: usize) -> Option<usize> {
    let in_parentheses = text[at] == b'(';
    let first = if in_parentheses { at + 1 } else { at };
    // A word may touch the parenthesis: `TEL(03)1234-5678`.
    if !(in_parentheses || begins(text, at)) || !text.get(first).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let read = Groups::read(text, first, MAX_DIGITS);
    let groups = read.as_slice();
    if in_parentheses && groups.get(1).is_none_or(|group| group.separator != b')') {
        return None;
    }
    if text[first] == b'0' { with_trunk_zero(text, groups) } else { north_american(text, groups) }
}

/// Ten or eleven digits that begin with 0 and another digit: `090-1234-5678`, `(03) 1234 5678`.
fn with_trunk_zero(text: &[u8], groups: &[Group]) -> Option<usize> {
    let first = groups.first()?;
    if text.get(first.start + 1) == Some(&b'0') {
        return None;
    }
    if first.len() >= 10 {
        let mobile = first.len() == 11
            && matches!(text[first.start + 1], b'5'..=b'9')
            && text[first.start + 2] == b'0';
        let fixed = first.len() == 10 && !comes_after(text, first.start, &["isbn"], 12);
        return ((mobile || fixed) && ends(text, first.end)).then_some(first.end);
    }
    (2..=groups.len().min(4)).rev().map(|count| &groups[..count]).find_map(|groups| {
        let digits: usize = groups.iter().map(|group| group.len()).sum();
        let last = groups.last()?;
        let plain = groups.iter().skip(1).all(|group| group.separator != b'.');
        let fits = plain && (10..=11).contains(&digits) && matches!(last.len(), 3 | 4 | 7 | 8);
        (fits && groups_end(text, last.end)).then_some(last.end)
    })
}

/// `(415) 555-0132`, `415-555-0132`, `1 415 555 0132`, and ten digits after a word that says so.
fn north_american(text: &[u8], groups: &[Group]) -> Option<usize> {
    let first = groups.first()?;
    if first.len() == 10 {
        let area_and_office = is_2_to_9(text[first.start]) && is_2_to_9(text[first.start + 3]);
        let is_said = || comes_after(text, first.start, &CALLING, CALLING_WITHIN);
        return (area_and_office && ends(text, first.end) && is_said()).then_some(first.end);
    }
    let groups = match groups {
        [country, rest @ ..] if country.len() == 1 && text[country.start] == b'1' => rest,
        groups => groups,
    };
    let [area, office, line, ..] = groups else { return None };
    let apart = [office.separator, line.separator];
    // Three numbers with spaces may be any three numbers.
    let plausible =
        apart != [b' ', b' '] || (is_2_to_9(text[area.start]) && is_2_to_9(text[office.start]));
    let fits = (area.len(), office.len(), line.len()) == (3, 3, 4);
    (fits && plausible && groups_end(text, line.end)).then_some(line.end)
}

fn is_2_to_9(digit: u8) -> bool {
    (b'2'..=b'9').contains(&digit)
}
