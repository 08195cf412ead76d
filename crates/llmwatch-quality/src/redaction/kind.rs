//! The kinds of personal data and secrets, and counts of them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of personal data or secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// The number of a payment card.
    Card,
    /// An international bank account number.
    Iban,
    /// Japan's individual number.
    MyNumber,
    /// An AWS access key id or secret access key.
    AwsKey,
    /// A key or token of another service, or a signed token.
    ApiKey,
    /// A private key in PEM form.
    PrivateKey,
    /// An IPv4 or IPv6 address.
    IpAddress,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Email,
        Self::Phone,
        Self::Card,
        Self::Iban,
        Self::MyNumber,
        Self::AwsKey,
        Self::ApiKey,
        Self::PrivateKey,
        Self::IpAddress,
    ];

    /// What is written in its place.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "[EMAIL]",
            Self::Phone => "[PHONE]",
            Self::Card => "[CARD]",
            Self::Iban => "[IBAN]",
            Self::MyNumber => "[MY_NUMBER]",
            Self::AwsKey => "[AWS_KEY]",
            Self::ApiKey => "[API_KEY]",
            Self::PrivateKey => "[PRIVATE_KEY]",
            Self::IpAddress => "[IP_ADDRESS]",
        }
    }
}

/// The word of metric dimensions: the placeholder's, without brackets.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.placeholder().trim_matches(['[', ']']))
    }
}

/// How many of each kind a text holds; kinds that do not occur are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Findings(BTreeMap<Kind, u32>);

impl Findings {
    /// Counts one more.
    pub fn add(&mut self, kind: Kind) {
        let count = self.0.entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    /// How many there are of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().map(|count| u64::from(*count)).sum()
    }

    /// The kinds that occur, with how often.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, u32)> + '_ {
        self.0.iter().map(|(kind, count)| (*kind, *count))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
