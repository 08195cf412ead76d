//! What a mail about a component alarm tells of the time before: how it fared, or what it cost.

use jiff::Timestamp;

use super::course::{self, Course};
use super::spending::{self, Spending};
use crate::alarm::AlarmKind;
use crate::alarm::name::ComponentAlarm;
use crate::evidence::Read;
use crate::metric_values::{Values, Wanted};

/// What is known of the time before an alarm changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// Of an alarm on errors: how the component fared in the hour before.
    Course(Read<Course>),
    /// Of the alarm on its budget: what it cost in the hours before.
    Spending(Read<Spending>),
}

/// The metrics to read, and from when to when, for [`before`].
#[must_use]
pub fn wanted(
    alarm: &ComponentAlarm,
    changed_at: Timestamp,
) -> (Vec<Wanted>, (Timestamp, Timestamp)) {
    if is_about_cost(alarm) {
        (spending::wanted(&alarm.component), spending::stretch(changed_at))
    } else {
        (course::wanted(&alarm.component), course::stretch(changed_at))
    }
}

/// What the values of [`wanted`], in its order, say.
#[must_use]
pub fn before(alarm: &ComponentAlarm, values: &[Values]) -> Before {
    if is_about_cost(alarm) {
        Before::Spending(spending::spending(values))
    } else {
        Before::Course(course::course(values))
    }
}

fn is_about_cost(alarm: &ComponentAlarm) -> bool {
    alarm.kind == AlarmKind::HighHourlyCost
}
