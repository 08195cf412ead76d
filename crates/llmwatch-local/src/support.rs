//! Support: cases, their communications and the automatic first reply.
//!
//! Unverified, because no documentation names it: the service code `service-bedrock` and its
//! categories. Attachments, chat and call cases are not modelled.

mod directory;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::error::AwsError;
use crate::paging::page;
use crate::value::{count, text, texts, truth};
use crate::world::{Place, fnv};

/// Items on a page when the caller does not say.
const DEFAULT_PAGE: usize = 10;
/// Communications shown with a case.
const RECENT_COMMUNICATIONS: usize = 5;
/// Cases are kept this long.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 730);
const AWS: &str = "Amazon Web Services";
const FIRST_REPLY: &str = "Thank you for contacting Amazon Web Services Support. We have received your case and will reply here. This is an automated reply.";

/// A case about to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCase {
    /// One line.
    pub subject: String,
    /// The first communication.
    pub body: String,
    /// For example `service-bedrock`.
    pub service_code: String,
    /// For example `general-guidance`.
    pub category_code: String,
    /// `low` to `critical`.
    pub severity_code: String,
    /// `en`, `ja`…
    pub language: String,
    /// Addresses that get copies.
    pub copies_to: Vec<String>,
}

impl NewCase {
    /// The case that Service Quotas opens for an increase request.
    #[must_use]
    pub fn for_quota(quota_name: &str, desired: f64) -> Self {
        Self {
            subject: "Quota increase: Amazon Bedrock".to_owned(),
            body: format!(
                "Service: Amazon Bedrock\nLimit name: {quota_name}\nNew limit value: {desired}"
            ),
            service_code: "service-limit-increase".to_owned(),
            category_code: "service-limit-increase-bedrock".to_owned(),
            severity_code: "low".to_owned(),
            language: "en".to_owned(),
            copies_to: Vec::new(),
        }
    }
}

#[derive(Debug, Clone)]
struct Case {
    id: String,
    display_id: String,
    facts: NewCase,
    status: &'static str,
    created: Timestamp,
    /// Whether the automatic first reply came.
    answered: bool,
    /// Oldest first.
    communications: Vec<Communication>,
}

#[derive(Debug, Clone)]
struct Communication {
    body: String,
    by: String,
    at: Timestamp,
}

/// Everything Support knows.
#[derive(Debug)]
pub struct Support {
    place: Place,
    cases: Vec<Case>,
    first_reply_delay: SignedDuration,
}

