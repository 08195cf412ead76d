//! Faults that tests order: the next calls of an operation fail in the way they name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::call::{Call, Protocol};
use crate::clock::lock;
use crate::error::AwsError;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Refused for calling too fast, with the service's own error code.
    Throttle,
    /// Refused for want of permission.
    Deny,
    /// HTTP 500.
    #[serde(rename = "500")]
    ServerError,
    /// Has its effect and is answered normally, but later; whether or not the caller still waits.
    Delay,
    /// The connection is cut before the call has any effect.
    Cut,
    /// The call has its effect, then the connection is cut.
    LoseAnswer,
    /// The function that calls is killed before the call has any effect.
    Kill,
    /// The call has its effect, then the function that made it is killed.
    KillAfter,
    /// Support: the account has no plan that includes the API.
    SubscriptionRequired,
    /// Support: the account may not open more cases.
    CaseLimit,
}

/// A fault as ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The service as the recorder names it; `*` for every one.
    pub service: String,
    /// The operation; `*` for every one.
    #[serde(default = "any")]
    pub operation: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many calls it hits; without it, every one until cleared.
    #[serde(default)]
    pub count: Option<u32>,
    /// How many matching calls pass before the first is hit.
    #[serde(default)]
    pub skip: u32,
    /// Only calls of this `app/<name>`; without it, every caller's.
    #[serde(default)]
    pub caller: Option<String>,
    /// Only calls of an invocation that has this text in its request or had it in an earlier one:
    /// the name of a pool says which of several incidents is meant.
    #[serde(default)]
    pub about: Option<String>,
    /// Only calls whose path has this text, percent-encoded as it is sent: an object of S3.
    #[serde(default)]
    pub path: Option<String>,
    /// Milliseconds of a delay.
    #[serde(default)]
    pub delay_ms: u64,
}

fn any() -> String {
    "*".to_owned()
}

/// The faults still to come.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_id: u32,
    ordered: Vec<(u32, Fault)>,
    /// The invocations that had a fault's text in a request, each with the text.
    spoke_of: BTreeSet<(String, String)>,
}

impl Faults {
    /// Orders a fault; its number is for taking it back.
    pub fn add(&self, fault: Fault) -> u32 {
        let mut state = lock(&self.state);
        state.last_id += 1;
        let id = state.last_id;
        state.ordered.push((id, fault));
        id
    }

    /// Takes back every fault.
    pub fn clear(&self) {
        lock(&self.state).ordered.clear();
    }

    /// Takes back one fault. Whether it was still to come.
    pub fn take_back(&self, id: u32) -> bool {
        let ordered = &mut lock(&self.state).ordered;
        let before = ordered.len();
        ordered.retain(|(ordered, _)| *ordered != id);
        ordered.len() < before
    }

    /// The faults still to come, by their numbers.
    #[must_use]
    pub fn list(&self) -> BTreeMap<u32, Fault> {
        lock(&self.state).ordered.iter().cloned().collect()
    }

    /// The fault that hits this call, if one does; uses it up.
    #[must_use]
    pub fn take(&self, call: &Call, path: &str, body: &[u8]) -> Option<Fault> {
        let mut state = lock(&self.state);
        state.listen(call, body);
        let State { ordered, spoke_of, .. } = &mut *state;
        let hits = |fault: &Fault| fault.is_at(path) && fault.matches(call, spoke_of);
        for (_, fault) in ordered.iter_mut().filter(|(_, fault)| hits(fault)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(count) = &mut fault.count {
                *count = count.saturating_sub(1);
            }
            let hit = fault.clone();
            ordered.retain(|(_, fault)| fault.count != Some(0));
            return Some(hit);
        }
        None
    }
}

impl State {
    /// Notes which of the faults' texts a request has.
    fn listen(&mut self, call: &Call, body: &[u8]) {
        let texts: BTreeSet<&String> =
            self.ordered.iter().filter_map(|(_, fault)| fault.about.as_ref()).collect();
        if texts.is_empty() {
            return;
        }
        let said = if call.protocol == Protocol::Query {
            form_urlencoded::parse(body).map(|(_, value)| value.into_owned()).collect()
        } else {
            String::from_utf8_lossy(body).into_owned()
        };
        let heard = texts.into_iter().filter(|text| said.contains(text.as_str()));
        let heard: Vec<_> = heard.map(|text| (call.invocation.clone(), text.clone())).collect();
        // A call without an invocation is known by nothing but itself.
        self.spoke_of.retain(|(invocation, _)| !invocation.is_empty());
        self.spoke_of.extend(heard);
    }
}

impl Fault {
    fn matches(&self, call: &Call, spoke_of: &BTreeSet<(String, String)>) -> bool {
        let names = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        names(&self.service, &call.service)
            && names(&self.operation, &call.operation)
            && self.caller.as_ref().is_none_or(|caller| caller == &call.caller)
            && self
                .about
                .as_ref()
                .is_none_or(|about| spoke_of.contains(&(call.invocation.clone(), about.clone())))
    }

    fn is_at(&self, path: &str) -> bool {
        self.path.as_ref().is_none_or(|part| path.contains(part.as_str()))
    }

