use super::*;
use crate::price::Prices;

const HOUR: &str = "2026-11-22T11:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn component() -> InferenceComponent {
    InferenceComponent::parse("chat-7b").unwrap()
}

/// Counts over a stretch of five-minute periods, the first of them and the one after the last.
#[derive(Clone, Copy)]
struct Stretch {
    periods: (u32, u32),
    endpoint: &'static str,
    named_by: &'static str,
    /// Instances, GPUs of the endpoint, GPUs of the component.
    counts: (u32, u32, u32),
}

const WHOLE: Stretch =
    Stretch { periods: (0, 12), endpoint: "e", named_by: "GpuId", counts: (2, 8, 3) };

fn reported(stretches: &[Stretch], calls: Option<f64>) -> (Vec<Reporter>, Reported) {
    let (mut listed, mut reported) = (Vec::new(), Reported::default());
    for Stretch { periods, endpoint, named_by, counts } in stretches.iter().copied() {
        let endpoint = || endpoint.to_owned();
        let of = [
            (Reporter::Instance { endpoint: endpoint() }, counts.0),
            (Reporter::Gpu { endpoint: endpoint(), named_by }, counts.1),
            (
                Reporter::GpuOfComponent { endpoint: endpoint(), component: component(), named_by },
                counts.2,
            ),
        ];
        for (reporter, count) in of.into_iter().filter(|(_, count)| *count > 0) {
            for period in periods.0..periods.1 {
                let start = at(HOUR) + SignedDuration::from_secs(i64::from(300 * period));
                (0..count).for_each(|_| reported.count(&reporter, start));
            }
            listed.push(reporter);
        }
    }
    if let Some(calls) = calls {
        reported.add_calls(&component(), at(HOUR), calls);
    }
    (listed, reported)
}

#[track_caller]
fn check(stretches: &[Stretch], calls: Option<f64>, expected: &[&str]) {
    let prices = Prices::parse(r#"{"endpoints": {"e": 4.0, "f": 12.0}}"#).unwrap();
    let (listed, reported) = reported(stretches, calls);
    let lines: Vec<String> = metrics(&priced(&listed, &prices), &prices, &reported, &[at(HOUR)])
        .into_iter()
        .map(|(hour, metric)| {
            assert_eq!(hour, at(HOUR));
            assert_eq!(metric.dimensions, [("InferenceComponentName", "chat-7b".to_owned())]);
            format!("{} {:.4}", metric.name, metric.value)
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn a_component_costs_its_part_of_its_endpoints_instances() {
    // 3 of 8 GPUs of 2 instances at 4 dollars.
    check(&[WHOLE], None, &["CostPerHour 3.0000"]);
    check(&[WHOLE], Some(1_500.0), &["CostPerHour 3.0000", "CostPer1000Invocations 2.0000"]);
    check(&[WHOLE], Some(0.0), &["CostPerHour 3.0000"]);
    let by_the_documentation = Stretch { named_by: "AcceleratorId", ..WHOLE };
    check(&[by_the_documentation], None, &["CostPerHour 3.0000"]);
    // The same GPUs by both names.
    let twice = [by_the_documentation, Stretch { counts: (0, 8, 3), ..WHOLE }];
    check(&twice, None, &["CostPerHour 3.0000"]);
}

#[test]
fn an_hour_is_the_sum_of_its_five_minutes() {
    // A third of the hour on twice the GPUs; then it is gone, and its endpoint stands on.
    let scaled = Stretch { periods: (4, 8), counts: (2, 8, 6), ..WHOLE };
    let gone = Stretch { periods: (8, 12), counts: (2, 8, 0), ..WHOLE };
    let first = Stretch { periods: (0, 4), ..WHOLE };
    check(&[first, scaled, gone], None, &["CostPerHour 3.0000"]);
    // It moves to another endpoint, all of whose GPUs it has.
    let moved = Stretch { periods: (4, 12), endpoint: "f", counts: (1, 4, 4), ..WHOLE };
    check(&[first, moved], None, &["CostPerHour 9.0000"]);
}

#[test]
fn what_is_not_known_is_not_published() {
    let no_price = Stretch { endpoint: "g", ..WHOLE };
    check(&[no_price], Some(10.0), &[]);
    check(&[WHOLE, no_price], Some(10.0), &[]);
    // It did not report in that hour at all.
    let before = Stretch { periods: (12, 24), ..WHOLE };
    check(&[before], Some(10.0), &[]);
    let first = Stretch { periods: (0, 11), ..WHOLE };
    for counts in [(0, 8, 3), (2, 0, 3), (2, 2, 3)] {
        let last = Stretch { periods: (11, 12), counts, ..WHOLE };
        check(&[first, last], Some(10.0), &[]);
    }
}

#[test]
fn only_hours_that_the_listing_covers_whole_are_worked_out() {
    for (now, expected) in [
        ("2026-11-22T12:20:00Z", vec!["2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"]),
        ("2026-11-22T12:59:59Z", vec!["2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"]),
        ("2026-11-22T12:09:59Z", vec!["2026-11-22T10:00:00Z"]),
        ("2026-11-22T13:00:00Z", vec!["2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"]),
    ] {
        let expected: Vec<Timestamp> = expected.into_iter().map(at).collect();
        assert_eq!(hours(at(now)), expected, "{now}");
    }
}

#[test]
fn only_what_stands_on_the_endpoints_of_components_is_read() {
    let prices = Prices::parse(r#"{"endpoints": {"e": 4.0, "f": 12.0}}"#).unwrap();
    let idle = Stretch { endpoint: "f", counts: (1, 4, 0), ..WHOLE };
    let no_price = Stretch { endpoint: "g", counts: (1, 4, 0), ..WHOLE };
    let (listed, _) = reported(&[WHOLE, idle, no_price], None);
    let priced = priced(&listed, &prices);
    let read: BTreeSet<&str> = listed
        .iter()
        .filter(|reporter| is_counted(reporter, &priced))
        .map(Reporter::endpoint)
        .collect();
    assert_eq!(read, BTreeSet::from(["e"]));
    let calls = calls(&component());
    assert_eq!((calls.metric.name.as_str(), calls.period_seconds), ("Invocations", 3_600));
}
