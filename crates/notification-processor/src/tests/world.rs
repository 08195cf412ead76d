//! What AWS holds, what is on its way to the function, and the time.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_servicequotas::types::RequestStatus;
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::alarm::name::{ComponentAlarm, QualityAlarm};
use llmwatch_core::alarm::{AlarmKind, Severity, name};
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::delivery::TRIES;
use llmwatch_core::episode::{AlarmState, Episode};
use llmwatch_core::ids::{QuotaCode, StackPrefix};
use llmwatch_core::pool::{Pool, PoolLabel, Scope};
use llmwatch_core::quality::alarm::QualityKind;
use llmwatch_core::quality::series::{Series, StoredSeries};
use llmwatch_core::quality::{Metric, NAMESPACE};
use llmwatch_core::quota::{Quota, QuotaKind, QuotaSource};
use llmwatch_core::render::Form;
use llmwatch_core::stored::{PoolQuota, StoredPool};
use serde_json::{Value, json};

use super::services;
use crate::{App, Config, handle};

const MODEL: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";
pub(crate) const TPM: &str = "L-58BE175A";
pub(crate) const RPM: &str = "L-CCA5DF70";

/// The queue's visibility timeout.
const VISIBILITY_SECONDS: i64 = 360;

/// When a request's case exists, and when Support confirms it.
const CASE_AFTER: SignedDuration = SignedDuration::from_secs(90);

pub(crate) fn prefix() -> StackPrefix {
    StackPrefix::parse("llmwatch").unwrap()
}

pub(crate) fn pool() -> PoolLabel {
    Pool { scope: Scope::CrossRegion, model: MODEL.to_owned() }.label()
}

pub(crate) fn arn(kind: AlarmKind) -> String {
    let name = name::child(&prefix(), kind, &pool());
    format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}")
}

fn quota(kind: QuotaKind, code: &str, value: f64) -> PoolQuota {
    let quota = Quota {
        code: QuotaCode::parse(code).unwrap(),
        name: format!("Cross-region model inference {} for Claude", kind.unit()),
        value,
        adjustable: true,
        source: QuotaSource::Applied,
        aws_default: None,
    };
    PoolQuota { kind, quota, threshold: value * 0.8 }
}

pub(crate) fn stored() -> StoredPool {
    let now = "2026-11-21T02:00:00Z".parse().unwrap();
    StoredPool {
        pool: Pool { scope: Scope::CrossRegion, model: MODEL.to_owned() },
        series: vec![format!("us.{MODEL}")],
        quotas: vec![quota(QuotaKind::Rpm, RPM, 1_000.0), quota(QuotaKind::Tpm, TPM, 500_000.0)],
        adjustable_elsewhere: Vec::new(),
        notes: Vec::new(),
        last_seen: now,
        calculated_at: now,
    }
}

/// The function's configuration in a Region, with these forms switched on.
pub(crate) fn config(region: &str, forms: &[Form]) -> Config {
    let config = Config::from_vars(&|name| {
        let topic = |form: Form| if forms.contains(&form) { form.word() } else { "" };
        let value = match name {
            "LLMWATCH_PREFIX" => "llmwatch",
            "LLMWATCH_CHAT_TOPIC_ARN" => topic(Form::Chat),
            "LLMWATCH_WEBHOOK_TOPIC_ARN" => topic(Form::Webhook),
            "AWS_REGION" => region,
            "LLMWATCH_SETTLE_SECONDS" => "30",
            "LLMWATCH_QUALITY_NAMESPACE" => NAMESPACE,
            "LLMWATCH_ALERTS_TOPIC_ARN" => "arn:aws:sns:us-east-1:123456789012:alerts",
            _ => "x",
        };
        Some(value.to_owned())
    });
    config.unwrap()
}

/// An alarm as CloudWatch lists it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alarm {
    pub(crate) state: AlarmState,
    pub(crate) changed_at: Timestamp,
    pub(crate) is_audible: bool,
}

/// A request to raise a quota.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) desired: f64,
    pub(crate) made_at: Timestamp,
    pub(crate) case_number: Option<String>,
    /// How AWS decided it, and when.
    pub(crate) decided: Option<(RequestStatus, Timestamp)>,
}

