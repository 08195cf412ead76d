//! The figures of drawn pages, against those of the seed.

use std::ops::Range;

use llmwatch_tests::shown;
use llmwatch_tests::traffic::component::COMPONENT;
use llmwatch_tests::traffic::{BUSY_PROFILES, INCIDENT_MINUTES};
use serde_json::Value;

use super::seeded::percentile;
use super::{INSTANCE_PRICE, PRICES, Played, busy_pool, regional};

/// The busy pool's quotas, as its account has them.
const TPM: f64 = 625_000.0;
const RPM: f64 = 1_000.0;

/// Holds the pages of the busy pool and of the component, and the overview, against the seed, in a
/// quiet hour and in the incident.
pub(super) fn hold(played: &Played) {
    let incident = played.incident.as_second() / 60;
    let pool = played.page_of(busy_pool().as_str());
    let component = played.page_of(COMPONENT);
    let overview = played.page("llmwatch_overview");
    for minutes in [incident - 120..incident - 60, incident..incident + INCIDENT_MINUTES / 5 * 5] {
        let times = Times { played, minutes };
        times.of_quotas(&pool);
        times.of_calls(&pool);
        times.of_waits(&pool);
        times.of_money(&pool);
        times.of_component(&component);
        times.of_all_models(&overview);
    }
    let hours = incident.div_euclid(60) - 2;
    Times { played, minutes: hours * 60..hours * 60 + 60 }.of_an_hour(&overview);
}

/// The busy pool's callers.
fn callers() -> [String; 3] {
    let [first, second] = BUSY_PROFILES;
    [first.0.to_owned(), second.0.to_owned(), regional()]
}

/// Minutes of the epoch that are looked at.
struct Times<'a> {
    played: &'a Played,
    minutes: Range<i64>,
}

