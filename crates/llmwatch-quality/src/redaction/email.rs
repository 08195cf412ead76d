//! Addresses of mail: a local part, `@`, and a domain that ends in letters.

/// The longest local part and domain. Source: RFC 5321, section 4.5.3.1.
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 255;

/// The range of an address around the `@` at `sign`, not before `from`.
pub(super) fn around(text: &[u8], sign: usize, from: usize) -> Option<(usize, usize)> {
    let start = start_of_local(text, sign, from)?;
    let end = end_of_domain(text, sign + 1)?;
    Some((start, end))
}

fn start_of_local(text: &[u8], sign: usize, from: usize) -> Option<usize> {
    let least = from.max(sign.saturating_sub(MAX_LOCAL));
    let mut start = sign;
    while start > least {
        match text[start - 1] {
            byte if is_local(byte) => start -= 1,
            // The second byte of an accented Latin letter.
            0x80..=0xbf if start - 1 > least && is_latin_lead(text[start - 2]) => start -= 2,
            _ => break,
        }
    }
    while matches!(text[start], b'.' | b'-' | b'\'') {
        start += 1;
    }
    (start < sign).then_some(start)
}

/// Labels with dots between them; the last that is of letters only ends the domain.
fn end_of_domain(text: &[u8], at: usize) -> Option<usize> {
    let limit = text.len().min(at + MAX_DOMAIN);
    let (mut label, mut labels, mut end) = (at, 0, None);
    loop {
        let next = end_of_label(text, label, limit);
        if next == label {
            break;
        }
        labels += 1;
        let top = &text[label..next];
        let of_letters = top.len() > 1 && top.iter().all(u8::is_ascii_alphabetic);
        if labels > 1 && (of_letters || top.starts_with(b"xn--")) {
            end = Some(next);
        }
        if next < limit && text[next] == b'.' {
            label = next + 1;
        } else {
            break;
        }
    }
    end
}

fn end_of_label(text: &[u8], mut at: usize, limit: usize) -> usize {
    while at < limit {
        match text[at] {
            b'-' => at += 1,
            byte if byte.is_ascii_alphanumeric() => at += 1,
            lead if is_latin_lead(lead) && at + 1 < limit => at += 2,
            _ => break,
        }
    }
    at
}

/// What people use of what RFC 5322 allows: `=`, `/`, `?` and `&` are of the URL around an address.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-'".contains(&byte)
}

/// Whether a byte begins a letter of Latin-1 Supplement or Latin Extended-A and -B.
fn is_latin_lead(byte: u8) -> bool {
    (0xc3..=0xc9).contains(&byte)
}
