//! Doing what was decided, each effect once. Nothing is chosen here.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use llmwatch_aws::CallFailed;
use llmwatch_aws::call::within;
use llmwatch_aws::ledger::{self, Versioned, Written};
use llmwatch_aws::quota_requests::{self, QuotaRequest};
use llmwatch_aws::support::{self, NewCase, ServiceCategory};
use llmwatch_core::alarm::{AlarmKind, Severity};
use llmwatch_core::decision::{Decision, Effect, QuotaAction, Support};
use llmwatch_core::duplicate::{CaseId, CaseKey, CaseTag, Reported};
use llmwatch_core::episode::EpisodeId;
use llmwatch_core::fingerprint::fingerprint;
use llmwatch_core::outcome::{Outcome, Outcomes};
use llmwatch_core::render::{self, AppendTo};
use llmwatch_core::request_watch::WatchedRequest;
use llmwatch_core::settings::Language;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::episodes::RACES;
use crate::gather::{CASE_LOOK_BACK, Gathered, OpenedCase};
use crate::handler::Failure;
use crate::once::{NotDone, once};
use crate::queue::FollowUp;
use crate::{App, ledger_keys, request_watch};

/// How long a write to Support or Service Quotas may take, with its tries.
const WRITING: Duration = Duration::from_secs(12);

/// How long what a write needs may be looked up, and then what became of it.
const LOOKING: Duration = Duration::from_secs(7);

/// What became of a decision, and which failed steps are worth another try.
#[derive(Debug)]
pub(crate) struct Report {
    /// What became of each step.
    pub outcomes: Outcomes,
    /// The messages by which the cases of the requests get their figures.
    pub follow_ups: Vec<FollowUp>,
    to_retry: Vec<String>,
}

impl Report {
    /// Turns steps that failed or were held back into a failure of the event, so that it is tried
    /// again and then parked.
    ///
    /// # Errors
    ///
    /// When a step was not done in a way another try may mend.
    pub(crate) fn into_result(self, decision: &Decision) -> Result<(), Failure> {
        let held_back = decision.held_back().into_iter().map(str::to_owned);
        let to_retry: Vec<String> = self.to_retry.into_iter().chain(held_back).collect();
        if to_retry.is_empty() { Ok(()) } else { Err(Failure::StepToRetry(to_retry.join("; "))) }
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
    gathered: &Gathered,
    decision: &Decision,
) -> Result<Report, Failure> {
    let mut effects = decision.effects();
    // Two quotas may share a request's case, which is told once.
    effects.dedup();
    let making = Making { app, gathered, decision };
    let now = gathered.situation.now;
    let relied_on = WatchedRequest::relied_on(&gathered.situation, decision);
    let (results, watching) = futures::join!(
        join_all(effects.iter().map(|effect| carry_out(making, effect))),
        join_all(relied_on.iter().map(|watched| request_watch::begin(app, watched, now))),
    );
    watching.into_iter().collect::<Result<(), CallFailed>>().map_err(NotDone::Ledger)?;
    let mut done = Vec::new();
    let mut follow_ups = Vec::new();
    let mut to_retry = Vec::new();
    for (effect, result) in effects.into_iter().zip(results) {
        let Done { outcome, follow_up } = ended(result, &mut to_retry)?;
        follow_ups.extend(follow_up);
        done.push((effect, outcome));
    }
    let outcome_of = |effect: Option<Effect<'_>>| {
        let found = done.iter().find(|(done, _)| Some(*done) == effect);
        found.map_or_else(
            || Outcome::Failed { why: "the step was not carried out".to_owned() },
            |(_, outcome)| outcome.clone(),
        )
    };
    let outcomes = Outcomes::of(
        decision,
        |action| outcome_of(action.effect()),
        || outcome_of(decision.case.effect()),
    );
    Ok(Report { outcomes, follow_ups, to_retry })
}

/// How an effect ended; a failure that another try may mend is noted.
fn ended(result: Result<Done, NotDone>, to_retry: &mut Vec<String>) -> Result<Done, NotDone> {
    match result {
        Err(NotDone::Effect(failure)) => {
            let why = failure.explain();
            tracing::error!("a step of the decision failed: {why}");
            if !failure.is_refused() {
                to_retry.push(why.clone());
            }
            Ok(Outcome::Failed { why }.into())
        }
        Err(NotDone::AnswerLost(failure)) => {
            let why = failure.explain();
            tracing::error!("whether a step of the decision was done is not known: {why}");
            to_retry.push(why.clone());
            Ok(Outcome::AnswerLost { why }.into())
        }
        result => result,
    }
}

