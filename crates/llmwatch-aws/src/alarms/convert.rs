//! Between the SDK's alarms and the core's.

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, CompositeAlarm, Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat,
};
use llmwatch_core::alarm::desired::{
    Breach, Evaluation, MetricQuery, MetricWatch, MissingData, QuerySource, Watch,
};
use llmwatch_core::alarm::plan::{ActionsSwitch, Alarm, owned};
use llmwatch_core::ids::StackPrefix;

const NOT_BREACHING: &str = "notBreaching";

/// What CloudWatch does with missing data when an alarm says nothing.
const DEFAULT_MISSING: &str = "missing";

/// A metric alarm this stack owns; `None` for anyone else's.
pub(super) fn metric_alarm(prefix: &StackPrefix, alarm: &MetricAlarm) -> Option<Alarm> {
    let name = alarm.alarm_name()?;
    let evaluation_periods = unsigned(alarm.evaluation_periods());
    Some(Alarm {
        alarm: owned(prefix, name)?,
        name: name.to_owned(),
        description: alarm.alarm_description().unwrap_or_default().to_owned(),
        watch: Watch::Metrics(MetricWatch {
            queries: queries(alarm.metrics()),
            breach: breach(alarm),
            missing: missing(alarm.treat_missing_data()),
            evaluation: Evaluation {
                datapoints_to_alarm: alarm
                    .datapoints_to_alarm()
                    .map_or(evaluation_periods, |count| unsigned(Some(count))),
                evaluation_periods,
            },
        }),
        alarm_actions: alarm.alarm_actions().to_vec(),
        ok_actions: alarm.ok_actions().to_vec(),
        actions: switch(alarm.actions_enabled()),
    })
}

/// A composite alarm this stack owns; `None` for anyone else's.
pub(super) fn composite_alarm(prefix: &StackPrefix, alarm: &CompositeAlarm) -> Option<Alarm> {
    let name = alarm.alarm_name()?;
    Some(Alarm {
        alarm: owned(prefix, name)?,
        name: name.to_owned(),
        description: alarm.alarm_description().unwrap_or_default().to_owned(),
        watch: Watch::Children(alarm.alarm_rule().unwrap_or_default().to_owned()),
        alarm_actions: alarm.alarm_actions().to_vec(),
        ok_actions: alarm.ok_actions().to_vec(),
        actions: switch(alarm.actions_enabled()),
    })
}

pub(super) fn queries(queries: &[MetricDataQuery]) -> Vec<MetricQuery> {
    queries
        .iter()
        .map(|query| MetricQuery {
            id: query.id().unwrap_or_default().to_owned(),
            source: source(query),
            // CloudWatch's own default.
            watched: query.return_data().unwrap_or(true),
        })
        .collect()
}

pub(super) fn sdk_queries(queries: &[MetricQuery]) -> Vec<MetricDataQuery> {
    queries
        .iter()
        .map(|query| {
            let sdk = MetricDataQuery::builder().id(&query.id).return_data(query.watched);
            match &query.source {
                QuerySource::Expression(expression) => sdk.expression(expression),
                QuerySource::Metric {
                    namespace,
                    metric,
                    dimensions,
                    statistic,
                    period_seconds,
                } => {
                    let dimensions = dimensions
                        .iter()
                        .map(|(name, value)| Dimension::builder().name(name).value(value).build());
                    let metric = Metric::builder()
                        .namespace(namespace)
                        .metric_name(metric)
                        .set_dimensions(Some(dimensions.collect()))
                        .build();
                    let stat = MetricStat::builder()
                        .metric(metric)
                        .period(count(*period_seconds))
                        .stat(statistic);
                    sdk.metric_stat(stat.build())
                }
            }
            .build()
        })
        .collect()
}

pub(super) fn with_breach(
    put: PutMetricAlarmFluentBuilder,
    breach: &Breach,
) -> PutMetricAlarmFluentBuilder {
    match breach {
        Breach::AtLeast(threshold) => put
            .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
            .threshold(*threshold),
        Breach::Below(threshold) => {
            put.comparison_operator(ComparisonOperator::LessThanThreshold).threshold(*threshold)
        }
        Breach::AboveBand(band) => put
            .comparison_operator(ComparisonOperator::GreaterThanUpperThreshold)
            .threshold_metric_id(band),
        Breach::BelowBand(band) => put
            .comparison_operator(ComparisonOperator::LessThanLowerThreshold)
            .threshold_metric_id(band),
        // A plan never writes one back; CloudWatch would refuse the alarm and name it.
        Breach::Foreign(_) => put,
    }
}

pub(super) fn sdk_missing(missing: &MissingData) -> &str {
    match missing {
        MissingData::NotBreaching => NOT_BREACHING,
        MissingData::Foreign(words) => words,
    }
}

/// A count or a number of seconds as the SDK types it.
pub(super) fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn unsigned(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

fn source(query: &MetricDataQuery) -> QuerySource {
    let Some(stat) = query.metric_stat() else {
        return QuerySource::Expression(query.expression().unwrap_or_default().to_owned());
    };
    let metric = stat.metric();
    let dimensions = metric.map(Metric::dimensions).unwrap_or_default();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    QuerySource::Metric {
        namespace: text(metric.and_then(Metric::namespace)),
        metric: text(metric.and_then(Metric::metric_name)),
        dimensions: dimensions
            .iter()
            .map(|dimension| (text(dimension.name()), text(dimension.value())))
            .collect(),
        statistic: text(stat.stat()),
        period_seconds: unsigned(stat.period()),
    }
}

fn breach(alarm: &MetricAlarm) -> Breach {
    match (alarm.comparison_operator(), alarm.threshold(), alarm.threshold_metric_id()) {
        (Some(ComparisonOperator::GreaterThanOrEqualToThreshold), Some(threshold), None) => {
            Breach::AtLeast(threshold)
        }
        (Some(ComparisonOperator::LessThanThreshold), Some(threshold), None) => {
            Breach::Below(threshold)
        }
        (Some(ComparisonOperator::LessThanLowerThreshold), _, Some(band)) => {
            Breach::BelowBand(band.to_owned())
        }
        (Some(ComparisonOperator::GreaterThanUpperThreshold), _, Some(band)) => {
            Breach::AboveBand(band.to_owned())
        }
        (operator, threshold, band) => {
            let operator = operator.map_or("no comparison", ComparisonOperator::as_str);
            let threshold = threshold.map(|threshold| threshold.to_string()).unwrap_or_default();
            let words = [operator, &threshold, band.unwrap_or_default()];
            Breach::Foreign(words.join(" ").trim().to_owned())
        }
    }
}

fn missing(words: Option<&str>) -> MissingData {
    match words.unwrap_or(DEFAULT_MISSING) {
        NOT_BREACHING => MissingData::NotBreaching,
        words => MissingData::Foreign(words.to_owned()),
    }
}

fn switch(enabled: Option<bool>) -> ActionsSwitch {
    if enabled.unwrap_or(true) { ActionsSwitch::Enabled } else { ActionsSwitch::Disabled }
}
