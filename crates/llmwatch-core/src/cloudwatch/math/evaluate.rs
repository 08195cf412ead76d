//! Evaluates an expression period by period; a missing datapoint is NaN throughout.

mod fill;

use std::collections::BTreeMap;

use fill::fill;

use super::{
    DEFAULT_BAND_WIDTH, Each, MathError, MathProblem, Node, NodeKind, Operator, Pick, Reduction,
    TimeSeries, Value,
};
use crate::cloudwatch::band::Bands;

/// What the ids of an expression stand for.
#[derive(Debug)]
pub struct Inputs<'values> {
    /// The value of every id the expression refers to.
    pub values: BTreeMap<&'values str, &'values Value>,
    /// The ids among them that are metrics, in the order of the request.
    pub metrics: Vec<&'values str>,
    /// What each search of the expression found, by its place.
    pub found: BTreeMap<usize, Vec<TimeSeries>>,
    /// The trained bands; an id without one has no band anywhere.
    pub bands: &'values Bands,
}

type Evaluated = Result<Value, MathError>;

/// What is made of a search that found nothing.
const NO_SERIES: Value = Value::Array(Vec::new());

fn is_no_series(value: &Value) -> bool {
    matches!(value, Value::Array(all) if all.is_empty())
}

pub(super) fn evaluate(node: &Node, inputs: &Inputs<'_>) -> Evaluated {
    match &node.kind {
        NodeKind::Number(number) => Ok(Value::Scalar(*number)),
        NodeKind::Id(id) => value_of(node, id, inputs).cloned(),
        NodeKind::Array(items) => array(items, inputs),
        NodeKind::Negation(inner) => Ok(map(evaluate(inner, inputs)?, |value| -value)),
        NodeKind::Operation(..) => operations(node, inputs),
        NodeKind::Metrics(part) => metrics(node, part.as_deref(), inputs),
        NodeKind::Period(id) => match value_of(node, id, inputs)? {
            Value::Series(series) => Ok(Value::Scalar(f64::from(series.period_seconds))),
            Value::Scalar(_) | Value::Array(_) => {
                node.error(MathProblem::Arguments("PERIOD takes the id of a metric"))
            }
        },
        NodeKind::Band(id, width) => band(node, id, width.as_deref(), inputs),
        NodeKind::Search(_) => match inputs.found.get(&node.at) {
            Some(found) => Ok(Value::Array(found.clone())),
            None => node.error(MathProblem::Arguments("nothing was searched for this SEARCH")),
        },
        NodeKind::Reduction(how, of) => reduce(of, *how, inputs),
        NodeKind::Each(how, of) => each(of, *how, inputs),
        NodeKind::Pick(which, of) => pick(of, *which, inputs),
        NodeKind::RemoveEmpty(of) => remove_empty(of, inputs),
        NodeKind::Fill(of, filler) => fill(of, filler, inputs),
        NodeKind::If(condition, yes, no) => conditional(condition, yes, no.as_deref(), inputs),
    }
}

fn value_of<'values>(
    node: &Node,
    id: &str,
    inputs: &Inputs<'values>,
) -> Result<&'values Value, MathError> {
    let unknown = || MathError { at: node.at, problem: MathProblem::UnknownId(id.to_owned()) };
    inputs.values.get(id).copied().ok_or_else(unknown)
}

fn array(items: &[Node], inputs: &Inputs<'_>) -> Evaluated {
    let mut all = Vec::new();
    for item in items {
        match evaluate(item, inputs)? {
            Value::Series(series) => all.push(series),
            Value::Array(series) => all.extend(series),
            Value::Scalar(_) => {
                return item.error(MathProblem::Arguments("an array holds time series"));
            }
        }
    }
    Ok(Value::Array(all))
}

fn metrics(node: &Node, part: Option<&str>, inputs: &Inputs<'_>) -> Evaluated {
    let mut all = Vec::new();
    for id in inputs.metrics.iter().filter(|id| part.is_none_or(|part| id.contains(part))) {
        if let Value::Series(series) = value_of(node, id, inputs)? {
            all.push(series.clone());
        }
    }
    Ok(Value::Array(all))
}

/// A chain of operators, from its leftmost operand on: chains may be long, nesting may not.
fn operations(node: &Node, inputs: &Inputs<'_>) -> Evaluated {
    let mut chain = Vec::new();
    let mut leftmost = node;
    while let NodeKind::Operation(operator, left, right) = &leftmost.kind {
        chain.push((leftmost.at, *operator, right.as_ref()));
        leftmost = left.as_ref();
    }
    let mut value = evaluate(leftmost, inputs)?;
    for (at, operator, right) in chain.into_iter().rev() {
        let right = evaluate(right, inputs)?;
        value = operate(operator, value, right).map_err(|problem| MathError { at, problem })?;
    }
    Ok(value)
}

