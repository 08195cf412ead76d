//! The quotas in force: AWS's defaults overlaid by the values applied to the account.

use std::collections::{BTreeMap, BTreeSet};

use super::{Quota, QuotaSource};
use crate::ids::QuotaCode;

/// One row of either listing of Service Quotas.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedQuota {
    /// The quota's code.
    pub code: QuotaCode,
    /// The quota's display name, as the listing spells it.
    pub name: String,
    /// The listed value, ≥ 0.
    pub value: f64,
    /// Whether an increase can be requested.
    pub adjustable: bool,
}

/// A row without a value that can be trusted: its quota is unknown, which is not the same as none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableQuota {
    /// The row's code, as it came; empty when the row had none.
    pub code: String,
    /// What Service Quotas said, or what is missing.
    pub why: String,
}

/// Both listings of one service, complete.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QuotaListings {
    /// `ListAWSDefaultServiceQuotas`.
    pub defaults: Vec<ListedQuota>,
    /// `ListServiceQuotas`.
    pub applied: Vec<ListedQuota>,
    /// Rows of either listing that could not be read.
    pub unreadable: Vec<UnreadableQuota>,
}

/// The quotas in force, by code.
///
/// An applied value wins over AWS's default; a quota with a default only is in force with it.
/// A quota with an unreadable row is left out altogether: its default may be far from what is in
/// force, and whoever knew its value keeps it.
#[must_use]
pub fn in_force(listings: &QuotaListings) -> Vec<Quota> {
    let unreadable: BTreeSet<&str> =
        listings.unreadable.iter().map(|quota| quota.code.as_str()).collect();
    let defaults: BTreeMap<&QuotaCode, &ListedQuota> =
        listings.defaults.iter().map(|quota| (&quota.code, quota)).collect();
    let mut rows: BTreeMap<&QuotaCode, (&ListedQuota, QuotaSource)> =
        defaults.iter().map(|(code, quota)| (*code, (*quota, QuotaSource::Default))).collect();
    rows.extend(listings.applied.iter().map(|quota| (&quota.code, (quota, QuotaSource::Applied))));
    rows.into_iter()
        .filter(|(code, _)| !unreadable.contains(code.as_str()))
        .map(|(code, (quota, source))| Quota {
            code: code.clone(),
            name: quota.name.clone(),
            value: quota.value,
            adjustable: quota.adjustable,
            source,
            aws_default: defaults.get(code).map(|default| default.value),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(code: &str, value: f64) -> ListedQuota {
        ListedQuota {
            code: QuotaCode::parse(code).unwrap(),
            name: format!("Quota {code}"),
            value,
            adjustable: true,
        }
    }

    fn check(listings: &QuotaListings, expected: &[(&str, f64, QuotaSource, Option<f64>)]) {
        let found: Vec<_> = in_force(listings)
            .iter()
            .map(|q| (q.code.as_str().to_owned(), q.value, q.source, q.aws_default))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(code, v, s, d)| ((*code).to_owned(), *v, *s, *d)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_applied_value_wins_and_a_default_alone_is_in_force() {
        let listings = QuotaListings {
            defaults: vec![listed("L-00000001", 100.0), listed("L-00000002", 200.0)],
            applied: vec![listed("L-00000001", 5.0), listed("L-00000003", 7.0)],
            unreadable: vec![],
        };
        check(
            &listings,
            &[
                ("L-00000001", 5.0, QuotaSource::Applied, Some(100.0)),
                ("L-00000002", 200.0, QuotaSource::Default, Some(200.0)),
                ("L-00000003", 7.0, QuotaSource::Applied, None),
            ],
        );
    }

    #[test]
    fn an_applied_quota_of_zero_is_zero_and_not_the_default() {
        let listings = QuotaListings {
            defaults: vec![listed("L-00000001", 100.0)],
            applied: vec![listed("L-00000001", 0.0)],
            unreadable: vec![],
        };
        check(&listings, &[("L-00000001", 0.0, QuotaSource::Applied, Some(100.0))]);
    }

    #[test]
    fn a8_an_unreadable_applied_value_does_not_fall_back_to_the_default() {
        let listings = QuotaListings {
            defaults: vec![listed("L-00000001", 100.0), listed("L-00000002", 200.0)],
            applied: vec![],
            unreadable: vec![UnreadableQuota {
                code: "L-00000001".into(),
                why: "DEPENDENCY_THROTTLING_ERROR".into(),
            }],
        };
        check(&listings, &[("L-00000002", 200.0, QuotaSource::Default, Some(200.0))]);
    }
}
