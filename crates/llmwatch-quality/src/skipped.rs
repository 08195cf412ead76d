//! Why a piece of an object did not become an exchange.

use std::fmt;

use serde::Serialize;

use crate::json::JsonError;

/// A record, or part of an object, that is left out and counted.
///
/// The word ([`Display`](fmt::Display), [`word`](Self::word)) is the value of a CloudWatch dimension
/// and must not change. Nothing in it comes from the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// The line is not JSON: cut off, or not meant to be.
    NotJson,
    /// The line is longer than a record can be.
    LineTooLong,
    /// The line has more JSON values than a record can have.
    TooManyValues,
    /// The line is not UTF-8.
    WrongEncoding,
    /// The gzip stream ends early; the rest of the object is lost.
    TruncatedGzip,
    /// The gzip stream is damaged; the rest of the object is lost.
    DamagedGzip,
    /// JSON, but neither a model-invocation log record nor a data-capture record.
    NotARecord,
    /// The record does not tell when the call was made, so that it counts for no minute.
    NoTimestamp,
    /// A call that counts, with a body of a shape we do not know.
    UnknownBody,
    /// A body in an object of its own is larger than a body can be.
    BodyTooLarge,
}

impl Skipped {
    /// All reasons.
    pub const ALL: [Self; 10] = [
        Self::NotJson,
        Self::LineTooLong,
        Self::TooManyValues,
        Self::WrongEncoding,
        Self::TruncatedGzip,
        Self::DamagedGzip,
        Self::NotARecord,
        Self::NoTimestamp,
        Self::UnknownBody,
        Self::BodyTooLarge,
    ];

    /// The stable word for the reason.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::LineTooLong => "line_too_long",
            Self::TooManyValues => "too_many_values",
            Self::WrongEncoding => "wrong_encoding",
            Self::TruncatedGzip => "truncated_gzip",
            Self::DamagedGzip => "damaged_gzip",
            Self::NotARecord => "not_a_record",
            Self::NoTimestamp => "no_timestamp",
            Self::UnknownBody => "unknown_body",
            Self::BodyTooLarge => "body_too_large",
        }
    }
}

impl From<JsonError> for Skipped {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Malformed => Self::NotJson,
            JsonError::TooManyValues => Self::TooManyValues,
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Skipped;

    #[test]
    fn the_words_are_one_in_code_and_in_json() {
        for reason in Skipped::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
        }
    }
}
