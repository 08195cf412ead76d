//! What is remembered of the people llmwatch subscribed itself: fingerprints and dates.
//!
//! Parameter Store, `/{prefix}/contacts/applied`. Only what stands here is ever unsubscribed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fingerprint;

/// The people subscribed by llmwatch, and whom CloudFormation subscribed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// The template's `AlertEmail`, whose subscription is CloudFormation's even where llmwatch
    /// subscribed the address before: SNS has one subscription an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_email: Option<Fingerprint>,
    /// Whom llmwatch asked to confirm.
    #[serde(default)]
    pub asked: BTreeMap<Fingerprint, Asked>,
}

/// When and how often somebody was asked to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    /// The last time; none as long as it is only intended. A run that ended between the intent and
    /// the mail leaves it so, and the next one asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// How often since the subscription was last seen confirmed.
    #[serde(default)]
    pub times: u32,
}

impl Memory {
    /// The document as stored.
    #[must_use]
    pub fn text(&self) -> String {
        // Made of strings and numbers only, for which serde_json has no failure.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Address, MAX_ADDRESSES};
    use super::*;

    fn full() -> Memory {
        let last = Some("2026-11-21T12:00:00Z".parse().unwrap());
        let asked = (0..MAX_ADDRESSES)
            .filter_map(|n| Address::parse(&format!("person{n}@example.com")))
            .map(|address| (address.fingerprint(), Asked { last, times: 3 }))
            .collect();
        Memory { alert_email: None, asked }
    }

    #[test]
    fn it_reads_back_and_holds_no_address() {
        let memory = full();
        assert_eq!(serde_json::from_str::<Memory>(&memory.text()).unwrap(), memory);
        assert!(!memory.text().contains("example"));
        assert_eq!(Memory::default().text(), r#"{"asked":{}}"#);
    }

    #[test]
    fn the_largest_fits_a_standard_parameter() {
        assert!(full().text().len() < 4096);
    }
}
