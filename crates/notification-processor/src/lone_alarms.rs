//! Telling the changes of alarms that stand alone, of quality and of components: each once.
//!
//! No episode, no case and no quota request: nothing that AWS could mend is at fault.

use jiff::Timestamp;
use llmwatch_aws::alarms::LoneAlarm;
use llmwatch_aws::ledger::{self, RowKey, Versioned, Written};
use llmwatch_core::alarm::change::{AlarmOccasion, Change, Live, Step, Told, step};
use llmwatch_core::cloudwatch::alarm::AlarmState;
use llmwatch_core::evidence::Read;

use crate::event::AlarmChange;
use crate::handler::Failure;
use crate::mails::Mailed;
use crate::{App, episodes};

/// Tells people of a change once, by `mail`, and remembers in the row what they were told.
///
/// # Errors
///
/// When the ledger is out of reach, another invocation is at it, or the mail was not accepted; the
/// event is then to be retried.
pub(crate) async fn tell_once(
    app: &App,
    change: &AlarmChange,
    row_key: &RowKey,
    live: &Read<Option<Live>>,
    mail: impl AsyncFn(Timestamp, AlarmOccasion) -> Result<Mailed, Failure>,
    now: Timestamp,
) -> Result<(), Failure> {
    let event = Change { state: change.state, at: change.at, is_muted: change.muted };
    let (client, table) = (&app.clients.dynamodb, &app.config.ledger_table);
    for _ in 0..episodes::RACES {
        let row: Option<Versioned<Told>> = ledger::read(client, table, row_key).await?;
        let told = row.as_ref().map(|row| &row.document);
        let (alarm_at, occasion) = match step(told, event, live, now) {
            Step::Nothing(why) => {
                tracing::info!(alarm.arn = %change.arn, "nothing to tell: {}", why.words());
                return Ok(());
            }
            Step::TellAlarm { over_since } => (change.at, AlarmOccasion::Fired { over_since }),
            Step::TellRecovery { alarm_at } => {
                (alarm_at, AlarmOccasion::Recovered { at: change.at })
            }
        };
        if mail(alarm_at, occasion).await? == Mailed::Filtered {
            return Ok(());
        }
        let told = Told { alarm_at, recovered_at: occasion.recovered_at() };
        let version = row.as_ref().map_or(0, |row| row.version);
        let written = ledger::write(client, table, row_key, &told, version, now).await?;
        if written == Written::Yes {
            return Ok(());
        }
        // Another change of the alarm was told meanwhile; whether this one adds to it is looked at
        // again, and the ledger knows that it was mailed.
    }
    Err(Failure::AlarmContended(change.arn.clone()))
}

/// The alarm as CloudWatch has it now; `None` within where it does not exist.
pub(crate) fn live<A: PartialEq>(
    standing: &Read<Vec<LoneAlarm<A>>>,
    alarm: &A,
) -> Read<Option<Live>> {
    standing.as_ref().map(|alarms| {
        alarms.iter().find(|standing| standing.alarm == *alarm).map(|standing| standing.live)
    })
}

/// The other ones that fire.
pub(crate) fn also_firing<A: PartialEq + Clone>(
    standing: &Read<Vec<LoneAlarm<A>>>,
    alarm: &A,
) -> Read<Vec<A>> {
    let fires =
        |other: &&LoneAlarm<A>| other.alarm != *alarm && other.live.state == AlarmState::Alarm;
    standing
        .as_ref()
        .map(|alarms| alarms.iter().filter(fires).map(|other| other.alarm.clone()).collect())
}
