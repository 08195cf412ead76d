//! The mail that opens or updates an episode, for whoever is on call.

mod component;
mod component_cost;
mod digest;
mod done;
mod lone;
mod next;
mod note;
mod quality;
mod request;
mod target;

use askama::Template;
pub use component::{ComponentNote, component_notice};
pub use digest::{DigestNote, digest_notice};
pub use note::{LeftOpen, PendingNote, RecoveryNote, pending_notice, recovery_notice};
pub use quality::{QualityNote, quality_notice};
pub use request::{RequestNote, request_notice};

use self::done::{CaseDone, QuotaDone};
use self::next::Step;
use self::target::TargetFacts;
use super::facts::{
    AlarmFacts, Event, Moment, PoolFacts, QuotaFacts, Reason, TrafficFacts, reason, time_line,
};
use super::layout::table;
use super::notice::{
    DecisionFact, Facts, Kind, LinkFact, Notice, PoolFact, alarm_facts, alarms_state,
};
use super::words::{Symptom, Words, words};
use super::{MailContext, links, subject};
use crate::alarm::{self, AlarmKind, Severity};
use crate::decision::{
    CaseStep, Decision, NoCase, Occasion, QuotaStep, RequestContext, Situation, Support,
};
use crate::duplicate::CaseId;
use crate::evidence::Read;
use crate::ids::Region;
use crate::outcome::{Outcome, Outcomes};
use crate::pool::PoolLabel;
use crate::quota::QuotaKind;
use crate::quota::increase::TargetRule;
use crate::scenario::Scenario;
use crate::settings::{Language, SettingName, SettingProblem};
use crate::stored::setting_parameter;

/// The notice about an episode: what happened, how bad, what was done, what to do next.
///
/// For [`Occasion::Update`] it begins with the alarms that joined, see [`MailContext::joined`].
/// `outcomes` must be those of `decision`.
#[must_use]
pub fn incident_notice(
    situation: &Situation,
    decision: &Decision,
    outcomes: &Outcomes,
    context: &MailContext,
) -> Notice {
    let mail = IncidentMail::new(situation, decision, outcomes, context);
    let facts = Facts {
        thread: situation.episode.marker(),
        kind: match situation.occasion {
            Occasion::Opening => Kind::Incident,
            Occasion::Update => Kind::Update,
        },
        state: alarms_state(&situation.firing),
        severity: Some(decision.severity),
        at: situation.now,
        language: mail.language,
        account: situation.account.to_string(),
        region: situation.region.to_string(),
        pool: Some(PoolFact::of(&situation.pool, &mail.pool)),
        series: None,
        inference_component: None,
        alarms: alarm_facts(&context.prefix, &situation.pool, &situation.firing),
        decision: Some(DecisionFact {
            scenario: decision.verdict.scenario.word(),
            case_automation: decision.automation.word(),
        }),
        actions: done::actions(decision, outcomes, context),
        links: mail.links.iter().map(Link::fact).collect(),
    };
    Notice::new(facts, subject::incident(situation, decision), &mail)
}

#[derive(Template)]
#[template(path = "mail/incident.txt")]
struct IncidentMail<'a> {
    language: Language,
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
    problems: Vec<Problem>,
    time_line: Vec<Moment>,
    reasons: Vec<Reason>,
    links: Vec<Link>,
}

/// A link with what it leads to.
#[derive(Debug, Clone)]
struct Link {
    to: LinkTo,
    address: String,
}

impl Link {
    fn fact(&self) -> LinkFact {
        let (to, name) = match &self.to {
            LinkTo::Alarm(kind) => ("alarm", kind.word()),
            LinkTo::Quota(kind) => ("quota", kind.abbreviation()),
            LinkTo::Case(number) => ("case", number.as_str()),
            LinkTo::BedrockMetrics => ("metrics", "AWS/Bedrock"),
        };
        LinkFact::new(to, name, &self.address)
    }
}

/// What a link leads to.
#[derive(Debug, Clone)]
enum LinkTo {
    Alarm(AlarmKind),
    Quota(QuotaKind),
    /// A case, by its number.
    Case(String),
    BedrockMetrics,
}

/// What was not as it should be.
#[derive(Debug, Clone)]
enum Problem {
    /// A setting that could not be taken as it stands, or all of them.
    Setting(SettingFacts),
    /// What the last run of quota-calculator noted, in its words.
    Noted(String),
    QuotasUnread(String),
    CasesUnread(String),
    RequestsUnread(String),
}

/// What was wrong with the settings.
#[derive(Debug, Clone)]
enum SettingFacts {
    Invalid {
        setting: &'static str,
        within: Option<String>,
        value: String,
        mend: String,
        in_force: &'static str,
        parameter: String,
    },
    Unreadable(String),
}

