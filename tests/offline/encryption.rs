//! Who may write to an encrypted topic or queue must be let to use its key.

use serde_json::Value;

use crate::template::{Resource, TEXT, resources, statements, texts};

fn encrypted() -> Vec<Resource> {
    let mut found = resources("AWS::SNS::Topic");
    found.extend(resources("AWS::SQS::Queue"));
    found
}

fn key_statements(service: &str) -> Vec<&'static Value> {
    statements(Resource::named("Key").property("KeyPolicy"))
        .iter()
        .filter(|statement| texts(&statement["Principal"]["Service"]).contains(&service))
        .collect()
}

#[test]
fn every_topic_and_queue_is_encrypted_with_the_stacks_key() {
    for one in encrypted() {
        assert_eq!(one.text("KmsMasterKeyId"), "Key.Arn", "{}", one.id);
    }
    // Only where it is used: the comment that says why names it too.
    assert!(!TEXT.contains("KmsMasterKeyId: alias/aws/"));
}

#[test]
fn every_service_that_writes_may_use_the_key() {
    for kind in ["AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"] {
        for policy in resources(kind) {
            for statement in statements(policy.property("PolicyDocument")) {
                let service = statement["Principal"]["Service"].as_str().unwrap();
                let granted: Vec<&str> = key_statements(service)
                    .iter()
                    .flat_map(|grant| texts(&grant["Action"]))
                    .collect();
                for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
                    assert!(granted.contains(&action), "{service} lacks {action}: {}", policy.id);
                }
            }
        }
    }
}

#[test]
fn services_write_only_on_behalf_of_this_account() {
    for kind in ["AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"] {
        for policy in resources(kind) {
            for statement in statements(policy.property("PolicyDocument")) {
                let source = statement["Condition"]
                    .as_object()
                    .into_iter()
                    .flat_map(serde_json::Map::values)
                    .map(|test| &test["aws:SourceArn"])
                    .find(|source| source.is_string() || source.is_array());
                assert!(source.is_some(), "{}: {statement}", policy.id);
            }
        }
    }
}

/// SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted
/// topics": the source conditions are not supported for EventBridge.
#[test]
fn eventbridge_uses_the_key_without_source_conditions() {
    for grant in key_statements("events.amazonaws.com") {
        assert!(grant["Condition"].is_null(), "{grant}");
    }
}

#[test]
fn every_alarm_action_goes_to_a_topic_its_policy_opens_to_that_alarm() {
    let opened = |policy: &'static str| {
        statements(Resource::named(policy).property("PolicyDocument"))[0]["Condition"]["ArnLike"]
            ["aws:SourceArn"]
            .as_str()
            .unwrap()
    };
    assert!(opened("AlertsTopicPolicy").ends_with(":alarm:${Prefix}-Self-*"));
    assert!(opened("RawTopicPolicy").ends_with(":alarm:${Prefix}-Bedrock-QuotaHealth-Composite-*"));
    for alarm in resources("AWS::CloudWatch::Alarm") {
        assert_eq!(texts(alarm.property("AlarmActions")), ["AlertsTopic"], "{}", alarm.id);
        assert!(alarm.text("AlarmName").starts_with("${Prefix}-Self-"), "{}", alarm.id);
    }
}