/// A case with its messages: (who wrote it, what it says).
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) subject: String,
    /// Support's code of its severity.
    pub(crate) severity: String,
    pub(crate) messages: Vec<(String, String)>,
    pub(crate) opened_at: Timestamp,
    pub(crate) is_resolved: bool,
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Answered,
    /// It fails with this code before anything happens.
    Refused(String),
    /// It is carried out, and answered by a 500.
    AnswerLost,
}

/// Where the function is killed: at the call of this number, before or after it takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kill {
    Before(usize),
    After(usize),
}

/// An event on its way to the function.
#[derive(Debug, Clone)]
struct Delivery {
    due: Timestamp,
    tries: u32,
    event: Sent,
}

#[derive(Debug, Clone)]
enum Sent {
    /// By SNS or EventBridge: Lambda tries it three times.
    Alarm(Value),
    /// Through the function's queue.
    Message(String),
}

type Meanwhile = Box<dyn FnOnce() + Send>;

/// Everything outside the function.
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) alarms: BTreeMap<AlarmKind, Alarm>,
    pub(crate) quality_alarms: BTreeMap<(QualityKind, Severity), Alarm>,
    pub(crate) component_alarms: BTreeMap<AlarmKind, Alarm>,
    /// Of every quality metric: minutes before now, mean and samples.
    pub(crate) quality_data: Vec<(i64, f64, f64)>,
    /// When the composite changed, and to which state.
    pub(crate) composite_history: Vec<(Timestamp, &'static str)>,
    pub(crate) rows: BTreeMap<(String, String), HashMap<String, AttributeValue>>,
    pub(crate) parameters: BTreeMap<String, String>,
    /// Metric → its value in one minute an hour ago.
    pub(crate) usage: BTreeMap<&'static str, f64>,
    pub(crate) quotas: BTreeMap<String, f64>,
    requests: Vec<Request>,
    cases: Vec<Case>,
    pub(crate) mails: Vec<(String, String)>,
    /// What was published to another topic than the people's: topic and message.
    pub(crate) published: Vec<(String, String)>,
    /// The topic that refuses.
    pub(crate) denied_topic: Option<&'static str>,
    pub(crate) dead_letters: Vec<String>,
    /// Operations in the order they were called.
    pub(crate) calls: Vec<&'static str>,
    /// Operation, code, and how many calls still meet it.
    pub(crate) faults: Vec<(&'static str, Fate, u32)>,
    pub(crate) kill: Option<Kill>,
    is_killed: bool,
    /// Whether requests get cases, and cases Support's automatic reply.
    pub(crate) gives_cases: bool,
    pub(crate) support_replies: bool,
    /// Who Support's messages are from.
    pub(crate) support_calls_itself: &'static str,
    /// Until when Support lists no case.
    pub(crate) unlisted_until: Option<Timestamp>,
    pub(crate) retry_after: Option<i64>,
    meanwhile: Option<(&'static str, Meanwhile)>,
    deliveries: Vec<Delivery>,
}

impl State {
    /// What becomes of a call; counts it.
    pub(crate) fn fate(&mut self, operation: &'static str) -> Fate {
        let number = self.calls.len();
        self.calls.push(operation);
        if self.is_killed {
            return Fate::Refused("Killed".to_owned());
        }
        match self.kill {
            Some(Kill::Before(at)) if at == number => {
                self.is_killed = true;
                return Fate::Refused("Killed".to_owned());
            }
            Some(Kill::After(at)) if at == number => {
                self.is_killed = true;
                return Fate::AnswerLost;
            }
            Some(_) | None => {}
        }
        let fault = self.faults.iter_mut().find(|(of, _, left)| *of == operation && *left > 0);
        fault.map_or(Fate::Answered, |(_, fate, left)| {
            *left -= 1;
            fate.clone()
        })
    }

    /// What happens once at a call of this operation, before it is served.
    pub(crate) fn meanwhile(&mut self, operation: &str) -> Option<Meanwhile> {
        self.meanwhile.take_if(|(at, _)| *at == operation).map(|(_, meanwhile)| meanwhile)
    }

    /// Has calls of an operation fail with a code before they take effect.
    pub(crate) fn refuse(&mut self, operation: &'static str, code: &str, times: u32) {
        self.faults.push((operation, Fate::Refused(code.to_owned()), times));
    }

    /// Has one call of an operation fail before it takes effect, after so many that do not.
    pub(crate) fn refuse_after(&mut self, calls: u32, operation: &'static str, code: &str) {
        self.faults.push((operation, Fate::Answered, calls));
        self.refuse(operation, code, 1);
    }

    /// Has one call of an operation take effect and fail.
    pub(crate) fn lose_answer(&mut self, operation: &'static str) {
        self.faults.push((operation, Fate::AnswerLost, 1));
    }

    pub(crate) fn set(&mut self, setting: &str, value: &str) {
        self.parameters.insert(format!("/llmwatch/settings/{setting}"), value.to_owned());
    }

    pub(crate) fn store(&mut self, stored: &StoredPool) {
        let name = format!("/llmwatch/pools/{}/thresholds", pool());
        self.parameters.insert(name, serde_json::to_string(stored).unwrap());
    }

    pub(crate) fn enqueue(&mut self, body: &str, delay_seconds: i64) {
        let due = self.now + SignedDuration::from_secs(delay_seconds);
        self.deliveries.push(Delivery { due, tries: 1, event: Sent::Message(body.to_owned()) });
    }

    /// Makes a request, unless one for the quota is open.
    pub(crate) fn request(&mut self, code: &str, desired: f64) -> Option<Request> {
        if self.requests.iter().any(|request| request.code == code && request.decided.is_none()) {
            return None;
        }
        let request = Request {
            id: format!("request-{}", self.requests.len() + 1),
            code: code.to_owned(),
            desired,
            made_at: self.now,
            case_number: None,
            decided: None,
        };
        self.requests.push(request.clone());
        Some(request)
    }

    /// Has every open request decided; the quotas stay as they are.
    pub(crate) fn decide_requests(&mut self, as_what: &RequestStatus) {
        let now = self.now;
        for request in &mut self.requests {
            request.decided.get_or_insert((as_what.clone(), now));
        }
    }

    /// Has Service Quotas forget every request.
    pub(crate) fn forget_requests(&mut self) {
        self.requests.clear();
    }

    /// Requests as they stand: by now some have a case.
    pub(crate) fn requests(&mut self) -> &[Request] {
        for index in 0..self.requests.len() {
            let request = &self.requests[index];
            let is_due = self.now.duration_since(request.made_at) >= CASE_AFTER;
            if self.gives_cases
                && is_due
                && request.case_number.is_none()
                && request.decided.is_none()
            {
                self.open_case("Quota Increase: Bedrock", "Opened by Service Quotas");
                let case = self.cases.last_mut().unwrap();
                if self.support_replies {
                    confirm(case, self.support_calls_itself);
                }
                self.requests[index].case_number = Some(case.number.clone());
            }
        }
        &self.requests
    }

    pub(crate) fn cases(&mut self) -> &[Case] {
        self.requests();
        &self.cases
    }

    /// Opens a case and returns its id.
    pub(crate) fn open_case(&mut self, subject: &str, body: &str) -> String {
        let number = self.cases.len() + 1;
        let id = format!("case-{number}");
        self.cases.push(Case {
            id: id.clone(),
            number: (10_000 + number).to_string(),
            subject: subject.to_owned(),
            severity: "normal".to_owned(),
            messages: vec![("us".to_owned(), body.to_owned())],
            opened_at: self.now,
            is_resolved: false,
        });
        id
    }

    pub(crate) fn set_severity(&mut self, case_id: &str, code: &str) {
        let case = self.cases.iter_mut().find(|case| case.id == case_id).unwrap();
        code.clone_into(&mut case.severity);
    }

    /// Has Support confirm every case by its automatic reply.
    pub(crate) fn confirm_cases(&mut self) {
        for case in &mut self.cases {
            confirm(case, self.support_calls_itself);
        }
    }

    pub(crate) fn append(&mut self, case_id: &str, body: &str) {
        let case = self.cases.iter_mut().find(|case| case.id == case_id).unwrap();
        case.messages.push(("us".to_owned(), body.to_owned()));
    }

    pub(crate) fn resolve_cases(&mut self) {
        for case in &mut self.cases {
            case.is_resolved = true;
        }
    }

    /// Loses what is on its way and speaks of this alarm by its name.
    pub(crate) fn lose_deliveries_of(&mut self, kind: &str) {
        self.deliveries.retain(|delivery| match &delivery.event {
            Sent::Alarm(event) => !event["detail"].to_string().contains(kind),
            Sent::Message(_) => true,
        });
    }
}

fn confirm(case: &mut Case, by: &str) {
    case.messages.push((by.to_owned(), "We have received your request".to_owned()));
}

/// Events that are kept from the function.
pub(crate) struct Held(Vec<Delivery>);

/// The function in its world.
#[derive(Clone)]
pub(crate) struct World {
    app: Arc<App>,
    state: Arc<Mutex<State>>,
}

impl World {
    /// A pool that uses 90 % of its TPM and 10 % of its RPM, with case automation on.
    pub(crate) fn busy() -> Self {
        let world = Self::calm();
        world.state().usage.insert("EstimatedTPMQuotaUsage", 450_000.0);
        world
    }

    /// A pool that uses 10 % of its quotas, with case automation on.
    pub(crate) fn calm() -> Self {
        Self::calm_with(&[])
    }

    /// The same, with these forms switched on; each form's topic is called by its word.
    pub(crate) fn calm_with(forms: &[Form]) -> Self {
        let mut state = State {
            now: "2026-11-21T02:00:00Z".parse().unwrap(),
            alarms: BTreeMap::new(),
            quality_alarms: BTreeMap::new(),
            component_alarms: BTreeMap::new(),
            quality_data: Vec::new(),
            composite_history: Vec::new(),
            rows: BTreeMap::new(),
            parameters: BTreeMap::new(),
            usage: BTreeMap::from([("Invocations", 100.0), ("EstimatedTPMQuotaUsage", 50_000.0)]),
            quotas: BTreeMap::from([(RPM.to_owned(), 1_000.0), (TPM.to_owned(), 500_000.0)]),
            requests: Vec::new(),
            cases: Vec::new(),
            mails: Vec::new(),
            published: Vec::new(),
            denied_topic: None,
            dead_letters: Vec::new(),
            calls: Vec::new(),
            faults: Vec::new(),
            kill: None,
            is_killed: false,
            gives_cases: true,
            support_replies: true,
            support_calls_itself: "Amazon Web Services",
            unlisted_until: None,
            retry_after: None,
            meanwhile: None,
            deliveries: Vec::new(),
        };
        state.store(&stored());
        state.set("case-automation", "on");
        let state = Arc::new(Mutex::new(state));
        let app = App { config: config("us-east-1", forms), clients: services::clients(&state) };
        Self { app: Arc::new(app), state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    // What follows gives copies: a guard would hold the world still for the rest of a statement.

    pub(crate) fn mails(&self) -> Vec<(String, String)> {
        self.state().mails.clone()
    }

    pub(crate) fn subjects(&self) -> Vec<String> {
        self.mails().into_iter().map(|(subject, _)| subject).collect()
    }

    /// The messages published in a form.
    pub(crate) fn published(&self, form: Form) -> Vec<Value> {
        let state = self.state();
        let messages = state.published.iter().filter(|(topic, _)| topic == form.word());
        messages.map(|(_, message)| serde_json::from_str(message).unwrap()).collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state().requests().to_vec()
    }

    pub(crate) fn cases(&self) -> Vec<Case> {
        self.state().cases().to_vec()
    }

    pub(crate) fn dead_letters(&self) -> usize {
        self.state().dead_letters.len()
    }

    /// How often an operation was called.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.state().calls.iter().filter(|call| **call == operation).count()
    }

    /// The pool's episode in the ledger.
    pub(crate) fn episode(&self) -> Episode {
        let row = self.state().rows[&(format!("pool#{}", pool()), "episode".to_owned())].clone();
        serde_json::from_str(row["document"].as_s().unwrap()).unwrap()
    }

    /// How many requests the function still watches.
    pub(crate) fn watched(&self) -> usize {
        self.state().rows.keys().filter(|(pk, _)| pk == "watched-requests").count()
    }

    /// An hour is over: the schedule has the function look at quota requests.
    pub(crate) fn look_at_requests(&self) {
        deliver(&mut self.state(), json!({"check": "requests"}));
    }

    /// A week is over: the schedule has the function tell of it.
    pub(crate) fn send_digest(&self, due: &str) {
        let scheduled = json!({
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "time": due,
        });
        deliver(&mut self.state(), scheduled);
    }

    /// Somebody asks for a digest by hand.
    pub(crate) fn ask_for_digest(&self) {
        deliver(&mut self.state(), json!({"check": "digest"}));
    }

    /// Whether nothing is on its way to the function.
    pub(crate) fn is_quiet(&self) -> bool {
        self.state().deliveries.is_empty()
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// An alarm changes to a state.
    pub(crate) fn set(&self, kind: AlarmKind, to: AlarmState) {
        self.change(kind, to, true);
    }

    /// Has every message that is on its way come twice.
    pub(crate) fn duplicate_messages(&self) {
        let mut state = self.state();
        let again = state.deliveries.clone();
        state.deliveries.extend(again);
    }

    /// An alarm fires: the children's rule and, for the first one, the composite's topic tell.
    pub(crate) fn fire(&self, kind: AlarmKind) {
        self.change(kind, AlarmState::Alarm, true);
    }

    /// An alarm is OK again.
    pub(crate) fn recover(&self, kind: AlarmKind) {
        self.change(kind, AlarmState::Ok, true);
    }

    /// An alarm whose actions are disabled fires.
    pub(crate) fn fire_unheard(&self, kind: AlarmKind) {
        self.change(kind, AlarmState::Alarm, false);
    }

    fn change(&self, kind: AlarmKind, to: AlarmState, is_audible: bool) {
        let mut state = self.state();
        let fires = |state: &State| state.alarms.values().any(|a| a.state == AlarmState::Alarm);
        let before = fires(&state);
        let changed_at = state.now;
        state.alarms.insert(kind, Alarm { state: to, changed_at, is_audible });
        let after = fires(&state);
        let event = child_event(kind, to, changed_at);
        deliver(&mut state, event);
        if before != after {
            deliver(&mut state, composite_event(to, changed_at));
        }
    }

    /// A quality alarm changes to a state.
    pub(crate) fn set_quality(
        &self,
        which: (QualityKind, Severity),
        to: AlarmState,
        is_audible: bool,
    ) {
        let mut state = self.state();
        let changed_at = state.now;
        state.quality_alarms.insert(which, Alarm { state: to, changed_at, is_audible });
        deliver(&mut state, quality_event(which, to, changed_at));
    }

    /// Delivers a quality alarm's latest change again.
    pub(crate) fn deliver_quality_again(&self, which: (QualityKind, Severity), to: AlarmState) {
        let mut state = self.state();
        let changed_at = state.quality_alarms[&which].changed_at;
        deliver(&mut state, quality_event(which, to, changed_at));
    }

    /// A component alarm changes to a state.
    pub(crate) fn set_component(&self, kind: AlarmKind, to: AlarmState, is_audible: bool) {
        let mut state = self.state();
        let changed_at = state.now;
        state.component_alarms.insert(kind, Alarm { state: to, changed_at, is_audible });
        deliver(&mut state, lone_event(component_name(kind), to, changed_at));
    }

    /// Delivers a component alarm's latest change again.
    pub(crate) fn deliver_component_again(&self, kind: AlarmKind, to: AlarmState) {
        let mut state = self.state();
        let changed_at = state.component_alarms[&kind].changed_at;
        deliver(&mut state, lone_event(component_name(kind), to, changed_at));
    }

    /// Keeps what is on its way from the function.
    pub(crate) fn hold_deliveries(&self) -> Held {
        Held(std::mem::take(&mut self.state().deliveries))
    }

    /// Sends what was held on.
    pub(crate) fn release_deliveries(&self, held: Held) {
        self.state().deliveries.extend(held.0);
    }

    /// Has the function work on what is on its way until so much time has passed.
    pub(crate) async fn run_for(&self, minutes: i64) {
        let until = self.state().now + SignedDuration::from_mins(minutes);
        while let Some(delivery) = self.next(until) {
            self.deliver(delivery).await;
        }
        self.state().now = until;
    }

    fn next(&self, until: Timestamp) -> Option<Delivery> {
        let mut state = self.state();
        let (index, _) = state
            .deliveries
            .iter()
            .enumerate()
            .filter(|(_, delivery)| delivery.due <= until)
            .min_by_key(|(_, delivery)| delivery.due)?;
        let delivery = state.deliveries.remove(index);
        state.now = state.now.max(delivery.due);
        Some(delivery)
    }

    async fn deliver(&self, mut delivery: Delivery) {
        let (event, tries, waits) = match &delivery.event {
            Sent::Alarm(event) => (event.clone(), 3, 60 * i64::from(delivery.tries)),
            Sent::Message(body) => (sqs_event(body, delivery.tries), TRIES, VISIBILITY_SECONDS),
        };
        let now = self.state().now;
        let answer = handle(self.app(), &event, now).await;
        let mut state = self.state();
        let was_killed = std::mem::take(&mut state.is_killed);
        let retry_after = state.retry_after.take();
        let is_done = match &answer {
            Ok(answer) => answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty),
            Err(_) => false,
        };
        if is_done && !was_killed {
            return;
        }
        if delivery.tries >= tries {
            state.dead_letters.push(event.to_string());
            return;
        }
        delivery.tries += 1;
        let waits = retry_after.filter(|_| !was_killed).unwrap_or(waits);
        delivery.due = now + SignedDuration::from_secs(waits);
        state.deliveries.push(delivery);
    }

    /// Delivers everything that is due now while the function is inside a call of an operation.
    pub(crate) fn deliver_during(&self, operation: &'static str, change: fn(&Self)) {
        let world = self.clone();
        let meanwhile = move || {
            change(&world);
            let elsewhere = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(world.run_for(0));
            });
            elsewhere.join().unwrap();
        };
        self.state().meanwhile = Some((operation, Box::new(meanwhile)));
    }

    /// Delivers an event again, as SNS and EventBridge may.
    pub(crate) fn deliver_again(&self, kind: AlarmKind, state: AlarmState, at: Timestamp) {
        deliver(&mut self.state(), child_event(kind, state, at));
    }
}

fn deliver(state: &mut State, event: Value) {
    let due = state.now;
    state.deliveries.push(Delivery { due, tries: 1, event: Sent::Alarm(event) });
}

fn child_event(kind: AlarmKind, state: AlarmState, at: Timestamp) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "resources": [arn(kind)],
        "detail": {
            "alarmName": name::child(&prefix(), kind, &pool()),
            "state": { "value": state.word(), "reason": "r", "timestamp": at.to_string() },
        },
    })
}

