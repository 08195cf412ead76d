//! The order in which the stack comes and goes.

use crate::template::{Resource, functions, resources, section, target};

/// CloudFormation deletes a resource before what it depends on.
#[test]
fn schedules_and_rules_go_before_the_alarms_and_the_alarms_before_the_thresholds() {
    for rule in resources("AWS::Events::Rule") {
        assert_eq!(rule.depends_on(), ["PoolAlarms"], "{}", rule.id);
    }
    assert!(Resource::named("PoolAlarms").depends_on().contains(&"QuotaThresholds"));
}

#[test]
fn the_alarms_come_after_what_hears_them() {
    let needed = Resource::named("PoolAlarms").depends_on();
    // SAM names a function's subscription and mapping after function and event.
    for hears in
        ["RawTopicPolicy", "NotificationProcessorCompositeAlarm", "NotificationProcessorFollowUp"]
    {
        assert!(needed.contains(&hears), "{hears}");
    }
    let events = Resource::named("NotificationProcessor").property("Events");
    assert!(events["CompositeAlarm"].is_object() && events["FollowUp"].is_object());
}

#[test]
fn settings_a_custom_resource_reads_are_there_while_it_is() {
    for (resource, setting) in [
        ("QuotaThresholds", "WatchedModelsSetting"),
        ("QuotaThresholds", "AlarmTuningSetting"),
        ("PoolAlarms", "AlarmTuningSetting"),
    ] {
        assert!(Resource::named(resource).depends_on().contains(&setting), "{resource}");
    }
}

#[test]
fn a_custom_resource_outwaits_its_function() {
    for kind in [
        "Custom::QuotaThresholds",
        "Custom::Contacts",
        "Custom::PoolAlarms",
        "Custom::InvocationLogging",
        "Custom::BucketNotifications",
    ] {
        for resource in resources(kind) {
            let token = target(resource.text("ServiceToken"));
            let function = functions().into_iter().find(|one| one.id == token).unwrap();
            let timeout = function.property("Timeout").as_u64().unwrap();
            assert!(resource.property("ServiceTimeout").as_u64().unwrap() > timeout);
        }
    }
}

#[test]
fn a_new_release_runs_the_custom_resources_again() {
    let version = section("Mappings")["Release"]["This"]["Version"].as_str().unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    for kind in ["Custom::QuotaThresholds", "Custom::PoolAlarms"] {
        for resource in resources(kind) {
            assert_eq!(resource.property("Version")[0], "Release", "{}", resource.id);
            assert_eq!(resource.text("Prefix"), "Prefix");
            assert_eq!(resource.text("AlarmTuning"), "AlarmTuning");
        }
    }
}

/// A release's Update and a deployment's Delete go by the same resource.
#[test]
fn contacts_are_reconciled_by_every_release_and_forgotten_after_the_alarms() {
    let contacts = Resource::named("Contacts");
    assert_eq!(contacts.property("Version")[0], "Release");
    assert_eq!(contacts.text("Prefix"), "Prefix");
    assert_eq!(contacts.text("AlertEmail"), "AlertEmail");
    assert!(Resource::named("PoolAlarms").depends_on().contains(&"Contacts"));
}

#[test]
fn no_update_can_overwrite_what_people_wrote_into_the_secret() {
    for secret in resources("AWS::SecretsManager::Secret") {
        for text in ["SecretString", "GenerateSecretString"] {
            assert!(secret.property(text).is_null(), "{}: {text}", secret.id);
        }
        // Its recovery window would hold a name back from the next deployment.
        assert!(secret.property("Name").is_null(), "{}", secret.id);
        assert_eq!(secret.text("KmsKeyId"), "Key.Arn", "{}", secret.id);
    }
}

/// Who was subscribed by an earlier release stays so: CloudFormation unsubscribes what it deletes.
#[test]
fn the_subscription_of_alert_email_is_cloudformations() {
    let subscription = Resource::named("AlertEmailSubscription");
    assert_eq!(subscription.definition["Type"], "AWS::SNS::Subscription");
    assert_eq!(subscription.definition["Condition"], "HasAlertEmail");
    assert_eq!(subscription.text("Endpoint"), "AlertEmail");
}

