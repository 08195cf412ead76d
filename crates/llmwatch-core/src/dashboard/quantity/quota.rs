//! How much of a quota is used, and how much is left.

use super::Callers;
use crate::alarm::pool_metrics::{NAMESPACE, QUOTA_VALUE};
use crate::alarm::{AlarmDefinition, AlarmKind, Limit, at_limit_of, definition, warning_of};
use crate::cloudwatch::metric::{MetricKey, Stat};
use crate::dashboard::alert_lines::Alarms;
use crate::dashboard::queries::{MINUTE, hidden, math, search, value_of};
use crate::dashboard::{AlertLine, Bad, Chart, Content, Draw, Panel, Row, Unit, Width};
use crate::metric_values::{DAY_SECONDS, HOUR_SECONDS};
use crate::quota::QuotaKind;
use crate::quota_used::QUOTA_USED_PERCENT;
use crate::stored::{PoolQuota, StoredPool};

/// One quota of a pool, as far as its panels need it.
pub(super) struct OfQuota<'a> {
    pool: &'a str,
    kind: QuotaKind,
    /// The value known now, where the description is of a known pool.
    known: Option<f64>,
}

/// A row of panels for the quotas a pool has; none without quotas.
pub(super) fn rows(pool: &StoredPool, callers: &Callers, on: Alarms<'_>) -> Vec<Row> {
    if pool.quotas.is_empty() {
        return Vec::new();
    }
    let label = pool.pool.label();
    let of = |quota: &PoolQuota| OfQuota {
        pool: label.as_str(),
        kind: quota.kind,
        known: Some(quota.quota.value),
    };
    let mut panels = Vec::new();
    for quota in &pool.quotas {
        let alarms = [warning_of(quota.kind), at_limit_of(quota.kind)];
        let lines = alarms.into_iter().filter_map(|kind| alarm_line(quota, kind, on)).collect();
        panels.push(utilisation(&of(quota), callers, lines));
        panels.push(headroom(&of(quota), callers));
    }
    vec![Row { title: "Quotas".to_owned(), panels }]
}

/// The panels of the pool that the viewer chooses.
pub(super) fn chosen_row(pool: &str, callers: &Callers) -> Row {
    let panels = QuotaKind::ALL.into_iter().flat_map(|kind| {
        let of = OfQuota { pool, kind, known: None };
        [utilisation(&of, callers, lines_of_the_catalogue(kind)), headroom(&of, callers)]
    });
    Row { title: "Quotas of the chosen pool".to_owned(), panels: panels.collect() }
}

/// How much of its quotas each pool used, hour by hour, whichever pools there are.
pub(super) fn every_pool_row() -> Row {
    let panel = |kind: QuotaKind| {
        let found = search(
            NAMESPACE,
            QUOTA_USED_PERCENT,
            &["Pool", "Quota"],
            &[("Quota", kind.abbreviation())],
            Stat::Maximum,
            HOUR_SECONDS,
        );
        Panel {
            title: format!("{kind} used, by pool"),
            says: match kind {
                QuotaKind::Rpm | QuotaKind::Tpm => format!("{} {}", published(kind), trap(kind)),
                // The trap is of charts by the calendar day.
                QuotaKind::Tpd => published(kind).to_owned(),
            },
            content: Content::Chart(Chart {
                unit: Unit::Percent,
                draw: Draw::Lines,
                queries: vec![math("each", &value_of("Pool"), found)],
                lines: lines_of_the_catalogue(kind),
                blank: None,
            }),
            width: Width::Third,
        }
    };
    Row { title: "Quotas used".to_owned(), panels: QuotaKind::ALL.into_iter().map(panel).collect() }
}

/// What is published of a kind, and when.
fn published(kind: QuotaKind) -> &'static str {
    match kind {
        QuotaKind::Rpm | QuotaKind::Tpm => {
            "The busiest minute of each clock hour, all callers of a pool together, in percent of \
             the quota in force; it comes 20 minutes after the hour's end."
        }
        QuotaKind::Tpd => {
            "The 24 hours that end with each clock hour, all callers of a pool together; few models \
             have such a quota. It comes 20 minutes after the hour's end."
        }
    }
}

/// The lines of a quota's alarms where they stand in the CATALOGUE, for a page of whichever pool.
fn lines_of_the_catalogue(kind: QuotaKind) -> Vec<AlertLine> {
    let line_of = |kind: AlarmKind| {
        let row = definition(kind);
        match row.limit {
            Limit::PercentOfQuota(_, percent) => Some(line(row, percent)),
            Limit::AtLeast(_) | Limit::AboveBand(_) | Limit::Budget => None,
        }
    };
    [warning_of(kind), at_limit_of(kind)].into_iter().filter_map(line_of).collect()
}

