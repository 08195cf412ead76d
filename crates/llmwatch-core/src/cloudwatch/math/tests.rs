//! Documented examples, the rules of the module documentation, and inputs that are no expressions.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::cloudwatch::band::{Band, Bands, Training};

const MISSING: f64 = f64::NAN;

fn series(values: &[f64]) -> TimeSeries {
    TimeSeries {
        start: Timestamp::UNIX_EPOCH,
        period_seconds: 60,
        values: values.to_vec(),
        of: None,
    }
}

fn evaluate_with(
    text: &str,
    metrics: &[(&str, &[f64])],
    bands: &Bands,
) -> Result<Value, MathError> {
    let values: Vec<(&str, Value)> =
        metrics.iter().map(|(id, values)| (*id, Value::Series(series(values)))).collect();
    let expression = parse(text)?;
    let inputs = Inputs {
        values: values.iter().map(|(id, value)| (*id, value)).collect(),
        metrics: values.iter().map(|(id, _)| *id).collect(),
        found: found_by(&expression),
        bands,
    };
    expression.evaluate(&inputs)
}

/// A search for `none` finds nothing; any other finds two series, `1 - 3 -` and `- - 5 -`.
fn found_by(expression: &Expression) -> BTreeMap<usize, Vec<TimeSeries>> {
    let none = crate::cloudwatch::search::Search::parse("none").unwrap();
    let two = [[1.0, MISSING, 3.0, MISSING], [MISSING, MISSING, 5.0, MISSING]];
    let found = |call: &SearchCall| match call.search == none {
        true => Vec::new(),
        false => two.iter().map(|values| series(values)).collect(),
    };
    expression.searches().into_iter().map(|(at, call)| (at, found(call))).collect()
}

/// m1 and m2 are the series the cases speak of.
fn evaluate(text: &str, m1: &[f64], m2: &[f64]) -> Result<Value, MathError> {
    evaluate_with(text, &[("m1", m1), ("m2", m2)], &Bands::new())
}

/// Rounded, with `-` for a missing datapoint.
fn shown(value: &Value) -> String {
    let one = |value: &f64| match value {
        value if value.is_nan() => "-".to_owned(),
        value => format!("{value}"),
    };
    let row = |series: &TimeSeries| series.values.iter().map(one).collect::<Vec<_>>().join(" ");
    match value {
        Value::Scalar(number) => format!("number {}", one(number)),
        Value::Series(series) => row(series),
        Value::Array(all) => all.iter().map(row).collect::<Vec<_>>().join(" | "),
    }
}

/// m1 is `1 2 - -`, m2 is `10 - 30 -`.
#[track_caller]
fn check(text: &str, expected: &str) {
    let found = evaluate(text, &[1.0, 2.0, MISSING, MISSING], &[10.0, MISSING, 30.0, MISSING]);
    assert_eq!(found.map(|value| shown(&value)).as_deref(), Ok(expected), "{text}");
}

#[test]
fn the_documented_examples_hold() {
    let text = include_str!("../../../test_data/cloudwatch/metric-math.json");
    let fixture: Json = serde_json::from_str(text).unwrap();
    let numbers = |row: &Json| -> Vec<f64> {
        row.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(MISSING)).collect()
    };
    for case in fixture["cases"].as_array().unwrap() {
        let metrics: Vec<(&str, Vec<f64>)> = case["metrics"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(id, row)| (id.as_str(), numbers(row)))
            .collect();
        let metrics: Vec<(&str, &[f64])> =
            metrics.iter().map(|(id, row)| (*id, row.as_slice())).collect();
        let text = case["expression"].as_str().unwrap();
        let found = evaluate_with(text, &metrics, &Bands::new()).unwrap();
        assert_eq!(
            shown(&found),
            shown(&Value::Series(series(&numbers(&case["output"])))),
            "{text}"
        );
    }
}

#[test]
fn a_value_missing_on_one_side_is_0() {
    check("m1 + m2", "11 2 30 -");
    check("m1 - m2", "-9 2 -30 -");
    check("m1 * m2", "10 0 0 -");
    check("m1 < m2", "1 0 1 -");
}

#[test]
fn a_division_by_zero_drops_the_datapoint() {
    check("m1 / m2", "0.1 - 0 -");
    check("m1 / 0", "- - - -");
}

