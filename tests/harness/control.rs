//! What only a local AWS can do: move the clock, order faults, tell every call it saw.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws_call::{AwsCalls, Method};
use crate::broken::Broken;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Refused for calling too fast.
    Throttle,
    /// Refused for want of permission.
    Deny,
    /// HTTP 500.
    #[serde(rename = "500")]
    ServerError,
    /// The connection is cut before the call has any effect.
    Cut,
    /// The call has its effect, then the connection is cut.
    LoseAnswer,
    /// Answered later than the function waits.
    Delay,
    /// The function that calls is killed before the call has any effect.
    Kill,
    /// The call has its effect, then the function that made it is killed.
    KillAfter,
    /// Support: the account has no plan that includes the API.
    SubscriptionRequired,
    /// Support: the account may not open more cases.
    CaseLimit,
}

/// A fault to order.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// The service as the recorder names it.
    pub service: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many calls it hits; `None` for every one until cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How many matching calls pass before the first is hit.
    pub skip: u32,
    /// Only calls of this function; `None` for every caller's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<&'static str>,
    /// Only calls of invocations that spoke of this; `None` for every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Only calls whose path has this text: an object of S3; `None` for every path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Milliseconds of a delay.
    pub delay_ms: u32,
}

impl Fault {
    /// A fault of every call of an operation, of whichever caller, until it is taken back.
    #[must_use]
    pub fn always(service: &'static str, operation: &'static str, kind: FaultKind) -> Self {
        Self {
            service,
            operation,
            kind,
            count: None,
            skip: 0,
            caller: None,
            about: None,
            path: None,
            delay_ms: 0,
        }
    }
}

/// How the local AWS takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Delays {
    /// From a metric's minute until the metric can be read, in seconds.
    pub publishing_delay_seconds: u32,
    /// From a quota request until it has a case id, in seconds.
    pub case_id_delay_seconds: u32,
    /// From a case until Support's automatic reply, in seconds.
    pub first_reply_delay_seconds: u32,
}

/// What becomes of a quota increase request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuotaDecision {
    /// Granted: the quota has the value asked for.
    Approve,
    /// Its case is closed without a word.
    Close,
    /// Refused.
    Deny,
}

/// How the judge behind Converse answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgeBehaviour {
    /// In the form asked for, with the rule's scores where it has them.
    Scores,
    /// With the rule's text.
    Text,
    /// With JSON that ends too early.
    BadJson,
    /// With the right JSON in a code block and words around it.
    Prose,
    /// With nothing.
    Empty,
    /// With the beginning of the right JSON.
    CutOff,
    /// The provider's filter stops the answer.
    Refuse,
    /// A guardrail stops the answer.
    Guardrail,
    /// The request is throttled.
    Throttle,
    /// A request for a JSON schema is refused.
    RefuseSchema,
    /// A request with tools is refused.
    RefuseTools,
}

/// A rule of the judge; the first that fits a question answers it.
#[derive(Debug, Clone, Serialize)]
pub struct JudgeRule {
    /// What it does.
    pub does: JudgeBehaviour,
    /// Only questions that have this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How many questions it answers; `None` for every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Values written exactly so, by their names in the schema.
    pub scores: Value,
    /// What [`JudgeBehaviour::Text`] says.
    pub text: String,
}

impl JudgeRule {
    /// A rule for every question.
    #[must_use]
    pub fn always(does: JudgeBehaviour) -> Self {
        Self { does, when: None, count: None, scores: json!({}), text: String::new() }
    }
}

/// One call the local AWS saw.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RecordedCall {
    /// Its number, rising.
    pub seq: u64,
    /// The service, for example `cloudwatch`.
    pub service: String,
    /// The operation, for example `PutMetricAlarm`.
    pub operation: String,
    /// The Region it was signed for.
    pub region: String,
    /// The function that made it, by its `app/…` in the User-Agent.
    pub caller: String,
    /// HTTP status; 0 when the connection was cut.
    pub status: u16,
    /// AWS's error code, when it was refused.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// When it arrived, in milliseconds since the endpoint started.
    pub started_ms: f64,
    /// The request, where it was JSON.
    pub request: Option<Value>,
}

/// The longest chain of calls each of which began after the one before it had ended.
#[must_use]
pub fn round_trips(calls: &[&RecordedCall]) -> usize {
    let mut by_end = calls.to_vec();
    let end = |call: &RecordedCall| call.started_ms + call.duration_ms;
    by_end.sort_by(|one, other| end(one).total_cmp(&end(other)));
    let mut length = 0;
    let mut ended = f64::MIN;
    for call in by_end {
        if call.started_ms >= ended {
            length += 1;
            ended = end(call);
        }
    }
    length
}

/// The control API of llmwatch-local.
#[derive(Debug, Clone, Copy)]
pub struct Control<'a>(pub &'a AwsCalls);

