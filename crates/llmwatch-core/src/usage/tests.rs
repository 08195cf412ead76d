use super::*;

const MODEL: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

fn window(minutes: u32) -> Window {
    Window::ending_at("2026-11-21T00:00:30Z".parse().unwrap(), minutes)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Samples with (metric, minute, value) added.
fn samples(minutes: u32, values: &[(UsageMetric, usize, f64)]) -> Samples {
    let window = window(minutes);
    let mut samples = Samples::new(window);
    for (metric, minute, value) in values {
        samples.series_mut(*metric).add(window.minute(*minute), *value);
    }
    samples
}

#[test]
fn a_window_is_whole_minutes_that_end_before_now() {
    let window = window(10);
    assert_eq!(window.start(), at("2026-11-20T23:50:00Z"));
    assert_eq!(window.end(), at("2026-11-21T00:00:00Z"));
    assert_eq!(window.index_of(at("2026-11-20T23:50:59Z")), Some(0));
    assert_eq!(window.index_of(at("2026-11-20T23:59:59Z")), Some(9));
    assert_eq!(window.index_of(window.end()), None);
    assert_eq!(window.index_of(at("2026-11-20T23:49:59Z")), None);
}

#[test]
fn evidence_looks_back_fourteen_days() {
    let window = Window::evidence_until(at("2026-11-21T00:00:00Z"));
    assert_eq!(window.start(), at("2026-11-07T00:00:00Z"));
    assert_eq!(MinuteSeries::new(window).values().len(), 20_160);
}

#[test]
fn values_that_no_metric_has_are_left_out() {
    let mut series = MinuteSeries::new(window(3));
    for value in [f64::NAN, f64::INFINITY, -1.0] {
        series.add(series.window().start(), value);
    }
    series.add(series.window().end(), 1.0);
    assert!(!series.has_data());
    assert_eq!(series.total(), 0.0);
}

#[test]
fn a9_a_peak_is_of_one_minute_not_of_two() {
    use UsageMetric::{InputTokens, OutputTokens};
    let samples = samples(
        10,
        &[
            (InputTokens, 2, 900_000.0),
            (OutputTokens, 2, 10_000.0),
            (InputTokens, 5, 100_000.0),
            (OutputTokens, 5, 500_000.0),
        ],
    );
    // The output multiplier of this model is 1.
    let usage = Usage::of(&samples, "amazon.nova-2-lite-v1:0");
    assert_eq!(usage.tpm.peak, Peak { value: 910_000.0, at: at("2026-11-20T23:52:00Z") });
}

#[test]
fn series_of_one_pool_sum_minute_by_minute() {
    use UsageMetric::Invocations;
    let samples =
        samples(10, &[(Invocations, 3, 40.0), (Invocations, 3, 50.0), (Invocations, 4, 60.0)]);
    let usage = Usage::of(&samples, MODEL);
    assert_eq!(usage.rpm.peak, Peak { value: 90.0, at: at("2026-11-20T23:53:00Z") });
}

#[test]
fn refused_requests_count_against_requests_per_minute() {
    use UsageMetric::{Invocations, Throttles};
    let usage = Usage::of(&samples(10, &[(Invocations, 3, 40.0), (Throttles, 3, 25.0)]), MODEL);
    assert_eq!(usage.rpm.peak.value, 65.0);
    assert_eq!((usage.requests, usage.throttles), (40.0, 25.0));
}

#[test]
fn a10_the_estimated_metric_is_used_where_it_has_data() {
    use UsageMetric::{EstimatedTpm, InputTokens};
    let usage =
        Usage::of(&samples(10, &[(EstimatedTpm, 1, 700.0), (InputTokens, 1, 100.0)]), MODEL);
    assert_eq!(usage.basis, TokenBasis::EstimatedTpmQuotaUsage);
    assert_eq!(usage.tpm.peak.value, 700.0);
}

#[test]
fn a10_burndown_is_computed_where_the_metric_is_absent() {
    use UsageMetric::{CacheWriteTokens, InputTokens, OutputTokens};
    // AWS's worked example: 3000 in, 1000 written to the cache, 1000 out at 5 each.
    let samples = samples(
        10,
        &[(InputTokens, 1, 3_000.0), (CacheWriteTokens, 1, 1_000.0), (OutputTokens, 1, 1_000.0)],
    );
    let usage = Usage::of(&samples, MODEL);
    assert_eq!(usage.basis, TokenBasis::Burndown { output_multiplier: 5.0 });
    assert_eq!(usage.tpm.peak.value, 9_000.0);
}

#[test]
fn d13_steady_divides_by_the_window_and_the_other_average_says_its_name() {
    use UsageMetric::Invocations;
    let usage = Usage::of(&samples(10, &[(Invocations, 3, 40.0), (Invocations, 7, 60.0)]), MODEL);
    assert_eq!(usage.rpm.steady, 10.0);
    assert_eq!(usage.rpm.active_minute_average, 50.0);
}

#[test]
fn tokens_per_day_peak_slides_over_any_24_hours() {
    use UsageMetric::EstimatedTpm;
    // 300 within 24 hours across midnight; no calendar day has more than 200.
    let samples = samples(
        4_320,
        &[(EstimatedTpm, 1_000, 200.0), (EstimatedTpm, 2_439, 100.0), (EstimatedTpm, 4_000, 50.0)],
    );
    let usage = Usage::of(&samples, MODEL);
    let window = samples.window;
    assert_eq!(usage.tpd.peak, Peak { value: 300.0, at: window.minute(2_439) });
    assert_eq!(usage.last_24_hours_tokens, 50.0);
}

#[test]
fn a_minute_leaves_the_rolling_day_after_1440_minutes() {
    use UsageMetric::EstimatedTpm;
    let samples = samples(4_320, &[(EstimatedTpm, 1_000, 200.0), (EstimatedTpm, 2_440, 100.0)]);
    assert_eq!(Usage::of(&samples, MODEL).tpd.peak.value, 200.0);
}

#[test]
fn averages_per_request_are_over_accepted_requests() {
    use UsageMetric::{InputTokens, Invocations, OutputTokens};
    let with_requests =
        samples(10, &[(Invocations, 1, 4.0), (InputTokens, 1, 2_000.0), (OutputTokens, 2, 600.0)]);
    let usage = Usage::of(&with_requests, MODEL);
    assert_eq!(usage.input_tokens_per_request, Some(500.0));
    assert_eq!(usage.output_tokens_per_request, Some(150.0));
    let without = Usage::of(&samples(10, &[(InputTokens, 1, 2_000.0)]), MODEL);
    assert_eq!(without.input_tokens_per_request, None);
}

#[test]
fn a_gap_belongs_to_the_quotas_its_metric_can_move() {
    let gap =
        |metric| Gap { metric, from: window(10).start(), to: window(10).end(), why: "x".into() };
    for (metric, estimated, rpm, tpm) in [
        (UsageMetric::Invocations, true, true, false),
        (UsageMetric::Throttles, true, true, false),
        (UsageMetric::EstimatedTpm, false, false, true),
        (UsageMetric::OutputTokens, true, false, false),
        (UsageMetric::OutputTokens, false, false, true),
    ] {
        let mut samples = samples(10, &[(UsageMetric::InputTokens, 1, 1.0)]);
        if estimated {
            samples.estimated_tpm.add(samples.window.start(), 1.0);
        }
        samples.gaps.push(gap(metric));
        let usage = Usage::of(&samples, MODEL);
        assert_eq!(usage.gaps_of(QuotaKind::Rpm).count() > 0, rpm, "{metric:?}");
        assert_eq!(usage.gaps_of(QuotaKind::Tpm).count() > 0, tpm, "{metric:?}");
    }
}
