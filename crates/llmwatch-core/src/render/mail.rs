//! The mail that opens or updates an episode, for whoever is on call.

mod done;
mod next;
mod note;
mod request;
mod target;

use askama::Template;
pub use note::{LeftOpen, PendingNote, RecoveryNote, pending_mail, recovery_mail};
pub use request::{RequestNote, request_mail};

use self::done::{CaseDone, QuotaDone};
use self::next::Step;
use self::target::TargetFacts;
use super::facts::{
    AlarmFacts, Moment, PoolFacts, QuotaFacts, Reason, TrafficFacts, reason, time_line,
};
use super::format::{list, utc};
use super::layout::{fit, table, wrap};
use super::wording::capitalised;
use super::{MAX_MAIL_CHARS, Mail, MailContext, links, subject};
use crate::alarm::{self, AlarmKind, Severity};
use crate::decision::{
    CaseStep, Decision, NoCase, Occasion, QuotaStep, RequestContext, Situation, Support,
};
use crate::duplicate::CaseId;
use crate::evidence::Read;
use crate::ids::Region;
use crate::outcome::{Outcome, Outcomes};
use crate::pool::PoolLabel;
use crate::quota::increase::TargetRule;
use crate::scenario::Scenario;
use crate::settings::{Language, SettingName};
use crate::stored::setting_parameter;

/// The mail about an episode: what happened, how bad, what was done, what to do next.
///
/// For [`Occasion::Update`] it begins with the alarms that joined, see [`MailContext::joined`].
/// `outcomes` must be those of `decision`.
#[must_use]
pub fn incident_mail(
    situation: &Situation,
    decision: &Decision,
    outcomes: &Outcomes,
    context: &MailContext,
) -> Mail {
    let mail = IncidentMail::new(situation, decision, outcomes, context);
    Mail {
        subject: subject::incident(situation, decision),
        body: fit(&wrap(&mail.to_string()), &situation.episode.marker(), MAX_MAIL_CHARS),
    }
}

#[derive(Template)]
#[template(path = "en/mail/incident.txt")]
struct IncidentMail<'a> {
    occasion: Occasion,
    joined: String,
    opened: String,
    is_critical: bool,
    is_over: bool,
    symptoms: Vec<Symptom>,
    scenario: &'a Scenario,
    pool: PoolFacts,
    alarms: Vec<AlarmFacts>,
    quotas: Vec<QuotaFacts>,
    quota_table: Vec<String>,
    traffic: TrafficFacts,
    supported: String,
    /// The concerned quotas that are 0.
    zero: String,
    unrelated: String,
    targets: Vec<TargetFacts>,
    quotas_done: Vec<QuotaDone<'a>>,
    case_done: CaseDone<'a>,
    is_dry_run: bool,
    automation_parameter: String,
    steps: Vec<Step>,
    problems: Vec<String>,
    time_line: Vec<Moment>,
    reasons: Vec<Reason>,
    links: Vec<Link>,
}

/// A link with what it leads to.
#[derive(Debug, Clone)]
struct Link {
    to: String,
    address: String,
}

impl<'a> IncidentMail<'a> {
    fn new(
        situation: &'a Situation,
        decision: &'a Decision,
        outcomes: &'a Outcomes,
        context: &'a MailContext,
    ) -> Self {
        let alarms = situation.firing.alarms();
        let quotas = QuotaFacts::all(situation, decision);
        let kinds = |keep: fn(&&QuotaFacts) -> bool| {
            let kinds = quotas.iter().filter(keep).map(|quota| quota.kind.abbreviation());
            list(&kinds.collect::<Vec<_>>())
        };
        Self {
            occasion: situation.occasion,
            joined: words(&context.joined),
            opened: alarms.iter().map(|alarm| alarm.since).min().map(utc).unwrap_or_default(),
            is_critical: decision.severity == Severity::Critical,
            is_over: alarms.iter().all(|alarm| alarm.recovered_at.is_some()),
            symptoms: alarms.iter().filter_map(|alarm| symptom(alarm.kind)).collect(),
            scenario: &decision.verdict.scenario,
            pool: PoolFacts::of(situation),
            alarms: AlarmFacts::all(alarms, situation.stored.known()),
            quota_table: quota_table(&quotas),
            traffic: TrafficFacts::of(&situation.evidence),
            supported: kinds(|quota| quota.is_supported),
            zero: kinds(|quota| quota.is_concerned && quota.is_zero),
            unrelated: words(&decision.verdict.unrelated_alarms),
            targets: TargetFacts::all(decision),
            quotas_done: QuotaDone::all(decision, outcomes, context),
            case_done: CaseDone { step: &decision.case, outcome: &outcomes.case, context },
            is_dry_run: is_dry_run(outcomes),
            automation_parameter: automation_parameter(context),
            steps: next::steps(situation, decision, outcomes, context),
            problems: problems(situation, context),
            time_line: time_line(situation),
            reasons: Reason::all(alarms),
            links: links_of(situation, decision, outcomes, context),
            quotas,
        }
    }
}

