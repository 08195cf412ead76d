//! Log objects as they come: late in part, broken, refused, captured from SageMaker; and late in
//! all, when their alarm must fire nevertheless.

use jiff::{SignedDuration, Timestamp};
use llmwatch_tests::aws_call::{ACCOUNT, Invoked, REGION};
use llmwatch_tests::control::{Fault, FaultKind};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::readers;
use llmwatch_tests::world::{DeadLetters, Mail};
use serde_json::{Value, json};

use crate::scoring::{ANSWER, MODEL, Scoring, log_key, now, packed, record, record_value};
use crate::stage::{PATIENCE, says};

const REFUSAL: &str = "I'm sorry, but I can't help with that request.";

/// A record whose answer lies in an object of its own, and that object's key and content.
fn with_body_elsewhere(stage: &Scoring, id: &str, answer: &str) -> (String, String, Vec<u8>) {
    let mut record = record_value(id, now(), "What is the capital of France?", answer);
    let hour = now().strftime("%Y/%m/%d/%H");
    let key = format!(
        "AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/{hour}/data/{id}_output.json.gz"
    );
    let body = record["output"].as_object_mut().unwrap().remove("outputBodyJson").unwrap();
    record["output"]["outputBodyS3Path"] = format!("s3://{}/{key}", stage.bucket()).into();
    (record.to_string(), key, packed(&[body.to_string()]))
}

/// How often the scorer has begun to read an object.
fn times_read(stage: &Scoring) -> usize {
    stage.calls("GetObject").len()
}

#[test]
fn bodies_that_come_late_are_waited_for_and_those_that_never_come_are_counted() {
    let stage = Scoring::deploy(&[]);
    // A minute of waiting is two seconds.
    stage.world.control().hurry_queues(30).unwrap();
    let (line, key, body) = with_body_elsewhere(&stage, "late", ANSWER);
    stage.log("late", &[line, record("whole", now(), "Hello", ANSWER)]);
    wait_until("the first try", PATIENCE, || {
        let read = times_read(&stage);
        Ok(if read >= 2 { Seen::Yes(()) } else { Seen::NotYet(read.to_string()) })
    })
    .unwrap();
    assert_eq!(stage.of_model("Error").1, 0.0, "nothing before it is complete");
    assert_eq!(stage.records(), Vec::<Value>::new());
    stage.put(&key, &body);
    assert_eq!(stage.wait_for_samples("Refusal", 2.0), (0.0, 2.0));
    stage.wait_for_objects(1.0);
    assert_eq!(stage.skipped("body_missing"), 0.0);
    assert!(stage.record_of("late")["completion"].as_str().unwrap().contains("Paris"));

    // Another's body never comes: on the third try the rest is published, and the call counts.
    let before = times_read(&stage);
    let (line, ..) = with_body_elsewhere(&stage, "never", ANSWER);
    stage.log("never", &[line, record("other", now(), "Hello", ANSWER)]);
    stage.wait_for_objects(2.0);
    assert_eq!(times_read(&stage) - before, 6, "the object and the body, three times");
    assert_eq!(stage.skipped("body_missing"), 1.0);
    assert_eq!(stage.of_model("Error"), (0.0, 4.0));
    assert_eq!(stage.of_model("Refusal").1, 3.0);
    assert_eq!(stage.record_of("never")["content"], "elsewhere");
    assert!(!stage.logged().contains("ERROR"), "{}", stage.logged());
}

#[test]
fn a_body_that_cannot_be_unpacked_and_one_of_an_unknown_shape_are_counted_as_what_they_are() {
    let stage = Scoring::deploy(&[]);
    let (line, key, body) = with_body_elsewhere(&stage, "cut", ANSWER);
    stage.put(&key, &body[..body.len() / 2]);
    let mut unknown = record_value("unknown", now(), "Hello", ANSWER);
    unknown["output"]["outputBodyJson"] = json!({ "verdict": { "of": ["a", "new", "kind"] } });
    stage.log("odd", &[line, unknown.to_string(), record("plain", now(), "Hello", ANSWER)]);
    stage.wait_for_objects(1.0);
    assert_eq!(stage.skipped("truncated_gzip"), 1.0);
    assert_eq!(stage.skipped("unknown_body"), 1.0);
    assert_eq!(stage.skipped("body_missing"), 0.0);
    assert_eq!(stage.of_model("Error"), (0.0, 3.0), "the calls count");
    assert_eq!(stage.of_model("Refusal"), (0.0, 1.0));
    assert_eq!(stage.record_of("unknown")["content"], "unknown");
}

