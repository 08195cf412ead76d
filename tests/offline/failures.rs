//! Nothing is lost without a trace: logs are kept for a time, failed events end in a watched queue.

use serde_json::{Value, json};

use crate::template::{Resource, functions, resources, section, statements, target, texts};

/// The queue must be an `AWS::SQS::Queue` with an alarm on its depth.
fn assert_watched(queue: &str, of: &str) {
    let alarm = resources("AWS::CloudWatch::Alarm").into_iter().find(|alarm| {
        alarm.text("MetricName") == "ApproximateNumberOfMessagesVisible"
            && alarm.property("Dimensions")[0]["Value"] == format!("{queue}.QueueName")
    });
    let alarm = alarm.unwrap_or_else(|| panic!("{of} ends in {queue}, which nobody watches"));
    assert_eq!(texts(alarm.property("AlarmActions")), ["AlertsTopic"]);
    assert_eq!(alarm.property("Threshold"), 1);
}

/// The statements of the queue's policy that let a service send to it.
fn opened_to(queue: &str, service: &str) -> Vec<&'static Value> {
    let opened: Vec<&Value> = resources("AWS::SQS::QueuePolicy")
        .iter()
        .filter(|policy| texts(policy.property("Queues")).contains(&queue))
        .flat_map(|policy| statements(policy.property("PolicyDocument")))
        .filter(|statement| {
            texts(&statement["Principal"]["Service"]).contains(&service)
                && texts(&statement["Action"]).contains(&"sqs:SendMessage")
                && texts(&statement["Resource"]).contains(&format!("{queue}.Arn").as_str())
        })
        .collect();
    assert!(!opened.is_empty(), "{service} may not send to {queue}");
    opened
}

/// What a subscription cannot deliver must end in a watched queue that takes it from its topic.
fn assert_redriven(redrive: &Value, topic: &str, condition: &Value, of: &str) {
    let queue = redrive["deadLetterTargetArn"].as_str().unwrap_or_else(|| panic!("{of}: dropped"));
    let queue = target(queue);
    assert_watched(queue, of);
    // A topic that is there on a condition is named on the subscription's.
    let named = match condition {
        Value::Null => json!(topic),
        condition => json!([condition, topic, "AWS::NoValue"]),
    };
    let takes = opened_to(queue, "sns.amazonaws.com").into_iter().any(|statement| {
        let source = &statement["Condition"]["ArnEquals"]["aws:SourceArn"];
        *source == named || source.as_array().is_some_and(|sources| sources.contains(&named))
    });
    assert!(takes, "{queue} takes nothing from {topic}: {of}");
}

#[test]
fn every_log_group_has_a_retention() {
    for group in resources("AWS::Logs::LogGroup") {
        assert_eq!(group.text("RetentionInDays"), "LogRetentionDays", "{}", group.id);
    }
}

#[test]
fn every_function_logs_to_a_group_the_stack_owns() {
    for function in functions() {
        let group = function.property("LoggingConfig")["LogGroup"].as_str().unwrap();
        assert_eq!(group, format!("{}Logs", function.id));
        let expected = format!("/aws/lambda/{}", function.text("FunctionName"));
        assert_eq!(Resource::named(group).text("LogGroupName"), expected);
    }
}

#[test]
fn every_event_a_function_fails_on_ends_in_a_watched_queue() {
    for function in functions() {
        let failure = &function.property("EventInvokeConfig")["DestinationConfig"]["OnFailure"];
        assert_eq!(failure["Type"], "SQS", "{}", function.id);
        let queue = failure["Destination"].as_str().unwrap();
        assert_watched(target(queue), function.id);
        let role = Resource::named(target(function.text("Role")));
        let may_send = role
            .property("Policies")
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|policy| statements(&policy["PolicyDocument"]))
            .filter(|statement| texts(&statement["Action"]).contains(&"sqs:SendMessage"))
            .any(|statement| texts(&statement["Resource"]).contains(&queue));
        assert!(may_send, "{} may not send to {queue}", role.id);
    }
}

