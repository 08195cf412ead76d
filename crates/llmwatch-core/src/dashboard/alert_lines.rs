//! Where the alarms begin, as lines of charts.

use super::{AlertLine, Bad};
use crate::alarm::tuning::Tuning;
use crate::alarm::{AlarmDefinition, AlarmKind, Limit, definition};

/// The alarms whose lines are drawn: those of a pool or a component as tuned, or the CATALOGUE's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alarms<'a>(Option<(&'a Tuning, &'a str)>);

impl<'a> Alarms<'a> {
    /// Those of the CATALOGUE, for a page of whichever pools or components there are.
    pub(super) const OF_THE_CATALOGUE: Self = Self(None);

    /// Those of what has this label.
    pub(super) fn of(tuning: &'a Tuning, label: &'a str) -> Self {
        Self(Some((tuning, label)))
    }

    /// The row in force of an alarm; none when it is switched off.
    pub(super) fn definition(self, kind: AlarmKind) -> Option<AlarmDefinition> {
        match self.0 {
            Some((tuning, label)) => tuning.definition(kind, label),
            None => Some(*definition(kind)),
        }
    }

    /// Where the alarm on a budget begins; none when it is switched off.
    pub(super) fn budget_line(self, budget: f64) -> Option<AlertLine> {
        let row = self.definition(AlarmKind::HighHourlyCost)?;
        Some(AlertLine {
            label: format!("budget, {} {}", row.kind, row.severity.word().to_lowercase()),
            value: budget,
            severity: row.severity,
            bad: Bad::Above,
        })
    }

    /// The line of an alarm with a fixed limit; none when it is switched off.
    pub(super) fn line(self, kind: AlarmKind) -> Option<AlertLine> {
        let row = self.definition(kind)?;
        match row.limit {
            Limit::AtLeast(value) => Some(AlertLine {
                label: format!("{kind} {}", row.severity.word().to_lowercase()),
                value,
                severity: row.severity,
                bad: Bad::Above,
            }),
            Limit::PercentOfQuota(..) | Limit::AboveBand(_) | Limit::Budget => None,
        }
    }
}
