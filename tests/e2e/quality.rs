//! From a log object in S3 to scores that can be read, by model and minute, and to call records.

use serde_json::{Value, json};

use crate::scoring::{ANSWER, Scoring, now, packed, record};

const REFUSAL: &str = "I'm sorry, but I can't help with that request.";
const QUESTION: &str = "What is the capital of France? Write to jane.doe@example.com.";

#[test]
fn a_log_object_becomes_scores_by_model_and_call_records_and_redelivery_counts_once() {
    let stage = Scoring::deploy(&[]);
    let at = now();
    let mut lines: Vec<String> = (0..8)
        .map(|number| record(&format!("answer-{number}"), at, QUESTION, ANSWER))
        .chain((0..2).map(|number| record(&format!("refusal-{number}"), at, QUESTION, REFUSAL)))
        .collect();
    lines.insert(3, "{ not json".to_owned());
    let mut ours = serde_json::from_str::<Value>(&record("ours", at, "Judge this", "5")).unwrap();
    ours["requestMetadata"] = json!({ "llmwatch": "judge" });
    lines.push(ours.to_string());
    let content = packed(&lines);
    let key = stage.log("one", &lines);

    let (refusals, answers) = stage.wait_for_samples("Refusal", 10.0);
    assert_eq!((refusals, answers), (2.0, 10.0));
    assert_eq!(stage.of_model("Error"), (0.0, 10.0));
    assert_eq!(stage.skipped("not_json"), 1.0);
    assert_eq!(stage.skipped("own_call"), 1.0);

    let records = stage.records();
    assert_eq!(records.len(), 10, "{records:#?}");
    for record in &records {
        assert_eq!(record["status"], "OK");
        let prompt = record["prompt"].as_str().unwrap();
        assert!(prompt.contains("[EMAIL]") && !prompt.contains("jane.doe"), "{prompt}");
        assert!(record["scores"]["Refusal"].is_number(), "{record}");
    }

    // S3 tells of it once more; another object shows when that has been dealt with.
    stage.put(&key, &content);
    stage.log("two", &[record("later", at, QUESTION, ANSWER)]);
    assert_eq!(stage.wait_for_samples("Refusal", 11.0), (2.0, 11.0));
    assert_eq!(stage.records().len(), 11);
    // What is told of a run comes after its scores; the first run has ended.
    assert!(stage.metric("ScoringDelay", &[]).1 >= 10.0);
}
