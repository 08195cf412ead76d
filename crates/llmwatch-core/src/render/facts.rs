//! What the texts say about a situation, put into words and figures once for every reader.

use jiff::Timestamp;

use super::format::{count, one_line, share, utc, utc_second};
use super::wording::{self, counted};
use crate::alarm::definition;
use crate::decision::{Decision, FiringAlarm, QuotaAction, QuotaFinding, QuotaStep, Situation};
use crate::evidence::{Evidence, Read, describe};
use crate::ids::{AccountId, QuotaCode, Region};
use crate::pool::PoolLabel;
use crate::quota::{QuotaKind, QuotaSource};
use crate::stored::StoredPool;
use crate::usage::{TokenBasis, Usage, Window};

/// The longest name of a model or quota that a text shows in full, in characters.
const MAX_NAME_CHARS: usize = 200;

/// How much of CloudWatch's reason and of an error a text shows, in characters.
const MAX_REASON_CHARS: usize = 300;

const MINUTES_PER_DAY: u32 = 1440;

/// How many series and gaps a text lists.
const MAX_LISTED: usize = 8;

/// Which pool it is.
#[derive(Debug, Clone)]
pub(super) struct PoolFacts {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) model: String,
    /// The scope's word.
    pub(super) scope: String,
    /// The scope's word and what it means.
    pub(super) scope_in_words: String,
    pub(super) called_as: Vec<String>,
    pub(super) called_as_more: usize,
}

impl PoolFacts {
    /// Without the stored pool the label tells model and scope, with `_` for `:`.
    pub(super) fn new(
        account: &AccountId,
        region: &Region,
        label: &PoolLabel,
        stored: &Read<StoredPool>,
    ) -> Self {
        let (scope, model) = label.as_str().split_once('.').unwrap_or(("", label.as_str()));
        let (mut scope, mut model) = (scope.to_owned(), model.to_owned());
        let mut scope_in_words = scope.clone();
        let mut called_as = Vec::new();
        if let Read::Known(stored) = stored {
            scope = stored.pool.scope.word().to_owned();
            scope_in_words = wording::scope(stored.pool.scope).to_owned();
            model.clone_from(&stored.pool.model);
            called_as.clone_from(&stored.series);
        }
        let called_as_more = called_as.len().saturating_sub(MAX_LISTED);
        called_as.truncate(MAX_LISTED);
        Self {
            account: account.clone(),
            region: region.clone(),
            model: one_line(&model, MAX_NAME_CHARS),
            scope: one_line(&scope, MAX_NAME_CHARS),
            scope_in_words: one_line(&scope_in_words, MAX_NAME_CHARS),
            called_as: called_as.iter().map(|id| one_line(id, MAX_NAME_CHARS)).collect(),
            called_as_more,
        }
    }

    pub(super) fn of(situation: &Situation) -> Self {
        let Situation { account, region, pool, stored, .. } = situation;
        Self::new(account, region, pool, stored)
    }
}

/// One alarm that fired.
#[derive(Debug, Clone)]
pub(super) struct AlarmFacts {
    pub(super) kind: &'static str,
    pub(super) severity: &'static str,
    /// What it says, as the end of "the pool …".
    pub(super) says: &'static str,
    pub(super) since: String,
    /// When it was OK again.
    pub(super) until: Option<String>,
    pub(super) measured: Option<String>,
}

impl AlarmFacts {
    /// Without `stored`, what the alarm fires at is left out.
    pub(super) fn of(alarm: &FiringAlarm, stored: Option<&StoredPool>) -> Self {
        let row = definition(alarm.kind);
        Self {
            kind: alarm.kind.word(),
            severity: wording::severity(row.severity),
            says: row.says,
            since: utc(alarm.since),
            until: alarm.recovered_at.map(utc),
            measured: wording::measured(alarm, stored),
        }
    }

    pub(super) fn all(alarms: &[FiringAlarm], stored: Option<&StoredPool>) -> Vec<Self> {
        alarms.iter().map(|alarm| Self::of(alarm, stored)).collect()
    }
}

/// Why CloudWatch says an alarm fired.
#[derive(Debug, Clone)]
pub(super) struct Reason {
    pub(super) kind: &'static str,
    pub(super) text: String,
}

impl Reason {
    pub(super) fn all(alarms: &[FiringAlarm]) -> Vec<Self> {
        let told = alarms.iter().filter(|alarm| !alarm.reason.trim().is_empty());
        told.map(|alarm| Self { kind: alarm.kind.word(), text: reason(&alarm.reason) }).collect()
    }
}

