//! Bedrock's control plane, as far as models and inference profiles go.
//!
//! ministack has no `global.` profiles, few current models, and ids of application profiles in a
//! form of its own, so these six operations are answered here; the others are ministack's. System
//! profiles are those of the data's models in this Region's geography.
//!
//! A listing without a type holds system profiles only, which is what the API was seen to do;
//! ask for `type=APPLICATION` to see the others.

mod catalogue;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::error::AwsError;
use crate::paging::page;
use crate::value::text;
use crate::world::{Place, fnv};

/// The operations answered here.
pub const OPERATIONS: [&str; 6] = [
    "ListInferenceProfiles",
    "GetInferenceProfile",
    "CreateInferenceProfile",
    "DeleteInferenceProfile",
    "ListFoundationModels",
    "GetFoundationModel",
];

/// Profiles on a page when the caller does not say.
const DEFAULT_PAGE: usize = 100;
const LARGEST_PAGE: usize = 1_000;

/// Who made a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileType {
    /// AWS.
    System,
    /// The account.
    Application,
}

/// An inference profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// For example `us.amazon.nova-2-lite-v1:0`, or 12 characters of an application profile.
    pub id: String,
    /// The display name.
    pub name: String,
    /// Who made it.
    pub made_by: ProfileType,
    /// The foundation models it spreads calls over, one ARN a Region.
    pub model_arns: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// Everything the control plane knows.
#[derive(Debug)]
pub struct Bedrock {
    place: Place,
    models: Vec<catalogue::Model>,
    profiles: BTreeMap<String, Profile>,
}

/// A request to the control plane.
#[derive(Debug, Clone)]
pub struct BedrockRequest<'a> {
    /// One of [`OPERATIONS`].
    pub operation: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// The query string.
    pub query: Option<&'a str>,
    /// The body; `null` when empty.
    pub body: Value,
}

impl Bedrock {
    /// The models and system profiles of the Region.
    #[must_use]
    pub fn new(place: Place) -> Self {
        let models = catalogue::models(&place.region);
        let profiles = catalogue::system_profiles(&place.region);
        let profiles = profiles.into_iter().map(|profile| (profile.id.clone(), profile)).collect();
        Self { place, models, profiles }
    }

    /// Adds or replaces a profile.
    pub fn put_profile(&mut self, profile: Profile) {
        self.profiles.insert(profile.id.clone(), profile);
    }

    /// The foundation-model ARNs behind a model id, profile id or ARN; empty when unknown.
    #[must_use]
    pub fn model_arns(&self, source: &str) -> Vec<String> {
        let id = last_part(source);
        if let Some(profile) = self.profiles.get(id) {
            return profile.model_arns.clone();
        }
        let known = self.models.iter().find(|model| model.id == id);
        known.map(|model| model.arn(&self.place.region)).into_iter().collect()
    }

    /// The id of the foundation model that a call of a model id, profile id or ARN reaches.
    ///
    /// # Errors
    ///
    /// `ValidationException` for what is no model, and for a model that is called without a
    /// profile though it has no throughput of its own; both in AWS's words.
    pub fn invoked_model(&self, identifier: &str) -> Result<String, AwsError> {
        let id = last_part(identifier);
        if let Some(profile) = self.profiles.get(id) {
            let arn = profile.model_arns.first().map(String::as_str).unwrap_or_default();
            return Ok(last_part(arn).to_owned());
        }
        let model = self.models.iter().find(|model| model.id == id);
        let model = model.ok_or_else(|| invalid("The provided model identifier is invalid."))?;
        if model.on_demand {
            return Ok(model.id.clone());
        }
        let message = format!(
            "Invocation of model ID {id} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model."
        );
        Err(invalid(&message))
    }

    /// Answers one request with status and body.
    ///
    /// # Errors
    ///
    /// As AWS refuses it.
    pub fn serve(
        &mut self,
        request: &BedrockRequest<'_>,
        now: Timestamp,
    ) -> Result<(u16, Value), AwsError> {
        let identifier = decoded(request.path.rsplit('/').next().unwrap_or_default());
        let answer = match request.operation {
            "ListInferenceProfiles" => self.list(request)?,
            "GetInferenceProfile" => {
                let profile = self.profile(&decoded_tail(request.path, "/inference-profiles/"))?;
                self.described(profile)
            }
            "CreateInferenceProfile" => {
                return self.create(&request.body, now).map(|body| (201, body));
            }
            "DeleteInferenceProfile" => {
                let profile = self.profile(&decoded_tail(request.path, "/inference-profiles/"))?;
                if profile.made_by == ProfileType::System {
                    return Err(invalid("a system-defined inference profile cannot be deleted"));
                }
                let id = profile.id.clone();
                self.profiles.remove(&id);
                json!({})
            }
            "ListFoundationModels" => self.list_models(request),
            "GetFoundationModel" => {
                let id = last_part(&identifier);
                let model = self.models.iter().find(|model| model.id == id);
                let model = model.ok_or_else(|| not_found("model", id))?;
                json!({"modelDetails": model.described(&self.place.region)})
            }
            other => {
                return Err(AwsError::new(
                    "UnknownOperationException",
                    format!("llmwatch-local has no {other}"),
                ));
            }
        };
        Ok((200, answer))
    }