#[test]
fn one_object_in_ten_that_cannot_be_read_is_parked_and_the_other_nine_are_published() {
    let stage = Scoring::deploy(&[]);
    let control = stage.world.control();
    // Tries come after seconds instead of minutes.
    control.hurry_queues(400).unwrap();
    let denied = Fault::always("s3", "GetObject", FaultKind::Deny);
    let fault = Fault { path: Some("object-4".to_owned()), ..denied };
    let fault = control.order_fault(&fault).unwrap();
    for number in 0..10 {
        let line = record(&format!("request-{number}"), now(), "Hello", ANSWER);
        stage.log(&format!("object-{number}"), &[line]);
    }
    stage.wait_for_objects(9.0);
    wait_until("the parked object", PATIENCE, || {
        let count = stage.world.dead_letters(DeadLetters::UnscoredObjects)?;
        Ok(if count == 1 { Seen::Yes(()) } else { Seen::NotYet(count.to_string()) })
    })
    .unwrap_or_else(|error| panic!("{error}: {}", stage.logged()));
    assert_eq!(stage.of_model("Error"), (0.0, 9.0), "each of the others once");
    assert_eq!(stage.records().len(), 9);
    let logged = stage.logged();
    let told: Vec<&str> = logged.lines().filter(|line| line.contains("object-4")).collect();
    assert_eq!(told.len(), 5, "once a try: {logged}");
    for part in ["GetObject", "AccessDenied", "role lacks the permission"] {
        assert!(told[0].contains(part), "{}", told[0]);
    }
    assert!(!logged.contains("object-5"), "{logged}");

    // The alarm says where to look and what to do.
    control.advance_minutes(1).unwrap();
    let subject = "ALARM: \"llmwatch-Self-UnscoredObjects\" in US East (N. Virginia)";
    let notice = wait_until("the alarm's mail", PATIENCE, || {
        let notices = stage.world.alarm_notices()?;
        let found = notices.iter().find(|notice| notice.subject == subject).cloned();
        Ok(found.map_or_else(|| Seen::NotYet(format!("{notices:?}")), Seen::Yes))
    })
    .unwrap();
    let notice: Value = serde_json::from_str(&notice.body).unwrap();
    let text = notice["AlarmDescription"].as_str().unwrap();
    for part in ["/aws/lambda/llmwatch-quality-scorer", "run `make replay STACK=llmwatch`"] {
        assert!(text.contains(part), "{text}");
    }

    // Mended and sent again, it is scored once.
    assert!(control.take_back_fault(fault).unwrap());
    let said = stage.world.llmwatch(&["replay", "--dry-run"]).unwrap();
    assert!(said.well && said.text.contains("1 would be sent"), "{said:?}");
    assert!(said.text.contains(&log_key("object-4")), "{said:?}");
    let said = stage.world.llmwatch(&["replay"]).unwrap();
    assert!(said.well && said.text.contains("1 sent, 0 discarded, 0 left"), "{said:?}");
    stage.wait_for_objects(10.0);
    assert_eq!(stage.of_model("Error"), (0.0, 10.0));
    assert_eq!(stage.world.dead_letters(DeadLetters::UnscoredObjects).unwrap(), 0);
}

