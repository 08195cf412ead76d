use super::*;
use crate::alarm::Statistic;
use crate::alarm::definition;
use crate::alarm::tuning::{EvaluationSource, Tuning};

fn desired(tuning: &str) -> Vec<DesiredAlarm> {
    desired_with(tuning, None)
}

fn desired_with(tuning: &str, budget: Option<f64>) -> Vec<DesiredAlarm> {
    let prefix = StackPrefix::parse("llmwatch").unwrap();
    let component = InferenceComponent::parse("chat-7b").unwrap();
    let lines = Lines { tuning: &Tuning::parse(tuning).unwrap(), budget };
    desired_component_alarms(&component, lines, &prefix)
}

#[test]
fn five_errors_in_five_minutes_of_either_kind_alarm() {
    let alarms = desired("none");
    let lines: Vec<String> = alarms
        .iter()
        .map(|alarm| {
            let Watch::Metrics(watch) = &alarm.watch else { panic!("{}", alarm.name) };
            format!("{} {:?} {:?}", alarm.name, watch.breach, watch.evaluation)
        })
        .collect();
    let one_of_two = "Evaluation { datapoints_to_alarm: 1, evaluation_periods: 2 }";
    assert_eq!(
        lines,
        ["ServerErrors", "ClientErrors"].map(|kind| format!(
            "llmwatch-SageMaker-{kind}-Critical-component.chat-7b AtLeast(5.0) {one_of_two}"
        ))
    );
    let Watch::Metrics(watch) = &alarms[0].watch else { panic!() };
    let QuerySource::Metric { namespace, metric, dimensions, statistic, period_seconds } =
        &watch.queries[0].source
    else {
        panic!()
    };
    assert_eq!((namespace.as_str(), metric.as_str()), ("AWS/SageMaker", "Invocation5XXErrors"));
    assert_eq!(*dimensions, [("InferenceComponentName".to_owned(), "chat-7b".to_owned())]);
    assert_eq!((statistic.as_str(), *period_seconds), ("Sum", 300));
    assert_eq!(
        alarms[1].description,
        "The inference component chat-7b refuses requests as client errors (4xx). Breaches when the \
         sum of Invocation4XXErrors over 300 s is 5 or more. Kept by llmwatch: change it by the \
         setting alarm-tuning; your own actions, ActionsEnabled, M of N and tags are left as you \
         set them."
    );
}

#[test]
fn the_tuning_of_alarms_reaches_components_by_their_label() {
    let text = r#"{"component.chat-7b": {"ClientErrors": {"threshold": 40,
        "datapoints_to_alarm": 2, "evaluation_periods": 3}},
        "component.*": {"ClientErrors": {"threshold": 20}, "ServerErrors": {"enabled": false}},
        "cross-region.*": {"ClientErrors": {"enabled": false}}}"#;
    let alarms = desired(text);
    let [alarm] = &alarms[..] else { panic!("{alarms:#?}") };
    let Watch::Metrics(watch) = &alarm.watch else { panic!() };
    assert_eq!(watch.breach, Breach::AtLeast(40.0));
    assert_eq!(watch.evaluation, Evaluation { datapoints_to_alarm: 2, evaluation_periods: 3 });
    assert_eq!(alarm.evaluation_source, EvaluationSource::Tuning);
}

#[test]
fn a_budget_makes_an_alarm_on_the_components_own_metric() {
    let alarms = desired_with("none", Some(7.5));
    let [_, _, alarm] = &alarms[..] else { panic!("{alarms:#?}") };
    assert_eq!(alarm.name, "llmwatch-SageMaker-HighHourlyCost-Warning-component.chat-7b");
    let Watch::Metrics(watch) = &alarm.watch else { panic!() };
    assert_eq!(watch.breach, Breach::AtLeast(7.5));
    assert_eq!(watch.evaluation, Evaluation { datapoints_to_alarm: 1, evaluation_periods: 3 });
    let QuerySource::Metric { namespace, metric, dimensions, statistic, period_seconds } =
        &watch.queries[0].source
    else {
        panic!()
    };
    assert_eq!((namespace.as_str(), metric.as_str()), ("LLMWatch/Quota", "CostPerHour"));
    assert_eq!(*dimensions, [("InferenceComponentName".to_owned(), "chat-7b".to_owned())]);
    assert_eq!((statistic.as_str(), *period_seconds), ("Maximum", 3_600));
    assert_eq!(
        alarm.description,
        "The inference component chat-7b costs its hourly budget or more. Breaches when CostPerHour \
         over 3600 s is 7.5 US dollars or more (the budget in the setting prices). Worked out by \
         llmwatch by the GPUs that report, 20 minutes after the end of each clock hour. Kept by \
         llmwatch: change it by the setting alarm-tuning; your own actions, ActionsEnabled, M of N \
         and tags are left as you set them."
    );
    let off = r#"{"component.*": {"HighHourlyCost": {"enabled": false}}}"#;
    assert_eq!(desired_with(off, Some(7.5)).len(), 2);
}

#[test]
fn the_rows_of_components_kinds_are_sums_against_a_number_or_cost_against_a_budget() {
    for of in COMPONENT_KINDS {
        let row = definition(of.kind);
        let watched = (row.limit, row.statistic);
        let is_known = matches!(
            watched,
            (Limit::AtLeast(_), Statistic::Sum) | (Limit::Budget, Statistic::Maximum)
        );
        assert!(is_known, "{}: {watched:?}", of.kind);
    }
}