fn operate(operator: Operator, left: Value, right: Value) -> Result<Value, MathProblem> {
    match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => {
            Ok(Value::Scalar(apply(operator, left, right)))
        }
        (Value::Scalar(left), right) => Ok(map(right, |value| apply(operator, left, value))),
        (left, Value::Scalar(right)) => Ok(map(left, |value| apply(operator, value, right))),
        (Value::Series(left), Value::Series(right)) => {
            let joined = join(operator, left, &right)?;
            Ok(Value::Series(TimeSeries { of: None, ..joined }))
        }
        (Value::Array(left), Value::Series(right)) => left
            .into_iter()
            .map(|series| join(operator, series, &right))
            .collect::<Result<_, _>>()
            .map(Value::Array),
        (Value::Series(left), Value::Array(right)) => right
            .iter()
            .map(|series| {
                let left = TimeSeries { of: series.of.clone(), ..left.clone() };
                join(operator, left, series)
            })
            .collect::<Result<_, _>>()
            .map(Value::Array),
        (Value::Array(left), Value::Array(right)) => {
            if left.len() != right.len() {
                return Err(MathProblem::Arguments("the arrays differ in length"));
            }
            let pairs = left.into_iter().zip(&right);
            pairs
                .map(|(left, right)| join(operator, left, right))
                .collect::<Result<_, _>>()
                .map(Value::Array)
        }
    }
}

/// Two series value by value, 0 for the side that is missing where the other is not.
fn join(
    operator: Operator,
    mut left: TimeSeries,
    right: &TimeSeries,
) -> Result<TimeSeries, MathProblem> {
    same_periods(&left, right)?;
    for (value, other) in left.values.iter_mut().zip(&right.values) {
        *value = match (value.is_nan(), other.is_nan()) {
            (true, true) => f64::NAN,
            (true, false) => apply(operator, 0.0, *other),
            (false, true) => apply(operator, *value, 0.0),
            (false, false) => apply(operator, *value, *other),
        };
    }
    Ok(left)
}

fn same_periods(left: &TimeSeries, right: &TimeSeries) -> Result<(), MathProblem> {
    if left.period_seconds == right.period_seconds && left.values.len() == right.values.len() {
        Ok(())
    } else {
        Err(MathProblem::Periods(left.period_seconds, right.period_seconds))
    }
}

/// The result of one operation; NaN for a missing operand or a result that is no number.
fn apply(operator: Operator, left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        return f64::NAN;
    }
    let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
    let result = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Equal => truth(left == right),
        Operator::NotEqual => truth(left != right),
        Operator::Less => truth(left < right),
        Operator::LessOrEqual => truth(left <= right),
        Operator::Greater => truth(left > right),
        Operator::GreaterOrEqual => truth(left >= right),
        Operator::And => truth(left != 0.0 && right != 0.0),
        Operator::Or => truth(left != 0.0 || right != 0.0),
    };
    if result.is_finite() { result } else { f64::NAN }
}

fn map(value: Value, change: impl Fn(f64) -> f64) -> Value {
    let change_all = |mut series: TimeSeries| {
        series.values.iter_mut().for_each(|value| *value = change(*value));
        series
    };
    match value {
        Value::Scalar(number) => Value::Scalar(change(number)),
        Value::Series(series) => Value::Series(change_all(series)),
        Value::Array(all) => Value::Array(all.into_iter().map(change_all).collect()),
    }
}

/// Of one series a number over its datapoints; of an array a series over its members.
fn reduce(of: &Node, how: Reduction, inputs: &Inputs<'_>) -> Evaluated {
    match evaluate(of, inputs)? {
        Value::Scalar(_) => of.error(MathProblem::Arguments("a time series is needed here")),
        Value::Series(series) => {
            let present: Vec<f64> = series.values.into_iter().filter(|v| !v.is_nan()).collect();
            Ok(Value::Scalar(reduction(how, &present, present.len())))
        }
        Value::Array(all) => {
            let Some(first) = all.first() else { return Ok(Value::Array(all)) };
            let mut result = TimeSeries { of: None, ..first.clone() };
            for series in &all {
                let same = same_periods(first, series);
                same.map_err(|problem| MathError { at: of.at, problem })?;
            }
            let mut present = Vec::with_capacity(all.len());
            for (position, value) in result.values.iter_mut().enumerate() {
                present.clear();
                present.extend(all.iter().map(|series| series.values[position]));
                present.retain(|value| !value.is_nan());
                *value = reduction(how, &present, all.len());
            }
            Ok(Value::Series(result))
        }
    }
}

/// NaN for no values at all; `members` is what an average divides by.
fn reduction(how: Reduction, present: &[f64], members: usize) -> f64 {
    if present.is_empty() {
        return f64::NAN;
    }
    let values = present.iter().copied();
    match how {
        Reduction::Sum => values.sum(),
        Reduction::Average => values.sum::<f64>() / members as f64,
        Reduction::Minimum => values.fold(f64::INFINITY, f64::min),
        Reduction::Maximum => values.fold(f64::NEG_INFINITY, f64::max),
    }
}