fn period(kind: QuotaKind) -> u32 {
    match kind {
        QuotaKind::Rpm | QuotaKind::Tpm => MINUTE,
        QuotaKind::Tpd => DAY_SECONDS,
    }
}

/// An alarm's threshold as a share of the quota; none of a quota of 0, whose share nobody knows, or
/// of an alarm that is switched off.
fn alarm_line(stored: &PoolQuota, kind: AlarmKind, on: Alarms<'_>) -> Option<AlertLine> {
    let row = on.definition(kind)?;
    let Limit::PercentOfQuota(_, percent) = row.limit else { return None };
    let value = stored.quota.value;
    let begins = stored.alarm_threshold(kind, percent);
    (value > 0.0).then(|| line(&row, 100.0 * begins / value))
}

fn line(row: &AlarmDefinition, percent: f64) -> AlertLine {
    AlertLine {
        label: format!("{} {}", row.kind, row.severity.word().to_lowercase()),
        value: percent,
        severity: row.severity,
        bad: Bad::Above,
    }
}

/// The quota over time as it was published, each hour's value until the next. Before the first one
/// in view it is the smallest in view, so that a raise does not make earlier usage look small;
/// where none is in view it is the value known now.
///
/// That `MIN` of a metric without a datapoint leaves `FILL` without effect is the local model's;
/// AWS does not say.
fn value_over_time(of: &OfQuota<'_>) -> (MetricKey, String) {
    let metric = MetricKey::new(
        NAMESPACE,
        QUOTA_VALUE,
        &[("Pool", of.pool), ("Quota", of.kind.abbreviation())],
    );
    let published = "FILL(FILL(quota, REPEAT), MIN(quota))".to_owned();
    let text = match of.known {
        Some(value) => format!("FILL({published}, {value})"),
        None => published,
    };
    (metric, text)
}

fn utilisation(of: &OfQuota<'_>, callers: &Callers, lines: Vec<AlertLine>) -> Panel {
    let (queries, used, value) = used_and_value(of, callers);
    let percent = math("utilisation", "used", format!("100 * {used} / {value}"));
    Panel {
        title: format!("{} used", of.kind),
        says: format!(
            "Share of the quota of {} that all callers use together. {}",
            of.kind.unit(),
            trap(of.kind)
        ),
        content: Content::Chart(Chart {
            unit: Unit::Percent,
            draw: Draw::Lines,
            queries: queries.into_iter().chain([percent]).collect(),
            lines,
            blank: None,
        }),
        width: Width::Half,
    }
}

fn headroom(of: &OfQuota<'_>, callers: &Callers) -> Panel {
    let (mut queries, used, value) = used_and_value(of, callers);
    queries.push(math("used", "used", used));
    queries.push(math("value", "quota", value));
    // A difference takes what is missing for 0: without the condition a pool that has no such quota
    // would seem to be far beyond it.
    queries.push(math("headroom", "headroom", "IF(value >= 0, value - used)".to_owned()));
    Panel {
        title: format!("{}: used, quota and headroom", of.kind),
        says: format!("In {}; headroom below 0 is use beyond the quota.", of.kind.unit()),
        content: Content::Chart(Chart {
            unit: Unit::Count,
            draw: Draw::Signed,
            queries,
            lines: Vec::new(),
            blank: None,
        }),
        width: Width::Half,
    }
}

fn used_and_value(
    of: &OfQuota<'_>,
    callers: &Callers,
) -> (Vec<crate::cloudwatch::query::MetricDataQuery>, String, String) {
    let (metric, value) = value_over_time(of);
    let usage = definition(warning_of(of.kind)).metric;
    let (mut queries, used) = callers.sum("m", usage, Stat::Sum, period(of.kind));
    queries.push(hidden("quota", metric, Stat::Maximum, period(of.kind)));
    (queries, used, value)
}

/// What the reader of a kind's panels must know.
fn trap(kind: QuotaKind) -> &'static str {
    match kind {
        QuotaKind::Rpm => "Throttled requests are not counted.",
        QuotaKind::Tpm => {
            "Bedrock's own estimate, output weighted. What a call reserves by max_tokens when it \
             begins is not in it: throttles far below 100 % mean that."
        }
        QuotaKind::Tpd => {
            "A day is a calendar day in UTC here, the last one so far; look at a week."
        }
    }
}