/// CloudFormation creates what is depended on first and deletes it last.
#[test]
fn logs_are_delivered_only_while_the_scorer_hears_of_them() {
    let depends = |id: &str, on: &[&str]| {
        let needed = Resource::named(id).depends_on();
        assert!(on.iter().all(|one| needed.contains(one)), "{id}: {needed:?}");
    };
    depends("InvocationLogging", &["LogNotifications", "AccountSetupQualityPolicy"]);
    depends("LogNotifications", &["LogObjectsPolicy", "AccountSetupQualityPolicy"]);
    depends("LogNotifications", &["QualityScorerLogObject"]);
    // Each reads a bucket's notifications, merges and writes; both may be about one bucket.
    depends("CaptureNotifications", &["LogNotifications", "AccountSetupQualityPolicy"]);
    let after = Resource::named("InvocationLogging").property("After");
    assert_eq!((&after[0], &after[1]), (&"MakesLogBucket".into(), &"LogBucketPolicy".into()));
}

#[test]
fn a_new_release_looks_after_logs_and_notifications_again() {
    for id in ["InvocationLogging", "LogNotifications", "CaptureNotifications"] {
        let resource = Resource::named(id);
        assert_eq!(resource.property("Version")[0], "Release", "{id}");
        assert_eq!(target(resource.text("ServiceToken")), "AccountSetup", "{id}");
    }
    let ids = ["LogNotifications", "CaptureNotifications"].map(|id| Resource::named(id).text("Id"));
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.starts_with("${Prefix}-")), "{ids:?}");
}

#[test]
fn everything_of_quality_is_there_only_where_it_is_asked_for() {
    let conditions = section("Conditions").as_object().unwrap();
    let of_quality = |resource: &Resource| {
        let condition = resource.definition["Condition"].as_str();
        condition.is_some_and(|one| {
            one == "ScoresQuality" || conditions[one].to_string().contains("ScoresQuality")
        })
    };
    for kind in [
        "AWS::Athena::NamedQuery",
        "AWS::Athena::WorkGroup",
        "AWS::Glue::Database",
        "AWS::Glue::Table",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::IAM::Policy",
        "AWS::StepFunctions::StateMachine",
        "AWS::Serverless::LayerVersion",
        "Custom::InvocationLogging",
        "Custom::BucketNotifications",
    ] {
        let of_forms = ["ChatPolicy", "WebhookPolicy"];
        for resource in resources(kind).iter().filter(|one| !of_forms.contains(&one.id)) {
            assert!(of_quality(resource), "{}", resource.id);
        }
    }
    for id in
        ["QualityScorer", "QualityScorerRole", "LogObjects", "UnscoredObjects", "BackfillRole"]
    {
        assert!(of_quality(&Resource::named(id)), "{id}");
    }
}

#[test]
fn everything_of_a_form_is_there_only_where_it_is_asked_for_and_goes_with_the_stack() {
    let conditions = section("Conditions");
    for (parameter, condition, of_it) in [
        ("ChatTopic", "TellsChat", ["ChatMessages", "ChatPolicy"]),
        ("WebhookTopic", "TellsWebhook", ["WebhookMessages", "WebhookPolicy"]),
    ] {
        assert_eq!(section("Parameters")[parameter]["Default"], "off");
        assert_eq!(conditions[condition], serde_json::json!([parameter, "on"]));
        for resource in of_it.map(Resource::named) {
            assert_eq!(resource.definition["Condition"], condition, "{}", resource.id);
            assert!(resource.definition["DeletionPolicy"].is_null(), "{}", resource.id);
        }
    }
    let subscription = Resource::named("WebhookSubscription");
    assert_eq!(subscription.definition["Condition"], "HasWebhookEndpoint");
    assert!(conditions["HasWebhookEndpoint"].to_string().contains("TellsWebhook"));
    // The envelope has the signature that the endpoint is told to check.
    assert!(subscription.property("RawMessageDelivery").is_null());
    assert_eq!(subscription.text("Protocol"), "https");
}

#[test]
fn logs_and_call_records_outlive_the_stack() {
    for bucket in resources("AWS::S3::Bucket") {
        assert_eq!(bucket.definition["DeletionPolicy"], "Retain", "{}", bucket.id);
        assert_eq!(bucket.definition["UpdateReplacePolicy"], "Retain", "{}", bucket.id);
        assert!(bucket.property("BucketName").is_null(), "{}", bucket.id);
    }
}

#[test]
fn what_was_done_in_the_customers_name_outlives_the_stack() {
    let ledger = Resource::named("Ledger");
    assert_eq!(ledger.definition["DeletionPolicy"], "Retain");
    assert_eq!(ledger.definition["UpdateReplacePolicy"], "Retain");
    // A fixed name would make the next deployment fail; the stack's key goes with the stack.
    assert!(ledger.property("TableName").is_null());
    assert!(ledger.property("SSESpecification").is_null());
}