fn each(of: &Node, how: Each, inputs: &Inputs<'_>) -> Evaluated {
    match evaluate(of, inputs)? {
        Value::Scalar(_) => of.error(MathProblem::Arguments("a time series is needed here")),
        series => Ok(map(series, |value| match how {
            Each::Absolute => value.abs(),
            Each::Ceiling => value.ceil(),
            Each::Floor => value.floor(),
        })),
    }
}

fn pick(of: &Node, which: Pick, inputs: &Inputs<'_>) -> Evaluated {
    let Value::Array(mut all) = evaluate(of, inputs)? else {
        return of.error(MathProblem::Arguments("FIRST and LAST take an array"));
    };
    let picked = match which {
        Pick::First if all.is_empty() => None,
        Pick::First => Some(all.swap_remove(0)),
        Pick::Last => all.pop(),
    };
    Ok(picked.map_or(NO_SERIES, Value::Series))
}

/// The series of an array that have a datapoint.
fn remove_empty(of: &Node, inputs: &Inputs<'_>) -> Evaluated {
    let Value::Array(mut all) = evaluate(of, inputs)? else {
        return of.error(MathProblem::Arguments("REMOVE_EMPTY takes an array"));
    };
    all.retain(|series| series.values.iter().any(|value| !value.is_nan()));
    Ok(Value::Array(all))
}

fn conditional(condition: &Node, yes: &Node, no: Option<&Node>, inputs: &Inputs<'_>) -> Evaluated {
    let truth = evaluate(condition, inputs)?;
    let yes_value = branch(yes, inputs)?;
    let no_value = no.map(|no| branch(no, inputs)).transpose()?;
    if [Some(&truth), Some(&yes_value), no_value.as_ref()].into_iter().flatten().any(is_no_series) {
        return Ok(NO_SERIES);
    }
    let mut truth = match truth {
        Value::Series(series) => series,
        Value::Scalar(number) if number != 0.0 => return Ok(yes_value),
        Value::Scalar(_) => return Ok(no_value.unwrap_or_else(|| map(yes_value, |_| f64::NAN))),
        Value::Array(_) => {
            return condition.error(MathProblem::Arguments("IF takes one condition"));
        }
    };
    for (node, value) in [(Some(yes), Some(&yes_value)), (no, no_value.as_ref())] {
        if let (Some(node), Some(Value::Series(series))) = (node, value) {
            let same = same_periods(&truth, series);
            same.map_err(|problem| MathError { at: node.at, problem })?;
        }
    }
    for (position, value) in truth.values.iter_mut().enumerate() {
        if value.is_nan() {
            continue;
        }
        *value = if *value == 0.0 {
            no_value.as_ref().map_or(f64::NAN, |no| at_position(no, position))
        } else {
            let chosen = at_position(&yes_value, position);
            if chosen.is_nan() { 0.0 } else { chosen }
        };
    }
    Ok(Value::Series(TimeSeries { of: None, ..truth }))
}

fn branch(node: &Node, inputs: &Inputs<'_>) -> Evaluated {
    match evaluate(node, inputs)? {
        Value::Array(all) if !all.is_empty() => {
            node.error(MathProblem::Arguments("IF takes numbers and time series"))
        }
        value => Ok(value),
    }
}

fn at_position(value: &Value, position: usize) -> f64 {
    match value {
        Value::Scalar(number) => *number,
        Value::Series(series) => series.values[position],
        Value::Array(_) => f64::NAN,
    }
}

/// The upper edge, then the lower; missing everywhere without a trained band.
fn band(node: &Node, id: &str, width: Option<&Node>, inputs: &Inputs<'_>) -> Evaluated {
    let width = match width {
        None => DEFAULT_BAND_WIDTH,
        Some(width) => match evaluate(width, inputs)? {
            Value::Scalar(number) if number > 0.0 => number,
            Value::Scalar(_) | Value::Series(_) | Value::Array(_) => {
                let problem = MathProblem::Arguments("the width of a band is a number above 0");
                return width.error(problem);
            }
        },
    };
    let Value::Series(of) = value_of(node, id, inputs)? else {
        return node.error(MathProblem::Arguments("a band needs one time series"));
    };
    let trained = inputs.bands.get(id);
    let mut upper = TimeSeries {
        start: of.start,
        period_seconds: of.period_seconds,
        values: Vec::with_capacity(of.values.len()),
        of: None,
    };
    let mut lower = upper.clone();
    for at in of.timestamps() {
        let edges = trained.and_then(|band| band.edges(at, width));
        upper.values.push(edges.map_or(f64::NAN, |edges| edges.upper));
        lower.values.push(edges.map_or(f64::NAN, |edges| edges.lower));
    }
    Ok(Value::Array(vec![upper, lower]))
}