/// What a case is told of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    /// The case.
    pub case: &'a CaseId,
    /// The episode.
    pub episode: &'a EpisodeId,
    /// The alarms of the episode.
    pub alarms: &'a [AlarmKind],
}

/// Appends a text to a case once, and remembers what the case has been told.
///
/// # Errors
///
/// When Support or the ledger is out of reach.
pub(crate) async fn append_once(
    app: &App,
    told: Told<'_>,
    text: &str,
    now: Timestamp,
) -> Result<(), NotDone> {
    let Told { case, episode, alarms } = told;
    let print = fingerprint(&[&case.0, &format!("{alarms:?}")]);
    let key = ledger_keys::effect(episode, &format!("append#{print}"));
    let client = &app.clients.support;
    let find = async || {
        let messages = support::communications(client, &case.0);
        let messages = within(LOOKING, "DescribeCommunications", &case.0, messages).await?;
        let is_there = messages.iter().any(|message| is_same_text(&message.body, text, episode));
        Ok(is_there.then_some(()))
    };
    let append = async || {
        let append = support::append(client, &case.0, text);
        within(WRITING, "AddCommunicationToCase", &case.0, append).await
    };
    once(app, &key, now, find, append).await?;
    remember_told(app, told, now).await.map_err(NotDone::Ledger)
}

/// Whether a message on a case is this text of an episode.
///
/// The first paragraph says what is asked for; the figures below it move from one try to the next.
/// White space does not count: Support may break lines anew, in Japanese anywhere.
fn is_same_text(message: &str, text: &str, episode: &EpisodeId) -> bool {
    let asked_for = text.split("\n\n").next().unwrap_or(text);
    let visible = |text: &str| text.split_whitespace().collect::<String>();
    visible(message).starts_with(&visible(asked_for)) && message.contains(&episode.marker())
}

/// A decision that is being carried out.
#[derive(Clone, Copy)]
struct Making<'a> {
    app: &'a App,
    gathered: &'a Gathered,
    decision: &'a Decision,
}

/// What an effect came to.
struct Done {
    outcome: Outcome,
    /// What is to be sent besides the mail.
    follow_up: Option<FollowUp>,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, follow_up: None }
    }
}

async fn carry_out(making: Making<'_>, effect: &Effect<'_>) -> Result<Done, NotDone> {
    let Making { app, gathered, decision } = making;
    let situation = &gathered.situation;
    match effect {
        Effect::RequestIncrease(action) => request(making, action).await,
        Effect::OpenCase(key) => open_case(making, key).await.map(Done::from),
        Effect::AppendToCase { case, category, alarms } => {
            let append = AppendTo { case, category: *category, alarms };
            let text =
                render::append_text(situation.language_of(case), situation, decision, append);
            let told = Told { case, episode: &situation.episode, alarms };
            append_once(app, told, &text, situation.now).await?;
            Ok(Outcome::Appended { case: (*case).clone() }.into())
        }
    }
}

async fn request(making: Making<'_>, action: &QuotaAction) -> Result<Done, NotDone> {
    let Making { app, gathered, decision } = making;
    let situation = &gathered.situation;
    let Some(target) = action.target else { return Ok(Outcome::AtMaximum.into()) };
    let code = &action.quota.code;
    let client = &app.clients.quotas;
    let open_request = async || -> Result<Option<QuotaRequest>, CallFailed> {
        let history = quota_requests::request_history(client);
        let operation = "ListRequestedServiceQuotaChangeHistory";
        let history = within(LOOKING, operation, code.as_str(), history).await?;
        Ok(history.into_iter().find(|request| request.is_open && request.code == code.as_str()))
    };
    let key = gathered.notice.request(code);
    let make_request = async || {
        let increase = quota_requests::request_increase(client, code, target.to);
        match within(WRITING, "RequestServiceQuotaIncrease", code.as_str(), increase).await {
            Err(failure) if failure.is_already_exists() => open_request().await?.ok_or(failure),
            answer => answer,
        }
    };
    let request = once(app, &key, situation.now, open_request, make_request).await?;
    let watched = WatchedRequest {
        requested_at: request.created_at.unwrap_or(situation.now),
        ..WatchedRequest::made(situation, decision, action, &request.id, request.desired_value)
    };
    request_watch::begin(app, &watched, situation.now).await.map_err(NotDone::Ledger)?;
    let follow_up = match situation.support {
        Support::NoPlan => None,
        Support::Cases(_) | Support::Unreadable(_) => Some(follow_up_on(making, action, &request)),
    };
    let outcome = match request.case_number {
        Some(number) => Outcome::Opened { case: CaseId(number) },
        None if follow_up.is_none() => Outcome::NoSupportPlan,
        None => Outcome::SubmittedIdPending { request: request.id },
    };
    Ok(Done { outcome, follow_up })
}

