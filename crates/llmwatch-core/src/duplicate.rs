//! Whether a case about the same thing is open already.
//!
//! Cases are told apart by pool, category, account and Region, never by their wording.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alarm::AlarmKind;
use crate::episode::EpisodeId;
use crate::fingerprint::fingerprint;
use crate::ids::{AccountId, Region};
use crate::pool::PoolLabel;
use crate::settings::Language;

/// What a case is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// A quota increase; Service Quotas opens the case itself.
    Quota,
    /// Something to find out.
    Investigation,
}

impl Category {
    /// The category's word: `quota` or `investigation`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Investigation => "investigation",
        }
    }
}

/// What makes two cases the same: at most one case is open for each key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseKey {
    /// The account.
    pub account: AccountId,
    /// The Region of the pool, not of the Support endpoint.
    pub region: Region,
    /// The pool.
    pub pool: PoolLabel,
    /// What the case is for.
    pub category: Category,
}

impl CaseKey {
    /// The key's tag, to stand in the subject of its cases.
    #[must_use]
    pub fn tag(&self) -> CaseTag {
        let Self { account, region, pool, category } = self;
        CaseTag(fingerprint(&[account.as_str(), region.as_str(), pool.as_str(), category.word()]))
    }
}

/// A case key short enough for a subject, so that listing cases needs no communications.
///
/// It is written `[llmwatch:0a1b2c3d4e5f]`, 23 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseTag(String);

impl CaseTag {
    const OPENING: &str = "[llmwatch:";
    const DIGITS: usize = 12;

    /// Finds the tag in a subject; `None` when the case is not ours.
    #[must_use]
    pub fn find_in(subject: &str) -> Option<Self> {
        let (_, rest) = subject.split_once(Self::OPENING)?;
        let (digits, _) = rest.split_once(']')?;
        let is_ours = digits.len() == Self::DIGITS && digits.chars().all(|c| c.is_ascii_hexdigit());
        is_ours.then(|| Self(digits.to_owned()))
    }
}

impl fmt::Display for CaseTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}]", Self::OPENING, self.0)
    }
}

/// The id Support gives a case, for example `case-123456789012-exen-2026-0a1b2c3d4e5f6a7b`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub String);

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An alarm of an episode that a case has been told of.
///
/// An alarm that comes back in a later episode is another one, so it is told again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reported {
    /// The episode.
    pub episode: EpisodeId,
    /// The alarm.
    pub alarm: AlarmKind,
}

/// An unresolved case, from the ledger or from Support's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    /// The case's id.
    pub id: CaseId,
    /// What it is about; `None` for a case that Service Quotas opened, which is found by its id.
    pub tag: Option<CaseTag>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The language Support handles it in.
    pub language: Language,
    /// What it has been told; empty when the ledger knows nothing of it.
    pub reported: BTreeSet<Reported>,
}

/// What an open case knows of the firing alarms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenCaseKnows {
    /// It has not been told of these, at least one.
    NotOf {
        /// The case.
        case: CaseId,
        /// The alarms it has not been told of.
        alarms: Vec<AlarmKind>,
    },
    /// It has been told of every one.
    All {
        /// The case.
        case: CaseId,
    },
}

/// Looks for the open case of a key, of several the one opened last; `None` when none is open.
#[must_use]
pub fn find(
    cases: &[OpenCase],
    key: &CaseKey,
    episode: &EpisodeId,
    firing: &[AlarmKind],
) -> Option<OpenCaseKnows> {
    let tag = key.tag();
    cases
        .iter()
        .filter(|case| case.tag.as_ref() == Some(&tag))
        .max_by_key(|case| (case.opened_at, &case.id))
        .map(|case| compare(case, episode, firing))
}

/// Whether a case that is known by its id has been told of the firing alarms.
///
/// A case that is not listed has been told nothing.
#[must_use]
pub fn find_by_id(
    cases: &[OpenCase],
    id: &CaseId,
    episode: &EpisodeId,
    firing: &[AlarmKind],
) -> OpenCaseKnows {
    cases.iter().find(|case| case.id == *id).map_or_else(
        || OpenCaseKnows::NotOf { case: id.clone(), alarms: firing.to_vec() },
        |case| compare(case, episode, firing),
    )
}

fn compare(case: &OpenCase, episode: &EpisodeId, firing: &[AlarmKind]) -> OpenCaseKnows {
    let untold: Vec<AlarmKind> = firing
        .iter()
        .copied()
        .filter(|alarm| {
            !case.reported.contains(&Reported { episode: episode.clone(), alarm: *alarm })
        })
        .collect();
    let case = case.id.clone();
    if untold.is_empty() {
        OpenCaseKnows::All { case }
    } else {
        OpenCaseKnows::NotOf { case, alarms: untold }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::fixtures::{at, episode_id, reported};

    fn key(category: Category) -> CaseKey {
        CaseKey {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            pool: PoolLabel::from_text("global.amazon.nova-2-lite-v1_0"),
            category,
        }
    }

    #[test]
    fn a_tag_is_found_in_the_subject_it_was_written_to() {
        let tag = key(Category::Investigation).tag();
        assert_eq!(tag.to_string().len(), 23);
        assert_eq!(CaseTag::find_in(&format!("Bedrock server errors {tag}")), Some(tag));
    }

    #[test]
    fn subjects_of_others_have_no_tag() {
        for subject in [
            "",
            "Quota Increase: Bedrock",
            "[llmwatch:]",
            "[llmwatch:zzzzzzzzzzzz]",
            "[llmwatch:0a",
        ] {
            assert_eq!(CaseTag::find_in(subject), None, "{subject:?}");
        }
    }

    #[test]
    fn every_part_of_a_key_tells_cases_apart() {
        let base = key(Category::Investigation);
        for other in [
            key(Category::Quota),
            CaseKey { account: AccountId::parse("000000000000").unwrap(), ..base.clone() },
            CaseKey { region: Region::parse("us-west-2").unwrap(), ..base.clone() },
            CaseKey { pool: PoolLabel::from_text("global.x"), ..base.clone() },
        ] {
            assert_ne!(other.tag(), base.tag(), "{other:?}");
        }
    }

    #[test]
    fn of_two_open_cases_the_later_one_is_told() {
        let case = |id: &str, opened_at: &str| OpenCase {
            id: CaseId(id.into()),
            tag: Some(key(Category::Investigation).tag()),
            opened_at: at(opened_at),
            language: Language::En,
            reported: reported(&[]),
        };
        let cases =
            [case("case-2", "2026-11-20T00:00:00Z"), case("case-1", "2026-11-21T00:00:00Z")];
        let alarms = [AlarmKind::Throttles];
        let found = find(&cases, &key(Category::Investigation), &episode_id(), &alarms);
        let expected =
            OpenCaseKnows::NotOf { case: CaseId("case-1".into()), alarms: alarms.to_vec() };
        assert_eq!(found, Some(expected));
    }
}
