//! What a person reads: the mail for whoever is on call, the case for AWS's support engineer; and
//! the mail's further forms, for chat rooms and machines.
//!
//! Each text is a template: `templates/mail` and `templates/case` choose the language's own under
//! `templates/en` and `templates/ja`, which say the same line by line. The two audiences share
//! parts and nothing else.
//! Nothing is decided here: the texts say what the decision, its evidence and its outcomes are.

mod case;
mod facts;
mod format;
mod layout;
mod links;
mod mail;
mod notice;
mod subject;
mod words;

use std::collections::BTreeMap;

pub use case::{AppendTo, CaseText, append_text, case_text, quota_case_text};
pub use mail::{
    ComponentNote, DigestNote, LeftOpen, PendingNote, QualityNote, RecoveryNote, RequestNote,
    component_notice, digest_notice, incident_notice, pending_notice, quality_notice,
    recovery_notice, request_notice,
};
pub use notice::{Form, MAX_FORM_BYTES, Notice, is_webhook_document};

use crate::alarm::AlarmKind;
use crate::duplicate::CaseId;
use crate::ids::{Region, StackPrefix};

/// The longest body of a Support case or communication, in characters.
///
/// Source: <https://docs.aws.amazon.com/awssupport/latest/APIReference/API_CreateCase.html>.
pub const MAX_CASE_CHARS: usize = 8000;

/// The longest body of a mail, in characters: what SNS takes, 256 KiB, at four bytes each.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
pub const MAX_MAIL_CHARS: usize = 256 * 1024 / 4;

/// A mail, ready for `Publish`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Less than 100 printable ASCII characters in one line.
    pub subject: String,
    /// Plain text of at most [`MAX_MAIL_CHARS`] characters that ends with [`EpisodeId::marker`](crate::episode::EpisodeId::marker).
    pub body: String,
}

/// What a mail tells besides situation, decision and outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailContext {
    /// The stack's prefix, for the names of parameters and alarms.
    pub prefix: StackPrefix,
    /// The numbers under which Support's console shows cases, as far as they are known.
    pub display_ids: BTreeMap<CaseId, String>,
    /// The alarms that joined since the last mail of the episode; empty for the first mail.
    pub joined: Vec<AlarmKind>,
}

impl MailContext {
    /// The case as a reader finds it: by its number where that is known, else by its id.
    fn case_number(&self, case: &CaseId) -> String {
        format::one_line(self.display_ids.get(case).unwrap_or(&case.0), 80)
    }

    fn case_link(&self, region: &Region, case: &CaseId) -> String {
        self.display_ids
            .get(case)
            .map_or_else(|| links::cases(region), |display_id| links::case(region, display_id))
    }
}

#[cfg(test)]
mod tests;
