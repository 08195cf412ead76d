//! Several pools in one stack, so that many incidents are played at once: each pool is an actor
//! that plays one after the other, and no fault of one reaches another.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use llmwatch_core::alarm::AlarmKind::{self, ServerErrors, Throttles};
use llmwatch_core::alarm::name;
use llmwatch_core::duplicate::{CaseKey, CaseTag, Category};
use llmwatch_core::episode::{Episode, EpisodeId};
use llmwatch_core::ids::{AccountId, Region, StackPrefix};
use llmwatch_core::pool::{Pool, PoolLabel, Scope};
use llmwatch_tests::World;
use llmwatch_tests::aws_call::{ACCOUNT, JsonService, REGION};
use llmwatch_tests::control::{Control, Fault, QuotaDecision};
use llmwatch_tests::readers::{self, Case};
use llmwatch_tests::world::{DeadLetters, Mail};
use serde_json::{Value, json};

use crate::stage::{PROCESSOR, RPM, TPM, Traffic, prepare_with, series_of};

/// Models with adjustable quotas of their own for cross-region calls: tokens, then requests.
const MODELS: [(&str, &str, &str); 8] = [
    ("amazon.nova-2-lite-v1:0", "L-C6F5908D", "L-F06F1187"),
    ("amazon.nova-pro-v1:0", "L-C0326783", "L-ED46B8C5"),
    ("anthropic.claude-haiku-4-5-20251001-v1:0", "L-58BE175A", "L-CCA5DF70"),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", "L-F4DDD3EB", "L-4A6BFAB1"),
    ("anthropic.claude-sonnet-4-6", "L-15B8E632", "L-00FF3314"),
    ("meta.llama3-1-70b-instruct-v1:0", "L-92E68994", "L-29644EB3"),
    ("meta.llama3-3-70b-instruct-v1:0", "L-0E7AA8B7", "L-DEDE703C"),
    ("meta.llama4-scout-17b-instruct-v1:0", "L-532E6630", "L-751B753A"),
];

/// Alarms besides the two that are played: without them a pool deploys in a second.
const SILENCED: [AlarmKind; 10] = [
    AlarmKind::ClientErrors,
    AlarmKind::HighInvocationRate,
    AlarmKind::HighTPMQuotaUsage,
    AlarmKind::HighTPDQuotaUsage,
    AlarmKind::HighLatency,
    AlarmKind::HighTimeToFirstToken,
    AlarmKind::InvocationAnomaly,
    AlarmKind::InputTokenAnomaly,
    AlarmKind::OutputTokenAnomaly,
    AlarmKind::LatencyAnomaly,
];

/// Everything waits three seconds at most, and the last tries of a message come seconds apart, so
/// that an actor on a busy machine has the leases run out in between.
const HURRY: u32 = 300;

/// How long an incident may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(200);
/// How often an actor looks.
const LOOK: Duration = Duration::from_millis(300);

/// Where an incident leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// High usage and throttles: a request to raise the quota, and the figures on its case.
    Quota,
    /// Errors of the service: a case to investigate.
    Investigation,
}

impl Route {
    /// The alarm that leads there.
    pub(crate) fn alarm(self) -> AlarmKind {
        match self {
            Self::Quota => Throttles,
            Self::Investigation => ServerErrors,
        }
    }
}

/// A stack that watches several pools and may act; their alarms change only when an actor says.
pub(crate) struct Crowd {
    pub(crate) world: World,
    prefix: StackPrefix,
    parked: Mutex<Vec<String>>,
}

impl Crowd {
    pub(crate) fn deploy() -> Self {
        let tuning: Value = SILENCED.iter().map(|kind| (kind.to_string(), off())).collect();
        let tuning = json!({ "*": tuning }).to_string();
        let parameters = [("CaseAutomation", "on"), ("AlarmTuning", tuning.as_str())];
        let world = World::start(&parameters, |calls| prepare_with(calls, seed)).unwrap();
        let control = world.control();
        control.advance_minutes(1).unwrap();
        control.hurry_queues(HURRY).unwrap();
        let prefix = StackPrefix::parse(world.prefix()).unwrap();
        Self { world, prefix, parked: Mutex::default() }
    }

