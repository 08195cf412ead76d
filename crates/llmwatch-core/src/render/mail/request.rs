//! The mail that tells what has become of a quota increase request.

use askama::Template;
use jiff::Timestamp;

use super::done;
use crate::evidence::Read;
use crate::ids::Region;
use crate::quota::QuotaKind;
use crate::render::facts::PoolFacts;
use crate::render::format::{count, one_line};
use crate::render::notice::{ActionFact, Facts, Kind, LinkFact, Notice, PoolFact};
use crate::render::words::words;
use crate::render::{links, subject};
use crate::request_watch::{News, PATIENCE, RequestStatus, Standing, WatchedRequest};
use crate::settings::Language;
use crate::stored::StoredPool;

/// What a mail about a request's end tells.
#[derive(Debug, Clone)]
pub struct RequestNote<'a> {
    /// The language of the mail.
    pub language: Language,
    /// The request.
    pub watched: &'a WatchedRequest,
    /// The Region of the pool.
    pub region: &'a Region,
    /// The pool as stored, for its model's other scopes.
    pub stored: &'a Read<StoredPool>,
    /// What is to be told.
    pub news: News,
    /// What it was told from.
    pub standing: Standing,
    /// Service Quotas' own word for the status.
    pub status_word: &'a str,
    /// The number of the request's case, once there is one.
    pub case_number: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
}

/// The notice about a request that was granted or not, or whose value waits to be applied.
///
/// Whether it goes out is decided by the severity of the episode that told of the request.
#[must_use]
pub fn request_notice(note: &RequestNote<'_>) -> Notice {
    let RequestNote { watched, region, stored, news, standing, .. } = note;
    let words = words(note.language);
    let pool = PoolFacts::new(words, &watched.account, region, &watched.pool, stored);
    let elsewhere = stored.known().map_or(&[][..], |stored| &stored.adjustable_elsewhere);
    let in_force = standing.applied.unwrap_or(watched.from);
    let mail = RequestMail {
        language: note.language,
        news: *news,
        kind: watched.kind,
        code: watched.code.to_string(),
        unit: words.unit(watched.kind),
        from: count(watched.from),
        desired: count(watched.desired),
        // Where nothing was applied, AWS's default holds as before.
        in_force: count(in_force),
        is_unchanged: in_force == watched.from,
        is_default: standing.applied.is_none(),
        request: one_line(&watched.id, 60),
        requested_at: words.moment(watched.requested_at),
        waited: words.span(note.now.duration_since(watched.requested_at)),
        patience_days: PATIENCE.as_hours() / 24,
        status: match standing.status {
            RequestStatus::Forgotten => None,
            RequestStatus::Pending
            | RequestStatus::CaseOpened
            | RequestStatus::CaseClosed
            | RequestStatus::Approved
            | RequestStatus::Denied
            | RequestStatus::NotApproved
            | RequestStatus::InvalidRequest
            | RequestStatus::Unheard => Some(one_line(note.status_word, 40)),
        },
        since: standing.since.map(|at| words.moment(at)),
        case: note.case_number.map(|number| one_line(number, 40)),
        // Support's console finds the case; without one the list of requests tells most.
        follow_link: note
            .case_number
            .map_or_else(|| links::quota_requests(region), |number| links::case(region, number)),
        new_case_link: links::cases(region),
        quota_link: links::quota(region, &watched.code),
        other_scopes: done::scopes(words, elsewhere),
        episode: watched.episode.to_string(),
        now: words.moment(note.now),
        pool,
    };
    let facts = Facts {
        thread: watched.episode.marker(),
        kind: Kind::RequestNews,
        state: news.word(),
        severity: Some(watched.severity),
        at: note.now,
        language: note.language,
        account: watched.account.to_string(),
        region: region.to_string(),
        pool: Some(PoolFact::of(&watched.pool, &mail.pool)),
        series: None,
        inference_component: None,
        alarms: Vec::new(),
        decision: None,
        actions: vec![action(note, &mail)],
        links: vec![
            LinkFact::new("quota", watched.kind.abbreviation(), &mail.quota_link),
            match &mail.case {
                Some(case) => LinkFact::new("case", case, &mail.follow_link),
                None => LinkFact::new("request", &mail.request, &mail.follow_link),
            },
        ],
    };
    Notice::new(facts, subject::request(watched, *news, &mail.pool), &mail)
}

/// The request, as machines are told of it.
fn action(note: &RequestNote<'_>, mail: &RequestMail) -> ActionFact {
    ActionFact {
        action: "quota-increase",
        outcome: note.news.word(),
        quota: Some(note.watched.kind.abbreviation()),
        quota_code: Some(mail.code.clone()),
        from: Some(note.watched.from),
        to: Some(note.watched.desired),
        in_force: note.standing.applied,
        request: Some(mail.request.clone()),
        case: mail.case.clone(),
        why: None,
    }
}

#[derive(Template)]
#[template(path = "mail/request.txt")]
struct RequestMail {
    language: Language,
    pool: PoolFacts,
    news: News,
    kind: QuotaKind,
    code: String,
    unit: &'static str,
    from: String,
    desired: String,
    in_force: String,
    /// Whether the value in force is as it was.
    is_unchanged: bool,
    is_default: bool,
    request: String,
    requested_at: String,
    waited: String,
    patience_days: i64,
    /// `None` when Service Quotas does not know the request any more.
    status: Option<String>,
    since: Option<String>,
    case: Option<String>,
    follow_link: String,
    new_case_link: String,
    quota_link: String,
    other_scopes: String,
    episode: String,
    now: String,
}