#[test]
fn every_queue_that_no_function_reads_is_watched() {
    let read: Vec<&str> = functions()
        .iter()
        .filter_map(|function| function.property("Events").as_object())
        .flat_map(serde_json::Map::values)
        .filter_map(|event| event["Properties"]["Queue"].as_str())
        .map(target)
        .collect();
    for queue in resources("AWS::SQS::Queue").iter().filter(|queue| !read.contains(&queue.id)) {
        assert_watched(queue.id, queue.id);
    }
}

#[test]
fn the_alarms_on_errors_and_throttles_hear_every_function() {
    // An alarm that is always there cannot name a function that is there only on a condition.
    let (always, on_condition): (Vec<_>, Vec<_>) =
        functions().into_iter().partition(|one| one.definition["Condition"].is_null());
    for alarm in ["FunctionErrorsAlarm", "FunctionThrottlesAlarm"] {
        let metrics = Resource::named(alarm).property("Metrics").as_array().unwrap();
        for function in &always {
            let id = metrics.iter().find_map(|one| {
                let dimension = &one["MetricStat"]["Metric"]["Dimensions"][0];
                (dimension["Value"] == function.id).then(|| one["Id"].as_str()).flatten()
            });
            let id = id.unwrap_or_else(|| panic!("{alarm} does not hear {}", function.id));
            let sum = metrics.iter().find_map(|one| one["Expression"].as_str()).unwrap();
            assert!(sum.contains(&format!("FILL({id}, 0)")), "{alarm}: {sum}");
        }
    }
    for function in &on_condition {
        for metric in ["Errors", "Throttles"] {
            let heard = resources("AWS::CloudWatch::Alarm").into_iter().any(|alarm| {
                alarm.text("Namespace") == "AWS/Lambda"
                    && alarm.text("MetricName") == metric
                    && alarm.property("Dimensions")[0]["Value"] == function.id
                    && alarm.definition["Condition"] == function.definition["Condition"]
            });
            assert!(heard, "nobody hears {metric} of {}", function.id);
        }
    }
}

#[test]
fn every_event_that_misses_its_function_ends_in_a_watched_queue() {
    for rule in resources("AWS::Events::Rule") {
        for one in rule.property("Targets").as_array().unwrap() {
            let queue = target(one["DeadLetterConfig"]["Arn"].as_str().unwrap());
            assert_watched(queue, rule.id);
            opened_to(queue, "events.amazonaws.com");
        }
    }
    for function in functions() {
        for event in
            function.property("Events").as_object().into_iter().flat_map(|all| all.values())
        {
            let properties = &event["Properties"];
            if event["Type"] == "SNS" {
                let topic = properties["Topic"].as_str().unwrap();
                assert_redriven(&properties["RedrivePolicy"], topic, &Value::Null, function.id);
            }
        }
    }
}

#[test]
fn what_a_subscriber_does_not_take_ends_in_a_watched_queue() {
    let subscriptions = resources("AWS::SNS::Subscription");
    // People have no queue: SNS tries their mail servers for hours, and the mail is the last resort.
    let machines: Vec<&Resource> =
        subscriptions.iter().filter(|one| one.text("Protocol") != "email").collect();
    assert!(machines.iter().any(|one| one.id == "WebhookSubscription"));
    for one in machines {
        let condition = &one.definition["Condition"];
        assert_redriven(one.property("RedrivePolicy"), one.text("TopicArn"), condition, one.id);
    }
}

