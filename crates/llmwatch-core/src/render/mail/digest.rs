//! The weekly digest: three lines that say whether it need be read on, then the figures.

mod needs;
mod news;
mod pools;
mod scores;
mod unread;

use askama::Template;
use jiff::Timestamp;

use self::needs::NeedFacts;
use self::news::News;
use self::pools::{PoolLines, RestOfPools, UsedFacts, volume_table};
use self::scores::{SeriesLines, minimum_samples};
use self::unread::{Unread, UnreadPart};
use crate::digest::{Change, Digest, Volume, needs};
use crate::episode::EpisodeId;
use crate::ids::{AccountId, Region, StackPrefix};
use crate::price;
use crate::render::format::{count, dollars, one_line};
use crate::render::notice::{Facts, Kind, LinkFact, Notice};
use crate::render::words::{Words, words};
use crate::render::{links, subject};
use crate::settings::Language;
use crate::stored::setting_parameter;

/// The most pools, series and needs that are told of one by one; of the rest there is a line.
const MOST_LISTED: usize = 20;

/// The most of each sort of news, and of names in one line.
const MOST_NEWS: usize = 10;

/// The longest name of a model or series, in characters.
const MAX_NAME_CHARS: usize = 200;

/// What the mail of a digest tells.
#[derive(Debug, Clone, Copy)]
pub struct DigestNote<'a> {
    /// The language of the mail.
    pub language: Language,
    /// The account.
    pub account: &'a AccountId,
    /// The Region watched.
    pub region: &'a Region,
    /// The stack's prefix, for the names of parameters.
    pub prefix: &'a StackPrefix,
    /// The namespace of the scores.
    pub namespace: &'a str,
    /// What the week came to.
    pub digest: &'a Digest,
    /// Now.
    pub now: Timestamp,
}

/// The notice of a digest.
#[must_use]
pub fn digest_notice(note: &DigestNote<'_>) -> Notice {
    let mail = DigestMail::of(note);
    let id = EpisodeId::from_text(&format!("digest-{}", mail.last_day));
    let summary = match mail.headline {
        Headline::Needs { pools: 1 } => "1 pool needs you".to_owned(),
        Headline::Needs { pools } => format!("{pools} pools need you"),
        Headline::Nothing => "Nothing needs you".to_owned(),
        Headline::NothingSeen => "Not everything could be read".to_owned(),
    };
    let facts = Facts {
        thread: id.marker(),
        kind: Kind::Digest,
        state: match mail.headline {
            Headline::Needs { .. } => "needs-somebody",
            Headline::Nothing => "needs-nobody",
            Headline::NothingSeen => "partly-unread",
        },
        severity: None,
        at: note.now,
        language: note.language,
        account: note.account.to_string(),
        region: note.region.to_string(),
        pool: None,
        series: None,
        inference_component: None,
        alarms: Vec::new(),
        decision: None,
        actions: Vec::new(),
        links: vec![
            LinkFact::new("metrics", "AWS/Bedrock", &mail.metrics_link),
            LinkFact::new("metrics", note.namespace, &mail.scores_link),
        ],
    };
    let subject = subject::digest(&summary, (&mail.first_day, &mail.last_day), note.region);
    Notice::new(facts, subject, &mail)
}

#[derive(Template)]
#[template(path = "mail/digest.txt")]
struct DigestMail {
    language: Language,
    headline: Headline,
    account: String,
    region: String,
    first_day: String,
    last_day: String,
    /// Whether the list of pools could be read, and has some.
    has_pools: bool,
    requests: String,
    refused: String,
    failed: String,
    cost: Option<String>,
    unpriced: usize,
    prices_parameter: String,
    needs: Vec<NeedFacts>,
    more_needs: usize,
    news: Vec<News>,
    totals: Vec<String>,
    pools: Vec<PoolLines>,
    rest_of_pools: Option<RestOfPools>,
    series: Vec<SeriesLines>,
    more_series: usize,
    are_scores_read: bool,
    minimum_samples: String,
    unread: Vec<Unread>,
    metrics_link: String,
    scores_link: String,
}

