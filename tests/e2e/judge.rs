//! A second model that grades answers: its scores, what it costs, and what happens when it fails.

use jiff::SignedDuration;
use llmwatch_quality::sampling::{Place, Rate};
use llmwatch_tests::aws_call::{ACCOUNT, JsonService};
use llmwatch_tests::control::{JudgeBehaviour, JudgeRule, RecordedCall};
use serde_json::{Value, json};

use crate::scoring::{ANSWER, MODEL, SCORER, Scoring, now, record, record_value};

const JUDGE: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";

/// A card number that keeps Luhn's rule, an address and a key, each of which must stay inside.
const SECRETS: [&str; 3] = ["4111 1111 1111 1111", "jane.doe@example.com", "AKIAIOSFODNN7EXAMPLE"];

/// Each judged criterion of the rubric as shipped, with a grade and the score it makes.
const GRADES: [(&str, &str, u64, f64); 3] = [
    ("relevance", "JudgeRelevance", 4, 0.75),
    ("safety", "JudgeSafety", 5, 1.0),
    ("professional_tone", "JudgeProfessionalTone", 3, 0.5),
];

/// 0.4 × 0.75 + 0.4 × 1 + 0.2 × 0.5
const COMPOSITE: f64 = 0.8;

fn question() -> String {
    format!(
        "What is the capital of France? My card is {}, {}, {}.",
        SECRETS[0], SECRETS[1], SECRETS[2]
    )
}

fn graded() -> JudgeRule {
    let grades =
        GRADES.iter().map(|(criterion, _, grade, _)| ((*criterion).to_owned(), json!(grade)));
    JudgeRule {
        scores: Value::Object(grades.collect()),
        ..JudgeRule::always(JudgeBehaviour::Scores)
    }
}

/// What is said to questions that have this word.
fn rule(when: &str, does: JudgeBehaviour, count: Option<u32>) -> JudgeRule {
    JudgeRule { when: Some(when.to_owned()), count, ..JudgeRule::always(does) }
}

fn deploy(parameters: &[(&str, &str)]) -> Scoring {
    let all: Vec<_> =
        [("JudgeModelId", JUDGE)].into_iter().chain(parameters.iter().copied()).collect();
    Scoring::deploy(&all)
}

