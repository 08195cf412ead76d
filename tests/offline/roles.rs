//! What the functions may do.

use std::collections::BTreeSet;

use llmwatch_tests::process::Places;
use llmwatch_tests::seen;
use serde_json::Value;

use crate::template::{Resource, functions, resources, section, statements, texts};

/// Actions whose API knows no resource-level permission, or that AWS takes on `*` only.
///
/// Source: the service authorization reference and, for composites, the `PutCompositeAlarm` and
/// `DescribeAlarms` pages of the CloudWatch API reference, read 2026-11-21.
const WITHOUT_RESOURCE: [&str; 30] = [
    "bedrock:DeleteModelInvocationLoggingConfiguration",
    "bedrock:GetModelInvocationLoggingConfiguration",
    // Not in the copies that could be read; the API takes no ARN.
    "bedrock:InvokeGuardrailChecks",
    "bedrock:ListInferenceProfiles",
    "bedrock:PutModelInvocationLoggingConfiguration",
    "cloudwatch:DeleteAnomalyDetector",
    // Of composites: "with a permission that is scoped to *", by its page in the API reference.
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAnomalyDetectors",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListDashboards",
    "cloudwatch:ListMetrics",
    "cloudwatch:PutAnomalyDetector",
    "cloudwatch:PutCompositeAlarm",
    "comprehend:BatchDetectSentiment",
    "comprehend:DetectToxicContent",
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
    "support:DescribeSupportedLanguages",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// Actions that are granted though no end-to-end test has a function call them, with the reason;
/// of every function, or of the one named.
const NOT_SEEN: [(&str, &str, &str); 17] = [
    ("", "logs:CreateLogStream", "Lambda writes the log in the function's name"),
    ("", "logs:PutLogEvents", "Lambda writes the log in the function's name"),
    ("", "xray:PutTraceSegments", "Lambda sends the trace in the function's name"),
    ("", "xray:PutTelemetryRecords", "Lambda sends the trace in the function's name"),
    ("", "sqs:SendMessage", "Lambda parks events a function failed on in its name"),
    ("", "kms:Decrypt", "SQS, SNS and Secrets Manager use the key in the name of the caller"),
    ("", "kms:GenerateDataKey", "SQS and SNS use the key in the name of the caller"),
    ("notification-processor", "sqs:ReceiveMessage", "Lambda polls the queue in its name"),
    ("notification-processor", "sqs:DeleteMessage", "Lambda polls the queue in its name"),
    ("notification-processor", "sqs:GetQueueAttributes", "Lambda polls the queue in its name"),
    ("notification-processor", "iam:CreateServiceLinkedRole", "the first increase of an account"),
    ("alarm-updater", "cloudwatch:TagResource", "PutMetricAlarm with tags asks for it"),
    ("quota-calculator", "bedrock:GetCustomModel", "the local AWS has no custom model to read"),
    ("quality-scorer", "sqs:ReceiveMessage", "Lambda polls the queue in its name"),
    ("quality-scorer", "sqs:DeleteMessage", "Lambda polls the queue in its name"),
    ("quality-scorer", "sqs:GetQueueAttributes", "Lambda polls the queue in its name"),
    (
        "quality-scorer",
        "s3:ListBucket",
        "who may list is told of a missing object that it is missing",
    ),
];

/// What the backfill's role allows, with the reason; the local AWS runs the backfill without asking
/// for permissions.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html>, which
/// calls all but the function the least that a distributed map needs.
const BACKFILL: [(&str, &str); 8] = [
    ("lambda:InvokeFunction", "each batch is scored by the function"),
    ("s3:AbortMultipartUpload", "results are uploaded in parts"),
    ("s3:GetObject", "results are uploaded in parts, which are read before they are put together"),
    ("s3:ListBucket", "the log objects are listed"),
    ("s3:ListMultipartUploadParts", "results are uploaded in parts"),
    ("s3:PutObject", "results are uploaded in parts"),
    ("states:DescribeExecution", "the map looks what became of its batches"),
    ("states:StartExecution", "each batch is an execution of its own"),
];

/// Resources wider than the stack and the buckets its parameters name, with the reason.
const WIDE: [(&str, &str); 9] = [
    (":application-inference-profile/*", "profiles are found by their traffic"),
    (":custom-model/*", "deployments are found by their traffic, models by them"),
    (":custom-model-deployment/*", "deployments are found by their traffic"),
    (":inference-profile/*", "profiles are found by their traffic"),
    (":bedrock/*", "any quota of Bedrock may be too small"),
    (":role/aws-service-role/servicequotas.amazonaws.com/*", "its name is up to Service Quotas"),
    (":s3:::*", "a bucket that a parameter named before, in this account by its condition"),
    (":key/*", "a key of the customer, for the one bucket or secret of its condition"),
    (":foundation-model/*", "the judge's model, which the id of its profile does not tell"),
];

/// What a role may, under a condition or not.
pub(crate) fn role_statements(role: &Resource) -> Vec<&'static Value> {
    let own = role.property("Policies").as_array().unwrap();
    let own = own.iter().map(|policy| &policy["PolicyDocument"]);
    // What a role may under a condition stands in a policy of its own.
    let attached = resources("AWS::IAM::Policy")
        .into_iter()
        .filter(|policy| texts(policy.property("Roles")) == [role.id])
        .map(|policy| policy.property("PolicyDocument"));
    own.chain(attached).flat_map(statements).collect()
}

