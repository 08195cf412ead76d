//! What the deployed roles allow, in the words of IAM, to hold against the calls recorded.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::broken::Broken;
use crate::control::RecordedCall;
use crate::process::Places;

/// The actions the role of a function allows, as `service:Operation`.
///
/// `function` is its binary's name. Resources and conditions are not looked at.
///
/// # Errors
///
/// When the template cannot be read or has no such function.
pub fn allowed(places: &Places, function: &str) -> Result<BTreeSet<String>, Broken> {
    let template = template(places)?;
    let resources = &template["Resources"];
    let built = resources
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_id, resource)| resource)
        .find(|resource| resource["Metadata"]["BuildProperties"]["Binary"] == function);
    let role = built
        .and_then(|resource| resource["Properties"]["Role"].as_str()?.strip_suffix(".Arn"))
        .ok_or_else(|| Broken::Template(format!("function with a role built from {function}")))?;
    let own = resources[role]["Properties"]["Policies"].as_array().into_iter().flatten();
    // What a role may under a condition stands in a policy of its own.
    let attached = resources
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_id, resource)| resource)
        .filter(|one| one["Type"] == "AWS::IAM::Policy" && one["Properties"]["Roles"][0] == role)
        .map(|one| &one["Properties"]);
    Ok(own
        .chain(attached)
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten())
        .flat_map(|statement| match &statement["Action"] {
            Value::String(action) => vec![action.clone()],
            Value::Array(actions) => {
                actions.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        })
        .collect())
}

/// The functions of the template, by their binaries' names.
///
/// # Errors
///
/// When the template cannot be read.
pub fn functions(places: &Places) -> Result<Vec<String>, Broken> {
    let template = template(places)?;
    let resources = template["Resources"].as_object().into_iter().flatten();
    Ok(resources
        .filter_map(|(_id, one)| one["Metadata"]["BuildProperties"]["Binary"].as_str())
        .map(str::to_owned)
        .collect())
}

fn template(places: &Places) -> Result<Value, Broken> {
    let path = places.repository.join("template.yaml");
    let text = std::fs::read_to_string(&path).map_err(Broken::io("reading template.yaml"))?;
    serde_saphyr::from_str(&text).map_err(|error| Broken::Template(format!("valid YAML: {error}")))
}

/// The action IAM asks for before it lets a recorded call through.
#[must_use]
pub fn action(call: &RecordedCall) -> String {
    let service = match call.service.as_str() {
        "service-quotas" => "servicequotas",
        "bedrock-runtime" => "bedrock",
        other => other,
    };
    // An action is named after its operation, with few exceptions.
    let action = match (service, call.operation.as_str()) {
        ("s3", "GetBucketNotificationConfiguration") => "GetBucketNotification",
        ("s3", "PutBucketNotificationConfiguration") => "PutBucketNotification",
        ("s3", "ListObjectsV2") => "ListBucket",
        ("bedrock", "Converse") => "InvokeModel",
        (_, operation) => operation,
    };
    format!("{service}:{action}")
}
