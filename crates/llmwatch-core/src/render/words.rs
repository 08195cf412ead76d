//! What the texts say besides their templates, in each language.
//!
//! Sentences stand in `templates/en` and `templates/ja`; here are the numbers, moments and words
//! they are filled with.

mod en;
mod ja;

use jiff::{SignedDuration, Timestamp};

use crate::alarm::{AlarmKind, Severity};
use crate::digest::{Change, Volume};
use crate::pool::Scope;
use crate::quality::alarm::QualityKind;
use crate::quota::{QuotaKind, QuotaSource};
use crate::settings::{InForce, Language, Mend};

/// The words of a language.
pub(super) fn words(language: Language) -> &'static dyn Words {
    match language {
        Language::En => &en::English,
        Language::Ja => &ja::Japanese,
    }
}

/// What every language has to say. No method has a default, so that none can be forgotten.
pub(super) trait Words: std::fmt::Debug + Sync {
    /// A share in percent, 1.0 being 100 %, as [`percent`](super::format::percent) cuts it.
    fn share(&self, share: f64) -> String;

    /// A mean share in percent, as [`Words::share`]; what is not 0 never reads as 0 %.
    fn mean_share(&self, share: f64) -> String;

    /// A moment to the minute; seconds are cut.
    fn moment(&self, at: Timestamp) -> String;

    /// A moment to the second without its zone, for time lines.
    fn moment_in_time_line(&self, at: Timestamp) -> String;

    /// A moment to the minute, in a column whose heading names its zone.
    fn moment_in_table(&self, at: Timestamp) -> String;

    /// A span in its two largest units; below 0 is none.
    fn span(&self, span: SignedDuration) -> String;

    /// An alarm's period, given in seconds.
    fn period(&self, seconds: u32) -> String;

    /// The length of a window of usage, given in minutes.
    fn window(&self, minutes: u32) -> String;

    /// A count of seconds with their unit.
    fn seconds(&self, seconds: f64) -> String;

    /// Words as a list of all; nothing gives the empty text.
    fn list(&self, words: &[&str]) -> String;

    /// Words as a choice of one.
    fn choice(&self, words: &[&str]) -> String;

    /// What a kind reports, as a short noun for subjects and lists.
    fn noun(&self, kind: AlarmKind) -> &'static str;

    /// What an alarm says of its pool.
    fn says(&self, kind: AlarmKind) -> &'static str;

    /// What users feel of a critical alarm.
    fn symptom(&self, kind: AlarmKind) -> Option<Symptom>;

    /// The severity in running text.
    fn severity(&self, severity: Severity) -> &'static str;

    /// What a scope means, for a reader who does not know our word for it.
    fn scope(&self, scope: Scope) -> &'static str;

    /// A quota's unit.
    fn unit(&self, kind: QuotaKind) -> &'static str;

    /// What a quota counts, for a value in the quota's unit.
    fn counted(&self, kind: QuotaKind) -> &'static str;

    /// Whose value a quota's value is.
    fn source(&self, source: QuotaSource) -> &'static str;

    /// What a setting's value must be.
    fn mend(&self, mend: Mend) -> String;

    /// What holds while a setting cannot be taken.
    fn in_force(&self, in_force: InForce) -> &'static str;

    /// The heads of the table of quotas: quota, threshold, peak, share, moment of the peak.
    fn quota_table(&self) -> [&'static str; 5];

    /// The heads of the table of `max_tokens`: the value, and the requests it admits.
    fn reservation_table(&self) -> [&'static str; 2];

    /// What a quality alarm reports, as a short noun for subjects and lists.
    fn quality_noun(&self, kind: QualityKind) -> &'static str;

    /// What a quality alarm says of its model.
    fn quality_says(&self, kind: QualityKind) -> &'static str;

    /// What a component alarm says of its inference component.
    fn component_says(&self, kind: AlarmKind) -> &'static str;

    /// The heads of the table of a component's hour: start, requests, 4xx, 5xx, latency, GPU
    /// memory.
    fn component_table(&self) -> [&'static str; 6];

    /// The heads of the table of what a component cost: start of the hour, cost, requests, US dollars
    /// for 1,000 of them, GPU compute used.
    fn component_cost_table(&self) -> [&'static str; 5];

    /// The heads of the table of hours: start, samples, mean, whether it is beyond the line.
    fn hour_table(&self) -> [&'static str; 4];

    /// `yes` or `no`.
    fn yes_or_no(&self, yes: bool) -> &'static str;

    /// A change against the week before: a share of it with its sign, or a word.
    fn change(&self, change: Change) -> String;

    /// A difference of two shares, with its sign.
    fn points(&self, difference: f64) -> String;

    /// What a week is counted in.
    fn volume(&self, volume: Volume) -> &'static str;

    /// What tokens cost.
    fn token_cost(&self) -> &'static str;

    /// The heads of a digest's table: this week, the week before, change.
    fn week_table(&self) -> [&'static str; 3];

    /// The head of samples.
    fn samples(&self) -> &'static str;
    /// The heading under which mails say what to do, as the templates write it.
    fn next_heading(&self) -> &'static str;

    /// Says that a text was cut.
    fn shortened(&self) -> &'static str;
}

/// What users feel, now and afterwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symptom {
    pub(super) present: &'static str,
    pub(super) past: &'static str,
}

#[cfg(test)]
mod tests;
