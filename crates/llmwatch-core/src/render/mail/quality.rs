//! The mail about a quality alarm: a model answers worse, or differently, than it should.
//!
//! It tells figures only. No prompt and no answer is ever in it: nothing here has one.

use askama::Template;
use jiff::Timestamp;

use super::lone;
use crate::alarm::Severity;
use crate::alarm::change::AlarmOccasion;
use crate::alarm::name::{self, QualityAlarm};
use crate::episode::EpisodeId;
use crate::evidence::Read;
use crate::ids::{AccountId, Region, StackPrefix};
use crate::quality::Range;
use crate::quality::alarm::course::{Course, Held, Period, Persistence};
use crate::quality::alarm::observed::Observed;
use crate::quality::alarm::tuning::SETTING;
use crate::quality::alarm::{BadSide, QualityKind, quality_definition};
use crate::quality::calls::{self, saved_query};
use crate::quality::{Facts, Metric};
use crate::render::facts::reason;
use crate::render::format::{count, one_line};
use crate::render::layout::table;
use crate::render::notice::{
    AlarmFact, Facts as Told, Kind, LinkFact, Notice, SeriesFact, alarm_arn,
};
use crate::render::words::{Words, words};
use crate::render::{links, subject};
use crate::settings::Language;
use crate::stored::setting_parameter;

/// What a mail about a quality alarm tells.
#[derive(Debug, Clone)]
pub struct QualityNote<'a> {
    /// The language of the mail.
    pub language: Language,
    /// The account.
    pub account: &'a AccountId,
    /// The Region of the alarm.
    pub region: &'a Region,
    /// The stack's prefix, for the names of parameters and alarms.
    pub prefix: &'a StackPrefix,
    /// Which alarm.
    pub alarm: &'a QualityAlarm,
    /// What it watches, read back from CloudWatch.
    pub observed: &'a Read<Observed>,
    /// How its metric went.
    pub course: &'a Read<Course>,
    /// The other alarms of the series that fire now.
    pub also_firing: &'a Read<Vec<QualityAlarm>>,
    /// When the alarm went to ALARM.
    pub alarm_at: Timestamp,
    /// What the mail is about.
    pub occasion: AlarmOccasion,
    /// CloudWatch's reason for the change.
    pub reason: &'a str,
    /// What mails of this change are found by, by
    /// [`change_id`](crate::alarm::change::change_id).
    pub id: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// The notice about a quality alarm that fires or is OK again.
///
/// Whether it goes out is decided by the alarm's severity; a recovery has its alarm's.
#[must_use]
pub fn quality_notice(note: &QualityNote<'_>) -> Notice {
    let mail = QualityMail::of(note);
    let held = note.observed.known().map(|observed| &observed.held);
    let mean = told_period(note).map(|period| period.mean);
    let kind = match note.occasion {
        AlarmOccasion::Fired { .. } => Kind::QualityAlarm,
        AlarmOccasion::Recovered { .. } => Kind::QualityRecovery,
    };
    let facts = Told {
        thread: EpisodeId::from_text(note.id).marker(),
        kind,
        state: lone::state(note.occasion),
        severity: Some(note.alarm.severity),
        at: note.now,
        language: note.language,
        account: note.account.to_string(),
        region: note.region.to_string(),
        pool: None,
        series: Some(SeriesFact {
            label: reason(note.alarm.series.as_str()),
            model: note.observed.known().map(|_| mail.model.clone()),
            inference_component: mail.component.clone(),
        }),
        inference_component: None,
        alarms: vec![alarm_fact(note, held, mean)],
        decision: None,
        actions: Vec::new(),
        links: vec![
            LinkFact::new("alarm", note.alarm.kind.word(), &mail.alarm_link),
            LinkFact::new("metrics", mail.namespace.as_deref().unwrap_or(""), &mail.metrics_link),
            LinkFact::new("logs", "", &mail.logs_link),
        ],
    };
    Notice::new(facts, subject_of(note, held, mean), &mail)
}

/// The alarm, as machines are told of it.
fn alarm_fact(note: &QualityNote<'_>, held: Option<&Held>, mean: Option<f64>) -> AlarmFact {
    let name = name::quality(note.prefix, note.alarm);
    AlarmFact {
        arn: alarm_arn(note.region, note.account, &name),
        name,
        kind: note.alarm.kind.word().to_owned(),
        severity: note.alarm.severity,
        since: note.alarm_at,
        recovered_at: note.occasion.recovered_at(),
        value: mean,
        line: held.and_then(|held| held.line),
        reason: reason(note.reason),
    }
}

