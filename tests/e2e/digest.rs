//! The weekly digest: two weeks of traffic and scores, one mail, and figures worked out apart.

use jiff::Timestamp;
use llmwatch_core::alarm::AlarmKind::Throttles;
use llmwatch_tests::aws_call::{Invoked, JsonService};
use llmwatch_tests::permissions;
use llmwatch_tests::traffic::{BUSY_MODEL, quota};
use llmwatch_tests::world::{DeadLetters, Mail};
use serde_json::{Value, json};

use crate::stage::{PROCESSOR, RPM, Stage, TPM, says};

const HOURS_A_WEEK: i64 = 7 * 24;
const MINUTES_A_DAY: i64 = 1440;

/// A model with requests in the first of the two weeks only, and one with some in the second.
const SILENT: &str = "amazon.nova-pro-v1:0";
const NEW: &str = "us.amazon.nova-lite-v1:0";

/// US dollars for a million tokens of the busy model.
const INPUT_PRICE: f64 = 3.0;
const OUTPUT_PRICE: f64 = 15.0;
const CACHE_READ_PRICE: f64 = 0.3;

/// The quota for tokens a minute until a day of the second week.
const TPM_BEFORE: f64 = 400_000.0;
const RAISED_HOUR: i64 = HOURS_A_WEEK + 50;

/// The two weeks before today, of which there is traffic too.
#[derive(Clone, Copy)]
struct Weeks {
    /// The midnight after the second one, in minutes of the epoch.
    end: i64,
    now: i64,
}

impl Weeks {
    fn around(now: i64) -> Self {
        Self { end: now.div_euclid(MINUTES_A_DAY) * MINUTES_A_DAY, now }
    }

    fn start(self) -> i64 {
        self.end - 2 * HOURS_A_WEEK * 60
    }

    /// The hours that have begun by now, counted from the start; today's are in no week.
    fn hours(self) -> std::ops::Range<i64> {
        0..(self.now - self.start()).div_euclid(60) + 1
    }

    /// When the digest is due: seven hours into today.
    fn due(self) -> Timestamp {
        Timestamp::from_second((self.end + 7 * 60) * 60).unwrap()
    }

    /// A metric with a value an hour.
    fn hourly(
        self,
        (namespace, name): (&str, &str),
        dimensions: Value,
        value: &dyn Fn(i64) -> Option<f64>,
    ) -> Value {
        let values: Vec<Option<f64>> = self.hours().map(value).collect();
        json!({
            "namespace": namespace,
            "name": name,
            "dimensions": dimensions,
            "start": Timestamp::from_second(self.start() * 60).unwrap().to_string(),
            "step_seconds": 3600,
            "values": values,
        })
    }

    /// What a value an hour comes to in the first week and in the second.
    fn sums(self, value: &dyn Fn(i64) -> Option<f64>) -> (f64, f64) {
        let of = |second: bool| {
            let hours = if second { HOURS_A_WEEK..2 * HOURS_A_WEEK } else { 0..HOURS_A_WEEK };
            hours.filter_map(value).sum::<f64>()
        };
        (of(false), of(true))
    }
}

fn requests(hour: i64) -> f64 {
    let whole = if hour < HOURS_A_WEEK { 8 + hour % 3 } else { 10 + hour % 5 };
    f64::from(i32::try_from(whole).unwrap())
}

/// Nearly all requests of a minute that the quota admits, on the hour 100 of the second week.
fn with_peak(hour: i64) -> f64 {
    if hour == HOURS_A_WEEK + 100 { 0.9 * RPM } else { requests(hour) }
}

/// One in eight in the first week, one in four in the second.
fn refused(hour: i64) -> f64 {
    let one_in = if hour < HOURS_A_WEEK { 8 } else { 4 };
    if hour % one_in == 0 { 1.0 } else { 0.0 }
}

fn throttles(hour: i64) -> Option<f64> {
    (hour == HOURS_A_WEEK + 99).then_some(6.0)
}

