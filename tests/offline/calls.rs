//! "Every call": the table over the call records, and the saved queries over the table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::quality::alarm::QUALITY_CATALOGUE;
use llmwatch_core::quality::calls as saved;
use llmwatch_quality::call_record::{
    CALLS_PREFIX, CallRecord, SCHEMA_VERSION, Status, TraceIds, object_key,
};
use llmwatch_quality::redaction::TextMode;
use llmwatch_quality::text::Text;
use llmwatch_tests::process::Places;
use serde_json::{Value, json};

use crate::template::{Resource, resources, target};

const NOW: &str = "2026-11-22T10:30:00Z";
const W3C: &str = "5759e988bd862e3fe1be46a994272793";
const X_RAY: &str = "1-5759e988-bd862e3fe1be46a994272793";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn hours_ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

/// A record with every member, so that a new one does not compile before it stands here.
fn whole() -> CallRecord {
    let some = |text: &str| Some(text.to_owned());
    CallRecord {
        schema_version: SCHEMA_VERSION,
        request_id: "whole".into(),
        at: now() - SignedDuration::from_mins(10),
        account: some("123456789012"),
        region: some("us-east-1"),
        inference_region: some("us-west-2"),
        operation: "Converse".into(),
        model: "us.amazon.nova-lite-v1:0".into(),
        metric_model_id: "us.amazon.nova-lite-v1:0".into(),
        foundation_model: some("amazon.nova-lite-v1:0"),
        inference_component: some("chat"),
        caller: some("arn:aws:sts::123456789012:assumed-role/app/session"),
        status: Status::Ok,
        error_code: some("ThrottlingException"),
        latency_ms: Some(800),
        time_to_first_token_ms: Some(200),
        input_tokens: Some(20),
        output_tokens: Some(30),
        cache_read_tokens: Some(60),
        cache_write_tokens: Some(20),
        stop_reason: some("end_turn"),
        guardrail: some("none"),
        content: "conversation".into(),
        turns: Some(1),
        tools_called: vec!["mail".into()],
        card: serde_json::from_value(json!({
            "scores": { "Refusal": 0.0, "CompletionToxicity": 0.25 },
            "not_scored": { "JudgeComposite": "over budget" },
            "out_of_sample": ["Refusal"],
        }))
        .unwrap(),
        prompt_findings: serde_json::from_value(json!({ "email": 1 })).unwrap(),
        completion_findings: serde_json::from_value(json!({ "email": 2 })).unwrap(),
        judge_model_id: some("us.amazon.nova-pro-v1:0"),
        rubric: some("0123456789abcdef"),
        text_mode: TextMode::Redacted,
        prompt: Some(Text::new("Write to [EMAIL]")),
        completion: Some(Text::new("Done, [EMAIL].")),
        request_metadata: BTreeMap::from([("tenant".to_owned(), Text::new("blue"))]),
        trace: TraceIds { trace_id: some(W3C), span_id: some("00f067aa0ba902b7") },
    }
}

/// A call that was answered.
fn answered(id: &str, at: Timestamp, scores: Value) -> CallRecord {
    let card = json!({ "scores": scores, "not_scored": {}, "out_of_sample": [] });
    CallRecord {
        request_id: id.into(),
        at,
        error_code: None,
        card: serde_json::from_value(card).unwrap(),
        trace: TraceIds::default(),
        ..whole()
    }
}

fn failed(id: &str, at: Timestamp, model: &str, code: &str) -> CallRecord {
    CallRecord {
        model: model.into(),
        status: Status::Error,
        error_code: Some(code.into()),
        latency_ms: None,
        input_tokens: None,
        output_tokens: None,
        cache_read_tokens: None,
        cache_write_tokens: None,
        ..answered(id, at, json!({ "Error": 1.0 }))
    }
}

/// Calls of an hour and of days before it.
fn calls() -> Vec<CallRecord> {
    let minutes = |minutes| now() - SignedDuration::from_mins(minutes);
    let mut slow = answered("slow", hours_ago(20), json!({ "JudgeComposite": 0.1 }));
    slow.latency_ms = Some(90_000);
    slow.trace = TraceIds { trace_id: Some(X_RAY.into()), span_id: None };
    let mut other = answered("other-caller", hours_ago(24 * 6), json!({}));
    other.caller = Some("arn:aws:sts::123456789012:assumed-role/batch/session".into());
    vec![
        whole(),
        failed("error-1", minutes(50), "us.amazon.nova-lite-v1:0", "ThrottlingException"),
        failed("error-2", minutes(5), "us.amazon.nova-lite-v1:0", "ThrottlingException"),
        failed("error-3", minutes(20), "cohere.command-r-v1:0", "ModelErrorException"),
        failed("error-old", minutes(70), "us.amazon.nova-lite-v1:0", "ThrottlingException"),
        slow,
        answered("refusal", minutes(40), json!({ "Refusal": 1.0, "CompletionToxicity": 0.0 })),
        answered("toxic", hours_ago(3), json!({ "Refusal": 0.0, "CompletionToxicity": 0.75 })),
        other,
        answered("long-ago", hours_ago(24 * 40), json!({ "Refusal": 1.0 })),
    ]
}

