//! The service models: what a request must look like, taken from botocore.
//!
//! A request is checked against required members, types, lengths, ranges, patterns and
//! enumerations before a service sees it. Unknown members are ignored, as AWS does.

pub mod check;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// One service's operations, errors and shapes.
#[derive(Debug, Deserialize)]
pub struct Model {
    operations: BTreeMap<String, Operation>,
    errors: BTreeMap<String, ErrorFacts>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
struct Operation {
    input: Option<String>,
    output: Option<String>,
}

/// How an error shape goes over the wire.
#[derive(Debug, Clone, Deserialize)]
pub struct ErrorFacts {
    /// HTTP status.
    pub status: u16,
    /// The code of the query protocol, which awsQueryCompatible services also send.
    pub code: String,
}

/// One shape of a model.
#[derive(Debug, Deserialize)]
pub struct Shape {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    required: Vec<String>,
    min: Option<f64>,
    max: Option<f64>,
    pattern: Option<String>,
    #[serde(rename = "enum", default)]
    allowed: Vec<String>,
    #[serde(default)]
    members: BTreeMap<String, String>,
    member: Option<String>,
    key: Option<String>,
    value: Option<String>,
    /// Exactly one member is set.
    #[serde(default)]
    union: bool,
    /// Any JSON.
    #[serde(default)]
    document: bool,
}

/// The type of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Named members.
    Structure,
    /// A sequence.
    List,
    /// Keys and values.
    Map,
    /// Text.
    String,
    /// 32-bit whole number.
    Integer,
    /// 64-bit whole number.
    Long,
    /// Floating-point number.
    Double,
    /// Floating-point number.
    Float,
    /// Bytes, in JSON as base64.
    Blob,
    /// Truth value.
    Boolean,
    /// Seconds since 1970, held as a number.
    Timestamp,
}

/// The model of Bedrock Runtime.
pub static BEDROCK_RUNTIME: LazyLock<Model> =
    LazyLock::new(|| parse(include_str!("../data/bedrock-runtime.json")));
/// The model of CloudWatch.
pub static CLOUDWATCH: LazyLock<Model> =
    LazyLock::new(|| parse(include_str!("../data/cloudwatch.json")));
/// The model of Comprehend.
pub static COMPREHEND: LazyLock<Model> =
    LazyLock::new(|| parse(include_str!("../data/comprehend.json")));
/// The model of Service Quotas.
pub static SERVICE_QUOTAS: LazyLock<Model> =
    LazyLock::new(|| parse(include_str!("../data/service-quotas.json")));
/// The model of Support.
pub static SUPPORT: LazyLock<Model> = LazyLock::new(|| parse(include_str!("../data/support.json")));

#[expect(clippy::expect_used, reason = "the models are part of the binary and read by a test")]
fn parse(text: &str) -> Model {
    serde_json::from_str(text).expect("an extracted botocore model")
}

impl Model {
    /// Whether the model has this operation.
    #[must_use]
    pub fn has(&self, operation: &str) -> bool {
        self.operations.contains_key(operation)
    }

    /// How an error goes over the wire, if the model names it.
    #[must_use]
    pub fn error(&self, shape: &str) -> Option<&ErrorFacts> {
        self.errors.get(shape)
    }

    /// The shape of an operation's output; `None` when it answers nothing.
    #[must_use]
    pub fn output(&self, operation: &str) -> Option<&Shape> {
        self.operations.get(operation)?.output.as_deref().and_then(|name| self.shapes.get(name))
    }

    fn input(&self, operation: &str) -> Option<&Shape> {
        self.operations.get(operation)?.input.as_deref().and_then(|name| self.shapes.get(name))
    }

    /// The shape of a structure's member.
    #[must_use]
    pub fn member<'a>(&'a self, of: &Shape, name: &str) -> Option<&'a Shape> {
        of.members.get(name).and_then(|shape| self.shapes.get(shape))
    }

    fn key(&self, of: &Shape) -> Option<&Shape> {
        of.key.as_ref().and_then(|shape| self.shapes.get(shape))
    }

    /// The shape of a list's or map's elements.
    #[must_use]
    pub fn element<'a>(&'a self, of: &Shape) -> Option<&'a Shape> {
        of.member.as_ref().or(of.value.as_ref()).and_then(|shape| self.shapes.get(shape))
    }
}

impl Shape {
    /// The type of this shape.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether any JSON is right.
    #[must_use]
    pub fn is_document(&self) -> bool {
        self.document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_readable_and_complete() {
        for model in [&*BEDROCK_RUNTIME, &*CLOUDWATCH, &*COMPREHEND, &*SERVICE_QUOTAS, &*SUPPORT] {
            for shape in model.shapes.values() {
                let parts = shape.members.values().chain(&shape.member).chain(&shape.key);
                for name in parts.chain(&shape.value) {
                    assert!(model.shapes.contains_key(name), "{name}");
                }
            }
        }
        assert!(CLOUDWATCH.has("PutCompositeAlarm"));
    }
}
