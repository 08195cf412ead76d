//! JSON as a tree that borrows from its line and cannot grow past a bound.
//!
//! Bodies come in a dozen shapes that are told apart by their keys, so a record is read into a tree
//! once and asked afterwards. Unlike `serde_json::Value` the tree copies no string that has no
//! escapes, keeps objects as lists in the order of the text, and stops at [`MAX_NODES`]: a line of
//! 8 MiB can hold four million small values, which would take 300 MB.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::de::StrRead;

/// The most values a record may hold, keys not counted.
///
/// Bounds a tree to about 40 MB. A batch of 96 texts embedded in 1,536 dimensions has 147,456.
pub(crate) const MAX_NODES: usize = 500_000;

/// A JSON value.
#[derive(Clone, PartialEq)]
pub(crate) enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A string; borrowed where it has no escapes.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Json<'a>>),
    /// Members in the order of the text; of equal keys the last counts.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Why text could not be read as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// It is not JSON.
    Malformed,
    /// It has more values than [`MAX_NODES`].
    TooManyValues,
}

/// Reads one value and hands it to `then`.
///
/// A lone half of a surrogate pair, which a text cut at a character leaves and which no Rust string
/// can hold, becomes U+FFFD.
///
/// # Errors
///
/// [`JsonError`], also where more than one value is there.
pub(crate) fn read<T>(text: &str, then: impl FnOnce(&Json<'_>) -> T) -> Result<T, JsonError> {
    match parse(text) {
        Ok(value) => Ok(then(&value)),
        Err(JsonError::Malformed) => match without_lone_surrogates(text) {
            Some(mended) => parse(&mended).map(|value| then(&value)),
            None => Err(JsonError::Malformed),
        },
        Err(error) => Err(error),
    }
}

fn parse(text: &str) -> Result<Json<'_>, JsonError> {
    let mut values = Values::new(text);
    match (values.next(), values.next()) {
        (Some(Ok(value)), None) => Ok(value),
        (Some(Err(error)), _) | (_, Some(Err(error))) => Err(error),
        (None, _) | (_, Some(Ok(_))) => Err(JsonError::Malformed),
    }
}

/// Values that follow one another with nothing but white space between; ends after an error.
pub(crate) struct Values<'a> {
    deserializer: serde_json::Deserializer<StrRead<'a>>,
    nodes_left: Cell<usize>,
    failed: bool,
}

impl<'a> Values<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            deserializer: serde_json::Deserializer::from_str(text),
            nodes_left: Cell::new(MAX_NODES),
            failed: false,
        }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<Json<'a>, JsonError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.deserializer.end().is_ok() {
            return None;
        }
        let value = Node { left: &self.nodes_left }.deserialize(&mut self.deserializer);
        self.failed = value.is_err();
        Some(value.map_err(|_| match self.nodes_left.get() {
            0 => JsonError::TooManyValues,
            _ => JsonError::Malformed,
        }))
    }
}

/// `text` with U+FFFD for every lone half of a surrogate pair; none if there is no such half.
fn without_lone_surrogates(text: &str) -> Option<String> {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        // An escaped backslash is passed over whole, so that the `u` after it starts nothing.
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Half::Leading), Some(Half::Trailing)) => 12,
            (Some(_), _) => {
                found = true;
                mended.push('\u{fffd}');
                rest = &escape[6..];
                continue;
            }
            (None, _) => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        mended.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    mended.push_str(rest);
    found.then_some(mended)
}

enum Half {
    Leading,
    Trailing,
}

/// Which half of a pair the escape at the start of `text` is, if it is one.
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::Leading),
        0xdc00..=0xdfff => Some(Half::Trailing),
        _ => None,
    }
}

impl<'a> Json<'a> {
    /// The member of that name; none where it is missing or null, and for anything but an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let (_, value) = members.iter().rev().find(|(name, _)| name == key)?;
        (*value != Self::Null).then_some(value)
    }

    /// The member reached through members of members.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The first member that is there of several names for one thing.
    pub(crate) fn any(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// Whether it is an object with that member, be it null.
    pub(crate) fn has(&self, key: &str) -> bool {
        matches!(self, Self::Object(members) if members.iter().any(|(name, _)| name == key))
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the member of that name, if it is a string.
    pub(crate) fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The items of the list of that name; `None` where it is no list.
    pub(crate) fn list(&self, key: &str) -> Option<&[Self]> {
        match self.get(key)? {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// A count: a whole number, also written `12.0` or `"12"`. Negative ones are none.
    pub(crate) fn as_count(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
            Self::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The count of that name.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_count()
    }

    /// The value as JSON text without white space.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// `number` rounded, where it is a count that a double holds exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked before"
)]
fn whole(number: f64) -> Option<u64> {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    (0.0..=LARGEST_EXACT).contains(&number).then(|| number.round() as u64)
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// Reads one value and counts it against what is left of the bound.
#[derive(Clone, Copy)]
struct Node<'n> {
    left: &'n Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(D::Error::custom("too many values"));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            members.push((key, map.next_value_seed(self)?));
        }
        Ok(Json::Object(members))
    }
}

/// Reads a key without copying it; serde's own `Cow` always copies.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonError, MAX_NODES, read};

    #[track_caller]
    fn check(text: &str, expected: Result<&str, JsonError>) {
        assert_eq!(read(text, |json| json.to_text()), expected.map(str::to_owned));
    }

    #[test]
    fn values_keep_their_order_and_numbers() {
        check(
            r#" {"b":[1,2.5,-3,null],"a":{"c":true}} "#,
            Ok(r#"{"b":[1,2.5,-3,null],"a":{"c":true}}"#),
        );
    }

    #[test]
    fn text_keeps_escapes_and_japanese() {
        check(r#"["\u3053\u3093","こん","\ud83d\ude00"]"#, Ok(r#"["こん","こん","😀"]"#));
    }

    #[test]
    fn lone_halves_of_pairs_become_replacement_characters() {
        check(
            r#"["a\ud83d","\ude00b","\ud83d\ud83d\ude00","\\ud83d"]"#,
            Ok("[\"a\u{fffd}\",\"\u{fffd}b\",\"\u{fffd}😀\",\"\\\\ud83d\"]"),
        );
    }

    #[test]
    fn other_text_is_malformed() {
        for text in
            ["", " ", "{", "{]", "[1] [2]", "Permissions are correctly set", "{\"a\":\"\\ud8"]
        {
            check(text, Err(JsonError::Malformed));
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_null_is_absence() {
        let text = r#"{"a":1,"a":2,"b":null}"#;
        assert_eq!(read(text, |json| (json.count("a"), json.count("b"))), Ok((Some(2), None)));
    }

    #[test]
    fn counts_are_read_leniently_and_never_negative() {
        let counts = read(r#"[12,12.0,"12",-1,1e300,null,true]"#, |json| {
            json.items().iter().map(|json| json.as_count()).collect::<Vec<_>>()
        });
        assert_eq!(counts, Ok(vec![Some(12), Some(12), Some(12), None, None, None, None]));
    }

    #[test]
    fn a_tree_stops_at_its_bound() {
        let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(read(&list(MAX_NODES), |_| ()).is_ok());
        check(&list(MAX_NODES + 1), Err(JsonError::TooManyValues));
    }
}
