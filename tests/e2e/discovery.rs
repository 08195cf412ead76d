//! What discovery cannot place is looked up one by one, and named where nobody knows it.

use jiff::ToSpan as _;
use llmwatch_tests::aws_call::{ACCOUNT, Invoked, REGION};
use serde_json::json;

use crate::stage::{Stage, Traffic};

#[test]
fn a_series_nobody_knows_any_more_is_named_in_the_coverage_report() {
    let stage = Stage::deploy_unevaluated(Traffic::None, &[]);
    let deleted_profile = "a1b2c3d4e5f6";
    let deployment =
        format!("arn:aws:bedrock:{REGION}:{ACCOUNT}:custom-model-deployment/abcdefghijkl");
    let start = stage.now() - 10.minutes();
    let series = |model: &str| {
        json!({
            "namespace": "AWS/Bedrock",
            "name": "Invocations",
            "dimensions": { "ModelId": model },
            "start": start.to_string(),
            "values": [1.0, 1.0],
        })
    };
    let metrics = json!({ "metrics": [series(deleted_profile), series(&deployment)] });
    stage.control().seed(&metrics).unwrap();
    let answer = stage.world.invoke("quota-calculator", &json!({})).unwrap();
    let Invoked::Returned(report) = answer else { panic!("{answer:?}") };
    let skipped = report["skipped"].to_string();
    for unknown in [deleted_profile, &deployment] {
        assert!(skipped.contains(unknown), "{report:#}");
    }
    let calls = stage.control().calls_since(0).unwrap();
    let looked_up = |operation: &str| calls.iter().any(|call| call.operation == operation);
    assert!(
        looked_up("GetInferenceProfile") && looked_up("GetCustomModelDeployment"),
        "{report:#}"
    );
}