    /// Has every script played by whichever actor is free; gives what came of each, in no order.
    pub(crate) fn play<S: Send, T: Send>(
        &self,
        scripts: impl IntoIterator<Item = S>,
        play: impl Fn(&Actor<'_>, S) -> T + Sync,
    ) -> Vec<T> {
        let waiting: Mutex<VecDeque<S>> = Mutex::new(scripts.into_iter().collect());
        let played = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for (model, tpm, _) in MODELS {
                let (waiting, played, play) = (&waiting, &played, &play);
                scope.spawn(move || {
                    let label = Pool { scope: Scope::CrossRegion, model: model.to_owned() }.label();
                    let actor = Actor { crowd: self, label, model, tpm };
                    while let Some(script) = { waiting.lock().unwrap().pop_front() } {
                        let result = play(&actor, script);
                        played.lock().unwrap().push(result);
                    }
                });
            }
        });
        played.into_inner().unwrap()
    }

    /// Waits until no message is on its way any more.
    pub(crate) fn wait_until_empty(&self) {
        until("the queue to be empty", || {
            let waiting = self.world.follow_ups_waiting().unwrap();
            if waiting == 0 { Ok(()) } else { Err(format!("{waiting} messages")) }
        });
    }

    /// Sends a parked message or event again, as `make replay` does.
    pub(crate) fn replay(&self, parked: &str) {
        let body: Value = serde_json::from_str(parked).unwrap();
        match body.get("requestPayload") {
            Some(event) => self.world.invoke_asynchronously(PROCESSOR, event).unwrap(),
            None => self.world.send_follow_up(parked).unwrap(),
        }
    }

    /// Everything parked so far, of whichever dead-letter queue.
    pub(crate) fn parked(&self) -> Vec<String> {
        let mut parked = self.parked.lock().unwrap();
        for queue in [DeadLetters::FailedInvocations, DeadLetters::FailedFollowUps] {
            parked.extend(self.world.take_dead_letters(queue).unwrap());
        }
        parked.clone()
    }

    pub(crate) fn control(&self) -> Control<'_> {
        self.world.control()
    }

    fn json(&self, service: JsonService, operation: &str, input: &Value) -> Value {
        self.world.calls().json(service, operation, input).unwrap()
    }

    fn ledger(&self, operation: &str, mut input: Value) -> Value {
        input["TableName"] = self.world.stack().resource("Ledger").unwrap().into();
        self.json(JsonService::DynamoDb, operation, &input)
    }
}

/// A pool that plays incidents.
pub(crate) struct Actor<'a> {
    pub(crate) crowd: &'a Crowd,
    pub(crate) label: PoolLabel,
    model: &'static str,
    tpm: &'static str,
}

/// An incident that was played to its end, and what the local AWS holds of it.
#[derive(Debug)]
pub(crate) struct Played {
    /// The mails about it, and those about its end.
    pub(crate) mails: Vec<Mail>,
    pub(crate) recoveries: Vec<Mail>,
    /// Quota requests it made.
    pub(crate) requests: usize,
    /// The cases with its marker, and how often each has it.
    pub(crate) cases: Vec<usize>,
    /// Effects begun and not ended.
    pub(crate) in_limbo: Vec<String>,
    /// Messages and events of the pool that were parked since it began.
    pub(crate) parked: Vec<String>,
}