    /// The refusal this fault makes of a call; `None` for those that are not refusals.
    #[must_use]
    pub fn refusal(&self, call: &Call) -> Option<AwsError> {
        let error = match self.kind {
            FaultKind::Throttle => throttled(call),
            FaultKind::Deny => {
                let code = match call.protocol {
                    Protocol::Query if call.service == "sns" => "AuthorizationError",
                    Protocol::RestXml | Protocol::Query => "AccessDenied",
                    _ => "AccessDeniedException",
                };
                let action = format!("{}:{}", iam_prefix(&call.service), call.operation);
                let message = format!("User is not authorized to perform: {action}");
                AwsError::new(code, message).with_status(if call.protocol == Protocol::Json {
                    400
                } else {
                    403
                })
            }
            FaultKind::ServerError => {
                let code = match call.service.as_str() {
                    "cloudwatch" => "InternalServiceFault",
                    "service-quotas" => "ServiceException",
                    "support" | "dynamodb" | "ssm" => "InternalServerError",
                    _ => "InternalFailure",
                };
                AwsError::new(code, "an internal error occurred").with_status(500)
            }
            FaultKind::SubscriptionRequired => AwsError::new(
                "SubscriptionRequiredException",
                "Amazon Web Services Premium Support Subscription is required to use this service.",
            ),
            FaultKind::CaseLimit => AwsError::new(
                "CaseCreationLimitExceeded",
                "the case creation limit for the account has been exceeded",
            ),
            FaultKind::Delay
            | FaultKind::Cut
            | FaultKind::LoseAnswer
            | FaultKind::Kill
            | FaultKind::KillAfter => return None,
        };
        Some(error)
    }
}

fn throttled(call: &Call) -> AwsError {
    match call.service.as_str() {
        "cloudwatch" => AwsError::new("Throttling", "Rate exceeded"),
        "service-quotas" => AwsError::new("TooManyRequestsException", "Rate exceeded"),
        "s3" => AwsError::new("SlowDown", "Please reduce your request rate.").with_status(503),
        "lambda" => AwsError::new("TooManyRequestsException", "Rate exceeded").with_status(429),
        "bedrock" | "bedrock-runtime" => {
            AwsError::new("ThrottlingException", "Too many requests").with_status(429)
        }
        "sqs" => AwsError::new("RequestThrottled", "Rate exceeded"),
        _ if call.protocol == Protocol::Query => AwsError::new("Throttling", "Rate exceeded"),
        _ => AwsError::new("ThrottlingException", "Rate exceeded"),
    }
}

fn iam_prefix(service: &str) -> &str {
    match service {
        "service-quotas" => "servicequotas",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(service: &str, operation: &str) -> Call {
        Call {
            service: service.to_owned(),
            operation: operation.to_owned(),
            region: "us-east-1".to_owned(),
            caller: "alarm-updater".to_owned(),
            invocation: String::new(),
            protocol: Protocol::Json,
        }
    }

    fn invoked(invocation: &str) -> Call {
        Call { invocation: invocation.to_owned(), ..call("support", "DescribeCases") }
    }

    #[test]
    fn a_fault_hits_its_operation_after_skipping_and_is_used_up() {
        let faults = Faults::default();
        faults.add(serde_json::from_str(r#"{"service":"support","operation":"CreateCase","kind":"throttle","count":2,"skip":1}"#).unwrap());
        let hits: Vec<bool> = (0..4)
            .map(|_| faults.take(&call("support", "CreateCase"), "/", b"").is_some())
            .collect();
        assert_eq!(hits, [false, true, true, false]);
        assert!(faults.list().is_empty());
        assert!(faults.take(&call("support", "DescribeCases"), "/", b"").is_none());
    }

    #[test]
    fn throttles_carry_the_code_of_their_service() {
        let fault: Fault = serde_json::from_str(r#"{"service":"*","kind":"throttle"}"#).unwrap();
        for (service, code) in [
            ("cloudwatch", "Throttling"),
            ("service-quotas", "TooManyRequestsException"),
            ("support", "ThrottlingException"),
        ] {
            assert_eq!(fault.refusal(&call(service, "X")).unwrap().code, code);
        }
    }

    #[test]
    fn a_fault_about_something_hits_the_invocations_that_spoke_of_it() {
        let faults = Faults::default();
        let ordered = r#"{"service":"support","kind":"deny","about":"global.m"}"#;
        let id = faults.add(serde_json::from_str(ordered).unwrap());
        let hits = |call: &Call, body: &[u8]| faults.take(call, "/", body).is_some();
        assert!(!hits(&invoked("1"), b"{}"));
        let mut first = invoked("1");
        first.service = "dynamodb".to_owned();
        assert!(!hits(&first, br#"{"pk":"pool#global.m"}"#), "another service");
        assert!(hits(&invoked("1"), b"{}"), "it spoke of it before");
        assert!(!hits(&invoked("2"), b"{}"));
        assert!(hits(&invoked(""), b"global.m"));
        assert!(!hits(&invoked(""), b"{}"), "nobody else is meant");
        let form = Call { protocol: Protocol::Query, ..invoked("3") };
        assert!(hits(&form, b"Message=pool%20global.m"));
        assert!(faults.take_back(id) && !faults.take_back(id));
        assert!(!hits(&invoked("1"), b"{}"));
    }
    #[test]
    fn a_fault_at_a_path_hits_that_object_only() {
        let faults = Faults::default();
        let ordered = r#"{"service":"s3","kind":"deny","path":"poisoned"}"#;
        faults.add(serde_json::from_str(ordered).unwrap());
        let hits = |path: &str| faults.take(&call("s3", "GetObject"), path, b"").is_some();
        assert!(hits("/logs/poisoned.json.gz") && !hits("/logs/other.json.gz"));
        assert!(hits("/logs/poisoned.json.gz"), "again and again");
    }
}
