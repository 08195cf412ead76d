//! What the mails about alarms that stand alone have in common, of quality and of components.

use jiff::Timestamp;

use crate::alarm::Severity;
use crate::alarm::change::AlarmOccasion;
use crate::evidence::Read;
use crate::render::facts::reason;
use crate::render::words::{Words, words};
use crate::settings::Language;

/// How the matter stands, as machines are told.
pub(super) fn state(occasion: AlarmOccasion) -> &'static str {
    match occasion {
        AlarmOccasion::Fired { over_since: None } => "firing",
        AlarmOccasion::Fired { over_since: Some(_) } => "over",
        AlarmOccasion::Recovered { .. } => "recovered",
    }
}

/// What a subject begins with: what the alarm reports, with its figures while there are any to tell.
pub(super) fn headline(
    severity: Severity,
    (noun, figures): (&str, &str),
    occasion: AlarmOccasion,
    alarm_at: Timestamp,
) -> String {
    match occasion {
        AlarmOccasion::Fired { over_since: None } => format!("[{severity}] {noun}{figures}"),
        AlarmOccasion::Fired { over_since: Some(_) } => {
            format!("[{severity}] Over: {noun}{figures}")
        }
        AlarmOccasion::Recovered { at } => {
            let english = words(Language::En);
            let lasted = english.span(at.duration_since(alarm_at));
            let word = english.severity(severity);
            format!("[Recovered {word}] {noun} for {lasted}")
        }
    }
}

/// The other alarms that fire, as a list of their names, or why they are not known.
pub(super) fn also_firing<A>(
    words: &dyn Words,
    alarms: &Read<Vec<A>>,
    name: impl Fn(&A) -> String,
) -> (String, Option<String>) {
    let named: Vec<String> = alarms.listed().iter().map(name).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    (words.list(&named), alarms.why().map(reason))
}
