//! Pages of a listing, with tokens that only the listing that gave them takes back.

/// A token that this listing did not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the next token is not valid")]
pub struct BadToken;

/// One page and the token of the next; `None` on the last page.
pub type Page<T> = (Vec<T>, Option<String>);

/// Cuts the page a token names out of a listing. `listing` is a word that marks its tokens.
///
/// # Errors
///
/// When the token is not one this listing gave.
pub fn page<T>(
    listing: &str,
    items: Vec<T>,
    token: Option<&str>,
    size: usize,
) -> Result<Page<T>, BadToken> {
    let start = position(listing, token)?;
    let next = next_token(listing, start + size, items.len());
    Ok((items.into_iter().skip(start).take(size).collect(), next))
}

/// Where the page a token names starts.
///
/// # Errors
///
/// When the token is not one this listing gave.
pub fn position(listing: &str, token: Option<&str>) -> Result<usize, BadToken> {
    match token {
        None => Ok(0),
        Some(token) => token
            .strip_prefix(listing)
            .and_then(|rest| usize::from_str_radix(rest, 16).ok())
            .ok_or(BadToken),
    }
}

/// The token of the page that starts at `position`; `None` when the listing ends before.
#[must_use]
pub fn next_token(listing: &str, position: usize, length: usize) -> Option<String> {
    (position < length).then(|| format!("{listing}{position:08x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_everything_once_and_end_without_a_token() {
        let mut seen = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let (items, next) = page("alarms", (0..7).collect(), token.as_deref(), 3).unwrap();
            seen.extend(items);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..7).collect::<Vec<_>>());
        let (_, none) = page("alarms", vec![1, 2, 3], None, 3).unwrap();
        assert_eq!(none, None);
        assert_eq!(page("alarms", vec![1], Some("metrics00000001"), 3), Err(BadToken));
    }
}