#[test]
fn with_a_number_missing_stays_missing() {
    check("m1 + 1", "2 3 - -");
    check("100 * m1", "100 200 - -");
    check("m1 >= 2", "0 1 - -");
    check("-m1", "-1 -2 - -");
}

#[test]
fn precedence_is_the_usual_one() {
    check("1 + 2 * m1", "3 5 - -");
    check("(1 + 2) * m1", "3 6 - -");
    check("m1 - 1 - 1", "-1 0 - -");
    check("8 / 4 / m1", "2 1 - -");
    check("m1 + 1 > 2 AND m1 < 3 OR m1 == 7", "0 1 - -");
    check("m1 * -2", "-2 -4 - -");
    check("1.5e1 + m1", "16 17 - -");
}

#[test]
fn fill_covers_every_period() {
    check("FILL(m1, 0)", "1 2 0 0");
    check("FILL(m2, REPEAT)", "10 10 30 30");
    check("FILL(m2, LINEAR)", "10 20 30 -");
    check("FILL(m2, m1)", "10 2 30 -");
    check("FILL(m2, MIN(m2))", "10 10 30 10");
    check("FILL(METRICS(), 0)", "1 2 0 0 | 10 0 30 0");
    check("SUM([FILL(m1, 0), FILL(m2, 0)])", "11 2 30 0");
}

#[test]
fn repeat_leaves_a_gap_at_the_start() {
    let found = evaluate("FILL(m1, REPEAT)", &[MISSING, 1.0, MISSING], &[]).unwrap();
    assert_eq!(shown(&found), "- 1 1");
}

#[test]
fn a_metric_without_datapoints_is_filled_too() {
    let found = evaluate("FILL(m1, 0)", &[MISSING; 3], &[]).unwrap();
    assert_eq!(shown(&found), "0 0 0");
}

#[test]
fn functions_of_an_array_go_over_its_members() {
    check("SUM([m1, m2])", "11 2 30 -");
    check("SUM(METRICS())", "11 2 30 -");
    check("SUM(METRICS(\"2\"))", "10 - 30 -");
    check("AVG([m1, m2])", "5.5 1 15 -");
    check("MIN([m1, m2])", "1 2 30 -");
    check("MAX([m1, m2])", "10 2 30 -");
    check("FIRST([m1, m2])", "1 2 - -");
    check("LAST([m1, m2])", "10 - 30 -");
    check("[m1, m2] * 2", "2 4 - - | 20 - 60 -");
    check("[m1, m2] / m1", "1 1 - - | 10 0 - -");
}

#[test]
fn functions_of_one_series_give_a_number() {
    check("SUM(m1)", "number 3");
    check("AVG(m2)", "number 20");
    check("MAX(m2) - MIN(m2)", "number 20");
    check("m1 / PERIOD(m1) * 60", "1 2 - -");
}

#[test]
fn each_value_is_rounded_by_itself() {
    check("CEIL(m1 / 4)", "1 1 - -");
    check("FLOOR(m1 / 2)", "0 1 - -");
    check("ABS(m1 - m2)", "9 2 30 -");
    check("SUM(CEIL([m1, m2] / 4))", "4 1 8 -");
    check_error("CEIL(1.5)", "at character 6: a time series is needed here");
}

#[test]
fn series_without_a_datapoint_can_be_removed() {
    check("REMOVE_EMPTY([m1, m2])", "1 2 - - | 10 - 30 -");
    check("REMOVE_EMPTY([m1 / 0, m2])", "10 - 30 -");
    check("AVG([m1 / 0, m2])", "5 - 15 -");
    check("AVG(REMOVE_EMPTY([m1 / 0, m2]))", "10 - 30 -");
    check("SUM(REMOVE_EMPTY(SEARCH('{N} a', 'Sum', 60)))", "1 - 8 -");
    check_error("REMOVE_EMPTY(m1)", "at character 14: REMOVE_EMPTY takes an array");
}

