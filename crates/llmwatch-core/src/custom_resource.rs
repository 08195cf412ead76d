//! CloudFormation custom resources: what a request says and what the answer must be.
//!
//! CloudFormation waits, up to an hour, for one JSON document PUT to a pre-signed URL. Everything
//! about that document is decided here; sending it is the shell's.
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html>.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;
use crate::ids::StackPrefix;

/// The answer must be smaller than this many bytes.
///
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html>
/// ("The total size of the response body can't exceed 4096 bytes").
pub const MAX_ANSWER_BYTES: usize = 4096;

/// One request of CloudFormation, with everything an answer needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomResourceRequest {
    /// What CloudFormation wants done.
    pub action: Action,
    /// Where the answer is PUT.
    pub response_url: ResponseUrl,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    /// The id answered before; CloudFormation sends it on update and delete.
    physical_resource_id: Option<String>,
}

/// What CloudFormation wants done with the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The resource is new.
    Create,
    /// A property changed.
    Update,
    /// The resource goes, or its predecessor under another physical id does.
    Delete,
    /// A request type this version does not know, as it was spelt, if need be cut short. It is answered `FAILED`.
    Unknown(String),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create => f.write_str("Create"),
            Self::Update => f.write_str("Update"),
            Self::Delete => f.write_str("Delete"),
            Self::Unknown(word) => f.write_str(word),
        }
    }
}

/// A pre-signed URL. Whoever has it can answer, so its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseUrl(String);

impl ResponseUrl {
    /// The URL, to be sent to and never logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseUrl(redacted)")
    }
}

/// A custom-resource event that cannot even be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRequest {
    /// A field CloudFormation always sends is missing, not a string, or empty.
    #[error(
        "custom-resource event: field {field} must be a non-empty string; copy a whole event of \
         CloudFormation, as events/ has one"
    )]
    Field {
        /// The field's name.
        field: &'static str,
    },
    /// The answer cannot be PUT anywhere.
    #[error(
        "custom-resource event: field ResponseURL must begin with https:// or http://; use the \
         pre-signed URL CloudFormation sent"
    )]
    NotAUrl,
}

/// Whose things a Delete request speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// What this stack owns under its present prefix.
    OfThisStack,
    /// What the stack owned before its prefix was changed. The function may not touch it any more,
    /// and must not take its own things for it.
    OfFormerPrefix(StackPrefix),
}

/// How the requested work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done. The figures become the resource's attributes (`!GetAtt`).
    Success(BTreeMap<&'static str, usize>),
    /// Not done, with a reason a deployer can act on. The stack operation fails with it.
    Failed(String),
}

/// Whether an event is CloudFormation's, judged by the fields only it sends.
#[must_use]
pub fn is_custom_resource_event(event: &serde_json::Value) -> bool {
    ["RequestType", "ResponseURL", "LogicalResourceId"]
        .iter()
        .any(|field| event.get(field).is_some())
}

impl CustomResourceRequest {
    /// Reads CloudFormation's event.
    ///
    /// An unknown or missing request type is not an error: it can be answered, so it must be.
    ///
    /// # Errors
    ///
    /// When a field without which no answer is possible is missing or malformed.
    pub fn parse(event: &serde_json::Value) -> Result<Self, MalformedRequest> {
        let response_url = required(event, "ResponseURL")?;
        if !["https://", "http://"].iter().any(|scheme| response_url.starts_with(scheme)) {
            return Err(MalformedRequest::NotAUrl);
        }
        Ok(Self {
            action: action(event),
            response_url: ResponseUrl(response_url),
            stack_id: required(event, "StackId")?,
            request_id: required(event, "RequestId")?,
            logical_resource_id: required(event, "LogicalResourceId")?,
            physical_resource_id: required(event, "PhysicalResourceId").ok(),
        })
    }

