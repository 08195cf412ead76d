//! Which pools, or which series of quality metrics, an entry of a tuning speaks of.

use std::cmp::Ordering;

use crate::excerpt::excerpt;

/// A label, or a glob in which `*` stands for any text. Ordered from wide to exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelPattern(String);

impl LabelPattern {
    /// Reads a key of the setting; the error is what is wrong and the mend.
    pub(crate) fn parse(key: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_*".contains(c);
        if !key.is_empty() && key.chars().all(allowed) {
            return Ok(Self(key.to_owned()));
        }
        let mended: String =
            excerpt(key).chars().map(|c| if allowed(c) { c } else { '_' }).collect();
        let mended = if mended.is_empty() { "*" } else { &mended };
        Err(format!(
            "is no label; labels have letters, digits, . - _ (here * too): write {mended:?}"
        ))
    }

    pub(crate) fn matches(&self, label: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0 == label;
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let between = label.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
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

impl Ord for LabelPattern {
    /// Exact labels after globs, longer globs after shorter; equals by text, so that the order of
    /// the JSON's keys never matters.
    fn cmp(&self, other: &Self) -> Ordering {
        self.exactness().cmp(&other.exactness()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for LabelPattern {
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
            let pattern = LabelPattern::parse(pattern).unwrap();
            assert_eq!(pattern.matches(pool), matches, "{pattern:?} {pool}");
        }
    }
}
