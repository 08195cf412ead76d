//! Reading the facts: each read may fail on its own, and says so in the situation.

mod alarms;
mod cases;
mod digest;
mod parameters;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use alarms::firing_children;
pub(crate) use cases::{CASE_LOOK_BACK, OpenedCase};
pub(crate) use digest::{language, readings};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use llmwatch_aws::call::within;
use llmwatch_aws::quota_requests::QuotaRequest;
use llmwatch_aws::support::CaseSummary;
use llmwatch_aws::usage_metrics::read_usage;
use llmwatch_aws::{CallFailed, quota_requests, support};
use llmwatch_core::alarm::AlarmKind;
use llmwatch_core::decision::{Firing, Occasion, Situation};
use llmwatch_core::duplicate::{CaseId, CaseKey, Category};
use llmwatch_core::episode::{Episode, LiveChild};
use llmwatch_core::evidence::{Evidence, Read};
use llmwatch_core::ids::AccountId;
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::quota::QuotaKind;
use llmwatch_core::render::LeftOpen;
use llmwatch_core::stored::{PoolQuota, StoredPool};
use llmwatch_core::usage::Window;
pub(crate) use parameters::{Parameters, parameters};

use self::cases::Asking;
use crate::App;
use crate::handler::Failure;
use crate::ledger_keys::Notice;

/// How long a read may take, with all its tries and pages.
///
/// Where one service hangs, both rounds of reads still end within half of the function's 60 s, and
/// the mail goes out and says what is not known.
pub(crate) const READING: Duration = Duration::from_secs(14);

/// What is to be decided about.
#[derive(Debug, Clone)]
pub(crate) struct Due<'a> {
    /// The episode with what CloudWatch lists now.
    pub episode: &'a Episode,
    /// Every alarm that fired in it.
    pub firing: Firing,
    /// Which mail it is.
    pub occasion: Occasion,
}

/// A situation with what only its effects and its mail need.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gathered {
    /// What the decision looks at.
    pub situation: Situation,
    /// What the effects of the decision go by in the ledger.
    pub notice: Notice,
    /// The alarms that people have not been told of.
    pub joined: Vec<AlarmKind>,
    /// The numbers under which Support's console shows the open cases.
    pub display_ids: BTreeMap<CaseId, String>,
}

/// The pool's alarms as they stand, and its parameters: what the later reads depend on.
pub(crate) async fn first_round(app: &App, pool: &PoolLabel) -> (Read<Vec<LiveChild>>, Parameters) {
    let (children, parameters) = futures::join!(alarms::children(app, pool), parameters(app, pool));
    (read(children), parameters)
}

/// Every other fact a decision may look at, read at once.
///
/// # Errors
///
/// When the ledger is out of reach; every other read may fail on its own.
pub(crate) async fn situation(
    app: &App,
    due: Due<'_>,
    parameters: Parameters,
    now: Timestamp,
) -> Result<Gathered, Failure> {
    let Due { episode, firing, occasion } = due;
    let key = investigation_key(app, &firing, &episode.pool)?;
    let (stored, evidence, history, cases) = futures::join!(
        with_live_quotas(app, parameters.stored.clone()),
        evidence(app, &parameters.stored, Window::evidence_until(now)),
        request_history(app),
        open_cases(app, now - CASE_LOOK_BACK),
    );
    let notice = Notice::of(episode);
    let display_ids = cases::display_ids(&cases);
    let pending = cases::pending(read(history), &display_ids);
    let pending_requests = cases::of_others(app, pending, &stored, &notice).await?;
    let asking = Asking { key: &key, notice: &notice, language: parameters.settings.language, now };
    let support = cases::support_of(app, cases, &pending_requests, asking).await?;
    let situation = Situation {
        now,
        account: key.account,
        region: key.region,
        pool: key.pool,
        stored,
        episode: episode.id.clone(),
        occasion,
        firing,
        evidence,
        settings: parameters.settings,
        setting_problems: parameters.setting_problems,
        support,
        pending_requests,
    };
    Ok(Gathered { situation, notice, joined: episode.unreported(), display_ids })
}

/// What a recovery note tells besides the episode itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aftermath {
    /// The account.
    pub account: AccountId,
    /// The usage while the episode lasted.
    pub evidence: Evidence,
    /// What was requested or opened and is not finished.
    pub left_open: Read<Vec<LeftOpen>>,
    /// The numbers under which Support's console shows the open cases.
    pub display_ids: BTreeMap<CaseId, String>,
}

/// An episode that has just ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended<'a> {
    /// The ended episode.
    pub episode: &'a Episode,
    /// Every alarm that fired in it.
    pub firing: &'a Firing,
    /// From the first alarm to the last recovery.
    pub duration: SignedDuration,
}

