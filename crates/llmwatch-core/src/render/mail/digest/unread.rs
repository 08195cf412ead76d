//! What could not be read, each reason once.

use super::name;
use crate::digest::{Digest, PoolWeek, Used};
use crate::render::facts::reason;

/// How many pools or series a line names.
const MOST_NAMED: usize = 3;

/// Something that could not be read.
#[derive(Debug, Clone)]
pub(super) struct Unread {
    pub(super) what: UnreadPart,
    pub(super) why: String,
    /// Of whom, where it is not all of it: some names.
    pub(super) named: Vec<String>,
    /// How many more.
    pub(super) more: usize,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnreadPart {
    Pools,
    Figures,
    Peaks,
    /// Some minutes of peaks.
    Minutes,
    QuotaValues,
    Alarms,
    Series,
    Scores,
    Requests,
    Prices,
    Document,
}

impl Unread {
    pub(super) fn all(digest: &Digest) -> Vec<Self> {
        let whole = |what, why: &str| Self { what, why: reason(why), named: Vec::new(), more: 0 };
        let mut all = Vec::new();
        all.extend(digest.pools.why().map(|why| whole(UnreadPart::Pools, why)));
        let of_pools = [
            (UnreadPart::Figures, figures as fn(&PoolWeek) -> Option<&str>),
            (UnreadPart::Peaks, peaks),
            (UnreadPart::Minutes, minutes),
            (UnreadPart::QuotaValues, |pool| pool.moves.why()),
            (UnreadPart::Alarms, |pool| pool.alarms.why()),
        ];
        for (what, of_pool) in of_pools {
            let unread = digest
                .pools()
                .iter()
                .filter_map(|pool| Some((pool.pool.to_string(), of_pool(pool)?)));
            all.extend(grouped(what, unread));
        }
        all.extend(digest.series.why().map(|why| whole(UnreadPart::Series, why)));
        let scores = digest.series().iter();
        let scores = scores.filter_map(|series| Some((series.series.clone(), series.rows.why()?)));
        all.extend(grouped(UnreadPart::Scores, scores));
        all.extend(digest.watched.why().map(|why| whole(UnreadPart::Requests, why)));
        all.extend(digest.prices_unread.iter().map(|why| whole(UnreadPart::Prices, why)));
        all.extend(digest.misread.iter().map(|why| whole(UnreadPart::Document, why)));
        all
    }
}

fn figures(pool: &PoolWeek) -> Option<&str> {
    pool.figures.why()
}

/// Where the figures are unread, so are the peaks, which is said once.
fn peaks(pool: &PoolWeek) -> Option<&str> {
    if pool.figures.why().is_some() {
        return None;
    }
    pool.quotas.iter().find_map(|quota| match &quota.used {
        Used::Unread(why) => Some(why.as_str()),
        Used::Nothing | Used::Peak { .. } => None,
    })
}

fn minutes(pool: &PoolWeek) -> Option<&str> {
    pool.quotas.iter().find_map(|quota| match &quota.used {
        Used::Peak { gap, .. } => gap.as_deref(),
        Used::Nothing | Used::Unread(_) => None,
    })
}

/// The same reason of several pools or series is told once.
fn grouped<'a>(what: UnreadPart, unread: impl Iterator<Item = (String, &'a str)>) -> Vec<Unread> {
    let mut groups: Vec<Unread> = Vec::new();
    for (of, why) in unread {
        let why = reason(why);
        let of = name(&of);
        match groups.iter_mut().find(|group| group.why == why) {
            Some(group) if group.named.len() < MOST_NAMED => group.named.push(of),
            Some(group) => group.more += 1,
            None => groups.push(Unread { what, why, named: vec![of], more: 0 }),
        }
    }
    groups
}
