//! What the texts say about a situation, put into words and figures once for every reader.

use jiff::Timestamp;

use super::format::{count, dollars, one_line};
use super::words::Words;
use crate::alarm::{AlarmDefinition, AlarmKind, Limit, definition, warning_of};
use crate::decision::{Decision, FiringAlarm, QuotaAction, QuotaFinding, QuotaStep, Situation};
use crate::evidence::{Evidence, Read};
use crate::ids::{AccountId, QuotaCode, Region};
use crate::pool::PoolLabel;
use crate::quota::QuotaKind;
use crate::stored::StoredPool;
use crate::usage::{Gap, TokenBasis, Usage, Window};

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
        words: &dyn Words,
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
            scope_in_words = words.scope(stored.pool.scope).to_owned();
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

    pub(super) fn of(words: &dyn Words, situation: &Situation) -> Self {
        let Situation { account, region, pool, stored, .. } = situation;
        Self::new(words, account, region, pool, stored)
    }
}

/// One alarm that fired.
#[derive(Debug, Clone)]
pub(super) struct AlarmFacts {
    pub(super) kind: &'static str,
    pub(super) severity: &'static str,
    /// What it says of its pool.
    pub(super) says: &'static str,
    pub(super) since: String,
    /// When it was OK again.
    pub(super) until: Option<String>,
    pub(super) measured: Option<MeasuredFacts>,
}

impl AlarmFacts {
    /// Without `stored`, what the alarm fires at is left out.
    pub(super) fn of(words: &dyn Words, alarm: &FiringAlarm, stored: Option<&StoredPool>) -> Self {
        let row = definition(alarm.kind);
        Self {
            kind: alarm.kind.word(),
            severity: words.severity(row.severity),
            says: words.says(alarm.kind),
            since: words.moment(alarm.since),
            until: alarm.recovered_at.map(|at| words.moment(at)),
            measured: MeasuredFacts::of(words, alarm, stored),
        }
    }

    pub(super) fn all(
        words: &dyn Words,
        alarms: &[FiringAlarm],
        stored: Option<&StoredPool>,
    ) -> Vec<Self> {
        alarms.iter().map(|alarm| Self::of(words, alarm, stored)).collect()
    }
}

/// The value an alarm fired on.
#[derive(Debug, Clone)]
pub(super) struct MeasuredFacts {
    pub(super) metric: String,
    /// With its unit where the metric's name does not tell it.
    pub(super) value: String,
    pub(super) period: String,
    /// The value of a quota's use it fires at, where that is known.
    pub(super) fires_at: Option<String>,
    /// The pool's budget, of an alarm that fires at one.
    pub(super) budget: Option<String>,
}

