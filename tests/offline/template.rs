//! `template.yaml`, read without its short-form tags: `!Ref X` and `!GetAtt X.Arn` are their text.

use std::sync::LazyLock;

use serde_json::Value;

/// The template's text.
pub(crate) const TEXT: &str = include_str!("../../template.yaml");

static TEMPLATE: LazyLock<Value> = LazyLock::new(|| serde_saphyr::from_str(TEXT).unwrap());

/// A top-level section.
pub(crate) fn section(name: &str) -> &'static Value {
    &TEMPLATE[name]
}

/// A resource of the template.
pub(crate) struct Resource {
    pub(crate) id: &'static str,
    pub(crate) definition: &'static Value,
}

impl Resource {
    /// The resource of this logical id.
    pub(crate) fn named(id: &str) -> Self {
        let all = section("Resources").as_object().unwrap();
        let found = all.iter().find(|(name, _)| *name == id);
        let (id, definition) = found.unwrap_or_else(|| panic!("the template has no {id}"));
        Self { id, definition }
    }

    pub(crate) fn property(&self, name: &str) -> &'static Value {
        &self.definition["Properties"][name]
    }

    pub(crate) fn text(&self, name: &str) -> &'static str {
        self.property(name).as_str().unwrap_or_default()
    }

    /// The logical ids it depends on in so many words.
    pub(crate) fn depends_on(&self) -> Vec<&'static str> {
        texts(&self.definition["DependsOn"])
    }
}

/// Every resource of a type.
pub(crate) fn resources(kind: &str) -> Vec<Resource> {
    let all = section("Resources").as_object().unwrap();
    let found: Vec<Resource> = all
        .iter()
        .filter(|(_, definition)| definition["Type"] == kind)
        .map(|(id, definition)| Resource { id, definition })
        .collect();
    assert!(!found.is_empty(), "the template has no {kind}");
    found
}

/// Every function of the template.
pub(crate) fn functions() -> Vec<Resource> {
    resources("AWS::Serverless::Function")
}

/// A text or a list of texts, as IAM and `DependsOn` take either.
pub(crate) fn texts(value: &'static Value) -> Vec<&'static str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The statements of a policy document.
pub(crate) fn statements(document: &'static Value) -> &'static Vec<Value> {
    document["Statement"].as_array().unwrap()
}

/// The part of `X.Arn` or `X` that is the logical id.
pub(crate) fn target(reference: &str) -> &str {
    reference.split('.').next().unwrap_or_default()
}