impl Times<'_> {
    /// Holds one curve against what each of its periods should be.
    #[track_caller]
    fn hold(
        &self,
        page: &Value,
        (title, label): (&str, &str),
        period: i64,
        expected: impl Fn(Range<i64>) -> f64,
    ) {
        let chart = shown::charts(page).find(|chart| chart["title"] == title);
        let chart = chart.unwrap_or_else(|| panic!("no chart {title}"));
        let curve = chart["series"].as_array().unwrap().iter().find(|one| one["label"] == label);
        let curve = curve.unwrap_or_else(|| panic!("no curve {label} in {title}: {chart:#}"));
        let mut held = 0;
        for point in curve["points"].as_array().unwrap() {
            let minute = point[0].as_f64().unwrap() as i64 / 60_000;
            if self.minutes.contains(&minute) {
                let (found, expected) =
                    (point[1].as_f64().unwrap(), expected(minute..minute + period));
                let is_it = (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
                assert!(is_it, "{title}, {label}, minute {minute}: {found}, not {expected}");
                held += 1;
            }
        }
        let length = self.minutes.end - self.minutes.start;
        assert_eq!(held, length / period, "points of {label} in {title}");
    }

    /// The sum of a metric of one caller.
    fn of(&self, metric: &str, caller: &str, minutes: &Range<i64>) -> f64 {
        let dimension = format!("ModelId={caller}");
        self.played.seeded.sum(("AWS/Bedrock", metric, &dimension), minutes.clone())
    }

    /// The sum of a metric of all callers.
    fn all(&self, metric: &str, minutes: &Range<i64>) -> f64 {
        callers().iter().map(|caller| self.of(metric, caller, minutes)).sum()
    }

    fn of_quotas(&self, page: &Value) {
        for (quota, metric, value) in
            [("RPM", "Invocations", RPM), ("TPM", "EstimatedTPMQuotaUsage", TPM)]
        {
            let used = |minutes: Range<i64>| self.all(metric, &minutes);
            let of_all = format!("{quota}: used, quota and headroom");
            self.hold(page, (&format!("{quota} used"), "used"), 1, |at| 100.0 * used(at) / value);
            self.hold(page, (&of_all, "used"), 1, used);
            self.hold(page, (&of_all, "quota"), 1, |_| value);
            self.hold(page, (&of_all, "headroom"), 1, |at| value - used(at));
        }
    }

    fn of_calls(&self, page: &Value) {
        for caller in callers() {
            self.hold(page, ("Invocations in 5 minutes", &caller), 5, |at| {
                self.of("Invocations", &caller, &at)
            });
        }
        for (label, metric) in [
            ("server errors (5xx)", "InvocationServerErrors"),
            ("client errors (4xx)", "InvocationClientErrors"),
            ("throttles", "InvocationThrottles"),
        ] {
            let title = "Errors and throttles in 5 minutes";
            self.hold(page, (title, label), 5, |at| self.all(metric, &at));
        }
        for (label, metric) in [
            ("input", "InputTokenCount"),
            ("output", "OutputTokenCount"),
            ("cache read", "CacheReadInputTokenCount"),
        ] {
            self.hold(page, ("Tokens in 5 minutes", label), 5, |at| self.all(metric, &at));
            self.hold(page, ("Tokens a second", label), 5, |at| self.all(metric, &at) / 300.0);
        }
    }

    fn of_waits(&self, page: &Value) {
        for (title, metric) in
            [("Latency", "InvocationLatency"), ("Time to first token", "TimeToFirstToken")]
        {
            let waits = |caller: &str, at: &Range<i64>| {
                let dimension = format!("ModelId={caller}");
                self.played.seeded.samples(("AWS/Bedrock", metric, &dimension), at.clone())
            };
            self.hold(page, (title, "average"), 5, |at| {
                let all: Vec<(f64, f64)> =
                    callers().iter().flat_map(|caller| waits(caller, &at)).collect();
                let total: f64 = all.iter().map(|(wait, count)| wait * count).sum();
                total / all.iter().map(|(_, count)| count).sum::<f64>()
            });
            for percent in [50.0, 90.0, 99.0] {
                self.hold(page, (title, &format!("p{percent}")), 5, |at| {
                    let of_caller = |caller: &String| percentile(waits(caller, &at), percent);
                    callers().iter().map(of_caller).fold(0.0, f64::max)
                });
            }
        }
        let title = "Output tokens a second of a call";
        self.hold(page, (title, "output tokens a second"), 5, |at| {
            let waited = self.all("InvocationLatency", &at);
            1_000.0 * self.all("OutputTokenCount", &at) / waited
        });
    }

    /// US dollars for the tokens of these minutes.
    fn cost(&self, minutes: &Range<i64>) -> f64 {
        let metrics = [
            "InputTokenCount",
            "OutputTokenCount",
            "CacheReadInputTokenCount",
            "CacheWriteInputTokenCount",
        ];
        let each = metrics.iter().zip(PRICES);
        each.map(|(metric, price)| self.all(metric, minutes) * price / 1e6).sum()
    }

    fn of_money(&self, page: &Value) {
        self.hold(page, ("Cost an hour", "USD an hour"), 5, |at| 12.0 * self.cost(&at));
        let of_thousand = ("Cost of 1,000 invocations", "USD for 1,000 invocations");
        self.hold(page, of_thousand, 5, |at| {
            1_000.0 * self.cost(&at) / self.all("Invocations", &at)
        });
    }

    fn of_component(&self, page: &Value) {
        let dimension = format!("InferenceComponentName={COMPONENT}");
        let samples = |metric: &str, at: &Range<i64>| {
            self.played.seeded.samples(("AWS/SageMaker", metric, &dimension), at.clone())
        };
        let sum = |metric: &str, at: &Range<i64>| -> f64 {
            samples(metric, at).iter().map(|(value, count)| value * count).sum()
        };
        let calls = ("Component invocations in 5 minutes", "invocations");
        self.hold(page, calls, 5, |at| sum("Invocations", &at));
        let errors = "Component errors in 5 minutes";
        self.hold(page, (errors, "server (5xx)"), 5, |at| sum("Invocation5XXErrors", &at));
        self.hold(page, ("Model latency", "average"), 5, |at| {
            let all = samples("ModelLatency", &at);
            sum("ModelLatency", &at) / all.iter().map(|(_, count)| count).sum::<f64>()
        });
        for percent in [50.0, 90.0, 99.0] {
            self.hold(page, ("Model latency", &format!("p{percent}")), 5, |at| {
                percentile(samples("ModelLatency", &at), percent)
            });
        }
        // Three instances of one GPU each, two of whose GPUs the component has.
        let hour = INSTANCE_PRICE * 3.0 * 2.0 / 3.0;
        let on = "on llm-endpoint (AcceleratorId)";
        let label = format!("USD an hour {on}");
        self.hold(page, ("Component cost an hour", &label), 5, |_| hour);
        let label = format!("USD for 1,000 invocations {on}");
        self.hold(page, ("Component cost of 1,000 invocations", &label), 5, |at| {
            1_000.0 * (hour / 12.0) / sum("Invocations", &at)
        });
    }

    fn of_all_models(&self, page: &Value) {
        for caller in callers() {
            for (title, metric) in [
                ("Invocations in 5 minutes", "Invocations"),
                ("Input tokens in 5 minutes", "InputTokenCount"),
                ("Output tokens in 5 minutes", "OutputTokenCount"),
            ] {
                self.hold(page, (title, &caller), 5, |at| self.of(metric, &caller, &at));
            }
            self.hold(page, ("Latency, p90", &caller), 5, |at| {
                let dimension = format!("ModelId={caller}");
                let series = ("AWS/Bedrock", "InvocationLatency", dimension.as_str());
                percentile(self.played.seeded.samples(series, at), 90.0)
            });
        }
    }

    /// What alarm-updater published of a whole hour.
    fn of_an_hour(&self, page: &Value) {
        let pool = busy_pool();
        let by_pool = ("Cost an hour, by pool", pool.as_str());
        self.hold(page, by_pool, 60, |at| self.cost(&at));
        let of_thousand = ("Cost of 1,000 invocations, by pool", pool.as_str());
        self.hold(page, of_thousand, 60, |at| {
            1_000.0 * self.cost(&at) / self.all("Invocations", &at)
        });
    }
}