#[test]
fn every_action_is_spelt_out() {
    let documents = ["KeyPolicy", "PolicyDocument"];
    let owners = [
        "AWS::KMS::Key",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    ];
    let of_resources = owners
        .into_iter()
        .flat_map(resources)
        .flat_map(|owner| documents.map(|name| owner.property(name)))
        .filter(|document| document.is_object())
        .flat_map(statements)
        .filter(|statement| statement["Effect"] == "Allow");
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
                let namespace = &statement["Condition"]["StringEquals"]["cloudwatch:namespace"];
                let to_own_namespace = action == "cloudwatch:PutMetricData"
                    && (*namespace == llmwatch_core::alarm::pool_metrics::NAMESPACE
                        || *namespace == "QualityNamespace");
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
fn no_action_is_excused_that_is_not_used_on_every_resource() {
    for action in WITHOUT_RESOURCE {
        let used = resources("AWS::IAM::Role").iter().flat_map(role_statements).any(|statement| {
            texts(&statement["Resource"]).contains(&"*")
                && texts(&statement["Action"]).contains(&action)
        });
        assert!(used, "{action}");
    }
}

/// Whether a pattern names the stack, one of its resources, or what a parameter names.
fn is_of_the_stack(pattern: &str) -> bool {
    pattern.split("${").skip(1).any(|reference| !reference.starts_with("AWS::"))
}

#[test]
fn every_pattern_wider_than_the_stack_has_a_reason() {
    let mut met = BTreeSet::new();
    for role in resources("AWS::IAM::Role") {
        for statement in role_statements(&role) {
            for pattern in texts(&statement["Resource"]) {
                if pattern == "*" || !pattern.contains('*') || is_of_the_stack(pattern) {
                    continue;
                }
                let wide = WIDE.iter().find(|(end, _)| pattern.ends_with(end));
                let (end, _) = wide.unwrap_or_else(|| panic!("{}: {pattern}", role.id));
                met.insert(*end);
                let guarded = [":s3:::*", ":key/*"].contains(end);
                assert!(!guarded || statement["Condition"].is_object(), "{}: {pattern}", role.id);
            }
        }
    }
    assert_eq!(met, WIDE.iter().map(|(end, _)| *end).collect());
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

#[test]
fn only_the_processor_publishes_and_to_a_form_only_where_it_is_on() {
    let publishes =
        |statement: &&&'static Value| texts(&statement["Action"]).contains(&"sns:Publish");
    for role in resources("AWS::IAM::Role") {
        let statements = role_statements(&role);
        let topics: BTreeSet<&str> = statements
            .iter()
            .filter(publishes)
            .flat_map(|statement| texts(&statement["Resource"]))
            .collect();
        let expected: &[&str] = match role.id {
            "NotificationProcessorRole" => &["AlertsTopic", "ChatMessages", "WebhookMessages"],
            _ => &[],
        };
        assert_eq!(topics, expected.iter().copied().collect(), "{}", role.id);
    }
    let own = Resource::named("NotificationProcessorRole").property("Policies").to_string();
    for (policy, topic) in [("ChatPolicy", "ChatMessages"), ("WebhookPolicy", "WebhookMessages")] {
        assert!(!own.contains(topic), "the role itself may publish to {topic}");
        let condition = &Resource::named(policy).definition["Condition"];
        assert!(condition.is_string());
        assert_eq!(*condition, Resource::named(topic).definition["Condition"]);
    }
}

/// A function's binary and an action.
type Action = (String, String);

/// What the roles grant.
fn granted() -> BTreeSet<Action> {
    let mut granted = BTreeSet::new();
    for function in functions() {
        let binary = function.definition["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        let role = Resource::named(function.text("Role").strip_suffix(".Arn").unwrap());
        for action in role_statements(&role).iter().flat_map(|one| texts(&one["Action"])) {
            granted.insert((binary.to_owned(), action.to_owned()));
        }
    }
    granted
}

/// What the end-to-end tests saw called, and what a reason is given for.
fn seen() -> BTreeSet<Action> {
    seen::read(&seen::list(&Places::of_this_build().unwrap())).unwrap()
}

/// The list is held against a run of all end-to-end tests by `make test`.
#[test]
fn every_role_grants_what_its_function_was_seen_calling_and_nothing_else_without_a_reason() {
    let reasoned = |(function, action): &Action| {
        NOT_SEEN.iter().any(|(of, one, _)| one == action && (of.is_empty() || of == function))
    };
    let (granted, seen) = (granted(), seen());
    let missing: Vec<&Action> = seen.difference(&granted).collect();
    assert!(missing.is_empty(), "called and not granted: {missing:?}");
    let idle: Vec<&Action> = granted.difference(&seen).filter(|action| !reasoned(action)).collect();
    assert!(idle.is_empty(), "granted and never called: {idle:?}");
}

#[test]
fn the_one_role_that_is_no_functions_grants_what_a_reason_is_given_for() {
    let of_functions: Vec<String> =
        functions().iter().map(|function| function.text("Role").replace(".Arn", "")).collect();
    let mut others = resources("AWS::IAM::Role");
    others.retain(|role| !of_functions.iter().any(|one| one == role.id));
    let [backfill] = others.as_slice() else { panic!("{} other roles", others.len()) };
    assert_eq!(section("Resources")["Backfill"]["Properties"]["RoleArn"], "BackfillRole.Arn");
    assert_eq!(backfill.id, "BackfillRole");
    let granted: BTreeSet<&str> =
        role_statements(backfill).iter().flat_map(|one| texts(&one["Action"])).collect();
    assert_eq!(granted, BACKFILL.iter().map(|(action, _)| *action).collect());
}

#[test]
fn no_reason_outlives_what_it_is_given_for() {
    let (granted, seen) = (granted(), seen());
    for (function, action, reason) in NOT_SEEN {
        let needed = granted
            .difference(&seen)
            .any(|(of, one)| one == action && (function.is_empty() || of == function));
        assert!(needed && !reason.is_empty(), "{function} {action}: {reason}");
    }
}
