//! Telling people, each mail once. Nothing is chosen here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use llmwatch_aws::ledger::RowKey;
use llmwatch_aws::quota_requests::QuotaRequest;
use llmwatch_aws::topics;
use llmwatch_core::alarm::change::{AlarmOccasion, change_id};
use llmwatch_core::alarm::name::{ComponentAlarm, QualityAlarm};
use llmwatch_core::alarm::{AlarmKind, Severity};
use llmwatch_core::decision::{Decision, MailStep, Occasion};
use llmwatch_core::digest::Digest;
use llmwatch_core::duplicate::CaseId;
use llmwatch_core::fingerprint::fingerprint;
use llmwatch_core::outcome::{Outcome, Outcomes};
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::render::{
    self, ComponentNote, DigestNote, MailContext, Notice, QualityNote, RecoveryNote, RequestNote,
};
use llmwatch_core::request_watch::{News, Standing, WatchedRequest};
use llmwatch_core::settings::{Language, PoolSettings};

use crate::event::AlarmChange;
use crate::gather::{self, Ended, Gathered, Parameters};
use crate::handler::Failure;
use crate::once::once;
use crate::{App, components, forms, ledger_keys, quality};

/// Sends the mail about a decision, unless the operator filtered it.
///
/// The same notice with the same outcomes is mailed once; when a later try has another outcome,
/// people are told that too.
///
/// # Errors
///
/// When the mail was not accepted: the event must then be tried again.
pub(crate) async fn incident(
    app: &App,
    gathered: &Gathered,
    decision: &Decision,
    outcomes: &Outcomes,
) -> Result<(), Failure> {
    let Gathered { situation, notice, joined, display_ids } = gathered;
    if let MailStep::Filtered(from) = decision.mail {
        tracing::info!(
            episode = %situation.episode,
            "no mail: severity {} is below notify-from {from:?}",
            decision.severity
        );
        return Ok(());
    }
    let joined = match situation.occasion {
        Occasion::Opening => Vec::new(),
        Occasion::Update => joined.clone(),
    };
    let mut display_ids = display_ids.clone();
    display_ids.extend(outcomes.quotas.iter().filter_map(|quota| number_of(&quota.outcome)));
    let context = context(app, display_ids, joined);
    let told = render::incident_notice(situation, decision, outcomes, &context);
    let kinds = format!("{:?}", situation.firing.kinds());
    let print = fingerprint(&[&kinds, &outcomes.fingerprint()]);
    send_once(app, &notice.mail(&print), &told, situation.now).await
}

/// The number of a case that a request opened: Service Quotas names cases by it, and by no id.
fn number_of(outcome: &Outcome) -> Option<(CaseId, String)> {
    let Outcome::Opened { case } = outcome else { return None };
    Some((case.clone(), case.0.clone()))
}

/// Sends the one recovery note of an episode, unless the operator filtered its severity.
///
/// # Errors
///
/// When the mail was not accepted, or the ledger is out of reach.
pub(crate) async fn recovery(
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
    let aftermath = gather::aftermath(app, ended, &parameters.stored, now).await?;
    let note = RecoveryNote {
        language: parameters.settings.language,
        account: &aftermath.account,
        region: &app.config.region,
        pool: &episode.pool,
        stored: &parameters.stored,
        episode: &episode.id,
        firing,
        duration,
        evidence: &aftermath.evidence,
        left_open: &aftermath.left_open,
        now,
    };
    let told = render::recovery_notice(&note, &context(app, aftermath.display_ids, Vec::new()));
    // An alarm may fire between this mail and the end of the episode: there is a recovery then
    // that this mail does not tell of.
    let print = fingerprint(&[&format!("{:?}", firing.kinds())]);
    let key = ledger_keys::effect(&episode.id, &format!("mail#recovery#{print}"));
    send_once(app, &key, &told, now).await
}

/// What there is to tell of a quota request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestNews<'a> {
    /// The request as it has been watched.
    pub watched: &'a WatchedRequest,
    /// The request as Service Quotas has it; `None` when it knows it no more.
    pub request: Option<&'a QuotaRequest>,
    /// How request and quota stand.
    pub standing: Standing,
    /// What is to be told.
    pub news: News,
}

/// Tells what has become of a quota request, once, unless the operator filtered the severity of the
/// episode that told of it.
///
/// # Errors
///
/// When the mail was not accepted, or the ledger is out of reach.
pub(crate) async fn request(
    app: &App,
    told: RequestNews<'_>,
    now: Timestamp,
) -> Result<(), Failure> {
    let RequestNews { watched, request, standing, news } = told;
    let parameters = gather::parameters(app, &watched.pool).await;
    let notify_from = parameters.settings.notify_from;
    if let MailStep::Filtered(from) = MailStep::of(watched.severity, notify_from) {
        let (id, severity) = (&watched.id, watched.severity);
        tracing::info!(request.id = %id, "no mail about it: {severity} is below {from:?}");
        return Ok(());
    }
    let told = render::request_notice(&RequestNote {
        language: parameters.settings.language,
        watched,
        region: &app.config.region,
        stored: &parameters.stored,
        news,
        standing,
        status_word: request.map_or("not known to Service Quotas", |request| &request.status),
        case_number: request.and_then(|request| request.case_number.as_deref()),
        now,
    });
    let name = format!("mail#request#{}#{}", watched.id, news.word());
    send_once(app, &ledger_keys::effect(&watched.episode, &name), &told, now).await
}