/// What the queries answer, by their names, with these parameters where they take one.
static ANSWERS: LazyLock<Value> = LazyLock::new(|| {
    // Tests may run as processes of their own at the same time.
    let directory = format!("every-call-{}", process::id());
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(directory);
    for record in calls() {
        // Under the key the scorer writes, one object a call.
        let key = object_key("logs", &record.request_id, "etag", record.at, 0);
        let path = directory.join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut packed = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
        packed.write_all(record.line().unwrap().as_bytes()).unwrap();
        packed.finish().unwrap();
    }
    let queries: Vec<Value> = resources("AWS::Athena::NamedQuery")
        .iter()
        .map(|query| {
            let parameters: &[&str] = match query.text("Name") {
                "call-by-request-id" => &["slow"],
                "calls-of-a-trace" => &[X_RAY],
                _ => &[],
            };
            json!({
                "name": query.text("Name"),
                "sql": query.text("QueryString"),
                "parameters": parameters,
            })
        })
        .collect();
    let answers = ask(&json!({
        "directory": directory,
        "columns": columns(),
        "now": NOW,
        "queries": queries,
    }));
    fs::remove_dir_all(&directory).unwrap();
    answers
});

fn ask(question: &Value) -> Value {
    let places = Places::of_this_build().unwrap();
    let mut python = Command::new(&places.python)
        .arg(places.repository.join("tests/offline/athena.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the queries cannot be run, see above");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn table() -> &'static Value {
    Resource::named("CallsTable").property("TableInput")
}

fn named(list: &'static Value) -> impl Iterator<Item = (&'static str, &'static str)> {
    let pair = |column: &'static Value| {
        (column["Name"].as_str().unwrap(), column["Type"].as_str().unwrap())
    };
    list.as_array().unwrap().iter().map(pair)
}

fn columns() -> BTreeMap<&'static str, &'static str> {
    named(&table()["StorageDescriptor"]["Columns"]).collect()
}

/// The rows of a query, each as these columns.
#[track_caller]
fn check(query: &str, of: &[&str], expected: &Value) {
    let rows: Vec<Value> = ANSWERS[query]
        .as_array()
        .unwrap_or_else(|| panic!("no query {query}"))
        .iter()
        .map(|row| of.iter().map(|column| row[*column].clone()).collect())
        .collect();
    assert_eq!(&Value::from(rows), expected, "{query}: {:#}", ANSWERS[query]);
}

#[test]
fn the_tables_columns_are_the_members_of_a_call_record() {
    let line: Value = serde_json::from_str(&whole().line().unwrap()).unwrap();
    let fits = |value: &Value, glue: &str| match glue {
        "string" => value.is_string(),
        "int" | "bigint" => value.is_u64(),
        "array<string>" => value[0].is_string(),
        "map<string,string>" => value.as_object().unwrap().values().all(Value::is_string),
        "map<string,double>" => value.as_object().unwrap().values().all(Value::is_f64),
        "map<string,bigint>" => value.as_object().unwrap().values().all(Value::is_u64),
        other => panic!("{other}"),
    };
    let members = line.as_object().unwrap();
    let names: BTreeSet<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(names, columns().into_keys().collect());
    for (name, glue) in columns() {
        assert!(fits(&line[name], glue), "{name} is {}, not {glue}", line[name]);
    }
}

#[test]
fn the_tables_partitions_are_the_folders_of_the_keys() {
    let key = object_key("b", "x/2026/11/22/09/a.json.gz", "e", now(), 0);
    assert!(key.starts_with("calls/dt=2026-11-22/hr=09/"), "{key}");
    let template = table()["Parameters"]["storage.location.template"].as_str().unwrap();
    assert_eq!(template, format!("s3://${{ResultsBucket}}/{CALLS_PREFIX}dt=${{!dt}}/hr=${{!hr}}/"));
    let partitions: Vec<_> = named(&table()["PartitionKeys"]).collect();
    assert_eq!(partitions, [("dt", "string"), ("hr", "string")]);
    let parameter = |name: &str| table()["Parameters"][name].as_str().unwrap();
    assert_eq!(parameter("projection.enabled"), "true");
    assert_eq!(parameter("projection.dt.format"), "yyyy-MM-dd");
    assert_eq!(parameter("projection.hr.digits"), "2", "as in hr=09");
    assert_eq!(parameter("projection.hr.range"), "0,23");
}

