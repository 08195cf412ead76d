//! The messages the function sends itself, so that it can act later without sleeping.

use std::time::Duration;

use jiff::Timestamp;
use llmwatch_core::alarm::AlarmKind;
use llmwatch_core::episode::EpisodeId;
use llmwatch_core::ids::{AccountId, QuotaCode};
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::quota::QuotaKind;
use llmwatch_core::render::Form;
use llmwatch_core::settings::Language;
use serde::{Deserialize, Serialize};

/// A message on the function's own queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum QueueMessage {
    /// The episode has settled, or an update is due: look at everything that fires and act once.
    Settle {
        /// The pool that is unwell.
        pool: PoolLabel,
        /// The episode's id.
        episode: EpisodeId,
    },
    /// A quota request may have its case by now: append the figures to it.
    FollowUp(FollowUp),
    /// A mail went out, and its notice is to be published in a further form.
    Publish(Publication),
}

/// A notice in one form, as it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Publication {
    /// The form, which decides the topic.
    pub form: Form,
    /// Where the ledger has the notice's mail.
    pub pk: String,
    /// The rest of its place.
    pub sk: String,
    /// The mail's subject.
    pub subject: String,
    /// The message, at most [`MAX_FORM_BYTES`](llmwatch_core::render::MAX_FORM_BYTES).
    pub text: String,
}

/// What is to be appended to the case of a quota request once it exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FollowUp {
    /// The account.
    pub account: AccountId,
    /// The pool the request is for.
    pub pool: PoolLabel,
    /// The episode that made it.
    pub episode: EpisodeId,
    /// What the quota counts.
    pub kind: QuotaKind,
    /// The quota's code.
    pub code: QuotaCode,
    /// The value asked for, in the quota's unit.
    pub desired: f64,
    /// Service Quotas' id of the request.
    pub request: String,
    /// The alarms the text tells of.
    pub alarms: Vec<AlarmKind>,
    /// The text to append.
    pub text: String,
    /// The text in Japanese, where that is the language of the operator. Which of the two is
    /// appended is the case's to say.
    #[serde(default)]
    pub translation: Option<String>,
    /// When the request was made.
    pub requested_at: Timestamp,
    /// How many looks there have been.
    pub looks: u32,
}

impl FollowUp {
    /// The language of the operator.
    #[must_use]
    pub(crate) fn language(&self) -> Language {
        self.translation.as_ref().map_or(Language::En, |_| Language::Ja)
    }

    /// The text for a reader of a language.
    #[must_use]
    pub(crate) fn text_in(&self, language: Language) -> &str {
        match (language, &self.translation) {
            (Language::Ja, Some(japanese)) => japanese,
            (Language::Ja | Language::En, _) => &self.text,
        }
    }

    /// How long a request may be without a case before people are told, in hours.
    pub(crate) const PATIENCE_HOURS: i64 = 24;

    /// How long to wait before the next look: 1, 2, 5, then 15 minutes each.
    #[must_use]
    pub(crate) fn wait(&self) -> Duration {
        let minutes = match self.looks {
            0 => 1,
            1 => 2,
            2 => 5,
            _ => 15,
        };
        Duration::from_secs(60 * minutes)
    }

    /// Whether people are to be told that the case is still missing.
    #[must_use]
    pub(crate) fn is_overdue(&self, now: Timestamp) -> bool {
        now.duration_since(self.requested_at).as_hours() >= Self::PATIENCE_HOURS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow_up(looks: u32) -> FollowUp {
        FollowUp {
            account: AccountId::parse("123456789012").unwrap(),
            pool: PoolLabel::from_text("global.m"),
            episode: EpisodeId::from_text("e"),
            kind: QuotaKind::Tpm,
            code: QuotaCode::parse("L-58BE175A").unwrap(),
            desired: 270_000.0,
            request: "r".into(),
            alarms: vec![AlarmKind::Throttles],
            text: "t".into(),
            translation: None,
            requested_at: "2026-11-21T00:00:00Z".parse().unwrap(),
            looks,
        }
    }

    #[test]
    fn looks_come_after_1_2_5_and_then_every_15_minutes() {
        let minutes: Vec<u64> =
            (0..6).map(|looks| follow_up(looks).wait().as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 5, 15, 15, 15]);
    }

    #[test]
    fn patience_ends_after_24_hours() {
        let at = |text: &str| follow_up(0).is_overdue(text.parse().unwrap());
        assert!(!at("2026-11-21T23:59:59Z"));
        assert!(at("2026-11-22T00:00:00Z"));
    }
}
