//! From a log object in S3 to scores that can be read, by model and minute, and to call records.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use llmwatch_tests::World;
use llmwatch_tests::aws_call::{ACCOUNT, JsonService, Method, REGION};
use llmwatch_tests::process::{Seen, wait_until};
use serde_json::{Value, json};

use crate::stage::PATIENCE;

const MODEL: &str = "us.amazon.nova-2-lite-v1:0";
const NAMESPACE: &str = "LLMWatch/Quality";

/// A stack that scores, and what is in its buckets.
struct Scoring {
    world: World,
    logs: String,
    results: String,
}

impl Scoring {
    fn deploy(parameters: &[(&str, &str)]) -> Self {
        let parameters: Vec<_> =
            [("QualityScoring", "on")].into_iter().chain(parameters.iter().copied()).collect();
        let world = World::start(&parameters, |_| Ok(())).unwrap();
        let logs = world.stack().resource("LogBucket").unwrap();
        let results = world.stack().resource("ResultsBucket").unwrap();
        Self { world, logs, results }
    }

    /// Puts a log object as Bedrock would; gives its key.
    fn log(&self, name: &str, lines: &[String]) -> String {
        let hour = now().strftime("%Y/%m/%d/%H");
        let key =
            format!("AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/{hour}/{name}.json.gz");
        self.put(&key, &packed(lines));
        key
    }

    fn put(&self, key: &str, content: &[u8]) {
        self.world.calls().put_object(&self.logs, key, content).unwrap();
    }

    /// The statistics of a metric since an hour ago: sum and number of samples.
    fn metric(&self, name: &str, dimensions: &[(&str, &str)]) -> (f64, f64) {
        let dimensions: Vec<Value> = dimensions
            .iter()
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        let query = |id: &str, stat: &str| {
            let metric =
                json!({ "Namespace": NAMESPACE, "MetricName": name, "Dimensions": dimensions });
            json!({ "Id": id, "MetricStat": { "Metric": metric, "Period": 60, "Stat": stat } })
        };
        let seconds = now().as_second();
        let input = json!({
            "MetricDataQueries": [query("sum", "Sum"), query("count", "SampleCount")],
            "StartTime": seconds - 3600,
            "EndTime": seconds + 600,
        });
        let answer =
            self.world.calls().json(JsonService::CloudWatch, "GetMetricData", &input).unwrap();
        let total = |index: usize| {
            let values = answer["MetricDataResults"][index]["Values"].as_array().unwrap();
            values.iter().filter_map(Value::as_f64).sum()
        };
        (total(0), total(1))
    }

    fn of_model(&self, name: &str) -> (f64, f64) {
        self.metric(name, &[("ModelId", MODEL)])
    }

    fn wait_for_samples(&self, name: &str, samples: f64) -> (f64, f64) {
        wait_until("the scores", PATIENCE, || {
            let (sum, count) = self.of_model(name);
            Ok(if count >= samples {
                Seen::Yes((sum, count))
            } else {
                Seen::NotYet(format!("{count} samples of {name}"))
            })
        })
        .unwrap_or_else(|error| panic!("{error}: {}", self.logged()))
    }

    /// What the scorer logged.
    fn logged(&self) -> String {
        let group = format!("/aws/lambda/{}", self.world.function_name("quality-scorer"));
        let input = json!({ "logGroupName": group });
        let answer = self.world.calls().json(JsonService::Logs, "FilterLogEvents", &input).unwrap();
        let events = answer["events"].as_array().unwrap().iter();
        let messages = events.filter_map(|event| event["message"].as_str());
        messages.collect::<Vec<_>>().join("\n")
    }

    /// All call records.
    fn records(&self) -> Vec<Value> {
        let path = format!("/{}?list-type=2&prefix=calls/", self.results);
        let listing = self.world.calls().rest("s3", Method::Get, &path, "").unwrap();
        let keys = listing.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        keys.flat_map(|key| {
            let packed = self.world.calls().get_object(&self.results, key).unwrap();
            let mut text = String::new();
            GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
        })
        .collect()
    }
}

/// A record of Converse as Bedrock logs it.
fn record(id: &str, at: Timestamp, prompt: &str, answer: &str) -> String {
    json!({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "accountId": ACCOUNT,
        "region": REGION,
        "requestId": id,
        "operation": "Converse",
        "modelId": MODEL,
        "identity": { "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/session") },
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {
                "messages": [{ "role": "user", "content": [{ "text": prompt }] }],
            },
            "inputTokenCount": 20,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {
                "output": { "message": { "role": "assistant", "content": [{ "text": answer }] } },
                "stopReason": "end_turn",
                "metrics": { "latencyMs": 800 },
                "usage": { "inputTokens": 20, "outputTokens": 30, "totalTokens": 50 },
            },
            "outputTokenCount": 30,
        },
    })
    .to_string()
}

fn packed(lines: &[String]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        writeln!(encoder, "{line}").unwrap();
    }
    encoder.finish().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "functions read the machine's clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

const REFUSAL: &str = "I'm sorry, but I can't help with that request.";
const ANSWER: &str = "Paris is the capital of France. It lies on the Seine.";
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
    assert_eq!(stage.metric("SkippedRecords", &[("Reason", "not_json")]).0, 1.0);
    assert_eq!(stage.metric("SkippedRecords", &[("Reason", "own_call")]).0, 1.0);

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