impl Support {
    /// A Support without cases.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { place, cases: Vec::new(), first_reply_delay: SignedDuration::from_secs(60) }
    }

    /// Sets how long after its opening a case gets the automatic first reply.
    pub fn set_first_reply_delay(&mut self, delay: SignedDuration) {
        self.first_reply_delay = delay;
    }

    /// Opens a case and answers its display id.
    pub fn open(&mut self, facts: NewCase, now: Timestamp) -> String {
        let number = self.cases.len() as u64 + 1;
        let hash = fnv(&format!("{number} {}", facts.subject), 0);
        let year = now.strftime("%Y");
        let language = if facts.language.is_empty() { "en" } else { &facts.language };
        let id = format!("case-{}-ex{language}-{year}-{hash:016x}", self.place.account);
        let display_id = format!("{}", 170_000_000_000_000 + number);
        let by = self.customer();
        let first = Communication { body: facts.body.clone(), by, at: now };
        self.cases.push(Case {
            id,
            display_id: display_id.clone(),
            facts,
            status: "unassigned",
            created: now,
            answered: false,
            communications: vec![first],
        });
        display_id
    }

    /// Resolves the case with a display id, if there is one.
    pub fn resolve_by_display_id(&mut self, display_id: &str) {
        if let Some(case) = self.cases.iter_mut().find(|case| case.display_id == display_id) {
            case.status = "resolved";
        }
    }

    /// Sends the first replies whose time has come.
    pub fn settle(&mut self, now: Timestamp) {
        for case in &mut self.cases {
            let is_due = now.duration_since(case.created) >= self.first_reply_delay;
            if is_due && !case.answered && case.status != "resolved" {
                case.answered = true;
                case.status = "work-in-progress";
                let at = case.created.saturating_add(self.first_reply_delay).unwrap_or(now);
                case.communications.push(Communication {
                    body: FIRST_REPLY.to_owned(),
                    by: AWS.to_owned(),
                    at,
                });
            }
        }
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
        let served = match operation {
            "CreateCase" => return self.create(input, now),
            "AddCommunicationToCase" => return self.add_communication(input, now),
            "ResolveCase" => return self.resolve(input),
            "DescribeCases" => self.describe(input, now),
            "DescribeCommunications" => self.communications(input),
            "DescribeServices" => Ok(directory::services(&texts(input, "serviceCodeList"))),
            "DescribeSupportedLanguages" => directory::languages(input),
            "DescribeSeverityLevels" => Ok(directory::severity_levels()),
            _ => Err(AwsError::new(
                "UnknownOperationException",
                format!("llmwatch-local has no {operation}"),
            )),
        };
        served.and_then(|answer| if_not_dry(input, answer))
    }

    fn create(&mut self, input: &Value, now: Timestamp) -> Result<Value, AwsError> {
        let member = |name: &str| text(input, name).unwrap_or_default().to_owned();
        let facts = NewCase {
            subject: member("subject"),
            body: member("communicationBody"),
            service_code: member("serviceCode"),
            category_code: member("categoryCode"),
            severity_code: text(input, "severityCode").unwrap_or("low").to_owned(),
            language: text(input, "language").unwrap_or("en").to_owned(),
            copies_to: texts(input, "ccEmailAddresses").into_iter().map(str::to_owned).collect(),
        };
        directory::check(&facts, text(input, "issueType"))?;
        if text(input, "attachmentSetId").is_some() {
            return Err(AwsError::new("AttachmentSetIdNotFound", "attachments are not modelled"));
        }
        if_not_dry(input, Value::Null)?;
        self.open(facts, now);
        Ok(json!({"caseId": self.cases.last().map(|case| case.id.as_str())}))
    }

    fn add_communication(&mut self, input: &Value, now: Timestamp) -> Result<Value, AwsError> {
        let by = self.customer();
        let body = text(input, "communicationBody").unwrap_or_default().to_owned();
        let case = self.case(input)?;
        if_not_dry(input, Value::Null)?;
        if case.status == "resolved" {
            case.status = "reopened";
        }
        case.communications.push(Communication { body, by, at: now });
        Ok(json!({"result": true}))
    }

    fn resolve(&mut self, input: &Value) -> Result<Value, AwsError> {
        let case = self.case(input)?;
        if_not_dry(input, Value::Null)?;
        let before = std::mem::replace(&mut case.status, "resolved");
        Ok(json!({"initialCaseStatus": before, "finalCaseStatus": "resolved"}))
    }

    fn describe(&self, input: &Value, now: Timestamp) -> Result<Value, AwsError> {
        let ids: BTreeSet<&str> = texts(input, "caseIdList").into_iter().collect();
        let unknown = ids.iter().find(|id| self.cases.iter().all(|case| case.id != **id));
        if let Some(id) = unknown {
            return Err(not_found(id));
        }
        let resolved_too = truth(input, "includeResolvedCases").unwrap_or(false);
        let dates = Dates::of(input)?;
        let found: Vec<&Case> = self
            .cases
            .iter()
            .rev()
            .filter(|case| now.duration_since(case.created) <= KEPT)
            .filter(|case| resolved_too || case.status != "resolved")
            .filter(|case| ids.is_empty() || ids.contains(case.id.as_str()))
            .filter(|case| text(input, "displayId").is_none_or(|id| case.display_id == id))
            .filter(|case| text(input, "language").is_none_or(|code| case.facts.language == code))
            .filter(|case| case.communications.iter().any(|one| dates.contain(one.at)))
            .collect();
        let size = count(input, "maxResults").unwrap_or(DEFAULT_PAGE);
        let (page, next) =
            page("cases", found, text(input, "nextToken"), size).map_err(bad_token)?;
        let communications = truth(input, "includeCommunications").unwrap_or(true);
        let cases: Value = page.iter().map(|case| case.described(communications)).collect();
        Ok(json!({"cases": cases, "nextToken": next}))
    }

    fn communications(&mut self, input: &Value) -> Result<Value, AwsError> {
        let dates = Dates::of(input)?;
        let case = self.case(input)?;
        let found: Vec<Value> = case
            .communications
            .iter()
            .rev()
            .filter(|one| dates.contain(one.at))
            .map(|one| one.described(&case.id))
            .collect();
        let size = count(input, "maxResults").unwrap_or(DEFAULT_PAGE);
        let (page, next) =
            page("talk", found, text(input, "nextToken"), size).map_err(bad_token)?;
        Ok(json!({"communications": page, "nextToken": next}))
    }

    fn case(&mut self, input: &Value) -> Result<&mut Case, AwsError> {
        let id = text(input, "caseId").unwrap_or_default();
        self.cases.iter_mut().find(|case| case.id == id).ok_or_else(|| not_found(id))
    }

    fn customer(&self) -> String {
        format!("arn:aws:iam::{}:root", self.place.account)
    }
}