impl Control<'_> {
    /// The local time, RFC 3339.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer.
    pub fn now(&self) -> Result<String, Broken> {
        let answer = self.ask(Method::Get, "clock", &Value::Null)?;
        Ok(answer["now"].as_str().unwrap_or_default().to_owned())
    }

    /// Lets time pass: alarms are evaluated for every minute on the way.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn advance_minutes(&self, minutes: u32) -> Result<(), Broken> {
        let input = json!({ "advance_seconds": u64::from(minutes) * 60 });
        self.ask(Method::Post, "clock", &input).map(drop)
    }

    /// Puts the clock so many seconds ahead of the system's, or behind it; nothing is evaluated.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn set_clock_offset_seconds(&self, offset_seconds: i64) -> Result<(), Broken> {
        self.ask(Method::Post, "clock", &json!({ "offset_seconds": offset_seconds })).map(drop)
    }

    /// From now on alarms are evaluated only when the clock is moved on, not as time passes.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn hold_evaluations(&self) -> Result<(), Broken> {
        self.ask(Method::Post, "clock", &json!({ "evaluates": false })).map(drop)
    }

    /// Makes delayed queue messages come so many times sooner.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn hurry_queues(&self, divisor: u32) -> Result<(), Broken> {
        self.ask(Method::Post, "sqs-delay-divisor", &json!({ "divisor": divisor })).map(drop)
    }

    /// Sets what was there before: metrics, quotas, profiles, cases.
    ///
    /// The form of `what` is in the documentation of `llmwatch-local`.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn seed(&self, what: &Value) -> Result<(), Broken> {
        self.ask(Method::Post, "seed", what).map(drop)
    }

    /// Sets how long the local AWS takes.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn set_delays(&self, delays: Delays) -> Result<(), Broken> {
        self.ask(Method::Post, "settings", &json!(delays)).map(drop)
    }

    /// Decides a quota increase request, named by its id or its quota's code.
    ///
    /// # Errors
    ///
    /// When there is no such open request.
    pub fn decide_quota_request(
        &self,
        request: &str,
        decision: QuotaDecision,
    ) -> Result<(), Broken> {
        let input = json!({ "request": request, "decision": decision });
        self.ask(Method::Post, "quota-decision", &input).map(drop)
    }

    /// Has the judge behind Converse follow these rules, and no others.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn script_judge(&self, rules: &[JudgeRule]) -> Result<(), Broken> {
        self.ask(Method::Post, "judge", &json!({ "rules": rules })).map(drop)
    }

    /// Orders a fault; gives its number.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn order_fault(&self, fault: &Fault) -> Result<u64, Broken> {
        let answer = self.ask(Method::Post, "faults", &json!(fault))?;
        Ok(answer["id"].as_u64().unwrap_or_default())
    }

    /// Whether a fault is still to come, or comes on and on.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn is_to_come(&self, fault: u64) -> Result<bool, Broken> {
        let faults = self.ask(Method::Get, "faults", &Value::Null)?;
        Ok(faults.get(fault.to_string()).is_some())
    }

    /// Takes a fault back; whether it was still to come.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn take_back_fault(&self, fault: u64) -> Result<bool, Broken> {
        let answer = self.ask(Method::Delete, &format!("faults/{fault}"), &Value::Null)?;
        Ok(answer["was_to_come"] == true)
    }

    /// Has every call of a function to a service take so much longer.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn slow_down(
        &self,
        caller: &'static str,
        service: &'static str,
        delay_ms: u32,
    ) -> Result<(), Broken> {
        let slow = Fault::always(service, "*", FaultKind::Delay);
        self.order_fault(&Fault { delay_ms, caller: Some(caller), ..slow }).map(drop)
    }

    /// Has the next call of a function to an operation take effect so much later.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn hold_next(
        &self,
        caller: &'static str,
        (service, operation): (&'static str, &'static str),
        delay_ms: u32,
    ) -> Result<(), Broken> {
        let fault = json!({
            "service": service, "operation": operation, "kind": "delay", "delay_ms": delay_ms,
            "caller": caller, "count": 1,
        });
        self.ask(Method::Post, "faults", &fault).map(drop)
    }

    /// Takes back every fault.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn clear_faults(&self) -> Result<(), Broken> {
        self.ask(Method::Delete, "faults", &Value::Null).map(drop)
    }

    /// How much an alarm's change has still to cause: notices that are not delivered, and events
    /// whose function has not answered for the first time.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn under_way(&self) -> Result<u64, Broken> {
        let answer = self.ask(Method::Get, "under-way", &Value::Null)?;
        let count = |of: &str| answer[of].as_u64().unwrap_or_default();
        Ok(count("notices") + count("invocations"))
    }

    /// The calls numbered above `seq`, in the order they ended; all of them for 0.
    ///
    /// # Errors
    ///
    /// When the endpoint refuses.
    pub fn calls_since(&self, seq: u64) -> Result<Vec<RecordedCall>, Broken> {
        let path = format!("recorder?since={seq}");
        let mut answer = self.ask(Method::Get, &path, &Value::Null)?;
        let calls = answer["calls"].take();
        serde_json::from_value(calls).map_err(|error| Broken::Unexpected {
            call: path,
            expected: "recorded calls",
            body: error.to_string(),
        })
    }

    fn ask(&self, method: Method, path: &str, input: &Value) -> Result<Value, Broken> {
        self.0.control(method, &format!("/_llmwatch/{path}"), input)
    }
}
