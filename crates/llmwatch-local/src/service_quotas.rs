//! Service Quotas: Bedrock's quotas with their real names and codes, and increase requests.
//!
//! Ours, where nothing is documented: defaults that the data does not know are placeholders by
//! what the quota counts; a quota whose code is not known has one made from its name; refusing an
//! increase of a quota that is not adjustable is worded `IllegalArgumentException`.

mod list;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::error::AwsError;
use crate::paging::page;
use crate::support::{NewCase, Support};
use crate::value::{count, number, seconds, text, truth};
use crate::world::{Place, fnv};

/// The only service whose quotas are known here.
const SERVICE_CODE: &str = "bedrock";
const SERVICE_NAME: &str = "Amazon Bedrock";
/// Increase requests an account may have open in a Region.
const OPEN_REQUESTS: usize = 20;
/// Items on a page when the caller does not say.
const DEFAULT_PAGE: usize = 100;

/// One quota.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    /// For example `L-CCA5DF70`.
    pub code: String,
    /// The display name.
    pub name: String,
    /// AWS's default.
    pub default: f64,
    /// The value in force for the account; `None` when only the default exists.
    pub applied: Option<f64>,
    /// Whether an increase can be requested.
    pub adjustable: bool,
}

impl Quota {
    fn value(&self) -> f64 {
        self.applied.unwrap_or(self.default)
    }
}

/// An increase request.
#[derive(Debug, Clone)]
struct Request {
    id: String,
    quota_code: String,
    desired: f64,
    status: &'static str,
    /// The case's display id, once it is known.
    case: Option<String>,
    case_allowed: bool,
    created: Timestamp,
    updated: Timestamp,
}

/// What became of a request, decided through the control API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Granted: status `APPROVED`, and the quota has the desired value.
    Approve,
    /// Granted, but only the closing of the case shows: status `CASE_CLOSED`.
    Close,
    /// Not granted: status `DENIED`.
    Deny,
}

/// Everything Service Quotas knows.
#[derive(Debug)]
pub struct ServiceQuotas {
    place: Place,
    quotas: BTreeMap<String, Quota>,
    requests: Vec<Request>,
    /// How long after a request its case id can be read.
    case_id_delay: SignedDuration,
}

