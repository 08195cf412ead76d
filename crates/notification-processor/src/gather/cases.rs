//! Open cases and requests: Support's, Service Quotas', and what the ledger knows of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use llmwatch_aws::CallFailed;
use llmwatch_aws::ledger::{self, RowKey, Versioned};
use llmwatch_aws::quota_requests::QuotaRequest;
use llmwatch_aws::support::CaseSummary;
use llmwatch_core::decision::{PendingRequest, Support};
use llmwatch_core::duplicate::{CaseId, CaseKey, CaseTag, OpenCase, Reported};
use llmwatch_core::evidence::Read;
use llmwatch_core::ids::QuotaCode;
use llmwatch_core::render::LeftOpen;
use llmwatch_core::settings::Language;
use llmwatch_core::stored::StoredPool;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ledger_keys::Notice;
use crate::{App, ledger_keys};

/// How far back open cases are looked for.
pub(crate) const CASE_LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 60);

/// How long a case the ledger knows counts as open although Support does not list it yet.
const LISTING_LAG: SignedDuration = SignedDuration::from_mins(15);

/// The case llmwatch opened last for a pool, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenedCase {
    /// The case.
    pub case: CaseId,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// Who asks for open cases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    /// What an investigation case of the pool goes by.
    pub(super) key: &'a CaseKey,
    /// The notice that is being decided.
    pub(super) notice: &'a Notice,
    /// The language of a case that llmwatch opened and Support does not list yet.
    pub(super) language: Language,
    /// Now.
    pub(super) now: Timestamp,
}

/// The numbers under which Support's console shows cases.
pub(super) fn display_ids(
    cases: &Result<Vec<CaseSummary>, CallFailed>,
) -> BTreeMap<CaseId, String> {
    let cases = cases.as_ref().map(Vec::as_slice).unwrap_or_default();
    cases
        .iter()
        .filter(|case| !case.display_id.is_empty())
        .map(|case| (CaseId(case.case_id.clone()), case.display_id.clone()))
        .collect()
}

/// Open requests, each with the id of its case if Support lists the case.
pub(super) fn pending(
    history: Read<Vec<QuotaRequest>>,
    display_ids: &BTreeMap<CaseId, String>,
) -> Read<Vec<PendingRequest>> {
    let case_of = |number: String| {
        let listed = display_ids.iter().find(|(_, display_id)| **display_id == number);
        listed.map(|(case, _)| case.clone())
    };
    history.map(|requests| {
        requests
            .into_iter()
            .filter(|request| request.is_open)
            .filter_map(|request| {
                Some(PendingRequest {
                    id: request.id,
                    quota: QuotaCode::parse(&request.code).ok()?,
                    desired: request.desired_value,
                    case: request.case_number.and_then(case_of),
                    requested_at: request.created_at?,
                })
            })
            .collect()
    })
}

/// Leaves out the pool's requests that an earlier try of this notice made.
///
/// Decided about again, they are requested again, and the ledger gives the result of the first
/// time: the same mail, and the follow-up that the first try may not have got to.
pub(super) async fn of_others(
    app: &App,
    pending: Read<Vec<PendingRequest>>,
    stored: &Read<StoredPool>,
    notice: &Notice,
) -> Result<Read<Vec<PendingRequest>>, CallFailed> {
    let (Read::Known(requests), Some(stored)) = (&pending, stored.known()) else {
        return Ok(pending);
    };
    let mut others = Vec::new();
    for request in requests {
        let is_the_pools = stored.quotas.iter().any(|quota| quota.quota.code == request.quota);
        if !is_the_pools || !is_claimed(app, &notice.request(&request.quota)).await? {
            others.push(request.clone());
        }
    }
    Ok(Read::Known(others))
}

