//! A deployed stack that watches one pool, and the words to play an incident on it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use llmwatch_core::alarm::AlarmKind;
use llmwatch_core::alarm::name;
use llmwatch_core::episode::EpisodeId;
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::pool::{Pool, PoolLabel, Scope};
use llmwatch_tests::World;
use llmwatch_tests::aws_call::{ACCOUNT, AwsCalls, JsonService, REGION};
use llmwatch_tests::broken::Broken;
use llmwatch_tests::control::{Control, Delays, Fault, FaultKind, RecordedCall};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::readers::{self, Case};
use llmwatch_tests::traffic::{self, BUSY_MODEL, quota};
use llmwatch_tests::world::Mail;
use serde_json::{Value, json};

/// The pool's quotas. Its alarms fire at 80 % of them.
pub(crate) const TPM: f64 = 500_000.0;
pub(crate) const RPM: f64 = 1_000.0;

/// The function whose work most tests are about.
pub(crate) const PROCESSOR: &str = "notification-processor";

/// Every function that is always deployed, by its binary's name.
pub(crate) const FUNCTIONS: [&str; 4] =
    ["quota-calculator", "alarm-updater", PROCESSOR, "account-setup"];

/// Minutes of traffic before and after the deployment.
const MINUTES_BEFORE: i64 = 90;
const MINUTES_AFTER: i64 = 180;

/// Minutes into the seven pools' incident at which every alarm has fired. The local clock is set
/// back by them, because functions read the system's: what they then read has come to pass.
pub(crate) const SEVEN_POOLS_MINUTES: u32 = 7;

/// Once nothing was called for this long, what was under way has ended.
const SILENCE: Duration = Duration::from_millis(900);
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What the pool's one caller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Nothing: no pool is found.
    None,
    /// A fifth of every quota, all the time.
    Calm,
    /// The same, but for one minute an hour ago that took 110 % of TPM: it proves high usage, and
    /// no alarm looks that far back.
    PeakInHistory,
    /// From half an hour ago to ten minutes ahead: TPM at 110 %, RPM at a fifth, and errors of each
    /// sort, throttles and slow answers every minute.
    Breach,
    /// Fourteen full days of three callers, with an incident an hour ago: the demo's busy pool.
    FourteenDays,
    /// The demo's seven pools, their incident beginning now.
    SevenPools,
}

/// A stack in a local AWS, with the pool's alarms evaluated once.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) world: World,
    prefix: StackPrefix,
    pool: PoolLabel,
}

impl Stage {
    /// Deploys with these parameters beside the defaults, and lets the pool's alarms come to OK.
    ///
    /// From then on no alarm changes by itself, however long the test takes: minutes are evaluated
    /// when the test moves the clock on.
    pub(crate) fn deploy(traffic: Traffic, parameters: &[(&str, &str)]) -> Self {
        let stage = Self::deploy_unevaluated(traffic, parameters);
        stage.control().advance_minutes(1).unwrap();
        stage.wait_for_silence();
        stage
    }

    /// The same, with another template, by its path in the repository.
    pub(crate) fn deploy_template(
        template: &str,
        traffic: Traffic,
        parameters: &[(&str, &str)],
    ) -> Self {
        let world = World::start_from(template, parameters, |calls| prepare(calls, traffic));
        let stage = Self::on(world.unwrap());
        stage.control().advance_minutes(1).unwrap();
        stage.wait_for_silence();
        stage
    }

    /// The same as [`Self::deploy`], without the first evaluation.
    pub(crate) fn deploy_unevaluated(traffic: Traffic, parameters: &[(&str, &str)]) -> Self {
        Self::on(World::start(parameters, |calls| prepare(calls, traffic)).unwrap())
    }

    /// Deploys with the local clock set back by minutes and a seed made for the minute that it is
    /// then, and evaluates nothing.
    pub(crate) fn deploy_back(
        minutes_back: i64,
        parameters: &[(&str, &str)],
        seed: impl FnOnce(i64) -> Value,
    ) -> Self {
        let prepare = |calls: &AwsCalls| prepare_back(calls, minutes_back, seed);
        Self::on(World::start(parameters, prepare).unwrap())
    }

    fn on(world: World) -> Self {
        let prefix = StackPrefix::parse(world.prefix()).unwrap();
        let pool = Pool { scope: Scope::CrossRegion, model: BUSY_MODEL.to_owned() }.label();
        Self { world, prefix, pool }
    }

