//! Reading the facts: each read may fail on its own, and says so in the situation.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use llmwatch_aws::alarm_states::{StandingAlarm, read_states};
use llmwatch_aws::ledger::{self, Versioned};
use llmwatch_aws::quota_requests::{self, QuotaRequest};
use llmwatch_aws::support::{self, CaseSummary};
use llmwatch_aws::usage_metrics::read_usage;
use llmwatch_aws::{CallFailed, parameters};
use llmwatch_core::alarm::CATALOGUE;
use llmwatch_core::alarm::name::{self, AlarmName};
use llmwatch_core::decision::{Firing, Occasion, PendingRequest, Situation, Support};
use llmwatch_core::duplicate::{CaseId, CaseKey, CaseTag, Category, OpenCase, Reported};
use llmwatch_core::episode::{AlarmState, ChildChange, Episode, LiveChild, Muting};
use llmwatch_core::evidence::{Evidence, Read};
use llmwatch_core::ids::{AccountId, QuotaCode};
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::quota::{QuotaKind, QuotaSource};
use llmwatch_core::render::LeftOpen;
use llmwatch_core::settings::{self, PoolSettings, SettingName, SettingProblem};
use llmwatch_core::stored::{PoolQuota, StoredPool, setting_parameter, thresholds_parameter};
use llmwatch_core::usage::Window;
use serde::{Deserialize, Serialize};

use crate::handler::Failure;
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

/// A situation with what only its mail needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gathered {
    /// What the decision looks at.
    pub situation: Situation,
    /// The numbers under which Support's console shows the open cases.
    pub display_ids: BTreeMap<CaseId, String>,
}

/// What one call to Parameter Store says about a pool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameters {
    /// The pool as last calculated.
    pub stored: Read<StoredPool>,
    /// The settings in force for it.
    pub settings: PoolSettings,
    /// What was wrong with the settings.
    pub setting_problems: Vec<SettingProblem>,
}

/// The pool's alarms as they stand, and its parameters: what the later reads depend on.
pub(crate) async fn first_round(app: &App, pool: &PoolLabel) -> (Read<Vec<LiveChild>>, Parameters) {
    let (children, parameters) = futures::join!(children(app, pool), parameters(app, pool));
    (read(children), parameters)
}

/// Every other fact a decision may look at, read at once.
///
/// # Errors
///
/// When the ledger is out of reach; every other read may fail on its own.
pub(crate) async fn situation(
    app: &App,
    episode: &Episode,
    firing: Firing,
    occasion: Occasion,
    parameters: Parameters,
    now: Timestamp,
) -> Result<Gathered, Failure> {
    let account = account_of(&firing)?;
    let (stored, evidence, history, cases) = futures::join!(
        with_live_quotas(app, parameters.stored.clone()),
        evidence(app, &parameters.stored, Window::evidence_until(now)),
        quota_requests::request_history(&app.clients.quotas),
        support::open_cases(&app.clients.support, now - CASE_LOOK_BACK),
    );
    let display_ids = display_ids(&cases);
    let pending_requests = pending(read(history), &display_ids);
    let key = CaseKey {
        account: account.clone(),
        region: app.config.region.clone(),
        pool: episode.pool.clone(),
        category: Category::Investigation,
    };
    let support = support_of(app, cases, &key, &pending_requests, now).await?;
    let situation = Situation {
        now,
        account,
        region: app.config.region.clone(),
        pool: episode.pool.clone(),
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
    Ok(Gathered { situation, display_ids })
}

/// What a recovery note tells besides the episode itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aftermath {
    /// The account.
    pub account: AccountId,
    /// The usage while the episode lasted.
    pub evidence: Evidence,
    /// What was requested or opened in the episode and is not finished.
    pub left_open: Vec<LeftOpen>,
    /// The numbers under which Support's console shows the open cases.
    pub display_ids: BTreeMap<CaseId, String>,
}

