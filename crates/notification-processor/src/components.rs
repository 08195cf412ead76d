//! What a component alarm's change leads to: one mail, and one of its recovery.

use jiff::Timestamp;
use llmwatch_aws::alarms::read_component;
use llmwatch_aws::metric_values::read_values;
use llmwatch_core::alarm::name::ComponentAlarm;
use llmwatch_core::component::before::{Before, before, wanted};
use llmwatch_core::evidence::Read;

use crate::event::AlarmChange;
use crate::handler::Failure;
use crate::{App, gather, ledger_keys, lone_alarms, mails};

/// Everything a mail about a change tells besides the change itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Situation {
    /// What is known of the time before the change.
    pub before: Before,
    /// The other alarms of the component that fire.
    pub also_firing: Read<Vec<ComponentAlarm>>,
}

/// Tells people of a component alarm's change, once.
///
/// # Errors
///
/// When the ledger is out of reach, another invocation is at it, or the mail was not accepted; the
/// event is then to be retried.
pub(crate) async fn alarm_changed(
    app: &App,
    change: &AlarmChange,
    alarm: &ComponentAlarm,
    now: Timestamp,
) -> Result<(), Failure> {
    let (client, prefix) = (&app.clients.cloudwatch, &app.config.prefix);
    let standing = gather::read(read_component(client, prefix, &alarm.component).await);
    let mail = async |alarm_at, occasion| {
        let (metrics, stretch) = wanted(alarm, change.at);
        let values = read_values(client, &metrics, stretch).await;
        let also_firing = lone_alarms::also_firing(&standing, alarm);
        let situation = Situation { before: before(alarm, &values), also_firing };
        let news = mails::AlarmNews { change, alarm, alarm_at, occasion };
        mails::component(app, news, &situation, now).await
    };
    let live = lone_alarms::live(&standing, alarm);
    let told = ledger_keys::component_told(alarm);
    lone_alarms::tell_once(app, change, &told, &live, mail, now).await
}
