//! Nothing is open to everybody, and nothing secret stands where many can read.

use serde_json::Value;

use crate::template::{Resource, TEXT, functions, section, target, texts};

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
        assert!(!named.is_empty() && !named.contains(&"*"), "{statement}");
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
    let all = section("Resources").as_object().unwrap();
    for (id, bucket) in all.iter().filter(|(_, one)| one["Type"] == "AWS::S3::Bucket") {
        let properties = &bucket["Properties"];
        assert!(properties["AccessControl"].is_null(), "{id}");
        let block = &properties["PublicAccessBlockConfiguration"];
        for rule in
            ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
        {
            assert_eq!(block[rule], true, "{id}: {rule}");
        }
    }
}

/// Whoever may list functions reads their variables.
#[test]
fn environment_variables_name_things_and_hold_no_secret_and_no_address() {
    let harmless = ["Prefix", "QualityNamespace", "SettleSeconds"];
    let everywhere = &section("Globals")["Function"]["Environment"]["Variables"];
    let owns = |function: &Resource| &function.property("Environment")["Variables"];
    for variables in functions().iter().map(owns).chain([everywhere]) {
        for (name, value) in variables.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            let of_a_resource = section("Resources")[target(value)].is_object();
            assert!(of_a_resource || harmless.contains(&value), "{name}: {value}");
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
