//! Where each row of the ledger stands.

use jiff::Timestamp;
use llmwatch_aws::ledger::RowKey;
use llmwatch_core::alarm::change::AlarmOccasion;
use llmwatch_core::alarm::name::{ComponentAlarm, QualityAlarm};
use llmwatch_core::digest::Week;
use llmwatch_core::duplicate::CaseId;
use llmwatch_core::episode::{Episode, EpisodeId};
use llmwatch_core::ids::QuotaCode;
use llmwatch_core::pool::PoolLabel;

/// The pool's latest episode.
pub(crate) fn episode(pool: &PoolLabel) -> RowKey {
    RowKey { pk: format!("pool#{pool}"), sk: "episode".to_owned() }
}

/// The investigation case llmwatch opened last for the pool.
pub(crate) fn investigation_case(pool: &PoolLabel) -> RowKey {
    RowKey { pk: format!("pool#{pool}"), sk: "case#investigation".to_owned() }
}

/// What a case has been told.
pub(crate) fn case(id: &CaseId) -> RowKey {
    RowKey { pk: format!("case#{id}"), sk: "reported".to_owned() }
}

/// The partition of the quota requests whose end is still to be told.
pub(crate) const WATCHED_REQUESTS: &str = "watched-requests";

/// A quota request whose end is still to be told.
pub(crate) fn watched_request(id: &str) -> RowKey {
    RowKey { pk: WATCHED_REQUESTS.to_owned(), sk: id.to_owned() }
}

/// What people were told last of a quality alarm.
pub(crate) fn quality_told(alarm: &QualityAlarm) -> RowKey {
    RowKey { pk: quality_alarm(alarm), sk: "told".to_owned() }
}

/// The mail about a quality alarm's change to ALARM at a time, or about its recovery from it.
pub(crate) fn quality_mail(
    alarm: &QualityAlarm,
    alarm_at: Timestamp,
    occasion: AlarmOccasion,
) -> RowKey {
    lone_mail(quality_alarm(alarm), alarm_at, occasion)
}

/// What people were told last of a component alarm.
pub(crate) fn component_told(alarm: &ComponentAlarm) -> RowKey {
    RowKey { pk: component_alarm(alarm), sk: "told".to_owned() }
}

/// The mail about a component alarm's change to ALARM at a time, or about its recovery from it.
pub(crate) fn component_mail(
    alarm: &ComponentAlarm,
    alarm_at: Timestamp,
    occasion: AlarmOccasion,
) -> RowKey {
    lone_mail(component_alarm(alarm), alarm_at, occasion)
}

fn lone_mail(pk: String, alarm_at: Timestamp, occasion: AlarmOccasion) -> RowKey {
    let word = match occasion {
        AlarmOccasion::Fired { .. } => "alarm",
        AlarmOccasion::Recovered { .. } => "recovery",
    };
    RowKey { pk, sk: format!("effect#mail#{alarm_at}#{word}") }
}

fn component_alarm(alarm: &ComponentAlarm) -> String {
    format!("component#{}#{}", alarm.kind, alarm.component)
}

fn quality_alarm(alarm: &QualityAlarm) -> String {
    let QualityAlarm { kind, severity, series } = alarm;
    format!("quality#{kind}#{severity}#{series}")
}

/// The digest of a week.
pub(crate) fn digest(week: Week) -> RowKey {
    let (_, last_day) = week.days();
    RowKey { pk: "digest".to_owned(), sk: format!("effect#mail#{last_day}") }
}

/// One effect of an episode, for example `mail#pending`.
pub(crate) fn effect(episode: &EpisodeId, name: &str) -> RowKey {
    RowKey { pk: format!("episode#{episode}"), sk: format!("effect#{name}") }
}

/// One notice of an episode: its opening or one of its updates. Each has its own effects, and every
/// try of a notice has the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    episode: EpisodeId,
    name: String,
}

impl Notice {
    /// The notice that an episode is due.
    pub(crate) fn of(episode: &Episode) -> Self {
        Self { episode: episode.id.clone(), name: episode.notice() }
    }

    /// The request to raise a quota.
    pub(crate) fn request(&self, quota: &QuotaCode) -> RowKey {
        self.effect(&format!("request#{quota}"))
    }

    /// The investigation case it opens.
    pub(crate) fn investigation_case(&self) -> RowKey {
        self.effect("case#investigation")
    }

    /// The mail with these outcomes.
    pub(crate) fn mail(&self, outcomes: &str) -> RowKey {
        self.effect(&format!("mail#{outcomes}"))
    }

    fn effect(&self, name: &str) -> RowKey {
        effect(&self.episode, &format!("{}#{name}", self.name))
    }
}