/// The series of quality metrics.
pub(crate) fn quality_series() -> StoredSeries {
    StoredSeries {
        series: Series { model_id: format!("us.{MODEL}"), inference_component: None },
        seen: Metric::ALL
            .iter()
            .map(|facts| (facts.metric.to_string(), "2026-11-21T01:00:00Z".parse().unwrap()))
            .collect(),
    }
}

pub(crate) fn quality_name((kind, severity): (QualityKind, Severity)) -> String {
    let series = quality_series().series.label();
    name::quality(&prefix(), &QualityAlarm { kind, severity, series })
}

/// The inference component that has alarms.
pub(crate) fn component() -> InferenceComponent {
    InferenceComponent::parse("chat-7b").unwrap()
}

pub(crate) fn component_name(kind: AlarmKind) -> String {
    name::component(&prefix(), &ComponentAlarm { kind, component: component() })
}

fn quality_event(which: (QualityKind, Severity), state: AlarmState, at: Timestamp) -> Value {
    lone_event(quality_name(which), state, at)
}

fn lone_event(name: String, state: AlarmState, at: Timestamp) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "resources": [format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}")],
        "detail": {
            "alarmName": name,
            "state": { "value": state.word(), "reason": "r", "timestamp": at.to_string(),
                "reasonData": r#"{"threshold": 5.0, "recentDatapoints": [0.0, 31.0]}"# },
        },
    })
}

fn composite_event(state: AlarmState, at: Timestamp) -> Value {
    let name = name::composite(&prefix(), &pool());
    let message = json!({
        "AlarmName": name,
        "AlarmArn": format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"),
        "NewStateValue": state.word(),
        "NewStateReason": "r",
        "StateChangeTime": at.to_string(),
    });
    json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message.to_string()}}]})
}

fn sqs_event(body: &str, tries: u32) -> Value {
    json!({"Records": [{
        "eventSource": "aws:sqs",
        "messageId": "1",
        "receiptHandle": "receipt",
        "body": body,
        "attributes": {"ApproximateReceiveCount": tries.to_string()},
    }]})
}
