//! Spans in a backend that others wrote: Arize Phoenix, from its package, on this machine.
//!
//! `make otlp` runs it. The function's binary scores real and constructed log records; what Phoenix
//! then says it has is compared with the records. Not a part of `make test`: Phoenix takes a minute
//! to install and most of another to start.

// `cfg(test)` tells clippy that helpers between the tests may unwrap as the tests do.
#[cfg(test)]
mod phoenix;

#[cfg(test)]
mod spans {
    use std::fs;
    use std::time::Duration;

    use llmwatch_tests::World;
    use llmwatch_tests::logs::{object_key, packed};
    use llmwatch_tests::process::{Places, Seen, wait_until};
    use serde_json::{Value, json};

    use crate::phoenix::Phoenix;

    const RECORDS: [&str; 6] = [
        "converse/claude-cross-region",
        "converse/stream-nova-lite",
        "converse/tool-use-and-result",
        "llama/streamed",
        "envelope/throttled-without-bodies",
        "other/titan-embeddings-v2",
    ];

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    /// Each with a request id and a parent span of its own.
    fn records(places: &Places) -> Vec<Value> {
        let directory = places.repository.join("crates/llmwatch-quality/test_data/invocation-logs");
        let read = |(number, name): (usize, &&str)| {
            let text = fs::read_to_string(directory.join(format!("{name}.json"))).unwrap();
            let mut record: Value = serde_json::from_str(&text).unwrap();
            record["requestId"] = json!(format!("call-{number}"));
            let parent = format!("00-{TRACE}-{PARENT}-01");
            record["requestMetadata"] =
                json!({ "traceparent": parent, "user": "jane.doe@example.com" });
            record
        };
        RECORDS.iter().enumerate().map(read).collect()
    }

    /// What the record itself says, in the convention's words.
    fn expected(record: &Value) -> Vec<(&'static str, Value)> {
        let count = |name: &str| record["input"][name].as_u64();
        let input = count("inputTokenCount").map(|tokens| {
            tokens
                + count("cacheReadInputTokenCount").unwrap_or(0)
                + count("cacheWriteInputTokenCount").unwrap_or(0)
        });
        let operation = record["operation"].as_str().unwrap();
        let is_embedding = record["modelId"].as_str().unwrap().contains("embed");
        let all = [
            ("aws.request_id", record["requestId"].clone()),
            ("gen_ai.provider.name", json!("aws.bedrock")),
            ("gen_ai.operation.name", json!(if is_embedding { "embeddings" } else { "chat" })),
            ("gen_ai.request.model", record["modelId"].clone()),
            ("gen_ai.usage.input_tokens", json!(input)),
            ("gen_ai.usage.output_tokens", record["output"]["outputTokenCount"].clone()),
            ("error.type", record["errorCode"].clone()),
            ("cloud.region", record["region"].clone()),
            ("llmwatch.caller", record["identity"]["arn"].clone()),
            ("llmwatch.operation", json!(operation)),
            ("llmwatch.request_metadata.user", json!("[EMAIL]")),
        ];
        all.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }

    #[test]
    fn phoenix_has_every_call_with_the_conventions_attributes() {
        let places = Places::of_this_build().unwrap();
        let phoenix = Phoenix::start(&places);
        let parameters = [("QualityScoring", "on"), ("OtlpEndpoint", phoenix.endpoint())];
        let world = World::start(&parameters, |_| Ok(())).unwrap();
        let records = records(&places);
        let at = records[0]["timestamp"].as_str().unwrap().parse().unwrap();
        let key = object_key(at, "a");
        let logs = world.stack().resource("LogBucket").unwrap();
        world.calls().put_object(&logs, &key, &packed(&records)).unwrap();

        let spans = wait_until("the spans", Duration::from_secs(120), || {
            let spans = phoenix.spans();
            let count = spans.len();
            Ok(if count >= records.len() {
                Seen::Yes(spans)
            } else {
                Seen::NotYet(count.to_string())
            })
        })
        .unwrap();
        assert_eq!(spans.len(), records.len());
        for record in &records {
            let id = &record["requestId"];
            let span = spans.iter().find(|span| span["attributes"]["aws.request_id"] == *id);
            let span = span.unwrap_or_else(|| panic!("no {id} in {spans:#?}"));
            for (name, value) in expected(record) {
                assert_eq!(span["attributes"][name], value, "{name} of {span:#}");
            }
            assert_eq!(span["context"]["trace_id"], TRACE);
            assert_eq!(span["parent_id"], PARENT);
            let is_error = !record["errorCode"].is_null();
            assert_eq!(span["status_code"], if is_error { "ERROR" } else { "UNSET" }, "{span:#}");
            let evaluated = span["events"].as_array().unwrap().iter().any(|event| {
                event["name"] == "gen_ai.evaluation.result"
                    && event["attributes"]["gen_ai.evaluation.score.value"].is_number()
            });
            assert_eq!(evaluated, span["attributes"]["gen_ai.output.messages"].is_string());
            assert!(!span.to_string().contains("jane.doe"), "{span:#}");
            println!("{}  {}  {}", span["context"]["span_id"], span["name"], span["span_kind"]);
        }
    }
}