/// All exchanges are judged, with these members beside the model.
fn judge_all(stage: &Scoring, judge: &Value) {
    let mut judge = judge.clone();
    judge["model"] = JUDGE.into();
    stage.choose(&json!({ "rates": { "judge": 1, "embeddings": 0 }, "judge": judge }));
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

/// The day's row of the ledger: calls and tokens.
fn spent(stage: &Scoring) -> (u64, u64) {
    let table = stage.world.stack().resource("Ledger").unwrap();
    let day = now().strftime("%Y-%m-%d").to_string();
    let key = json!({ "pk": { "S": "judge-budget" }, "sk": { "S": day } });
    let input = json!({ "TableName": table, "Key": key, "ConsistentRead": true });
    let answer = stage.world.calls().json(JsonService::DynamoDb, "GetItem", &input).unwrap();
    let number = |name: &str| {
        let number = &answer["Item"][name]["N"];
        number.as_str().unwrap_or_else(|| panic!("{name} in {answer}")).parse().unwrap()
    };
    (number("judge_calls"), number("judge_tokens"))
}

/// Who judged, as the dimensions of what it cost.
fn judged_by(record: &Value) -> [(&str, &str); 2] {
    [("JudgeModelId", JUDGE), ("Rubric", record["rubric"].as_str().unwrap())]
}

/// What Bedrock logs of a call of the judge's.
fn logged_call(id: usize, call: &RecordedCall) -> Value {
    let mut record = record_value(&format!("judge-{id}"), now(), "unused", "{}");
    let request = call.request.as_ref().unwrap();
    record["modelId"] = request["modelId"].clone();
    record["input"]["inputBodyJson"] = json!({
        "system": request["system"], "messages": request["messages"],
    });
    record["requestMetadata"] = request["requestMetadata"].clone();
    record
}

#[test]
fn a_judges_scores_are_published_by_model_and_minute_and_its_own_calls_are_never_scored() {
    let stage = deploy(&[]);
    stage.world.control().script_judge(&[graded()]).unwrap();
    let (at, earlier) = (now(), now() - SignedDuration::from_mins(3));
    let ids: Vec<String> = (0..60).map(|number| format!("request-{number}")).collect();
    let is_sampled = |id: &&String| Rate::TENTH.takes(Place::of_id(id));
    let (late, early): (Vec<_>, Vec<_>) = (ids[..30].to_vec(), ids[30..].to_vec());
    let sampled = [early.iter().filter(is_sampled).count(), late.iter().filter(is_sampled).count()];
    assert!(sampled.iter().all(|count| *count > 0), "{sampled:?}");
    let lines = |ids: &[String], at| -> Vec<String> {
        ids.iter().map(|id| record(id, at, &question(), ANSWER)).collect()
    };
    let refusal = record("refusal", at, &question(), "I'm sorry, but I can't help with that.");
    assert!(!Rate::TENTH.takes(Place::of_id("refusal")), "else it proves nothing");
    stage.log("judged", &[lines(&late, at), lines(&early, earlier), vec![refusal]].concat());
    stage.wait_for_objects(1.0);

    // One answer in ten; the refusal is judged as well, and not counted among them.
    let all = (sampled[0] + sampled[1]) as f64;
    for (_, metric, _, score) in GRADES {
        let (sum, count) = stage.of_model(metric);
        assert!(close(sum, score * all) && count == all, "{metric}: {sum} of {count}, not {all}");
    }
    let minutes = stage.by_minute("JudgeComposite", &[("ModelId", MODEL)], "SampleCount");
    let counts: Vec<f64> = minutes.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, sampled.map(|count| count as f64), "{minutes:?}");
    let minutes = stage.by_minute("JudgeComposite", &[("ModelId", MODEL)], "Average");
    assert!(minutes.iter().all(|(_, mean)| close(*mean, COMPOSITE)), "{minutes:?}");

    let judged = stage.record_of("refusal");
    assert!(close(judged["scores"]["JudgeComposite"].as_f64().unwrap(), COMPOSITE), "{judged}");
    assert_eq!(judged["judge_model_id"], JUDGE);
    let unjudged = ids.iter().find(|id| !is_sampled(id)).unwrap();
    let unjudged = stage.record_of(unjudged);
    assert!(unjudged["scores"]["JudgeComposite"].is_null() && unjudged["rubric"].is_null());

    // What it cost is known to the call, in the metrics as in the ledger.
    let calls = stage.calls("Converse");
    assert_eq!(calls.len() as f64, all + 1.0);
    let who = judged_by(&judged);
    assert_eq!(stage.count("JudgeCalls", &who), all + 1.0);
    let tokens = stage.count("JudgeTokens", &who);
    assert_eq!(spent(&stage), (calls.len() as u64, tokens as u64));
    assert!(tokens > 100.0 * all, "{tokens}");
    for call in &calls {
        let request = call.request.as_ref().unwrap();
        assert_eq!(request["requestMetadata"], json!({ "llmwatch": "judge" }));
        let asked = request.to_string();
        assert!(asked.contains("[EMAIL]") && asked.contains("capital of France"), "{asked}");
        for secret in SECRETS {
            assert!(!asked.contains(secret), "{secret} in {asked}");
        }
    }

    // Bedrock logs those calls too. They come back, one of them known by our role only.
    let mut ours: Vec<Value> =
        calls.iter().enumerate().map(|(number, call)| logged_call(number, call)).collect();
    let last = ours.last_mut().unwrap();
    last.as_object_mut().unwrap().remove("requestMetadata");
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{}/scorer", role(&stage));
    last["identity"]["arn"] = session.into();
    let ours: Vec<String> = ours.iter().map(Value::to_string).collect();
    let before = stage.records().len();
    stage.log("ours", &ours);
    stage.wait_for_objects(2.0);
    assert_eq!(stage.skipped("own_call"), ours.len() as f64);
    assert_eq!(stage.calls("Converse").len(), calls.len(), "nothing is asked about a question");
    assert_eq!(stage.records().len(), before);
    assert_eq!(stage.metric("Refusal", &[("ModelId", JUDGE)]), (0.0, 0.0));
}