fn follow_up_on(making: Making<'_>, action: &QuotaAction, request: &QuotaRequest) -> FollowUp {
    let Making { gathered: Gathered { situation, .. }, decision, .. } = making;
    FollowUp {
        account: situation.account.clone(),
        pool: situation.pool.clone(),
        episode: situation.episode.clone(),
        kind: action.kind,
        code: action.quota.code.clone(),
        desired: request.desired_value,
        request: request.id.clone(),
        alarms: situation.firing.kinds(),
        text: render::quota_case_text(Language::En, situation, decision, action),
        translation: match situation.settings.language {
            Language::En => None,
            Language::Ja => {
                Some(render::quota_case_text(Language::Ja, situation, decision, action))
            }
        },
        requested_at: situation.now,
        looks: 0,
    }
}

async fn open_case(making: Making<'_>, case_key: &CaseKey) -> Result<Outcome, NotDone> {
    let Making { app, gathered, decision } = making;
    let (situation, client) = (&gathered.situation, &app.clients.support);
    // None with this tag was open when the decision was made.
    let find = async || {
        let listed = support::open_cases(client, situation.now - CASE_LOOK_BACK);
        let listed = within(LOOKING, "DescribeCases", "open cases", listed).await?;
        let tag = Some(case_key.tag());
        let ours = listed.into_iter().find(|case| CaseTag::find_in(&case.subject) == tag);
        Ok(ours.map(|case| CaseId(case.case_id)))
    };
    let open = async || {
        let category =
            within(LOOKING, "DescribeServices", "Bedrock", support::bedrock_category(client));
        let category = category.await.map_err(CallFailed::before_writing)?;
        let language = offered(app, situation.settings.language, &category).await;
        let text = render::case_text(language, situation, decision, case_key);
        let case = NewCase {
            subject: text.subject,
            body: text.body,
            severity_code: severity_code(decision.severity),
            language: language.code(),
        };
        let create = support::create_case(client, &case, &category);
        within(WRITING, "CreateCase", &case.subject, create).await.map(CaseId)
    };
    let key = gathered.notice.investigation_case();
    let case = once(app, &key, situation.now, find, open).await?;
    let opened = OpenedCase { case: case.clone(), opened_at: situation.now };
    let row = ledger_keys::investigation_case(&situation.pool);
    update_row(app, &row, situation.now, |_: Option<OpenedCase>| opened.clone())
        .await
        .map_err(NotDone::Ledger)?;
    let alarms = situation.firing.kinds();
    let told = Told { case: &case, episode: &situation.episode, alarms: &alarms };
    remember_told(app, told, situation.now).await.map_err(NotDone::Ledger)?;
    Ok(Outcome::Opened { case })
}

/// The language, if Support is known to handle a case in it, else English: a case in a language that
/// is refused would be lost.
async fn offered(app: &App, language: Language, category: &ServiceCategory) -> Language {
    if language == Language::En {
        return language;
    }
    let languages = support::languages(&app.clients.support, category);
    let operation = "DescribeSupportedLanguages";
    match within(LOOKING, operation, &category.service_code, languages).await {
        Ok(codes) if codes.iter().any(|code| code == language.code()) => language,
        Ok(codes) => {
            tracing::warn!("the case is in English: Support offers {codes:?} for it");
            Language::En
        }
        Err(failure) => {
            tracing::warn!("the case is in English: {}", failure.explain());
            Language::En
        }
    }
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

async fn remember_told(app: &App, told: Told<'_>, now: Timestamp) -> Result<(), CallFailed> {
    let Told { case, episode, alarms } = told;
    update_row(app, &ledger_keys::case(case), now, |known: Option<BTreeSet<Reported>>| {
        let mut known = known.unwrap_or_default();
        known.extend(
            alarms.iter().map(|alarm| Reported { episode: episode.clone(), alarm: *alarm }),
        );
        known
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
    for _ in 0..RACES {
        let row: Option<Versioned<T>> = ledger::read(client, table, key).await?;
        let version = row.as_ref().map_or(0, |row| row.version);
        let document = change(row.map(|row| row.document));
        if ledger::write(client, table, key, &document, version, now).await? == Written::Yes {
            return Ok(());
        }
    }
    Err(CallFailed::unusable_answer("PutItem", key.to_string(), "others kept writing the row"))
}
