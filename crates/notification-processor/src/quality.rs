//! What a quality alarm's change leads to: one mail, and one of its recovery.

use jiff::Timestamp;
use llmwatch_aws::alarms::{LoneAlarm, read_quality};
use llmwatch_aws::quality_metrics::read_periods;
use llmwatch_core::alarm::desired::Watch;
use llmwatch_core::alarm::name::QualityAlarm;
use llmwatch_core::evidence::Read;
use llmwatch_core::quality::alarm::course::{Course, course, window};
use llmwatch_core::quality::alarm::observed::{Observed, observed};

use crate::event::AlarmChange;
use crate::handler::Failure;
use crate::{App, gather, ledger_keys, lone_alarms, mails};

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
    let (client, prefix) = (&app.clients.cloudwatch, &app.config.prefix);
    let standing = gather::read(read_quality(client, prefix, &alarm.series).await);
    let mail = async |alarm_at, occasion| {
        let situation = situation(app, &standing, alarm, now).await;
        let news = mails::AlarmNews { change, alarm, alarm_at, occasion };
        mails::quality(app, news, &situation, now).await
    };
    let live = lone_alarms::live(&standing, alarm);
    let told = ledger_keys::quality_told(alarm);
    lone_alarms::tell_once(app, change, &told, &live, mail, now).await
}

async fn situation(
    app: &App,
    standing: &Read<Vec<LoneAlarm<QualityAlarm>>>,
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
    let also_firing = lone_alarms::also_firing(standing, alarm);
    Situation { observed, course, also_firing }
}

fn watched(standing: &Read<Vec<LoneAlarm<QualityAlarm>>>, alarm: &QualityAlarm) -> Read<Observed> {
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
