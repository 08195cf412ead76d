use super::*;

#[test]
fn an_alarm_fires_its_composite_follows_at_once_and_both_are_told_in_order() {
    let mut fixture = Fixture::new();
    fixture.ok("PutMetricAlarm", alarm("child", "Throttles"));
    let rule =
        json!({"AlarmName": "parent", "AlarmRule": "ALARM(\"child\")", "AlarmActions": [TOPIC]});
    let put = fixture.call("PutCompositeAlarm", rule).unwrap();
    assert_eq!(
        told(&put.notices),
        ["Configuration Change parent INSUFFICIENT_DATA", "State Change parent OK"]
    );
    fixture.pass(1);
    assert_eq!(fixture.state("child"), "OK");

    fixture.seed("Throttles", &[50.0, 50.0]);
    let notices = fixture.pass(1);
    assert_eq!(
        told(&notices),
        [
            "mail ALARM: \"child\" in US East (N. Virginia)",
            "State Change child ALARM",
            "mail ALARM: \"parent\" in US East (N. Virginia)",
            "State Change parent ALARM",
        ]
    );
    let Notice::Sns { message, .. } = &notices[2] else { panic!("not a mail") };
    let message: Value = serde_json::from_str(message).unwrap();
    assert_eq!(message["TriggeringChildren"][0]["State"]["Value"], "ALARM");
    let reason = message["NewStateReason"].as_str().unwrap();
    assert!(
        reason.starts_with(
            "arn:aws:cloudwatch:us-east-1:000000000000:alarm:child transitioned to ALARM at "
        ),
        "{reason}"
    );
    let time = message["StateChangeTime"].as_str().unwrap();
    assert!(time.ends_with(".000+0000"), "{time}");

    fixture.pass(10);
    assert_eq!(
        (fixture.state("child"), fixture.state("parent")),
        ("OK".to_owned(), "OK".to_owned())
    );
}

#[test]
fn a_second_child_does_not_notify_again() {
    let mut fixture = Fixture::new();
    fixture.ok("PutMetricAlarm", alarm("one", "Throttles"));
    fixture.ok("PutMetricAlarm", alarm("two", "ServerErrors"));
    let rule = "ALARM(one) OR ALARM(two)";
    fixture.ok(
        "PutCompositeAlarm",
        json!({"AlarmName": "both", "AlarmRule": rule, "AlarmActions": [TOPIC]}),
    );
    fixture.pass(1);
    let set = |name: &str| json!({"AlarmName": name, "StateValue": "ALARM", "StateReason": "test"});
    let first = fixture.call("SetAlarmState", set("one")).unwrap();
    assert!(
        told(&first.notices).contains(&"mail ALARM: \"both\" in US East (N. Virginia)".to_owned())
    );
    let second = fixture.call("SetAlarmState", set("two")).unwrap();
    assert!(!told(&second.notices).iter().any(|line| line.contains("both")));
}

#[test]
fn disabled_actions_send_the_event_but_no_mail() {
    let mut fixture = Fixture::new();
    fixture.ok("PutMetricAlarm", alarm("a", "Throttles"));
    fixture.ok("DisableAlarmActions", json!({"AlarmNames": ["a"]}));
    let set = json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "test"});
    let served = fixture.call("SetAlarmState", set).unwrap();
    assert_eq!(told(&served.notices), ["State Change a ALARM"]);
}

#[test]
fn a_state_that_was_set_lasts_until_the_next_evaluation() {
    let mut fixture = Fixture::new();
    fixture.ok("PutMetricAlarm", alarm("a", "Throttles"));
    let set = json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "test"});
    fixture.ok("SetAlarmState", set);
    fixture.pass(1);
    assert_eq!(fixture.state("a"), "OK");
}

#[test]
fn a_late_metric_is_seen_late() {
    let mut fixture = Fixture::new();
    fixture.ok("PutMetricAlarm", alarm("a", "Throttles"));
    fixture.cloudwatch.set_publishing_delay(SignedDuration::from_mins(3));
    fixture.seed("Throttles", &[50.0; 3]);
    fixture.pass(1);
    assert_eq!(fixture.state("a"), "OK");
    fixture.pass(1);
    assert_eq!(fixture.state("a"), "ALARM");
}

