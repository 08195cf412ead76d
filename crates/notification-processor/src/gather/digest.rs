//! What a digest is made of.
//!
//! Everything but minutes is read for all pools and series at once, by the day. Minutes, which tell
//! how near a pool came to its quotas, are read pool by pool, the busiest first, for as long as the
//! function has time.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use jiff::Timestamp;
use llmwatch_aws::metric_values::read_values;
use llmwatch_aws::parameters::{self, Parameter};
use llmwatch_aws::usage_metrics::read_usage_of;
use llmwatch_aws::{CallFailed, alarm_history, chain, ledger};
use llmwatch_core::alarm::name;
use llmwatch_core::digest::wanted;
use llmwatch_core::digest::{
    NEAR, PoolReading, Readings, Score, SeriesReading, TwoWeeks, Volumes, Week, WeekFigures,
};
use llmwatch_core::evidence::Read;
use llmwatch_core::metric_values::{Values, Wanted};
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::price::{self, Prices};
use llmwatch_core::quality::Metric;
use llmwatch_core::quality::series::StoredSeries;
use llmwatch_core::request_watch::WatchedRequest;
use llmwatch_core::settings::Language;
use llmwatch_core::stored::{StoredPool, pools_path, quality_path, setting_parameter};
use llmwatch_core::usage::{Usage, Window};
use serde::de::DeserializeOwned;

use crate::{App, ledger_keys};

/// Pools whose minutes, and alarms whose histories, are read at the same time.
const AT_ONCE: usize = 6;

/// For how long minutes are read: the function has 60 s, of which the rest takes a few.
const MINUTES_TIME: Duration = Duration::from_secs(35);

/// The language of mails that are about no pool.
pub(crate) async fn language(app: &App) -> Language {
    // Pool overrides are by pool label, and no pool has this one: these are the stack's settings.
    super::parameters(app, &PoolLabel::from_text("digest")).await.settings.language
}

/// Everything a digest is made of; each read may fail on its own.
pub(crate) async fn readings(app: &App, week: Week, now: Timestamp) -> Readings {
    let prefix = &app.config.prefix;
    let (of_pools, of_series) = (pools_path(prefix), quality_path(prefix));
    let (pools, series, prices, watched) = futures::join!(
        parameters::by_path(&app.clients.ssm, &of_pools),
        parameters::by_path(&app.clients.ssm, &of_series),
        prices(app),
        watched(app),
    );
    let mut misread = Vec::new();
    let pools: Read<Vec<StoredPool>> = documents(pools, "/thresholds", &mut misread);
    let series: Read<Vec<StoredSeries>> = documents(series, "/series", &mut misread);
    let (pools, series) = futures::join!(
        read_on(pools, |pools| read_pools(app, pools, (week, now))),
        read_on(series, |series| read_series(app, series, week)),
    );
    Readings { week, pools, series, prices, watched, misread }
}

/// The documents whose names end so; what is not understood is said and left out.
fn documents<T: DeserializeOwned>(
    found: Result<Vec<Parameter>, CallFailed>,
    suffix: &str,
    misread: &mut Vec<String>,
) -> Read<Vec<T>> {
    let found = match found {
        Ok(found) => found,
        Err(failure) => return Read::Unreadable(failure.explain()),
    };
    let ours = found.into_iter().filter(|parameter| parameter.name.ends_with(suffix));
    let understood = ours.filter_map(|Parameter { name, value }| {
        serde_json::from_str(&value)
            .map_err(|error| misread.push(format!("{name}: {}", chain(&error))))
            .ok()
    });
    Read::Known(understood.collect())
}

async fn prices(app: &App) -> Read<Prices> {
    let name = setting_parameter(&app.config.prefix, price::SETTING);
    match parameters::get_several(&app.clients.ssm, &[name]).await {
        Err(failure) => Read::Unreadable(failure.explain()),
        Ok(found) => {
            let text = found.first().map_or("", |parameter| parameter.value.as_str());
            match Prices::parse(text) {
                Ok(prices) => Read::Known(prices),
                Err(error) => Read::Unreadable(chain(&error)),
            }
        }
    }
}