/// A peak in a quota's unit.
#[derive(Debug, Clone)]
pub(super) struct PeakFacts {
    pub(super) value: String,
    pub(super) at: String,
    /// As a share of the quota; `None` for a quota of 0.
    pub(super) share: Option<String>,
}

/// One quota beside its usage.
#[derive(Debug, Clone)]
pub(super) struct QuotaFacts {
    pub(super) kind: QuotaKind,
    pub(super) unit: &'static str,
    pub(super) counted: &'static str,
    pub(super) code: QuotaCode,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_zero: bool,
    pub(super) threshold: String,
    pub(super) source: &'static str,
    pub(super) aws_default: Option<String>,
    pub(super) is_adjustable: bool,
    pub(super) peak: Option<PeakFacts>,
    pub(super) steady: Option<String>,
    pub(super) active_minute_average: Option<String>,
    pub(super) last_24_hours: Option<String>,
    /// The value asked for, by the request made or open; `None` when none is asked for.
    pub(super) requested: Option<String>,
    pub(super) is_concerned: bool,
    pub(super) is_supported: bool,
}

impl QuotaFacts {
    fn of(finding: &QuotaFinding, actions: &[QuotaAction], usage: Option<&Usage>) -> Self {
        let kind = finding.quota.kind;
        let quota = &finding.quota.quota;
        let action = actions.iter().find(|action| action.kind == kind);
        let figures = usage.map(|usage| usage.figures(kind));
        Self {
            kind,
            unit: kind.unit(),
            counted: counted(kind),
            code: quota.code.clone(),
            name: one_line(&quota.name, MAX_NAME_CHARS),
            value: count(quota.value),
            is_zero: quota.value <= 0.0,
            threshold: count(finding.quota.threshold),
            source: match quota.source {
                QuotaSource::Applied => "applied to this account",
                QuotaSource::Default => "AWS default",
            },
            aws_default: quota.aws_default.map(count),
            is_adjustable: quota.adjustable,
            peak: finding.peak.map(|peak| PeakFacts {
                value: count(peak.value),
                at: utc(peak.at),
                share: finding.peak_share().map(share),
            }),
            steady: finding.steady.map(count),
            active_minute_average: figures.map(|figures| count(figures.active_minute_average)),
            last_24_hours: usage
                .filter(|_| kind == QuotaKind::Tpd)
                .map(|usage| count(usage.last_24_hours_tokens)),
            requested: action.and_then(requested_value).map(count),
            is_concerned: finding.is_concerned,
            is_supported: finding.is_supported,
        }
    }

    pub(super) fn all(situation: &Situation, decision: &Decision) -> Vec<Self> {
        let usage = situation.evidence.usage();
        let actions = &decision.quota_actions;
        decision.quotas.iter().map(|finding| Self::of(finding, actions, usage)).collect()
    }

    /// The quotas beside the usage of an episode that is over.
    pub(super) fn of_episode(stored: &Read<StoredPool>, evidence: &Evidence) -> Vec<Self> {
        let usage = evidence.usage();
        let quotas = stored.known().map(|stored| stored.quotas.as_slice()).unwrap_or_default();
        quotas
            .iter()
            .map(|quota| {
                let figures = usage.map(|usage| usage.figures(quota.kind));
                let finding = QuotaFinding {
                    quota: quota.clone(),
                    peak: figures.map(|figures| figures.peak),
                    steady: figures.map(|figures| figures.steady),
                    is_concerned: false,
                    is_supported: false,
                };
                Self::of(&finding, &[], usage)
            })
            .collect()
    }
}

/// The value a request asks for, whether it is made, open or to be made by hand.
pub(super) fn requested_value(action: &QuotaAction) -> Option<f64> {
    match &action.step {
        QuotaStep::AlreadyRequested { request, .. } => Some(request.desired),
        QuotaStep::Request { to } => Some(*to),
        QuotaStep::ConsoleForm { .. } => action.target.map(|target| target.to),
        QuotaStep::AtMaximum | QuotaStep::HeldBack { .. } => None,
    }
}

/// What the pool's traffic was.
#[derive(Debug, Clone)]
pub(super) enum TrafficFacts {
    Measured(Box<TrafficFigures>),
    None { window: WindowFacts, throttles: String },
    Unavailable { why: String },
}

#[derive(Debug, Clone)]
pub(super) struct WindowFacts {
    pub(super) from: String,
    pub(super) to: String,
    /// The length in words, for example `14 days`.
    pub(super) length: String,
}