fn seed(now: i64) -> Value {
    let weeks = Weeks::around(now);
    let busy = json!({ "ModelId": format!("us.{BUSY_MODEL}") });
    let of_busy = |name: &str, value: &dyn Fn(i64) -> Option<f64>| {
        weeks.hourly(("AWS/Bedrock", name), busy.clone(), value)
    };
    let of = |model: &str, value: &dyn Fn(i64) -> Option<f64>| {
        weeks.hourly(("AWS/Bedrock", "Invocations"), json!({ "ModelId": model }), value)
    };
    let score = |name: &str, value: &dyn Fn(i64) -> Option<f64>| {
        weeks.hourly(("LLMWatch/Quality", name), busy.clone(), value)
    };
    let pool = format!("cross-region.{}", BUSY_MODEL.replace(':', "_"));
    let quota_value = weeks.hourly(
        ("LLMWatch/Quota", "QuotaValue"),
        json!({ "Pool": pool, "Quota": "TPM" }),
        &|hour| Some(if hour < RAISED_HOUR { TPM_BEFORE } else { TPM }),
    );
    json!({
        "metrics": [
            of_busy("Invocations", &|hour| Some(with_peak(hour))),
            of_busy("InvocationThrottles", &throttles),
            of_busy("InputTokenCount", &|hour| Some(1_000.0 * requests(hour))),
            of_busy("OutputTokenCount", &|hour| Some(200.0 * requests(hour))),
            of_busy("CacheReadInputTokenCount", &|hour| Some(5_000.0 * requests(hour))),
            of_busy("EstimatedTPMQuotaUsage", &|hour| Some(2_000.0 * requests(hour))),
            of(SILENT, &|hour| (hour < HOURS_A_WEEK).then_some(3.0)),
            of(NEW, &|hour| (hour >= HOURS_A_WEEK).then_some(2.0)),
            score("Refusal", &|hour| Some(refused(hour))),
            score("JudgeSafety", &|hour| Some(if hour < HOURS_A_WEEK { 0.95 } else { 0.875 })),
            quota_value,
        ],
        "quotas": [
            { "code": quota::BUSY_TPM, "applied": TPM, "adjustable": true },
            { "code": quota::BUSY_RPM, "applied": RPM, "adjustable": true },
        ],
    })
}

/// A count as the mail writes it: thousands parted by commas.
fn grouped(count: f64) -> String {
    let digits = format!("{count:.0}");
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = digits.as_str();
    while rest.len() > 3 {
        let (head, tail) = rest.split_at(rest.len() - 3);
        parts.insert(0, tail);
        rest = head;
    }
    parts.insert(0, rest);
    parts.join(",")
}

/// A change as the mail writes it: a tenth of a percent, cut.
fn change((before, this): (f64, f64)) -> String {
    let tenths = ((this / before - 1.0) * 1_000.0 + 1e-9).trunc() / 10.0;
    let text = if tenths.abs() >= 100.0 || tenths.fract() == 0.0 {
        format!("{:+.0}", tenths.trunc())
    } else {
        format!("{tenths:+.1}")
    };
    format!("{text} %")
}

/// A row of the table of all pools.
fn row(label: &str, (before, this): (f64, f64)) -> String {
    format!("{label} {} {} {}", grouped(this), grouped(before), change((before, this)))
}

fn sum(weeks: Weeks, value: &dyn Fn(i64) -> f64) -> (f64, f64) {
    weeks.sums(&|hour| Some(value(hour)))
}

fn digests(stage: &Stage) -> Vec<Mail> {
    let mut mails = stage.mails_after(0);
    mails.retain(|mail| mail.subject.starts_with("[Weekly digest] "));
    mails
}

fn weekly(stage: &Stage, weeks: Weeks) -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": weeks.due().to_string(),
        "region": "us-east-1",
        "resources": [format!("arn:aws:events:us-east-1:000000000000:rule/{}-weekly-digest", stage.world.prefix())],
        "detail": {},
    })
}

