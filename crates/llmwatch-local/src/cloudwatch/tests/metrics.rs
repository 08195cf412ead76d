use super::*;

fn query(id: &str, name: &str) -> Value {
    let mut metric = metric(name);
    metric["Namespace"] = json!("AWS/Bedrock");
    json!({"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}})
}

/// A request over the last `minutes`.
fn request(fixture: &Fixture, minutes: i64, queries: &[Value]) -> Value {
    let end = fixture.minute * 60;
    json!({"MetricDataQueries": queries, "StartTime": end - minutes * 60, "EndTime": end})
}

/// Every page of a request: points by id, and the statuses seen in order.
fn read_all(
    fixture: &mut Fixture,
    mut input: Value,
) -> (std::collections::BTreeMap<String, usize>, Vec<String>, usize) {
    let (mut points, mut statuses, mut pages) = (std::collections::BTreeMap::new(), Vec::new(), 0);
    loop {
        let page = fixture.ok("GetMetricData", input.clone());
        pages += 1;
        for result in page["MetricDataResults"].as_array().unwrap() {
            let id = result["Id"].as_str().unwrap().to_owned();
            *points.entry(id).or_default() += result["Values"].as_array().unwrap().len();
            statuses.push(result["StatusCode"].as_str().unwrap().to_owned());
        }
        if page["NextToken"].is_null() {
            return (points, statuses, pages);
        }
        input["NextToken"] = page["NextToken"].clone();
    }
}

#[test]
fn nine_series_over_two_weeks_need_a_second_page() {
    let mut fixture = Fixture::new();
    let minutes = 14 * 1440;
    let names: Vec<String> = (0..9).map(|n| format!("Metric{n}")).collect();
    for name in &names {
        fixture.seed(name, &vec![1.0; minutes]);
    }
    let queries: Vec<Value> =
        names.iter().enumerate().map(|(n, name)| query(&format!("m{n}"), name)).collect();
    let input = request(&fixture, minutes as i64, &queries);
    let (points, statuses, pages) = read_all(&mut fixture, input);
    assert_eq!(pages, 2);
    assert_eq!(points.len(), 9);
    assert!(points.values().all(|count| *count == minutes));
    assert_eq!(
        statuses.iter().filter(|status| *status == "PartialData").count(),
        0,
        "a page ends with a series here"
    );
    let mut small = request(&fixture, 10, &queries[..2]);
    small["MaxDatapoints"] = json!(8);
    let (points, statuses, pages) = read_all(&mut fixture, small);
    assert_eq!((points["m0"], points["m1"], pages), (10, 10, 3));
    assert_eq!(statuses, ["PartialData", "Complete", "PartialData", "Complete"]);
}

#[test]
fn values_come_newest_first_unless_asked_and_math_fills_gaps() {
    let mut fixture = Fixture::new();
    fixture.seed("Invocations", &[1.0, 2.0, 3.0]);
    let queries = [query("m", "Invocations"), json!({"Id": "e", "Expression": "FILL(m, 0) * 2"})];
    let mut input = request(&fixture, 4, &queries);
    let newest_first = fixture.ok("GetMetricData", input.clone());
    assert_eq!(newest_first["MetricDataResults"][0]["Values"], json!([3.0, 2.0, 1.0]));
    input["ScanBy"] = json!("TimestampAscending");
    let oldest_first = fixture.ok("GetMetricData", input);
    assert_eq!(oldest_first["MetricDataResults"][1]["Values"], json!([0.0, 2.0, 4.0, 6.0]));
}

#[test]
fn a_metric_that_never_was_is_empty_and_complete() {
    let mut fixture = Fixture::new();
    let input = request(&fixture, 5, &[query("m", "Nothing")]);
    let found = fixture.ok("GetMetricData", input);
    assert_eq!(found["MetricDataResults"][0]["Values"], json!([]));
    assert_eq!(found["MetricDataResults"][0]["StatusCode"], "Complete");
}

#[test]
fn one_minute_data_is_kept_fifteen_days() {
    let mut fixture = Fixture::new();
    fixture.seed("Invocations", &vec![1.0; 16 * 1440]);
    let input = request(&fixture, 16 * 1440, &[query("m", "Invocations")]);
    assert_eq!(read_all(&mut fixture, input).0["m"], 15 * 1440);
}

#[test]
fn wrong_queries_are_refused() {
    let mut fixture = Fixture::new();
    let many: Vec<Value> = (0..501).map(|n| query(&format!("m{n}"), "Invocations")).collect();
    let with = |fixture: &Fixture, member: &str, value: Value| {
        let mut input = request(fixture, 5, &[query("m", "Invocations")]);
        input[member] = value;
        input
    };
    for (member, value, words) in [
        ("MetricDataQueries", json!(many), "1 to 500"),
        ("MetricDataQueries", json!([query("M", "Invocations")]), "pattern"),
        ("MetricDataQueries", json!([query("m", "x"), query("m", "y")]), "more than once"),
        ("MetricDataQueries", json!([{"Id": "e", "Expression": "nobody * 2"}]), "nobody"),
        ("MaxDatapoints", json!(100_801), "100800"),
        ("EndTime", json!(0), "StartTime must be less"),
    ] {
        let input = with(&fixture, member, value);
        fixture.refused("GetMetricData", input, "ValidationError", words);
    }
    let input = with(&fixture, "NextToken", json!("data"));
    fixture.refused("GetMetricData", input, "InvalidNextToken", "");
}

#[test]
fn put_metric_data_takes_two_weeks_back_two_hours_ahead_and_its_limits() {
    let mut fixture = Fixture::new();
    let now = fixture.minute * 60;
    let put = |datum: Value| json!({"Namespace": "LLMWatch/Quota", "MetricData": [datum]});
    let at = |seconds: i64| put(json!({"MetricName": "m", "Value": 1.0, "Timestamp": seconds}));
    fixture.ok("PutMetricData", at(now - 14 * 86_400));
    fixture.ok("PutMetricData", at(now + 7_200));
    let code = "InvalidParameterValueException";
    fixture.refused("PutMetricData", at(now - 14 * 86_400 - 1), code, "two weeks");
    fixture.refused("PutMetricData", at(now + 7_201), code, "two hours");
    let values = |count: usize| put(json!({"MetricName": "m", "Values": vec![1.0; count]}));
    fixture.ok("PutMetricData", values(150));
    fixture.refused("PutMetricData", values(151), code, "150");
    let uneven = put(json!({"MetricName": "m", "Values": [1.0, 2.0], "Counts": [1.0]}));
    fixture.refused("PutMetricData", uneven, code, "same size");
    let empty = put(json!({"MetricName": "m"}));
    fixture.refused("PutMetricData", empty, "MissingRequiredParameterException", "");
    let both = put(json!({"MetricName": "m", "Value": 1.0, "Values": [1.0]}));
    fixture.refused("PutMetricData", both, "InvalidParameterCombinationException", "");
    let ours =
        json!({"Namespace": "AWS/Bedrock", "MetricData": [{"MetricName": "m", "Value": 1.0}]});
    fixture.refused("PutMetricData", ours, code, "Namespace");
    let many: Vec<Value> = (0..1_001).map(|_| json!({"MetricName": "m", "Value": 1.0})).collect();
    let many = json!({"Namespace": "n", "MetricData": many});
    fixture.refused("PutMetricData", many, code, "1000");
}

#[test]
fn list_metrics_is_paged_by_500_and_forgets_after_two_weeks() {
    let mut fixture = Fixture::new();
    for n in 0..501 {
        fixture.seed(&format!("Metric{n:03}"), &[1.0]);
    }
    let input = json!({"Namespace": "AWS/Bedrock", "Dimensions": [{"Name": "ModelId"}]});
    let first = fixture.ok("ListMetrics", input.clone());
    assert_eq!(first["Metrics"].as_array().unwrap().len(), 500);
    let mut rest = input.clone();
    rest["NextToken"] = first["NextToken"].clone();
    assert_eq!(fixture.ok("ListMetrics", rest)["Metrics"].as_array().unwrap().len(), 1);
    fixture.minute += 200;
    fixture.seed("Fresh", &[1.0]);
    let recent = json!({"RecentlyActive": "PT3H"});
    assert_eq!(fixture.ok("ListMetrics", recent)["Metrics"].as_array().unwrap().len(), 1);
    fixture.minute += 14 * 1440 + 1;
    assert_eq!(fixture.ok("ListMetrics", json!({}))["Metrics"], json!([]));
}

/// Each result as `id label values`, oldest value first.
fn answered(fixture: &mut Fixture, queries: &[Value]) -> Vec<String> {
    let mut input = request(fixture, 4, queries);
    input["ScanBy"] = json!("TimestampAscending");
    let found = fixture.ok("GetMetricData", input);
    let results = found["MetricDataResults"].as_array().unwrap().iter();
    let word = |result: &Value, member: &str| result[member].as_str().unwrap().to_owned();
    results
        .map(|result| {
            format!("{} {} {}", word(result, "Id"), word(result, "Label"), result["Values"])
        })
        .collect()
}

#[test]
fn a_search_answers_with_every_series_it_finds() {
    let mut fixture = Fixture::new();
    let at = Timestamp::from_second((fixture.minute - 4) * 60).unwrap();
    for (model, value) in [("a", 1.0), ("b", 2.0)] {
        let dimensions = json!({"Dimensions": [{"Name": "ModelId", "Value": model}],
            "MetricName": "Invocations"});
        let key = convert::metric_key("AWS/Bedrock", &dimensions).unwrap();
        let values = [Some(value); 4];
        fixture.cloudwatch.seed(&key, at, SignedDuration::from_mins(1), &values);
    }
    let search = r#"SEARCH('{"AWS/Bedrock","ModelId"} MetricName="Invocations"', 'Sum', 120)"#;
    let expression = |text: &str| json!({"Id": "e", "Expression": text, "Label": "calls"});
    let whole = [expression(search)];
    assert_eq!(answered(&mut fixture, &whole), ["e calls a [2.0,2.0]", "e calls b [4.0,4.0]"]);
    let mut each_minute = expression(search);
    each_minute["Period"] = json!(60);
    assert_eq!(
        answered(&mut fixture, &[each_minute]),
        ["e calls a [1.0,1.0,1.0,1.0]", "e calls b [2.0,2.0,2.0,2.0]"]
    );
    let sum = expression(&format!("SUM({search}) / 2"));
    assert_eq!(answered(&mut fixture, &[sum]), ["e calls [3.0,3.0]"]);
    let nothing = expression("SUM(SEARCH('{AWS/Bedrock,Nobody}', 'Sum', 60))");
    assert_eq!(answered(&mut fixture, &[nothing]), Vec::<String>::new());
    let wrong = [json!({"Id": "e", "Expression": "SEARCH('{AWS/Bedrock', 'Sum', 60)"})];
    let input = request(&fixture, 4, &wrong);
    fixture.refused("GetMetricData", input, "ValidationError", "a comma or }");
}

#[test]
fn a_search_that_finds_too_much_says_so() {
    let mut fixture = Fixture::new();
    let search = json!({"Id": "e", "Expression": "SEARCH('{AWS/Bedrock,ModelId}', 'Sum', 60)"});
    for (there_are, codes) in [(500, json!([])), (501, json!(["MaxMetricsExceeded"]))] {
        for number in 0..there_are {
            fixture.seed(&format!("Metric{number}"), &[1.0]);
        }
        let input = request(&fixture, 4, std::slice::from_ref(&search));
        let found = fixture.ok("GetMetricData", input);
        assert_eq!(found["MetricDataResults"].as_array().unwrap().len(), 500);
        let messages = found["Messages"].as_array().unwrap().iter();
        assert_eq!(messages.map(|message| message["Code"].clone()).collect::<Value>(), codes);
    }
}

#[test]
fn what_a_search_finds_is_kept_as_long_as_its_period_says() {
    let mut fixture = Fixture::new();
    fixture.seed("Invocations", &vec![1.0; 16 * 1440]);
    let search = json!({"Id": "e", "Expression": "SEARCH('{AWS/Bedrock,ModelId}', 'Sum', 60)"});
    let input = request(&fixture, 16 * 1440, &[search]);
    assert_eq!(read_all(&mut fixture, input).0["e"], 15 * 1440);
}

#[test]
fn an_alarm_on_a_search_is_refused() {
    let mut fixture = Fixture::new();
    let mut config = alarm("a", "Invocations");
    let members = config.as_object_mut().unwrap();
    for member in ["Namespace", "MetricName", "Dimensions", "Statistic", "Period"] {
        members.remove(member);
    }
    let text = "SUM(SEARCH('{AWS/Bedrock,ModelId} Invocations', 'Sum', 60))";
    let watched = json!({"Id": "e", "Expression": text, "Period": 60, "ReturnData": true});
    members.insert("Metrics".to_owned(), json!([watched]));
    let words = "SEARCH is not supported on Metric Alarms";
    fixture.refused("PutMetricAlarm", config, "ValidationError", words);
}

#[test]
fn get_metric_statistics_gives_each_statistic_of_a_period() {
    let mut fixture = Fixture::new();
    fixture.seed("Invocations", &[1.0, 3.0]);
    let end = fixture.minute * 60;
    let mut input = metric("Invocations");
    input["Namespace"] = json!("AWS/Bedrock");
    input["Statistics"] = json!(["Sum", "SampleCount"]);
    input["Period"] = json!(120);
    input["StartTime"] = json!(end - 120);
    input["EndTime"] = json!(end);
    let found = fixture.ok("GetMetricStatistics", input.clone());
    let point = &found["Datapoints"][0];
    assert_eq!((point["Sum"].as_f64(), point["SampleCount"].as_f64()), (Some(4.0), Some(2.0)));
    input["StartTime"] = json!(end - 86_400 * 14);
    input["Period"] = json!(60);
    fixture.refused("GetMetricStatistics", input, "InvalidParameterCombinationException", "1440");
}
