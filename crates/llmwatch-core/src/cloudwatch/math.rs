//! Metric math: expressions over time series, as far as alarms and queries here use it.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>
//! (read from awsdocs/amazon-cloudwatch-user-guide). Supported: ids, numbers, `+ - * /`, unary
//! minus, parentheses, arrays, `== != <= >= < >`, `AND && OR ||`, `SUM`, `AVG`, `MIN`, `MAX`,
//! `ABS`, `CEIL`, `FLOOR`, `FILL`, `IF`, `PERIOD`, `METRICS`, `FIRST`, `LAST`, `REMOVE_EMPTY`,
//! `SEARCH` and `ANOMALY_DETECTION_BAND`.
//!
//! The rules for a missing datapoint, all from that page unless marked:
//! - Arithmetic between two series treats a value missing on one side as 0. Missing on both sides
//!   stays missing (ours: the page does not say). With a number, missing stays missing.
//! - A division by zero drops the datapoint.
//! - A comparison or logical operator between two series likewise takes the missing side as 0.
//! - `SUM` and `AVG` of an array treat a missing value as 0 where another series has one; `MIN`
//!   and `MAX` look at the values there are (ours).
//! - `FILL` puts a value at every period of the window: a number, another series' value, the last
//!   value before the gap (`REPEAT`), or a straight line over it (`LINEAR`). A gap at the start
//!   stays with `REPEAT`, one at either end with `LINEAR`. A metric with no datapoint at all is
//!   filled too.
//! - `IF` drops the datapoint where the condition has none; a true branch without a value is 0, a
//!   false branch without one is dropped.
//!
//! A search may find nothing. What is made of no series is no series, and no error (ours: the page
//! does not say).

mod evaluate;
mod parse;

use jiff::Timestamp;
use thiserror::Error;

use super::metric::{MetricKey, Stat, UnknownStat};
use super::search::{Search, SearchProblem};
pub use evaluate::Inputs;
pub use parse::parse;

/// The longest expression CloudWatch takes.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>.
const MAXIMUM_CHARACTERS: usize = 2_048;
/// Nesting beyond this is refused, so that no input can exhaust the stack.
const MAXIMUM_DEPTH: usize = 64;
/// Standard deviations of a band whose width is left out.
const DEFAULT_BAND_WIDTH: f64 = 2.0;

/// Values at equal steps; `f64::NAN` is a missing datapoint.
#[derive(Debug, Clone)]
pub struct TimeSeries {
    /// The start of the first period.
    pub start: Timestamp,
    /// Seconds from one value to the next, > 0.
    pub period_seconds: u32,
    /// One value a period.
    pub values: Vec<f64>,
    /// The metric it is made of; none of a series that is made of several.
    pub of: Option<OfMetric>,
}

/// The one metric that a series is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfMetric {
    /// The metric.
    pub key: MetricKey,
    /// What tells it from others of an array.
    pub label: String,
}

impl TimeSeries {
    /// The start of each period, as many as there are values.
    pub fn timestamps(&self) -> impl Iterator<Item = Timestamp> {
        let (start, period) = (self.start.as_second(), i64::from(self.period_seconds));
        (0_i64..).zip(&self.values).map(move |(position, _)| {
            Timestamp::from_second(start + position * period).unwrap_or(Timestamp::MAX)
        })
    }

    /// The datapoints there are, in time order.
    #[must_use]
    pub fn points(&self) -> Vec<(Timestamp, f64)> {
        let all = self.timestamps().zip(self.values.iter().copied());
        all.filter(|(_, value)| !value.is_nan()).collect()
    }
}

/// What an expression yields.
#[derive(Debug, Clone)]
pub enum Value {
    /// A number; not allowed as the final result.
    Scalar(f64),
    /// A time series.
    Series(TimeSeries),
    /// Several time series; of a band the upper edge, then the lower.
    Array(Vec<TimeSeries>),
}

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    root: Node,
}

/// A `SEARCH` within an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchCall {
    /// What is searched.
    pub search: Search,
    /// The statistic of each period.
    pub stat: Stat,
    /// Seconds per datapoint, a multiple of 60; left out when the query says it.
    pub period_seconds: Option<u32>,
}

