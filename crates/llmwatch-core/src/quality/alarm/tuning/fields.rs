//! The fields one entry of the tuning may have.

use serde_json::{Map, Value};

use crate::alarm::tuning::Problems;
use crate::excerpt::excerpt;
use crate::quality::alarm::{BadSide, Line, PERIOD_SECONDS, QualityDefinition, QualityKind};
use crate::quality::{Metric, Range};

/// Datapoints an alarm looks back at most: a day of them.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>.
const MOST_PERIODS: u32 = 86_400 / PERIOD_SECONDS;

/// Above this, an amount is a slip of the pen.
const MOST: f64 = 1e6;

/// What an entry changes; `None` leaves the wider entry's or the catalogue's value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Adjustment {
    pub(super) enabled: Option<bool>,
    pub(super) warning: Option<Line>,
    pub(super) critical: Option<Line>,
    pub(super) minimum_samples: Option<u32>,
    /// M and N; always both, so that no combination of entries can make M exceed N.
    pub(super) evaluation: Option<(u32, u32)>,
}

/// Reads the fields of one kind; what is wrong with them goes to `problems`.
pub(super) fn read(
    place: &str,
    row: &QualityDefinition,
    value: &Value,
    problems: &mut Problems,
) -> Option<Adjustment> {
    let Some(fields) = value.as_object() else {
        problems.add(place, r#"must be an object of fields, for example {"warning": 0.9}"#);
        return None;
    };
    let mut adjustment = Adjustment::default();
    for (word, value) in fields {
        let read = match word.as_str() {
            "enabled" => value
                .as_bool()
                .map(|enabled| adjustment.enabled = Some(enabled))
                .ok_or_else(|| "write true or false".to_owned()),
            "warning" => line(row, value).map(|line| adjustment.warning = Some(line)),
            "critical" => line(row, value).map(|line| adjustment.critical = Some(line)),
            "width" if has_band(row) => {
                width(value).map(|width| adjustment.warning = Some(Line::Band(width)))
            }
            "minimum_samples" => {
                whole(value, 1_000_000).map(|samples| adjustment.minimum_samples = Some(samples))
            }
            "datapoints_to_alarm" | "evaluation_periods" => whole(value, MOST_PERIODS).map(|_| ()),
            _ => {
                let place = format!("{place}.{}", excerpt(word));
                problems
                    .add(&place, format_args!("is no field of this kind; it takes {}", known(row)));
                continue;
            }
        };
        if let Err(mend) = read {
            let value = excerpt(&value.to_string());
            problems.add(&format!("{place}.{word}"), format_args!("is {value}; {mend}"));
        }
    }
    evaluation(place, fields, &mut adjustment, problems);
    consistent(place, row, fields, &adjustment, problems);
    Some(adjustment)
}

fn known(row: &QualityDefinition) -> &'static str {
    if has_band(row) {
        "enabled, warning, critical, width, minimum_samples, datapoints_to_alarm, \
         evaluation_periods"
    } else {
        "enabled, warning, critical, minimum_samples, datapoints_to_alarm, evaluation_periods"
    }
}

/// A band is a model of its own that costs and trains, so only the kind made for it has one.
fn has_band(row: &QualityDefinition) -> bool {
    row.kind == QualityKind::LowRefusal
}

fn line(row: &QualityDefinition, value: &Value) -> Result<Line, String> {
    if value.as_str() == Some("off") {
        return Ok(Line::Off);
    }
    let most = most(row.metric);
    value
        .as_f64()
        .filter(|line| *line > 0.0 && *line <= most)
        .map(Line::At)
        .ok_or_else(|| format!(r#"write a number above 0, at most {most}, or "off""#))
}

fn most(metric: Metric) -> f64 {
    let range = Metric::ALL.iter().find(|facts| facts.metric == metric).map(|facts| facts.range);
    match range {
        Some(Range::Score | Range::Ratio) => 1.0,
        Some(Range::Amount) | None => MOST,
    }
}

fn width(value: &Value) -> Result<f64, String> {
    value
        .as_f64()
        .filter(|width| *width > 0.0 && *width <= 100.0)
        .ok_or_else(|| "write standard deviations above 0, at most 100".to_owned())
}

fn whole(value: &Value, most: u32) -> Result<u32, String> {
    value
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| format!("write a whole number from 1 to {most}"))
}

fn evaluation(
    place: &str,
    fields: &Map<String, Value>,
    adjustment: &mut Adjustment,
    problems: &mut Problems,
) {
    let given = |word: &str| fields.get(word).map(|value| whole(value, MOST_PERIODS));
    match (given("datapoints_to_alarm"), given("evaluation_periods")) {
        (None, None) | (Some(Err(_)), _) | (_, Some(Err(_))) => {}
        (Some(Ok(_)), None) => problems.add(
            &format!("{place}.datapoints_to_alarm"),
            "stands alone; write evaluation_periods beside it",
        ),
        (None, Some(Ok(_))) => problems.add(
            &format!("{place}.evaluation_periods"),
            "stands alone; write datapoints_to_alarm beside it",
        ),
        (Some(Ok(m)), Some(Ok(n))) if m > n => problems.add(
            &format!("{place}.datapoints_to_alarm"),
            format_args!("is {m}, more than evaluation_periods {n}; write at most {n}"),
        ),
        (Some(Ok(_)), Some(Ok(n))) if n < 4 => problems.add(
            &format!("{place}.evaluation_periods"),
            format_args!("is {n}; scores arrive late and would be missed, so write at least 4"),
        ),
        (Some(Ok(m)), Some(Ok(n))) => adjustment.evaluation = Some((m, n)),
    }
}

/// A critical line that is reached before the warning is a mix-up.
fn consistent(
    place: &str,
    row: &QualityDefinition,
    fields: &Map<String, Value>,
    adjustment: &Adjustment,
    problems: &mut Problems,
) {
    if fields.contains_key("width") && fields.contains_key("warning") {
        problems.add(&format!("{place}.width"), "stands beside warning; write one of them");
    }
    let (Some(Line::At(warning)), Some(Line::At(critical))) =
        (adjustment.warning, adjustment.critical)
    else {
        return;
    };
    let (is_mixed_up, mend) = match row.bad {
        BadSide::Below => (critical >= warning, "below"),
        BadSide::AtLeast => (critical <= warning, "above"),
    };
    if is_mixed_up {
        problems.add(
            &format!("{place}.critical"),
            format_args!("is {critical}; write a number {mend} warning {warning}"),
        );
    }
}
