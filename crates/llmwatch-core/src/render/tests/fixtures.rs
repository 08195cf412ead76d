//! Situations with believable figures, one for each scenario.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::alarm::AlarmKind;
use crate::decision::fixtures::{self, MODEL, Use, at, firing, now, rpm, stored, tpd, tpm};
use crate::decision::{Decision, Firing, FiringAlarm, PendingRequest, Situation, Support};
use crate::duplicate::{CaseId, CaseKey, CaseTag, OpenCase};
use crate::evidence::{Evidence, Read};
use crate::ids::StackPrefix;
use crate::outcome::{Outcome, Outcomes};
use crate::pool::Scope;
use crate::quota::QuotaKind;
use crate::render::MailContext;
use crate::settings::Language;
use crate::usage::{Samples, Window};

/// What CloudWatch says when an alarm of the kind fires, and on which value.
fn reason_and_value(kind: AlarmKind) -> (&'static str, f64) {
    match kind {
        AlarmKind::Throttles => (
            "Threshold Crossed: 1 out of the last 2 datapoints [60.0 (21/11/26 02:40:00)] was \
             greater than or equal to the threshold (5.0) (minimum 1 datapoint for OK -> ALARM \
             transition).",
            60.0,
        ),
        AlarmKind::ServerErrors => (
            "Threshold Crossed: 1 out of the last 2 datapoints [37.0 (21/11/26 02:40:00)] was \
             greater than or equal to the threshold (5.0).",
            37.0,
        ),
        AlarmKind::ClientErrors => (
            "Threshold Crossed: 1 out of the last 2 datapoints [64.0 (21/11/26 02:40:00)] was \
             greater than or equal to the threshold (5.0).",
            64.0,
        ),
        AlarmKind::HighTPMQuotaUsage => (
            "Threshold Crossed: 3 out of the last 5 datapoints were greater than or equal to the \
             threshold (160000.0). The most recent datapoints: [182300.0, 175010.0, 168400.0].",
            182_300.0,
        ),
        AlarmKind::TPMQuotaUsageAtLimit => (
            "Threshold Crossed: 3 out of the last 5 datapoints were greater than or equal to the \
             threshold (190000.0). The most recent datapoints: [198400.0, 196010.0, 193300.0].",
            198_400.0,
        ),
        AlarmKind::InvocationRateAtLimit => (
            "Threshold Crossed: 3 out of the last 5 datapoints were greater than or equal to the \
             threshold (190.0). The most recent datapoints: [198.0, 194.0, 191.0].",
            198.0,
        ),
        AlarmKind::TPDQuotaUsageAtLimit => (
            "Threshold Crossed: 1 datapoint was greater than or equal to the threshold \
             (1368000000.0).",
            1.4e9,
        ),
        AlarmKind::HighInvocationRate => (
            "Threshold Crossed: 3 out of the last 5 datapoints were greater than or equal to the \
             threshold (160.0). The most recent datapoints: [171.0, 166.0, 163.0].",
            171.0,
        ),
        AlarmKind::HighLatency => (
            "Threshold Crossed: 3 out of the last 5 datapoints were greater than or equal to the \
             threshold (60000.0).",
            64_210.0,
        ),
        AlarmKind::HighTimeToFirstToken => (
            "Threshold Crossed: 3 out of the last 5 datapoints were greater than or equal to the \
             threshold (10000.0).",
            12_400.0,
        ),
        AlarmKind::LatencyAnomaly => (
            "Thresholds Crossed: 3 out of the last 4 datapoints were greater than the upper \
             thresholds.",
            41_000.0,
        ),
        AlarmKind::HighTPDQuotaUsage => (
            "Threshold Crossed: 1 datapoint was greater than or equal to the threshold \
             (1152000000.0).",
            1.3e9,
        ),
        AlarmKind::HighHourlyCost => (
            "Threshold Crossed: 1 out of the last 3 datapoints [23.4567 (21/11/26 01:00:00)] was \
             greater than or equal to the threshold (20.0) (minimum 1 datapoint for OK -> ALARM \
             transition).",
            23.4567,
        ),
        AlarmKind::InvocationAnomaly
        | AlarmKind::InputTokenAnomaly
        | AlarmKind::OutputTokenAnomaly => (
            "Thresholds Crossed: 3 out of the last 4 datapoints were greater than the upper \
             thresholds.",
            48_200.0,
        ),
    }
}

