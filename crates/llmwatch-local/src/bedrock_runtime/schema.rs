//! Fills a JSON schema with scores, as a model does that is held to one.
//!
//! Understood: objects, arrays (one item, or one for each name its items may have), numbers,
//! integers, enumerations, strings, truth values, `anyOf`, `$ref` within the schema. A number's
//! score is taken from `minimum` to `maximum`; without them from 0 to 1, or 1 to 5 for an integer;
//! of numbers in an enumeration it is the one at the score's place.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::value::{items, text};

/// How deep a schema may go; a reference to itself ends here.
const MAX_DEPTH: usize = 12;

/// What stands in for a reason.
const REASON: &str = "Judged by the words of question and answer.";

/// What the values are.
pub(super) struct Filling<'a> {
    /// Values that are given, by name.
    pub(super) given: &'a BTreeMap<String, Value>,
    /// The score of a criterion, 0 to 1.
    pub(super) score: &'a dyn Fn(&str) -> f64,
}

impl Filling<'_> {
    /// A value that a schema allows.
    pub(super) fn fill(&self, schema: &Value) -> Value {
        self.value(schema, schema, "", MAX_DEPTH)
    }

    /// `name` is the way to here, the last name last.
    fn value(&self, root: &Value, schema: &Value, name: &str, depth: usize) -> Value {
        let last = name.rsplit(' ').next().unwrap_or_default();
        if let Some(given) = self.given.get(last) {
            return given.clone();
        }
        if depth == 0 {
            return Value::Null;
        }
        let below = |schema, name: &str| self.value(root, schema, name, depth - 1);
        if let Some(target) = text(schema, "$ref").and_then(|path| root.pointer(path.get(1..)?)) {
            return below(target, name);
        }
        if let Some(first) = items(schema, "anyOf").first() {
            return below(first, name);
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            return self.one_of(allowed, name);
        }
        match text(schema, "type").unwrap_or_default() {
            "number" => self.number(schema, name, (0.0, 1.0)).into(),
            "integer" => (self.number(schema, name, (1.0, 5.0)).round() as i64).into(),
            "string" => REASON.into(),
            "boolean" => ((self.score)(name) >= 0.5).into(),
            "array" => self.items(root, schema, name, depth),
            "null" => Value::Null,
            _ => {
                let members = schema.get("properties").and_then(Value::as_object);
                let members = members.into_iter().flatten();
                let filled = members
                    .map(|(member, of)| (member.clone(), below(of, &format!("{name} {member}"))));
                Value::Object(filled.collect())
            }
        }
    }

    fn number(&self, schema: &Value, name: &str, usual: (f64, f64)) -> f64 {
        let bound = |of: &str, usual| schema.get(of).and_then(Value::as_f64).unwrap_or(usual);
        let (least, most) = (bound("minimum", usual.0), bound("maximum", usual.1));
        least + (self.score)(name) * (most - least)
    }

    fn one_of(&self, allowed: &[Value], name: &str) -> Value {
        let mut numbers: Vec<&Value> = allowed.iter().filter(|value| value.is_number()).collect();
        if numbers.is_empty() {
            return allowed.first().cloned().unwrap_or_default();
        }
        let as_number = |value: &&Value| value.as_f64().unwrap_or_default();
        numbers.sort_by(|one, other| as_number(one).total_cmp(&as_number(other)));
        let place = (self.score)(name) * (numbers.len() - 1) as f64;
        numbers[(place.round() as usize).min(numbers.len() - 1)].clone()
    }

    /// One item, or, where items have a text member of several words, one for each of the words.
    fn items(&self, root: &Value, schema: &Value, name: &str, depth: usize) -> Value {
        let Some(item) = schema.get("items") else { return Value::Array(Vec::new()) };
        let empty = Map::new();
        let members = item.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let named = members.iter().find_map(|(member, of)| {
            let words: Vec<&str> = items(of, "enum").iter().filter_map(Value::as_str).collect();
            (!words.is_empty()).then_some((member, words))
        });
        let Some((member, words)) = named else {
            return Value::Array(vec![self.value(root, item, name, depth - 1)]);
        };
        let of_word = |word: &str| {
            let filled = members.keys().map(|other| {
                let value = if other == member {
                    Value::from(word)
                } else if self.given.contains_key(word)
                    && members[other].get("type") != Some(&Value::from("string"))
                {
                    self.given[word].clone()
                } else {
                    self.value(root, &members[other], &format!("{name} {word} {other}"), depth - 1)
                };
                (other.clone(), value)
            });
            Value::Object(filled.collect())
        };
        words.into_iter().map(of_word).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: Value, expected: Value) {
        let given = BTreeMap::from([("fixed".to_owned(), json!("as given"))]);
        let score = |name: &str| if name.contains("safety") { 0.5 } else { 1.0 };
        let filled = Filling { given: &given, score: &score }.fill(&schema);
        assert_eq!(filled, expected, "{schema}");
    }

    #[test]
    fn a_schema_is_filled_by_its_types_and_bounds() {
        let object = |members: Value| json!({"type": "object", "properties": members});
        check(object(json!({"safety": {"type": "number"}})), json!({"safety": 0.5}));
        check(object(json!({"safety": {"type": "integer"}})), json!({"safety": 3}));
        check(
            object(json!({"safety": {"type": "integer", "minimum": 0, "maximum": 10}})),
            json!({"safety": 5}),
        );
        check(object(json!({"safety": {"enum": [3, 1, 2]}})), json!({"safety": 2}));
        check(object(json!({"why": {"type": "string"}})), json!({"why": REASON}));
        check(object(json!({"fixed": {"type": "number"}})), json!({"fixed": "as given"}));
        check(
            object(json!({"safety": object(json!({"score": {"type": "number"}}))})),
            json!({"safety": {"score": 0.5}}),
        );
        let by_name = object(json!({
            "criterion": {"enum": ["safety", "tone"]},
            "score": {"type": "number"},
        }));
        check(
            json!({"type": "array", "items": by_name}),
            json!([{"criterion": "safety", "score": 0.5}, {"criterion": "tone", "score": 1.0}]),
        );
        check(
            json!({"$defs": {"s": {"type": "number"}}, "properties": {"a": {"$ref": "#/$defs/s"}}}),
            json!({"a": 1.0}),
        );
    }
}
