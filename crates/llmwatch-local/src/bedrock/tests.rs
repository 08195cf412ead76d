use super::*;

fn start() -> Bedrock {
    Bedrock::new(Place { account: "000000000000".to_owned(), region: "us-east-1".to_owned() })
}

fn ask(
    bedrock: &mut Bedrock,
    operation: &str,
    path: &str,
    query: &str,
    body: Value,
) -> Result<Value, String> {
    let request = BedrockRequest { operation, path, query: Some(query), body };
    bedrock.serve(&request, Timestamp::UNIX_EPOCH).map(|(_, body)| body).map_err(|error| error.code)
}

fn get(bedrock: &mut Bedrock, id: &str) -> Result<Value, String> {
    ask(bedrock, "GetInferenceProfile", &format!("/inference-profiles/{id}"), "", Value::Null)
}

const NOVA: &str = "amazon.nova-2-lite-v1:0";

#[test]
fn profiles_of_the_regions_geography_and_global_ones_exist() {
    let mut bedrock = start();
    let us = get(&mut bedrock, "us.amazon.nova-2-lite-v1%3A0").unwrap();
    assert_eq!(us["models"].as_array().unwrap().len(), 3);
    assert_eq!(us["type"], "SYSTEM_DEFINED");
    let global = get(&mut bedrock, &format!("global.{NOVA}")).unwrap();
    assert_eq!(
        global["models"][0]["modelArn"],
        format!("arn:aws:bedrock:::foundation-model/{NOVA}")
    );
    assert_eq!(
        get(&mut bedrock, &format!("eu.{NOVA}")),
        Err("ResourceNotFoundException".to_owned())
    );
}

#[test]
fn an_application_profile_copies_its_sources_models() {
    let mut bedrock = start();
    let source = format!("arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.{NOVA}");
    let body = json!({"inferenceProfileName": "checkout", "modelSource": {"copyFrom": source}});
    let made = ask(&mut bedrock, "CreateInferenceProfile", "/inference-profiles", "", body.clone())
        .unwrap();
    let arn = made["inferenceProfileArn"].as_str().unwrap();
    let id = arn.rsplit('/').next().unwrap().to_owned();
    assert_eq!(id.len(), 12);
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    for name in [id.as_str(), encoded.as_str()] {
        let found = get(&mut bedrock, name).unwrap();
        assert_eq!(found["models"].as_array().unwrap().len(), 3, "{name}");
        assert_eq!(found["type"], "APPLICATION");
    }
    let again = ask(&mut bedrock, "CreateInferenceProfile", "/inference-profiles", "", body);
    assert_eq!(again, Err("ConflictException".to_owned()));
    let mut listed = |query: &str| {
        let found =
            ask(&mut bedrock, "ListInferenceProfiles", "/inference-profiles", query, Value::Null);
        found.unwrap()["inferenceProfileSummaries"].as_array().unwrap().len()
    };
    assert_eq!(listed("type=APPLICATION"), 1);
    assert!(listed("type=SYSTEM_DEFINED&maxResults=1000") > 20);
    assert_eq!(listed("maxResults=3"), 3);
}

#[test]
fn only_application_profiles_can_be_deleted() {
    let mut bedrock = start();
    let path = format!("/inference-profiles/us.{NOVA}");
    let deleted = ask(&mut bedrock, "DeleteInferenceProfile", &path, "", Value::Null);
    assert_eq!(deleted, Err("ValidationException".to_owned()));
}

#[test]
fn models_are_listed_by_provider() {
    let mut bedrock = start();
    let found = ask(
        &mut bedrock,
        "ListFoundationModels",
        "/foundation-models",
        "byProvider=amazon",
        Value::Null,
    );
    let found = found.unwrap();
    let models = found["modelSummaries"].as_array().unwrap();
    assert!(!models.is_empty() && models.iter().all(|model| model["providerName"] == "Amazon"));
    let one = ask(
        &mut bedrock,
        "GetFoundationModel",
        &format!("/foundation-models/{NOVA}"),
        "",
        Value::Null,
    );
    assert_eq!(one.unwrap()["modelDetails"]["modelName"], "Nova 2 Lite");
}
