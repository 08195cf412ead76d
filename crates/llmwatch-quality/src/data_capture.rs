//! Records of SageMaker's data capture.
//!
//! A capture object has one record a line: what was sent to an endpoint and what came back, each as a
//! string of the encoding it names. Payloads are those of LLM containers (LMI, Text Generation
//! Inference, OpenAI's format), read by their shape like Bedrock's. No record names its inference
//! component, nor the endpoint: both come from the object's key. Source, read 2026-11-22:
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html>.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::body::{self, Shape};
use crate::content::{self, Side};
use crate::exchange::{Content, Exchange, TokenCounts};
use crate::json::{self, Json};
use crate::skipped::Skipped;
use crate::timestamp;

/// What an object's key tells of the captures in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The endpoint.
    pub endpoint: &'a str,
    /// The inference component, `unknown` where the settings name none for the key.
    pub inference_component: &'a str,
}

/// Reads a record: a line of a capture object.
///
/// # Errors
///
/// [`Skipped`] where the line is not a record, or cannot be dated.
pub fn read(line: &str, origin: Origin<'_>) -> Result<Exchange, Skipped> {
    json::read(line, |record| of_json(record, origin)).map_err(Skipped::from)?
}

fn of_json(record: &Json<'_>, origin: Origin<'_>) -> Result<Exchange, Skipped> {
    let capture = record.get("captureData").ok_or(Skipped::NotARecord)?;
    let event = |key: &str| record.at(&["eventMetadata", key]).and_then(Json::as_str);
    let at = record.at(&["eventMetadata", "inferenceTime"]).and_then(timestamp::read);
    let mut exchange = Exchange {
        request_id: event("eventId").unwrap_or_default().to_owned(),
        at: at.ok_or(Skipped::NoTimestamp)?,
        account: None,
        region: None,
        inference_region: None,
        operation: "InvokeEndpoint".to_owned(),
        model: origin.endpoint.to_owned(),
        inference_component: Some(origin.inference_component.to_owned()),
        caller: None,
        request_metadata: request_metadata(record),
        error_code: None,
        content: Content::NotLogged,
        tokens: TokenCounts::default(),
        latency_ms: None,
        time_to_first_token_ms: None,
        guardrail: None,
    };
    let input = side(capture.get("endpointInput"), body::question, body::plain_question);
    let output = side(capture.get("endpointOutput"), body::answer, body::plain_answer);
    content::put(&mut exchange, input, output);
    Ok(exchange)
}

/// What identifies the request to its caller: the inference id and the custom attributes.
fn request_metadata(record: &Json<'_>) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    if let Some(id) = record.at(&["eventMetadata", "inferenceId"]).and_then(Json::as_str) {
        metadata.insert("inferenceId".to_owned(), id.to_owned());
    }
    let attributes = record.at(&["eventMetadata", "customAttributes"]).map(Json::items);
    for attribute in attributes.unwrap_or_default().iter().filter_map(Json::as_str) {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        metadata.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    metadata
}

/// Reads the payload of one direction.
///
/// JSON is looked for whatever the encoding says: the content type is the client's to set. Plain text
/// is taken as it is where the content type says that it is text; rows of CSV are not.
fn side<T: Default>(
    side: Option<&Json<'_>>,
    read: fn(&Json<'_>) -> (Shape, T),
    read_plain: fn(&str) -> T,
) -> Side<T> {
    let Some((side, payload)) = side.and_then(|side| Some((side, side.get("data")?))) else {
        return Side::Absent;
    };
    let Some(payload) = text_of(payload, side.str("encoding")) else {
        return Side::Here(Shape::Unknown, T::default());
    };
    let is_plain =
        side.str("observedContentType").is_some_and(|kind| kind.starts_with("text/plain"));
    let (shape, body) = match body::with_body(&payload, read) {
        Ok(found) => found,
        Err(_) if is_plain => (Shape::Text, read_plain(&payload)),
        Err(_) => (Shape::Unknown, T::default()),
    };
    Side::Here(shape, body)
}

/// The payload's text; none if it is not UTF-8.
fn text_of<'a>(payload: &'a Json<'_>, encoding: Option<&str>) -> Option<Cow<'a, str>> {
    let Some(text) = payload.as_str() else { return Some(Cow::Owned(payload.to_text())) };
    if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("BASE64")) {
        return Some(Cow::Borrowed(text));
    }
    let bytes = STANDARD.decode(text.trim()).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests;
