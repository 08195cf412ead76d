//! Parsed identifiers shared by every module: once built, they cannot be wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;

/// An identifier that does not have the form AWS or llmwatch gives it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {:?} is not valid: {rule}", excerpt(value))]
pub struct InvalidId {
    /// What the value was meant to be, for example `quota code`.
    pub kind: &'static str,
    /// The value as it came; messages show its beginning.
    pub value: String,
    /// The form it must have.
    pub rule: &'static str,
}

macro_rules! parsed_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Parses a ", $kind, ".\n\n# Errors\n\nWhen the text breaks this rule: ", $rule, ".")]
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { kind: $kind, value: text.to_owned(), rule: $rule })
                }
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

parsed_id!(
    /// The code of a service quota, for example `L-CCA5DF70`.
    QuotaCode,
    "quota code",
    "it must be L- followed by 8 hexadecimal digits",
    |text| text.strip_prefix("L-").is_some_and(|hex| {
        hex.len() == 8 && hex.chars().all(|c| c.is_ascii_hexdigit())
    })
);

parsed_id!(
    /// The prefix of everything one stack owns: alarm names, parameters, log groups.
    StackPrefix,
    "prefix",
    "it must be 1 to 20 letters, digits or hyphens, and start with a letter",
    |text| {
        (1..=20).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    }
);

parsed_id!(
    /// An AWS Region code, for example `us-east-1` or `us-gov-west-1`.
    Region,
    "Region",
    "it must look like us-east-1",
    |text| {
        let parts: Vec<&str> = text.split('-').collect();
        (3..=4).contains(&parts.len())
            && parts.iter().all(|part| {
                !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            })
            && parts.last().is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()))
    }
);

parsed_id!(
    /// A 12-digit AWS account id.
    AccountId,
    "account id",
    "it must be 12 digits",
    |text| text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
);

impl Region {
    /// The AWS partition the Region belongs to: `aws`, `aws-cn` or `aws-us-gov`.
    ///
    /// Source: <https://docs.aws.amazon.com/general/latest/gr/rande.html>.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        match self.0.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// The host of the management console for this Region's partition.
    #[must_use]
    pub fn console_host(&self) -> String {
        match self.partition() {
            "aws-cn" => format!("{self}.console.amazonaws.cn"),
            "aws-us-gov" => format!("{self}.console.amazonaws-us-gov.com"),
            _ => format!("{self}.console.aws.amazon.com"),
        }
    }

    /// The Region of the Support API's endpoint for this Region's partition.
    ///
    /// Support is one global service: `us-east-1` for `aws`, `cn-north-1` for `aws-cn`,
    /// `us-gov-west-1` for `aws-us-gov`.
    /// Source: <https://docs.aws.amazon.com/general/latest/gr/awssupport.html>.
    #[must_use]
    pub fn support_region(&self) -> &'static str {
        match self.partition() {
            "aws-cn" => "cn-north-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_codes_are_l_and_eight_hex_digits() {
        assert!(QuotaCode::parse("L-CCA5DF70").is_ok());
        for wrong in ["", "L-", "l-CCA5DF70", "L-CCA5DF7", "L-CCA5DF7Z", "CCA5DF70"] {
            assert!(QuotaCode::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn support_lives_in_one_region_a_partition() {
        for (region, support) in [
            ("ap-northeast-1", "us-east-1"),
            ("us-east-1", "us-east-1"),
            ("cn-northwest-1", "cn-north-1"),
            ("us-gov-east-1", "us-gov-west-1"),
        ] {
            assert_eq!(Region::parse(region).unwrap().support_region(), support);
        }
    }

    #[test]
    fn a_region_is_not_any_word() {
        for wrong in ["", "tokyo", "US-EAST-1", "us-east", "us east 1", "us-east-1a"] {
            assert!(Region::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
