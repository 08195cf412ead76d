//! What AWS's support engineer reads: one instruction, then every figure it rests on.
//!
//! The most important stands first, so that what a limit cuts is the least important.

use askama::Template;

use super::facts::{AlarmFacts, Moment, PoolFacts, QuotaFacts, Reason, TrafficFacts, time_line};
use super::format::{count, list, one_line};
use super::layout::{fit, wrap};
use super::wording::noun;
use super::{MAX_CASE_CHARS, subject};
use crate::alarm::AlarmKind;
use crate::decision::{Decision, FiringAlarm, QuotaAction, QuotaStep, RequestContext, Situation};
use crate::duplicate::{CaseId, CaseKey, Category};
use crate::scenario::Scenario;

/// How much of an operator's own words a case shows, in characters.
const MAX_STATED_CHARS: usize = 1000;

/// A case, ready for `CreateCase`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseText {
    /// Less than 100 printable ASCII characters; ends with the key's tag.
    pub subject: String,
    /// At most [`MAX_CASE_CHARS`] characters; ends with [`EpisodeId::marker`](crate::episode::EpisodeId::marker).
    pub body: String,
}

/// The case that asks Support to find a cause; it requests no increase.
#[must_use]
pub fn case_text(situation: &Situation, decision: &Decision, key: &CaseKey) -> CaseText {
    CaseText {
        subject: subject::case(situation, decision, key),
        body: body(situation, decision, investigation(situation, decision)),
    }
}

/// What the case of a quota increase request is told, once it exists.
///
/// `action` must be one of `decision`. At most [`MAX_CASE_CHARS`] characters, the marker last.
#[must_use]
pub fn quota_case_text(situation: &Situation, decision: &Decision, action: &QuotaAction) -> String {
    body(situation, decision, Instruction::Increase(Increase::of(decision, action)))
}

/// An open case and what it has not been told of.
#[derive(Debug, Clone, Copy)]
pub struct AppendTo<'a> {
    /// The case.
    pub case: &'a CaseId,
    /// What it is for.
    pub category: Category,
    /// The alarms it has not been told of.
    pub alarms: &'a [AlarmKind],
}

/// What an open case is told when further alarms fire.
///
/// At most [`MAX_CASE_CHARS`] characters, the marker last.
#[must_use]
pub fn append_text(situation: &Situation, decision: &Decision, append: AppendTo<'_>) -> String {
    let request = decision.quota_actions.iter().find_map(|action| match &action.step {
        QuotaStep::AlreadyRequested { request, context: RequestContext::Append { case, .. } }
            if append.category == Category::Quota && case == append.case =>
        {
            Some(OpenRequest {
                code: action.quota.code.to_string(),
                desired: count(request.desired),
                unit: action.kind.unit(),
                request: one_line(&request.id, 60),
            })
        }
        QuotaStep::AlreadyRequested { .. }
        | QuotaStep::Request { .. }
        | QuotaStep::ConsoleForm { .. }
        | QuotaStep::AtMaximum
        | QuotaStep::HeldBack { .. } => None,
    });
    let new: Vec<&str> = append.alarms.iter().map(|alarm| alarm.word()).collect();
    body(situation, decision, Instruction::TakeIntoAccount { new: list(&new), request })
}

/// The one thing a text asks Support for.
#[derive(Debug, Clone)]
enum Instruction {
    /// Raise a quota, as requested.
    Increase(Increase),
    /// Find the cause of what these alarms report.
    FindCause { of: String, usage_is_low: bool },
    /// Read the new figures into the open case.
    TakeIntoAccount { new: String, request: Option<OpenRequest> },
}

#[derive(Debug, Clone)]
struct Increase {
    code: String,
    from: String,
    to: String,
    unit: &'static str,
    also_for: String,
    is_new_model: bool,
}

impl Increase {
    fn of(decision: &Decision, action: &QuotaAction) -> Self {
        let others = action.covers.iter().filter(|kind| **kind != action.kind);
        Self {
            code: action.quota.code.to_string(),
            from: count(action.quota.value),
            to: action.target.map(|target| count(target.to)).unwrap_or_default(),
            unit: action.kind.unit(),
            also_for: list(&others.map(|kind| kind.unit()).collect::<Vec<_>>()),
            is_new_model: decision.verdict.scenario == Scenario::NewModel,
        }
    }
}

#[derive(Debug, Clone)]
struct OpenRequest {
    code: String,
    desired: String,
    unit: &'static str,
    request: String,
}

fn investigation(situation: &Situation, decision: &Decision) -> Instruction {
    let nouns: Vec<&str> = situation.firing.kinds().into_iter().map(noun).collect();
    Instruction::FindCause {
        of: list(&nouns),
        usage_is_low: decision.verdict.scenario == Scenario::LowUsage,
    }
}

#[derive(Template)]
#[template(path = "en/case/body.txt")]
struct CaseBody {
    instruction: Instruction,
    pool: PoolFacts,
    alarms: Vec<AlarmFacts>,
    other_alarms: Vec<AlarmFacts>,
    quotas: Vec<QuotaFacts>,
    traffic: TrafficFacts,
    use_case: String,
    modalities: String,
    residency: String,
    time_line: Vec<Moment>,
    reasons: Vec<Reason>,
}

fn body(situation: &Situation, decision: &Decision, instruction: Instruction) -> String {
    let settings = &situation.settings;
    let unrelated = &decision.verdict.unrelated_alarms;
    let alarms = situation.firing.alarms();
    // Without a quota to speak of, every alarm is what the case is about.
    let is_other = |alarm: &&FiringAlarm| {
        !decision.verdict.concerned.is_empty() && unrelated.contains(&alarm.kind)
    };
    let (other, own): (Vec<&FiringAlarm>, Vec<&FiringAlarm>) = alarms.iter().partition(is_other);
    let facts = |alarms: Vec<&FiringAlarm>| {
        alarms.into_iter().map(|alarm| AlarmFacts::of(alarm, situation.stored.known())).collect()
    };
    let body = CaseBody {
        instruction,
        pool: PoolFacts::of(situation),
        alarms: facts(own),
        other_alarms: facts(other),
        quotas: QuotaFacts::all(situation, decision),
        traffic: TrafficFacts::of(&situation.evidence),
        use_case: stated(settings.use_case.as_ref()),
        modalities: stated(settings.modalities.as_ref()),
        residency: stated(settings.residency.as_ref()),
        time_line: time_line(situation),
        reasons: Reason::all(alarms),
    };
    fit(&wrap(&body.to_string()), &situation.episode.marker(), MAX_CASE_CHARS)
}

fn stated(text: Option<&String>) -> String {
    text.map_or_else(|| "not stated".to_owned(), |text| one_line(text, MAX_STATED_CHARS))
}
