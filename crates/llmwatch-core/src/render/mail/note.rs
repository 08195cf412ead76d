//! The shorter mails: an episode is over; a request still has no case.

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::{Link, LinkTo, alarm_link, quota_table};
use crate::alarm::Severity;
use crate::decision::Firing;
use crate::duplicate::{CaseId, Category};
use crate::episode::EpisodeId;
use crate::evidence::{Evidence, Read};
use crate::ids::{AccountId, QuotaCode, Region};
use crate::pool::PoolLabel;
use crate::quota::QuotaKind;
use crate::render::facts::{
    AlarmFacts, Event, Moment, PoolFacts, QuotaFacts, TrafficFacts, alarm_events, in_order, reason,
};
use crate::render::format::{count, one_line};
use crate::render::notice::{ActionFact, Facts, Kind, LinkFact, Notice, PoolFact, alarm_facts};
use crate::render::words::{Words, words};
use crate::render::{MailContext, links, subject};
use crate::settings::Language;
use crate::stored::StoredPool;

/// What a recovery mail tells.
#[derive(Debug, Clone)]
pub struct RecoveryNote<'a> {
    /// The language of the mail.
    pub language: Language,
    /// The account.
    pub account: &'a AccountId,
    /// The Region of the pool.
    pub region: &'a Region,
    /// The pool's label.
    pub pool: &'a PoolLabel,
    /// The pool with its quotas as they are now.
    pub stored: &'a Read<StoredPool>,
    /// The episode.
    pub episode: &'a EpisodeId,
    /// Every alarm that fired in it.
    pub firing: &'a Firing,
    /// From the first alarm to the last recovery.
    pub duration: SignedDuration,
    /// The usage over the episode: its window is what the mail calls "during the episode".
    pub evidence: &'a Evidence,
    /// What was requested or opened for the pool and is not finished.
    pub left_open: &'a Read<Vec<LeftOpen>>,
    /// Now.
    pub now: Timestamp,
}

/// A request or case that outlives its episode.
#[derive(Debug, Clone, PartialEq)]
pub enum LeftOpen {
    /// A quota increase request.
    Request {
        /// The quota.
        kind: QuotaKind,
        /// Its code.
        code: QuotaCode,
        /// The value asked for, in the quota's unit.
        desired: f64,
        /// The request's id.
        request: String,
        /// Its case, once there is one.
        case: Option<CaseId>,
    },
    /// A case.
    Case {
        /// What it is for.
        category: Category,
        /// The case.
        case: CaseId,
    },
}

/// The notice that an episode is over: how long, what fired, the figures, what is left open.
///
/// Whether it goes out is decided by the severity of `firing`, as for the mail that opened the
/// episode.
#[must_use]
pub fn recovery_notice(note: &RecoveryNote<'_>, context: &MailContext) -> Notice {
    let words = words(note.language);
    let pool = PoolFacts::new(words, note.account, note.region, note.pool, note.stored);
    let alarms = note.firing.alarms();
    let quotas = QuotaFacts::of_episode(words, note.stored, note.evidence);
    let from = alarms.iter().map(|alarm| alarm.since).min();
    let to = alarms.iter().filter_map(|alarm| alarm.recovered_at).max();
    let mail = RecoveryMail {
        language: note.language,
        duration: words.span(note.duration),
        from: from.map(|at| words.moment(at)).unwrap_or_default(),
        to: to.map(|at| words.moment(at)),
        // The thresholds are those of now: they may have moved since the alarms fired.
        alarms: AlarmFacts::all(words, alarms, None),
        quota_table: quota_table(words, &quotas),
        has_quotas: !quotas.is_empty(),
        traffic: TrafficFacts::of(words, note.evidence),
        left_open: note
            .left_open
            .listed()
            .iter()
            .map(|left| open_item(words, left, note, context))
            .collect(),
        left_open_unread: note.left_open.why().map(reason),
        time_line: in_order(words, alarm_events(alarms)),
        links: links_of(note, context),
        pool,
    };
    let facts = Facts {
        thread: note.episode.marker(),
        kind: Kind::Recovery,
        state: "recovered",
        severity: Some(note.firing.severity()),
        at: note.now,
        language: note.language,
        account: note.account.to_string(),
        region: note.region.to_string(),
        pool: Some(PoolFact::of(note.pool, &mail.pool)),
        series: None,
        inference_component: None,
        alarms: alarm_facts(&context.prefix, note.pool, note.firing),
        decision: None,
        actions: left_open_actions(note, context),
        links: mail.links.iter().map(Link::fact).collect(),
    };
    let subject = subject::recovery(note.firing, note.duration, &mail.pool);
    Notice::new(facts, subject, &mail)
}

/// What outlives the episode, as machines are told it.
fn left_open_actions(note: &RecoveryNote<'_>, context: &MailContext) -> Vec<ActionFact> {
    let action = |left: &LeftOpen| match left {
        LeftOpen::Request { kind, code, desired, request, case } => ActionFact {
            action: "quota-increase",
            outcome: STILL_OPEN,
            quota: Some(kind.abbreviation()),
            quota_code: Some(code.to_string()),
            to: Some(*desired),
            request: Some(one_line(request, 60)),
            case: case.as_ref().map(|case| context.case_number(case)),
            ..ActionFact::default()
        },
        LeftOpen::Case { case, .. } => ActionFact {
            action: "case",
            outcome: STILL_OPEN,
            case: Some(context.case_number(case)),
            ..ActionFact::default()
        },
    };
    note.left_open.known().into_iter().flatten().map(action).collect()
}

