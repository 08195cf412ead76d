//! What the reader should do, in order: first what helps users, then what keeps it from coming back.

mod quota;

use super::done::{self, QuotaDone, case_of};
use crate::alarm::AlarmKind;
use crate::decision::{CaseStep, Decision, Reservation, ReservationAdvice, Situation};
use crate::duplicate::CaseTag;
use crate::ids::Region;
use crate::outcome::{Outcome, Outcomes};
use crate::price;
use crate::render::facts::PeakFacts;
use crate::render::format::count;
use crate::render::layout::table;
use crate::render::words::Words;
use crate::render::{MailContext, links};
use crate::scenario::Scenario;
use crate::stored::setting_parameter;

/// One thing to do. The wording is in `templates/*/mail/next.txt`.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Callers retry with backoff.
    BackOff,
    /// Part of the calls go by another scope.
    OtherScopes { scopes: String },
    /// Look for an incident of AWS and retry.
    ServerErrors { health: &'static str },
    /// Find the error code.
    ClientErrors { cloudtrail: String, logs_insights: String },
    /// The request is on its way.
    FollowRequest { quota: String, case: Option<String>, link: String },
    /// Look whether an increase is requested: llmwatch could not.
    LookForRequest { quota: String, link: String },
    /// Request the increase in the console.
    RequestByHand { quota: String, to: String, unit: &'static str, link: String },
    /// Fill the console form.
    FillForm(Form),
    /// Ask the account team: no API and no form takes more.
    AtMaximum { quota: String },
    /// Lower `max_tokens`, with the table where it could be computed.
    LowerMaxTokens { computed: Option<ReservationFacts> },
    /// Cached input costs no quota.
    CachePrompts,
    /// Use fewer tokens meanwhile.
    SpendLess { is_rpm_only: bool },
    /// Nothing served yet: check access and the client.
    FirstUse,
    /// Look at the figures oneself.
    LookYourself { metrics: String, link: Option<String> },
    /// Which caller sends more.
    FindCaller { logs_insights: String },
    /// Answers are slow.
    Latency,
    /// The first token is slow.
    FirstToken,
    /// Calls cost more than they may.
    LowerCost { prices_parameter: String, metrics: String },
    /// Support looks for the cause.
    FollowCase { case: String, link: String },
    /// Look whether a case is open: llmwatch does not know.
    LookForCase { tag: CaseTag, link: String },
    /// Open the case oneself.
    OpenCaseByHand { link: String },
}

/// The console form, ready to paste.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) kind: &'static str,
    pub(super) region: Region,
    pub(super) name: String,
    pub(super) code: String,
    pub(super) from: String,
    /// Without grouping, as a form takes it.
    pub(super) to: String,
    pub(super) reason: Option<FormReason>,
    pub(super) use_case: Option<String>,
    pub(super) link: String,
}

/// The figures that a request rests on.
#[derive(Debug, Clone)]
pub(super) struct FormReason {
    pub(super) unit: &'static str,
    pub(super) peak: PeakFacts,
    pub(super) steady: String,
    pub(super) throttles: String,
}

/// How many requests a minute the TPM quota admits.
#[derive(Debug, Clone)]
pub(super) struct ReservationFacts {
    pub(super) quota: String,
    pub(super) input: String,
    pub(super) output: String,
    pub(super) peak_requests: String,
    /// The largest `max_tokens` with which the busiest minute fits.
    pub(super) largest_fitting: Option<String>,
    pub(super) table: Vec<String>,
}

pub(super) fn steps(
    words: &'static dyn Words,
    situation: &Situation,
    decision: &Decision,
    outcomes: &Outcomes,
    context: &MailContext,
) -> Vec<Step> {
    let mut steps = for_users(words, situation, decision);
    match &decision.verdict.scenario {
        Scenario::HighUsage | Scenario::NewModel => {
            let done = QuotaDone::all(words, decision, outcomes, context);
            steps.extend(done.iter().flat_map(|done| quota::steps(situation, decision, done)));
        }
        Scenario::Unknown(_) => steps.push(look_yourself(situation, decision)),
        Scenario::NonQuota | Scenario::LowUsage => {}
    }
    steps.extend(to_prevent(words, situation, decision, context));
    steps.extend(for_case(situation, decision, &outcomes.case, context));
    steps
}

