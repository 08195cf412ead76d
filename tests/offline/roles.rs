//! What the functions may do.

use std::path::Path;

use serde_json::Value;

use crate::template::{Resource, functions, resources, statements, texts};

/// Actions whose API knows no resource-level permission, or that AWS takes on `*` only.
///
/// Source: the service authorization reference and, for composites, the `PutCompositeAlarm` and
/// `DescribeAlarms` pages of the CloudWatch API reference, read 2026-11-21.
const WITHOUT_RESOURCE: [&str; 21] = [
    "bedrock:ListInferenceProfiles",
    "cloudwatch:DeleteAnomalyDetector",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAnomalyDetectors",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "cloudwatch:PutAnomalyDetector",
    "cloudwatch:PutCompositeAlarm",
    "servicequotas:GetRequestedServiceQuotaChange",
    "servicequotas:GetServiceQuota",
    "servicequotas:ListAWSDefaultServiceQuotas",
    "servicequotas:ListRequestedServiceQuotaChangeHistory",
    "servicequotas:ListServiceQuotas",
    "sns:Unsubscribe",
    "support:AddCommunicationToCase",
    "support:CreateCase",
    "support:DescribeCases",
    "support:DescribeCommunications",
    "support:DescribeServices",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// Actions no SDK call of ours stands for.
const NOT_CALLED_BY_US: [&str; 12] = [
    // PutMetricAlarm with tags.
    "cloudwatch:TagResource",
    // The first quota increase of an account.
    "iam:CreateServiceLinkedRole",
    // SNS and SQS use the key in the name of the caller.
    "kms:Decrypt",
    "kms:GenerateDataKey",
    // Lambda writes the log and the trace, and polls the queue.
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

fn role_statements(role: &Resource) -> Vec<&'static Value> {
    let policies = role.property("Policies").as_array().unwrap();
    policies.iter().flat_map(|policy| statements(&policy["PolicyDocument"])).collect()
}

#[test]
fn every_action_is_spelt_out() {
    let documents = ["KeyPolicy", "PolicyDocument"];
    let of_resources = ["AWS::KMS::Key", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"]
        .into_iter()
        .flat_map(resources)
        .flat_map(|owner| documents.map(|name| owner.property(name)))
        .filter(|document| document.is_object())
        .flat_map(statements);
    let of_roles = resources("AWS::IAM::Role").into_iter().flat_map(|role| role_statements(&role));
    for statement in of_resources.chain(of_roles) {
        for action in texts(&statement["Action"]) {
            assert!(!action.contains('*') && action.contains(':'), "{action} in {statement}");
        }
        assert!(statement["NotAction"].is_null() && statement["NotResource"].is_null());
    }
}

#[test]
fn every_resource_stands_only_where_the_api_knows_no_other() {
    for role in resources("AWS::IAM::Role") {
        for statement in role_statements(&role) {
            if !texts(&statement["Resource"]).contains(&"*") {
                continue;
            }
            for action in texts(&statement["Action"]) {
                // Its condition names the namespace, which is what the API has for a resource.
                let to_own_namespace = action == "cloudwatch:PutMetricData"
                    && statement["Condition"]["StringEquals"]["cloudwatch:namespace"]
                        == llmwatch_core::alarm::pool_metrics::NAMESPACE;
                assert!(
                    WITHOUT_RESOURCE.contains(&action) || to_own_namespace,
                    "{}: {action} may be used on every resource",
                    role.id
                );
            }
        }
    }
}

#[test]
fn every_function_has_a_role_of_its_own_that_cannot_create_log_groups() {
    for function in functions() {
        let role = function.text("Role").strip_suffix(".Arn").unwrap();
        assert_eq!(role, format!("{}Role", function.id));
        let role = Resource::named(role);
        assert!(role.property("ManagedPolicyArns").is_null(), "{}", role.id);
        let actions: Vec<&str> =
            role_statements(&role).iter().flat_map(|one| texts(&one["Action"])).collect();
        assert!(actions.contains(&"logs:PutLogEvents"), "{}", role.id);
        assert!(!actions.contains(&"logs:CreateLogGroup"), "{}", role.id);
    }
}

#[test]
fn only_the_notification_processor_may_file_anything() {
    let filing = [
        "servicequotas:RequestServiceQuotaIncrease",
        "support:CreateCase",
        "support:AddCommunicationToCase",
    ];
    for role in resources("AWS::IAM::Role") {
        let may_file = role_statements(&role)
            .iter()
            .flat_map(|statement| texts(&statement["Action"]))
            .any(|action| filing.contains(&action));
        assert_eq!(may_file, role.id == "NotificationProcessorRole", "{}", role.id);
    }
}

/// The operations the shell calls, as the SDKs spell them: `put_metric_alarm`.
fn shell_calls(operation: &str) -> bool {
    let shell = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/llmwatch-aws/src");
    let mut directories = vec![shell];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if std::fs::read_to_string(path).unwrap().contains(&format!(".{operation}()")) {
                return true;
            }
        }
    }
    false
}

fn snake_case(operation: &str) -> String {
    let mut words = String::new();
    let mut before = 'A';
    for letter in operation.replace("AWSDefault", "AwsDefault").chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
        before = letter;
    }
    words
}

#[test]
fn no_role_allows_what_no_code_calls() {
    for role in resources("AWS::IAM::Role") {
        let statements = role_statements(&role);
        for action in statements.iter().flat_map(|statement| texts(&statement["Action"])) {
            let (_service, operation) = action.split_once(':').unwrap();
            assert!(
                NOT_CALLED_BY_US.contains(&action) || shell_calls(&snake_case(operation)),
                "{}: {action}",
                role.id
            );
        }
    }
}
