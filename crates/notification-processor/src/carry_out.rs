//! Doing what was decided, each effect once, and telling people. Nothing is chosen here.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use llmwatch_aws::ledger::{self, Versioned, Written};
use llmwatch_aws::quota_requests::{self, QuotaRequest};
use llmwatch_aws::support::{self, NewCase};
use llmwatch_aws::{CallFailed, messages, topics};
use llmwatch_core::alarm::{AlarmKind, Severity};
use llmwatch_core::decision::{
    Decision, Effect, Firing, MailStep, Occasion, QuotaAction, Situation, Support,
};
use llmwatch_core::duplicate::{CaseId, CaseKey, CaseTag, Category, Reported};
use llmwatch_core::episode::{Episode, EpisodeId};
use llmwatch_core::fingerprint::fingerprint;
use llmwatch_core::outcome::{Outcome, Outcomes};
use llmwatch_core::quota::QuotaKind;
use llmwatch_core::render::{self, AppendTo, Mail, MailContext, RecoveryNote};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::gather::{self, Gathered, OpenedCase, Parameters};
use crate::handler::Failure;
use crate::once::{NotDone, once};
use crate::queue::{FollowUp, QueueMessage};
use crate::{App, ledger_keys};

/// What became of a decision, and which failed steps are worth another try.
#[derive(Debug)]
pub(crate) struct Report {
    /// What became of each step.
    pub outcomes: Outcomes,
    to_retry: Vec<String>,
}

impl Report {
    /// Turns failed steps into a failure of the event, so that it is tried again and then parked.
    ///
    /// # Errors
    ///
    /// When a step failed in a way another try may mend.
    pub(crate) fn into_result(self) -> Result<(), Failure> {
        if self.to_retry.is_empty() {
            Ok(())
        } else {
            Err(Failure::StepToRetry(self.to_retry.join("; ")))
        }
    }
}

/// Carries out every effect of a decision, all at once, and says what became of each step.
///
/// # Errors
///
/// When another invocation is at one of them or the ledger is out of reach. A step that AWS refused
/// or that failed is an outcome, so that the mail goes out all the same.
pub(crate) async fn decision(
    app: &App,
    situation: &Situation,
    decision: &Decision,
) -> Result<Report, Failure> {
    let effects = decision.effects();
    let results =
        join_all(effects.iter().map(|effect| carry_out(app, situation, decision, effect))).await;
    let mut quotas: BTreeMap<QuotaKind, Outcome> = BTreeMap::new();
    let mut case = None;
    let mut to_retry = Vec::new();
    for (effect, result) in effects.iter().zip(results) {
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(NotDone::Effect(failure)) => {
                tracing::error!(episode = %situation.episode, "{}", failure.explain());
                if !failure.is_refused() {
                    to_retry.push(failure.explain());
                }
                Outcome::Failed { why: failure.explain() }
            }
            Err(not_done) => return Err(not_done.into()),
        };
        match quota_of(decision, effect) {
            Some(kind) => {
                quotas.insert(kind, outcome);
            }
            None => case = Some(outcome),
        }
    }
    let missing = || Outcome::Failed { why: "the step was not carried out".to_owned() };
    let outcomes = Outcomes::of(
        decision,
        |action| quotas.remove(&action.kind).unwrap_or_else(missing),
        || case.unwrap_or_else(missing),
    );
    Ok(Report { outcomes, to_retry })
}