impl MeasuredFacts {
    fn of(words: &dyn Words, alarm: &FiringAlarm, stored: Option<&StoredPool>) -> Option<Self> {
        let AlarmDefinition { metric, period_seconds, limit, .. } = definition(alarm.kind);
        let value = alarm.value?;
        let value = match alarm.kind {
            AlarmKind::HighLatency
            | AlarmKind::HighTimeToFirstToken
            | AlarmKind::LatencyAnomaly => words.seconds(value / 1000.0),
            AlarmKind::HighHourlyCost => dollars(value),
            AlarmKind::ServerErrors
            | AlarmKind::ClientErrors
            | AlarmKind::Throttles
            | AlarmKind::InvocationRateAtLimit
            | AlarmKind::TPMQuotaUsageAtLimit
            | AlarmKind::TPDQuotaUsageAtLimit
            | AlarmKind::HighInvocationRate
            | AlarmKind::HighTPMQuotaUsage
            | AlarmKind::HighTPDQuotaUsage
            | AlarmKind::InvocationAnomaly
            | AlarmKind::InputTokenAnomaly
            | AlarmKind::OutputTokenAnomaly => count(value),
        };
        let fires_at = match limit {
            Limit::PercentOfQuota(kind, _) if alarm.kind == warning_of(*kind) => {
                stored.and_then(|stored| stored.quota(*kind)).map(|quota| count(quota.threshold))
            }
            Limit::PercentOfQuota(..) => alarm.threshold.map(count),
            Limit::AtLeast(_) | Limit::AboveBand(_) | Limit::Budget => None,
        };
        let period = words.period(*period_seconds);
        let budget = alarm.threshold.filter(|_| *limit == Limit::Budget).map(dollars);
        Some(Self { metric: metric.to_string(), value, period, fires_at, budget })
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
    fn of(
        words: &dyn Words,
        finding: &QuotaFinding,
        actions: &[QuotaAction],
        usage: Option<&Usage>,
    ) -> Self {
        let kind = finding.quota.kind;
        let quota = &finding.quota.quota;
        let action = actions.iter().find(|action| action.kind == kind);
        let figures = usage.map(|usage| usage.figures(kind));
        Self {
            kind,
            unit: words.unit(kind),
            counted: words.counted(kind),
            code: quota.code.clone(),
            name: one_line(&quota.name, MAX_NAME_CHARS),
            value: count(quota.value),
            is_zero: quota.value <= 0.0,
            threshold: count(finding.quota.threshold),
            source: words.source(quota.source),
            aws_default: quota.aws_default.map(count),
            is_adjustable: quota.adjustable,
            peak: finding.peak.map(|peak| PeakFacts {
                value: count(peak.value),
                at: words.moment(peak.at),
                share: finding.peak_share().map(|share| words.share(share)),
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

    pub(super) fn all(words: &dyn Words, situation: &Situation, decision: &Decision) -> Vec<Self> {
        let usage = situation.evidence.usage();
        let actions = &decision.quota_actions;
        let findings = decision.quotas.iter();
        findings.map(|finding| Self::of(words, finding, actions, usage)).collect()
    }

    /// The quotas beside the usage of an episode that is over.
    pub(super) fn of_episode(
        words: &dyn Words,
        stored: &Read<StoredPool>,
        evidence: &Evidence,
    ) -> Vec<Self> {
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
                Self::of(words, &finding, &[], usage)
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
    fn of(words: &dyn Words, window: Window) -> Self {
        Self {
            from: words.moment(window.start()),
            to: words.moment(window.end()),
            length: words.window(window.minutes()),
        }
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
    pub(super) gaps: Vec<GapFacts>,
    pub(super) gaps_more: usize,
}

#[derive(Debug, Clone)]
pub(super) struct DayFigures {
    pub(super) last: String,
    pub(super) peak: String,
    pub(super) peak_end: String,
}

/// Usage that is missing.
#[derive(Debug, Clone)]
pub(super) struct GapFacts {
    pub(super) metric: &'static str,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) why: String,
}

impl GapFacts {
    pub(super) fn of(words: &dyn Words, gap: &Gap) -> Self {
        Self {
            metric: gap.metric.metric_name(),
            from: words.moment(gap.from),
            to: words.moment(gap.to),
            why: reason(&gap.why),
        }
    }
}

impl TrafficFacts {
    pub(super) fn of(words: &dyn Words, evidence: &Evidence) -> Self {
        match evidence {
            Evidence::Measured(usage) => Self::Measured(Box::new(TrafficFigures::of(words, usage))),
            Evidence::NoTraffic { window, throttles } => {
                Self::None { window: WindowFacts::of(words, *window), throttles: count(*throttles) }
            }
            Evidence::Unavailable(why) => Self::Unavailable { why: reason(why) },
        }
    }
}

impl TrafficFigures {
    fn of(words: &dyn Words, usage: &Usage) -> Self {
        Self {
            window: WindowFacts::of(words, usage.window),
            requests: count(usage.requests),
            throttles: count(usage.throttles),
            steady_rpm: count(usage.rpm.steady),
            steady_tpm: count(usage.tpm.steady),
            day: (usage.window.minutes() >= MINUTES_PER_DAY).then(|| DayFigures {
                last: count(usage.last_24_hours_tokens),
                peak: count(usage.tpd.peak.value),
                peak_end: words.moment(usage.tpd.peak.at),
            }),
            input_per_request: usage.input_tokens_per_request.map(count),
            output_per_request: usage.output_tokens_per_request.map(count),
            burndown: match usage.basis {
                TokenBasis::EstimatedTpmQuotaUsage => None,
                TokenBasis::Burndown { output_multiplier } => Some(count(output_multiplier)),
            },
            gaps: usage.gaps.iter().take(MAX_LISTED).map(|gap| GapFacts::of(words, gap)).collect(),
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
    pub(super) event: Event,
}

/// What happened at a moment.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// An alarm fired.
    Fired(AlarmKind),
    /// An alarm was OK again.
    Recovered(AlarmKind),
    /// An increase was requested.
    Requested { code: QuotaCode, desired: String, request: String },
    /// llmwatch decided.
    Decided,
}

/// What happened when, in order.
pub(super) fn time_line(words: &dyn Words, situation: &Situation) -> Vec<Moment> {
    let mut events = alarm_events(situation.firing.alarms());
    let own = |code: &QuotaCode| {
        let stored = situation.stored.known();
        stored.is_some_and(|stored| stored.quotas.iter().any(|quota| quota.quota.code == *code))
    };
    let pending = situation.pending_requests.known().into_iter().flatten();
    for request in pending.filter(|request| own(&request.quota)) {
        let event = Event::Requested {
            code: request.quota.clone(),
            desired: count(request.desired),
            request: one_line(&request.id, 60),
        };
        events.push((request.requested_at, event));
    }
    events.push((situation.now, Event::Decided));
    in_order(words, events)
}

pub(super) fn alarm_events(alarms: &[FiringAlarm]) -> Vec<(Timestamp, Event)> {
    let fired = alarms.iter().map(|alarm| (alarm.since, Event::Fired(alarm.kind)));
    let recovered = alarms
        .iter()
        .filter_map(|alarm| alarm.recovered_at.map(|at| (at, Event::Recovered(alarm.kind))));
    fired.chain(recovered).collect()
}

pub(super) fn in_order(words: &dyn Words, mut events: Vec<(Timestamp, Event)>) -> Vec<Moment> {
    events.sort_by_key(|(at, _)| *at);
    let moment = |(at, event)| Moment { at: words.moment_in_time_line(at), event };
    events.into_iter().map(moment).collect()
}