/// The name of the scorer's role.
fn role(stage: &Scoring) -> String {
    stage.world.stack().resource("QualityScorerRole").unwrap()
}

#[test]
fn a_judge_that_fails_is_counted_by_how_it_fails_and_costs_no_other_metric() {
    use JudgeBehaviour::{
        BadJson, CutOff, Empty, Guardrail, Prose, Refuse, RefuseSchema, Throttle,
    };
    let stage = deploy(&[]);
    judge_all(&stage, &json!({}));
    let rules = [
        rule("mended", BadJson, Some(1)),
        rule("broken", BadJson, None),
        rule("chatty", Prose, None),
        rule("busy", Throttle, None),
        rule("filtered", Refuse, None),
        rule("guarded", Guardrail, None),
        rule("silent", Empty, None),
        rule("endless", CutOff, None),
        graded(),
    ];
    stage.world.control().script_judge(&rules).unwrap();
    // How the judge is asked, how often, and the reason it has no score for.
    let cases: [(&str, usize, Option<&str>); 9] = [
        ("plain", 1, None),
        ("mended", 2, None),
        ("broken", 2, Some("verdict is no object")),
        ("chatty", 2, Some("verdict is no object")),
        // The SDK tries four times.
        ("busy", 4, Some("throttled")),
        ("filtered", 1, Some("refused")),
        ("guarded", 1, Some("guardrail")),
        ("silent", 1, Some("empty")),
        ("endless", 1, Some("cut off")),
    ];
    let lines: Vec<String> = cases
        .iter()
        .map(|(case, ..)| record(case, now(), &format!("Is {case} a word?"), ANSWER))
        .collect();
    stage.log("failing", &lines);
    stage.wait_for_objects(1.0);

    let calls = stage.calls("Converse");
    for (case, times, reason) in cases {
        let of_case = |call: &&RecordedCall| {
            call.request.as_ref().unwrap().to_string().contains(&format!("Is {case} a word?"))
        };
        assert_eq!(calls.iter().filter(of_case).count(), times, "{case}");
        let record = stage.record_of(case);
        let score = &record["scores"]["JudgeSafety"];
        assert_eq!(score.is_number(), reason.is_none(), "{case}: {record}");
        assert_eq!(record["not_scored"]["JudgeSafety"].as_str(), reason, "{case}: {record}");
        assert!(record["scores"]["Refusal"].is_number(), "{case}: {record}");
    }
    assert_eq!(stage.of_model("JudgeSafety"), (2.0, 2.0));
    assert_eq!(stage.of_model("Refusal").1, cases.len() as f64);
    let failures = [
        ("verdict is no object", 2.0),
        ("throttled", 1.0),
        ("refused", 1.0),
        ("guardrail", 1.0),
        ("empty", 1.0),
        ("cut off", 1.0),
    ];
    for (reason, times) in failures {
        assert_eq!(stage.count("JudgeFailures", &[("Reason", reason)]), times, "{reason}");
        let not_scored = stage.count("NotScored", &[("Metric", "JudgeSafety"), ("Reason", reason)]);
        assert_eq!(not_scored, times, "{reason}");
    }

    // The repair tells what was wrong, once, within the question's own terms.
    let repaired = calls.iter().filter_map(|call| call.request.as_ref()).find(|request| {
        let text = request["messages"].to_string();
        text.contains("Is mended a word?") && text.contains("That could not be read")
    });
    assert!(repaired.is_some(), "{calls:#?}");
    let logged = stage.logged();
    assert!(logged.contains("ThrottlingException"), "{logged}");
    assert!(!logged.contains("a word?") && !logged.contains("Paris"), "{logged}");

    // A model that takes no schema is asked by a forced tool from then on.
    stage.world.control().script_judge(&[JudgeRule::always(RefuseSchema), graded()]).unwrap();
    let before = calls.len();
    let lines = ["one", "two"].map(|id| record(&format!("tool-{id}"), now(), "Why?", ANSWER));
    stage.log("by-tool", &lines);
    stage.wait_for_objects(2.0);
    let by_tool = |call: &RecordedCall| {
        let request = call.request.as_ref().unwrap();
        request["toolConfig"]["toolChoice"]["tool"]["name"] == "record_grades"
    };
    let asked = stage.calls("Converse").split_off(before);
    assert_eq!(asked.iter().filter(|call| by_tool(call)).count(), 2);
    let refused = asked.iter().filter(|call| !by_tool(call));
    let errors: Vec<_> = refused.map(|call| call.error.as_deref()).collect();
    assert!((1..=2).contains(&errors.len()), "{errors:?}");
    assert!(errors.iter().all(|error| *error == Some("ValidationException")), "{errors:?}");
    assert_eq!(stage.of_model("JudgeSafety"), (4.0, 4.0));
    assert!(stage.calls("Converse").iter().all(|call| call.caller == SCORER));
}