/// What the event says an alarm fires at, where the texts take it from there.
fn threshold(kind: AlarmKind) -> Option<f64> {
    match kind {
        AlarmKind::HighHourlyCost => Some(20.0),
        AlarmKind::InvocationRateAtLimit => Some(190.0),
        AlarmKind::TPMQuotaUsageAtLimit => Some(190_000.0),
        AlarmKind::TPDQuotaUsageAtLimit => Some(1_368_000_000.0),
        _ => None,
    }
}

/// The alarms half a minute apart, as CloudWatch tells of them.
pub(super) fn fired(kinds: &[AlarmKind]) -> Firing {
    let alarms = firing(kinds).alarms().to_vec();
    let told = |(index, alarm): (usize, FiringAlarm)| {
        let (reason, value) = reason_and_value(alarm.kind);
        let apart = SignedDuration::from_secs(30) * i32::try_from(index).unwrap();
        FiringAlarm {
            since: at("2026-11-21T02:44:10Z") + apart,
            reason: reason.to_owned(),
            value: Some(value),
            threshold: threshold(alarm.kind),
            ..alarm
        }
    };
    Firing::new(alarms.into_iter().enumerate().map(told).collect()).unwrap()
}

/// The alarms, every one OK again ten minutes after it fired.
pub(super) fn recovered(kinds: &[AlarmKind]) -> Firing {
    let alarms = fired(kinds).alarms().to_vec();
    let over = |alarm: FiringAlarm| FiringAlarm {
        recovered_at: Some(alarm.since + SignedDuration::from_mins(10)),
        ..alarm
    };
    Firing::new(alarms.into_iter().map(over).collect()).unwrap()
}

/// Peaks as given, over a quiet background of four requests a minute.
pub(super) fn busy(uses: &[Use]) -> Samples {
    let mut samples = fixtures::samples(uses);
    let has_day = uses.iter().any(|used| used.kind == QuotaKind::Tpd);
    for index in 300..samples.window.minutes() as usize {
        let minute = samples.window.minute(index);
        samples.invocations.add(minute, 4.0);
        samples.input_tokens.add(minute, 7_248.0);
        samples.output_tokens.add(minute, 1_616.0);
        if !has_day {
            samples.estimated_tpm.add(minute, 15_328.0);
        }
    }
    for back in 1..=5 {
        samples.throttles.add(samples.window.end() - SignedDuration::from_mins(back), 12.0);
    }
    samples
}

/// The usage of the half hour that an episode fell in.
pub(super) fn half_hour() -> Evidence {
    let mut samples = Samples::new(Window::ending_at(minutes_later(12), 30));
    for index in 0..30 {
        let minute = samples.window.minute(index);
        let requests = if (15..25).contains(&index) { 150.0 } else { 40.0 };
        samples.invocations.add(minute, requests);
        samples.input_tokens.add(minute, requests * 1_000.0);
        samples.output_tokens.add(minute, requests * 72.0);
        samples.estimated_tpm.add(minute, requests * 1_360.0);
    }
    samples.throttles.add(samples.window.minute(16), 60.0);
    Evidence::weigh(Read::Known(samples), MODEL)
}

/// A pool with believable traffic in which these alarms fired.
pub(super) fn situation(kinds: &[AlarmKind], uses: &[Use]) -> Situation {
    Situation {
        firing: fired(kinds),
        evidence: Evidence::weigh(Read::Known(busy(uses)), MODEL),
        ..fixtures::situation(kinds, uses)
    }
}

pub(super) fn non_quota() -> Situation {
    situation(
        &[AlarmKind::ServerErrors, AlarmKind::HighLatency],
        &[rpm(200.0, 50.0), tpm(200_000.0, 80_000.0)],
    )
}

pub(super) fn cost_above_budget() -> Situation {
    situation(&[AlarmKind::HighHourlyCost], &[rpm(200.0, 50.0), tpm(200_000.0, 80_000.0)])
}

pub(super) fn client_errors() -> Situation {
    situation(&[AlarmKind::ClientErrors], &[rpm(200.0, 50.0), tpm(200_000.0, 80_000.0)])
}

pub(super) fn unknown() -> Situation {
    Situation {
        evidence: Evidence::Unavailable(
            "GetMetricData: AccessDeniedException: not authorized to perform \
             cloudwatch:GetMetricData"
                .to_owned(),
        ),
        ..situation(&[AlarmKind::HighInvocationRate], &[rpm(200.0, 0.0)])
    }
}

/// Every request of the 14 days was refused.
pub(super) fn refused_only() -> Evidence {
    Evidence::NoTraffic { window: Window::evidence_until(now()), throttles: 60.0 }
}

