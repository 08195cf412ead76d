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

/// The band of twice a metric at the current minute: its edges, the upper one first.
fn edges(fixture: &mut Fixture) -> Vec<f64> {
    let mut queries = twice();
    queries[1]["ReturnData"] = json!(false);
    queries.push(json!({"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(e1, 2)"}));
    let end = fixture.minute * 60;
    let found = fixture.ok(
        "GetMetricData",
        json!({"MetricDataQueries": queries, "StartTime": end - 60, "EndTime": end}),
    );
    let results = found["MetricDataResults"].as_array().unwrap();
    results.iter().filter_map(|result| result["Values"][0].as_f64()).collect()
}

/// Queries that yield twice the invocations.
fn twice() -> Vec<Value> {
    let mut key = metric("Invocations");
    key["Namespace"] = json!("AWS/Bedrock");
    let stat = json!({"Metric": key, "Period": 60, "Stat": "Sum"});
    vec![
        json!({"Id": "m1", "MetricStat": stat, "ReturnData": false}),
        json!({"Id": "e1", "Expression": "m1 * 2"}),
    ]
}

#[test]
fn ranges_that_a_detector_excludes_do_not_teach_its_band() {
    const DAY: i64 = 1_440;
    let mut fixture = Fixture::new();
    fixture.seed("Invocations", &[100.0; 8 * DAY as usize]);
    fixture.minute += 1;
    fixture.seed("Invocations", &[100.0]);
    assert_eq!(edges(&mut fixture), [220.0, 180.0]);
    let end = fixture.minute * 60;
    let range = |days: i64| json!({"StartTime": end - days * 86_400, "EndTime": end});
    let put = |ranges: Value| {
        let math = json!({"MetricDataQueries": twice()});
        json!({"MetricMathAnomalyDetector": math, "Configuration": {"ExcludedTimeRanges": ranges}})
    };
    fixture.ok("PutAnomalyDetector", put(json!([range(6)])));
    assert_eq!(edges(&mut fixture), [] as [f64; 0]);
    fixture.ok("PutAnomalyDetector", put(json!([range(1)])));
    assert_eq!(edges(&mut fixture), [220.0, 180.0]);

    let eleven = put(json!(vec![range(1); 11]));
    fixture.refused("PutAnomalyDetector", eleven, "ValidationError", "At most 10");
    let backwards = put(json!([range(-1)]));
    fixture.refused("PutAnomalyDetector", backwards, "ValidationError", "before its end");
    let mut zoned = put(json!([]));
    zoned["Configuration"]["MetricTimezone"] = json!("Asia/Tokyo");
    fixture.refused("PutAnomalyDetector", zoned, "ValidationError", "UTC only");
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