/// Sends the mail about a decision, unless the operator filtered it.
///
/// The same decision with the same outcomes is mailed once; when a later try has another outcome,
/// people are told that too.
///
/// # Errors
///
/// When the mail was not accepted: the event must then be tried again.
pub(crate) async fn incident_mail(
    app: &App,
    gathered: &Gathered,
    decision: &Decision,
    report: &Report,
    joined: Vec<AlarmKind>,
) -> Result<(), Failure> {
    let situation = &gathered.situation;
    match decision.mail {
        MailStep::Filtered(from) => {
            tracing::info!(
                episode = %situation.episode,
                "no mail: severity {} is below notify-from {from:?}",
                decision.severity
            );
            Ok(())
        }
        MailStep::Send => {
            let kinds = format!("{:?}", situation.firing.kinds());
            let print = fingerprint(&[&kinds, &format!("{:?}", report.outcomes)]);
            let joined = match situation.occasion {
                Occasion::Opening => Vec::new(),
                Occasion::Update => joined,
            };
            let context = context(app, &gathered.display_ids, joined);
            let mail = render::incident_mail(situation, decision, &report.outcomes, &context);
            send_once(app, &situation.episode, &format!("mail#{print}"), mail, situation.now).await
        }
    }
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

/// Sends the one recovery note of an episode, unless the operator filtered its severity.
///
/// # Errors
///
/// When the mail was not accepted, or the ledger is out of reach.
pub(crate) async fn recovery_mail(
    app: &App,
    ended: Ended<'_>,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<(), Failure> {
    let Ended { episode, firing, duration } = ended;
    let severity = firing.severity();
    if let MailStep::Filtered(from) = MailStep::of(severity, parameters.settings.notify_from) {
        tracing::info!(episode = %episode.id, "no recovery mail: {severity} is below {from:?}");
        return Ok(());
    }
    let recovered_at = episode.recovered_at.unwrap_or(now);
    let aftermath =
        gather::aftermath(app, firing, &parameters.stored, duration, recovered_at).await?;
    let note = RecoveryNote {
        account: &aftermath.account,
        region: &app.config.region,
        pool: &episode.pool,
        stored: &parameters.stored,
        episode: &episode.id,
        firing,
        duration,
        evidence: &aftermath.evidence,
        left_open: &aftermath.left_open,
    };
    let mail = render::recovery_mail(&note, &context(app, &aftermath.display_ids, Vec::new()));
    send_once(app, &episode.id, "mail#recovery", mail, now).await
}

fn context(
    app: &App,
    display_ids: &BTreeMap<CaseId, String>,
    joined: Vec<AlarmKind>,
) -> MailContext {
    let prefix = app.config.prefix.clone();
    MailContext { prefix, display_ids: display_ids.clone(), joined }
}

/// Sends one mail of an episode once.
///
/// # Errors
///
/// When the mail was not accepted or the ledger is out of reach.
pub(crate) async fn send_once(
    app: &App,
    episode: &EpisodeId,
    name: &str,
    mail: Mail,
    now: Timestamp,
) -> Result<(), Failure> {
    let key = ledger_keys::effect(episode, name);
    let topic = &app.config.alerts_topic_arn;
    let sent = once(
        app,
        &key,
        now,
        async || Ok(None),
        async || topics::publish(&app.clients.sns, topic, &mail.subject, &mail.body).await,
    )
    .await?;
    tracing::info!(%episode, message.id = %sent, "mailed: {}", mail.subject);
    Ok(())
}

/// Appends a text to a case once, and remembers what the case has been told.
///
/// # Errors
///
/// When Support or the ledger is out of reach.
pub(crate) async fn append_once(
    app: &App,
    case: &CaseId,
    episode: &EpisodeId,
    alarms: &[AlarmKind],
    text: &str,
    now: Timestamp,
) -> Result<(), NotDone> {
    let print = fingerprint(&[&case.0, &format!("{alarms:?}")]);
    let key = ledger_keys::effect(episode, &format!("append#{print}"));
    let client = &app.clients.support;
    once(
        app,
        &key,
        now,
        async || {
            let told = support::communications(client, &case.0).await?;
            Ok(told.iter().any(|message| message.body.trim() == text.trim()).then_some(()))
        },
        async || support::append(client, &case.0, text).await,
    )
    .await?;
    remember_told(app, case, episode, alarms, now).await.map_err(NotDone::Ledger)
}

async fn carry_out(
    app: &App,
    situation: &Situation,
    decision: &Decision,
    effect: &Effect<'_>,
) -> Result<Outcome, NotDone> {
    match effect {
        Effect::RequestIncrease(action) => request(app, situation, decision, action).await,
        Effect::OpenCase(key) => open_case(app, situation, decision, key).await,
        Effect::AppendToCase { case, category, alarms } => {
            let append = AppendTo { case, category: *category, alarms };
            let text = render::append_text(situation, decision, append);
            append_once(app, case, &situation.episode, alarms, &text, situation.now).await?;
            Ok(Outcome::Appended { case: (*case).clone() })
        }
    }
}

async fn request(
    app: &App,
    situation: &Situation,
    decision: &Decision,
    action: &QuotaAction,
) -> Result<Outcome, NotDone> {
    let Some(target) = action.target else { return Ok(Outcome::AtMaximum) };
    let code = &action.quota.code;
    let client = &app.clients.quotas;
    let key = ledger_keys::effect(&situation.episode, &format!("request#{code}"));
    let open_request = async || -> Result<Option<QuotaRequest>, CallFailed> {
        let history = quota_requests::request_history(client).await?;
        Ok(history.into_iter().find(|request| request.is_open && request.code == code.as_str()))
    };
    let request = once(app, &key, situation.now, open_request, async || {
        match quota_requests::request_increase(client, code, target.to).await {
            Err(failure) if failure.is_already_exists() => open_request().await?.ok_or(failure),
            answer => answer,
        }
    })
    .await?;
    if !matches!(situation.support, Support::NoPlan) {
        follow_up_once(app, situation, decision, action, &request).await?;
    }
    Ok(match request.case_number {
        Some(case) => Outcome::Opened { case: CaseId(case) },
        None => Outcome::SubmittedIdPending { request: request.id },
    })
}

async fn follow_up_once(
    app: &App,
    situation: &Situation,
    decision: &Decision,
    action: &QuotaAction,
    request: &QuotaRequest,
) -> Result<(), NotDone> {
    let follow_up = FollowUp {
        account: situation.account.clone(),
        pool: situation.pool.clone(),
        episode: situation.episode.clone(),
        kind: action.kind,
        code: action.quota.code.clone(),
        desired: request.desired_value,
        request: request.id.clone(),
        alarms: situation.firing.kinds(),
        text: render::quota_case_text(situation, decision, action),
        requested_at: situation.now,
        looks: 0,
    };
    let key = ledger_keys::effect(&situation.episode, &format!("follow-up#{}", request.id));
    let wait = follow_up.wait();
    let message = QueueMessage::FollowUp(follow_up);
    let (client, queue) = (&app.clients.sqs, &app.config.queue_url);
    once(
        app,
        &key,
        situation.now,
        async || Ok(None),
        async || messages::send(client, queue, &message, wait).await,
    )
    .await
}

async fn open_case(
    app: &App,
    situation: &Situation,
    decision: &Decision,
    case_key: &CaseKey,
) -> Result<Outcome, NotDone> {
    let client = &app.clients.support;
    let text = render::case_text(situation, decision, case_key);
    let key = ledger_keys::effect(&situation.episode, "case#investigation");
    let opened = once(
        app,
        &key,
        situation.now,
        async || {
            let listed =
                support::open_cases(client, situation.now - SignedDuration::from_hours(1)).await?;
            let ours = |subject: &str| CaseTag::find_in(subject) == Some(case_key.tag());
            Ok(listed
                .into_iter()
                .find(|case| ours(&case.subject))
                .map(|case| OpenedCase { case: CaseId(case.case_id), opened_at: situation.now }))
        },
        async || {
            let category = support::bedrock_category(client).await?;
            let case = NewCase {
                subject: text.subject.clone(),
                body: text.body.clone(),
                severity_code: severity_code(decision.severity),
                language: "en",
            };
            let case = support::create_case(client, &case, &category).await?;
            Ok(OpenedCase { case: CaseId(case), opened_at: situation.now })
        },
    )
    .await?;
    let row = ledger_keys::investigation_case(&situation.pool);
    update_row(app, &row, situation.now, |_: Option<OpenedCase>| opened.clone())
        .await
        .map_err(NotDone::Ledger)?;
    remember_told(app, &opened.case, &situation.episode, &situation.firing.kinds(), situation.now)
        .await
        .map_err(NotDone::Ledger)?;
    Ok(Outcome::Opened { case: opened.case })
}

/// The severity codes every plan with a Support API has.
///
/// Source: <https://docs.aws.amazon.com/awssupport/latest/APIReference/API_SeverityLevel.html>.
fn severity_code(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "high",
        Severity::Warning => "normal",
    }
}