/// The outcome of what outlives its episode.
const STILL_OPEN: &str = "still-open";

#[derive(Template)]
#[template(path = "mail/recovery.txt")]
struct RecoveryMail {
    language: Language,
    pool: PoolFacts,
    duration: String,
    from: String,
    to: Option<String>,
    alarms: Vec<AlarmFacts>,
    quota_table: Vec<String>,
    has_quotas: bool,
    traffic: TrafficFacts,
    left_open: Vec<OpenItem>,
    /// Why it is not known what is open.
    left_open_unread: Option<String>,
    time_line: Vec<Moment>,
    links: Vec<Link>,
}

struct OpenItem {
    what: OpenMatter,
    link: String,
}

enum OpenMatter {
    Request {
        kind: QuotaKind,
        code: QuotaCode,
        desired: String,
        unit: &'static str,
        request: String,
        case: Option<String>,
    },
    Case {
        category: Category,
        case: String,
    },
}

fn open_item(
    words: &dyn Words,
    left: &LeftOpen,
    note: &RecoveryNote<'_>,
    context: &MailContext,
) -> OpenItem {
    let link_of = |case: &CaseId| context.case_link(note.region, case);
    match left {
        LeftOpen::Request { kind, code, desired, request, case } => OpenItem {
            what: OpenMatter::Request {
                kind: *kind,
                code: code.clone(),
                desired: count(*desired),
                unit: words.unit(*kind),
                request: one_line(request, 60),
                case: case.as_ref().map(|case| context.case_number(case)),
            },
            link: case.as_ref().map_or_else(|| links::quota_requests(note.region), link_of),
        },
        LeftOpen::Case { category, case } => OpenItem {
            what: OpenMatter::Case { category: *category, case: context.case_number(case) },
            link: link_of(case),
        },
    }
}

fn links_of(note: &RecoveryNote<'_>, context: &MailContext) -> Vec<Link> {
    let alarms = note.firing.alarms().iter();
    alarms
        .map(|alarm| alarm_link(note.region, note.pool, alarm.kind, context))
        .chain([Link { to: LinkTo::BedrockMetrics, address: links::metrics(note.region) }])
        .collect()
}

/// What a mail about a request without a case tells.
#[derive(Debug, Clone)]
pub struct PendingNote<'a> {
    /// The language of the mail.
    pub language: Language,
    /// The account.
    pub account: &'a AccountId,
    /// The Region of the pool.
    pub region: &'a Region,
    /// The pool's label.
    pub pool: &'a PoolLabel,
    /// The episode the request was made in.
    pub episode: &'a EpisodeId,
    /// The quota.
    pub kind: QuotaKind,
    /// Its code.
    pub code: &'a QuotaCode,
    /// The value asked for, in the quota's unit.
    pub desired: f64,
    /// The request's id.
    pub request: &'a str,
    /// When it was made.
    pub requested_at: Timestamp,
    /// Now.
    pub now: Timestamp,
    /// What its case would have been told: [`quota_case_text`](crate::render::quota_case_text).
    pub case_text: &'a str,
}

/// The notice that a request was submitted long ago and its case id is still pending.
#[must_use]
pub fn pending_notice(note: &PendingNote<'_>) -> Notice {
    let words = words(note.language);
    let why = String::new();
    let pool = PoolFacts::new(words, note.account, note.region, note.pool, &Read::Unreadable(why));
    let mail = PendingMail {
        language: note.language,
        kind: note.kind,
        code: note.code.to_string(),
        desired: count(note.desired),
        unit: words.unit(note.kind),
        request: one_line(note.request, 60),
        requested_at: words.moment(note.requested_at),
        waited: words.span(note.now.duration_since(note.requested_at)),
        requests_link: links::quota_requests(note.region),
        cases_link: links::cases(note.region),
        case_text: note.case_text.lines().map(|line| format!("    {line}")).collect(),
        pool: pool.clone(),
    };
    let facts = Facts {
        thread: note.episode.marker(),
        kind: Kind::PendingCase,
        state: "pending",
        severity: Some(Severity::Warning),
        at: note.now,
        language: note.language,
        account: note.account.to_string(),
        region: note.region.to_string(),
        pool: Some(PoolFact::of(note.pool, &pool)),
        series: None,
        inference_component: None,
        alarms: Vec::new(),
        decision: None,
        actions: vec![ActionFact {
            action: "quota-increase",
            outcome: "submitted-id-pending",
            quota: Some(note.kind.abbreviation()),
            quota_code: Some(note.code.to_string()),
            to: Some(note.desired),
            request: Some(mail.request.clone()),
            ..ActionFact::default()
        }],
        links: vec![
            LinkFact::new("request", &mail.request, &mail.requests_link),
            LinkFact::new("case", "", &mail.cases_link),
        ],
    };
    Notice::new(facts, subject::pending(note.kind, &pool), &mail)
}

#[derive(Template)]
#[template(path = "mail/pending.txt")]
struct PendingMail {
    language: Language,
    pool: PoolFacts,
    kind: QuotaKind,
    code: String,
    desired: String,
    unit: &'static str,
    request: String,
    requested_at: String,
    waited: String,
    requests_link: String,
    cases_link: String,
    case_text: Vec<String>,
}