#[test]
fn an_anomaly_alarm_compares_with_the_band() {
    let mut fixture = Fixture::new();
    let steady: Vec<f64> = (0..5 * 1440).map(|minute| 100.0 + f64::from(minute % 7)).collect();
    fixture.seed("Invocations", &steady);
    let stat = json!({"Metric": {"Namespace": "AWS/Bedrock", "MetricName": "Invocations", "Dimensions": metric("")["Dimensions"]}, "Period": 60, "Stat": "Sum"});
    fixture.ok(
        "PutMetricAlarm",
        json!({
            "AlarmName": "band",
            "Metrics": [
                {"Id": "m1", "MetricStat": stat},
                {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 3)"},
            ],
            "ThresholdMetricId": "ad1",
            "EvaluationPeriods": 2,
            "ComparisonOperator": "GreaterThanUpperThreshold",
            "TreatMissingData": "notBreaching",
        }),
    );
    fixture.pass(1);
    assert_eq!(fixture.state("band"), "OK");
    fixture.minute += 2;
    fixture.seed("Invocations", &[5_000.0; 2]);
    fixture.pass(1);
    assert_eq!(fixture.state("band"), "ALARM");
}

#[test]
fn describe_alarms_shows_metric_alarms_only_unless_asked_and_is_paged() {
    let mut fixture = Fixture::new();
    for n in 0..120 {
        fixture.ok("PutMetricAlarm", alarm(&format!("p-{n:03}"), "Throttles"));
    }
    fixture.ok("PutCompositeAlarm", json!({"AlarmName": "p-all", "AlarmRule": "ALARM(p-000)"}));
    let first = fixture.ok("DescribeAlarms", json!({"AlarmNamePrefix": "p-", "MaxRecords": 100}));
    assert_eq!(first["MetricAlarms"].as_array().unwrap().len(), 100);
    assert_eq!(first["CompositeAlarms"], json!([]));
    let rest = json!({"AlarmNamePrefix": "p-", "MaxRecords": 100, "NextToken": first["NextToken"]});
    let second = fixture.ok("DescribeAlarms", rest);
    assert_eq!(second["MetricAlarms"].as_array().unwrap().len(), 20);
    assert!(second["NextToken"].is_null());
    let composites = fixture.ok("DescribeAlarms", json!({"AlarmTypes": ["CompositeAlarm"]}));
    assert_eq!(composites["CompositeAlarms"].as_array().unwrap().len(), 1);
    let children = fixture.ok("DescribeAlarms", json!({"ChildrenOfAlarmName": "p-all"}));
    assert_eq!(children["MetricAlarms"][0]["AlarmName"], "p-000");
    fixture.refused("DescribeAlarms", json!({"NextToken": "x"}), "InvalidNextToken", "");
    let both = json!({"AlarmNames": ["a"], "AlarmNamePrefix": "a"});
    fixture.refused("DescribeAlarms", both, "ValidationError", "mutually exclusive");
}

#[test]
fn tags_of_an_alarm_are_taken_on_creation_only() {
    let mut fixture = Fixture::new();
    let mut tagged = alarm("a", "Throttles");
    tagged["Tags"] = json!([{"Key": "team", "Value": "one"}]);
    fixture.ok("PutMetricAlarm", tagged.clone());
    tagged["Tags"] = json!([{"Key": "team", "Value": "two"}]);
    fixture.ok("PutMetricAlarm", tagged);
    let arn = json!({"ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"});
    assert_eq!(fixture.ok("ListTagsForResource", arn.clone())["Tags"][0]["Value"], "one");
    let mut more = arn.clone();
    more["Tags"] = json!([{"Key": "team", "Value": "three"}]);
    fixture.ok("TagResource", more);
    assert_eq!(fixture.ok("ListTagsForResource", arn)["Tags"][0]["Value"], "three");
    let unknown = json!({"ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:b"});
    fixture.refused("ListTagsForResource", unknown, "ResourceNotFoundException", "");
}

#[test]
fn deleting_alarms_keeps_to_awss_rules() {
    let mut fixture = Fixture::new();
    fixture.ok("PutMetricAlarm", alarm("a", "Throttles"));
    for name in ["c1", "c2"] {
        fixture.ok("PutCompositeAlarm", json!({"AlarmName": name, "AlarmRule": "ALARM(a)"}));
    }
    fixture.ok("PutCompositeAlarm", json!({"AlarmName": "top", "AlarmRule": "ALARM(c1)"}));
    let delete = |names: &[&str]| json!({"AlarmNames": names});
    fixture.refused("DeleteAlarms", delete(&["c1"]), "ValidationError", "depending on it: top");
    fixture.refused(
        "DeleteAlarms",
        delete(&["top", "c2"]),
        "ValidationError",
        "At most one composite",
    );
    fixture.refused("DeleteAlarms", delete(&["a"]), "ValidationError", "depending on it: c1, c2");
    fixture.ok("DeleteAlarms", delete(&["top"]));
    fixture.ok("DeleteAlarms", delete(&["c1"]));
    fixture.ok("DeleteAlarms", delete(&["c2", "a", "never-was"]));
    fixture.refused("DeleteAlarms", delete(&["a"]), "ResourceNotFound", "[a]");
}