    /// The physical id this resource has under a prefix: `{prefix}-{logical id}`.
    ///
    /// A pure function of names that stay: a changed id makes CloudFormation delete the old
    /// resource, so nothing that changes from one update to the next may be part of it.
    #[must_use]
    pub fn physical_id(&self, prefix: &StackPrefix) -> String {
        format!("{prefix}-{}", self.logical_resource_id)
    }

    /// Whose things this Delete speaks of.
    ///
    /// A changed prefix changes the physical id, and CloudFormation then deletes the old id with
    /// the function already under the new prefix. Ids made by CloudFormation itself, after a create
    /// nobody answered, belong to this stack.
    #[must_use]
    pub fn deletion(&self, prefix: &StackPrefix) -> Deletion {
        self.former_prefix(prefix).map_or(Deletion::OfThisStack, Deletion::OfFormerPrefix)
    }

    /// Why an update that changes the prefix is refused; `None` for every other request.
    ///
    /// The old prefix is in the names of the alarms, the thresholds and the functions, and the
    /// functions of the new one may not touch what has the old. CloudFormation refuses the same,
    /// in fewer words, because the functions behind the custom resources change ("Modifying
    /// service token is not allowed"). It takes an update back by another update, which names the
    /// old prefix in both places and is not refused.
    #[must_use]
    pub fn refused_prefix_change(&self, prefix: &StackPrefix) -> Option<String> {
        match self.action {
            Action::Create | Action::Delete | Action::Unknown(_) => None,
            Action::Update => self.former_prefix(prefix).map(|former| {
                format!(
                    "the prefix cannot be changed, from {former} to {prefix}, because the names of \
                     all alarms and thresholds begin with it; nothing was changed; deploy a second \
                     stack with the prefix {prefix}, then delete this one"
                )
            }),
        }
    }

    /// The prefix this resource was made under, if it is another.
    fn former_prefix(&self, prefix: &StackPrefix) -> Option<StackPrefix> {
        self.physical_resource_id
            .as_deref()
            .and_then(|id| id.strip_suffix(&self.logical_resource_id)?.strip_suffix('-'))
            .and_then(|former| StackPrefix::parse(former).ok())
            .filter(|former| former != prefix)
    }

    /// The answer's body, always smaller than [`MAX_ANSWER_BYTES`] for ids of AWS's lengths.
    ///
    /// A reason too long is cut at a character's end and closed with `…`. A failure and a delete
    /// repeat the id CloudFormation knows, so that neither makes it delete another resource.
    #[must_use]
    pub fn answer(&self, prefix: &StackPrefix, outcome: &Outcome) -> String {
        let ours = self.physical_id(prefix);
        let known = self.physical_resource_id.as_deref().unwrap_or(&ours);
        match outcome {
            Outcome::Success(figures) => {
                let id = match self.action {
                    Action::Delete => known,
                    Action::Create | Action::Update | Action::Unknown(_) => &ours,
                };
                self.body(Status::Success, id, "", figures)
            }
            Outcome::Failed(reason) => {
                let nothing = BTreeMap::new();
                let frame = self.body(Status::Failed, known, "", &nothing);
                let room = (MAX_ANSWER_BYTES - 1).saturating_sub(frame.len());
                self.body(Status::Failed, known, &cut_to_json_bytes(reason, room), &nothing)
            }
        }
    }

    fn body(
        &self,
        status: Status,
        physical_resource_id: &str,
        reason: &str,
        figures: &BTreeMap<&'static str, usize>,
    ) -> String {
        let answer = Answer {
            status,
            reason,
            physical_resource_id,
            stack_id: &self.stack_id,
            request_id: &self.request_id,
            logical_resource_id: &self.logical_resource_id,
            data: figures,
        };
        json_text(&answer)
    }
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Success,
    Failed,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    status: Status,
    reason: &'a str,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
    data: &'a BTreeMap<&'static str, usize>,
}