/// The final figures of an episode and what it leaves open; what cannot be read is left out.
///
/// # Errors
///
/// When an alarm's ARN names no account.
pub(crate) async fn aftermath(
    app: &App,
    firing: &Firing,
    stored: &Read<StoredPool>,
    duration: SignedDuration,
    recovered_at: Timestamp,
) -> Result<Aftermath, Failure> {
    let account = account_of(firing)?;
    let opened_at = recovered_at - duration;
    let minutes = u32::try_from(duration.as_mins() + 1).unwrap_or(u32::MAX);
    let window = Window::ending_at(recovered_at, minutes.min(Window::EVIDENCE_MINUTES));
    let (evidence, history, cases) = futures::join!(
        evidence(app, stored, window),
        quota_requests::request_history(&app.clients.quotas),
        support::open_cases(&app.clients.support, opened_at),
    );
    let display_ids = display_ids(&cases);
    let tag = CaseKey {
        account: account.clone(),
        region: app.config.region.clone(),
        pool: stored.known().map_or_else(|| PoolLabel::from_text(""), |stored| stored.pool.label()),
        category: Category::Investigation,
    }
    .tag();
    let requests = pending(read(history), &display_ids);
    let requests = requests.known().into_iter().flatten().filter_map(|request| {
        let quotas = &stored.known()?.quotas;
        let quota = quotas.iter().find(|quota| quota.quota.code == request.quota)?;
        Some(LeftOpen::Request {
            kind: quota.kind,
            code: request.quota.clone(),
            desired: request.desired,
            request: request.id.clone(),
            case: request.case.clone(),
        })
    });
    let cases = cases.into_iter().flatten().map(open_case).filter_map(|case| {
        (case.tag.as_ref() == Some(&tag))
            .then_some(LeftOpen::Case { category: Category::Investigation, case: case.id })
    });
    let left_open = requests.chain(cases).collect();
    Ok(Aftermath { account, evidence, left_open, display_ids })
}

fn display_ids(cases: &Result<Vec<CaseSummary>, CallFailed>) -> BTreeMap<CaseId, String> {
    let cases = cases.as_ref().map(Vec::as_slice).unwrap_or_default();
    cases
        .iter()
        .filter(|case| !case.display_id.is_empty())
        .map(|case| (CaseId(case.case_id.clone()), case.display_id.clone()))
        .collect()
}

/// The pool's alarms as they stand; one call, since their names follow from the catalogue.
///
/// # Errors
///
/// When CloudWatch cannot be read.
pub(crate) async fn children(app: &App, pool: &PoolLabel) -> Result<Vec<LiveChild>, CallFailed> {
    let names: Vec<String> =
        CATALOGUE.iter().map(|row| name::child(&app.config.prefix, row.kind, pool)).collect();
    let standing = read_states(&app.clients.cloudwatch, &names).await?;
    Ok(standing.into_iter().filter_map(|alarm| live_child(app, alarm)).collect())
}

/// The pool's children in ALARM, as events of their own.
///
/// # Errors
///
/// When CloudWatch cannot be read.
pub(crate) async fn firing_children(
    app: &App,
    pool: &PoolLabel,
) -> Result<Vec<ChildChange>, CallFailed> {
    let children = children(app, pool).await?;
    let firing = children.into_iter().filter(|child| child.state == AlarmState::Alarm);
    Ok(firing
        .map(|child| ChildChange {
            kind: child.kind,
            arn: child.arn,
            state: child.state,
            at: child.changed_at,
            reason: child.reason,
            value: None,
            muting: child.muting,
        })
        .collect())
}

/// The settings and the pool's document: one call for at most ten names.
async fn parameters(app: &App, pool: &PoolLabel) -> Parameters {
    let prefix = &app.config.prefix;
    let document = thresholds_parameter(prefix, pool);
    let setting = |name: SettingName| setting_parameter(prefix, name.word());
    let names: Vec<String> =
        SettingName::ALL.into_iter().map(setting).chain([document.clone()]).collect();
    let found = match parameters::get_several(&app.clients.ssm, &names).await {
        Ok(found) => found,
        Err(failure) => {
            let why = failure.explain();
            return Parameters {
                stored: Read::Unreadable(why.clone()),
                settings: PoolSettings::when_unset(),
                setting_problems: vec![SettingProblem::Unreadable { why }],
            };
        }
    };
    let mut values: BTreeMap<String, String> =
        found.into_iter().map(|parameter| (parameter.name, parameter.value)).collect();
    let stored = match values.remove(&document).as_deref().map(serde_json::from_str) {
        Some(Ok(stored)) => Read::Known(stored),
        Some(Err(error)) => Read::Unreadable(format!(
            "parameter {document} is not readable ({error}); run quota-calculator to write it anew"
        )),
        None => Read::Unreadable(format!(
            "parameter {document} does not exist; run quota-calculator to write it"
        )),
    };
    let texts: BTreeMap<SettingName, String> = SettingName::ALL
        .into_iter()
        .filter_map(|name| Some((name, values.remove(&setting(name))?)))
        .collect();
    let (settings, setting_problems) = settings::parse(&texts);
    Parameters { stored, settings: settings.for_pool(pool).clone(), setting_problems }
}

async fn evidence(app: &App, stored: &Read<StoredPool>, window: Window) -> Evidence {
    match stored {
        Read::Unreadable(why) => Evidence::Unavailable(why.clone()),
        Read::Known(stored) => {
            let samples = read_usage(&app.clients.cloudwatch, &stored.series, window).await;
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
        let live = quota_requests::applied_value(&app.clients.quotas, &quota.quota.code).await;
        (quota, live)
    });
    for (mut quota, live) in join_all(reads).await {
        match live {
            Ok(Some(live)) => raise_to(&mut quota, live.value, live.adjustable),
            Ok(None) => {}
            Err(failure) => stored.notes.push(format!(
                "{}: its value is as of {}, since it could not be read now: {}",
                quota.quota.code,
                stored.calculated_at,
                failure.explain()
            )),
        }
        quotas.push(quota);
    }
    quotas.sort_by_key(|quota| quota.kind);
    stored.quotas = quotas;
    Read::Known(stored)
}