#[test]
fn a_search_is_an_array() {
    check("SEARCH('{N} a', 'Sum', 60)", "1 - 3 - | - - 5 -");
    check("SEARCH('{N} a', 'p99.9')", "1 - 3 - | - - 5 -");
    check("SUM(SEARCH('{N} a', 'Sum', 60))", "1 - 8 -");
    check("AVG(SEARCH('{N} a', 'Sum', 60))", "0.5 - 4 -");
    check("MAX(SEARCH('{N} a', 'Sum', 60))", "1 - 5 -");
    check("SEARCH('{N} a', 'Sum', 60) * 0 + 1", "1 - 1 - | - - 1 -");
    check("SUM(SEARCH('{N} a', 'Sum', 60) * 0 + 1)", "1 - 2 -");
    check("SEARCH('a', 'Sum', 60) - m1", "0 -2 3 - | -1 -2 5 -");
    check("SUM(SEARCH('a', 'Sum', 60)) - SUM(SEARCH('b', 'Sum', 60))", "0 - 0 -");
}

#[test]
fn of_nothing_found_nothing_is_made() {
    for text in [
        "SEARCH('none', 'Sum', 60)",
        "SUM(SEARCH('none', 'Sum', 60))",
        "FIRST(SEARCH('none', 'Sum', 60))",
        "CEIL(SEARCH('none', 'Sum', 60)) * 2",
        "FILL(SEARCH('none', 'Sum', 60), 0)",
        "FILL(m1, SUM(SEARCH('none', 'Sum', 60)))",
        "m1 - SUM(SEARCH('none', 'Sum', 60))",
        "IF(SUM(SEARCH('none', 'Sum', 60)), m1)",
        "IF(m1, SUM(SEARCH('none', 'Sum', 60)), 0)",
        "SUM(METRICS(\"9\"))",
    ] {
        check(text, "");
    }
    check("SUM([SEARCH('none', 'Sum', 60), m1])", "1 2 - -");
}

#[test]
fn a_wrong_search_is_refused_with_its_place() {
    check_error("SEARCH(m1)", "at character 8: expected a search in single quotes, found `m1`");
    check_error("SEARCH('a')", "at character 11: expected ,, found `)`");
    check_error(
        "SEARCH('a', Sum)",
        "at character 13: expected a statistic in single quotes, found `Sum`",
    );
    check_error(
        "SEARCH('a', 'Median')",
        "at character 13: `Median` is not a statistic: use Sum, Average, Minimum, Maximum, \
         SampleCount or p0 to p100",
    );
    check_error(
        "1 + SEARCH('{N', 'Sum')",
        "at character 15: the search ends where a comma or } is expected",
    );
    let period = "the period of a search is a multiple of 60 seconds";
    for wrong in ["30", "90", "0", "61.5", "1e12"] {
        check_error(&format!("SEARCH('a', 'Sum', {wrong})"), &format!("at character 20: {period}"));
    }
    check_error(
        "SEARCH('a', 'Sum', m1)",
        "at character 20: expected a period in seconds, found `m1`",
    );
}

#[test]
fn without_a_false_branch_the_datapoint_is_dropped() {
    check("IF(m1 > 1, m1)", "- 2 - -");
    check("IF(m2 >= 20, m1 / m2)", "- - 0 -");
    check("IF(1, m1, m2)", "1 2 - -");
    check("IF(0, m1)", "- - - -");
}

#[test]
fn a_band_is_its_upper_then_its_lower_edge() {
    let hour = |number: i64| Timestamp::from_second(number * 3_600).unwrap();
    let history: Vec<(Timestamp, f64)> = (0..96).map(|number| (hour(number), 100.0)).collect();
    let band = Band::train(&history, hour(96), &Training::plain()).unwrap();
    let bands = Bands::from([("m1".to_owned(), band)]);
    let found = evaluate_with("ANOMALY_DETECTION_BAND(m1, 4)", &[("m1", &[1.0])], &bands).unwrap();
    assert_eq!(shown(&found), "120 | 80");
    let default = evaluate_with("LAST(ANOMALY_DETECTION_BAND(m1))", &[("m1", &[1.0])], &bands);
    assert_eq!(shown(&default.unwrap()), "90");
    check("ANOMALY_DETECTION_BAND(m1)", "- - - - | - - - -");
    check_error(
        "ANOMALY_DETECTION_BAND(m1, -2)",
        "at character 28: the width of a band is a number above 0",
    );
}