/// The alarm says what its queue can hold, and only where it can.
#[test]
fn the_alarm_on_undelivered_events_speaks_of_the_endpoint_where_there_is_one() {
    let description = Resource::named("UndeliveredEventsAlarm").property("AlarmDescription");
    let (text, parts) = (description[0].as_str().unwrap(), &description[1]);
    assert!(text.contains("run `make replay STACK=${AWS::StackName}`"), "{text}");
    for (part, with) in [("What", "not taken by the webhook endpoint"), ("Endpoint", "answers")] {
        let [condition, there, otherwise] = parts[part].as_array().unwrap().as_slice() else {
            panic!("{part}")
        };
        assert_eq!(condition, "HasWebhookEndpoint");
        assert!(text.contains(&format!("${{{part}}}")), "{text}");
        assert!(there.as_str().unwrap().contains(with), "{there}");
        assert!(!otherwise.as_str().unwrap().contains("endpoint"), "{otherwise}");
    }
}

#[test]
fn a_source_queue_outwaits_its_function_and_redrives_to_a_watched_queue() {
    for function in functions() {
        for event in
            function.property("Events").as_object().into_iter().flat_map(|all| all.values())
        {
            if event["Type"] != "SQS" {
                continue;
            }
            let properties = &event["Properties"];
            assert_eq!(properties["FunctionResponseTypes"][0], "ReportBatchItemFailures");
            let queue = Resource::named(target(properties["Queue"].as_str().unwrap()));
            let redrive = queue.property("RedrivePolicy")["deadLetterTargetArn"].as_str().unwrap();
            assert_watched(target(redrive), queue.id);
            // Lambda's guide asks for six times the function's timeout.
            let timeout = function.property("Timeout").as_u64().unwrap();
            assert!(queue.property("VisibilityTimeout").as_u64().unwrap() >= 6 * timeout);
        }
    }
}

#[test]
fn buckets_may_tell_of_every_object_whose_notification_is_kept() {
    for notifications in resources("Custom::BucketNotifications") {
        let queue = target(notifications.text("Queue"));
        // One of its own or one of the customer's, by a condition.
        let buckets = match notifications.property("Bucket") {
            Value::Array(either) => either[1..].iter().filter_map(Value::as_str).collect(),
            one => texts(one),
        };
        let named = opened_to(queue, "s3.amazonaws.com").iter().any(|statement| {
            let sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"].to_string();
            !buckets.is_empty() && buckets.iter().all(|bucket| sources.contains(bucket))
        });
        assert!(named, "{queue} takes nothing from {buckets:?}");
        assert!(
            notifications.depends_on().contains(&format!("{queue}Policy").as_str()),
            "S3 tries the queue when it is told to notify it: {}",
            notifications.id
        );
    }
}

#[test]
fn every_function_is_traced() {
    assert_eq!(section("Globals")["Function"]["Tracing"], "Active");
    for function in functions() {
        assert!(function.property("Tracing").is_null(), "{} is traced otherwise", function.id);
    }
}

#[test]
fn scoring_that_falls_behind_is_heard_of_before_quality_alarms_go_deaf() {
    let alarm = Resource::named("ScoringDelayAlarm");
    assert_eq!(
        (alarm.text("Namespace"), alarm.text("MetricName")),
        ("QualityNamespace", "ScoringDelay")
    );
    assert_eq!(alarm.text("Statistic"), "Maximum");
    // They look back two hours.
    let number = |name: &str| alarm.property(name).as_u64().unwrap();
    assert!(number("Threshold") + number("Period") * number("EvaluationPeriods") <= 7200);
    assert_eq!(
        Resource::named("LogDeliveryAlarm").definition["Condition"],
        serde_json::Value::Null
    );
}

#[test]
fn an_effect_stays_leased_for_as_long_as_its_function_may_run() {
    let function = Resource::named("NotificationProcessor");
    let timeout = function.property("Timeout").as_i64().unwrap();
    assert!(notification_processor::LEASE.as_secs() > timeout);
}

#[test]
fn the_functions_know_the_last_try_of_their_queues() {
    for queue in ["FollowUpQueue", "LogObjects"] {
        let tries = &Resource::named(queue).property("RedrivePolicy")["maxReceiveCount"];
        assert_eq!(*tries, llmwatch_core::delivery::TRIES, "{queue}");
    }
}