impl ServiceQuotas {
    /// The quotas in their first state: defaults known, nothing requested.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self {
            place,
            quotas: list::bedrock_quotas(),
            requests: Vec::new(),
            case_id_delay: SignedDuration::from_secs(30),
        }
    }

    /// Sets how long after a request its case id can be read.
    pub fn set_case_id_delay(&mut self, delay: SignedDuration) {
        self.case_id_delay = delay;
    }

    /// The quota with this code, to be changed by a test.
    #[must_use]
    pub fn quota_mut(&mut self, code: &str) -> Option<&mut Quota> {
        self.quotas.get_mut(code)
    }

    /// Adds or replaces a quota.
    pub fn put_quota(&mut self, quota: Quota) {
        self.quotas.insert(quota.code.clone(), quota);
    }

    /// Opens the cases whose time has come.
    pub fn settle(&mut self, support: &mut Support, now: Timestamp) {
        for request in &mut self.requests {
            let is_due = now.duration_since(request.created) >= self.case_id_delay;
            if request.status != "PENDING" || !request.case_allowed || !is_due {
                continue;
            }
            let Some(quota) = self.quotas.get(&request.quota_code) else { continue };
            let opened = support.open(NewCase::for_quota(&quota.name, request.desired), now);
            request.case = Some(opened);
            request.status = "CASE_OPENED";
            request.updated = now;
        }
    }

    /// Decides an open request, named by its id or by its quota's code.
    ///
    /// # Errors
    ///
    /// When no open request has that name.
    pub fn decide(
        &mut self,
        named: &str,
        decision: Decision,
        support: &mut Support,
        now: Timestamp,
    ) -> Result<(), String> {
        let request = self
            .requests
            .iter_mut()
            .rev()
            .find(|request| {
                request.is_open() && (request.id == named || request.quota_code == named)
            })
            .ok_or_else(|| format!("no open request is called {named}"))?;
        request.status = match decision {
            Decision::Approve => "APPROVED",
            Decision::Close => "CASE_CLOSED",
            Decision::Deny => "DENIED",
        };
        request.updated = now;
        if decision != Decision::Deny
            && let Some(quota) = self.quotas.get_mut(&request.quota_code)
        {
            quota.applied = Some(request.desired);
        }
        if let Some(case) = &request.case {
            support.resolve_by_display_id(case);
        }
        Ok(())
    }

    /// Answers one checked request.
    ///
    /// # Errors
    ///
    /// As AWS refuses it.
    pub fn serve(
        &mut self,
        operation: &str,
        input: &Value,
        now: Timestamp,
    ) -> Result<Value, AwsError> {
        if let Some(service) = text(input, "ServiceCode")
            && service != SERVICE_CODE
        {
            return Err(no_such("service"));
        }
        let token = text(input, "NextToken");
        let size = count(input, "MaxResults").unwrap_or(DEFAULT_PAGE);
        match operation {
            "ListServices" => Ok(json!({
                "Services": [{"ServiceCode": SERVICE_CODE, "ServiceName": SERVICE_NAME}],
            })),
            "ListServiceQuotas" => {
                let code = text(input, "QuotaCode");
                let quotas: Vec<Value> = self
                    .quotas
                    .values()
                    .filter(|quota| quota.applied.is_some())
                    .filter(|quota| code.is_none_or(|code| quota.code == code))
                    .map(|quota| self.described(quota, quota.value()))
                    .collect();
                let (page, next) = page("quotas", quotas, token, size).map_err(bad_token)?;
                Ok(json!({"Quotas": page, "NextToken": next}))
            }
            "ListAWSDefaultServiceQuotas" => {
                let quotas: Vec<Value> = self
                    .quotas
                    .values()
                    .map(|quota| self.described(quota, quota.default))
                    .collect();
                let (page, next) = page("defaults", quotas, token, size).map_err(bad_token)?;
                Ok(json!({"Quotas": page, "NextToken": next}))
            }
            "GetServiceQuota" => {
                let quota = self.quota(input)?;
                let applied = quota.applied.ok_or_else(|| no_such("quota"))?;
                Ok(json!({"Quota": self.described(quota, applied)}))
            }
            "GetAWSDefaultServiceQuota" => {
                let quota = self.quota(input)?;
                Ok(json!({"Quota": self.described(quota, quota.default)}))
            }
            "RequestServiceQuotaIncrease" => self.request_increase(input, now),
            "GetRequestedServiceQuotaChange" => {
                let id = text(input, "RequestId").unwrap_or_default();
                let request = self.requests.iter().find(|request| request.id == id);
                let request = request.ok_or_else(|| no_such("request"))?;
                Ok(json!({"RequestedQuota": self.described_request(request)}))
            }
            "ListRequestedServiceQuotaChangeHistory"
            | "ListRequestedServiceQuotaChangeHistoryByQuota" => {
                let code = text(input, "QuotaCode");
                let status = text(input, "Status");
                let requests: Vec<Value> = self
                    .requests
                    .iter()
                    .rev()
                    .filter(|request| code.is_none_or(|code| request.quota_code == code))
                    .filter(|request| status.is_none_or(|status| request.status == status))
                    .map(|request| self.described_request(request))
                    .collect();
                let (page, next) = page("requests", requests, token, size).map_err(bad_token)?;
                Ok(json!({"RequestedQuotas": page, "NextToken": next}))
            }
            _ => Err(AwsError::new(
                "UnknownOperationException",
                format!("llmwatch-local has no {operation}"),
            )),
        }
    }

    fn request_increase(&mut self, input: &Value, now: Timestamp) -> Result<Value, AwsError> {
        let quota = self.quota(input)?;
        let desired = number(input, "DesiredValue").unwrap_or_default();
        let open: Vec<&Request> =
            self.requests.iter().filter(|request| request.is_open()).collect();
        if open.iter().any(|request| request.quota_code == quota.code) {
            return Err(AwsError::new(
                "ResourceAlreadyExistsException",
                "Only one open service quota increase request is allowed per quota.",
            ));
        }
        if open.len() >= OPEN_REQUESTS {
            return Err(AwsError::new(
                "QuotaExceededException",
                "You have exceeded the number of open service quota increase requests.",
            ));
        }
        if !quota.adjustable {
            return Err(AwsError::new(
                "IllegalArgumentException",
                format!("The quota {} is not adjustable.", quota.code),
            ));
        }
        if desired <= quota.value() {
            return Err(AwsError::new(
                "IllegalArgumentException",
                "You must provide a quota value greater than the current quota value.",
            ));
        }
        let number = self.requests.len() + 1;
        let request = Request {
            id: format!("{:016x}{number:016x}", fnv(&quota.code, 0)),
            quota_code: quota.code.clone(),
            desired,
            status: "PENDING",
            case: None,
            case_allowed: truth(input, "SupportCaseAllowed").unwrap_or(true),
            created: now,
            updated: now,
        };
        let described = self.described_request(&request);
        self.requests.push(request);
        Ok(json!({"RequestedQuota": described}))
    }

    fn quota(&self, input: &Value) -> Result<&Quota, AwsError> {
        let code = text(input, "QuotaCode").unwrap_or_default();
        self.quotas.get(code).ok_or_else(|| no_such("quota"))
    }

    fn described(&self, quota: &Quota, value: f64) -> Value {
        json!({
            "ServiceCode": SERVICE_CODE,
            "ServiceName": SERVICE_NAME,
            "QuotaArn": self.arn(&quota.code),
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "Value": value,
            "Unit": "None",
            "Adjustable": quota.adjustable,
            "GlobalQuota": false,
            "QuotaAppliedAtLevel": "ACCOUNT",
        })
    }

    fn described_request(&self, request: &Request) -> Value {
        let name = self.quotas.get(&request.quota_code).map(|quota| quota.name.as_str());
        json!({
            "Id": request.id,
            "CaseId": request.case,
            "ServiceCode": SERVICE_CODE,
            "ServiceName": SERVICE_NAME,
            "QuotaCode": request.quota_code,
            "QuotaName": name,
            "DesiredValue": request.desired,
            "Status": request.status,
            "Created": seconds(request.created),
            "LastUpdated": seconds(request.updated),
            "Requester": json!({"accountId": self.place.account}).to_string(),
            "QuotaArn": self.arn(&request.quota_code),
            "GlobalQuota": false,
            "Unit": "None",
            "QuotaRequestedAtLevel": "ACCOUNT",
        })
    }

    fn arn(&self, code: &str) -> String {
        self.place.arn("servicequotas", &format!("{SERVICE_CODE}/{code}"))
    }
}

impl Request {
    fn is_open(&self) -> bool {
        matches!(self.status, "PENDING" | "CASE_OPENED")
    }
}

fn no_such(what: &str) -> AwsError {
    AwsError::new(
        "NoSuchResourceException",
        format!("The request failed because the specified {what} does not exist."),
    )
}

fn bad_token(problem: crate::paging::BadToken) -> AwsError {
    AwsError::new("InvalidPaginationTokenException", problem.to_string())
}

#[cfg(test)]
mod tests;