impl<'a> IncidentMail<'a> {
    fn new(
        situation: &'a Situation,
        decision: &'a Decision,
        outcomes: &'a Outcomes,
        context: &'a MailContext,
    ) -> Self {
        let language = situation.settings.language;
        let words = words(language);
        let alarms = situation.firing.alarms();
        let quotas = QuotaFacts::all(words, situation, decision);
        let kinds = |keep: fn(&&QuotaFacts) -> bool| {
            let kinds = quotas.iter().filter(keep).map(|quota| quota.kind.abbreviation());
            words.list(&kinds.collect::<Vec<_>>())
        };
        let earliest = alarms.iter().map(|alarm| alarm.since).min();
        Self {
            language,
            occasion: situation.occasion,
            joined: kind_words(words, &context.joined),
            opened: earliest.map(|at| words.moment(at)).unwrap_or_default(),
            is_critical: decision.severity == Severity::Critical,
            is_over: alarms.iter().all(|alarm| alarm.recovered_at.is_some()),
            symptoms: alarms.iter().filter_map(|alarm| words.symptom(alarm.kind)).collect(),
            scenario: &decision.verdict.scenario,
            pool: PoolFacts::of(words, situation),
            alarms: AlarmFacts::all(words, alarms, situation.stored.known()),
            quota_table: quota_table(words, &quotas),
            traffic: TrafficFacts::of(words, &situation.evidence),
            supported: kinds(|quota| quota.is_supported),
            zero: kinds(|quota| quota.is_concerned && quota.is_zero),
            unrelated: kind_words(words, &decision.verdict.unrelated_alarms),
            targets: TargetFacts::all(words, decision),
            quotas_done: QuotaDone::all(words, decision, outcomes, context),
            case_done: CaseDone { step: &decision.case, outcome: &outcomes.case, context, words },
            is_dry_run: is_dry_run(outcomes),
            automation_parameter: automation_parameter(context),
            steps: next::steps(words, situation, decision, outcomes, context),
            problems: problems(words, situation, context),
            time_line: time_line(words, situation),
            reasons: Reason::all(alarms),
            links: links_of(situation, decision, outcomes, context),
            quotas,
        }
    }
}

fn kind_words(words: &dyn Words, kinds: &[AlarmKind]) -> String {
    words.list(&kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>())
}

fn quota_table(words: &dyn Words, quotas: &[QuotaFacts]) -> Vec<String> {
    let header = [""].into_iter().chain(words.quota_table());
    let mut rows = vec![header.map(str::to_owned).collect::<Vec<_>>()];
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
fn problems(words: &dyn Words, situation: &Situation, context: &MailContext) -> Vec<Problem> {
    let settings = situation.setting_problems.iter();
    let mut problems: Vec<Problem> = settings
        .map(|problem| Problem::Setting(SettingFacts::of(words, problem, context)))
        .collect();
    match &situation.stored {
        Read::Known(stored) => {
            problems.extend(stored.notes.iter().map(|note| Problem::Noted(reason(note))));
        }
        Read::Unreadable(why) => problems.push(Problem::QuotasUnread(reason(why))),
    }
    if let Support::Unreadable(why) = &situation.support {
        problems.push(Problem::CasesUnread(reason(why)));
    }
    if let Read::Unreadable(why) = &situation.pending_requests {
        problems.push(Problem::RequestsUnread(reason(why)));
    }
    problems
}

impl SettingFacts {
    fn of(words: &dyn Words, problem: &SettingProblem, context: &MailContext) -> Self {
        match problem {
            SettingProblem::Invalid { setting, within, value, mend, in_force } => Self::Invalid {
                setting: setting.word(),
                within: within.as_ref().map(|within| reason(within)),
                value: format!("{value:?}"),
                mend: words.mend(*mend),
                in_force: words.in_force(*in_force),
                parameter: setting_parameter(&context.prefix, setting.word()),
            },
            SettingProblem::Unreadable { why } => Self::Unreadable(reason(why)),
        }
    }
}

fn links_of(
    situation: &Situation,
    decision: &Decision,
    outcomes: &Outcomes,
    context: &MailContext,
) -> Vec<Link> {
    let region = &situation.region;
    let link = |to: LinkTo, address: String| Link { to, address };
    let kinds = situation.firing.kinds().into_iter();
    let mut found: Vec<Link> =
        kinds.map(|kind| alarm_link(region, &situation.pool, kind, context)).collect();
    let quotas = decision.quotas.iter().filter(|finding| finding.is_concerned);
    found.extend(quotas.map(|finding| {
        let quota = &finding.quota;
        link(LinkTo::Quota(quota.kind), links::quota(region, &quota.quota.code))
    }));
    let outcomes = outcomes.quotas.iter().map(|quota| &quota.outcome).chain([&outcomes.case]);
    let mut cases: Vec<&CaseId> = outcomes.filter_map(done::case_of).collect();
    cases.dedup();
    found.extend(cases.into_iter().map(|case| {
        link(LinkTo::Case(context.case_number(case)), context.case_link(region, case))
    }));
    found.push(link(LinkTo::BedrockMetrics, links::metrics(region)));
    found
}

fn alarm_link(region: &Region, pool: &PoolLabel, kind: AlarmKind, context: &MailContext) -> Link {
    let name = alarm::name::child(&context.prefix, kind, pool);
    Link { to: LinkTo::Alarm(kind), address: links::alarm(region, &name) }
}