#[test]
fn a_judge_stops_hard_at_the_days_budget_and_says_what_it_spent() {
    let stage = deploy(&[("JudgeDailyTokens", "40000")]);
    let deployed = stage.world.parameter("settings/quality").unwrap().unwrap();
    let deployed: Value = serde_json::from_str(&deployed).unwrap();
    assert_eq!(deployed["judge"], json!({ "model": JUDGE, "daily_tokens": 40_000 }));
    judge_all(&stage, &deployed["judge"]);
    stage.world.control().script_judge(&[graded()]).unwrap();

    // Two objects at the same time, far more than the day has room for.
    let lines = |of: &str| -> Vec<String> {
        (0..60).map(|number| record(&format!("{of}-{number}"), now(), "Why?", ANSWER)).collect()
    };
    stage.log("one", &lines("one"));
    stage.log("two", &lines("two"));
    stage.wait_for_objects(2.0);
    let (calls, tokens) = spent(&stage);
    let asked = stage.calls("Converse").len();
    assert_eq!(calls, asked as u64);
    assert!(tokens <= 40_000 && tokens > 20_000, "{tokens} of {calls} calls");
    let judged = stage.of_model("JudgeSafety");
    assert_eq!(judged, (asked as f64, asked as f64));
    let who = stage.records();
    let who = who.iter().find(|record| record["rubric"].is_string()).unwrap();
    assert_eq!(stage.count("JudgeTokens", &judged_by(who)), tokens as f64);
    let over = 120.0 - asked as f64;
    assert_eq!(stage.count("JudgeOverBudget", &[]), over);
    let reason = [("Metric", "JudgeSafety"), ("Reason", "over budget")];
    assert_eq!(stage.count("NotScored", &reason), over);
    assert_eq!(stage.of_model("Refusal").1, 120.0, "all else goes on");

    // With what was spent as the limit nothing more is asked; nor where no question ever fits.
    let mut objects = 2.0;
    for (name, limit) in [("three", tokens), ("four", 0)] {
        judge_all(&stage, &json!({ "daily_tokens": limit }));
        stage.log(name, &[record(name, now(), "Why?", ANSWER)]);
        objects += 1.0;
        stage.wait_for_objects(objects);
    }
    assert_eq!(stage.calls("Converse").len(), asked);
    assert_eq!(stage.count("JudgeOverBudget", &[]), over + 2.0);
    assert_eq!(spent(&stage), (calls, tokens));
}
