//! What AWS's support engineer reads: one instruction, then every figure it rests on.
//!
//! The most important stands first, so that what a limit cuts is the least important.

use askama::Template;

use super::facts::{
    AlarmFacts, Event, Moment, PoolFacts, QuotaFacts, Reason, TrafficFacts, time_line,
};
use super::format::{count, one_line};
use super::layout::{Ending, fit, wrap};
use super::words::{Words, words};
use super::{MAX_CASE_CHARS, subject};
use crate::alarm::AlarmKind;
use crate::decision::{Decision, FiringAlarm, QuotaAction, QuotaStep, RequestContext, Situation};
use crate::duplicate::{CaseId, CaseKey, Category};
use crate::scenario::Scenario;
use crate::settings::Language;

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
pub fn case_text(
    language: Language,
    situation: &Situation,
    decision: &Decision,
    key: &CaseKey,
) -> CaseText {
    let instruction = investigation(words(language), situation, decision);
    CaseText {
        subject: subject::case(situation, decision, key),
        body: body(language, situation, decision, instruction),
    }
}

/// What the case of a quota increase request is told, once it exists.
///
/// `action` must be one of `decision`. At most [`MAX_CASE_CHARS`] characters, the marker last.
#[must_use]
pub fn quota_case_text(
    language: Language,
    situation: &Situation,
    decision: &Decision,
    action: &QuotaAction,
) -> String {
    let increase = Increase::of(words(language), decision, action);
    body(language, situation, decision, Instruction::Increase(increase))
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
pub fn append_text(
    language: Language,
    situation: &Situation,
    decision: &Decision,
    append: AppendTo<'_>,
) -> String {
    let words = words(language);
    let request = decision.quota_actions.iter().find_map(|action| match &action.step {
        QuotaStep::AlreadyRequested { request, context: RequestContext::Append { case, .. } }
            if append.category == Category::Quota && case == append.case =>
        {
            Some(OpenRequest {
                code: action.quota.code.to_string(),
                desired: count(request.desired),
                unit: words.unit(action.kind),
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
    body(
        language,
        situation,
        decision,
        Instruction::TakeIntoAccount { new: words.list(&new), request },
    )
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
    fn of(words: &dyn Words, decision: &Decision, action: &QuotaAction) -> Self {
        let others = action.covers.iter().filter(|kind| **kind != action.kind);
        Self {
            code: action.quota.code.to_string(),
            from: count(action.quota.value),
            to: action.target.map(|target| count(target.to)).unwrap_or_default(),
            unit: words.unit(action.kind),
            also_for: words.list(&others.map(|kind| words.unit(*kind)).collect::<Vec<_>>()),
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

fn investigation(words: &dyn Words, situation: &Situation, decision: &Decision) -> Instruction {
    let kinds = situation.firing.kinds().into_iter();
    let nouns: Vec<&str> = kinds.map(|kind| words.noun(kind)).collect();
    Instruction::FindCause {
        of: words.list(&nouns),
        usage_is_low: decision.verdict.scenario == Scenario::LowUsage,
    }
}

#[derive(Template)]
#[template(path = "case/body.txt")]
struct CaseBody {
    language: Language,
    instruction: Instruction,
    pool: PoolFacts,
    alarms: Vec<AlarmFacts>,
    other_alarms: Vec<AlarmFacts>,
    quotas: Vec<QuotaFacts>,
    traffic: TrafficFacts,
    use_case: Option<String>,
    modalities: Option<String>,
    residency: Option<String>,
    time_line: Vec<Moment>,
    reasons: Vec<Reason>,
}

fn body(
    language: Language,
    situation: &Situation,
    decision: &Decision,
    instruction: Instruction,
) -> String {
    let words = words(language);
    let settings = &situation.settings;
    let unrelated = &decision.verdict.unrelated_alarms;
    let alarms = situation.firing.alarms();
    // Without a quota to speak of, every alarm is what the case is about.
    let is_other = |alarm: &&FiringAlarm| {
        !decision.verdict.concerned.is_empty() && unrelated.contains(&alarm.kind)
    };
    let (other, own): (Vec<&FiringAlarm>, Vec<&FiringAlarm>) = alarms.iter().partition(is_other);
    let facts = |alarms: Vec<&FiringAlarm>| {
        let stored = situation.stored.known();
        alarms.into_iter().map(|alarm| AlarmFacts::of(words, alarm, stored)).collect()
    };
    let body = CaseBody {
        language,
        instruction,
        pool: PoolFacts::of(words, situation),
        alarms: facts(own),
        other_alarms: facts(other),
        quotas: QuotaFacts::all(words, situation, decision),
        traffic: TrafficFacts::of(words, &situation.evidence),
        use_case: stated(settings.use_case.as_ref()),
        modalities: stated(settings.modalities.as_ref()),
        residency: stated(settings.residency.as_ref()),
        time_line: time_line(words, situation),
        reasons: Reason::all(alarms),
    };
    let ending = Ending { note: words.shortened(), marker: &situation.episode.marker() };
    fit(&wrap(&body.to_string()), ending, MAX_CASE_CHARS)
}

fn stated(text: Option<&String>) -> Option<String> {
    text.map(|text| one_line(text, MAX_STATED_CHARS))
}
