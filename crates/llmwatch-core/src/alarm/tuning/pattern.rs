//! Which pools an entry of the tuning speaks of.

use std::cmp::Ordering;

use crate::excerpt::excerpt;
use crate::pool::PoolLabel;

/// A pool label, or a glob in which `*` stands for any text. Ordered from wide to exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PoolPattern(String);

impl PoolPattern {
    /// Reads a key of the setting; the error is what is wrong and the mend.
    pub(super) fn parse(key: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_*".contains(c);
        if !key.is_empty() && key.chars().all(allowed) {
            return Ok(Self(key.to_owned()));
        }
        let mended: String =
            excerpt(key).chars().map(|c| if allowed(c) { c } else { '_' }).collect();
        let mended = if mended.is_empty() { "*" } else { &mended };
        Err(format!(
            "is no pool label; labels have letters, digits, . - _ (here * too): write {mended:?}"
        ))
    }

    pub(super) fn matches(&self, pool: &PoolLabel) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0 == pool.as_str();
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let between = pool.as_str().strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
        let Some(mut between) = between else { return false };
        middle.split('*').all(|part| match between.find(part) {
            Some(at) => {
                between = &between[at + part.len()..];
                true
            }
            None => false,
        })
    }

    fn exactness(&self) -> (bool, usize) {
        (!self.0.contains('*'), self.0.chars().filter(|c| *c != '*').count())
    }
}

impl Ord for PoolPattern {
    /// Exact labels after globs, longer globs after shorter; equals by text, so that the order of
    /// the JSON's keys never matters.
    fn cmp(&self, other: &Self) -> Ordering {
        self.exactness().cmp(&other.exactness()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for PoolPattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_nothing_else_is_special() {
        for (pattern, pool, matches) in [
            ("*", "global.x", true),
            ("global.*", "global.x", true),
            ("global.*", "globals.x", false),
            ("*.x", "global.x", true),
            ("*.x", "global.xy", false),
            ("g*l*x", "global.x", true),
            ("g*l.*l.x", "global.x", false),
            ("*anthropic*haiku*", "cross-region.anthropic.claude-haiku-4-5", true),
            ("*anthropic*haiku*", "cross-region.haiku.anthropic", false),
            ("ab*ba", "aba", false),
            ("ab*ba", "abba", true),
            ("a**b", "ab", true),
            ("global.x", "global.x", true),
            ("global.x", "global.xy", false),
            ("global.x", "globalzx", false),
        ] {
            let pattern = PoolPattern::parse(pattern).unwrap();
            assert_eq!(pattern.matches(&PoolLabel::from_text(pool)), matches, "{pattern:?} {pool}");
        }
    }
}