async fn remember_told(
    app: &App,
    case: &CaseId,
    episode: &EpisodeId,
    alarms: &[AlarmKind],
    now: Timestamp,
) -> Result<(), CallFailed> {
    update_row(app, &ledger_keys::case(case), now, |told: Option<BTreeSet<Reported>>| {
        let mut told = told.unwrap_or_default();
        told.extend(
            alarms.iter().map(|alarm| Reported { episode: episode.clone(), alarm: *alarm }),
        );
        told
    })
    .await
}

/// Reads, changes and writes a row until nobody else wrote it in between.
async fn update_row<T: Serialize + DeserializeOwned>(
    app: &App,
    key: &ledger::RowKey,
    now: Timestamp,
    change: impl Fn(Option<T>) -> T,
) -> Result<(), CallFailed> {
    let (client, table) = (&app.clients.dynamodb, app.config.ledger_table.as_str());
    for _ in 0..8 {
        let row: Option<Versioned<T>> = ledger::read(client, table, key).await?;
        let version = row.as_ref().map_or(0, |row| row.version);
        let document = change(row.map(|row| row.document));
        if ledger::write(client, table, key, &document, version, now).await? == Written::Yes {
            return Ok(());
        }
    }
    Err(CallFailed::unusable_answer("PutItem", key.to_string(), "others kept writing the row"))
}

fn quota_of(decision: &Decision, effect: &Effect<'_>) -> Option<QuotaKind> {
    match effect {
        Effect::RequestIncrease(action) => Some(action.kind),
        Effect::AppendToCase { category: Category::Quota, case, .. } => decision
            .quota_actions
            .iter()
            .find(|action| match action.effect() {
                Some(Effect::AppendToCase { case: of_action, .. }) => of_action == *case,
                _ => false,
            })
            .map(|action| action.kind),
        Effect::OpenCase(_) | Effect::AppendToCase { .. } => None,
    }
}