/// Open cases with what the ledger says each of ours has been told.
///
/// A case that an earlier try of this notice opened is left out, as [`of_others`] does.
pub(super) async fn support_of(
    app: &App,
    cases: Result<Vec<CaseSummary>, CallFailed>,
    pending: &Read<Vec<PendingRequest>>,
    asking: Asking<'_>,
) -> Result<Support, CallFailed> {
    let listed = match cases {
        Ok(listed) => listed,
        Err(failure) if failure.is_not_subscribed() => return Ok(Support::NoPlan),
        Err(failure) => return Ok(Support::Unreadable(failure.explain())),
    };
    let Asking { key, notice, language, now } = asking;
    let mut open: Vec<OpenCase> = listed.into_iter().map(open_case).collect();
    let known: Option<Versioned<OpenedCase>> =
        row(app, &ledger_keys::investigation_case(&key.pool)).await?;
    if let Some(Versioned { document: OpenedCase { case, opened_at }, .. }) = known {
        let is_listed = open.iter().any(|listed| listed.id == case);
        if !is_listed && now.duration_since(opened_at) < LISTING_LAG {
            let tag = Some(key.tag());
            open.push(OpenCase { id: case, tag, opened_at, language, reported: BTreeSet::new() });
        }
    }
    let tag = key.tag();
    let is_ours = |case: &OpenCase| case.tag.as_ref() == Some(&tag);
    if open.iter().any(is_ours) && is_claimed(app, &notice.investigation_case()).await? {
        open.retain(|case| !is_ours(case));
    }
    let requested: BTreeSet<&CaseId> =
        pending.known().into_iter().flatten().filter_map(|request| request.case.as_ref()).collect();
    for case in &mut open {
        if is_ours(case) || requested.contains(&case.id) {
            let told: Option<Versioned<BTreeSet<Reported>>> =
                row(app, &ledger_keys::case(&case.id)).await?;
            case.reported = told.map(|told| told.document).unwrap_or_default();
        }
    }
    Ok(Support::Cases(open))
}

/// What is still open of the pool's requests, and its investigation case.
///
/// An account without a Support API has no cases.
pub(super) fn left_open(
    requests: Read<Vec<PendingRequest>>,
    cases: Result<Vec<CaseSummary>, CallFailed>,
    stored: &Read<StoredPool>,
    key: &CaseKey,
) -> Read<Vec<LeftOpen>> {
    let cases = match cases {
        Ok(cases) => cases,
        Err(failure) if failure.is_not_subscribed() => Vec::new(),
        Err(failure) => return Read::Unreadable(failure.explain()),
    };
    let (stored, requests) = match (stored, requests) {
        (Read::Known(stored), Read::Known(requests)) => (stored, requests),
        (Read::Unreadable(why), _) => return Read::Unreadable(why.clone()),
        (_, Read::Unreadable(why)) => return Read::Unreadable(why),
    };
    let requests = requests.into_iter().filter_map(|request| {
        let quota = stored.quotas.iter().find(|quota| quota.quota.code == request.quota)?;
        Some(LeftOpen::Request {
            kind: quota.kind,
            code: request.quota,
            desired: request.desired,
            request: request.id,
            case: request.case,
        })
    });
    let tag = key.tag();
    let cases = cases.into_iter().map(open_case).filter(|case| case.tag.as_ref() == Some(&tag));
    let cases = cases.map(|case| LeftOpen::Case { category: key.category, case: case.id });
    Read::Known(requests.chain(cases).collect())
}

/// A listed case, known by the tag in its subject.
fn open_case(case: CaseSummary) -> OpenCase {
    OpenCase {
        tag: CaseTag::find_in(&case.subject),
        opened_at: case.opened_at.parse().unwrap_or(Timestamp::UNIX_EPOCH),
        id: CaseId(case.case_id),
        language: Language::parse(&case.language).unwrap_or(Language::En),
        reported: BTreeSet::new(),
    }
}

async fn row<T: DeserializeOwned>(
    app: &App,
    key: &RowKey,
) -> Result<Option<Versioned<T>>, CallFailed> {
    ledger::read(&app.clients.dynamodb, &app.config.ledger_table, key).await
}

async fn is_claimed(app: &App, key: &RowKey) -> Result<bool, CallFailed> {
    ledger::is_claimed(&app.clients.dynamodb, &app.config.ledger_table, key).await
}