/// The final figures of an episode and what it leaves open.
///
/// # Errors
///
/// When an alarm's ARN names no account.
pub(crate) async fn aftermath(
    app: &App,
    ended: Ended<'_>,
    stored: &Read<StoredPool>,
    now: Timestamp,
) -> Result<Aftermath, Failure> {
    let Ended { episode, firing, duration } = ended;
    let key = investigation_key(app, firing, &episode.pool)?;
    let recovered_at = episode.recovered_at.unwrap_or(now);
    let minutes = u32::try_from(duration.as_mins() + 1).unwrap_or(u32::MAX);
    let window = Window::ending_at(recovered_at, minutes.min(Window::EVIDENCE_MINUTES));
    let (evidence, history, cases) = futures::join!(
        evidence(app, stored, window),
        request_history(app),
        open_cases(app, recovered_at - duration),
    );
    let display_ids = cases::display_ids(&cases);
    let requests = cases::pending(read(history), &display_ids);
    let left_open = cases::left_open(requests, cases, stored, &key);
    Ok(Aftermath { account: key.account, evidence, left_open, display_ids })
}

async fn request_history(app: &App) -> Result<Vec<QuotaRequest>, CallFailed> {
    let history = quota_requests::request_history(&app.clients.quotas);
    within(READING, "ListRequestedServiceQuotaChangeHistory", "bedrock", history).await
}

async fn open_cases(app: &App, after: Timestamp) -> Result<Vec<CaseSummary>, CallFailed> {
    let cases = support::open_cases(&app.clients.support, after);
    within(READING, "DescribeCases", "open cases", cases).await
}

/// What an investigation case of the pool goes by.
fn investigation_key(app: &App, firing: &Firing, pool: &PoolLabel) -> Result<CaseKey, Failure> {
    Ok(CaseKey {
        account: account_of(firing)?,
        region: app.config.region.clone(),
        pool: pool.clone(),
        category: Category::Investigation,
    })
}

async fn evidence(app: &App, stored: &Read<StoredPool>, window: Window) -> Evidence {
    match stored {
        Read::Unreadable(why) => Evidence::Unavailable(why.clone()),
        // Nothing to read is not the same as nothing used.
        Read::Known(stored) if stored.series.is_empty() => {
            Evidence::Unavailable("the pool's document lists no series".to_owned())
        }
        Read::Known(stored) => {
            let usage =
                async { Ok(read_usage(&app.clients.cloudwatch, &stored.series, window).await) };
            let samples = match within(READING, "GetMetricData", "the pool's usage", usage).await {
                Ok(samples) => samples,
                Err(failure) => Read::Unreadable(failure.explain()),
            };
            Evidence::weigh(samples, &stored.pool.model)
        }
    }
}

/// The pool with its quotas as they are now; the document is up to an hour old.
///
/// A quota that no API raises needs no fresher value, and costs no call.
async fn with_live_quotas(app: &App, stored: Read<StoredPool>) -> Read<StoredPool> {
    let Read::Known(mut stored) = stored else { return stored };
    let (mut quotas, requestable): (Vec<PoolQuota>, Vec<PoolQuota>) =
        std::mem::take(&mut stored.quotas)
            .into_iter()
            .partition(|quota| !quota.quota.adjustable || quota.kind == QuotaKind::Tpd);
    let reads = requestable.into_iter().map(|quota| async {
        let code = &quota.quota.code;
        let live = quota_requests::applied_value(&app.clients.quotas, code);
        let live = within(READING, "GetServiceQuota", code.as_str(), live).await;
        (quota, live)
    });
    let label = stored.pool.label();
    for (quota, live) in join_all(reads).await {
        quotas.push(match live {
            Ok(Some(live)) => quota.at_live_value(&label, live.value, live.adjustable),
            Ok(None) => quota,
            Err(failure) => {
                stored.notes.push(format!(
                    "{}: its value is as of {}, since it could not be read now: {}",
                    quota.quota.code,
                    stored.calculated_at,
                    failure.explain()
                ));
                quota
            }
        });
    }
    quotas.sort_by_key(|quota| quota.kind);
    stored.quotas = quotas;
    Read::Known(stored)
}

fn account_of(firing: &Firing) -> Result<AccountId, Failure> {
    account_in(firing.alarms().first().map_or("", |alarm| alarm.arn.as_str()))
}

/// The account stands in every ARN: `arn:aws:cloudwatch:{region}:{account}:alarm:{name}`.
///
/// # Errors
///
/// When it does not.
pub(crate) fn account_in(arn: &str) -> Result<AccountId, Failure> {
    AccountId::parse(arn.split(':').nth(4).unwrap_or_default())
        .map_err(|error| Failure::AlarmArn(arn.to_owned(), error))
}

pub(crate) fn read<T>(answer: Result<T, CallFailed>) -> Read<T> {
    match answer {
        Ok(fact) => Read::Known(fact),
        Err(failure) => Read::Unreadable(failure.explain()),
    }
}
