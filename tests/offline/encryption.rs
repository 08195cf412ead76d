//! Who may write to an encrypted topic or queue must be let to use its key.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::roles::role_statements;
use crate::template::{Resource, TEXT, resources, section, statements, target, texts};

/// What a service does with the key in the name of whoever calls these actions on an encrypted
/// resource.
///
/// Sources: "Configuring AWS KMS permissions" in the developer guides of SQS (what a producer and a
/// consumer need) and of SNS (what a publisher needs), and "Secret encryption and decryption" in the
/// user guide of Secrets Manager.
const USES_THE_KEY: [(&str, &[&str]); 4] = [
    ("secretsmanager:GetSecretValue", &["kms:Decrypt"]),
    ("sns:Publish", &["kms:Decrypt", "kms:GenerateDataKey"]),
    ("sqs:ReceiveMessage", &["kms:Decrypt"]),
    ("sqs:SendMessage", &["kms:Decrypt", "kms:GenerateDataKey"]),
];

/// What neither reads nor writes a message, so that no key is used.
const USES_NO_KEY: [&str; 5] = [
    "sns:ListSubscriptionsByTopic",
    "sns:Subscribe",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
];

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

/// Everything that the stack's key encrypts, by logical id.
fn encrypted_with_key() -> Vec<&'static str> {
    let all = section("Resources").as_object().unwrap();
    let found = all.iter().filter(|(_, one)| {
        ["KmsMasterKeyId", "KmsKeyId"].iter().any(|name| one["Properties"][name] == "Key.Arn")
    });
    found.map(|(id, _)| id.as_str()).collect()
}

/// What a role may do with the key, always and with anything.
fn granted_on_key(role: &Resource) -> BTreeSet<&'static str> {
    // Not those of a policy beside the role, which may be there on a condition only.
    let own = role.property("Policies").as_array().unwrap();
    own.iter()
        .flat_map(|policy| statements(&policy["PolicyDocument"]))
        .filter(|statement| statement["Effect"] == "Allow" && statement["Condition"].is_null())
        .filter(|statement| texts(&statement["Resource"]).contains(&"Key.Arn"))
        .flat_map(|statement| texts(&statement["Action"]))
        .collect()
}

/// What a role has to do with the key for all it may do to what is encrypted.
fn needed_on_key(role: &Resource) -> BTreeSet<&'static str> {
    let encrypted = encrypted_with_key();
    role_statements(role)
        .into_iter()
        .filter(|statement| {
            texts(&statement["Resource"]).iter().any(|one| encrypted.contains(&target(one)))
        })
        .flat_map(|statement| texts(&statement["Action"]))
        .filter(|action| !USES_NO_KEY.contains(action))
        .flat_map(|action| {
            let uses = USES_THE_KEY.iter().find(|(one, _)| *one == action);
            uses.unwrap_or_else(|| panic!("{}: does {action} use the key?", role.id)).1
        })
        .copied()
        .collect()
}

/// Without its grant every mail, follow-up and parked event of a function is denied on AWS, and the
/// local AWS asks for no permission.
#[test]
fn every_role_may_do_with_the_key_what_its_reads_and_writes_ask_for_and_no_more() {
    let roles = resources("AWS::IAM::Role");
    for role in &roles {
        assert_eq!(granted_on_key(role), needed_on_key(role), "{}", role.id);
    }
    assert!(roles.iter().filter(|role| !needed_on_key(role).is_empty()).count() >= 5);
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
