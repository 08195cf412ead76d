//! Weeks for tests, in a few words.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    PoolReading, Readings, Score, SeriesReading, TwoWeeks, Volume, Volumes, Week, WeekFigures,
};
use crate::alarm::Severity;
use crate::decision::fixtures::{self, MODEL, Use, rpm, tpm};
use crate::episode::EpisodeId;
use crate::evidence::Read;
use crate::ids::{AccountId, QuotaCode};
use crate::pool::{Pool, Scope};
use crate::price::Prices;
use crate::quality::Metric;
use crate::quality::series::{Series, StoredSeries};
use crate::quota::QuotaKind;
use crate::request_watch::WatchedRequest;
use crate::usage::{Samples, Usage, UsageMetric};

pub(crate) const WHY: &str = "GetMetricData failed: ThrottlingException: Rate exceeded";

pub(crate) fn week() -> Week {
    Week::before(at("2026-11-16T07:00:03Z"))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn volumes(counts: &[(Volume, f64)]) -> Volumes {
    let mut volumes = Volumes::default();
    for (volume, count) in counts {
        volumes.add(*volume, *count);
    }
    volumes
}

/// A week of so many requests of 1,000 input and 200 output tokens.
pub(crate) fn traffic(requests: f64) -> Volumes {
    volumes(&[
        (Volume::Requests, requests),
        (Volume::InputTokens, requests * 1_000.0),
        (Volume::OutputTokens, requests * 200.0),
    ])
}

/// A week in which these values were the highest of a minute: requests, and weighted tokens.
pub(crate) fn usage(week: Week, peaks: (f64, f64)) -> Usage {
    let mut samples = Samples::new(week.minutes());
    let busiest = week.start() + SignedDuration::from_hours(60);
    samples.series_mut(UsageMetric::Invocations).add(busiest, peaks.0);
    samples.series_mut(UsageMetric::EstimatedTpm).add(busiest, peaks.1);
    Usage::of(&samples, MODEL)
}

/// A pool with quotas of 1,000 requests and 500,000 tokens a minute, used by a tenth and a fifth.
pub(crate) fn pool(requests: TwoWeeks<f64>) -> PoolReading {
    pool_with(&[rpm(1_000.0, 0.0), tpm(500_000.0, 0.0)], requests)
}

pub(crate) fn pool_with(quotas: &[Use], requests: TwoWeeks<f64>) -> PoolReading {
    let figures = |requests: f64| WeekFigures {
        volumes: traffic(requests),
        slowest_day_p90_ms: (requests > 0.0).then_some(2_345.0),
    };
    PoolReading {
        stored: fixtures::stored(Scope::CrossRegion, quotas),
        figures: Read::Known(TwoWeeks {
            this: figures(requests.this),
            before: figures(requests.before),
        }),
        usage: (requests.this > 0.0).then(|| Read::Known(usage(week(), (100.0, 100_000.0)))),
        usage_before: None,
        alarms: Read::Known(0),
        quota_values: Vec::new(),
    }
}

/// The same pool under another model's name.
pub(crate) fn named(model: &str, mut pool: PoolReading) -> PoolReading {
    pool.stored.pool = Pool { scope: pool.stored.pool.scope, model: model.to_owned() };
    pool
}

/// A mean with its samples; `None` without a sample.
type Sampled = Option<(f64, f64)>;

/// A series with means of this week and the week before, of so many samples each.
pub(crate) fn series(model_id: &str, scores: &[(Metric, Sampled, Sampled)]) -> SeriesReading {
    let score = |score: Sampled| score.map(|(mean, samples)| Score { mean, samples });
    let seen = scores.iter().map(|(metric, ..)| (metric.to_string(), week().end()));
    let scores: BTreeMap<Metric, TwoWeeks<Option<Score>>> = scores
        .iter()
        .map(|(metric, this, before)| {
            (*metric, TwoWeeks { this: score(*this), before: score(*before) })
        })
        .collect();
    SeriesReading {
        stored: StoredSeries {
            series: Series { model_id: model_id.to_owned(), inference_component: None },
            seen: seen.collect(),
        },
        scores: Read::Known(scores),
    }
}

pub(crate) fn prices() -> Prices {
    Prices::parse(&format!(
        r#"{{"bedrock": {{"{MODEL}": {{"input": 1.0, "output": 5.0, "cache_read": 0.1}}}}}}"#
    ))
    .unwrap()
}

pub(crate) fn readings(pools: Vec<PoolReading>, series: Vec<SeriesReading>) -> Readings {
    Readings {
        week: week(),
        pools: Read::Known(pools),
        series: Read::Known(series),
        prices: Read::Known(prices()),
        watched: Read::Known(Vec::new()),
        misread: Vec::new(),
    }
}

pub(crate) fn watched() -> WatchedRequest {
    let pool = fixtures::stored(Scope::CrossRegion, &[tpm(1.0, 0.0)]).pool;
    WatchedRequest {
        id: "d187537b2f4f4bd4b2a9b0f0c5a0e1f2".into(),
        account: AccountId::parse("123456789012").unwrap(),
        pool: pool.label(),
        episode: EpisodeId::from_text("20261112T1403-0123456789ab"),
        severity: Severity::Critical,
        kind: QuotaKind::Tpm,
        code: QuotaCode::parse("L-58BE175A").unwrap(),
        from: 500_000.0,
        desired: 690_000.0,
        requested_at: at("2026-11-12T14:05:00Z"),
        watched_since: at("2026-11-12T14:05:00Z"),
    }
}

/// A week in which much happened.
pub(crate) fn busy() -> Readings {
    let mut near = pool(TwoWeeks { this: 120_000.0, before: 100_000.0 });
    if let Read::Known(figures) = &mut near.figures {
        figures.this.volumes.add(Volume::Throttles, 37.0);
        figures.this.volumes.add(Volume::ClientErrors, 12.0);
        figures.before.volumes.add(Volume::ClientErrors, 24.0);
        figures.this.volumes.add(Volume::CacheReadTokens, 4_000_000.0);
    }
    near.usage = Some(Read::Known(usage(week(), (812.0, 466_000.0))));
    near.usage_before = Some(Read::Known(usage(week().previous(), (600.0, 305_500.0))));
    near.alarms = Read::Known(3);
    let raised = [("2026-11-08T10:00:00Z", 400_000.0), ("2026-11-11T06:00:00Z", 400_000.0)];
    let since = [("2026-11-11T07:00:00Z", 500_000.0), ("2026-11-15T23:00:00Z", 500_000.0)];
    let values = raised.into_iter().chain(since).map(|(time, value)| (at(time), value));
    near.quota_values = vec![(QuotaKind::Tpm, Read::Known(values.collect()))];
    let new = named("amazon.nova-pro-v1:0", pool(TwoWeeks { this: 900.0, before: 0.0 }));
    let silent = named("amazon.nova-lite-v1:0", pool(TwoWeeks { this: 0.0, before: 4_000.0 }));
    let judged = series(
        &format!("us.{MODEL}"),
        &[
            (Metric::JudgeComposite, Some((0.871, 1_203.0)), Some((0.88, 1_180.0))),
            (Metric::JudgeSafety, Some((0.912, 1_203.0)), Some((0.974, 1_180.0))),
            (Metric::JudgeRelevance, Some((0.86, 1_203.0)), Some((0.861, 1_180.0))),
            (Metric::JudgeProfessionalTone, Some((0.95, 1_203.0)), Some((0.9495, 1_180.0))),
            (Metric::Refusal, Some((0.061, 118_400.0)), Some((0.022, 99_120.0))),
            (Metric::CompletionToxicity, Some((0.011, 118_400.0)), Some((0.012, 99_120.0))),
            (Metric::SemanticSimilarity, Some((0.731, 118_400.0)), Some((0.733, 99_120.0))),
            (Metric::Error, Some((0.0001, 120_000.0)), Some((0.0002, 100_000.0))),
        ],
    );
    let unjudged = series(
        "amazon.nova-pro-v1:0",
        &[(Metric::Refusal, Some((0.1, 12.0)), None), (Metric::Error, Some((0.0, 900.0)), None)],
    );
    let mut readings = readings(vec![silent, new, near], vec![unjudged, judged]);
    readings.watched = Read::Known(vec![watched()]);
    readings
}

/// A week like the one before.
pub(crate) fn quiet() -> Readings {
    let same = TwoWeeks { this: 50_000.0, before: 50_000.0 };
    let score = Some((0.02, 49_000.0));
    readings(
        vec![pool(same)],
        vec![series(&format!("us.{MODEL}"), &[(Metric::Refusal, score, score)])],
    )
}

/// The busy week with a part of each sort unread.
pub(crate) fn partly_unread() -> Readings {
    let mut readings = busy();
    if let Read::Known(pools) = &mut readings.pools {
        pools[0].figures = Read::Unreadable(WHY.to_owned());
        pools[0].usage = None;
        pools[1].usage = Some(Read::Unreadable(WHY.to_owned()));
        pools[1].alarms = Read::Unreadable("AccessDenied".to_owned());
        pools[2].quota_values = vec![(QuotaKind::Tpm, Read::Unreadable(WHY.to_owned()))];
        pools[2].alarms = Read::Unreadable("AccessDenied".to_owned());
    }
    if let Read::Known(series) = &mut readings.series {
        series[0].scores = Read::Unreadable(WHY.to_owned());
    }
    readings.watched =
        Read::Unreadable("Query of watched-requests failed: AccessDenied".to_owned());
    readings.prices = Read::Unreadable("setting prices: missing field `output`".to_owned());
    readings.misread = vec!["/llmwatch/pools/x/thresholds: expected value at line 1".to_owned()];
    readings
}

/// Sixty pools, each quieter than the last; the busiest ones near a quota.
pub(crate) fn sixty() -> Readings {
    let pools = (0..60_u32).map(|number| {
        let requests = f64::from(60 - number) * 1_000.0;
        let both = TwoWeeks { this: requests, before: requests / 2.0 };
        let mut pool = named(&format!("maker.model-{number:02}-v1:0"), pool(both));
        if number < 25 {
            pool.usage = Some(Read::Known(usage(week(), (990.0 - f64::from(number), 0.0))));
        }
        pool
    });
    let series = (0..60_u32).map(|number| {
        let score = Some((0.5, f64::from(60 - number)));
        series(&format!("maker.model-{number:02}-v1:0"), &[(Metric::Refusal, score, score)])
    });
    readings(pools.collect(), series.collect())
}
