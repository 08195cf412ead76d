//! How long callers wait.

use super::{Callers, of_model};
use crate::alarm::{AlarmKind, Statistic};
use crate::cloudwatch::metric::Stat;
use crate::cloudwatch::query::MetricDataQuery;
use crate::dashboard::alert_lines::Alarms;
use crate::dashboard::queries::{FIVE_MINUTES, curve, hidden, math};
use crate::dashboard::{AlertLine, Chart, Content, Draw, Panel, Unit, Width};

/// A wait that Bedrock measures.
pub(super) struct Wait {
    metric: &'static str,
    kind: AlarmKind,
    title: &'static str,
    says: &'static str,
}

/// To the last token.
pub(super) const FULL: Wait = Wait {
    metric: "InvocationLatency",
    kind: AlarmKind::HighLatency,
    title: "Latency",
    says: "From the request to the last token.",
};

/// To the first token.
pub(super) const FIRST_TOKEN: Wait = Wait {
    metric: "TimeToFirstToken",
    kind: AlarmKind::HighTimeToFirstToken,
    title: "Time to first token",
    says: "Streaming calls only: of other calls there is no such time.",
};

/// The percentiles shown, with the stem of their ids.
const PERCENTILES: [(f64, &str); 3] = [(50.0, "p50"), (90.0, "p90"), (99.0, "p99")];

/// Percentiles and mean. Of several callers a percentile is the highest of them, as in alarms:
/// percentiles cannot be added up. The mean is exact, the total of times by the number of calls.
pub(super) fn panel(wait: &Wait, callers: &Callers, on: Alarms<'_>) -> Panel {
    let mut queries: Vec<MetricDataQuery> = PERCENTILES
        .iter()
        .flat_map(|(percent, stem)| percentile(wait.metric, callers, *percent, stem))
        .collect();
    let (total, sum) = callers.sum("total", wait.metric, Stat::Sum, FIVE_MINUTES);
    let (counts, count) = callers.sum("count", wait.metric, Stat::SampleCount, FIVE_MINUTES);
    queries.extend(total);
    queries.extend(counts);
    queries.push(math("mean", "average", format!("{sum} / {count}")));
    let of_several = match callers {
        Callers::These(series) if series.len() == 1 => "",
        Callers::These(_) | Callers::Held(_) => {
            " A percentile is that of the slowest caller; the average is over all calls."
        }
    };
    Panel {
        title: wait.title.to_owned(),
        says: format!("{}{of_several}", wait.says),
        content: Content::Chart(Chart {
            unit: Unit::Milliseconds,
            draw: Draw::Lines,
            queries,
            lines: line(wait, on).into_iter().collect(),
            blank: None,
        }),
        width: Width::Half,
    }
}

fn percentile(metric: &str, callers: &Callers, percent: f64, stem: &str) -> Vec<MetricDataQuery> {
    let stat = Stat::Percentile(percent);
    match callers {
        Callers::These(series) => match series.as_slice() {
            // MAX of one series would be a number, so one series is drawn as it is.
            [only] => vec![curve(stem, stem, of_model(metric, only), stat, FIVE_MINUTES)],
            several => {
                let ids: Vec<String> =
                    (1..=several.len()).map(|at| format!("{stem}_{at}")).collect();
                let each = ids.iter().zip(several);
                let each =
                    each.map(|(id, model)| hidden(id, of_model(metric, model), stat, FIVE_MINUTES));
                let highest = math(stem, stem, format!("MAX([{}])", ids.join(", ")));
                each.chain([highest]).collect()
            }
        },
        Callers::Held(word) => {
            let id = format!("{stem}_all");
            let all = hidden(&id, of_model(metric, word), stat, FIVE_MINUTES);
            vec![all, math(stem, stem, format!("MAX({id})"))]
        }
    }
}

/// The alarm's line, with the statistic it is about.
fn line(wait: &Wait, on: Alarms<'_>) -> Option<AlertLine> {
    let line = on.line(wait.kind)?;
    let statistic = match on.definition(wait.kind)?.statistic {
        Statistic::Average => "average",
        Statistic::P90 => "p90",
        Statistic::P99 => "p99",
        Statistic::Sum => "sum",
        Statistic::Maximum => "maximum",
    };
    Some(AlertLine { label: format!("{} of the {statistic}", line.label), ..line })
}