#[test]
fn different_periods_cannot_be_combined() {
    let (minutes, hours) = (
        Value::Series(series(&[1.0])),
        Value::Series(TimeSeries { period_seconds: 3_600, ..series(&[1.0]) }),
    );
    let bands = Bands::new();
    let inputs = Inputs {
        values: BTreeMap::from([("a", &minutes), ("b", &hours)]),
        metrics: vec!["a", "b"],
        found: BTreeMap::new(),
        bands: &bands,
    };
    for text in ["a + b", "SUM([a, b])", "FILL(a, b)", "IF(a, b)"] {
        let found = parse(text).unwrap().evaluate(&inputs);
        assert!(
            matches!(found, Err(MathError { problem: MathProblem::Periods(..), .. })),
            "{text}: {found:?}"
        );
    }
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = evaluate(text, &[1.0], &[1.0]).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn errors_name_the_place() {
    check_error("", "at character 1: the expression ends where a value is expected");
    check_error("m1 +", "at character 5: the expression ends where a value is expected");
    check_error("m1 m2", "at character 4: expected an operator, found `m2`");
    check_error("(m1", "at character 4: the expression ends where ) is expected");
    check_error("m1 ^ 2", "at character 4: expected an operator, found `^`");
    check_error("m1 + é", "at character 6: unexpected `é`");
    check_error("1.2.3", "at character 1: unexpected `1.2.3`");
    check_error("m1 + SUMM(m2)", "at character 6: unknown function `SUMM`");
    check_error("m1 + m3", "at character 6: unknown id `m3`");
    check_error("REPEAT", "at character 1: unknown function `REPEAT`");
    check_error("SUM()", "at character 5: expected a value, found `)`");
    check_error("PERIOD(m1 + 1)", "at character 1: PERIOD takes the id of a metric");
    check_error(
        "IF(m1)",
        "at character 1: IF takes a condition, a value and perhaps another value",
    );
    check_error("FIRST(m1)", "at character 7: FIRST and LAST take an array");
    check_error("[m1, 2]", "at character 6: an array holds time series");
    check_error(
        "METRICS(\"m",
        "at character 9: the expression ends where a closing quote is expected",
    );
}

#[test]
fn endless_nesting_is_refused_and_a_long_chain_is_not() {
    check_error(&"(".repeat(2_000), "at character 66: nested more than 64 deep");
    check_error(&"-".repeat(2_000), "at character 66: nested more than 64 deep");
    check_error(&"1".repeat(2_049), "at character 2049: longer than 2048 characters");
    let chain = vec!["m1"; 600].join("+");
    let found = evaluate(&chain, &[1.0], &[]).unwrap();
    assert_eq!(shown(&found), "600");
}

/// Text made of the language's own pieces, which gets further than random characters.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "m1",
        "m2",
        "m9",
        "1",
        "0",
        "2.5e3",
        ".",
        "+",
        "-",
        "*",
        "/",
        "(",
        ")",
        "[",
        "]",
        ",",
        "<",
        ">=",
        "==",
        "AND",
        "||",
        "SUM(",
        "MIN(",
        "FILL(",
        "REPEAT",
        "LINEAR",
        "IF(",
        "METRICS()",
        "PERIOD(m1)",
        "FIRST(",
        "CEIL(",
        "SEARCH('{N} a', 'Sum', 60)",
        "SEARCH('none', 'Sum')",
        "ANOMALY_DETECTION_BAND(m1",
        " ",
        "\"",
        "é",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = evaluate(&text, &[1.0, MISSING], &[MISSING, 2.0]);
    }

    #[test]
    fn no_pieces_panic(text in pieces()) {
        let _ = evaluate(&text, &[1.0, MISSING], &[MISSING, 2.0]);
    }

    #[test]
    fn an_error_lies_within_the_text(text in pieces()) {
        if let Err(error) = parse(&text) {
            prop_assert!(error.at <= text.chars().count());
        }
    }

    #[test]
    fn results_are_finite_or_missing(left in any::<f64>(), right in any::<f64>()) {
        for operator in ["+", "-", "*", "/"] {
            let text = format!("m1 {operator} m2");
            let Value::Series(found) = evaluate(&text, &[left], &[right]).unwrap() else {
                panic!("a series");
            };
            if left.is_finite() && right.is_finite() {
                prop_assert!(found.values[0].is_finite() || found.values[0].is_nan());
            }
        }
    }
}
