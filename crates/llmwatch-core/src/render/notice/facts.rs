//! The facts of a notice, as machines are told them.
//!
//! The names of the members are those of the documented JSON: see docs/NOTIFICATIONS.md.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::alarm::{Severity, definition, name};
use crate::decision::{Firing, FiringAlarm};
use crate::ids::{AccountId, Region, StackPrefix};
use crate::pool::PoolLabel;
use crate::render::facts::{PoolFacts, reason};
use crate::settings::Language;

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::render) struct Facts {
    /// What everything about one matter has in common: the last line of each of its mails.
    pub(in crate::render) thread: String,
    pub(in crate::render) kind: Kind,
    /// How the matter stands: `firing`, `over`, `recovered`, or the news of a request.
    pub(in crate::render) state: &'static str,
    /// Absent where the matter has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) severity: Option<Severity>,
    /// When it was told.
    pub(in crate::render) at: Timestamp,
    #[serde(serialize_with = "code")]
    pub(in crate::render) language: Language,
    pub(in crate::render) account: String,
    pub(in crate::render) region: String,
    /// The quota pool it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) pool: Option<PoolFact>,
    /// The series of quality metrics it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) series: Option<SeriesFact>,
    /// The SageMaker inference component it is about, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) inference_component: Option<String>,
    pub(in crate::render) alarms: Vec<AlarmFact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) decision: Option<DecisionFact>,
    pub(in crate::render) actions: Vec<ActionFact>,
    pub(in crate::render) links: Vec<LinkFact>,
}

/// What kind of notice it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum Kind {
    /// An episode has begun and was decided about.
    Incident,
    /// Alarms joined an episode.
    Update,
    /// An episode is over.
    Recovery,
    /// What has become of a quota request.
    RequestNews,
    /// A quota request still has no case.
    PendingCase,
    /// A quality alarm fires.
    QualityAlarm,
    /// A quality alarm is OK again.
    QualityRecovery,
    /// A component alarm fires.
    ComponentAlarm,
    /// A component alarm is OK again.
    ComponentRecovery,
    /// What a week came to.
    Digest,
}

impl Kind {
    pub(in crate::render) fn word(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Update => "update",
            Self::Recovery => "recovery",
            Self::RequestNews => "request-news",
            Self::PendingCase => "pending-case",
            Self::QualityAlarm => "quality-alarm",
            Self::QualityRecovery => "quality-recovery",
            Self::ComponentAlarm => "component-alarm",
            Self::ComponentRecovery => "component-recovery",
            Self::Digest => "digest",
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

fn code<S: Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(language.code())
}

/// A quota pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::render) struct PoolFact {
    pub(in crate::render) label: String,
    pub(in crate::render) model: String,
    pub(in crate::render) scope: String,
}

impl PoolFact {
    pub(in crate::render) fn of(label: &PoolLabel, pool: &PoolFacts) -> Self {
        Self { label: reason(label.as_str()), model: pool.model.clone(), scope: pool.scope.clone() }
    }
}

/// A series of quality metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::render) struct SeriesFact {
    /// The series in the alarm's name.
    pub(in crate::render) label: String,
    /// The `ModelId`; absent where the alarm could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) inference_component: Option<String>,
}

/// An alarm of CloudWatch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::render) struct AlarmFact {
    pub(in crate::render) name: String,
    pub(in crate::render) arn: String,
    pub(in crate::render) kind: String,
    pub(in crate::render) severity: Severity,
    pub(in crate::render) since: Timestamp,
    /// Since when it is OK again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) recovered_at: Option<Timestamp>,
    /// The metric's value that it was told on, in the metric's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) value: Option<f64>,
    /// The fixed line of a quality or component alarm, in the metric's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) line: Option<f64>,
    /// CloudWatch's reason, in its words.
    pub(in crate::render) reason: String,
}

/// The alarms of an episode.
pub(in crate::render) fn alarm_facts(
    prefix: &StackPrefix,
    pool: &PoolLabel,
    firing: &Firing,
) -> Vec<AlarmFact> {
    let fact = |alarm: &FiringAlarm| AlarmFact {
        name: name::child(prefix, alarm.kind, pool),
        arn: reason(&alarm.arn),
        kind: alarm.kind.word().to_owned(),
        severity: definition(alarm.kind).severity,
        since: alarm.since,
        recovered_at: alarm.recovered_at,
        value: alarm.value,
        line: None,
        reason: reason(&alarm.reason),
    };
    firing.alarms().iter().map(fact).collect()
}

/// Whether any alarm of an episode fires still.
pub(in crate::render) fn alarms_state(firing: &Firing) -> &'static str {
    let is_over = firing.alarms().iter().all(|alarm| alarm.recovered_at.is_some());
    if is_over { "over" } else { "firing" }
}

/// The ARN of an alarm of this name.
pub(in crate::render) fn alarm_arn(region: &Region, account: &AccountId, name: &str) -> String {
    format!("arn:{}:cloudwatch:{region}:{account}:alarm:{name}", region.partition())
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::render) struct DecisionFact {
    pub(in crate::render) scenario: &'static str,
    pub(in crate::render) case_automation: &'static str,
}

/// Something that was done, would have been done, or is still open.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(in crate::render) struct ActionFact {
    /// `quota-increase` or `case`.
    pub(in crate::render) action: &'static str,
    /// What became of it.
    pub(in crate::render) outcome: &'static str,
    /// `RPM`, `TPM` or `TPD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) quota: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) quota_code: Option<String>,
    /// The quota before, in its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) from: Option<f64>,
    /// The value asked for, in the quota's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) to: Option<f64>,
    /// The value in force now, in the quota's unit; told with the news of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) in_force: Option<f64>,
    /// Service Quotas' id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) request: Option<String>,
    /// The case's number, or its id where the number is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) case: Option<String>,
    /// Why it failed or was held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::render) why: Option<String>,
}

/// A page of the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::render) struct LinkFact {
    /// `alarm`, `quota`, `request`, `case`, `metrics` or `logs`.
    pub(in crate::render) to: &'static str,
    /// Which one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(in crate::render) name: String,
    pub(in crate::render) url: String,
}

impl LinkFact {
    pub(in crate::render) fn new(to: &'static str, name: &str, url: &str) -> Self {
        Self { to, name: name.to_owned(), url: url.to_owned() }
    }
}
