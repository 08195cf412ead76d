//! Evidence from AWS instead of from the function itself, and a service of it that refuses.

use llmwatch_tests::control::{Fault, FaultKind, RecordedCall};
use serde_json::{Value, json};

use crate::scoring::{ANSWER, SCORER, Scoring, now, record};

/// One of each kind that must stay inside: an address, a card that keeps Luhn's rule, an IBAN that
/// keeps its check digits, a key of AWS, a telephone number, an IP address.
const SECRETS: [&str; 6] = [
    "jane.doe@example.com",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "AKIAIOSFODNN7EXAMPLE",
    "+49 30 901820",
    "203.0.113.77",
];

const ASKS_AWS: [&str; 3] = ["InvokeModel", "BatchDetectSentiment", "InvokeGuardrailChecks"];

fn deploy() -> Scoring {
    let stage = Scoring::deploy(&[("QualityEvidence", "aws")]);
    let settings = stage.world.parameter("settings/quality").unwrap().unwrap();
    let mut settings: Value = serde_json::from_str(&settings).unwrap();
    let aws = json!({ "embeddings": "aws", "sentiment": "aws", "toxicity": "aws" });
    assert_eq!(settings["evidence"], aws);
    settings["rates"] = json!({ "embeddings": 1 });
    stage.choose(&settings);
    stage
}

/// A text with every secret in it.
fn with_secrets(text: &str) -> String {
    format!("{text} Mine are: {}.", SECRETS.join(", "))
}

fn score(stage: &Scoring, request: &str, metric: &str) -> f64 {
    let record = stage.record_of(request);
    record["scores"][metric].as_f64().unwrap_or_else(|| panic!("{metric} in {record}"))
}

/// Nothing of the secrets left the function, but to its bucket of logs.
fn assert_nothing_leaked(stage: &Scoring) {
    let calls = stage.world.control().calls_since(0).unwrap();
    let of_scorer = |call: &&RecordedCall| call.caller == SCORER;
    let requests: Vec<String> = calls
        .iter()
        .filter(of_scorer)
        .filter_map(|call| Some(call.request.as_ref()?.to_string()))
        .collect();
    assert!(requests.len() > 5, "{requests:#?}");
    let (logged, records) = (stage.logged(), json!(stage.records()).to_string());
    assert!(!logged.is_empty() && records.contains("[CARD]"), "{records}");
    for secret in SECRETS {
        let told = requests.iter().find(|request| request.contains(secret));
        assert_eq!(told, None, "{secret}");
        assert!(!logged.contains(secret), "{secret} in {logged}");
        assert!(!records.contains(secret), "{secret} in {records}");
    }
}

#[test]
fn evidence_of_aws_makes_the_scores_and_no_secret_reaches_it() {
    let stage = deploy();
    let asked = with_secrets("What is the capital of France?");
    let lines = [
        record("fitting", now(), &asked, "The capital of France is Paris."),
        record("beside", now(), &asked, "Bananas turn yellow when they ripen."),
        record("glad", now(), &asked, &with_secrets("Great, I love that wonderful question.")),
        record("hostile", now(), "That was terrible and useless.", "You idiot."),
        // Longer than one text of Comprehend, in three bytes a letter.
        record("long", now(), &"素晴らしい一日でした。".repeat(400), "はい、最高です。"),
    ];
    stage.log("asked", &lines);
    stage.wait_for_objects(1.0);

    let of = |request, metric| score(&stage, request, metric);
    let similarity = |request| of(request, "SemanticSimilarity");
    assert!(similarity("fitting") > similarity("beside") + 0.2);
    assert!(of("glad", "CompletionSentiment") > 0.7 && of("hostile", "PromptSentiment") < 0.4);
    assert!(of("long", "PromptSentiment") > 0.6, "all its pieces are glad");
    assert_eq!(
        (of("hostile", "CompletionToxicity"), of("glad", "CompletionToxicity")),
        (0.75, 0.0)
    );
    for metric in
        ["SemanticSimilarity", "CompletionSentiment", "PromptToxicity", "Refusal", "Error"]
    {
        assert_eq!(stage.of_model(metric).1, 5.0, "{metric}");
    }
    for operation in ASKS_AWS {
        let calls = stage.calls(operation);
        assert!(!calls.is_empty() && calls.iter().all(|call| call.status == 200), "{calls:#?}");
    }
    for call in stage.calls("InvokeModel") {
        let request = call.request.unwrap();
        assert_eq!(request["requestMetadata"], json!({ "llmwatch": "embed" }));
        assert_eq!(request["modelId"], "amazon.titan-embed-text-v2:0");
    }
    assert_nothing_leaked(&stage);
}

