use super::*;

#[test]
fn a_detector_is_one_however_it_is_named() {
    let mut fixture = Fixture::new();
    let mut flat = metric("Invocations");
    flat["Namespace"] = json!("AWS/Bedrock");
    flat["Stat"] = json!("Sum");
    fixture.ok("PutAnomalyDetector", flat.clone());
    fixture.ok("PutAnomalyDetector", json!({"SingleMetricAnomalyDetector": flat}));
    let listed = fixture.ok("DescribeAnomalyDetectors", json!({"Namespace": "AWS/Bedrock"}));
    assert_eq!(listed["AnomalyDetectors"].as_array().unwrap().len(), 1);
    fixture.ok("DeleteAnomalyDetector", flat.clone());
    fixture.refused("DeleteAnomalyDetector", flat, "ResourceNotFoundException", "");
    let unnamed = json!({"Namespace": "AWS/Bedrock"});
    fixture.refused("PutAnomalyDetector", unnamed, "MissingRequiredParameterException", "");
}

#[test]
fn math_detectors_are_listed_only_when_asked_for() {
    let mut fixture = Fixture::new();
    let stat =
        json!({"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"});
    let queries = json!([
        {"Id": "m1", "MetricStat": stat, "ReturnData": false},
        {"Id": "e1", "Expression": "m1 * 2"},
    ]);
    fixture.ok(
        "PutAnomalyDetector",
        json!({"MetricMathAnomalyDetector": {"MetricDataQueries": queries}}),
    );
    let of = |types: Value| json!({"AnomalyDetectorTypes": types});
    let all = fixture.ok("DescribeAnomalyDetectors", json!({}));
    assert_eq!(all["AnomalyDetectors"], json!([]));
    let math = fixture.ok("DescribeAnomalyDetectors", of(json!(["METRIC_MATH"])));
    assert_eq!(math["AnomalyDetectors"].as_array().unwrap().len(), 1);
}

#[test]
fn dashboards_are_checked_kept_and_deleted_all_or_none() {
    let mut fixture = Fixture::new();
    let put =
        |name: &str, body: Value| json!({"DashboardName": name, "DashboardBody": body.to_string()});
    let good = json!({"widgets": [{"type": "text", "x": 0, "y": 0, "width": 24, "height": 2, "properties": {"markdown": "hi"}}]});
    fixture.ok("PutDashboard", put("one", good.clone()));
    assert_eq!(
        fixture.ok("GetDashboard", json!({"DashboardName": "one"}))["DashboardBody"],
        good.to_string()
    );
    fixture.refused(
        "PutDashboard",
        put("a b", good),
        "InvalidParameterValueException",
        "characters",
    );
    for (body, words) in [
        (json!("text"), "valid JSON object"),
        (json!({"widgets": 5}), "array"),
        (json!({"widgets": [{"type": "chart", "properties": {}}]}), "/widgets/0/type"),
        (json!({"widgets": [{"type": "text", "width": 25, "properties": {}}]}), "/widgets/0/width"),
        (json!({"widgets": [{"type": "metric", "properties": {}}]}), "metrics or annotations"),
    ] {
        fixture.refused("PutDashboard", put("bad", body), "DashboardInvalidInputError", words);
    }
    let delete = |names: &[&str]| json!({"DashboardNames": names});
    fixture.refused("DeleteDashboards", delete(&["one", "two"]), "DashboardNotFoundError", "two");
    fixture.ok("DeleteDashboards", delete(&["one"]));
    assert_eq!(fixture.ok("ListDashboards", json!({}))["DashboardEntries"], json!([]));
}