/// What there is to tell of an alarm that stands alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AlarmNews<'a, A> {
    /// The change, as its event says it.
    pub change: &'a AlarmChange,
    /// Which alarm.
    pub alarm: &'a A,
    /// When it went to ALARM.
    pub alarm_at: Timestamp,
    /// What is told.
    pub occasion: AlarmOccasion,
}

/// Whether a mail went out, now or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mailed {
    /// It did.
    Yes,
    /// The operator's `notify-from` keeps mails of its severity back.
    Filtered,
}

/// Tells of a quality alarm that fires or is OK again, once, unless the operator filtered its
/// severity.
///
/// # Errors
///
/// When the mail was not accepted, or the ledger is out of reach.
pub(crate) async fn quality(
    app: &App,
    news: AlarmNews<'_, QualityAlarm>,
    situation: &quality::Situation,
    now: Timestamp,
) -> Result<Mailed, Failure> {
    let AlarmNews { change, alarm, alarm_at, occasion } = news;
    let label = alarm.series.as_str();
    let Some(settings) = settings_unless_filtered(app, change, label, alarm.severity).await else {
        return Ok(Mailed::Filtered);
    };
    let told = render::quality_notice(&QualityNote {
        language: settings.language,
        account: &gather::account_in(&change.arn)?,
        region: &app.config.region,
        prefix: &app.config.prefix,
        alarm,
        observed: &situation.observed,
        course: &situation.course,
        also_firing: &situation.also_firing,
        alarm_at,
        occasion,
        reason: &change.reason,
        id: &change_id(&change.arn, alarm_at),
        now,
    });
    send_once(app, &ledger_keys::quality_mail(alarm, alarm_at, occasion), &told, now).await?;
    Ok(Mailed::Yes)
}

/// Tells of a component alarm that fires or is OK again, once, unless the operator filtered its
/// severity.
///
/// # Errors
///
/// When the mail was not accepted, or the ledger is out of reach.
pub(crate) async fn component(
    app: &App,
    news: AlarmNews<'_, ComponentAlarm>,
    situation: &components::Situation,
    now: Timestamp,
) -> Result<Mailed, Failure> {
    let AlarmNews { change, alarm, alarm_at, occasion } = news;
    let (label, severity) = (alarm.component.label(), alarm.severity());
    let Some(settings) = settings_unless_filtered(app, change, &label, severity).await else {
        return Ok(Mailed::Filtered);
    };
    let told = render::component_notice(&ComponentNote {
        language: settings.language,
        account: &gather::account_in(&change.arn)?,
        region: &app.config.region,
        prefix: &app.config.prefix,
        alarm,
        value: change.value,
        line: change.threshold,
        before: &situation.before,
        also_firing: &situation.also_firing,
        alarm_at,
        occasion,
        reason: &change.reason,
        id: &change_id(&change.arn, alarm_at),
        now,
    });
    send_once(app, &ledger_keys::component_mail(alarm, alarm_at, occasion), &told, now).await?;
    Ok(Mailed::Yes)
}

/// The stack's settings, unless they keep mails of an alarm's severity back.
///
/// Pool overrides are by pool label, and what an alarm that stands alone is on has none.
async fn settings_unless_filtered(
    app: &App,
    change: &AlarmChange,
    label: &str,
    severity: Severity,
) -> Option<PoolSettings> {
    let settings = gather::parameters(app, &PoolLabel::from_text(label)).await.settings;
    match MailStep::of(severity, settings.notify_from) {
        MailStep::Filtered(from) => {
            tracing::info!(alarm.arn = %change.arn, "no mail: {severity} is below {from:?}");
            None
        }
        MailStep::Send => Some(settings),
    }
}

/// Tells what a week came to, once.
///
/// It has no severity, and the stack's parameter says whether it is wanted: `notify-from` filters
/// alarms.
///
/// # Errors
///
/// When the mail was not accepted, or the ledger is out of reach.
pub(crate) async fn digest(
    app: &App,
    digest: &Digest,
    language: Language,
    now: Timestamp,
) -> Result<(), Failure> {
    let told = render::digest_notice(&DigestNote {
        language,
        account: &gather::account_in(&app.config.alerts_topic_arn)?,
        region: &app.config.region,
        prefix: &app.config.prefix,
        namespace: &app.config.quality_namespace,
        digest,
        now,
    });
    send_once(app, &ledger_keys::digest(digest.week), &told, now).await
}

/// Sends the mail of a notice once, and then the notice in its other forms on their way.
///
/// # Errors
///
/// When the mail was not accepted, or the queue or the ledger is out of reach.
pub(crate) async fn send_once(
    app: &App,
    key: &RowKey,
    notice: &Notice,
    now: Timestamp,
) -> Result<(), Failure> {
    let (topic, mail) = (&app.config.alerts_topic_arn, &notice.mail);
    let publish = async || {
        let id = topics::publish(&app.clients.sns, topic, &mail.subject, &mail.body).await?;
        tracing::info!(message.id = %id, effect = %key, "mailed: {}", mail.subject);
        Ok(id)
    };
    once(app, key, now, async || Ok(None), publish).await?;
    Ok(forms::send_all(app, key, notice, now).await?)
}

fn context(
    app: &App,
    display_ids: BTreeMap<CaseId, String>,
    joined: Vec<AlarmKind>,
) -> MailContext {
    MailContext { prefix: app.config.prefix.clone(), display_ids, joined }
}
