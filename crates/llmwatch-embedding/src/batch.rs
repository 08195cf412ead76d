//! Which texts go through the model together.

/// Texts a batch holds at most.
const MAX_TEXTS: usize = 8;

/// Tokens a batch holds at most, padding included, unless one text alone has more.
///
/// Measured on one core, over short and long texts: 128 and 256 tokens are a fifth faster than texts
/// one by one and about equal, 1,024 lose most of that again. The smaller needs less memory.
const MAX_BATCH_TOKENS: usize = 128;

/// Groups texts, given as token counts, so that little is padded: indices, each in one batch.
///
/// Shortest first. Within a batch the last index is the longest text.
pub(crate) fn batches(token_counts: &[usize]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..token_counts.len()).collect();
    order.sort_by_key(|&index| token_counts[index]);
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for index in order {
        match batches.last_mut() {
            Some(batch) if fits(batch.len() + 1, token_counts[index]) => batch.push(index),
            _ => batches.push(vec![index]),
        }
    }
    batches
}

fn fits(texts: usize, longest: usize) -> bool {
    texts <= MAX_TEXTS && texts * longest <= MAX_BATCH_TOKENS
}

#[cfg(test)]
mod tests {
    use super::batches;

    #[track_caller]
    fn check(token_counts: &[usize], expected: &[&[usize]]) {
        assert_eq!(batches(token_counts), expected);
    }

    #[test]
    fn nothing_makes_no_batch() {
        check(&[], &[]);
    }

    #[test]
    fn texts_of_like_length_go_together() {
        check(&[64, 10, 64, 12], &[&[1, 3], &[0, 2]]);
    }

    #[test]
    fn a_long_text_goes_alone() {
        check(&[128, 128, 4], &[&[2], &[0], &[1]]);
        check(&[900], &[&[0]]);
    }

    #[test]
    fn a_batch_holds_at_most_eight() {
        check(&[2; 9], &[&[0, 1, 2, 3, 4, 5, 6, 7], &[8]]);
    }
}