/// Takes a quota's live value; its threshold stays the same share of it.
fn raise_to(quota: &mut PoolQuota, value: f64, adjustable: bool) {
    if quota.quota.value > 0.0 && quota.quota.value != value {
        quota.threshold *= value / quota.quota.value;
    }
    quota.quota.value = value;
    quota.quota.adjustable = adjustable;
    quota.quota.source = QuotaSource::Applied;
}

/// Open requests, each with the id of its case if Support lists the case.
fn pending(
    history: Read<Vec<QuotaRequest>>,
    display_ids: &BTreeMap<CaseId, String>,
) -> Read<Vec<PendingRequest>> {
    let case_of = |number: String| {
        let listed = display_ids.iter().find(|(_, display_id)| **display_id == number);
        listed.map(|(case, _)| case.clone())
    };
    let requests = match history {
        Read::Known(requests) => requests,
        Read::Unreadable(why) => return Read::Unreadable(why),
    };
    Read::Known(
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
            .collect(),
    )
}

/// Open cases with what the ledger says each of ours has been told.
async fn support_of(
    app: &App,
    cases: Result<Vec<CaseSummary>, CallFailed>,
    key: &CaseKey,
    pending: &Read<Vec<PendingRequest>>,
    now: Timestamp,
) -> Result<Support, Failure> {
    let listed = match cases {
        Ok(listed) => listed,
        Err(failure) if failure.is_not_subscribed() => return Ok(Support::NoPlan),
        Err(failure) => return Ok(Support::Unreadable(failure.explain())),
    };
    let mut open: Vec<OpenCase> = listed.into_iter().map(open_case).collect();
    let known: Option<Versioned<OpenedCase>> =
        ledger_row(app, &ledger_keys::investigation_case(&key.pool)).await?;
    if let Some(Versioned { document: OpenedCase { case, opened_at }, .. }) = known {
        let is_listed = open.iter().any(|listed| listed.id == case);
        if !is_listed && now.duration_since(opened_at) < LISTING_LAG {
            let tag = Some(key.tag());
            open.push(OpenCase { id: case, tag, opened_at, reported: BTreeSet::new() });
        }
    }
    let tag = key.tag();
    let requested: BTreeSet<&CaseId> =
        pending.known().into_iter().flatten().filter_map(|request| request.case.as_ref()).collect();
    for case in &mut open {
        if case.tag.as_ref() == Some(&tag) || requested.contains(&case.id) {
            let row: Option<Versioned<BTreeSet<Reported>>> =
                ledger_row(app, &ledger_keys::case(&case.id)).await?;
            case.reported = row.map(|row| row.document).unwrap_or_default();
        }
    }
    Ok(Support::Cases(open))
}

async fn ledger_row<T: serde::de::DeserializeOwned>(
    app: &App,
    key: &ledger::RowKey,
) -> Result<Option<Versioned<T>>, CallFailed> {
    ledger::read(&app.clients.dynamodb, &app.config.ledger_table, key).await
}

fn open_case(case: CaseSummary) -> OpenCase {
    OpenCase {
        tag: CaseTag::find_in(&case.subject),
        opened_at: case.opened_at.parse().unwrap_or(Timestamp::UNIX_EPOCH),
        id: CaseId(case.case_id),
        reported: BTreeSet::new(),
    }
}

fn live_child(app: &App, alarm: StandingAlarm) -> Option<LiveChild> {
    let AlarmName::Child(kind, _) = name::parse(&app.config.prefix, &alarm.name)? else {
        return None;
    };
    Some(LiveChild {
        kind,
        arn: alarm.arn,
        state: alarm.state,
        changed_at: alarm.changed_at?,
        reason: alarm.reason,
        muting: if alarm.actions_enabled { Muting::Audible } else { Muting::Muted },
    })
}

/// The account stands in every alarm's ARN: `arn:aws:cloudwatch:{region}:{account}:alarm:{name}`.
fn account_of(firing: &Firing) -> Result<AccountId, Failure> {
    let arn = firing.alarms().first().map_or("", |alarm| alarm.arn.as_str());
    AccountId::parse(arn.split(':').nth(4).unwrap_or_default())
        .map_err(|error| Failure::AlarmArn(arn.to_owned(), error))
}

fn read<T>(answer: Result<T, CallFailed>) -> Read<T> {
    match answer {
        Ok(fact) => Read::Known(fact),
        Err(failure) => Read::Unreadable(failure.explain()),
    }
}
