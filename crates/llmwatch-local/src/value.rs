//! Reading members of a checked request.

use jiff::Timestamp;
use serde_json::Value;

/// A text member; `None` when absent.
#[must_use]
pub fn text<'a>(of: &'a Value, name: &str) -> Option<&'a str> {
    of.get(name).and_then(Value::as_str)
}

/// A number member; `None` when absent.
#[must_use]
pub fn number(of: &Value, name: &str) -> Option<f64> {
    of.get(name).and_then(Value::as_f64)
}

/// A whole-number member that is not negative; `None` when absent.
#[must_use]
pub fn count(of: &Value, name: &str) -> Option<usize> {
    of.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok())
}

/// A truth member; `None` when absent.
#[must_use]
pub fn truth(of: &Value, name: &str) -> Option<bool> {
    of.get(name).and_then(Value::as_bool)
}

/// A list member; empty when absent.
#[must_use]
pub fn items<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A list of texts; empty when absent.
#[must_use]
pub fn texts<'a>(of: &'a Value, name: &str) -> Vec<&'a str> {
    items(of, name).iter().filter_map(Value::as_str).collect()
}

/// A timestamp member, held as seconds since 1970; `None` when absent or out of range.
#[must_use]
pub fn time(of: &Value, name: &str) -> Option<Timestamp> {
    number(of, name).and_then(|seconds| Timestamp::from_millisecond((seconds * 1000.0) as i64).ok())
}

/// Seconds since 1970 with milliseconds, the way timestamps are held here.
#[must_use]
pub fn seconds(at: Timestamp) -> Value {
    Value::from(at.as_millisecond() as f64 / 1000.0)
}
