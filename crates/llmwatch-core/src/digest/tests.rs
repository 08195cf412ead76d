use super::fixtures::{
    WHY, at, busy, named, partly_unread, pool, pool_with, prices, quiet, readings, series, sixty,
    traffic, usage, volumes, week,
};
use super::wanted;
use super::*;
use crate::decision::fixtures::{MODEL, Use, rpm, tpd, tpm};
use crate::metric_values::Values;
use crate::quality::Metric;
use crate::quota::QuotaKind;
use crate::usage::{Gap, UsageMetric};

fn both(this: f64, before: f64) -> TwoWeeks<f64> {
    TwoWeeks { this, before }
}

fn digest_of(pool: PoolReading) -> Digest {
    Digest::of(readings(vec![pool], Vec::new()))
}

#[test]
fn pools_come_busiest_first_and_those_without_figures_last() {
    let unread = PoolReading {
        figures: Read::Unreadable(WHY.to_owned()),
        ..named("a.unread", pool(both(9e9, 0.0)))
    };
    let pools = vec![
        unread,
        named("b.idle", pool(both(0.0, 5.0))),
        named("d.second", pool(both(7.0, 0.0))),
        named("c.second", pool(both(7.0, 100.0))),
        named("e.first", pool(both(8.0, 0.0))),
    ];
    let digest = Digest::of(readings(pools, Vec::new()));
    let order: Vec<&str> = digest.pools().iter().map(|pool| pool.pool.model.as_str()).collect();
    assert_eq!(order, ["e.first", "c.second", "d.second", "b.idle", "a.unread"]);
    // What could not be read is in no sum.
    assert_eq!(digest.volumes.this.get(Volume::Requests), 22.0);
    assert_eq!(digest.volumes.before.get(Volume::Requests), 105.0);
}

#[test]
fn a_pool_is_new_or_silent_by_what_was_sent_and_never_by_what_was_not_read() {
    let refused = volumes(&[(Volume::Throttles, 3.0)]);
    for (this, before, is_new, is_silent) in [
        (traffic(1.0), traffic(0.0), true, false),
        (traffic(0.0), traffic(1.0), false, true),
        (traffic(0.0), traffic(0.0), false, false),
        (traffic(1.0), traffic(1.0), false, false),
        // Refused requests were sent as well.
        (refused, traffic(0.0), true, false),
        (traffic(5.0), refused, false, false),
    ] {
        let figures = |volumes| WeekFigures { volumes, slowest_day_p90_ms: None };
        let mut pool = pool(both(0.0, 0.0));
        pool.figures = Read::Known(TwoWeeks { this: figures(this), before: figures(before) });
        let digest = digest_of(pool);
        let found = &digest.pools()[0];
        assert_eq!((found.is_new(), found.is_silent()), (is_new, is_silent), "{this:?} {before:?}");
    }
    let mut unread = pool(both(1.0, 0.0));
    unread.figures = Read::Unreadable(WHY.to_owned());
    let digest = digest_of(unread);
    let found = &digest.pools()[0];
    assert!(!found.is_new() && !found.is_silent());
    assert_eq!((found.change(Volume::Requests), found.cost), (Change::Unknown, None));
}

#[test]
fn what_tokens_cost_is_known_by_prices_only() {
    // A million input tokens for 1 USD, output for 5, cache reads for 0.1; cache writes unknown.
    let written = volumes(&[(Volume::CacheWriteTokens, 1.0)]);
    let read = volumes(&[(Volume::CacheReadTokens, 2e6)]);
    for (model, week, expected) in [
        (MODEL, traffic(1_000.0), Cost::Known(2.0)),
        (MODEL, read, Cost::Known(0.2)),
        (MODEL, written, Cost::Unknown),
        (MODEL, traffic(0.0), Cost::Known(0.0)),
        ("other.model", traffic(1.0), Cost::Unknown),
        // Nothing costs nothing, whatever it would cost.
        ("other.model", traffic(0.0), Cost::Known(0.0)),
    ] {
        let of_pool =
            crate::pool::Pool { model: model.to_owned(), ..pool(both(0.0, 0.0)).stored.pool };
        assert_eq!(Cost::of(&of_pool, &week, &prices()), expected, "{model} {week:?}");
    }
}