/// The period whose mean is told.
fn told_period(note: &QualityNote<'_>) -> Option<Period> {
    let course = note.course.known()?;
    match note.occasion {
        AlarmOccasion::Fired { .. } => course.worst_lately,
        AlarmOccasion::Recovered { .. } => course.newest,
    }
}

#[derive(Template)]
#[template(path = "mail/quality.txt")]
struct QualityMail {
    language: Language,
    kind: QualityKind,
    severity: Severity,
    noun: &'static str,
    says: &'static str,
    /// How long it lasted, of a recovery.
    duration: Option<String>,
    /// Of a recovery: whether too few samples are all that is good about it.
    is_blind: bool,
    over_since: Option<String>,
    account: String,
    region: String,
    model: String,
    component: Option<String>,
    metric: String,
    namespace: Option<String>,
    line: LineFacts,
    value: Option<ValueFacts>,
    since: String,
    minimum_samples: String,
    samples: String,
    course: CourseFacts,
    table: Vec<String>,
    also: String,
    also_unread: Option<String>,
    reason: String,
    alarm_link: String,
    metrics_link: String,
    logs_link: String,
    tuning_parameter: String,
    /// The saved query that shows the calls.
    query: Option<&'static str>,
    /// The workgroup it is saved in.
    workgroup: String,
}

/// The line, as a reader sees it.
#[derive(Debug, Clone)]
enum LineFacts {
    Below(String),
    AtLeast(String),
    /// The edge of a band.
    Band,
    Unknown(String),
}

/// The mean of one period.
#[derive(Debug, Clone)]
struct ValueFacts {
    mean: String,
    samples: String,
    from: String,
}

/// How the metric went, as a reader sees it.
#[derive(Debug, Clone)]
enum CourseFacts {
    Sustained { beyond: usize },
    Intermittent { beyond: usize, judged: usize },
    TooLittleData { beyond: usize, judged: usize },
    NoFixedLine,
    Unknown(String),
}

impl QualityMail {
    fn of(note: &QualityNote<'_>) -> Self {
        let words = words(note.language);
        let row = quality_definition(note.alarm.kind);
        let range = range_of(row.metric);
        let observed = note.observed.known();
        let held = observed.map(|observed| &observed.held);
        let course = note.course.known();
        let value = told_period(note).map(|period| ValueFacts {
            mean: mean_value(words, range, period.mean),
            samples: count(period.samples),
            from: words.moment(period.start),
        });
        let (duration, over_since) = match note.occasion {
            AlarmOccasion::Fired { over_since } => (None, over_since),
            AlarmOccasion::Recovered { at } => {
                (Some(words.span(at.duration_since(note.alarm_at))), Some(at))
            }
        };
        let (also, also_unread) = lone::also_firing(words, note.also_firing, |alarm| {
            format!("{} ({})", alarm.kind, words.severity(alarm.severity))
        });
        Self {
            language: note.language,
            kind: note.alarm.kind,
            severity: note.alarm.severity,
            noun: words.quality_noun(note.alarm.kind),
            says: words.quality_says(note.alarm.kind),
            is_blind: duration.is_some() && course.is_some_and(|course| course.newest.is_none()),
            duration,
            over_since: over_since.map(|at| words.moment(at)),
            account: note.account.to_string(),
            region: note.region.to_string(),
            model: observed.map_or_else(
                || note.alarm.series.to_string(),
                |observed| one_line(&observed.series.model_id, 300),
            ),
            component: observed
                .and_then(|observed| observed.series.inference_component.as_ref())
                .map(|component| one_line(component, 100)),
            metric: row.metric.to_string(),
            namespace: observed.map(|observed| one_line(&observed.namespace, 255)),
            line: line(words, range, note),
            value,
            since: words.moment(note.alarm_at),
            minimum_samples: held.map(|held| count(held.minimum_samples)).unwrap_or_default(),
            samples: course.map(|course| count(course.samples)).unwrap_or_default(),
            course: course_facts(note.course),
            table: course.map(|course| hours(words, range, course)).unwrap_or_default(),
            also,
            also_unread,
            reason: reason(note.reason),
            alarm_link: links::alarm(note.region, &name::quality(note.prefix, note.alarm)),
            metrics_link: links::metrics_of(
                note.region,
                observed.map_or("", |observed| &observed.namespace),
            ),
            logs_link: links::logs_insights(note.region),
            tuning_parameter: setting_parameter(note.prefix, SETTING),
            query: saved_query(note.alarm.kind),
            workgroup: calls::workgroup(note.prefix),
        }
    }
}

