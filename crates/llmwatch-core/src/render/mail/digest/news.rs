//! What changed in a week.

use super::{MOST_NEWS, name, names};
use crate::digest::{Digest, Move, PoolWeek, QuotaMove, moved_most};
use crate::evidence::Read;
use crate::quality::Metric;
use crate::render::format::count;
use crate::render::mail::quality::{mean_value, range_of};
use crate::render::words::Words;
use crate::request_watch::WatchedRequest;

/// One piece of news, in words and figures.
#[derive(Debug, Clone)]
pub(super) enum News {
    Quota {
        kind: &'static str,
        pool: String,
        from: String,
        to: String,
        at: String,
    },
    /// More quotas changed than are told of.
    MoreQuotas(usize),
    /// Pools with requests this week and none the week before.
    New {
        pools: String,
    },
    /// Pools with requests the week before and none this week.
    Silent {
        pools: String,
    },
    Score {
        metric: Metric,
        series: String,
        from: String,
        to: String,
        is_better: Option<bool>,
    },
    Alarms {
        pools: String,
    },
    Request {
        kind: &'static str,
        pool: String,
        from: String,
        to: String,
        at: String,
    },
    /// More requests are open than are told of.
    MoreRequests(usize),
}

pub(super) fn all(words: &dyn Words, digest: &Digest) -> Vec<News> {
    let mut news = quotas(words, digest.pools());
    let pools_that = |is_so: fn(&PoolWeek) -> bool| {
        let pools: Vec<String> = digest
            .pools()
            .iter()
            .filter(|pool| is_so(pool))
            .map(|pool| pool.pool.to_string())
            .collect();
        (!pools.is_empty()).then(|| names(words, pools.iter().map(String::as_str)))
    };
    news.extend(pools_that(PoolWeek::is_new).map(|pools| News::New { pools }));
    news.extend(pools_that(PoolWeek::is_silent).map(|pools| News::Silent { pools }));
    news.extend(moved_most(digest.series()).iter().map(|moved| score(words, moved)));
    news.extend(alarms(words, digest.pools()));
    news.extend(requests(words, &digest.watched));
    news
}

fn quotas(words: &dyn Words, pools: &[PoolWeek]) -> Vec<News> {
    let moves: Vec<(&PoolWeek, &QuotaMove)> = pools
        .iter()
        .flat_map(|pool| pool.moves.known().into_iter().flatten().map(move |moved| (pool, moved)))
        .collect();
    let told = moves.iter().take(MOST_NEWS).map(|(pool, moved)| News::Quota {
        kind: moved.kind.abbreviation(),
        pool: name(&pool.pool.to_string()),
        from: count(moved.from),
        to: count(moved.to),
        at: words.moment(moved.at),
    });
    let more = moves.len().checked_sub(MOST_NEWS).filter(|more| *more > 0);
    told.chain(more.map(News::MoreQuotas)).collect()
}

fn score(words: &dyn Words, moved: &Move) -> News {
    let range = range_of(moved.metric);
    News::Score {
        metric: moved.metric,
        series: name(&moved.series),
        from: mean_value(words, range, moved.from),
        to: mean_value(words, range, moved.to),
        is_better: moved.is_better(),
    }
}

fn alarms(words: &dyn Words, pools: &[PoolWeek]) -> Option<News> {
    let mut fired: Vec<(usize, String)> = pools
        .iter()
        .filter_map(|pool| Some((*pool.alarms.known()?, pool.pool.to_string())))
        .filter(|(times, _)| *times > 0)
        .collect();
    fired.sort_by(|(one, _), (other, _)| other.cmp(one));
    let fired: Vec<String> =
        fired.into_iter().map(|(times, pool)| format!("{pool}: {times}")).collect();
    (!fired.is_empty())
        .then(|| News::Alarms { pools: names(words, fired.iter().map(String::as_str)) })
}

fn requests(words: &dyn Words, watched: &Read<Vec<WatchedRequest>>) -> Vec<News> {
    let watched = watched.listed();
    let told = watched.iter().take(MOST_NEWS).map(|request| News::Request {
        kind: request.kind.abbreviation(),
        pool: name(request.pool.as_str()),
        from: count(request.from),
        to: count(request.desired),
        at: words.moment(request.requested_at),
    });
    let more = watched.len().checked_sub(MOST_NEWS).filter(|more| *more > 0);
    told.chain(more.map(News::MoreRequests)).collect()
}