#[test]
fn the_sum_of_costs_leaves_out_what_is_unknown_and_says_so() {
    let priced = pool(both(1_000.0, 500.0));
    let unpriced = named("other.model", pool(both(9.0, 9.0)));
    let unread = PoolReading {
        figures: Read::Unreadable(WHY.to_owned()),
        ..named("third.model", pool(both(1.0, 1.0)))
    };
    let digest = Digest::of(readings(vec![priced, unpriced.clone(), unread], Vec::new()));
    let expected = TotalCost {
        dollars: Some(2.0),
        dollars_before: Some(1.0),
        change: Change::By(1.0),
        unpriced: 1,
    };
    assert_eq!(digest.cost, expected);
    let digest = digest_of(unpriced);
    let expected =
        TotalCost { dollars: None, dollars_before: None, change: Change::Unknown, unpriced: 1 };
    assert_eq!(digest.cost, expected);
}

/// What is said of the only quota of a pool with traffic.
fn used(quota: Use, usage: Option<Read<crate::usage::Usage>>) -> Used {
    let mut pool = pool_with(&[quota], both(1.0, 0.0));
    pool.usage = usage;
    digest_of(pool).pools()[0].quotas[0].used.clone()
}

#[test]
fn a_peak_is_a_share_of_the_quota_in_force() {
    let read = |peaks| Some(Read::Known(usage(week(), peaks)));
    let busiest = at("2026-11-11T12:00:00Z");
    let peak = |value, share| Used::Peak { value, at: busiest, share, gap: None };
    assert_eq!(used(rpm(1_000.0, 0.0), read((812.0, 0.0))), peak(812.0, Some(0.812)));
    assert_eq!(used(tpm(500_000.0, 0.0), read((1.0, 600_000.0))), peak(600_000.0, Some(1.2)));
    assert_eq!(used(tpm(0.0, 0.0), read((1.0, 5.0))), peak(5.0, None));
    assert_eq!(used(tpm(10.0, 0.0), read((1.0, 0.0))), Used::Nothing);
    assert_eq!(used(rpm(10.0, 0.0), None), Used::Nothing);
    let unread = Some(Read::Unreadable(WHY.to_owned()));
    assert_eq!(used(rpm(10.0, 0.0), unread), Used::Unread(WHY.to_owned()));
}

#[test]
fn missing_minutes_make_a_peak_a_lower_bound_and_silence_unknown() {
    let with_gap = |peaks| {
        let mut usage = usage(week(), peaks);
        let (from, to) = (week().start(), week().end());
        let gap = Gap { metric: UsageMetric::Invocations, from, to, why: "page 2".into() };
        usage.gaps.push(gap);
        Some(Read::Known(usage))
    };
    for (peaks, expected) in [((7.0, 0.0), 7.0), ((0.0, 0.0), 0.0)] {
        let Used::Peak { value, gap: Some(gap), .. } = used(rpm(10.0, 0.0), with_gap(peaks)) else {
            panic!("{peaks:?}")
        };
        assert!(value == expected && gap.contains("Invocations is missing"), "{gap}");
    }
    // Tokens are not counted in requests.
    assert_eq!(used(tpm(10.0, 0.0), with_gap((0.0, 0.0))), Used::Nothing);
}

#[test]
fn a_pool_whose_figures_are_unread_has_unread_peaks() {
    let mut pool = pool(both(1.0, 1.0));
    pool.figures = Read::Unreadable(WHY.to_owned());
    pool.usage = None;
    let digest = digest_of(pool);
    assert_eq!(digest.pools()[0].quotas[0].used, Used::Unread(WHY.to_owned()));
}

