//! A tuning setting's entries: label or glob → alarm kind → fields, whatever the kinds are.

use std::fmt;

use serde_json::Value;

use super::Problems;
use super::pattern::LabelPattern;
use crate::excerpt::excerpt;

/// Everything wrong with a tuning setting, one problem a line, each with its mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidTuning {
    setting: &'static str,
    problems: Vec<String>,
}

impl InvalidTuning {
    /// The problems, each naming its field and its mend.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for InvalidTuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, problems } = self;
        write!(f, "setting {setting} has {} problem(s): {}", problems.len(), problems.join("; "))
    }
}

/// A setting, and what its entries may speak of.
pub(crate) struct Grammar<K> {
    /// The setting's name.
    pub(crate) setting: &'static str,
    /// Whose labels are matched, in a word.
    pub(crate) labelled: &'static str,
    /// Every kind.
    pub(crate) kinds: Vec<K>,
    /// A kind's word.
    pub(crate) word: fn(K) -> &'static str,
}

/// What an operator changed, by label and kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entries<K, A>(
    /// From the widest pattern to the most exact, so that later entries overlay earlier ones.
    Vec<Entry<K, A>>,
);

#[derive(Debug, Clone, PartialEq)]
struct Entry<K, A> {
    labels: LabelPattern,
    kind: K,
    adjustment: A,
}

impl<K, A> Default for Entries<K, A> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + PartialEq, A> Entries<K, A> {
    /// Reads the setting's text; `fields` reads those of one kind. Empty text and `none` change
    /// nothing.
    ///
    /// # Errors
    ///
    /// Names everything that is wrong; nothing of a setting with a problem takes effect.
    pub(crate) fn parse(
        text: &str,
        grammar: &Grammar<K>,
        fields: impl Fn(&str, K, &Value, &mut Problems) -> Option<A>,
    ) -> Result<Self, InvalidTuning> {
        let text = text.trim();
        if text.is_empty() || text == "none" {
            return Ok(Self::default());
        }
        let mut problems = Problems::default();
        let mut entries = match serde_json::from_str::<Value>(text) {
            Ok(value) => grammar.read(&value, &fields, &mut problems),
            Err(error) => {
                let what = format_args!("is not JSON ({error}); write an object or none");
                problems.add(grammar.setting, what);
                Vec::new()
            }
        };
        if !problems.is_empty() {
            let problems = problems.into_texts();
            return Err(InvalidTuning { setting: grammar.setting, problems });
        }
        entries.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(Self(entries))
    }

    /// What is changed of a kind on a label, each overlaying those before it.
    pub(crate) fn adjustments<'a>(&'a self, kind: K, label: &'a str) -> impl Iterator<Item = &'a A>
    where
        K: 'a,
    {
        self.0
            .iter()
            .filter(move |entry| entry.kind == kind && entry.labels.matches(label))
            .map(|entry| &entry.adjustment)
    }
}

impl<K: Copy> Grammar<K> {
    fn read<A>(
        &self,
        value: &Value,
        fields: &impl Fn(&str, K, &Value, &mut Problems) -> Option<A>,
        problems: &mut Problems,
    ) -> Vec<Entry<K, A>> {
        let Some(all) = value.as_object() else {
            let labelled = self.labelled;
            let what = format_args!(
                "must be an object from {labelled} label or glob to alarm kinds, or none"
            );
            problems.add(self.setting, what);
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (key, kinds) in all {
            let pattern = LabelPattern::parse(key);
            if let Err(mend) = &pattern {
                problems.add(&quoted(key), mend);
            }
            let Some(kinds) = kinds.as_object() else {
                problems.add(&quoted(key), "must be an object from alarm kind to fields");
                continue;
            };
            for (word, value) in kinds {
                let place = format!("{}.{}", quoted(key), quoted(word));
                let Some(kind) = self.kinds.iter().find(|kind| (self.word)(**kind) == word) else {
                    let words = self.words();
                    problems.add(&place, format_args!("is no alarm kind; use one of {words}"));
                    continue;
                };
                let adjustment = fields(&place, *kind, value, problems);
                if let (Ok(labels), Some(adjustment)) = (&pattern, adjustment) {
                    entries.push(Entry { labels: labels.clone(), kind: *kind, adjustment });
                }
            }
        }
        entries
    }

    fn words(&self) -> String {
        self.kinds.iter().map(|kind| (self.word)(*kind)).collect::<Vec<_>>().join(", ")
    }
}

fn quoted(key: &str) -> String {
    format!("{:?}", excerpt(key))
}
