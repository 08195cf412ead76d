//! Subjects: severity, what, model, scope and Region in less than 100 printable ASCII characters.
//!
//! They are English whatever the language of the body, so that filters and searches find them, and
//! because SNS's documentation has asked for ASCII (it says UTF-8 since, read on 22 Nov 2026) and
//! Support's does not say what a subject may hold.
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.

use jiff::SignedDuration;

use super::facts::PoolFacts;
use super::format::count;
use super::words::{Words, words};
use crate::alarm::{AlarmKind, definition};
use crate::decision::{Decision, Firing, Occasion, QuotaFinding, Situation};
use crate::duplicate::CaseKey;
use crate::ids::Region;
use crate::pool::Scope;
use crate::quota::QuotaKind;
use crate::request_watch::{News, RequestStatus, WatchedRequest};
use crate::scenario::Scenario;
use crate::settings::Language;

/// The longest subject, in characters.
pub(super) const MAX_SUBJECT_CHARS: usize = 99;

/// How many characters of the model's name stay readable however long the rest is.
const MIN_MODEL_CHARS: usize = 16;

pub(super) fn incident(situation: &Situation, decision: &Decision) -> String {
    let update = match situation.occasion {
        Occasion::Opening => "",
        Occasion::Update => "update: ",
    };
    let is_over = situation.firing.alarms().iter().all(|alarm| alarm.recovered_at.is_some());
    let over = if is_over { "over: " } else { "" };
    let what = format!("{update}{over}{}", what(&situation.firing, decision));
    about(
        &format!("[{}] {}", decision.severity, capitalised(&what)),
        &PoolFacts::of(english(), situation),
        "",
    )
}

pub(super) fn recovery(firing: &Firing, duration: SignedDuration, pool: &PoolFacts) -> String {
    let severity = firing.severity();
    let what = capitalised(&leading(firing, &[]));
    about(&format!("[Recovered {severity}] {what} for {}", english().span(duration)), pool, "")
}

pub(super) fn pending(kind: QuotaKind, pool: &PoolFacts) -> String {
    about(&format!("[Warning] {kind} increase has no case yet"), pool, "")
}

pub(super) fn request(watched: &WatchedRequest, news: News, pool: &PoolFacts) -> String {
    let kind = watched.kind;
    let what = match news {
        News::Granted { applied } => format!("[Quota raised] {kind} is {} now", count(applied)),
        News::PartlyGranted { applied } => {
            format!("[Quota raised in part] {kind} is {} now", count(applied))
        }
        News::NotAppliedYet => format!("[Quota not raised yet] {kind} increase is approved"),
        News::Refused => format!("[Quota not raised] {kind} increase was refused"),
        News::ClosedWithoutChange => format!("[Quota not raised] {kind} increase was closed"),
        News::GivenUp { status } => {
            let why = match status {
                RequestStatus::Forgotten => "is not known any more",
                RequestStatus::Approved => "was never applied",
                RequestStatus::Pending
                | RequestStatus::CaseOpened
                | RequestStatus::CaseClosed
                | RequestStatus::Denied
                | RequestStatus::NotApproved
                | RequestStatus::InvalidRequest
                | RequestStatus::Unheard => "is not decided",
            };
            format!("[Quota not raised] {kind} increase {why}")
        }
    };
    about(&what, pool, "")
}

/// What a week came to, with its first and its last day.
pub(super) fn digest(summary: &str, (first, last): (&str, &str), region: &Region) -> String {
    shortened(&format!("[Weekly digest] {summary}: {first} to {last} {region}"), MAX_SUBJECT_CHARS)
}

/// What a quality alarm says of a model, perhaps behind an inference component, in a Region.
pub(super) fn quality(what: &str, model: &str, component: Option<&str>, region: &Region) -> String {
    let place = format!(" {region}");
    let room = (MAX_SUBJECT_CHARS - 2).saturating_sub(place.len());
    let what = shortened(&ascii(what), room.saturating_sub(MIN_MODEL_CHARS));
    let named = match component {
        Some(component) => format!("{component} ({})", short_series(model)),
        None => short_series(model).to_owned(),
    };
    let named = shortened(&ascii(&named), room.saturating_sub(what.len()));
    shortened(&format!("{what}: {named}{place}"), MAX_SUBJECT_CHARS)
}

pub(super) fn case(situation: &Situation, decision: &Decision, key: &CaseKey) -> String {
    let what = what(&situation.firing, decision);
    about(&capitalised(&what), &PoolFacts::of(english(), situation), &format!(" {}", key.tag()))
}

fn english() -> &'static dyn Words {
    words(Language::En)
}

