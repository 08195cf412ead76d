//! Faults that tests order: the next calls of an operation fail in the way they name.

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
    /// Answered normally, but later.
    Delay,
    /// The connection is cut before the call has any effect.
    Cut,
    /// The call has its effect, then the connection is cut.
    LoseAnswer,
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
    ordered: Mutex<Vec<Fault>>,
}

impl Faults {
    /// Orders a fault.
    pub fn add(&self, fault: Fault) {
        lock(&self.ordered).push(fault);
    }

    /// Takes back every fault.
    pub fn clear(&self) {
        lock(&self.ordered).clear();
    }

    /// The faults still to come.
    #[must_use]
    pub fn list(&self) -> Vec<Fault> {
        lock(&self.ordered).clone()
    }

    /// The fault that hits this call, if one does; uses it up.
    #[must_use]
    pub fn take(&self, call: &Call) -> Option<Fault> {
        let mut ordered = lock(&self.ordered);
        for fault in ordered.iter_mut().filter(|fault| fault.matches(call)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(count) = &mut fault.count {
                *count = count.saturating_sub(1);
            }
            let hit = fault.clone();
            ordered.retain(|fault| fault.count != Some(0));
            return Some(hit);
        }
        None
    }
}

impl Fault {
    fn matches(&self, call: &Call) -> bool {
        let names = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        names(&self.service, &call.service)
            && names(&self.operation, &call.operation)
            && self.caller.as_ref().is_none_or(|caller| caller == &call.caller)
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
            FaultKind::Delay | FaultKind::Cut | FaultKind::LoseAnswer => return None,
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
            protocol: Protocol::Json,
        }
    }

    #[test]
    fn a_fault_hits_its_operation_after_skipping_and_is_used_up() {
        let faults = Faults::default();
        faults.add(serde_json::from_str(r#"{"service":"support","operation":"CreateCase","kind":"throttle","count":2,"skip":1}"#).unwrap());
        let hits: Vec<bool> =
            (0..4).map(|_| faults.take(&call("support", "CreateCase")).is_some()).collect();
        assert_eq!(hits, [false, true, true, false]);
        assert!(faults.list().is_empty());
        assert!(faults.take(&call("support", "DescribeCases")).is_none());
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
}
