//! The mail about a component alarm: a SageMaker inference component answers with errors. What it says
//! of a budget stands in [`component_cost`].

use askama::Template;
use jiff::Timestamp;

use super::component_cost::{self, ComponentCostMail};
use super::lone;
use crate::alarm::change::AlarmOccasion;
use crate::alarm::name::{self, ComponentAlarm};
use crate::alarm::tuning::SETTING;
use crate::alarm::{AlarmKind, definition};
use crate::component::alarm::{NAMESPACE, component_kind};
use crate::component::before::Before;
use crate::component::course::Course;
use crate::episode::EpisodeId;
use crate::evidence::Read;
use crate::ids::{AccountId, Region, StackPrefix};
use crate::render::facts::reason;
use crate::render::format::count;
use crate::render::layout::table;
use crate::render::notice::{AlarmFact, Facts, Kind, LinkFact, Notice, alarm_arn};
use crate::render::words::{Words, words};
use crate::render::{links, subject};
use crate::settings::Language;
use crate::stored::setting_parameter;

/// What a mail about a component alarm tells.
#[derive(Debug, Clone)]
pub struct ComponentNote<'a> {
    /// The language of the mail.
    pub language: Language,
    /// The account.
    pub account: &'a AccountId,
    /// The Region of the alarm.
    pub region: &'a Region,
    /// The stack's prefix, for the names of parameters and alarms.
    pub prefix: &'a StackPrefix,
    /// Which alarm.
    pub alarm: &'a ComponentAlarm,
    /// The metric's newest value by the event, where it has one.
    pub value: Option<f64>,
    /// The line by the event, where it has one.
    pub line: Option<f64>,
    /// What is known of the time before the change.
    pub before: &'a Before,
    /// The other alarms of the component that fire now.
    pub also_firing: &'a Read<Vec<ComponentAlarm>>,
    /// When the alarm went to ALARM.
    pub alarm_at: Timestamp,
    /// What the mail is about.
    pub occasion: AlarmOccasion,
    /// CloudWatch's reason for the change.
    pub reason: &'a str,
    /// What mails of this change are found by, by [`change_id`](crate::alarm::change::change_id).
    pub id: &'a str,
    /// Now.
    pub now: Timestamp,
}

impl ComponentNote<'_> {
    /// When the alarm was OK again, of a recovery.
    pub(super) fn recovered(&self) -> Option<Timestamp> {
        match self.occasion {
            AlarmOccasion::Fired { .. } => None,
            AlarmOccasion::Recovered { at } => Some(at),
        }
    }
}

/// The notice about a component alarm that fires or is OK again.
///
/// Whether it goes out is decided by the alarm's severity; a recovery has its alarm's.
#[must_use]
pub fn component_notice(note: &ComponentNote<'_>) -> Notice {
    match note.before {
        Before::Course(course) => {
            let mail = ComponentMail::of(note, course);
            Notice::new(facts(note, mail.links()), subject_of(note), &mail)
        }
        Before::Spending(spending) => {
            let mail = ComponentCostMail::of(note, spending);
            Notice::new(facts(note, mail.links()), subject_of(note), &mail)
        }
    }
}

fn facts(note: &ComponentNote<'_>, links: Vec<LinkFact>) -> Facts {
    let kind = match note.occasion {
        AlarmOccasion::Fired { .. } => Kind::ComponentAlarm,
        AlarmOccasion::Recovered { .. } => Kind::ComponentRecovery,
    };
    Facts {
        thread: EpisodeId::from_text(note.id).marker(),
        kind,
        state: lone::state(note.occasion),
        severity: Some(note.alarm.severity()),
        at: note.now,
        language: note.language,
        account: note.account.to_string(),
        region: note.region.to_string(),
        pool: None,
        series: None,
        inference_component: Some(note.alarm.component.to_string()),
        alarms: vec![alarm_fact(note)],
        decision: None,
        actions: Vec::new(),
        links,
    }
}

/// The alarm, as machines are told of it.
fn alarm_fact(note: &ComponentNote<'_>) -> AlarmFact {
    let name = name::component(note.prefix, note.alarm);
    AlarmFact {
        arn: alarm_arn(note.region, note.account, &name),
        name,
        kind: note.alarm.kind.word().to_owned(),
        severity: note.alarm.severity(),
        since: note.alarm_at,
        recovered_at: note.occasion.recovered_at(),
        value: note.value,
        line: note.line,
        reason: reason(note.reason),
    }
}

/// What every mail about a component alarm says of it.
pub(super) struct ComponentAlarmFacts {
    pub(super) kind: AlarmKind,
    pub(super) severity: &'static str,
    pub(super) noun: &'static str,
    pub(super) says: &'static str,
    pub(super) since: String,
    /// When it was OK again.
    pub(super) over_since: Option<String>,
    /// How long it lasted, of a recovery.
    pub(super) duration: Option<String>,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) component: String,
    pub(super) label: String,
    pub(super) also: String,
    pub(super) also_unread: Option<String>,
    pub(super) reason: String,
    pub(super) alarm_link: String,
    pub(super) tuning_parameter: String,
}