#[test]
fn comprehend_can_be_chosen_for_toxicity_and_reads_english_only() {
    let stage = deploy();
    stage.choose(&json!({ "evidence": { "toxicity": "comprehend", "embeddings": "off" } }));
    let lines = [
        record("hostile", now(), "Say something.", &with_secrets("You idiot.")),
        record("long", now(), &"A fine day. ".repeat(300), "Indeed. You idiot."),
        record("japanese", now(), "Say something.", "はい、最高です。"),
    ];
    stage.log("asked", &lines);
    stage.wait_for_objects(1.0);
    assert_eq!(stage.of_model("CompletionToxicity"), (1.5, 2.0));
    assert_eq!(stage.of_model("PromptToxicity"), (0.0, 3.0));
    let why = &stage.record_of("japanese")["not_scored"]["CompletionToxicity"];
    assert_eq!(why, "no text");
    let calls = stage.calls("DetectToxicContent");
    assert_eq!(calls.len(), 5, "ten segments a call: {calls:#?}");
    assert!(calls.iter().all(|call| call.status == 200), "{calls:#?}");
    assert_eq!(stage.calls("InvokeGuardrailChecks"), []);
    assert_nothing_leaked(&stage);
}

#[test]
fn a_comprehend_that_denies_costs_its_own_metrics_and_is_told_once_with_the_mend() {
    let stage = deploy();
    let control = stage.world.control();
    let denied = control.order_fault(&Fault::always("comprehend", "*", FaultKind::Deny)).unwrap();
    let asked = with_secrets("What is the capital of France?");
    let lines = |of: &str| -> Vec<String> {
        (0..12).map(|number| record(&format!("{of}-{number}"), now(), &asked, ANSWER)).collect()
    };
    stage.log("denied", &lines("denied"));
    stage.wait_for_objects(1.0);

    for metric in ["CompletionSentiment", "PromptSentiment"] {
        assert_eq!(stage.of_model(metric).1, 0.0, "{metric}");
        let reason = [("Metric", metric), ("Reason", "denied")];
        assert_eq!(stage.count("NotScored", &reason), 12.0, "{metric}");
    }
    for metric in ["SemanticSimilarity", "CompletionToxicity", "Refusal", "Error"] {
        assert_eq!(stage.of_model(metric).1, 12.0, "{metric}");
    }
    let records = stage.records();
    assert_eq!(records.len(), 12);
    let why = &records[0]["not_scored"]["CompletionSentiment"];
    assert_eq!(why, "denied", "{}", records[0]);
    let logged = stage.logged();
    let told: Vec<&str> =
        logged.lines().filter(|line| line.contains("BatchDetectSentiment")).collect();
    assert_eq!(told.len(), 1, "not once for each text: {logged}");
    for part in [
        "sentiment",
        "12 exchanges",
        "AccessDenied",
        "comprehend:BatchDetectSentiment",
        "QualityEvidence",
    ] {
        assert!(told[0].contains(part), "{part} in {}", told[0]);
    }
    assert_nothing_leaked(&stage);

    // Mended, the next object has all its scores; what was published before is not lost.
    assert!(control.take_back_fault(denied).unwrap());
    stage.log("mended", &lines("mended"));
    stage.wait_for_objects(2.0);
    assert_eq!(stage.of_model("CompletionSentiment").1, 12.0);
    assert_eq!(stage.of_model("Refusal").1, 24.0);
}