impl WindowFacts {
    fn of(window: Window) -> Self {
        let minutes = window.minutes();
        let length = match minutes / MINUTES_PER_DAY {
            0 => format!("{minutes} minutes"),
            1 => "24 hours".to_owned(),
            days => format!("{days} days"),
        };
        Self { from: utc(window.start()), to: utc(window.end()), length }
    }
}

#[derive(Debug, Clone)]
pub(super) struct TrafficFigures {
    pub(super) window: WindowFacts,
    pub(super) requests: String,
    pub(super) throttles: String,
    pub(super) steady_rpm: String,
    pub(super) steady_tpm: String,
    /// Tokens of whole days; `None` when the window is shorter than one.
    pub(super) day: Option<DayFigures>,
    pub(super) input_per_request: Option<String>,
    pub(super) output_per_request: Option<String>,
    /// The output multiplier when CloudWatch's estimate has no data.
    pub(super) burndown: Option<String>,
    pub(super) gaps: Vec<String>,
    pub(super) gaps_more: usize,
}

#[derive(Debug, Clone)]
pub(super) struct DayFigures {
    pub(super) last: String,
    pub(super) peak: String,
    pub(super) peak_end: String,
}

impl TrafficFacts {
    pub(super) fn of(evidence: &Evidence) -> Self {
        match evidence {
            Evidence::Measured(usage) => Self::Measured(Box::new(TrafficFigures::of(usage))),
            Evidence::NoTraffic { window, throttles } => {
                Self::None { window: WindowFacts::of(*window), throttles: count(*throttles) }
            }
            Evidence::Unavailable(why) => Self::Unavailable { why: reason(why) },
        }
    }
}

impl TrafficFigures {
    fn of(usage: &Usage) -> Self {
        Self {
            window: WindowFacts::of(usage.window),
            requests: count(usage.requests),
            throttles: count(usage.throttles),
            steady_rpm: count(usage.rpm.steady),
            steady_tpm: count(usage.tpm.steady),
            day: (usage.window.minutes() >= MINUTES_PER_DAY).then(|| DayFigures {
                last: count(usage.last_24_hours_tokens),
                peak: count(usage.tpd.peak.value),
                peak_end: utc(usage.tpd.peak.at),
            }),
            input_per_request: usage.input_tokens_per_request.map(count),
            output_per_request: usage.output_tokens_per_request.map(count),
            burndown: match usage.basis {
                TokenBasis::EstimatedTpmQuotaUsage => None,
                TokenBasis::Burndown { output_multiplier } => Some(count(output_multiplier)),
            },
            gaps: usage.gaps.iter().take(MAX_LISTED).map(|gap| reason(&describe(gap))).collect(),
            gaps_more: usage.gaps.len().saturating_sub(MAX_LISTED),
        }
    }
}

/// An error or a reason from outside, as one line.
pub(super) fn reason(text: &str) -> String {
    one_line(text, MAX_REASON_CHARS)
}

/// One line of the time line.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) at: String,
    pub(super) what: String,
}

/// What happened when, in order.
pub(super) fn time_line(situation: &Situation) -> Vec<Moment> {
    let mut moments = alarm_moments(situation.firing.alarms());
    let own = |code: &QuotaCode| {
        let stored = situation.stored.known();
        stored.is_some_and(|stored| stored.quotas.iter().any(|quota| quota.quota.code == *code))
    };
    let pending = situation.pending_requests.known().into_iter().flatten();
    for request in pending.filter(|request| own(&request.quota)) {
        let (id, desired) = (one_line(&request.id, 60), count(request.desired));
        let what = format!("increase of {} to {desired} requested (request {id})", request.quota);
        moments.push((request.requested_at, what));
    }
    moments.push((situation.now, "llmwatch decided".to_owned()));
    in_order(moments)
}

pub(super) fn alarm_moments(alarms: &[FiringAlarm]) -> Vec<(Timestamp, String)> {
    let fired = alarms.iter().map(|alarm| (alarm.since, format!("{} fired", alarm.kind)));
    let recovered = alarms.iter().filter_map(|alarm| {
        alarm.recovered_at.map(|at| (at, format!("{} was OK again", alarm.kind)))
    });
    fired.chain(recovered).collect()
}

pub(super) fn in_order(mut moments: Vec<(Timestamp, String)>) -> Vec<Moment> {
    moments.sort();
    moments.into_iter().map(|(at, what)| Moment { at: utc_second(at), what }).collect()
}
