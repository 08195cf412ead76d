//! Numbers in text: where they may begin and end, and how their digits are grouped.

/// Groups of a number at most; no form that is looked for has more.
const MAX_GROUPS: usize = 8;

/// Whether a number may begin at `at`: not inside a word, a decimal, a version or a UUID.
pub(super) fn begins(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|index| text[index]) else { return true };
    let further = at.checked_sub(2).map(|index| text[index]);
    match before {
        b'_' => false,
        b'.' | b'/' | b',' => !further.is_some_and(|byte| byte.is_ascii_digit()),
        b'-' => !further.is_some_and(|byte| byte.is_ascii_hexdigit()),
        _ => !before.is_ascii_alphanumeric(),
    }
}

/// Whether digits in one piece may end before `at`: not inside a word, a decimal or a UUID.
pub(super) fn ends(text: &[u8], at: usize) -> bool {
    let further = text.get(at + 1);
    match text.get(at) {
        None => true,
        Some(b'_') => false,
        Some(b'.' | b',') => !further.is_some_and(u8::is_ascii_digit),
        Some(b'-' | b'/' | b':') => !further.is_some_and(u8::is_ascii_alphanumeric),
        Some(byte) => !byte.is_ascii_alphanumeric(),
    }
}

/// Whether grouped digits may end before `at`: not inside a word, not before a further group.
pub(super) fn groups_end(text: &[u8], at: usize) -> bool {
    match text.get(at) {
        None => true,
        Some(b'-') => !text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric),
        Some(byte) => !byte.is_ascii_alphanumeric(),
    }
}

/// A group of digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) start: usize,
    pub(super) end: usize,
    /// What stands before it, of a space, `-`, `.`, `(` and `)` the telling one; 0 for nothing.
    pub(super) separator: u8,
}

impl Group {
    pub(super) fn len(self) -> usize {
        self.end - self.start
    }
}

/// Groups of digits that belong together, in order.
pub(super) struct Groups {
    groups: [Group; MAX_GROUPS],
    count: usize,
}

impl Groups {
    /// Reads groups from `at`, which must be a digit, each up to `max_digits` long.
    pub(super) fn read(text: &[u8], at: usize, max_digits: usize) -> Self {
        let mut read = Self { groups: [Group::default(); MAX_GROUPS], count: 0 };
        let (mut start, mut separator) = (at, 0);
        while read.count < MAX_GROUPS {
            let end = end_of_digits(text, start, max_digits + 1);
            read.groups[read.count] = Group { start, end, separator };
            read.count += 1;
            let Some((next, between)) = next_group(text, end) else { break };
            (start, separator) = (next, between);
        }
        read
    }

    pub(super) fn as_slice(&self) -> &[Group] {
        &self.groups[..self.count]
    }
}

/// The digits of some groups, as values.
pub(super) fn values<'a>(text: &'a [u8], groups: &'a [Group]) -> impl Iterator<Item = u8> + 'a {
    groups.iter().flat_map(|group| &text[group.start..group.end]).map(|digit| digit - b'0')
}

/// The end of the digits from `start`, at most `max` of them.
fn end_of_digits(text: &[u8], start: usize, max: usize) -> usize {
    let digits = text[start..].iter().take(max).take_while(|byte| byte.is_ascii_digit());
    start + digits.count()
}

/// Where the next group begins after one or two separators such as `-`, `) ` or ` (`.
fn next_group(text: &[u8], end: usize) -> Option<(usize, u8)> {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let first = *text.get(end)?;
    match first {
        b' ' | b'-' | b'.' | b'(' | b')' if is_digit(end + 1) => Some((end + 1, first)),
        b' ' | b'-' if text.get(end + 1) == Some(&b'(') && is_digit(end + 2) => {
            Some((end + 2, b'('))
        }
        b')' if matches!(text.get(end + 1), Some(b' ' | b'-')) && is_digit(end + 2) => {
            Some((end + 2, b')'))
        }
        _ => None,
    }
}