/// An expression that cannot be read or evaluated, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at character {}: {problem}", at + 1)]
pub struct MathError {
    /// Characters before the place.
    pub at: usize,
    /// What is wrong there.
    pub problem: MathProblem,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MathProblem {
    /// A character that starts nothing.
    #[error("unexpected `{0}`")]
    Unexpected(String),
    /// The text ends too early.
    #[error("the expression ends where {0} is expected")]
    Ends(&'static str),
    /// Something else is needed here.
    #[error("expected {expected}, found `{found}`")]
    Expected {
        /// What would be right.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A function this model does not have.
    #[error("unknown function `{0}`")]
    UnknownFunction(String),
    /// A name that no query has.
    #[error("unknown id `{0}`")]
    UnknownId(String),
    /// A function with too few, too many or the wrong arguments.
    #[error("{0}")]
    Arguments(&'static str),
    /// What is to be searched is no search.
    #[error(transparent)]
    Search(#[from] SearchProblem),
    /// A search for a statistic that there is not.
    #[error(transparent)]
    Statistic(#[from] UnknownStat),
    /// Two series of different periods.
    #[error("series with periods of {0} and {1} seconds cannot be combined")]
    Periods(u32, u32),
    /// Parentheses within parentheses without end.
    #[error("nested more than {MAXIMUM_DEPTH} deep")]
    TooDeep,
    /// More text than CloudWatch takes.
    #[error("longer than {MAXIMUM_CHARACTERS} characters")]
    TooLong,
}

/// One piece of an expression and where it starts, in characters.
#[derive(Debug, Clone, PartialEq)]
struct Node {
    at: usize,
    kind: NodeKind,
}

#[derive(Debug, Clone, PartialEq)]
enum NodeKind {
    Number(f64),
    Id(String),
    Array(Vec<Node>),
    Negation(Box<Node>),
    Operation(Operator, Box<Node>, Box<Node>),
    /// `METRICS()`, or only those whose id contains the text.
    Metrics(Option<String>),
    Period(String),
    Band(String, Option<Box<Node>>),
    Search(Box<SearchCall>),
    Reduction(Reduction, Box<Node>),
    Each(Each, Box<Node>),
    Pick(Pick, Box<Node>),
    RemoveEmpty(Box<Node>),
    Fill(Box<Node>, Filler),
    If(Box<Node>, Box<Node>, Option<Box<Node>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reduction {
    Sum,
    Average,
    Minimum,
    Maximum,
}

/// What changes each value by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Each {
    Absolute,
    Ceiling,
    Floor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pick {
    First,
    Last,
}

#[derive(Debug, Clone, PartialEq)]
enum Filler {
    Value(Box<Node>),
    Repeat,
    Linear,
}

/// What an expression refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'expression> {
    /// The result of the query with this id.
    Id(&'expression str),
    /// The band of the query with this id.
    BandOf(&'expression str),
    /// Every metric of the request, or those whose id contains the text.
    Metrics(Option<&'expression str>),
}

impl Expression {
    /// Everything the expression refers to, with its place, in the order of the text.
    #[must_use]
    pub fn references(&self) -> Vec<(usize, Reference<'_>)> {
        let mut found = Vec::new();
        self.root.visit(&mut |node| match &node.kind {
            NodeKind::Id(id) | NodeKind::Period(id) => found.push((node.at, Reference::Id(id))),
            NodeKind::Band(id, _) => found.push((node.at, Reference::BandOf(id))),
            NodeKind::Metrics(part) => {
                found.push((node.at, Reference::Metrics(part.as_deref())));
            }
            NodeKind::Number(_)
            | NodeKind::Array(_)
            | NodeKind::Negation(_)
            | NodeKind::Operation(..)
            | NodeKind::Search(_)
            | NodeKind::Reduction(..)
            | NodeKind::Each(..)
            | NodeKind::Pick(..)
            | NodeKind::RemoveEmpty(_)
            | NodeKind::Fill(..)
            | NodeKind::If(..) => {}
        });
        found
    }

    /// Every search of the expression, with its place, in the order of the text.
    #[must_use]
    pub fn searches(&self) -> Vec<(usize, &SearchCall)> {
        let mut found = Vec::new();
        self.root.visit(&mut |node| {
            if let NodeKind::Search(call) = &node.kind {
                found.push((node.at, call.as_ref()));
            }
        });
        found
    }

    /// Whether the expression is nothing but an anomaly band.
    #[must_use]
    pub fn is_band(&self) -> bool {
        matches!(self.root.kind, NodeKind::Band(..))
    }

    /// The expression's value over the inputs' window.
    ///
    /// # Errors
    ///
    /// An id without a value, arguments of the wrong kind, series of different periods.
    pub fn evaluate(&self, inputs: &Inputs<'_>) -> Result<Value, MathError> {
        evaluate::evaluate(&self.root, inputs)
    }
}

impl Node {
    fn visit<'node>(&'node self, found: &mut impl FnMut(&'node Self)) {
        found(self);
        match &self.kind {
            NodeKind::Number(_)
            | NodeKind::Id(_)
            | NodeKind::Metrics(_)
            | NodeKind::Period(_)
            | NodeKind::Search(_)
            | NodeKind::Band(_, None) => {}
            NodeKind::Array(items) => items.iter().for_each(|item| item.visit(found)),
            NodeKind::Negation(inner)
            | NodeKind::Band(_, Some(inner))
            | NodeKind::Reduction(_, inner)
            | NodeKind::Each(_, inner)
            | NodeKind::Pick(_, inner)
            | NodeKind::RemoveEmpty(inner) => inner.visit(found),
            NodeKind::Operation(_, left, right) => {
                left.visit(found);
                right.visit(found);
            }
            NodeKind::Fill(inner, filler) => {
                inner.visit(found);
                if let Filler::Value(value) = filler {
                    value.visit(found);
                }
            }
            NodeKind::If(condition, yes, no) => {
                condition.visit(found);
                yes.visit(found);
                if let Some(no) = no {
                    no.visit(found);
                }
            }
        }
    }

    fn error<T>(&self, problem: MathProblem) -> Result<T, MathError> {
        Err(MathError { at: self.at, problem })
    }
}

#[cfg(test)]
mod tests;
