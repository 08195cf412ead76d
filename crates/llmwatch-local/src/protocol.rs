//! Requests and answers on the wire: CBOR and JSON in both directions, errors in every protocol.
//!
//! Inside, everything is a [`serde_json::Value`] and a timestamp is a number of seconds since
//! 1970. The output shape says which numbers are timestamps, so that CBOR tags them.
//! Source: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use ciborium::Value as Cbor;
use serde_json::{Map, Value};

use crate::call::{Call, Protocol};
use crate::error::AwsError;
use crate::model::{Kind, Model, Shape};

/// Tag 1 of RFC 8949: seconds since 1970.
const EPOCH_TIME: u64 = 1;

/// Reads a request's body.
///
/// # Errors
///
/// `SerializationException` when the body is not what the protocol asks for.
pub fn decode(protocol: Protocol, body: &[u8]) -> Result<Value, AwsError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let unreadable = |problem: String| {
        AwsError::new("SerializationException", format!("unreadable body: {problem}"))
    };
    let value = if protocol == Protocol::Cbor {
        let cbor: Cbor =
            ciborium::from_reader(body).map_err(|problem| unreadable(problem.to_string()))?;
        from_cbor(cbor).ok_or_else(|| unreadable("a CBOR type AWS does not use".to_owned()))?
    } else {
        serde_json::from_slice(body).map_err(|problem| unreadable(problem.to_string()))?
    };
    if value.is_object() { Ok(value) } else { Err(unreadable("not a structure".to_owned())) }
}

fn from_cbor(value: Cbor) -> Option<Value> {
    Some(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(truth) => Value::from(truth),
        Cbor::Integer(number) => Value::from(i64::try_from(number).ok()?),
        Cbor::Float(number) => Value::from(number),
        Cbor::Text(text) => Value::from(text),
        Cbor::Tag(EPOCH_TIME, inner) => from_cbor(*inner)?,
        Cbor::Array(items) => {
            Value::Array(items.into_iter().map(from_cbor).collect::<Option<_>>()?)
        }
        Cbor::Map(entries) => {
            let mut map = Map::new();
            for (key, item) in entries {
                map.insert(key.into_text().ok()?, from_cbor(item)?);
            }
            Value::Object(map)
        }
        _ => return None,
    })
}

/// Writes a service's answer. Members the output shape does not have are dropped.
#[must_use]
pub fn answer(call: &Call, model: &Model, output: &Value) -> Response<Body> {
    let shape = model.output(&call.operation);
    match (call.protocol, shape) {
        (Protocol::Cbor, shape) => {
            let cbor = match shape {
                Some(shape) => to_cbor(model, shape, output),
                None => Cbor::Map(Vec::new()),
            };
            respond(StatusCode::OK, call.protocol, cbor_bytes(&cbor), &[])
        }
        (_, Some(shape)) => {
            let body = prune(model, shape, output).to_string();
            respond(StatusCode::OK, call.protocol, body.into_bytes(), &[])
        }
        (_, None) => respond(StatusCode::OK, call.protocol, b"{}".to_vec(), &[]),
    }
}

/// Writes a refusal in the protocol of the request.
#[must_use]
pub fn refuse(call: &Call, model: Option<&Model>, error: &AwsError) -> Response<Body> {
    let facts = model.and_then(|model| model.error(&error.code));
    let status = facts.map_or(error.status, |facts| facts.status);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    let query_code = facts.map_or(error.code.as_str(), |facts| facts.code.as_str());
    let query_error = format!("{query_code};{fault}");
    let (code, message) = (&error.code, &error.message);
    match call.protocol {
        Protocol::Cbor => {
            let body = Cbor::Map(vec![
                (Cbor::from("__type"), Cbor::from(code.as_str())),
                (Cbor::from("message"), Cbor::from(message.as_str())),
            ]);
            let headers = [("x-amzn-query-error", query_error.as_str())];
            respond(status, call.protocol, cbor_bytes(&body), &headers)
        }
        Protocol::Json if call.service == "cloudwatch" => {
            let body = serde_json::json!({"__type": code, "message": message}).to_string();
            let headers = [("x-amzn-query-error", query_error.as_str())];
            respond(status, call.protocol, body.into_bytes(), &headers)
        }
        Protocol::Json | Protocol::RestJson => {
            let body = serde_json::json!({"__type": code, "message": message}).to_string();
            respond(status, call.protocol, body.into_bytes(), &[("x-amzn-errortype", code)])
        }
        Protocol::Query => {
            let body = format!(
                "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{}</Message></Error><RequestId>0</RequestId></ErrorResponse>",
                escape(message)
            );
            respond(status, call.protocol, body.into_bytes(), &[])
        }
        Protocol::RestXml => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{}</Message><RequestId>0</RequestId></Error>",
                escape(message)
            );
            respond(status, call.protocol, body.into_bytes(), &[])
        }
    }
}