#[test]
fn wrong_alarms_are_refused() {
    let mut fixture = Fixture::new();
    let with = |member: &str, value: Value| {
        let mut alarm = alarm("a", "Throttles");
        alarm[member] = value;
        alarm
    };
    for (member, value, words) in [
        ("DatapointsToAlarm", json!(4), "smaller than or equal"),
        ("Period", json!(90), "multiple of 60"),
        ("Period", json!(86_400), ""),
        ("TreatMissingData", json!("breaks"), "TreatMissingData"),
        ("ThresholdMetricId", json!("ad1"), "mutually exclusive"),
        ("ComparisonOperator", json!("GreaterThanUpperThreshold"), "does not go with"),
        ("ExtendedStatistic", json!("p90"), "mutually exclusive"),
        ("AlarmActions", json!(["topic"]), "Invalid arn syntax"),
        ("AlarmDescription", json!("x".repeat(1_025)), "less than or equal to 1024"),
        ("AlarmName", json!("x".repeat(256)), "less than or equal to 255"),
        ("Metrics", json!([{"Id": "m"}]), "mutually exclusive"),
    ] {
        if words.is_empty() {
            fixture.ok("PutMetricAlarm", with(member, value));
        } else {
            fixture.refused("PutMetricAlarm", with(member, value), "ValidationError", words);
        }
    }
    let too_long = json!({"AlarmName": "w", "Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1441, "Threshold": 1, "ComparisonOperator": "LessThanThreshold"});
    fixture.refused("PutMetricAlarm", too_long, "ValidationError", "more than a day");
    let composite = |rule: &str| json!({"AlarmName": "c", "AlarmRule": rule});
    fixture.refused(
        "PutCompositeAlarm",
        composite("ALARM(nobody)"),
        "ValidationError",
        "[nobody] in the alarm rule do not exist",
    );
    fixture.refused(
        "PutCompositeAlarm",
        composite("ALARM("),
        "ValidationError",
        "AlarmRule is invalid",
    );
    fixture.refused(
        "PutCompositeAlarm",
        json!({"AlarmName": "a", "AlarmRule": "TRUE"}),
        "ValidationError",
        "already exists",
    );
}

#[test]
fn an_alarm_sums_at_most_ten_metrics() {
    let mut fixture = Fixture::new();
    let with = |metrics: usize| {
        let stat =
            json!({"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"});
        let mut queries: Vec<Value> = (0..metrics)
            .map(|n| json!({"Id": format!("m{n}"), "MetricStat": stat, "ReturnData": false}))
            .collect();
        let names: Vec<String> = (0..metrics).map(|n| format!("FILL(m{n},0)")).collect();
        queries.push(json!({"Id": "total", "Expression": names.join("+")}));
        json!({"AlarmName": "sum", "Metrics": queries, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"})
    };
    fixture.ok("PutMetricAlarm", with(10));
    fixture.refused("PutMetricAlarm", with(11), "ValidationError", "at most 10 metrics");
    let mut two = with(2);
    two["Metrics"][0]["ReturnData"] = json!(true);
    fixture.refused("PutMetricAlarm", two, "ValidationError", "Exactly one element");
    let mut unknown = with(2);
    unknown["Metrics"][2]["Expression"] = json!("m0+m9");
    fixture.refused("PutMetricAlarm", unknown, "ValidationError", "m9");
}

#[test]
fn history_tells_configuration_state_and_action() {
    let mut fixture = Fixture::new();
    fixture.ok("PutMetricAlarm", alarm("a", "Throttles"));
    fixture.ok(
        "SetAlarmState",
        json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "test"}),
    );
    let history = fixture
        .ok("DescribeAlarmHistory", json!({"AlarmName": "a", "ScanBy": "TimestampAscending"}));
    let items: Vec<&str> = history["AlarmHistoryItems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["HistoryItemType"].as_str().unwrap())
        .collect();
    assert_eq!(items, ["ConfigurationUpdate", "StateUpdate", "Action"]);
}