async fn watched(app: &App) -> Read<Vec<WatchedRequest>> {
    let (client, table) = (&app.clients.dynamodb, &app.config.ledger_table);
    let rows = ledger::read_all(client, table, ledger_keys::WATCHED_REQUESTS).await;
    super::read(rows.and_then(|rows| rows.into_iter().collect()))
}

/// What documents lead to, where they were read themselves.
async fn read_on<T, U, F: Future<Output = U>>(
    documents: Read<T>,
    read: impl FnOnce(T) -> F,
) -> Read<U> {
    match documents {
        Read::Known(documents) => Read::Known(read(documents).await),
        Read::Unreadable(why) => Read::Unreadable(why),
    }
}

async fn read_pools(
    app: &App,
    mut stored: Vec<StoredPool>,
    (week, now): (Week, Timestamp),
) -> Vec<PoolReading> {
    // A model that is watched before it has traffic has nothing to read, which is not nothing used.
    stored.retain(|pool| !pool.series.is_empty());
    let (figures, quota_values, alarms) = futures::join!(
        read_figures(app, &stored, week),
        read_quota_values(app, &stored, week),
        read_alarms(app, &stored, week),
    );
    let rest = figures.into_iter().zip(quota_values).zip(alarms);
    let mut pools: Vec<PoolReading> = stored
        .into_iter()
        .zip(rest)
        .map(|(stored, ((figures, values), alarms))| PoolReading {
            quota_values: stored.quotas.iter().map(|quota| quota.kind).zip(values).collect(),
            stored,
            figures,
            usage: None,
            usage_before: None,
            alarms,
        })
        .collect();
    pools.sort_by(|a, b| sent(b).total_cmp(&sent(a)));
    read_minutes(app, &mut pools, (week, now)).await;
    pools
}

fn sent(pool: &PoolReading) -> f64 {
    pool.figures.known().map_or(0.0, |figures| figures.this.volumes.sent())
}

/// The figures of each pool, in the order given.
async fn read_figures(
    app: &App,
    stored: &[StoredPool],
    week: Week,
) -> Vec<Read<TwoWeeks<WeekFigures>>> {
    let wanted: Vec<Vec<Wanted>> = stored.iter().map(wanted::of_pool).collect();
    let values = read_grouped(app, &wanted, wanted::stretch(week)).await;
    values.iter().map(|values| wanted::figures(values, week)).collect()
}

/// The values of each quota of each pool, in the order given.
async fn read_quota_values(app: &App, stored: &[StoredPool], week: Week) -> Vec<Vec<Values>> {
    let of_pool = |pool| wanted::of_quotas(pool).into_iter().map(|(_, wanted)| wanted).collect();
    let wanted: Vec<Vec<Wanted>> = stored.iter().map(of_pool).collect();
    read_grouped(app, &wanted, (wanted::quotas_from(week), week.end())).await
}

/// The values of metrics that are wanted in groups, all in as few calls as there may be.
async fn read_grouped(
    app: &App,
    wanted: &[Vec<Wanted>],
    stretch: (Timestamp, Timestamp),
) -> Vec<Vec<Values>> {
    let mut values =
        read_values(&app.clients.cloudwatch, &wanted.concat(), stretch).await.into_iter();
    wanted.iter().map(|group| values.by_ref().take(group.len()).collect()).collect()
}

/// How often the composite alarm of each pool fired, in the order given.
async fn read_alarms(app: &App, stored: &[StoredPool], week: Week) -> Vec<Read<usize>> {
    let of_pool = |pool: &StoredPool| {
        let composite = name::composite(&app.config.prefix, &pool.pool.label());
        async move {
            let days = (week.start(), week.end());
            super::read(alarm_history::times_fired(&app.clients.cloudwatch, &composite, days).await)
        }
    };
    stream::iter(stored.iter().map(of_pool)).buffered(AT_ONCE).collect().await
}