/// What helps users at once, by what they feel.
fn for_users(words: &dyn Words, situation: &Situation, decision: &Decision) -> Vec<Step> {
    let region = &situation.region;
    // Backing off helps nothing where no call can succeed.
    let has_zero = decision
        .quotas
        .iter()
        .any(|finding| finding.is_concerned && finding.quota.quota.value <= 0.0);
    let is_over = situation.firing.alarms().iter().all(|alarm| alarm.recovered_at.is_some());
    let mut steps = Vec::new();
    for alarm in situation.firing.kinds() {
        match alarm {
            AlarmKind::ServerErrors => {
                steps.push(Step::ServerErrors { health: links::health(region) });
            }
            AlarmKind::ClientErrors => steps.push(Step::ClientErrors {
                cloudtrail: links::cloudtrail(region),
                logs_insights: links::logs_insights(region),
            }),
            AlarmKind::Throttles if has_zero || is_over => {}
            AlarmKind::Throttles => steps.push(Step::BackOff),
            AlarmKind::InvocationRateAtLimit
            | AlarmKind::TPMQuotaUsageAtLimit
            | AlarmKind::TPDQuotaUsageAtLimit
            | AlarmKind::HighInvocationRate
            | AlarmKind::HighTPMQuotaUsage
            | AlarmKind::HighTPDQuotaUsage
            | AlarmKind::HighLatency
            | AlarmKind::HighTimeToFirstToken
            | AlarmKind::InvocationAnomaly
            | AlarmKind::InputTokenAnomaly
            | AlarmKind::OutputTokenAnomaly
            | AlarmKind::LatencyAnomaly
            | AlarmKind::HighHourlyCost => {}
        }
    }
    match decision.verdict.scenario {
        Scenario::HighUsage | Scenario::NewModel if !is_over => {
            steps.extend(other_scopes(words, situation).map(|scopes| Step::OtherScopes { scopes }));
        }
        Scenario::HighUsage
        | Scenario::NewModel
        | Scenario::NonQuota
        | Scenario::Unknown(_)
        | Scenario::LowUsage => {}
    }
    steps
}

fn other_scopes(words: &dyn Words, situation: &Situation) -> Option<String> {
    let scopes = &situation.stored.known()?.adjustable_elsewhere;
    (!scopes.is_empty()).then(|| done::scopes(words, scopes))
}

fn look_yourself(situation: &Situation, decision: &Decision) -> Step {
    let concerned = decision.quotas.iter().find(|finding| finding.is_concerned);
    Step::LookYourself {
        metrics: links::metrics(&situation.region),
        link: concerned.map(|found| links::quota(&situation.region, &found.quota.quota.code)),
    }
}