    pub(crate) fn control(&self) -> Control<'_> {
        self.world.control()
    }

    pub(crate) fn pool(&self) -> &PoolLabel {
        &self.pool
    }

    /// The name of the pool's alarm of a kind.
    pub(crate) fn alarm(&self, kind: AlarmKind) -> String {
        name::child(&self.prefix, kind, &self.pool)
    }

    /// The name of the pool's composite alarm.
    pub(crate) fn composite(&self) -> String {
        name::composite(&self.prefix, &self.pool)
    }

    /// The state of an alarm on llmwatch itself.
    pub(crate) fn self_alarm(&self, name: &str) -> String {
        let name = format!("{}-Self-{name}", self.prefix);
        readers::alarms(self.world.calls(), &name).unwrap().remove(0).state
    }

    /// The ARN of an alarm.
    pub(crate) fn arn(name: &str) -> String {
        format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}")
    }

    /// Calls CloudWatch.
    pub(crate) fn cloudwatch(&self, operation: &str, input: &Value) -> Value {
        self.world.calls().json(JsonService::CloudWatch, operation, input).unwrap()
    }

    /// Sets the state of the pool's alarms; CloudWatch tells the event bus and the composite.
    pub(crate) fn set(&self, kinds: &[AlarmKind], state: &str) {
        for kind in kinds {
            let input = json!({
                "AlarmName": self.alarm(*kind),
                "StateValue": state,
                "StateReason": format!("set to {state} by the test"),
            });
            self.cloudwatch("SetAlarmState", &input);
        }
    }

    /// Changes members of an alarm, as an operator would in the console.
    pub(crate) fn edit_alarm(&self, name: &str, members: &Value) {
        let known = [
            "AlarmName",
            "AlarmDescription",
            "ActionsEnabled",
            "OKActions",
            "AlarmActions",
            "InsufficientDataActions",
            "Metrics",
            "EvaluationPeriods",
            "DatapointsToAlarm",
            "Threshold",
            "ComparisonOperator",
            "TreatMissingData",
        ];
        let mut alarm = readers::alarms(self.world.calls(), name).unwrap().remove(0);
        let edited = alarm.description.as_object_mut().unwrap();
        edited.retain(|member, _| known.contains(&member.as_str()));
        edited.extend(members.as_object().unwrap().clone());
        self.cloudwatch("PutMetricAlarm", &alarm.description);
    }

    pub(crate) fn fire(&self, kinds: &[AlarmKind]) {
        self.set(kinds, "ALARM");
    }

    pub(crate) fn recover(&self, kinds: &[AlarmKind]) {
        self.set(kinds, "OK");
    }

    /// A child's `CloudWatch Alarm State Change` as EventBridge delivers it, changed at this time.
    pub(crate) fn child_event(&self, kind: AlarmKind, state: &str, at: &str) -> Value {
        let name = self.alarm(kind);
        json!({
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "resources": [Self::arn(&name)],
            "detail": {
                "alarmName": name,
                "configuration": {},
                "previousState": { "value": "OK", "reason": "", "timestamp": at },
                "state": { "value": state, "reason": "by the test", "timestamp": at },
            },
        })
    }

    /// The composite's message as CloudWatch publishes it.
    pub(crate) fn composite_message(&self, state: &str, at: &str) -> Value {
        let name = self.composite();
        json!({
            "AlarmName": name,
            "AlarmDescription": null,
            "AWSAccountId": ACCOUNT,
            "NewStateValue": state,
            "NewStateReason": "by the test",
            "StateChangeTime": at,
            "Region": "US East (N. Virginia)",
            "AlarmArn": Self::arn(&name),
            "OldStateValue": "OK",
            "TriggeringChildren": [],
        })
    }

    /// The time, as CloudWatch writes it in events and messages.
    pub(crate) fn stamp(&self) -> String {
        self.now().strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
    }

    /// Sends the message by which an episode is decided about, as a duplicate would come.
    pub(crate) fn send_settle(&self, episode: &EpisodeId) {
        let message = json!({ "settle": { "pool": self.pool, "episode": episode } });
        self.world.send_follow_up(&message.to_string()).unwrap();
    }

    /// Waits until the functions are at rest: no event is under way, the processor's queue is empty,
    /// and nobody has called anything for a while.
    pub(crate) fn wait_for_silence(&self) {
        self.wait_for_silence_but(0);
    }

    /// The same, when so many messages wait for longer than the test does.
    pub(crate) fn wait_for_silence_but(&self, waiting: u64) {
        let mut newest = 0;
        let mut since = Instant::now();
        wait_until("silence", PATIENCE, || {
            let calls = self.control().calls_since(newest)?;
            if let Some(last) = calls.iter().rfind(|call| FUNCTIONS.contains(&call.caller.as_str()))
            {
                since = Instant::now();
                newest = last.seq;
            }
            // Asked in the order things go: what has left the one is in the next.
            let under_way = self.control().under_way()?;
            let in_queue = self.world.follow_ups_waiting()?;
            let is_at_rest = under_way == 0 && in_queue <= waiting;
            Ok(if is_at_rest && since.elapsed() >= SILENCE {
                Seen::Yes(())
            } else {
                Seen::NotYet(format!(
                    "{under_way} events under way, {in_queue} messages in the queue, last call {newest}"
                ))
            })
        })
        .unwrap();
    }

    /// Waits until everything is at rest, and gives the mails since the first `before` ones.
    pub(crate) fn mails_after(&self, before: usize) -> Vec<Mail> {
        self.wait_for_silence();
        self.world.mails().unwrap().split_off(before)
    }

    /// The calls of the processor above a number, but those to its ledger.
    pub(crate) fn calls(&self, since: u64) -> Vec<RecordedCall> {
        let mut calls = self.control().calls_since(since).unwrap();
        calls.retain(|call| call.caller == PROCESSOR && call.service != "dynamodb");
        calls
    }

    /// The number of the newest call.
    pub(crate) fn last_call(&self) -> u64 {
        self.control().calls_since(0).unwrap().last().map_or(0, |call| call.seq)
    }

    /// The processor's requests and cases above a number, refused ones included.
    pub(crate) fn writes(&self, since: u64) -> Vec<String> {
        let writes = ["RequestServiceQuotaIncrease", "CreateCase", "AddCommunicationToCase"];
        let mut operations: Vec<String> =
            self.calls(since).into_iter().map(|call| call.operation).collect();
        operations.retain(|operation| writes.contains(&operation.as_str()));
        operations
    }

    pub(crate) fn cases(&self) -> Vec<Case> {
        readers::cases(self.world.calls()).unwrap()
    }

    pub(crate) fn quota_requests(&self) -> Vec<Value> {
        readers::quota_requests(self.world.calls()).unwrap()
    }

    /// Orders a fault for every call of the processor until faults are cleared.
    pub(crate) fn fail(&self, service: &'static str, operation: &'static str, kind: FaultKind) {
        let fault = Fault::always(service, operation, kind);
        self.control().order_fault(&Fault { caller: Some(PROCESSOR), ..fault }).unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.control().now().unwrap().parse().unwrap()
    }

    /// Everything a function logged.
    pub(crate) fn logged(&self, function: &str) -> String {
        let group = format!("/aws/lambda/{}", self.world.function_name(function));
        let input = json!({ "logGroupName": group });
        let answer = self.world.calls().json(JsonService::Logs, "FilterLogEvents", &input).unwrap();
        let events = answer["events"].as_array().unwrap();
        events.iter().filter_map(|event| event["message"].as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Whether a mail says this, however its lines are broken.
pub(crate) fn says(mail: &Mail, text: &str) -> bool {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line(&mail.body).contains(&one_line(text))
}

/// Starts a whole minute of local time in the past; has alarms evaluated only when a test moves the
/// clock on, because one that a test set to ALARM would be OK again at the next minute; seeds the
/// pool; has Support and Service Quotas answer at once, and minutes of waiting pass in a second.
fn prepare(calls: &AwsCalls, traffic: Traffic) -> Result<(), Broken> {
    match traffic {
        Traffic::SevenPools => {
            let seed = |minute| seed(traffic, minute);
            prepare_back(calls, i64::from(SEVEN_POOLS_MINUTES), seed)
        }
        Traffic::None
        | Traffic::Calm
        | Traffic::PeakInHistory
        | Traffic::Breach
        | Traffic::FourteenDays => prepare_with(calls, |minute| seed(traffic, minute)),
    }
}

/// The same with another seed, made for the minute that it is.
pub(crate) fn prepare_with(
    calls: &AwsCalls,
    seed: impl FnOnce(i64) -> Value,
) -> Result<(), Broken> {
    prepare_back(calls, 1, seed)
}

fn prepare_back(
    calls: &AwsCalls,
    minutes_back: i64,
    seed: impl FnOnce(i64) -> Value,
) -> Result<(), Broken> {
    let control = Control(calls);
    let now: Timestamp = control.now()?.parse().unwrap();
    let into_the_minute = now.as_second().rem_euclid(60);
    control.set_clock_offset_seconds(-60 * minutes_back - into_the_minute)?;
    control.hold_evaluations()?;
    let minute = (now.as_second() - into_the_minute) / 60 - minutes_back;
    control.seed(&seed(minute))?;
    control.hurry_queues(60)?;
    let at_once = Delays {
        publishing_delay_seconds: 0,
        case_id_delay_seconds: 0,
        first_reply_delay_seconds: 0,
    };
    control.set_delays(at_once)
}

/// The pool's series around a minute, and its quotas.
fn seed(traffic: Traffic, now: i64) -> Value {
    let quotas = json!([
        { "code": quota::BUSY_TPM, "applied": TPM, "adjustable": true },
        { "code": quota::BUSY_RPM, "applied": RPM, "adjustable": true },
    ]);
    match traffic {
        Traffic::None => return json!({ "quotas": quotas }),
        Traffic::FourteenDays => return fourteen_days(now - 60),
        Traffic::SevenPools => return traffic::seed(Timestamp::from_second(now * 60).unwrap()),
        Traffic::Calm | Traffic::PeakInHistory | Traffic::Breach => {}
    }
    json!({ "metrics": series_of(traffic, BUSY_MODEL, now), "quotas": quotas })
}

/// The series of one model, called through its profile for the United States, around a minute.
pub(crate) fn series_of(traffic: Traffic, model: &str, now: i64) -> Value {
    let breaches = |minute: i64| traffic == Traffic::Breach && (-30..10).contains(&minute);
    let peaks =
        |minute: i64| breaches(minute) || (traffic == Traffic::PeakInHistory && minute == -60);
    let series = |name: &str, value: &dyn Fn(i64) -> Option<f64>| {
        let values: Vec<Option<f64>> = (-MINUTES_BEFORE..MINUTES_AFTER).map(value).collect();
        let start = Timestamp::from_second((now - MINUTES_BEFORE) * 60).unwrap();
        json!({
            "namespace": "AWS/Bedrock",
            "name": name,
            "dimensions": { "ModelId": format!("us.{model}") },
            "start": start.to_string(),
            "values": values,
        })
    };
    let always = |value: f64| move |_: i64| Some(value);
    let in_breach = |value: f64| move |minute: i64| breaches(minute).then_some(value);
    let or_calm = |value: f64, calm: f64| {
        move |minute: i64| Some(if breaches(minute) { value } else { calm })
    };
    json!([
        series("Invocations", &always(RPM / 5.0)),
        series("InputTokenCount", &always(TPM / 20.0)),
        series("OutputTokenCount", &always(TPM / 50.0)),
        series("EstimatedTPMQuotaUsage", &|minute| {
            Some(if peaks(minute) { TPM * 1.1 } else { TPM / 5.0 })
        }),
        series("InvocationLatency", &or_calm(90_000.0, 2_000.0)),
        series("TimeToFirstToken", &or_calm(15_000.0, 500.0)),
        series("InvocationServerErrors", &in_breach(5.0)),
        series("InvocationClientErrors", &in_breach(5.0)),
        series("InvocationThrottles", &in_breach(10.0)),
    ])
}

/// The demo's busy pool alone, its incident starting at a minute.
fn fourteen_days(incident: i64) -> Value {
    let mut seed = traffic::seed(Timestamp::from_second(incident * 60).unwrap());
    let of_pool = |series: &Value| {
        let model = series["dimensions"]["ModelId"].as_str();
        model.is_some_and(|model| {
            model.ends_with(BUSY_MODEL)
                || traffic::BUSY_PROFILES.iter().any(|(profile, _)| model == *profile)
        })
    };
    seed["metrics"].as_array_mut().unwrap().retain(of_pool);
    seed
}

/// Every value of one of our metrics of cost in the last day, by the start of its hour.
pub(crate) fn hourly(stage: &Stage, metric: &str, (name, value): (&str, &str)) -> Vec<(i64, f64)> {
    let hour = stage.now().as_second().div_euclid(3_600) * 3_600;
    let stat = json!({
        "Metric": {
            "Namespace": "LLMWatch/Quota",
            "MetricName": metric,
            "Dimensions": [{ "Name": name, "Value": value }],
        },
        "Period": 3_600,
        "Stat": "Maximum",
    });
    let input = json!({
        "MetricDataQueries": [{ "Id": "m", "MetricStat": stat }],
        "StartTime": hour - 86_400,
        "EndTime": hour + 3_600,
        "ScanBy": "TimestampAscending",
    });
    let answer =
        stage.world.calls().json(JsonService::CloudWatch, "GetMetricData", &input).unwrap();
    let result = &answer["MetricDataResults"][0];
    let times = result["Timestamps"].as_array().unwrap().iter().map(|at| at.as_f64().unwrap());
    let values = result["Values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
    times.map(|at| at as i64).zip(values).collect()
}