impl Case {
    fn described(&self, with_communications: bool) -> Value {
        let recent = with_communications.then(|| {
            let newest: Vec<Value> = self
                .communications
                .iter()
                .rev()
                .take(RECENT_COMMUNICATIONS)
                .map(|one| one.described(&self.id))
                .collect();
            json!({"communications": newest})
        });
        json!({
            "caseId": self.id,
            "displayId": self.display_id,
            "subject": self.facts.subject,
            "status": self.status,
            "serviceCode": self.facts.service_code,
            "categoryCode": self.facts.category_code,
            "severityCode": self.facts.severity_code,
            "submittedBy": self.communications.first().map(|one| one.by.as_str()),
            "timeCreated": written(self.created),
            "recentCommunications": recent,
            "ccEmailAddresses": self.facts.copies_to,
            "language": self.facts.language,
        })
    }
}

impl Communication {
    fn described(&self, case: &str) -> Value {
        json!({
            "caseId": case,
            "body": self.body,
            "submittedBy": self.by,
            "timeCreated": written(self.at),
            "attachmentSet": [],
        })
    }
}

/// The time a listing is limited to.
struct Dates {
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Dates {
    fn of(input: &Value) -> Result<Self, AwsError> {
        let read = |name: &str| {
            text(input, name).map(read_time).transpose().map_err(|text| {
                AwsError::new(
                    "ValidationException",
                    format!("{name} is not a date and time: {text}"),
                )
            })
        };
        Ok(Self { after: read("afterTime")?, before: read("beforeTime")? })
    }

    fn contain(&self, at: Timestamp) -> bool {
        self.after.is_none_or(|after| at >= after) && self.before.is_none_or(|before| at <= before)
    }
}

/// Reads a date with or without time, as Support takes both.
fn read_time(written: &str) -> Result<Timestamp, String> {
    written
        .parse()
        .or_else(|_| format!("{written}T00:00:00Z").parse())
        .or_else(|_| format!("{written}Z").parse())
        .map_err(|_| written.to_owned())
}

/// Support writes times with milliseconds: `2013-03-12T19:40:36.000Z`.
fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A dry run that would have been carried out ends with an error of its own.
fn if_not_dry(input: &Value, answer: Value) -> Result<Value, AwsError> {
    if truth(input, "dryRun").unwrap_or(false) {
        return Err(AwsError::new("DryRunOperationException", "the request would have succeeded"));
    }
    Ok(answer)
}

fn not_found(id: &str) -> AwsError {
    AwsError::new("CaseIdNotFound", format!("the case {id} could not be found"))
}

fn bad_token(problem: crate::paging::BadToken) -> AwsError {
    AwsError::new("ValidationException", problem.to_string())
}

#[cfg(test)]
mod tests;
