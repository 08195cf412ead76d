use super::*;
use crate::alarm::desired::tests::prefix;
use crate::alarm::tuning::EvaluationSource;
use crate::quality::NAMESPACE;

/// A series known to have these metrics.
pub(crate) fn stored(metrics: &[Metric]) -> StoredSeries {
    StoredSeries {
        series: Series {
            model_id: "us.amazon.nova-lite-v1:0".to_owned(),
            inference_component: None,
        },
        seen: metrics
            .iter()
            .map(|metric| (metric.to_string(), "2026-11-22T05:00:00Z".parse().unwrap()))
            .collect(),
    }
}

pub(crate) fn every_metric() -> StoredSeries {
    stored(&Metric::ALL.map(|facts| facts.metric))
}

pub(crate) fn desired_with(stored: &StoredSeries, tuning: &str) -> Vec<DesiredAlarm> {
    desired_quality_alarms(stored, &QualityTuning::parse(tuning).unwrap(), NAMESPACE, &prefix())
}

fn names(alarms: &[DesiredAlarm]) -> Vec<&str> {
    alarms.iter().map(|alarm| alarm.name.as_str()).collect()
}

fn compact(alarm: &DesiredAlarm) -> String {
    let Watch::Metrics(watch) = &alarm.watch else { panic!("{}", alarm.name) };
    let mut lines = vec![alarm.name.clone()];
    for MetricQuery { id, source, watched } in &watch.queries {
        let mark = if *watched { "*" } else { " " };
        let source = match source {
            QuerySource::Expression(expression) => expression.clone(),
            QuerySource::Metric { namespace, metric, dimensions, statistic, period_seconds } => {
                format!("{statistic} {namespace} {metric} {dimensions:?} / {period_seconds} s")
            }
        };
        lines.push(format!("  {mark}{id} = {source}"));
    }
    let Evaluation { datapoints_to_alarm: m, evaluation_periods: n } = watch.evaluation;
    lines.push(format!("   {:?}, {m} of {n}, missing {:?}", watch.breach, watch.missing));
    lines.push(format!("   {}", alarm.description));
    lines.join("\n")
}

#[test]
fn every_alarm_of_a_series_with_all_metrics() {
    let texts: Vec<String> = desired_with(&every_metric(), "none").iter().map(compact).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn without_a_judge_there_is_no_judges_alarm() {
    let unjudged: Vec<Metric> =
        Metric::ALL.iter().map(|facts| facts.metric).filter(|metric| !metric.is_judged()).collect();
    let pass_rates = r#"{"*": {"LowSafety": {"warning": 0.95, "critical": 0.85}}}"#;
    for tuning in ["none", pass_rates] {
        let alarms = desired_with(&stored(&unjudged), tuning);
        assert!(!alarms.is_empty());
        for alarm in alarms {
            let AlarmName::Quality(quality) = &alarm.alarm else { panic!("{}", alarm.name) };
            let metric = crate::quality::alarm::quality_definition(quality.kind).metric;
            assert!(!metric.is_judged(), "{}", alarm.name);
        }
    }
}

#[test]
fn a_series_without_known_metrics_has_no_alarm() {
    assert_eq!(desired_with(&stored(&[]), "none"), []);
}

#[test]
fn a_score_may_have_two_lines_and_each_is_an_alarm() {
    let tuning = r#"{"*": {"LowSafety": {"warning": 0.95, "critical": 0.85}}}"#;
    let alarms = desired_with(&stored(&[Metric::JudgeSafety]), tuning);
    assert_eq!(
        names(&alarms),
        [
            "llmwatch-Quality-LowSafety-Warning-model.us.amazon.nova-lite-v1_0",
            "llmwatch-Quality-LowSafety-Critical-model.us.amazon.nova-lite-v1_0",
        ]
    );
}

#[test]
fn an_inference_component_has_alarms_of_its_own() {
    let mut of_component = stored(&[Metric::EmptyAnswer]);
    of_component.series =
        Series { model_id: "qwen2.5-7b".into(), inference_component: Some("chat-7b".into()) };
    let [alarm] = &desired_with(&of_component, "none")[..] else { panic!() };
    assert_eq!(alarm.name, "llmwatch-Quality-HighEmptyAnswer-Warning-component.chat-7b.qwen2.5-7b");
    let Watch::Metrics(watch) = &alarm.watch else { panic!() };
    let QuerySource::Metric { dimensions, .. } = &watch.queries[0].source else { panic!() };
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ModelId", "InferenceComponentName"]);
}

#[test]
fn a_tuned_m_of_n_is_known_to_be_tuned() {
    let tuning = r#"{"*": {"EmptyAnswer": {}, "HighEmptyAnswer":
        {"datapoints_to_alarm": 3, "evaluation_periods": 8, "minimum_samples": 50}}}"#;
    assert!(QualityTuning::parse(tuning).is_err());
    let tuning = tuning.replace(r#""EmptyAnswer": {}, "#, "");
    let [alarm] = &desired_with(&stored(&[Metric::EmptyAnswer]), &tuning)[..] else { panic!() };
    assert_eq!(alarm.evaluation_source, EvaluationSource::Tuning);
    assert!(compact(alarm).contains("IF(samples >= 50, mean)"));
}

#[test]
fn descriptions_fit_and_name_the_setting_before_a_long_model() {
    let mut long = every_metric();
    long.series.model_id = "x".repeat(1024);
    for alarm in desired_with(&long, "none") {
        assert!(alarm.description.chars().count() <= MAX_CHARS);
        assert!(alarm.description.contains("quality-tuning"));
    }
}