#[test]
fn a_week_is_told_once_with_the_figures_that_were_seeded() {
    let mut weeks = None;
    let parameters = [("WeeklyDigest", "on"), ("CaseAutomation", "on")];
    let stage = Stage::deploy_back(1, &parameters, |now| {
        weeks = Some(Weeks::around(now));
        seed(now)
    });
    let weeks = weeks.unwrap();
    let rule = json!({ "Name": format!("{}-weekly-digest", stage.world.prefix()) });
    let rule = stage.world.calls().json(JsonService::EventBridge, "DescribeRule", &rule).unwrap();
    assert_eq!(rule["ScheduleExpression"], "cron(0 7 ? * MON *)");

    let prices = json!({ "bedrock": { BUSY_MODEL: {
        "input": INPUT_PRICE, "output": OUTPUT_PRICE, "cache_read": CACHE_READ_PRICE } } });
    stage.world.set_parameter("settings/prices", &prices.to_string()).unwrap();
    // Minutes before midnight, so that it is of the week.
    let since_midnight = stage.now().as_second().rem_euclid(60 * MINUTES_A_DAY);
    stage.control().set_clock_offset_seconds(-since_midnight - 600).unwrap();
    stage.fire(&[Throttles]);
    stage.wait_for_silence();
    stage.control().set_clock_offset_seconds(0).unwrap();
    assert_eq!(stage.quota_requests().len(), 1);

    let event = weekly(&stage, weeks);
    assert_eq!(stage.world.invoke(PROCESSOR, &event).unwrap(), Invoked::Returned(Value::Null));
    let sent = digests(&stage);
    let [digest] = &sent[..] else { panic!("{sent:#?}") };
    for text in expected(weeks) {
        assert!(says(digest, &text), "{text}: {}", digest.body);
    }

    // A retry, or a second delivery.
    assert_eq!(stage.world.invoke(PROCESSOR, &event).unwrap(), Invoked::Returned(Value::Null));
    assert_eq!(digests(&stage).len(), 1);
    assert_eq!(stage.world.dead_letters(DeadLetters::FailedInvocations).unwrap(), 0);

    let allowed = permissions::allowed(stage.world.places(), PROCESSOR).unwrap();
    let calls = stage.control().calls_since(0).unwrap();
    let mut actions: Vec<String> =
        calls.iter().filter(|call| call.caller == PROCESSOR).map(permissions::action).collect();
    assert!(actions.contains(&"cloudwatch:DescribeAlarmHistory".to_owned()));
    actions.retain(|action| !allowed.contains(action));
    assert!(actions.is_empty(), "not allowed: {actions:?}");
}

/// Everything the digest has to say, from the seed alone.
fn expected(weeks: Weeks) -> Vec<String> {
    let busy = format!("{BUSY_MODEL} (cross-region)");
    let own = sum(weeks, &with_peak);
    let silent = weeks.sums(&|hour| (hour < HOURS_A_WEEK).then_some(3.0));
    let new = weeks.sums(&|hour| (hour >= HOURS_A_WEEK).then_some(2.0));
    let all = (own.0 + silent.0, own.1 + new.1);
    let tokens = sum(weeks, &requests);
    let cost = |requests: f64| {
        let of = |tokens: f64, price: f64| requests * tokens * price / 1e6;
        of(1_000.0, INPUT_PRICE) + of(200.0, OUTPUT_PRICE) + of(5_000.0, CACHE_READ_PRICE)
    };
    let (cost_before, cost_this) = (cost(tokens.0), cost(tokens.1));
    let refusals = sum(weeks, &refused);
    let samples = sum(weeks, &|_| 1.0);
    let percent = |share: f64| {
        let tenths = (share * 1_000.0 + 1e-9).floor() / 10.0;
        if tenths.fract() == 0.0 { format!("{tenths:.0} %") } else { format!("{tenths:.1} %") }
    };
    let points = (refusals.1 / samples.1 - refusals.0 / samples.0) * 100.0;
    let at = |hour: i64| {
        let at = Timestamp::from_second((weeks.start() + 60 * hour) * 60).unwrap();
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    };
    vec![
        "1 pool needs you: see WHAT NEEDS YOU.".to_owned(),
        format!("{busy}: RPM was used to 90 % (the week before to 1 %). Requests refused: 6."),
        row("requests", all),
        format!("Requests: {} ({}); refused 6 (new)", grouped(own.1), change(own)),
        row("input tokens", (1_000.0 * tokens.0, 1_000.0 * tokens.1)),
        row("output tokens", (200.0 * tokens.0, 200.0 * tokens.1)),
        row("cache read tokens", (5_000.0 * tokens.0, 5_000.0 * tokens.1)),
        format!("Cost: {cost_this:.2} USD ({})", change((cost_before, cost_this))),
        format!("RPM: 90 % used at most, 10 % left: 900 of 1,000, {}", at(HOURS_A_WEEK + 100)),
        format!("Quota: TPM of {busy} went from 400,000 to 500,000 ({})", at(RAISED_HOUR)),
        "New: amazon.nova-lite-v1:0 (cross-region) had requests".to_owned(),
        format!("Silent: {SILENT} (on-demand) had requests the week before"),
        format!("how often those of a pool fired: {busy}: 1"),
        "Score: JudgeSafety of us.anthropic.claude-sonnet-4-5-20250929-v1:0 went from 0.95 to \
         0.875, for the worse"
            .to_owned(),
        format!(
            "Refusal {} {} {points:+.1} pt {:.0}",
            percent(refusals.1 / samples.1),
            percent(refusals.0 / samples.0),
            samples.1
        ),
        "Request: RPM of cross-region.anthropic.claude-sonnet-4-5-20250929-v1_0 from 1,000 to"
            .to_owned(),
    ]
}
