//! The state of the whole local AWS, and the one way into its services.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use jiff::Timestamp;
use serde_json::Value;

use crate::bedrock::{Bedrock, BedrockRequest};
use crate::bedrock_runtime::{self, judge::Judge};
use crate::clock::{Clock, lock};
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::notify::Notice;
use crate::comprehend;
use crate::error::AwsError;
use crate::faults::Faults;
use crate::model::{self, Model, check::Rejected};
use crate::recorder::Recorder;
use crate::service_quotas::ServiceQuotas;
use crate::support::Support;
use crate::time::minute_after;

/// Regions with an endpoint of Support.
const SUPPORT_REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];

/// The account and Region the local AWS stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// 12 digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
}

impl Place {
    /// An ARN of this account and Region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }
}

/// What a service answered, and what it sends out because of the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// The answer.
    pub output: Value,
    /// To be delivered after the answer, in order.
    pub notices: Vec<Notice>,
}

impl From<Value> for Served {
    fn from(output: Value) -> Self {
        Self { output, notices: Vec::new() }
    }
}

/// The local AWS.
#[derive(Debug)]
pub struct World {
    /// What it takes for now.
    pub clock: Clock,
    /// Every call it saw.
    pub recorder: Recorder,
    /// The faults ordered.
    pub faults: Faults,
    /// Account and Region.
    pub place: Place,
    services: Mutex<Services>,
    sqs_delay_divisor: AtomicU32,
    last_minute: Mutex<Option<Timestamp>>,
    evaluates_by_itself: AtomicBool,
}

/// The services answered here.
#[derive(Debug)]
pub struct Services {
    /// Metrics and alarms.
    pub cloudwatch: CloudWatch,
    /// Bedrock's quotas.
    pub quotas: ServiceQuotas,
    /// Cases.
    pub support: Support,
    /// Models and inference profiles.
    pub bedrock: Bedrock,
    /// What the judge is told to say.
    pub judge: Judge,
}

impl World {
    /// A local AWS in its first state.
    #[must_use]
    pub fn new(place: Place, clock: Clock) -> Self {
        let services = Services::new(&place);
        Self {
            clock,
            recorder: Recorder::default(),
            faults: Faults::default(),
            place,
            services: Mutex::new(services),
            sqs_delay_divisor: AtomicU32::new(1),
            last_minute: Mutex::new(None),
            evaluates_by_itself: AtomicBool::new(true),
        }
    }

    /// Puts every service, fault, record and setting back to the first state; the clock stays.
    pub fn reset(&self) {
        *lock(&self.services) = Services::new(&self.place);
        self.faults.clear();
        self.recorder.clear();
        self.set_sqs_delay_divisor(1);
        self.evaluate_by_itself(true);
    }

    /// What `DelaySeconds` of messages on their way to SQS are divided by, ≥ 1.
    #[must_use]
    pub fn sqs_delay_divisor(&self) -> u32 {
        self.sqs_delay_divisor.load(Ordering::Relaxed)
    }

    /// Sets what `DelaySeconds` are divided by; 0 counts as 1.
    pub fn set_sqs_delay_divisor(&self, divisor: u32) {
        self.sqs_delay_divisor.store(divisor.max(1), Ordering::Relaxed);
    }

    /// Answers a request to one of the services served here.
    ///
    /// # Errors
    ///
    /// As AWS refuses it.
    pub fn serve(
        &self,
        service: &str,
        operation: &str,
        mut input: Value,
    ) -> Result<Served, AwsError> {
        check(service, operation, &mut input)?;
        let now = self.clock.now();
        let mut services = lock(&self.services);
        services.settle(now);
        match service {
            "cloudwatch" => services.cloudwatch.serve(operation, &input, now),
            "service-quotas" => services.quotas.serve(operation, &input, now).map(Served::from),
            "support" => services.support.serve(operation, &input, now).map(Served::from),
            "comprehend" => comprehend::serve(operation, &input).map(Served::from),
            _ => Err(AwsError::new("UnknownService", format!("{service} is not served here"))),
        }
    }

    /// Answers a request to Bedrock's control plane with status and body.
    ///
    /// # Errors
    ///
    /// As AWS refuses it.
    pub fn serve_bedrock(&self, request: &BedrockRequest<'_>) -> Result<(u16, Value), AwsError> {
        let now = self.clock.now();
        lock(&self.services).bedrock.serve(request, now)
    }

