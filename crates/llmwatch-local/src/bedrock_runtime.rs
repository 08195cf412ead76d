//! Bedrock Runtime: embeddings by Titan V2, a scripted judge behind Converse, guardrail checks.
//!
//! Not modelled: what a model would say to anything but a judge's question; streams; guardrails of
//! an account; caches; service tiers; quotas (faults throttle); invocation logs and metrics of
//! these calls, which tests plant themselves.

mod checks;
mod converse;
mod embedding;
pub mod judge;
mod schema;

use axum::http::{HeaderMap, Uri};
use serde_json::{Map, Value, json};

use crate::bedrock::{Bedrock, decoded};
use crate::call::header;
use crate::error::AwsError;
use crate::value::text;
use judge::Judge;

/// The header that carries request metadata to `InvokeModel`, as JSON.
const METADATA_HEADER: &str = "x-amzn-bedrock-request-metadata";

/// Reads a request as the service's model has it: members of the body, and `modelId` of the path.
/// `InvokeModel` has its body as JSON under `body`, and its metadata under `requestMetadata`.
///
/// # Errors
///
/// When the body or the metadata is no JSON object.
pub fn input(
    operation: &str,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, AwsError> {
    let body = object(body, "Malformed input request, please reformat your input and try again.")?;
    let model = uri.path().trim_matches('/').split('/').nth(1).map(decoded);
    if operation == "InvokeGuardrailChecks" {
        return Ok(Value::Object(body));
    }
    let mut input = if operation == "InvokeModel" {
        let mut input = json!({"body": body});
        if let Some(metadata) = header(headers, METADATA_HEADER) {
            let problem = "The request metadata is not a JSON object of strings.";
            input["requestMetadata"] = Value::Object(object(metadata.as_bytes(), problem)?);
        }
        input
    } else {
        Value::Object(body)
    };
    input["modelId"] = Value::from(model);
    Ok(input)
}

fn object(json: &[u8], problem: &str) -> Result<Map<String, Value>, AwsError> {
    serde_json::from_slice(json).map_err(|_| AwsError::new("ValidationException", problem))
}

/// The same input as the model of the service has it, where metadata and body are no structures.
#[must_use]
pub fn modelled(operation: &str, input: &Value) -> Value {
    let mut modelled = input.clone();
    if operation == "InvokeModel" {
        for member in ["body", "requestMetadata"] {
            if let Some(value) = input.get(member) {
                modelled[member] = Value::from(value.to_string());
            }
        }
    }
    modelled
}

/// Answers one checked request. Of `InvokeModel` the answer is the body.
///
/// # Errors
///
/// As AWS refuses it.
pub fn serve(
    judge: &mut Judge,
    bedrock: &Bedrock,
    operation: &str,
    input: &Value,
) -> Result<Value, AwsError> {
    if operation == "InvokeGuardrailChecks" {
        return Ok(checks::run(input));
    }
    let model = bedrock.invoked_model(text(input, "modelId").unwrap_or_default())?;
    match operation {
        "InvokeModel" if model == embedding::TITAN_V2 => embedding::embed(&input["body"]),
        "InvokeModel" => Err(AwsError::new(
            "ValidationException",
            format!(
                "llmwatch-local invokes {} only; {model} is asked by Converse",
                embedding::TITAN_V2
            ),
        )),
        "Converse" => converse::converse(judge, &model, input),
        _ => Err(AwsError::new(
            "UnknownOperationException",
            format!("llmwatch-local has no {operation}"),
        )),
    }
}

#[cfg(test)]
mod tests;
