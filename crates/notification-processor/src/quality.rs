//! What a quality alarm's change leads to: one mail, and one of its recovery.
//!
//! No episode, no case and no quota request: a model that answers worse is nothing AWS can mend.

use jiff::Timestamp;
use llmwatch_aws::alarms::{StandingQualityAlarm, read_quality};
use llmwatch_aws::ledger::{self, Versioned, Written};
use llmwatch_aws::quality_metrics::read_periods;
use llmwatch_core::alarm::desired::Watch;
use llmwatch_core::alarm::name::QualityAlarm;
use llmwatch_core::cloudwatch::alarm::AlarmState;
use llmwatch_core::evidence::Read;
use llmwatch_core::quality::alarm::change::{Change, Live, Step, Told, step};
use llmwatch_core::quality::alarm::course::{Course, course, window};
use llmwatch_core::quality::alarm::observed::{Observed, observed};
use llmwatch_core::render::QualityOccasion;

use crate::event::AlarmChange;
use crate::handler::Failure;
use crate::mails::{self, Mailed};
use crate::{App, episodes, ledger_keys};

/// Everything a mail about a change tells besides the change itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Situation {
    /// What the alarm watches.
    pub observed: Read<Observed>,
    /// How its metric went.
    pub course: Read<Course>,
    /// The other alarms of the series that fire.
    pub also_firing: Read<Vec<QualityAlarm>>,
}

/// Tells people of a quality alarm's change, once.
///
/// # Errors
///
/// When the ledger is out of reach, another invocation is at it, or the mail was not accepted; the
/// event is then to be retried.
pub(crate) async fn alarm_changed(
    app: &App,
    change: &AlarmChange,
    alarm: &QualityAlarm,
    now: Timestamp,
) -> Result<(), Failure> {
    let standing = standing(app, alarm).await;
    let live = live(&standing, alarm);
    let event = Change { state: change.state, at: change.at, is_muted: change.muted };
    for _ in 0..episodes::RACES {
        let row = read(app, alarm).await?;
        let told = row.as_ref().map(|row| &row.document);
        let (alarm_at, occasion) = match step(told, event, &live, now) {
            Step::Nothing(why) => {
                tracing::info!(alarm.arn = %change.arn, "nothing to tell: {}", why.words());
                return Ok(());
            }
            Step::TellAlarm { over_since } => (change.at, QualityOccasion::Fired { over_since }),
            Step::TellRecovery { alarm_at } => {
                (alarm_at, QualityOccasion::Recovered { at: change.at })
            }
        };
        let situation = situation(app, &standing, alarm, now).await;
        let news = mails::QualityNews { change, alarm, alarm_at, occasion };
        if mails::quality(app, news, &situation, now).await? == Mailed::Filtered {
            return Ok(());
        }
        if store(app, alarm, row.as_ref(), &told_now(alarm_at, occasion), now).await?
            == Written::Yes
        {
            return Ok(());
        }
        // Another change of the alarm was told meanwhile; whether this one adds to it is looked at
        // again, and the ledger knows that it was mailed.
    }
    Err(Failure::AlarmContended(change.arn.clone()))
}

fn told_now(alarm_at: Timestamp, occasion: QualityOccasion) -> Told {
    let recovered_at = match occasion {
        QualityOccasion::Fired { over_since } => over_since,
        QualityOccasion::Recovered { at } => Some(at),
    };
    Told { alarm_at, recovered_at }
}

async fn read(app: &App, alarm: &QualityAlarm) -> Result<Option<Versioned<Told>>, Failure> {
    let key = ledger_keys::quality_told(alarm);
    Ok(ledger::read(&app.clients.dynamodb, &app.config.ledger_table, &key).await?)
}

async fn store(
    app: &App,
    alarm: &QualityAlarm,
    before: Option<&Versioned<Told>>,
    told: &Told,
    now: Timestamp,
) -> Result<Written, Failure> {
    let (client, table) = (&app.clients.dynamodb, &app.config.ledger_table);
    let version = before.map_or(0, |before| before.version);
    let key = ledger_keys::quality_told(alarm);
    Ok(ledger::write(client, table, &key, told, version, now).await?)
}

/// The alarms of the series as CloudWatch lists them.
async fn standing(app: &App, alarm: &QualityAlarm) -> Read<Vec<StandingQualityAlarm>> {
    match read_quality(&app.clients.cloudwatch, &app.config.prefix, &alarm.series).await {
        Ok(alarms) => Read::Known(alarms),
        Err(failure) => Read::Unreadable(failure.explain()),
    }
}

fn live(standing: &Read<Vec<StandingQualityAlarm>>, alarm: &QualityAlarm) -> Read<Option<Live>> {
    standing.as_ref().map(|alarms| {
        alarms.iter().find(|standing| standing.alarm == *alarm).map(|standing| standing.live)
    })
}

async fn situation(
    app: &App,
    standing: &Read<Vec<StandingQualityAlarm>>,
    alarm: &QualityAlarm,
    now: Timestamp,
) -> Situation {
    let observed = watched(standing, alarm);
    let course = match &observed {
        Read::Unreadable(why) => Read::Unreadable(why.clone()),
        Read::Known(observed) => {
            let (from, to) = window(now);
            match read_periods(&app.clients.cloudwatch, observed, (from, to)).await {
                Ok(periods) => Read::Known(course(&periods, &observed.held, to)),
                Err(failure) => Read::Unreadable(failure.explain()),
            }
        }
    };
    let fires = |other: &&StandingQualityAlarm| {
        other.alarm != *alarm && other.live.state == AlarmState::Alarm
    };
    let also_firing = standing
        .as_ref()
        .map(|alarms| alarms.iter().filter(fires).map(|other| other.alarm.clone()).collect());
    Situation { observed, course, also_firing }
}

fn watched(standing: &Read<Vec<StandingQualityAlarm>>, alarm: &QualityAlarm) -> Read<Observed> {
    let alarms = match standing {
        Read::Unreadable(why) => return Read::Unreadable(why.clone()),
        Read::Known(alarms) => alarms,
    };
    let unknown = |why: &str| Read::Unreadable(why.to_owned());
    match alarms.iter().find(|standing| standing.alarm == *alarm).map(|standing| &standing.watch) {
        None => unknown("the alarm does not exist any more"),
        Some(Watch::Children(_)) => unknown("the alarm was edited and watches other alarms"),
        Some(Watch::Metrics(watch)) => observed(watch).map_or_else(
            || unknown("the alarm was edited and watches something else"),
            Read::Known,
        ),
    }
}
