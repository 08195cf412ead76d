//! Nothing is open to everybody, and nothing secret stands where many can read.

use serde_json::Value;

use crate::template::{Resource, TEXT, functions, resources, section, statements, target, texts};

/// Every member of this name, however deep.
fn members<'a>(of: &'a Value, name: &str, found: &mut Vec<(&'a Value, &'a Value)>) {
    match of {
        Value::Object(fields) => {
            found.extend(fields.get(name).map(|member| (of, member)));
            fields.values().for_each(|field| members(field, name, found));
        }
        Value::Array(list) => list.iter().for_each(|one| members(one, name, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn no_statement_admits_everybody() {
    let mut found = Vec::new();
    members(section("Resources"), "Principal", &mut found);
    assert!(!found.is_empty());
    for (statement, principal) in found {
        // A Lambda permission has the service's name alone.
        let named = match principal {
            Value::Object(kinds) => kinds.values().flat_map(texts).collect(),
            other => texts(other),
        };
        let refuses = statement["Effect"] == "Deny";
        assert!(!named.is_empty() && (refuses || !named.contains(&"*")), "{statement}");
    }
    let mut found = Vec::new();
    members(section("Resources"), "NotPrincipal", &mut found);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_permission_to_invoke_is_for_one_source() {
    let all = section("Resources").as_object().unwrap();
    for (id, permission) in all.iter().filter(|(_, one)| one["Type"] == "AWS::Lambda::Permission") {
        assert!(permission["Properties"]["SourceArn"].is_string(), "{id}");
    }
    assert!(!TEXT.contains("AWS::Lambda::Url") && !TEXT.contains("FunctionUrlConfig"));
}

#[test]
fn no_bucket_is_public() {
    for bucket in resources("AWS::S3::Bucket") {
        let id = bucket.id;
        assert!(bucket.property("AccessControl").is_null(), "{id}");
        let block = bucket.property("PublicAccessBlockConfiguration");
        for rule in
            ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
        {
            assert_eq!(block[rule], true, "{id}: {rule}");
        }
    }
}

#[test]
fn every_bucket_is_encrypted_refuses_plain_http_and_forgets() {
    for bucket in resources("AWS::S3::Bucket") {
        let id = bucket.id;
        let rules = &bucket.property("BucketEncryption")["ServerSideEncryptionConfiguration"];
        // S3's own key: the stack's is deleted with it, and the bucket is kept.
        assert_eq!(rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256", "{id}");
        let expiry = &bucket.property("LifecycleConfiguration")["Rules"][0];
        assert_eq!(expiry["Status"], "Enabled", "{id}");
        let days = expiry["ExpirationInDays"].as_str().unwrap();
        assert!(section("Parameters")[days]["Default"].is_number(), "{id}: {days}");
        let policies = resources("AWS::S3::BucketPolicy");
        let policy = policies.iter().find(|policy| policy.text("Bucket") == id).unwrap();
        let refused = statements(policy.property("PolicyDocument")).iter().any(|statement| {
            statement["Effect"] == "Deny"
                && statement["Principal"] == "*"
                && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
                && texts(&statement["Resource"]).len() == 2
        });
        assert!(refused, "{id}");
    }
}

/// Whoever may list functions reads their variables.
#[test]
fn environment_variables_name_things_and_hold_no_secret_and_no_address() {
    // An endpoint with a password or a query is refused, and the secret is an ARN.
    let otlp = ["OtlpEndpoint", "OtlpHeadersSecret"];
    let harmless =
        ["/opt", "Prefix", "QualityNamespace", "SettleSeconds", "PoolDashboards", "GrafanaMetrics"];
    let everywhere = &section("Globals")["Function"]["Environment"]["Variables"];
    let owns = |function: &Resource| &function.property("Environment")["Variables"];
    for variables in functions().iter().map(owns).chain([everywhere]) {
        for (name, value) in variables.as_object().into_iter().flatten() {
            // `!If` gives a resource that is there only where it is asked for, or nothing.
            let value = match value.as_array().map(Vec::as_slice) {
                Some([_, there, nothing]) if *nothing == "" => there.as_str().unwrap(),
                _ => value.as_str().unwrap(),
            };
            let of_a_resource = section("Resources")[target(value)].is_object();
            assert!(
                of_a_resource || harmless.contains(&value) || otlp.contains(&value),
                "{name}: {value}"
            );
        }
    }
    assert!(!TEXT.contains("{{resolve:"), "CloudFormation would write the secret out");
}

/// A parameter's value stands in the stack's description for everybody who may read stacks.
#[test]
fn no_parameter_asks_for_a_secret() {
    for (name, definition) in section("Parameters").as_object().unwrap() {
        assert!(definition["NoEcho"].is_null(), "{name}: keep it in Secrets Manager");
    }
}