/// Writes an answer of a restJson service.
#[must_use]
pub fn rest_json(status: u16, body: &Value) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    respond(status, Protocol::RestJson, body.to_string().into_bytes(), &[])
}

fn respond(
    status: StatusCode,
    protocol: Protocol,
    body: Vec<u8>,
    headers: &[(&str, &str)],
) -> Response<Body> {
    let kind = match protocol {
        Protocol::Cbor => "application/cbor",
        Protocol::Json => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
        Protocol::Query | Protocol::RestXml => "text/xml",
    };
    let mut builder = Response::builder().status(status).header("content-type", kind);
    if protocol == Protocol::Cbor {
        builder = builder.header("smithy-protocol", "rpc-v2-cbor");
    }
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(body)).unwrap_or_default()
}

fn to_cbor(model: &Model, shape: &Shape, value: &Value) -> Cbor {
    match (shape.kind(), value) {
        (Kind::Structure, Value::Object(members)) => Cbor::Map(
            members
                .iter()
                .filter_map(|(name, member)| {
                    let shape = model.member(shape, name)?;
                    (!member.is_null())
                        .then(|| (Cbor::from(name.as_str()), to_cbor(model, shape, member)))
                })
                .collect(),
        ),
        (Kind::Map, Value::Object(entries)) => Cbor::Map(
            entries
                .iter()
                .filter_map(|(name, item)| {
                    Some((Cbor::from(name.as_str()), to_cbor(model, model.element(shape)?, item)))
                })
                .collect(),
        ),
        (Kind::List, Value::Array(items)) => match model.element(shape) {
            Some(element) => {
                Cbor::Array(items.iter().map(|item| to_cbor(model, element, item)).collect())
            }
            None => Cbor::Array(Vec::new()),
        },
        (Kind::Timestamp, Value::Number(number)) => {
            Cbor::Tag(EPOCH_TIME, Box::new(Cbor::Float(number.as_f64().unwrap_or_default())))
        }
        (Kind::Double | Kind::Float, Value::Number(number)) => {
            Cbor::Float(number.as_f64().unwrap_or_default())
        }
        (_, Value::Number(number)) => Cbor::from(number.as_i64().unwrap_or_default()),
        (_, Value::Bool(truth)) => Cbor::Bool(*truth),
        (_, Value::String(text)) => Cbor::from(text.as_str()),
        _ => Cbor::Null,
    }
}

fn prune(model: &Model, shape: &Shape, value: &Value) -> Value {
    match (shape.kind(), value) {
        _ if shape.is_document() => value.clone(),
        (Kind::Structure, Value::Object(members)) => Value::Object(
            members
                .iter()
                .filter_map(|(name, member)| {
                    let shape = model.member(shape, name)?;
                    (!member.is_null()).then(|| (name.clone(), prune(model, shape, member)))
                })
                .collect(),
        ),
        (Kind::List, Value::Array(items)) => match model.element(shape) {
            Some(element) => items.iter().map(|item| prune(model, element, item)).collect(),
            None => Value::Array(Vec::new()),
        },
        _ => value.clone(),
    }
}

fn cbor_bytes(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = ciborium::into_writer(value, &mut bytes);
    bytes
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