pub(super) fn new_model() -> Situation {
    Situation {
        evidence: refused_only(),
        ..situation(&[AlarmKind::Throttles], &[rpm(200.0, 0.0), tpm(500_000.0, 0.0)])
    }
}

pub(super) fn high_usage() -> Situation {
    let mut situation = situation(
        &[AlarmKind::Throttles, AlarmKind::HighTPMQuotaUsage],
        &[rpm(200.0, 150.0), tpm(200_000.0, 210_000.0)],
    );
    if let Read::Known(stored) = &mut situation.stored {
        stored.series.push("k3x9q2m7t5ab".to_owned());
        stored.adjustable_elsewhere = vec![Scope::Global];
    }
    situation.settings.use_case =
        Some("Summaries of support chats for 300 agents, Monday to Friday".to_owned());
    situation.settings.modalities = Some("text in, text out".to_owned());
    situation.settings.residency = Some("United States".to_owned());
    situation
}

/// Before the first throttle: warning and critical alarm of one quota.
pub(super) fn nearly_used_up() -> Situation {
    situation(
        &[AlarmKind::TPMQuotaUsageAtLimit, AlarmKind::HighTPMQuotaUsage],
        &[rpm(200.0, 150.0), tpm(200_000.0, 198_400.0)],
    )
}

pub(super) fn low_usage() -> Situation {
    situation(&[AlarmKind::Throttles], &[rpm(1_000.0, 200.0), tpm(1_000_000.0, 200_000.0)])
}

pub(super) fn on_demand() -> Situation {
    let uses = [rpm(100.0, 99.0).not_adjustable(), tpm(200_000.0, 199_000.0).not_adjustable()];
    let mut stored = stored(Scope::OnDemand, &uses);
    stored.series = vec![MODEL.to_owned()];
    for quota in &mut stored.quotas {
        quota.quota.name = quota.quota.name.replace("Cross-region", "On-demand");
    }
    Situation {
        pool: stored.pool.label(),
        stored: Read::Known(stored),
        ..situation(&[AlarmKind::Throttles], &uses)
    }
}

pub(super) fn tokens_per_day() -> Situation {
    situation(&[AlarmKind::HighTPDQuotaUsage], &[tpm(1_000_000.0, 0.0), tpd(1.44e9, 1.3e9)])
}

pub(super) fn case_id(digit: char) -> CaseId {
    CaseId(format!("case-123456789012-exen-2026-{}", digit.to_string().repeat(16)))
}

/// The situation with an open investigation case that knows of these alarms.
pub(super) fn with_open_case(mut situation: Situation, knows: &[AlarmKind]) -> Situation {
    let case = open_case(Some(key(&situation).tag()), knows);
    situation.support = Support::Cases(vec![case]);
    situation
}

/// The situation with an open TPM request whose case knows of these alarms.
pub(super) fn with_open_request(mut situation: Situation, knows: &[AlarmKind]) -> Situation {
    situation.support = Support::Cases(vec![open_case(None, knows)]);
    with_request(situation, Some(case_id('a')))
}

pub(super) fn with_request(mut situation: Situation, case: Option<CaseId>) -> Situation {
    let code = situation.stored.known().unwrap().quota(QuotaKind::Tpm).unwrap().quota.code.clone();
    situation.pending_requests = Read::Known(vec![PendingRequest {
        id: "d187537b2f4f4bd4b2a9b0f0c5a0e1f2".to_owned(),
        quota: code,
        desired: 250_000.0,
        case,
        requested_at: at("2026-11-19T09:12:00Z"),
    }]);
    situation
}

fn open_case(tag: Option<CaseTag>, knows: &[AlarmKind]) -> OpenCase {
    OpenCase {
        id: case_id('a'),
        tag,
        opened_at: at("2026-11-19T09:15:00Z"),
        language: Language::En,
        reported: fixtures::reported(knows),
    }
}

pub(super) fn key(situation: &Situation) -> CaseKey {
    situation.investigation_key()
}

/// The outcomes of a decision when every effect ends alike.
pub(super) fn ending(decision: &Decision, outcome: &Outcome) -> Outcomes {
    Outcomes::of(decision, |_| outcome.clone(), || outcome.clone())
}

pub(super) fn context() -> MailContext {
    MailContext {
        prefix: StackPrefix::parse("llmwatch").unwrap(),
        display_ids: BTreeMap::from([(case_id('a'), "17320944120".to_owned())]),
        joined: Vec::new(),
    }
}

pub(super) fn minutes_later(minutes: i64) -> jiff::Timestamp {
    now() + SignedDuration::from_mins(minutes)
}