#[test]
fn every_query_is_over_the_call_records_in_the_workgroup_with_a_limit() {
    let group = Resource::named("CallsWorkGroup");
    let configuration = group.property("WorkGroupConfiguration");
    assert_eq!(configuration["EnforceWorkGroupConfiguration"], true);
    assert_eq!(configuration["BytesScannedCutoffPerQuery"], "QueryScanBytes");
    let results = &configuration["ResultConfiguration"];
    assert_eq!(results["EncryptionConfiguration"]["EncryptionOption"], "SSE_S3");
    assert_eq!(results["OutputLocation"], "s3://${ResultsBucket}/athena/");
    let rules = &Resource::named("ResultsBucket").property("LifecycleConfiguration")["Rules"];
    let expires = |rule: &Value| rule["Prefix"] == "athena/" && rule["ExpirationInDays"] == 7;
    assert!(rules.as_array().unwrap().iter().any(expires), "{rules}");
    for query in resources("AWS::Athena::NamedQuery") {
        assert_eq!(target(query.text("WorkGroup")), "CallsWorkGroup", "{}", query.id);
        assert_eq!(target(query.text("Database")), "CallsDatabase", "{}", query.id);
        let sql = query.text("QueryString");
        assert!(sql.contains("FROM calls\n"), "{}", query.id);
        assert!(sql.contains("WHERE dt >= "), "{} reads everything there is", query.id);
    }
}

#[test]
fn the_query_that_a_mail_names_is_saved_where_the_mail_says() {
    let prefix = StackPrefix::parse("p").unwrap();
    let group = Resource::named("CallsWorkGroup");
    assert_eq!(group.text("Name").replace("${Prefix}", "p"), saved::workgroup(&prefix));
    let saved: Vec<&str> =
        resources("AWS::Athena::NamedQuery").iter().map(|query| query.text("Name")).collect();
    let named: Vec<&str> = QUALITY_CATALOGUE
        .iter()
        .filter_map(|definition| saved::saved_query(definition.kind))
        .collect();
    for query in &named {
        assert!(saved.contains(query), "{query}");
    }
    assert!(!named.is_empty());
}

#[test]
fn errors_are_counted_by_model_and_code() {
    check(
        "errors-of-the-last-hour",
        &["model", "error_code", "calls", "newest_request_id", "first_at"],
        &json!([
            [
                "us.amazon.nova-lite-v1:0",
                "ThrottlingException",
                2,
                "error-2",
                "2026-11-22T09:40:00Z"
            ],
            ["cohere.command-r-v1:0", "ModelErrorException", 1, "error-3", "2026-11-22T10:10:00Z"],
        ]),
    );
}

#[test]
fn the_slowest_call_comes_first_and_failed_ones_have_no_latency() {
    let rows = ANSWERS["slowest-calls"].as_array().unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row["request_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["slow", "refusal", "toxic", "whole"]);
    assert_eq!(rows[0]["latency_ms"], 90_000);
}

#[test]
fn a_call_is_found_by_its_request_id_whole() {
    let [row] = ANSWERS["call-by-request-id"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!(row["trace_id"], X_RAY);
    assert_eq!(row["scores"], json!({ "JudgeComposite": 0.1 }));
    assert_eq!(row["request_metadata"], json!({ "tenant": "blue" }));
    assert_eq!((row["dt"].as_str(), row["hr"].as_str()), (Some("2026-11-21"), Some("14")));
    let names: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    let with_partitions = columns().into_keys().chain(["dt", "hr"]).collect();
    assert_eq!(names, with_partitions);
}

#[test]
fn a_trace_is_found_in_either_spelling() {
    check(
        "calls-of-a-trace",
        &["request_id", "trace_id"],
        &json!([["slow", X_RAY], ["whole", W3C]]),
    );
}

#[test]
fn the_worst_answers_come_first_with_a_judge_and_without() {
    check(
        "lowest-scoring-calls",
        &["request_id", "lowest"],
        &json!([["slow", 0.1], ["toxic", 0.25], ["whole", 0.75], ["refusal", 1.0]]),
    );
}

#[test]
fn refusals_are_listed_with_what_was_asked() {
    check(
        "refusals",
        &["request_id", "refusal", "prompt"],
        &json!([["refusal", 1.0, "Write to [EMAIL]"]]),
    );
}

#[test]
fn tokens_are_summed_by_caller_with_those_of_caches() {
    let app = "arn:aws:sts::123456789012:assumed-role/app/session";
    let batch = "arn:aws:sts::123456789012:assumed-role/batch/session";
    let (nova, cohere) = ("us.amazon.nova-lite-v1:0", "cohere.command-r-v1:0");
    check(
        "tokens-by-caller",
        &["caller", "model", "calls", "failed", "all_input_tokens", "all_output_tokens"],
        &json!([
            [app, nova, 7, 3, 400, 120],
            [batch, nova, 1, 0, 100, 30],
            [app, cohere, 1, 1, 0, 0],
        ]),
    );
}

#[test]
fn the_share_of_cached_tokens_is_of_all_input() {
    check(
        "cached-token-share",
        &["model", "uncached_tokens", "read_tokens", "written_tokens", "cached_share"],
        &json!([
            ["us.amazon.nova-lite-v1:0", 100, 300, 100, 0.6],
            ["cohere.command-r-v1:0", 0, 0, 0, null],
        ]),
    );
}