/// Reads the minutes of pools with traffic and quotas, in the order given.
async fn read_minutes(app: &App, pools: &mut [PoolReading], (week, now): (Week, Timestamp)) {
    let due: Vec<(usize, TwoWeeks<Volumes>)> = pools
        .iter()
        .enumerate()
        .filter(|(_, pool)| !pool.stored.quotas.is_empty() && sent(pool) > 0.0)
        .filter_map(|(index, pool)| {
            let figures = pool.figures.known()?;
            let (this, before) = (figures.this.volumes, figures.before.volumes);
            Some((index, TwoWeeks { this, before }))
        })
        .collect();
    let of_pool = |(index, volumes): &(usize, TwoWeeks<Volumes>)| {
        minutes_of(app, &pools[*index].stored, *volumes, (week, now))
    };
    let read: Vec<_> = stream::iter(due.iter().map(of_pool))
        .buffered(AT_ONCE)
        .take_until(Box::pin(tokio::time::sleep(MINUTES_TIME)))
        .collect()
        .await;
    let out_of_time = || (Read::Unreadable("there was no time left to read it".to_owned()), None);
    let read = read.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    for ((index, _), read) in due.into_iter().zip(read) {
        let (usage, before) = read.unwrap_or_else(out_of_time);
        pools[index].usage = Some(usage);
        pools[index].usage_before = before;
    }
}

/// A pool's use of its quotas this week, and of the week before where it came near one.
async fn minutes_of(
    app: &App,
    pool: &StoredPool,
    volumes: TwoWeeks<Volumes>,
    (week, now): (Week, Timestamp),
) -> (Read<Usage>, Option<Read<Usage>>) {
    let usage = usage(app, pool, &volumes.this, (week.minutes(), now)).await;
    let is_near = usage.known().is_some_and(|usage| {
        pool.quotas
            .iter()
            .filter(|quota| quota.quota.value > 0.0)
            .any(|quota| usage.figures(quota.kind).peak.value >= NEAR * quota.quota.value)
    });
    let before = if is_near {
        let minutes = week.previous().minutes();
        Some(self::usage(app, pool, &volumes.before, (minutes, now)).await)
    } else {
        None
    };
    (usage, before)
}

async fn usage(
    app: &App,
    pool: &StoredPool,
    volumes: &Volumes,
    (window, now): (Window, Timestamp),
) -> Read<Usage> {
    if !wanted::are_minutes_kept(window, now) {
        return Read::Unreadable("CloudWatch keeps minutes for 15 days, no longer".to_owned());
    }
    let metrics = wanted::usage_metrics(volumes);
    let samples = read_usage_of(&app.clients.cloudwatch, &pool.series, window, metrics).await;
    samples.map(|samples| Usage::of(&samples, &pool.pool.model))
}

async fn read_series(app: &App, stored: Vec<StoredSeries>, week: Week) -> Vec<SeriesReading> {
    let namespace = app.config.quality_namespace.as_str();
    let metrics: Vec<Vec<(Metric, [Wanted; 2])>> =
        stored.iter().map(|series| wanted::of_series(series, namespace)).collect();
    let wanted: Vec<Vec<Wanted>> = metrics
        .iter()
        .map(|metrics| metrics.iter().flat_map(|(_, pair)| pair.clone()).collect())
        .collect();
    let values = read_grouped(app, &wanted, wanted::stretch(week)).await;
    let readings = stored.into_iter().zip(metrics).zip(values);
    let readings = readings.map(|((stored, metrics), values)| {
        let metrics = metrics.into_iter().map(|(metric, _)| metric);
        SeriesReading { scores: scores(metrics, &values, week), stored }
    });
    readings.collect()
}

fn scores(
    metrics: impl Iterator<Item = Metric>,
    values: &[Values],
    week: Week,
) -> Read<BTreeMap<Metric, TwoWeeks<Option<Score>>>> {
    let mut scores = BTreeMap::new();
    for (metric, pair) in metrics.zip(values.chunks_exact(2)) {
        match wanted::score(&pair[0], &pair[1], week) {
            Ok(score) => scores.insert(metric, score),
            Err(why) => return Read::Unreadable(why),
        };
    }
    Read::Known(scores)
}