fn words(kinds: &[AlarmKind]) -> String {
    list(&kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>())
}

/// What users feel of a critical alarm.
#[derive(Debug, Clone, Copy)]
struct Symptom {
    present: &'static str,
    past: &'static str,
}

fn symptom(kind: AlarmKind) -> Option<Symptom> {
    let symptom = |present, past| Some(Symptom { present, past });
    match kind {
        AlarmKind::ServerErrors => {
            symptom("requests fail with server errors", "requests failed with server errors")
        }
        AlarmKind::ClientErrors => {
            symptom("requests fail with client errors", "requests failed with client errors")
        }
        AlarmKind::Throttles => symptom("requests are refused", "requests were refused"),
        AlarmKind::HighInvocationRate
        | AlarmKind::HighTPMQuotaUsage
        | AlarmKind::HighTPDQuotaUsage
        | AlarmKind::HighLatency
        | AlarmKind::HighTimeToFirstToken
        | AlarmKind::InvocationAnomaly
        | AlarmKind::InputTokenAnomaly
        | AlarmKind::OutputTokenAnomaly
        | AlarmKind::LatencyAnomaly => None,
    }
}

fn quota_table(quotas: &[QuotaFacts]) -> Vec<String> {
    let header = ["", "Quota", "Alarm at", "Peak", "of quota", "Minute of the peak"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(quotas.iter().map(|quota| {
        let peak = quota.peak.as_ref();
        let cell = |text: Option<&String>| text.cloned().unwrap_or_else(|| "-".to_owned());
        vec![
            quota.kind.abbreviation().to_owned(),
            quota.value.clone(),
            quota.threshold.clone(),
            cell(peak.map(|peak| &peak.value)),
            cell(peak.and_then(|peak| peak.share.as_ref())),
            cell(peak.map(|peak| &peak.at)),
        ]
    }));
    table(&rows)
}

fn is_dry_run(outcomes: &Outcomes) -> bool {
    let all = outcomes.quotas.iter().map(|quota| &quota.outcome).chain([&outcomes.case]);
    all.into_iter().any(|outcome| *outcome == Outcome::DryRun)
}

fn automation_parameter(context: &MailContext) -> String {
    setting_parameter(&context.prefix, SettingName::CaseAutomation.word())
}

/// What was not as it should be: settings, matching, reads.
fn problems(situation: &Situation, context: &MailContext) -> Vec<String> {
    let mut problems = Vec::new();
    for problem in &situation.setting_problems {
        let parameter = problem.parameter(&context.prefix);
        let parameter = parameter.map(|name| format!(" (parameter {name})")).unwrap_or_default();
        problems.push(format!("{}{parameter}", reason(&problem.to_string())));
    }
    if situation.settings.language == Language::Ja {
        problems.push(
            "setting language: ja is accepted, but texts are in English until Japanese ones exist"
                .to_owned(),
        );
    }
    match &situation.stored {
        Read::Known(stored) => problems.extend(stored.notes.iter().map(|note| reason(note))),
        Read::Unreadable(why) => {
            problems.push(format!("the pool's quotas could not be read: {}", reason(why)));
        }
    }
    if let Support::Unreadable(why) = &situation.support {
        problems.push(format!("open Support cases could not be read: {}", reason(why)));
    }
    if let Read::Unreadable(why) = &situation.pending_requests {
        problems.push(format!("pending quota requests could not be read: {}", reason(why)));
    }
    problems
}

fn links_of(
    situation: &Situation,
    decision: &Decision,
    outcomes: &Outcomes,
    context: &MailContext,
) -> Vec<Link> {
    let region = &situation.region;
    let link = |to: String, address: String| Link { to, address };
    let kinds = situation.firing.kinds().into_iter();
    let mut found: Vec<Link> =
        kinds.map(|kind| alarm_link(region, &situation.pool, kind, context)).collect();
    let quotas = decision.quotas.iter().filter(|finding| finding.is_concerned);
    found.extend(quotas.map(|finding| {
        let quota = &finding.quota;
        link(format!("{} quota", quota.kind), links::quota(region, &quota.quota.code))
    }));
    let outcomes = outcomes.quotas.iter().map(|quota| &quota.outcome).chain([&outcomes.case]);
    let mut cases: Vec<&CaseId> = outcomes.filter_map(done::case_of).collect();
    cases.dedup();
    found.extend(
        cases.into_iter().map(|case| {
            link(capitalised(&context.case_name(case)), context.case_link(region, case))
        }),
    );
    found.push(link("Bedrock metrics".to_owned(), links::metrics(region)));
    found
}

fn alarm_link(region: &Region, pool: &PoolLabel, kind: AlarmKind, context: &MailContext) -> Link {
    let name = alarm::name::child(&context.prefix, kind, pool);
    Link { to: format!("Alarm {kind}"), address: links::alarm(region, &name) }
}