    /// Answers a request to Bedrock Runtime, as [`bedrock_runtime::input`] reads it.
    ///
    /// # Errors
    ///
    /// As AWS refuses it.
    pub fn serve_runtime(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        check("bedrock-runtime", operation, &mut bedrock_runtime::modelled(operation, &input))?;
        let Services { judge, bedrock, .. } = &mut *lock(&self.services);
        bedrock_runtime::serve(judge, bedrock, operation, &input)
    }

    /// Lets a control request change the services.
    pub fn change<T>(&self, change: impl FnOnce(&mut Services, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let mut services = lock(&self.services);
        services.settle(now);
        change(&mut services, now)
    }

    /// The next whole minute to evaluate.
    #[must_use]
    pub fn next_minute(&self) -> Option<Timestamp> {
        let mut last = lock(&self.last_minute);
        Some(minute_after(*last.get_or_insert_with(|| self.clock.now())))
    }

    /// Whether minutes are evaluated as they pass, and not only when the clock is moved on.
    #[must_use]
    pub fn evaluates_by_itself(&self) -> bool {
        self.evaluates_by_itself.load(Ordering::Relaxed)
    }

    /// Says whether minutes are evaluated as they pass.
    pub fn evaluate_by_itself(&self, evaluates: bool) {
        self.evaluates_by_itself.store(evaluates, Ordering::Relaxed);
    }

    /// Starts over with the minute after now, after the clock jumped.
    pub fn forget_minutes(&self) {
        *lock(&self.last_minute) = None;
    }

    /// Evaluates every alarm at a minute.
    #[must_use]
    pub fn evaluate(&self, minute: Timestamp) -> Vec<Notice> {
        *lock(&self.last_minute) = Some(minute);
        lock(&self.services).cloudwatch.evaluate(minute)
    }
}

impl Services {
    fn new(place: &Place) -> Self {
        Self {
            cloudwatch: CloudWatch::new(place.clone()),
            quotas: ServiceQuotas::new(place.clone()),
            support: Support::new(place.clone()),
            bedrock: Bedrock::new(place.clone()),
            judge: Judge::default(),
        }
    }

    /// Does what time alone does: case ids appear, first replies come.
    fn settle(&mut self, now: Timestamp) {
        self.quotas.settle(&mut self.support, now);
        self.support.settle(now);
    }
}

/// Checks the Region a call was signed for; an unsigned call passes.
///
/// # Errors
///
/// What a Regional endpoint answers to a signature for another Region. Support answers only in
/// the Regions of its endpoints.
pub fn check_region(place: &Place, service: &str, signed: &str) -> Result<(), AwsError> {
    let served = match service {
        "support" => SUPPORT_REGIONS.contains(&signed),
        _ => signed == place.region,
    };
    if served || signed.is_empty() {
        return Ok(());
    }
    let message = format!("Credential should be scoped to a valid Region, not {signed}.");
    Err(AwsError::new("InvalidSignatureException", message).with_status(403))
}

/// The model of a service served here; `None` for one that ministack serves.
#[must_use]
pub fn model_of(service: &str) -> Option<&'static Model> {
    match service {
        "bedrock-runtime" => Some(&model::BEDROCK_RUNTIME),
        "cloudwatch" => Some(&model::CLOUDWATCH),
        "comprehend" => Some(&model::COMPREHEND),
        "service-quotas" => Some(&model::SERVICE_QUOTAS),
        "support" => Some(&model::SUPPORT),
        _ => None,
    }
}

/// Holds a request to the model of its service.
fn check(service: &str, operation: &str, input: &mut Value) -> Result<(), AwsError> {
    let Some(model) = model_of(service) else {
        return Err(AwsError::new("UnknownService", format!("{service} is not served here")));
    };
    if !model.has(operation) {
        let message = format!("llmwatch-local does not serve {service} {operation}");
        return Err(AwsError::new("UnknownOperationException", message));
    }
    model.check(operation, input).map_err(|rejected| worded(service, &rejected))
}

fn worded(service: &str, rejected: &Rejected) -> AwsError {
    let code = match (rejected, service) {
        (Rejected::Type(_), _) => "SerializationException",
        (Rejected::Constraints(_), "cloudwatch") => "ValidationError",
        (Rejected::Constraints(_), _) => "ValidationException",
    };
    AwsError::new(code, rejected.message())
}

/// An identifier in the form of a UUID that depends on `text` alone.
#[must_use]
pub fn stable_uuid(text: &str) -> String {
    let hex = format!("{:016x}{:016x}", fnv(text, 0), fnv(text, 0x9e37_79b9_7f4a_7c15));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// FNV-1a, 64 bits: enough to tell test resources apart.
#[must_use]
pub fn fnv(text: &str, seed: u64) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
