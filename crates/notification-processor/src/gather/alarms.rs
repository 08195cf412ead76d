//! The pool's alarms as CloudWatch lists them.

use llmwatch_aws::CallFailed;
use llmwatch_aws::alarm_states::{StandingAlarm, read_states};
use llmwatch_aws::call::within;
use llmwatch_core::alarm::CATALOGUE;
use llmwatch_core::alarm::name::{self, AlarmName};
use llmwatch_core::episode::{AlarmState, ChildChange, LiveChild, Muting};
use llmwatch_core::pool::PoolLabel;

use super::READING;
use crate::App;

/// The pool's alarms as they stand; one call, since their names follow from the catalogue.
///
/// # Errors
///
/// When CloudWatch cannot be read.
pub(super) async fn children(app: &App, pool: &PoolLabel) -> Result<Vec<LiveChild>, CallFailed> {
    let names: Vec<String> =
        CATALOGUE.iter().map(|row| name::child(&app.config.prefix, row.kind, pool)).collect();
    let standing = read_states(&app.clients.cloudwatch, &names);
    let standing = within(READING, "DescribeAlarms", pool.as_str(), standing).await?;
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
            threshold: None,
            muting: child.muting,
        })
        .collect())
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
