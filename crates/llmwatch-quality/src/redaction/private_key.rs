//! Private keys in PEM form (RFC 7468), and what else is fenced so: OpenSSH's and PGP's.

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// The longest label; the fence is looked for within it.
const MAX_LABEL: usize = 64;

/// The end of a private key whose fence begins at `at`; the end of the text for one that is cut
/// off.
pub(super) fn at(text: &[u8], at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix(BEGIN)?;
    let label = &rest[..rest.len().min(MAX_LABEL)];
    let label = &label[..position(label, b"-----")?];
    position(label, b"PRIVATE KEY")?;
    let body = at + BEGIN.len() + label.len() + 5;
    let Some(end) = position(&text[body..], END).map(|end| body + end + END.len()) else {
        return Some(text.len());
    };
    let fence = &text[end..text.len().min(end + MAX_LABEL + 5)];
    Some(position(fence, b"-----").map_or(end, |length| end + length + 5))
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