/// What keeps it from coming back, by scenario and by the alarms that are no error.
fn to_prevent(
    words: &dyn Words,
    situation: &Situation,
    decision: &Decision,
    context: &MailContext,
) -> Vec<Step> {
    let kinds = situation.firing.kinds();
    let fires = |kind: AlarmKind| kinds.contains(&kind);
    let mut steps = Vec::new();
    match &decision.reservation {
        ReservationAdvice::NotNeeded => {}
        ReservationAdvice::General => steps.push(Step::LowerMaxTokens { computed: None }),
        ReservationAdvice::Computed(reservation) => {
            steps.push(Step::LowerMaxTokens {
                computed: Some(reservation_facts(words, reservation)),
            });
        }
    }
    match &decision.verdict.scenario {
        Scenario::LowUsage if fires(AlarmKind::Throttles) => {
            steps.push(Step::CachePrompts);
            steps.extend(other_scopes(words, situation).map(|scopes| Step::OtherScopes { scopes }));
        }
        Scenario::HighUsage => {
            let supported = &decision.verdict.supported;
            let is_rpm_only = supported.iter().all(|kind| *kind == crate::quota::QuotaKind::Rpm);
            steps.push(Step::SpendLess { is_rpm_only });
        }
        Scenario::NewModel => steps.push(Step::FirstUse),
        Scenario::LowUsage | Scenario::NonQuota | Scenario::Unknown(_) => {}
    }
    if fires(AlarmKind::HighHourlyCost) {
        steps.push(Step::LowerCost {
            prices_parameter: setting_parameter(&context.prefix, price::SETTING),
            metrics: links::metrics(&situation.region),
        });
    }
    if [
        AlarmKind::InvocationAnomaly,
        AlarmKind::InputTokenAnomaly,
        AlarmKind::OutputTokenAnomaly,
        AlarmKind::HighHourlyCost,
    ]
    .into_iter()
    .any(fires)
    {
        steps.push(Step::FindCaller { logs_insights: links::logs_insights(&situation.region) });
    }
    if fires(AlarmKind::HighLatency) || fires(AlarmKind::LatencyAnomaly) {
        steps.push(Step::Latency);
    }
    if fires(AlarmKind::HighTimeToFirstToken) {
        steps.push(Step::FirstToken);
    }
    steps
}

fn reservation_facts(words: &dyn Words, reservation: &Reservation) -> ReservationFacts {
    let [value, admitted] = words.reservation_table();
    let header = ["", value, admitted].map(str::to_owned).to_vec();
    let rows = reservation
        .rows
        .iter()
        .map(|row| vec![String::new(), count(row.max_tokens), count(row.requests_per_minute)]);
    let Reservation { tpm_quota, input_tokens_per_request, peak_requests_per_minute, .. } =
        reservation;
    let fitting = (tpm_quota / peak_requests_per_minute - input_tokens_per_request).floor();
    ReservationFacts {
        quota: count(reservation.tpm_quota),
        input: count(reservation.input_tokens_per_request),
        output: count(reservation.output_tokens_per_request),
        peak_requests: count(reservation.peak_requests_per_minute),
        largest_fitting: (fitting.is_finite() && fitting >= 1.0).then(|| count(fitting)),
        table: table(&[header].into_iter().chain(rows).collect::<Vec<_>>()),
    }
}

fn for_case(
    situation: &Situation,
    decision: &Decision,
    outcome: &Outcome,
    context: &MailContext,
) -> Vec<Step> {
    let region = &situation.region;
    let open = match &decision.case {
        CaseStep::Append { case, .. } | CaseStep::AlreadyReported { case } => Some(case),
        CaseStep::Open { .. } | CaseStep::None(_) => None,
    };
    if let Some(case) = case_of(outcome).or(open) {
        let link = context.case_link(region, case);
        return vec![Step::FollowCase { case: context.case_number(case), link }];
    }
    let by_hand = Step::OpenCaseByHand { link: links::technical_case(region) };
    match outcome {
        Outcome::Disabled | Outcome::DryRun | Outcome::Failed { .. } | Outcome::NoSupportPlan => {
            vec![by_hand]
        }
        Outcome::HeldBack { .. } | Outcome::AnswerLost { .. } => {
            let tag = situation.investigation_key().tag();
            vec![Step::LookForCase { tag, link: links::cases(region) }, by_hand]
        }
        Outcome::SubmittedIdPending { .. }
        | Outcome::Opened { .. }
        | Outcome::Appended { .. }
        | Outcome::AlreadyReported { .. }
        | Outcome::AlreadyRequested { .. }
        | Outcome::ConsoleForm
        | Outcome::AtMaximum
        | Outcome::NotNeeded(_) => Vec::new(),
    }
}
