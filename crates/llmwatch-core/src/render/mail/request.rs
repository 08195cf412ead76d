//! The mail that tells what has become of a quota increase request.

use askama::Template;
use jiff::Timestamp;

use super::done;
use crate::evidence::Read;
use crate::ids::Region;
use crate::quota::QuotaKind;
use crate::render::facts::PoolFacts;
use crate::render::format::{count, one_line, span, utc};
use crate::render::layout::{fit, wrap};
use crate::render::{MAX_MAIL_CHARS, Mail, links, subject};
use crate::request_watch::{News, PATIENCE, RequestStatus, Standing, WatchedRequest};
use crate::stored::StoredPool;

/// What a mail about a request's end tells.
#[derive(Debug, Clone)]
pub struct RequestNote<'a> {
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

/// The mail about a request that was granted or not, or whose value waits to be applied.
///
/// Whether it goes out is decided by the severity of the episode that told of the request.
#[must_use]
pub fn request_mail(note: &RequestNote<'_>) -> Mail {
    let RequestNote { watched, region, stored, news, standing, .. } = note;
    let pool = PoolFacts::new(&watched.account, region, &watched.pool, stored);
    let elsewhere = stored.known().map_or(&[][..], |stored| &stored.adjustable_elsewhere);
    let in_force = standing.applied.unwrap_or(watched.from);
    let mail = RequestMail {
        subject: subject::request(watched, *news, &pool),
        news: *news,
        kind: watched.kind,
        code: watched.code.to_string(),
        unit: watched.kind.unit(),
        from: count(watched.from),
        desired: count(watched.desired),
        // Where nothing was applied, AWS's default holds as before.
        in_force: count(in_force),
        stands: match in_force == watched.from {
            true => format!("still {}", count(in_force)),
            false => format!("now {}", count(in_force)),
        },
        is_default: standing.applied.is_none(),
        request: one_line(&watched.id, 60),
        requested_at: utc(watched.requested_at),
        waited: span(note.now.duration_since(watched.requested_at)),
        patience_days: PATIENCE.as_hours() / 24,
        status: one_line(note.status_word, 40),
        since: standing.since.map(utc),
        case: note.case_number.map(|number| one_line(number, 40)),
        // Support's console finds the case; without one the list of requests tells most.
        follow_link: note
            .case_number
            .map_or_else(|| links::quota_requests(region), |number| links::case(region, number)),
        new_case_link: links::cases(region),
        quota_link: links::quota(region, &watched.code),
        other_scopes: done::scopes(elsewhere),
        episode: watched.episode.to_string(),
        now: utc(note.now),
        pool,
    };
    Mail {
        body: fit(&wrap(&mail.to_string()), &watched.episode.marker(), MAX_MAIL_CHARS),
        subject: mail.subject,
    }
}

#[derive(Template)]
#[template(path = "en/mail/request.txt")]
struct RequestMail {
    subject: String,
    pool: PoolFacts,
    news: News,
    kind: QuotaKind,
    code: String,
    unit: &'static str,
    from: String,
    desired: String,
    in_force: String,
    /// The value in force, with a word whether it is as it was.
    stands: String,
    is_default: bool,
    request: String,
    requested_at: String,
    waited: String,
    patience_days: i64,
    status: String,
    since: Option<String>,
    case: Option<String>,
    follow_link: String,
    new_case_link: String,
    quota_link: String,
    other_scopes: String,
    episode: String,
    now: String,
}
