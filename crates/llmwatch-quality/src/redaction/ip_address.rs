//! IP addresses that may be somebody's: no loopback, no net mask, no 0.0.0.0.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::digits::begins;
use super::scan::comes_after;

/// The longest IPv6 address in text, with an IPv4 address at its end.
const MAX_V6: usize = 45;

/// The end of an IPv4 address that begins at the digit `at`.
///
/// Four numbers after "version", "release", "build" or "chapter" are none.
pub(super) fn v4(text: &[u8], at: usize) -> Option<usize> {
    // A cheap look first: most numbers have no dot so soon.
    let dot = text[at..].iter().take(4).position(|byte| *byte == b'.')?;
    if !begins(text, at) || !text.get(at + dot + 1)?.is_ascii_digit() {
        return None;
    }
    let is_part = |byte: &&u8| byte.is_ascii_digit() || **byte == b'.';
    let run = text[at..].iter().take(17).take_while(is_part).count();
    let run = &text[at..at + run];
    let dots = run.windows(2).position(|pair| pair == b"..").unwrap_or(run.len());
    let trimmed = run[..dots].strip_suffix(b".").unwrap_or(&run[..dots]);
    let end = at + trimmed.len();
    let address = Ipv4Addr::from_str(std::str::from_utf8(trimmed).ok()?).ok()?;
    let [first, second, ..] = address.octets();
    let nobodys = address.is_loopback() || first == 0 || (first, second) == (255, 255);
    let is_word = text.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let is_version = comes_after(text, at, &["version", "release", "build", "chapter", "ver."], 3);
    (!nobodys && !is_word && !is_version).then_some(end)
}

/// The end of an IPv6 address that begins at `at`, a hexadecimal digit or a colon.
///
/// With `::` the address must be one that is in use (global, unique local, link local, or mapped
/// IPv4) and have a digit, because `::` joins names in code; without, a group must have three
/// digits or more, because eight pairs are a hardware address.
pub(super) fn v6(text: &[u8], at: usize) -> Option<usize> {
    if !begins_v6(text, at) {
        return None;
    }
    let is_part = |byte: &&u8| byte.is_ascii_hexdigit() || matches!(**byte, b':' | b'.');
    let run = text[at..].iter().take(MAX_V6 + 1).take_while(is_part).count();
    let run = &text[at..at + run];
    // A full stop may belong to an IPv4 address at the end, or to the sentence.
    let to_dot = run.iter().position(|byte| *byte == b'.').unwrap_or(run.len());
    let (written, address) =
        [run, &run[..to_dot]].into_iter().map(without_trailing_marks).find_map(|written| {
            let written = std::str::from_utf8(written).ok()?;
            Some((written, Ipv6Addr::from_str(written).ok()?))
        })?;
    let end = at + written.len();
    let is_word = text.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let plausible = if written.contains("::") {
        let first = address.segments()[0];
        let in_use = matches!(first, 0x2000..=0x3fff | 0xfc00..=0xfdff | 0xfe80..=0xfebf)
            || address.to_ipv4_mapped().is_some();
        in_use && written.bytes().any(|byte| byte.is_ascii_digit())
    } else {
        written.split(':').any(|group| group.len() > 2)
    };
    (plausible && !is_word).then_some(end)
}

/// Not inside a word or another run of colons: after `ip:` but not after `a:` or `::`.
fn begins_v6(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|index| text[index]);
    let further = at.checked_sub(2).map(|index| text[index]);
    match before {
        None => true,
        Some(b':') => !further.is_some_and(|byte| byte.is_ascii_hexdigit() || byte == b':'),
        Some(byte) => !(byte.is_ascii_alphanumeric() || byte == b'_'),
    }
}

fn without_trailing_marks(run: &[u8]) -> &[u8] {
    match run {
        [rest @ .., b'.'] => without_trailing_marks(rest),
        [rest @ .., before, b':'] if *before != b':' => &run[..=rest.len()],
        _ => run,
    }
}