/// JSON of a value made of strings and numbers only, for which serde_json has no failure.
fn json_text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn action(event: &serde_json::Value) -> Action {
    #[derive(Deserialize)]
    enum Known {
        Create,
        Update,
        Delete,
    }
    let word = event.get("RequestType").cloned().unwrap_or_default();
    match serde_json::from_value(word.clone()) {
        Ok(Known::Create) => Action::Create,
        Ok(Known::Update) => Action::Update,
        Ok(Known::Delete) => Action::Delete,
        Err(_) => {
            let spelt = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
            Action::Unknown(excerpt(&spelt))
        }
    }
}

fn required(event: &serde_json::Value, field: &'static str) -> Result<String, MalformedRequest> {
    match event.get(field).and_then(serde_json::Value::as_str) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(MalformedRequest::Field { field }),
    }
}

/// The longest beginning of `text` that, written as JSON, takes at most `room` bytes.
fn cut_to_json_bytes(text: &str, room: usize) -> String {
    const ELLIPSIS: char = '…';
    let size = |c: char| json_text(&c).len() - 2;
    if text.chars().map(size).sum::<usize>() <= room {
        return text.to_owned();
    }
    let room = room.saturating_sub(size(ELLIPSIS));
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += size(*c);
        used <= room
    });
    kept.chain([ELLIPSIS]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn prefix() -> StackPrefix {
        StackPrefix::parse("llmwatch").unwrap()
    }

    fn event(request_type: &str, physical_id: Option<&str>) -> Value {
        let mut event = json!({
            "RequestType": request_type,
            "ResponseURL": "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x?Signature=secret",
            "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/llmwatch/6b1f",
            "RequestId": "f3c8-11ee",
            "ResourceType": "Custom::QuotaThresholds",
            "LogicalResourceId": "QuotaThresholds",
            "ResourceProperties": {"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:x"},
        });
        if let Some(id) = physical_id {
            event["PhysicalResourceId"] = id.into();
        }
        event
    }

    fn request(request_type: &str, physical_id: Option<&str>) -> CustomResourceRequest {
        CustomResourceRequest::parse(&event(request_type, physical_id)).unwrap()
    }

    fn answered(request: &CustomResourceRequest, outcome: &Outcome) -> Value {
        serde_json::from_str(&request.answer(&prefix(), outcome)).unwrap()
    }

    #[test]
    fn success_echoes_the_request_and_carries_the_figures() {
        let outcome = Outcome::Success(BTreeMap::from([("PoolCount", 3)]));
        assert_eq!(
            answered(&request("Create", None), &outcome),
            json!({
                "Status": "SUCCESS",
                "Reason": "",
                "PhysicalResourceId": "llmwatch-QuotaThresholds",
                "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/llmwatch/6b1f",
                "RequestId": "f3c8-11ee",
                "LogicalResourceId": "QuotaThresholds",
                "Data": {"PoolCount": 3},
            })
        );
    }

    #[test]
    fn the_physical_id_is_the_same_on_create_and_every_update() {
        let outcome = Outcome::Success(BTreeMap::new());
        for request in
            [request("Create", None), request("Update", Some("llmwatch-QuotaThresholds"))]
        {
            assert_eq!(
                answered(&request, &outcome)["PhysicalResourceId"],
                "llmwatch-QuotaThresholds"
            );
        }
    }

    #[test]
    fn a_failure_or_delete_repeats_the_known_id_so_that_no_other_resource_is_deleted() {
        let failed = Outcome::Failed("no".into());
        let update = request("Update", Some("old-QuotaThresholds"));
        assert_eq!(answered(&update, &failed)["PhysicalResourceId"], "old-QuotaThresholds");
        let delete = request("Delete", Some("generated-1ABC"));
        let done = Outcome::Success(BTreeMap::new());
        assert_eq!(answered(&delete, &done)["PhysicalResourceId"], "generated-1ABC");
        let create = request("Create", None);
        assert_eq!(answered(&create, &failed)["PhysicalResourceId"], "llmwatch-QuotaThresholds");
    }

    #[test]
    fn an_unknown_request_type_is_kept_for_the_answer() {
        assert_eq!(request("Replace", None).action, Action::Unknown("Replace".into()));
        let mut untyped = event("", None);
        untyped["RequestType"] = Value::Null;
        let request = CustomResourceRequest::parse(&untyped).unwrap();
        assert_eq!(request.action, Action::Unknown("null".into()));
    }

    #[test]
    fn what_cannot_be_answered_is_refused_by_field() {
        for field in ["ResponseURL", "StackId", "RequestId", "LogicalResourceId"] {
            for value in [Value::Null, json!(""), json!(3)] {
                let mut event = event("Create", None);
                event[field] = value;
                assert_eq!(
                    CustomResourceRequest::parse(&event),
                    Err(MalformedRequest::Field { field })
                );
            }
        }
        let mut event = event("Create", None);
        event["ResponseURL"] = "s3://bucket/key".into();
        assert_eq!(CustomResourceRequest::parse(&event), Err(MalformedRequest::NotAUrl));
    }

    #[test]
    fn a_delete_of_a_former_prefix_is_told_from_our_own() {
        for (id, deletion) in [
            (Some("llmwatch-QuotaThresholds"), Deletion::OfThisStack),
            (None, Deletion::OfThisStack),
            (Some("stack-QuotaThresholds-1ABCDEF"), Deletion::OfThisStack),
            (Some("2024/01/01/[$LATEST]8f2e"), Deletion::OfThisStack),
            (
                Some("old-QuotaThresholds"),
                Deletion::OfFormerPrefix(StackPrefix::parse("old").unwrap()),
            ),
        ] {
            assert_eq!(request("Delete", id).deletion(&prefix()), deletion, "{id:?}");
        }
    }

    #[test]
    fn an_update_that_changes_the_prefix_is_refused_and_its_rollback_is_not() {
        let refused = |kind, id| request(kind, id).refused_prefix_change(&prefix());
        let why = refused("Update", Some("old-QuotaThresholds")).unwrap();
        assert!(why.contains("from old to llmwatch") && why.contains("second stack"), "{why}");
        for (kind, id) in [
            ("Update", Some("llmwatch-QuotaThresholds")),
            ("Update", Some("stack-QuotaThresholds-1ABCDEF")),
            ("Create", None),
            ("Delete", Some("old-QuotaThresholds")),
        ] {
            assert_eq!(refused(kind, id), None, "{kind} {id:?}");
        }
    }

    #[test]
    fn d15_the_response_url_is_never_printed() {
        let printed = format!("{:?}", request("Create", None));
        assert!(!printed.contains("Signature"), "{printed}");
    }

    #[test]
    fn a_long_reason_is_cut_and_marked() {
        let reason = "あ".repeat(4000);
        let answer = answered(&request("Create", None), &Outcome::Failed(reason));
        let kept = answer["Reason"].as_str().unwrap();
        assert!(kept.starts_with("ああ") && kept.ends_with("あ…"), "{kept}");
    }

    proptest! {
        #[test]
        fn no_answer_reaches_the_limit_and_no_short_reason_is_cut(
            reason in "(\\PC|[\"\\\\\u{1}\u{7f}\n😀]){0,5000}",
        ) {
            let request = request("Create", None);
            let body = request.answer(&prefix(), &Outcome::Failed(reason.clone()));
            prop_assert!(body.len() < MAX_ANSWER_BYTES);
            let answer: Value = serde_json::from_str(&body).unwrap();
            let kept = answer["Reason"].as_str().unwrap();
            if kept != reason {
                prop_assert!(reason.starts_with(kept.strip_suffix('…').unwrap()));
                prop_assert!(body.len() > MAX_ANSWER_BYTES - 16);
            }
        }
    }
}