pub(super) fn range_of(metric: Metric) -> Range {
    let is_it = |facts: &&Facts| facts.metric == metric;
    Metric::ALL.iter().find(is_it).map_or(Range::Amount, |facts| facts.range)
}

/// A ratio in percent, a score with three decimals: a line of 0.75 needs them beside 0.748.
pub(super) fn value(words: &dyn Words, range: Range, value: f64) -> String {
    match range {
        Range::Ratio => words.share(value),
        Range::Score => {
            // Cut towards the bad side of nothing: 0.7999 never reads as 0.8.
            let cut = (value * 1000.0 + 1e-9).floor() / 1000.0;
            let text = format!("{cut:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Range::Amount => count(value),
    }
}

/// A mean, as [`value`]; a ratio that is not 0 never reads as 0 %.
pub(super) fn mean_value(words: &dyn Words, range: Range, mean: f64) -> String {
    match range {
        Range::Ratio => words.mean_share(mean),
        Range::Score | Range::Amount => value(words, range, mean),
    }
}

fn line(words: &dyn Words, range: Range, note: &QualityNote<'_>) -> LineFacts {
    match note.observed {
        Read::Unreadable(why) => LineFacts::Unknown(reason(why)),
        Read::Known(Observed { held: Held { bad, line, .. }, .. }) => match (bad, line) {
            (_, None) => LineFacts::Band,
            (BadSide::Below, Some(line)) => LineFacts::Below(value(words, range, *line)),
            (BadSide::AtLeast, Some(line)) => LineFacts::AtLeast(value(words, range, *line)),
        },
    }
}

fn course_facts(course: &Read<Course>) -> CourseFacts {
    match course {
        Read::Unreadable(why) => CourseFacts::Unknown(reason(why)),
        Read::Known(course) => match course.persistence {
            Persistence::Sustained { beyond } => CourseFacts::Sustained { beyond },
            Persistence::Intermittent { beyond, judged } => {
                CourseFacts::Intermittent { beyond, judged }
            }
            Persistence::TooLittleData { beyond, judged } => {
                CourseFacts::TooLittleData { beyond, judged }
            }
            Persistence::NoFixedLine => CourseFacts::NoFixedLine,
        },
    }
}

fn hours(words: &dyn Words, range: Range, course: &Course) -> Vec<String> {
    let mut rows = vec![words.hour_table().map(str::to_owned).to_vec()];
    rows.extend(course.hours.iter().map(|hour| {
        let mean = hour.mean.map_or_else(|| "-".to_owned(), |mean| mean_value(words, range, mean));
        let beyond = match hour.beyond {
            Some(is_beyond) => words.yes_or_no(is_beyond),
            None => "-",
        };
        vec![words.moment_in_table(hour.start), count(hour.samples), mean, beyond.to_owned()]
    }));
    table(&rows)
}

fn subject_of(note: &QualityNote<'_>, held: Option<&Held>, mean: Option<f64>) -> String {
    let english = words(Language::En);
    let range = range_of(quality_definition(note.alarm.kind).metric);
    let figures = match (mean, held.and_then(|held| held.line)) {
        (Some(mean), Some(line)) => {
            format!(" {} (line {})", mean_value(english, range, mean), value(english, range, line))
        }
        (Some(mean), None) => format!(" {}", mean_value(english, range, mean)),
        (None, _) => String::new(),
    };
    let noun = english.quality_noun(note.alarm.kind);
    let reported = (noun, figures.as_str());
    let what = lone::headline(note.alarm.severity, reported, note.occasion, note.alarm_at);
    let series = note.observed.known().map(|observed| &observed.series);
    let model = series.map_or(note.alarm.series.as_str(), |series| &series.model_id);
    let component = series.and_then(|series| series.inference_component.as_deref());
    subject::quality(&what, model, component, note.region)
}