impl ComponentAlarmFacts {
    pub(super) fn of(words: &dyn Words, note: &ComponentNote<'_>) -> Self {
        let ComponentAlarm { kind, component } = note.alarm;
        let lasted = note.recovered().map(|at| at.duration_since(note.alarm_at));
        let (also, also_unread) =
            lone::also_firing(words, note.also_firing, |alarm| alarm.kind.word().to_owned());
        Self {
            kind: *kind,
            severity: words.severity(note.alarm.severity()),
            noun: words.noun(*kind),
            says: words.component_says(*kind),
            since: words.moment(note.alarm_at),
            over_since: note.occasion.recovered_at().map(|at| words.moment(at)),
            duration: lasted.map(|lasted| words.span(lasted)),
            account: note.account.to_string(),
            region: note.region.to_string(),
            component: component.to_string(),
            label: component.label(),
            also,
            also_unread,
            reason: reason(note.reason),
            alarm_link: links::alarm(note.region, &name::component(note.prefix, note.alarm)),
            tuning_parameter: setting_parameter(note.prefix, SETTING),
        }
    }

    pub(super) fn link(&self) -> LinkFact {
        LinkFact::new("alarm", self.kind.word(), &self.alarm_link)
    }
}

#[derive(Template)]
#[template(path = "mail/component.txt")]
struct ComponentMail {
    language: Language,
    alarm: ComponentAlarmFacts,
    /// Of a recovery: whether there are no calls to say that anything is good.
    is_idle: bool,
    metric: &'static str,
    namespace: &'static str,
    period: String,
    line: Option<String>,
    value: Option<String>,
    unread: Option<String>,
    table: Vec<String>,
    log_group: String,
    metrics_link: String,
    logs_link: String,
}

impl ComponentMail {
    fn links(&self) -> Vec<LinkFact> {
        vec![
            self.alarm.link(),
            LinkFact::new("metrics", NAMESPACE, &self.metrics_link),
            LinkFact::new("logs", &self.log_group, &self.logs_link),
        ]
    }

    fn of(note: &ComponentNote<'_>, course: &Read<Course>) -> Self {
        let words = words(note.language);
        let known = course.known();
        Self {
            language: note.language,
            alarm: ComponentAlarmFacts::of(words, note),
            is_idle: note.recovered().zip(known).is_some_and(|(at, course)| course.is_idle(at)),
            metric: component_kind(note.alarm.kind).map_or("", |of| of.metric),
            namespace: NAMESPACE,
            period: words.period(definition(note.alarm.kind).period_seconds),
            line: note.line.map(count),
            value: note.value.map(count),
            unread: course.why().map(reason),
            table: known.map(|course| periods(words, course)).unwrap_or_default(),
            log_group: log_group(note.alarm),
            metrics_link: links::metrics_of(note.region, NAMESPACE),
            logs_link: links::logs_insights(note.region),
        }
    }
}

/// Where the containers of a component write. Not documented as such; seen in accounts whose log
/// groups are published.
fn log_group(alarm: &ComponentAlarm) -> String {
    format!("/aws/sagemaker/InferenceComponents/{}", alarm.component)
}

fn periods(words: &dyn Words, course: &Course) -> Vec<String> {
    if course.periods.is_empty() {
        return Vec::new();
    }
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let mut rows = vec![words.component_table().map(str::to_owned).to_vec()];
    rows.extend(course.periods.iter().map(|period| {
        vec![
            words.moment_in_table(period.start),
            count(period.invocations),
            count(period.client_errors),
            count(period.server_errors),
            or_none(period.p90_latency_ms.map(|ms| format!("{} ms", count(ms.round())))),
            or_none(period.gpu_memory_percent.map(|used| words.share(used / 100.0))),
        ]
    }));
    table(&rows)
}

fn subject_of(note: &ComponentNote<'_>) -> String {
    let noun = words(Language::En).noun(note.alarm.kind);
    let figures = match (note.before, note.value, note.line) {
        (Before::Spending(_), value, line) => component_cost::figures(value, line),
        (Before::Course(_), Some(value), Some(line)) => {
            format!(": {} (line {})", count(value), count(line))
        }
        (Before::Course(_), Some(value), None) => format!(": {}", count(value)),
        (Before::Course(_), None, _) => String::new(),
    };
    let reported = (noun, figures.as_str());
    let what = lone::headline(note.alarm.severity(), reported, note.occasion, note.alarm_at);
    subject::quality(&what, note.alarm.component.as_str(), None, note.region)
}