/// A capture of an endpoint that speaks as Text Generation Inference does.
fn captured(id: &str, at: Timestamp, answer: &str) -> String {
    let side = |mode: &str, data: &Value| {
        json!({ "observedContentType": "application/json", "mode": mode,
            "data": data.to_string(), "encoding": "JSON" })
    };
    json!({
        "captureData": {
            "endpointInput": side("INPUT", &json!({ "inputs": "What is the capital of France?" })),
            "endpointOutput": side("OUTPUT", &json!([{ "generated_text": answer }])),
        },
        "eventMetadata": {
            "eventId": id,
            "inferenceTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "eventVersion": "0",
    })
    .to_string()
}

#[test]
fn captures_of_sagemaker_score_by_endpoint_and_inference_component() {
    const CAPTURES: &str = "customers-captures";
    let parameters = [("CaptureBucket", CAPTURES), ("CapturePrefix", "captures/")];
    let stage = Scoring::deploy_after(&parameters, |calls| calls.create_bucket(CAPTURES));
    stage.choose(&json!({ "components": { "captures/chat/": "chat-llama" } }));
    let hour = now().strftime("%Y/%m/%d/%H");
    for (endpoint, answers) in [("chat", [ANSWER, REFUSAL]), ("other", [ANSWER, ANSWER])] {
        let lines = answers.iter().enumerate();
        let lines: Vec<String> = lines
            .map(|(number, answer)| captured(&format!("{endpoint}-{number}"), now(), answer) + "\n")
            .collect();
        let key = format!("captures/{endpoint}/AllTraffic/{hour}/12-00-000-{endpoint}.jsonl");
        stage.world.calls().put_object(CAPTURES, &key, lines.concat().as_bytes()).unwrap();
    }
    let llama = [("ModelId", "chat"), ("InferenceComponentName", "chat-llama")];
    let unknown = [("ModelId", "other"), ("InferenceComponentName", "unknown")];
    assert_eq!(stage.wait_for("Refusal", &llama, 2.0), (1.0, 2.0));
    assert_eq!(stage.wait_for("Refusal", &unknown, 2.0), (0.0, 2.0));
    let record = stage.record_of("chat-1");
    assert_eq!(record["inference_component"], "chat-llama");
    assert_eq!((&record["operation"], &record["status"]), (&json!("InvokeEndpoint"), &json!("OK")));
}

#[test]
fn an_object_that_ends_too_early_loses_only_what_is_not_there() {
    let stage = Scoring::deploy(&[]);
    // Texts that do not pack, so that half of the bytes hold about half of the records.
    let lines: Vec<String> = (0..200_u64)
        .map(|number| {
            let noise: Vec<String> = (0..40_u64)
                .map(|word| {
                    format!("{:x}", (number * 40 + word).wrapping_mul(0x9e37_79b9_7f4a_7c15))
                })
                .collect();
            record(&format!("request-{number}"), now(), &noise.join(" "), ANSWER)
        })
        .collect();
    let whole = packed(&lines);
    stage.put(&log_key("cut"), &whole[..whole.len() / 2]);
    stage.wait_for_objects(1.0);
    let (_, read) = stage.of_model("Error");
    assert!((60.0..140.0).contains(&read), "{read} of 200");
    assert_eq!(stage.skipped("truncated_gzip"), 1.0);
    assert_eq!(stage.records().len() as f64, read);

    // Nothing that could be unpacked at all.
    let mut damaged = packed(&lines[..1]);
    damaged[9..].fill(0xff);
    stage.put(&log_key("damaged"), &damaged);
    stage.wait_for_objects(2.0);
    assert_eq!(stage.skipped("damaged_gzip"), 1.0);
    assert_eq!(stage.of_model("Error").1, read);
}

/// Records of a model, ten a minute, from so many minutes ago to so many.
fn minutes_of(name: &str, minutes_ago: std::ops::Range<i64>, answer: &str) -> Vec<String> {
    minutes_ago
        .flat_map(|ago| (0..10).map(move |call| (ago, call)))
        .map(|(ago, call)| {
            let at = now() - SignedDuration::from_mins(ago);
            record(&format!("{name}-{ago}-{call}"), at, "What is the capital of France?", answer)
        })
        .collect()
}

#[test]
fn a_model_that_starts_refusing_is_told_of_though_its_log_objects_come_twenty_minutes_late() {
    let stage = Scoring::deploy(&[]);
    stage.log("before", &minutes_of("before", 60..110, ANSWER));
    stage.wait_for_objects(1.0);
    let updated = stage.world.invoke("alarm-updater", &json!({})).unwrap();
    assert!(matches!(updated, Invoked::Returned(_)), "{updated:?}");
    let alarm = || {
        let stem =
            format!("llmwatch-Quality-HighRefusal-Critical-model.{}", MODEL.replace(':', "_"));
        readers::alarms(stage.world.calls(), &stem).unwrap().remove(0).state
    };
    stage.world.control().advance_minutes(1).unwrap();
    assert_eq!(alarm(), "OK");
    assert_eq!(stage.world.mails().unwrap(), Vec::<Mail>::new());

    // Half an hour of refusals; the youngest lands twenty minutes after its call.
    stage.log("refusing", &minutes_of("refusing", 20..50, REFUSAL));
    stage.wait_for_objects(2.0);
    assert_eq!(stage.of_model("Refusal"), (300.0, 800.0));
    stage.world.control().advance_minutes(1).unwrap();
    let mails = stage.world.wait_for_mails(2).unwrap();
    let critical = mails.iter().find(|mail| mail.subject.starts_with("[Critical]")).unwrap();
    assert!(critical.subject.contains("Many refusals"), "{mails:#?}");
    assert!(says(critical, &format!("Model: {MODEL}")), "{}", critical.body);
    assert_eq!(alarm(), "ALARM");
    // How late they came is a metric, and half an hour late is an alarm of its own.
    let (sum, count) = stage.metric("ScoringDelay", &[]);
    assert!(count == 800.0 && sum / count > 20.0 * 60.0, "{sum} of {count}");
}
