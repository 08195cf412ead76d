//! Which calls llmwatch made itself: they are never scored, or scoring would feed on itself.

use llmwatch_core::quality::is_own_call;

use crate::exchange::Exchange;

/// The reason under which our own calls are counted as skipped.
pub const SKIPPED: &str = "own_call";

/// Why a call is held to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// It carries our request metadata.
    Metadata,
    /// Our role made it: not every operation takes request metadata.
    Role,
}

/// Whether llmwatch made this call, and by what that is known.
///
/// Any value under our key counts, so that a version of llmwatch that knows another purpose is
/// still known; a customer's own key `llmwatch` hides a call from scoring, and nothing more.
/// `our_role` is the role's ARN as IAM gives it; a caller is in it directly or, as in logs, as a
/// session of it.
#[must_use]
pub fn is_ours(exchange: &Exchange, our_role: &str) -> Option<Because> {
    if is_own_call(&exchange.request_metadata) {
        return Some(Because::Metadata);
    }
    let caller = exchange.caller.as_deref()?;
    (caller == our_role || is_session_of(caller, our_role)).then_some(Because::Role)
}

/// Whether a caller `arn:aws:sts::A:assumed-role/R/session` is a session of `arn:aws:iam::A:role/R`.
///
/// The session's ARN has the role's name without its path; names are unique in an account whatever
/// the path.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
/// (assumed-role ARNs; read 2026-11).
fn is_session_of(caller: &str, role: &str) -> bool {
    let (Some(caller), Some(role)) = (Arn::parse(caller), Arn::parse(role)) else { return false };
    let session = caller.resource.strip_prefix("assumed-role/").and_then(|r| r.split_once('/'));
    let (Some((caller_role, _)), Some(path_and_name)) =
        (session, role.resource.strip_prefix("role/"))
    else {
        return false;
    };
    let name = path_and_name.rsplit('/').next().unwrap_or_default();
    caller.service == "sts"
        && role.service == "iam"
        && (caller.partition, caller.account) == (role.partition, role.account)
        && !name.is_empty()
        && caller_role == name
}

struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let ("arn", partition, service, _, account, resource) = (
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
        ) else {
            return None;
        };
        Some(Self { partition, service, account, resource })
    }
}

#[cfg(test)]
mod tests {
    use llmwatch_core::quality::{METADATA_KEY, OwnCall};

    use super::*;
    use crate::test_exchange::exchange;

    const ROLE: &str = "arn:aws:iam::123456789012:role/service/llmwatch-quality-scorer";

    fn by(caller: &str) -> Option<Because> {
        is_ours(&Exchange { caller: Some(caller.into()), ..exchange() }, ROLE)
    }

    #[test]
    fn a_session_of_our_role_is_ours() {
        let session = "arn:aws:sts::123456789012:assumed-role/llmwatch-quality-scorer/scorer";
        assert_eq!(by(session), Some(Because::Role));
        assert_eq!(by(ROLE), Some(Because::Role));
    }

    #[test]
    fn others_are_not() {
        for caller in [
            "arn:aws:sts::123456789012:assumed-role/llmwatch-quality-scorer-2/scorer",
            "arn:aws:sts::123456789012:assumed-role/other/llmwatch-quality-scorer",
            "arn:aws:sts::210987654321:assumed-role/llmwatch-quality-scorer/scorer",
            "arn:aws-cn:sts::123456789012:assumed-role/llmwatch-quality-scorer/scorer",
            "arn:aws:iam::123456789012:role/llmwatch-quality-scorer-2",
            "arn:aws:iam::123456789012:user/llmwatch-quality-scorer",
            "llmwatch-quality-scorer",
            "",
        ] {
            assert_eq!(by(caller), None, "{caller}");
        }
    }

    #[test]
    fn an_unknown_role_claims_nobody() {
        let session = "arn:aws:sts::123456789012:assumed-role//scorer";
        let exchange = Exchange { caller: Some(session.into()), ..exchange() };
        for role in ["", "arn:aws:iam::123456789012:role/", "unknown"] {
            assert_eq!(is_ours(&exchange, role), None, "{role}");
        }
    }

    #[test]
    fn our_metadata_is_enough() {
        let mut ours = exchange();
        ours.request_metadata.insert(METADATA_KEY.into(), OwnCall::Judge.to_string());
        assert_eq!(is_ours(&ours, ROLE), Some(Because::Metadata));
        let mut theirs = exchange();
        theirs.request_metadata.insert("project".into(), "llmwatch".into());
        assert_eq!(is_ours(&theirs, ROLE), None);
    }
}