/// The move seen in values at so many hours before the end of the week, newest last.
#[track_caller]
fn check_move(values: &[(i64, f64)], expected: Option<(f64, f64, i64)>) {
    let hours = |before: i64| week().end() - jiff::SignedDuration::from_hours(before);
    let mut pool = pool(both(1.0, 1.0));
    let values = values.iter().map(|(before, value)| (hours(*before), *value)).collect();
    pool.quota_values = vec![(QuotaKind::Tpm, Read::Known(values))];
    let digest = digest_of(pool);
    let moves = digest.pools()[0].moves.known().unwrap().clone();
    let expected = expected.map(|(from, to, since)| QuotaMove {
        kind: QuotaKind::Tpm,
        from,
        to,
        at: hours(since),
    });
    assert_eq!(moves, expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_quota_moved_if_its_last_value_is_not_the_one_before_the_week() {
    check_move(&[], None);
    check_move(&[(1, 5.0)], None);
    check_move(&[(170, 5.0), (1, 5.0)], None);
    check_move(&[(170, 5.0), (100, 5.0), (99, 8.0), (1, 8.0)], Some((5.0, 8.0, 99)));
    check_move(&[(192, 4.0), (169, 5.0), (168, 8.0)], Some((5.0, 8.0, 168)));
    // There and back is no change; twice is one, since the last.
    check_move(&[(170, 5.0), (99, 8.0), (1, 5.0)], None);
    check_move(&[(170, 5.0), (99, 8.0), (50, 9.0), (1, 9.0)], Some((5.0, 9.0, 50)));
    // First published within the week.
    check_move(&[(100, 5.0), (2, 3.0)], Some((5.0, 3.0, 2)));
    // After the week.
    check_move(&[(100, 5.0), (0, 3.0)], None);
}

#[test]
fn who_needs_somebody_is_who_was_refused_or_nearly_full() {
    let throttled = |mut pool: PoolReading, times: f64| {
        if let Read::Known(figures) = &mut pool.figures {
            figures.this.volumes.add(Volume::Throttles, times);
        }
        pool
    };
    let peak = |mut pool: PoolReading, peaks: (f64, f64)| {
        pool.usage = Some(Read::Known(usage(week(), peaks)));
        pool
    };
    let calm = || pool(both(10.0, 10.0));
    let zero = pool_with(&[tpm(0.0, 0.0)], both(0.0, 0.0));
    let pools = vec![
        named("a.calm", calm()),
        named("b.eighty", peak(calm(), (800.0, 1.0))),
        named("c.below", peak(calm(), (799.0, 399_999.0))),
        named("d.full", peak(calm(), (1_100.0, 450_000.0))),
        named("e.throttled", throttled(calm(), 4.0)),
        named("f.blocked", throttled(zero.clone(), 9.0)),
        named("g.unasked", zero),
        named("h.day", peak(pool_with(&[tpd(1e6, 0.0)], both(1.0, 1.0)), (1.0, 9e5))),
    ];
    let digest = Digest::of(readings(pools, Vec::new()));
    let told: Vec<(&str, Vec<QuotaKind>, usize, f64)> = needs(digest.pools())
        .iter()
        .map(|need| {
            let near = need.near.iter().map(|quota| quota.quota.kind).collect();
            (need.pool.pool.model.as_str(), near, need.zero.len(), need.throttles)
        })
        .collect();
    use QuotaKind::{Rpm, Tpd, Tpm};
    assert_eq!(
        told,
        [
            ("f.blocked", vec![], 1, 9.0),
            ("e.throttled", vec![], 0, 4.0),
            ("d.full", vec![Rpm, Tpm], 0, 0.0),
            ("h.day", vec![Tpd], 0, 0.0),
            ("b.eighty", vec![Rpm], 0, 0.0),
        ]
    );
}

#[test]
fn scores_that_moved_most_are_told_largest_first_of_enough_samples() {
    let many = |mean: f64| Some((mean, 100.0));
    let few = |mean: f64| Some((mean, 19.0));
    let all = vec![
        series(
            "a",
            &[
                (Metric::JudgeSafety, many(0.9), many(0.97)),
                (Metric::Refusal, many(0.5), many(0.1)),
                (Metric::CompletionToxicity, many(0.0), many(0.05)),
                (Metric::SemanticSimilarity, many(0.7), many(0.719)),
                (Metric::Error, few(1.0), many(0.0)),
            ],
        ),
        series("b", &[(Metric::JudgeComposite, many(0.9), None), (Metric::Error, None, many(0.0))]),
        series("c", &[(Metric::JudgeRelevance, many(0.53), many(0.5))]),
    ];
    let digest = Digest::of(readings(Vec::new(), all));
    let moves: Vec<(String, Metric, Option<bool>)> = moved_most(digest.series())
        .into_iter()
        .map(|moved| (moved.series.clone(), moved.metric, moved.is_better()))
        .collect();
    assert_eq!(
        moves,
        [
            ("a".to_owned(), Metric::Refusal, None),
            ("a".to_owned(), Metric::JudgeSafety, Some(false)),
            ("a".to_owned(), Metric::CompletionToxicity, Some(true)),
        ]
    );
}

#[test]
fn a_series_is_judged_by_what_was_judged_this_week() {
    let judged = |this| {
        let all = vec![series("a", &[(Metric::JudgeSafety, this, Some((0.9, 5.0)))])];
        Digest::of(readings(Vec::new(), all)).series()[0].is_judged
    };
    assert!(judged(Some((0.9, 1.0))));
    assert!(!judged(None));
}

#[test]
fn a_week_is_blank_when_nothing_of_what_there_is_was_read() {
    let unread_pool =
        || PoolReading { figures: Read::Unreadable(WHY.to_owned()), ..pool(both(1.0, 1.0)) };
    let unread_series = || SeriesReading {
        scores: Read::Unreadable(WHY.to_owned()),
        ..series("a", &[(Metric::Error, None, None)])
    };
    let lists_unread = Readings {
        pools: Read::Unreadable(WHY.to_owned()),
        series: Read::Unreadable(WHY.to_owned()),
        ..quiet()
    };
    let no_list_of_pools = Readings { pools: Read::Unreadable(WHY.to_owned()), ..quiet() };
    for (readings, is_blank) in [
        (lists_unread, true),
        (no_list_of_pools, false),
        (readings(Vec::new(), Vec::new()), false),
        (readings(vec![unread_pool()], Vec::new()), true),
        (readings(vec![unread_pool()], vec![unread_series()]), true),
        (readings(Vec::new(), vec![unread_series()]), true),
        (readings(vec![unread_pool(), pool(both(0.0, 0.0))], Vec::new()), false),
        (partly_unread(), false),
        (busy(), false),
        (sixty(), false),
    ] {
        assert_eq!(readings.are_blank(), is_blank, "{:?}", readings.pools);
    }
}

/// Values on some days before the end of the week, 1 being its last day.
fn days(values: &[(i64, f64)]) -> Values {
    let day = |before: i64| week().end() - jiff::SignedDuration::from_hours(24 * before);
    Read::Known(values.iter().map(|(before, value)| (day(*before), *value)).collect())
}

#[test]
fn days_are_summed_by_week_over_all_callers_and_latency_is_that_of_the_slowest() {
    let mut stored = pool(both(1.0, 1.0)).stored;
    stored.series = vec!["one".into(), "two".into()];
    let wanted = wanted::of_pool(&stored);
    assert_eq!(wanted.len(), 20);
    let values: Vec<Values> = wanted
        .iter()
        .map(|wanted| match (wanted.metric.name.as_str(), wanted.statistic) {
            ("Invocations", "Sum") => days(&[(14, 1.0), (8, 2.0), (7, 4.0), (1, 8.0)]),
            ("InvocationLatency", "p90") => {
                let is_one = wanted.metric.dimensions["ModelId"] == "one";
                let slow = if is_one { 900.0 } else { 700.0 };
                days(&[(9, 100.0), (2, slow), (1, 10.0)])
            }
            _ => days(&[]),
        })
        .collect();
    let Read::Known(figures) = wanted::figures(&values, week()) else { panic!() };
    let requests = |figures: &WeekFigures| figures.volumes.get(Volume::Requests);
    assert_eq!((requests(&figures.this), requests(&figures.before)), (24.0, 6.0));
    assert_eq!(figures.this.slowest_day_p90_ms, Some(900.0));
    assert_eq!(figures.before.slowest_day_p90_ms, Some(100.0));
    assert_eq!(figures.this.volumes.get(Volume::Throttles), 0.0);
}

#[test]
fn one_caller_that_could_not_be_read_makes_its_pool_unread() {
    let mut stored = pool(both(1.0, 1.0)).stored;
    stored.series = vec!["one".into(), "two".into()];
    let mut values: Vec<Values> =
        wanted::of_pool(&stored).iter().map(|_| days(&[(1, 1.0)])).collect();
    values[17] = Read::Unreadable(WHY.to_owned());
    assert_eq!(wanted::figures(&values, week()), Read::Unreadable(WHY.to_owned()));
}

#[test]
fn a_weeks_mean_weighs_every_sample_alike() {
    // Ten samples of mean 0.9 on one day, ninety of mean 0.5 on another.
    let sum = days(&[(8, 1.0), (3, 9.0), (1, 45.0)]);
    let samples = days(&[(8, 2.0), (3, 10.0), (1, 90.0)]);
    let score = wanted::score(&sum, &samples, week()).unwrap();
    assert_eq!(score.this, Some(Score { mean: 0.54, samples: 100.0 }));
    assert_eq!(score.before, Some(Score { mean: 0.5, samples: 2.0 }));
    let none = wanted::score(&days(&[]), &days(&[]), week()).unwrap();
    assert_eq!(none, TwoWeeks::default());
    let unread = Read::Unreadable(WHY.to_owned());
    assert_eq!(wanted::score(&unread, &samples, week()), Err(WHY.to_owned()));
}

#[test]
fn only_scores_that_a_series_has_are_asked_for_in_its_own_dimensions() {
    let stored =
        series("m", &[(Metric::Refusal, None, None), (Metric::PromptPii, None, None)]).stored;
    let wanted = wanted::of_series(&stored, "Own/Space");
    let [(Metric::Refusal, [sum, samples])] = &wanted[..] else { panic!("{wanted:?}") };
    assert_eq!((sum.statistic, samples.statistic), ("Sum", "SampleCount"));
    assert_eq!(sum.metric.namespace, "Own/Space");
    assert_eq!(sum.metric.dimensions["ModelId"], "m");
}

#[test]
fn minutes_are_read_only_while_all_of_them_are_kept() {
    for (now, of_this, of_before) in [
        ("2026-11-16T07:00:00Z", true, true),
        ("2026-11-16T23:59:59Z", true, true),
        ("2026-11-17T00:00:00Z", true, false),
        ("2026-11-23T23:59:59Z", true, false),
        ("2026-11-24T00:00:00Z", false, false),
    ] {
        let is_kept = |week: Week| wanted::are_minutes_kept(week.minutes(), at(now));
        assert_eq!((is_kept(week()), is_kept(week().previous())), (of_this, of_before), "{now}");
    }
}

#[test]
fn minutes_are_those_of_cloudwatchs_estimate_where_it_has_data() {
    let estimated = volumes(&[(Volume::QuotaTokens, 1.0)]);
    assert!(wanted::usage_metrics(&estimated).contains(&UsageMetric::EstimatedTpm));
    assert!(wanted::usage_metrics(&traffic(1.0)).contains(&UsageMetric::OutputTokens));
}