impl Actor<'_> {
    /// Orders a fault for this pool's incidents.
    pub(crate) fn order(&self, fault: Fault) -> u64 {
        // A follow-up asks for nothing by its pool's label before it appends a text, and that names
        // the model.
        let about = match fault.operation {
            "AddCommunicationToCase" => self.model.to_owned(),
            _ => self.label.to_string(),
        };
        let fault = Fault { caller: Some(PROCESSOR), about: Some(about), ..fault };
        self.crowd.control().order_fault(&fault).unwrap()
    }

    /// Takes a fault back; whether it was still to come.
    pub(crate) fn take_back(&self, fault: u64) -> bool {
        self.crowd.control().take_back_fault(fault).unwrap()
    }

    /// Whether a fault is still to come.
    pub(crate) fn is_to_come(&self, fault: u64) -> bool {
        self.crowd.control().is_to_come(fault).unwrap()
    }

    pub(crate) fn set(&self, kind: AlarmKind, state: &str) {
        let input = json!({
            "AlarmName": name::child(&self.crowd.prefix, kind, &self.label),
            "StateValue": state,
            "StateReason": format!("set to {state} by the test"),
        });
        self.crowd.json(JsonService::CloudWatch, "SetAlarmState", &input);
    }

    /// The pool's latest episode, if it has one.
    pub(crate) fn episode(&self) -> Option<Episode> {
        let key =
            json!({ "pk": { "S": format!("pool#{}", self.label) }, "sk": { "S": "episode" } });
        let input = json!({ "Key": key, "ConsistentRead": true });
        let row = self.crowd.ledger("GetItem", input);
        serde_json::from_str(row["Item"]["document"]["S"].as_str()?).ok()
    }

    /// The effects of an episode as the ledger has them.
    pub(crate) fn effects(&self, episode: &EpisodeId) -> Vec<Value> {
        let input = json!({
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": format!("episode#{episode}") } },
            "ConsistentRead": true,
        });
        self.crowd.ledger("Query", input)["Items"].as_array().unwrap().clone()
    }

    /// Whether a case was told of an episode's alarms, and the ledger knows.
    pub(crate) fn has_appended(&self, episode: &EpisodeId) -> bool {
        self.effects(episode).iter().any(|row| {
            row["sk"]["S"].as_str().unwrap_or_default().contains("append#")
                && row["state"]["S"] != "intent"
        })
    }

    /// Has the leases of an episode's effects run out that were taken until a second of the
    /// machine's clock.
    pub(crate) fn expire_leases(&self, episode: &EpisodeId, until: i64) {
        for row in self.effects(episode) {
            let lease = row["lease_until"]["N"].as_str().and_then(|text| text.parse::<i64>().ok());
            let taken = lease.map(|lease| lease - notification_processor::LEASE.as_secs());
            if row["state"]["S"] != "intent" || taken.is_none_or(|at| at < 0 || at > until) {
                continue;
            }
            let input = json!({
                "TableName": self.crowd.world.stack().resource("Ledger").unwrap(),
                "Key": { "pk": row["pk"], "sk": row["sk"] },
                "UpdateExpression": "SET lease_until = :over",
                "ConditionExpression": "lease_until = :lease",
                "ExpressionAttributeValues": { ":over": { "N": "0" }, ":lease": row["lease_until"] },
            });
            // A refusal says that somebody has written the row in the meantime.
            let _ = self.crowd.world.calls().json(JsonService::DynamoDb, "UpdateItem", &input);
        }
    }

    /// What the local AWS holds of the incident that began after this.
    pub(crate) fn played(&self, before: &Before) -> Played {
        let world = &self.crowd.world;
        let episode = self.episode().map(|episode| episode.id);
        let episode = episode.filter(|id| before.episode.as_ref() != Some(id));
        let marker = episode.as_ref().map_or("no episode".to_owned(), EpisodeId::marker);
        let of_episode = |mail: &Mail| mail.body.contains(&marker);
        let all: Vec<Mail> = world.mails().unwrap().into_iter().filter(of_episode).collect();
        let (recoveries, mails) =
            all.into_iter().partition(|mail| mail.subject.starts_with("[Recovered"));
        let told = |case: &Case| {
            let times = case.communications.iter().filter(|text| text.contains(&marker)).count();
            (times > 0).then_some(times)
        };
        let in_limbo = episode.iter().flat_map(|episode| self.effects(episode));
        let in_limbo = in_limbo.filter(|row| row["state"]["S"] == "intent");
        Played {
            mails,
            recoveries,
            requests: self.requests() - before.requests,
            cases: readers::cases(world.calls()).unwrap().iter().filter_map(told).collect(),
            in_limbo: in_limbo.map(|row| row["sk"]["S"].to_string()).collect(),
            parked: self.parked_since(before),
        }
    }

    /// What was parked of this pool since an incident began.
    pub(crate) fn parked_since(&self, before: &Before) -> Vec<String> {
        let parked = self.crowd.parked();
        let of_pool = |body: &&String| body.contains(self.label.as_str());
        parked.iter().filter(of_pool).skip(before.parked).cloned().collect()
    }

    /// How things stand before an incident.
    pub(crate) fn before(&self) -> Before {
        let of_pool = |body: &&String| body.contains(self.label.as_str());
        Before {
            episode: self.episode().map(|episode| episode.id),
            requests: self.requests(),
            parked: self.crowd.parked().iter().filter(of_pool).count(),
        }
    }

    /// The episode of the incident that began after this, once people were told of it.
    pub(crate) fn decided(&self, before: &Before) -> Option<Episode> {
        let episode = self.episode()?;
        (before.episode.as_ref() != Some(&episode.id) && episode.notified_at.is_some())
            .then_some(episode)
    }

    /// Has Service Quotas refuse the open request and Support resolve the open case, so that the
    /// next incident makes its own.
    pub(crate) fn close(&self) {
        let calls = self.crowd.world.calls();
        // Nothing is open where the incident made nothing.
        let _ = self.crowd.control().decide_quota_request(self.tpm, QuotaDecision::Deny);
        // A case the ledger knows counts as open for a while although Support does not list it:
        // that while is over.
        let key = json!({ "pk": { "S": format!("pool#{}", self.label) }, "sk": { "S": "case#investigation" } });
        self.crowd.ledger("DeleteItem", json!({ "Key": key }));
        let tag = self.tag();
        for case in readers::cases(calls).unwrap() {
            if case.status != "resolved" && CaseTag::find_in(&case.subject) == Some(tag.clone()) {
                let input = json!({ "caseId": case.id });
                calls.json(JsonService::Support, "ResolveCase", &input).unwrap();
            }
        }
    }

    fn requests(&self) -> usize {
        let all = readers::quota_requests(self.crowd.world.calls()).unwrap();
        all.iter().filter(|request| request["QuotaCode"] == self.tpm).count()
    }

    fn tag(&self) -> CaseTag {
        let key = CaseKey {
            account: AccountId::parse(ACCOUNT).unwrap(),
            region: Region::parse(REGION).unwrap(),
            pool: self.label.clone(),
            category: Category::Investigation,
        };
        key.tag()
    }
}

/// How things stood before an incident.
#[derive(Debug)]
pub(crate) struct Before {
    episode: Option<EpisodeId>,
    requests: usize,
    parked: usize,
}

/// The machine's clock, by which functions take leases.
#[expect(clippy::disallowed_methods, reason = "leases are of the machine's clock")]
pub(crate) fn seconds_now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Asks now and then until there is an answer; `Err` says how things stand.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(seen) => assert!(started.elapsed() < PATIENCE, "waited for {what}: {seen}"),
        }
        std::thread::sleep(LOOK);
    }
}

fn off() -> Value {
    json!({ "enabled": false })
}

/// Every model with a peak an hour ago that proves high usage.
fn seed(minute: i64) -> Value {
    let series = MODELS.iter().flat_map(|(model, _, _)| {
        series_of(Traffic::PeakInHistory, model, minute).as_array().unwrap().clone()
    });
    let quotas = MODELS.iter().flat_map(|(_, tpm, rpm)| {
        [(tpm, TPM), (rpm, RPM)]
            .map(|(code, value)| json!({ "code": code, "applied": value, "adjustable": true }))
    });
    json!({ "metrics": series.collect::<Vec<_>>(), "quotas": quotas.collect::<Vec<_>>() })
}