/// What the first line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Headline {
    /// So many pools need somebody.
    Needs { pools: usize },
    /// Everything was read, and nothing of it needs anybody.
    Nothing,
    /// Nothing that was read needs anybody, but something was not read.
    NothingSeen,
}

impl DigestMail {
    fn of(note: &DigestNote<'_>) -> Self {
        let DigestNote { language, digest, .. } = *note;
        let words = words(language);
        let all_needs = needs(digest.pools());
        let unread = Unread::all(digest);
        let headline = match (all_needs.len(), unread.is_empty()) {
            (0, true) => Headline::Nothing,
            (0, false) => Headline::NothingSeen,
            (pools, _) => Headline::Needs { pools },
        };
        let (first_day, last_day) = digest.week.days();
        let volume = |volume: Volume| {
            figure(words, digest.volumes.this.get(volume), digest.volumes.before.get(volume))
        };
        let sum = |one: Volume, other: Volume| {
            let of = |volumes: &crate::digest::Volumes| volumes.get(one) + volumes.get(other);
            figure(words, of(&digest.volumes.this), of(&digest.volumes.before))
        };
        let told = all_needs.iter().take(MOST_LISTED);
        Self {
            language,
            headline,
            account: note.account.to_string(),
            region: note.region.to_string(),
            has_pools: !digest.pools().is_empty(),
            requests: volume(Volume::Requests),
            refused: volume(Volume::Throttles),
            failed: sum(Volume::ClientErrors, Volume::ServerErrors),
            cost: digest.cost.dollars.map(|sum| cost(words, sum, digest.cost.change)),
            unpriced: digest.cost.unpriced,
            prices_parameter: setting_parameter(note.prefix, price::SETTING),
            needs: told.map(|need| NeedFacts::of(words, need, note.region)).collect(),
            more_needs: all_needs.len().saturating_sub(MOST_LISTED),
            news: news::all(words, digest),
            totals: volume_table(words, &digest.volumes, &digest.cost),
            pools: PoolLines::all(words, digest.pools()),
            rest_of_pools: RestOfPools::of(words, digest.pools()),
            series: SeriesLines::all(words, digest.series()),
            more_series: digest.series().len().saturating_sub(MOST_LISTED),
            are_scores_read: digest.series.known().is_some(),
            minimum_samples: minimum_samples(),
            unread,
            metrics_link: links::metrics(note.region),
            scores_link: links::metrics_of(note.region, note.namespace),
            first_day,
            last_day,
        }
    }
}

/// A count with its change: `1,234 (+12 %)`; what was and is nothing has none.
fn figure(words: &dyn Words, this: f64, before: f64) -> String {
    if this == 0.0 && before == 0.0 {
        return count(0.0);
    }
    with_change(words, count(this), Change::of(Some(this), Some(before)))
}

/// Dollars with their change, where that is known.
fn cost(words: &dyn Words, sum: f64, change: Change) -> String {
    with_change(words, dollars(sum), change)
}

fn with_change(words: &dyn Words, value: String, change: Change) -> String {
    match change {
        Change::Unknown => value,
        Change::Same | Change::FromNothing | Change::By(_) => {
            format!("{value} ({})", words.change(change))
        }
    }
}

fn name(text: &str) -> String {
    one_line(text, MAX_NAME_CHARS)
}

/// Names in one line, and how many more there are.
fn names<'a>(words: &dyn Words, all: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<String> = all.map(name).collect();
    let more = all.len().saturating_sub(MOST_NEWS);
    let mut told: Vec<String> = all.into_iter().take(MOST_NEWS).collect();
    if more > 0 {
        told.push(format!("+{more}"));
    }
    words.list(&told.iter().map(String::as_str).collect::<Vec<_>>())
}
