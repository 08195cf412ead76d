//! `FILL`: a value for every period of the window.

use super::{Evaluated, Inputs, NO_SERIES, evaluate, is_no_series, same_periods};
use crate::cloudwatch::math::{Filler, MathError, MathProblem, Node, TimeSeries, Value};

pub(super) fn fill(of: &Node, filler: &Filler, inputs: &Inputs<'_>) -> Evaluated {
    let filler_value = match filler {
        Filler::Repeat | Filler::Linear => None,
        Filler::Value(node) => Some((node.at, evaluate(node, inputs)?)),
    };
    if filler_value.as_ref().is_some_and(|(_, value)| is_no_series(value)) {
        return Ok(NO_SERIES);
    }
    let fill_one = |mut series: TimeSeries| -> Result<TimeSeries, MathError> {
        match (filler, &filler_value) {
            (Filler::Linear, _) => draw_lines(&mut series.values),
            (_, None) => repeat(&mut series.values),
            (_, Some((_, Value::Scalar(number)))) => {
                series.values.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = *number);
            }
            (_, Some((at, Value::Series(other)))) => {
                let same = same_periods(&series, other);
                same.map_err(|problem| MathError { at: *at, problem })?;
                let pairs = series.values.iter_mut().zip(&other.values);
                pairs.filter(|(v, _)| v.is_nan()).for_each(|(v, other)| *v = *other);
            }
            (_, Some((at, Value::Array(_)))) => {
                let problem = MathProblem::Arguments("FILL takes a number, one series or a word");
                return Err(MathError { at: *at, problem });
            }
        }
        Ok(series)
    };
    match evaluate(of, inputs)? {
        Value::Scalar(_) => of.error(MathProblem::Arguments("FILL takes a time series")),
        Value::Series(series) => fill_one(series).map(Value::Series),
        Value::Array(all) => {
            all.into_iter().map(fill_one).collect::<Result<_, _>>().map(Value::Array)
        }
    }
}

fn repeat(values: &mut [f64]) {
    let mut last = f64::NAN;
    for value in values {
        if value.is_nan() {
            *value = last;
        } else {
            last = *value;
        }
    }
}

fn draw_lines(values: &mut [f64]) {
    let mut before: Option<usize> = None;
    for position in 0..values.len() {
        if values[position].is_nan() {
            continue;
        }
        if let Some(start) = before {
            let step = (values[position] - values[start]) / (position - start) as f64;
            for gap in start + 1..position {
                values[gap] = values[start] + step * (gap - start) as f64;
            }
        }
        before = Some(position);
    }
}
