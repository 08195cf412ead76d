//! Composite alarms: their rule, the alarms it names and the state it gives.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html>
//! and <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>.
//! A rule is true or false, so an evaluated composite is ALARM or OK. INSUFFICIENT_DATA is only
//! its state between creation and first evaluation, which the caller keeps. A child that does not
//! exist is in no state: every function of it is false (ours; AWS refuses such a rule when it is
//! put). `AND` binds more tightly than `OR` (ours; the page recommends parentheses).
//!
//! Actions suppressors and cycles between composites are the caller's business.

mod parse;

use std::collections::BTreeSet;

pub use parse::parse;
use thiserror::Error;

use super::alarm::AlarmState;

/// The longest rule, in characters.
pub const MAXIMUM_CHARACTERS: usize = 10_240;
/// The most distinct alarms a rule names.
pub const MAXIMUM_CHILDREN: usize = 100;
/// The most elements of a rule: references to alarms, `TRUE`, `FALSE` and parentheses.
///
/// Counted here as each grouping parenthesis by itself; those of a function do not count.
pub const MAXIMUM_ELEMENTS: usize = 500;
/// Nesting beyond this is refused, so that no input can exhaust the stack.
const MAXIMUM_DEPTH: usize = 100;

/// A parsed `AlarmRule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    root: Term,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Constant(bool),
    Is(AlarmState, String),
    Not(Box<Term>),
    All(Vec<Term>),
    Any(Vec<Term>),
    AtLeast { least: Least, polarity: Polarity, state: AlarmState, alarms: Vec<String> },
}

/// How many alarms `AT_LEAST` wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Least {
    Number(usize),
    Percent(usize),
}

/// Whether `AT_LEAST` counts alarms in the state or not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Polarity {
    In,
    NotIn,
}

/// A rule that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at character {}: {problem}", at + 1)]
pub struct RuleError {
    /// Characters before the place.
    pub at: usize,
    /// What is wrong there.
    pub problem: RuleProblem,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RuleProblem {
    /// Something else is needed here.
    #[error("expected {expected}, found `{found}`")]
    Expected {
        /// What would be right.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The rule ends too early.
    #[error("the rule ends where {0} is expected")]
    Ends(&'static str),
    /// `AT_LEAST` wants none, or more than there are.
    #[error("AT_LEAST needs a number from 1 to the number of alarms, or 1% to 100%")]
    Least,
    /// Parentheses within parentheses without end.
    #[error("nested more than {MAXIMUM_DEPTH} deep")]
    TooDeep,
    /// More text than CloudWatch takes.
    #[error("longer than {MAXIMUM_CHARACTERS} characters")]
    TooLong,
    /// More alarms than CloudWatch takes.
    #[error("names {0} alarms; at most {MAXIMUM_CHILDREN} are allowed")]
    TooManyChildren(usize),
    /// More elements than CloudWatch takes.
    #[error("has {0} elements; at most {MAXIMUM_ELEMENTS} are allowed")]
    TooManyElements(usize),
}

impl Rule {
    /// The distinct alarms the rule names, in the order of the text; names also where the rule has
    /// ARNs.
    #[must_use]
    pub fn children(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let mut children = Vec::new();
        self.root.visit(&mut |alarm| {
            let name = name_of(alarm);
            if seen.insert(name) {
                children.push(name);
            }
        });
        children
    }

    /// ALARM if the rule holds, OK if not; `state_of` gives the state of an alarm by name.
    #[must_use]
    pub fn evaluate(&self, state_of: impl Fn(&str) -> Option<AlarmState>) -> AlarmState {
        let state_of = |alarm: &str| state_of(name_of(alarm));
        if self.root.holds(&state_of) { AlarmState::Alarm } else { AlarmState::Ok }
    }
}

impl Term {
    fn visit<'term>(&'term self, found: &mut impl FnMut(&'term str)) {
        match self {
            Self::Constant(_) => {}
            Self::Is(_, alarm) => found(alarm),
            Self::Not(term) => term.visit(found),
            Self::All(terms) | Self::Any(terms) => terms.iter().for_each(|term| term.visit(found)),
            Self::AtLeast { alarms, .. } => alarms.iter().for_each(|alarm| found(alarm)),
        }
    }

    fn holds(&self, state_of: &impl Fn(&str) -> Option<AlarmState>) -> bool {
        match self {
            Self::Constant(truth) => *truth,
            Self::Is(state, alarm) => state_of(alarm) == Some(*state),
            Self::Not(term) => !term.holds(state_of),
            Self::All(terms) => terms.iter().all(|term| term.holds(state_of)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(state_of)),
            Self::AtLeast { least, polarity, state, alarms } => {
                let counts = |alarm: &&String| match (polarity, state_of(alarm)) {
                    (_, None) => false,
                    (Polarity::In, Some(actual)) => actual == *state,
                    (Polarity::NotIn, Some(actual)) => actual != *state,
                };
                let matching = alarms.iter().filter(counts).count();
                match least {
                    Least::Number(number) => matching >= *number,
                    Least::Percent(percent) => matching * 100 >= percent * alarms.len(),
                }
            }
        }
    }
}

/// The name within an alarm's ARN, or the name itself.
fn name_of(alarm: &str) -> &str {
    let is_arn = alarm.starts_with("arn:");
    match alarm.split_once(":alarm:") {
        Some((_, name)) if is_arn => name,
        Some(_) | None => alarm,
    }
}

#[cfg(test)]
mod tests;