/// The alarms in a few words, with what the evidence says of them.
fn what(firing: &Firing, decision: &Decision) -> String {
    let alarms = leading(firing, &decision.verdict.unrelated_alarms);
    match &decision.verdict.scenario {
        Scenario::NonQuota => alarms,
        Scenario::Unknown(_) => format!("{alarms}, usage unknown"),
        Scenario::NewModel => format!("{alarms}, no traffic before"),
        Scenario::LowUsage => match fullest(&decision.quotas, |found| found.is_concerned) {
            Some((_, share)) => format!("{alarms} at {share} of quota"),
            None => format!("{alarms}, usage is low"),
        },
        Scenario::HighUsage => match fullest(&decision.quotas, |found| found.is_supported) {
            Some((kind, share)) => format!("{alarms}, {kind} at {share} of quota"),
            None => format!("{alarms}, quota used up"),
        },
    }
}

/// The gravest alarm, and how many more there are; of several the first that speaks of a quota.
fn leading(firing: &Firing, unrelated: &[AlarmKind]) -> String {
    let kinds = firing.kinds();
    let grave = |kind: &AlarmKind| definition(*kind).severity == firing.severity();
    let gravest = || kinds.iter().copied().filter(grave);
    let related = gravest().find(|kind| !unrelated.contains(kind));
    let first = related.or_else(|| gravest().next()).map_or("alarm", |kind| english().noun(kind));
    match kinds.len() - 1 {
        0 => first.to_owned(),
        more => format!("{first} +{more}"),
    }
}

/// The quota whose peak came nearest to it.
fn fullest(
    quotas: &[QuotaFinding],
    counts: fn(&QuotaFinding) -> bool,
) -> Option<(QuotaKind, String)> {
    quotas
        .iter()
        .filter(|finding| counts(finding))
        .filter_map(|finding| finding.peak_share().map(|share| (finding.quota.kind, share)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(kind, highest)| (kind, english().share(highest)))
}

/// The model's name gives way first, so that scope and Region are always whole.
fn about(what: &str, pool: &PoolFacts, tag: &str) -> String {
    let scope = Scope::ALL.iter().find(|scope| scope.word() == pool.scope).map_or("", |s| s.word());
    let place = format!(" {scope} {}{tag}", pool.region);
    let room = (MAX_SUBJECT_CHARS - 2).saturating_sub(place.len());
    let what = shortened(&ascii(what), room.saturating_sub(MIN_MODEL_CHARS));
    let model = shortened(&ascii(short_model(&pool.model)), room.saturating_sub(what.len()));
    shortened(&format!("{what}: {model}{place}"), MAX_SUBJECT_CHARS)
}

/// `anthropic.claude-haiku-4-5-20251001-v1:0` → `claude-haiku-4-5`: provider, date and a first
/// version tell nothing at a glance; the body has the whole id.
fn short_model(model: &str) -> &str {
    let name = model.rsplit('/').next().unwrap_or(model);
    without_version(name.split_once('.').map_or(name, |(_, name)| name))
}

/// The same of a `ModelId` as it was called: `us.anthropic.claude-haiku-4-5-20251001-v1:0` →
/// `claude-haiku-4-5`. A point within a name, as in `qwen2.5-7b`, parts nothing.
fn short_series(model_id: &str) -> &str {
    let mut name = model_id.rsplit('/').next().unwrap_or(model_id);
    while let Some((first, rest)) = name.split_once('.') {
        let is_word = first.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_word || !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            break;
        }
        name = rest;
    }
    without_version(name)
}

fn without_version(name: &str) -> &str {
    let name = name.trim_end_matches(":0").trim_end_matches("_0").trim_end_matches("-v1");
    match name.rsplit_once('-') {
        Some((rest, date)) if date.len() == 8 && date.chars().all(|c| c.is_ascii_digit()) => rest,
        _ => name,
    }
}

/// With its first letter in capitals.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

fn shortened(ascii: &str, max: usize) -> String {
    if ascii.len() <= max {
        return ascii.to_owned();
    }
    format!("{}..", ascii[..max.saturating_sub(2)].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_named_shortly_and_stay_apart() {
        for (model, expected) in [
            ("anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022-v2"),
            ("amazon.nova-2-lite-v1:0", "nova-2-lite"),
            ("amazon.nova-lite-v1_0", "nova-lite"),
            ("openai.gpt-5.6-sol", "gpt-5.6-sol"),
            ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc", "abc"),
            ("", ""),
        ] {
            assert_eq!(short_model(model), expected);
        }
    }

    #[test]
    fn series_are_named_shortly_however_they_are_called() {
        for (model_id, expected) in [
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
            ("us-gov.amazon.nova-lite-v1:0", "nova-lite"),
            ("amazon.nova-lite-v1:0", "nova-lite"),
            ("ai21.jamba-1-5-mini-v1:0", "jamba-1-5-mini"),
            ("openai.gpt-5.6-sol", "gpt-5.6-sol"),
            ("qwen2.5-7b-instruct", "qwen2.5-7b-instruct"),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc", "abc"),
            ("", ""),
        ] {
            assert_eq!(short_series(model_id), expected);
        }
    }
}