    fn list(&self, request: &BedrockRequest<'_>) -> Result<Value, AwsError> {
        let wanted = match request.parameter("type").as_deref() {
            None | Some("SYSTEM_DEFINED") => ProfileType::System,
            Some("APPLICATION") => ProfileType::Application,
            Some(other) => return Err(invalid(&format!("{other} is not a type of profile"))),
        };
        let size = match request.parameter("maxResults") {
            None => DEFAULT_PAGE,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=LARGEST_PAGE).contains(size))
                .ok_or_else(|| invalid("maxResults must be 1 to 1000"))?,
        };
        let found: Vec<Value> = self
            .profiles
            .values()
            .filter(|profile| profile.made_by == wanted)
            .map(|profile| self.described(profile))
            .collect();
        let token = request.parameter("nextToken");
        let (page, next) = page("profiles", found, token.as_deref(), size)
            .map_err(|problem| invalid(&problem.to_string()))?;
        let mut answer = json!({"inferenceProfileSummaries": page});
        if let Some(next) = next {
            answer["nextToken"] = Value::from(next);
        }
        Ok(answer)
    }

    fn list_models(&self, request: &BedrockRequest<'_>) -> Value {
        let provider = request.parameter("byProvider").map(|name| name.to_lowercase());
        let output = request.parameter("byOutputModality");
        let models: Vec<Value> = self
            .models
            .iter()
            .filter(|model| {
                provider.as_ref().is_none_or(|name| model.provider.to_lowercase() == *name)
            })
            .filter(|_| output.as_deref().is_none_or(|modality| modality == "TEXT"))
            .map(|model| model.described(&self.place.region))
            .collect();
        json!({"modelSummaries": models})
    }

    fn create(&mut self, body: &Value, now: Timestamp) -> Result<Value, AwsError> {
        let name = text(body, "inferenceProfileName").unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-');
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            return Err(invalid(
                "inferenceProfileName must be 1 to 64 letters, digits, spaces, _ or -",
            ));
        }
        let source = body.pointer("/modelSource/copyFrom").and_then(Value::as_str);
        let source = source.ok_or_else(|| invalid("modelSource.copyFrom is required"))?;
        let model_arns = self.model_arns(source);
        if !source.starts_with("arn:") || model_arns.is_empty() {
            return Err(not_found("model source", source));
        }
        let is_taken =
            |profile: &Profile| profile.made_by == ProfileType::Application && profile.name == name;
        if self.profiles.values().any(is_taken) {
            return Err(AwsError::new("ConflictException", format!("{name} already exists"))
                .with_status(409));
        }
        let profile = Profile {
            id: application_id(name),
            name: name.to_owned(),
            made_by: ProfileType::Application,
            model_arns,
            created: now,
        };
        let arn = self.arn(&profile);
        self.put_profile(profile);
        Ok(json!({"inferenceProfileArn": arn, "status": "ACTIVE"}))
    }

    fn profile(&self, identifier: &str) -> Result<&Profile, AwsError> {
        let id = last_part(identifier);
        self.profiles.get(id).ok_or_else(|| not_found("inference profile", identifier))
    }

    fn described(&self, profile: &Profile) -> Value {
        let models: Vec<Value> =
            profile.model_arns.iter().map(|arn| json!({"modelArn": arn})).collect();
        let made_by = match profile.made_by {
            ProfileType::System => "SYSTEM_DEFINED",
            ProfileType::Application => "APPLICATION",
        };
        json!({
            "inferenceProfileName": profile.name,
            "inferenceProfileId": profile.id,
            "inferenceProfileArn": self.arn(profile),
            "models": models,
            "status": "ACTIVE",
            "type": made_by,
            "createdAt": profile.created.to_string(),
            "updatedAt": profile.created.to_string(),
        })
    }

    fn arn(&self, profile: &Profile) -> String {
        let kind = match profile.made_by {
            ProfileType::System => "inference-profile",
            ProfileType::Application => "application-inference-profile",
        };
        self.place.arn("bedrock", &format!("{kind}/{}", profile.id))
    }
}

impl BedrockRequest<'_> {
    fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query?.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// The 12 characters that name an application profile; the same for the same name.
#[must_use]
pub fn application_id(name: &str) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut rest = fnv(name, 0);
    (0..12)
        .map(|_| {
            let index = (rest % letters.len() as u64) as usize;
            rest /= letters.len() as u64;
            char::from(letters[index])
        })
        .collect()
}

/// What follows the last `/` of an ARN; the text itself when it is an id.
fn last_part(identifier: &str) -> &str {
    identifier.rsplit('/').next().unwrap_or(identifier)
}

fn decoded_tail(path: &str, prefix: &str) -> String {
    decoded(path.strip_prefix(prefix).unwrap_or(path))
}

/// Percent-decodes a path; `+` is itself there.
pub(crate) fn decoded(text: &str) -> String {
    let form = text.replace('+', "%2B");
    form_urlencoded::parse(form.as_bytes()).map(|(key, _)| key.into_owned()).collect()
}

fn invalid(message: &str) -> AwsError {
    AwsError::new("ValidationException", message)
}

fn not_found(what: &str, id: &str) -> AwsError {
    AwsError::new("ResourceNotFoundException", format!("The {what} {id} was not found"))
        .with_status(404)
}

#[cfg(test)]
mod tests;
