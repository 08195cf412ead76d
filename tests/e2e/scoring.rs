//! A deployed stack that scores, and the words to give it logs and to read what it made of them.

use jiff::Timestamp;
use llmwatch_tests::World;
use llmwatch_tests::aws_call::{ACCOUNT, AwsCalls, JsonService, REGION};
use llmwatch_tests::broken::Broken;
use llmwatch_tests::control::RecordedCall;
use llmwatch_tests::logs;
pub(crate) use llmwatch_tests::logs::packed;
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::readers;
use serde_json::{Value, json};

use crate::stage::PATIENCE;

/// The model whose calls are logged.
pub(crate) const MODEL: &str = "us.amazon.nova-2-lite-v1:0";
pub(crate) const NAMESPACE: &str = "LLMWatch/Quality";
pub(crate) const SCORER: &str = "quality-scorer";

/// An answer nobody could object to.
pub(crate) const ANSWER: &str = "Paris is the capital of France. It lies on the Seine.";

/// A stack that scores, and what is in its buckets.
pub(crate) struct Scoring {
    pub(crate) world: World,
    logs: String,
    results: String,
}

impl Scoring {
    /// Deploys with scoring on and these parameters beside the defaults.
    pub(crate) fn deploy(parameters: &[(&str, &str)]) -> Self {
        Self::deploy_after(parameters, |_| Ok(()))
    }

    /// The same, once the account has been prepared.
    pub(crate) fn deploy_after(
        parameters: &[(&str, &str)],
        prepare: impl FnOnce(&AwsCalls) -> Result<(), Broken>,
    ) -> Self {
        let parameters: Vec<_> =
            [("QualityScoring", "on")].into_iter().chain(parameters.iter().copied()).collect();
        let world = World::start(&parameters, prepare).unwrap();
        let logs = world.stack().resource("LogBucket").unwrap();
        let results = world.stack().resource("ResultsBucket").unwrap();
        Self { world, logs, results }
    }

    /// The bucket with the logs.
    pub(crate) fn bucket(&self) -> &str {
        &self.logs
    }

    /// Puts the settings in place of those the stack was deployed with.
    pub(crate) fn choose(&self, settings: &Value) {
        self.world.set_parameter("settings/quality", &settings.to_string()).unwrap();
    }

    /// Puts a log object as Bedrock would; gives its key.
    pub(crate) fn log(&self, name: &str, lines: &[String]) -> String {
        let key = log_key(name);
        self.put(&key, &packed(lines));
        key
    }

    pub(crate) fn put(&self, key: &str, content: &[u8]) {
        self.world.calls().put_object(&self.logs, key, content).unwrap();
    }

    /// A metric since some hours ago: the sum of its values and their number.
    pub(crate) fn metric(&self, name: &str, dimensions: &[(&str, &str)]) -> (f64, f64) {
        let total = |values: Vec<(String, f64)>| values.iter().map(|(_, value)| value).sum();
        (
            total(self.by_minute(name, dimensions, "Sum")),
            total(self.by_minute(name, dimensions, "SampleCount")),
        )
    }

    /// A metric's statistic by minute, from the last three hours to ten minutes from now.
    pub(crate) fn by_minute(
        &self,
        name: &str,
        dimensions: &[(&str, &str)],
        statistic: &str,
    ) -> Vec<(String, f64)> {
        let dimensions: Vec<Value> = dimensions
            .iter()
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        let metric =
            json!({ "Namespace": NAMESPACE, "MetricName": name, "Dimensions": dimensions });
        let stat = json!({ "Metric": metric, "Period": 60, "Stat": statistic });
        let seconds = now().as_second();
        let input = json!({
            "MetricDataQueries": [{ "Id": "m", "MetricStat": stat }],
            "StartTime": seconds - 3 * 3600,
            "EndTime": seconds + 600,
            "ScanBy": "TimestampAscending",
        });
        let answer =
            self.world.calls().json(JsonService::CloudWatch, "GetMetricData", &input).unwrap();
        let result = &answer["MetricDataResults"][0];
        let times = result["Timestamps"].as_array().unwrap().iter();
        let values = result["Values"].as_array().unwrap().iter();
        times.zip(values).map(|(at, value)| (at.to_string(), value.as_f64().unwrap())).collect()
    }

    pub(crate) fn of_model(&self, name: &str) -> (f64, f64) {
        self.metric(name, &[("ModelId", MODEL)])
    }

    /// How many values a count without a model adds up to.
    pub(crate) fn count(&self, name: &str, dimensions: &[(&str, &str)]) -> f64 {
        self.metric(name, dimensions).0
    }

    pub(crate) fn skipped(&self, reason: &str) -> f64 {
        self.count("SkippedRecords", &[("Reason", reason)])
    }

    pub(crate) fn wait_for_samples(&self, name: &str, samples: f64) -> (f64, f64) {
        self.wait_for(name, &[("ModelId", MODEL)], samples)
    }

    /// Waits until a metric has so many samples.
    pub(crate) fn wait_for(
        &self,
        name: &str,
        dimensions: &[(&str, &str)],
        samples: f64,
    ) -> (f64, f64) {
        wait_until(&format!("{samples} samples of {name} {dimensions:?}"), PATIENCE, || {
            let (sum, count) = self.metric(name, dimensions);
            Ok(if count >= samples {
                Seen::Yes((sum, count))
            } else {
                Seen::NotYet(format!("{count} samples of {name}"))
            })
        })
        .unwrap_or_else(|error| panic!("{error}: {}", self.logged()))
    }

    /// Waits until so many log objects have been scored to their end.
    ///
    /// What a run tells of itself comes last.
    pub(crate) fn wait_for_objects(&self, objects: f64) {
        self.wait_for("EvaluationLatency", &[], objects);
    }

    /// What the scorer logged.
    pub(crate) fn logged(&self) -> String {
        let group = format!("/aws/lambda/{}", self.world.function_name(SCORER));
        let input = json!({ "logGroupName": group });
        let answer = self.world.calls().json(JsonService::Logs, "FilterLogEvents", &input).unwrap();
        let events = answer["events"].as_array().unwrap().iter();
        let messages = events.filter_map(|event| event["message"].as_str());
        messages.collect::<Vec<_>>().join("\n")
    }

    /// All call records.
    pub(crate) fn records(&self) -> Vec<Value> {
        readers::call_records(self.world.calls(), &self.results).unwrap()
    }

    /// The call record of a request.
    pub(crate) fn record_of(&self, request: &str) -> Value {
        let records = self.records();
        let found: Vec<&Value> =
            records.iter().filter(|record| record["request_id"] == request).collect();
        assert_eq!(found.len(), 1, "{request} in {records:#?}");
        found[0].clone()
    }

    /// What the scorer called, of one operation.
    pub(crate) fn calls(&self, operation: &str) -> Vec<RecordedCall> {
        let mut calls = self.world.control().calls_since(0).unwrap();
        calls.retain(|call| call.caller == SCORER && call.operation == operation);
        calls
    }
}

/// The key of a log object of this hour.
pub(crate) fn log_key(name: &str) -> String {
    logs::object_key(now(), name)
}

/// A record of Converse as Bedrock logs it.
pub(crate) fn record(id: &str, at: Timestamp, prompt: &str, answer: &str) -> String {
    record_value(id, at, prompt, answer).to_string()
}

/// The same, to be changed.
pub(crate) fn record_value(id: &str, at: Timestamp, prompt: &str, answer: &str) -> Value {
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
}

#[expect(clippy::disallowed_methods, reason = "functions read the machine's clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
