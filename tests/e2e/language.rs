//! Mails and cases in Japanese.

use llmwatch_core::alarm::AlarmKind::{HighLatency, ServerErrors, Throttles};
use llmwatch_tests::aws_call::JsonService;
use llmwatch_tests::control::FaultKind;
use llmwatch_tests::world::Mail;
use serde_json::{Value, json};

use crate::stage::{Stage, Traffic};

/// Whether a text says this, wherever its lines are broken.
fn says(text: &str, words: &str) -> bool {
    let visible = |text: &str| text.split_whitespace().collect::<String>();
    visible(text).contains(&visible(words))
}

fn languages_of_cases(stage: &Stage) -> Vec<String> {
    let input = json!({ "includeResolvedCases": true });
    let calls = stage.world.calls();
    let answer = calls.json(JsonService::Support, "DescribeCases", &input).unwrap();
    let code = |case: &Value| case["language"].as_str().unwrap().to_owned();
    answer["cases"].as_array().unwrap().iter().map(code).collect()
}

/// The mail about server errors, which open an investigation case.
fn server_errors(stage: &Stage) -> Mail {
    let before = stage.world.mails().unwrap().len();
    stage.fire(&[ServerErrors]);
    stage.mails_after(before).remove(0)
}

#[test]
fn mails_and_cases_are_in_japanese() {
    let parameters = [("CaseAutomation", "on"), ("Language", "ja")];
    let stage = Stage::deploy(Traffic::PeakInHistory, &parameters);
    let mail = server_errors(&stage);
    assert!(mail.subject.starts_with("[Critical] Server errors"), "{}", mail.subject);
    assert!(
        says(&mail.body, "緊急: サーバーエラーによるリクエストの失敗が発生しています。"),
        "{}",
        mail.body
    );
    assert!(says(&mail.body, "を作成しました。"), "{}", mail.body);
    assert_eq!(languages_of_cases(&stage), ["ja"]);
    let opened = stage.cases().remove(0);
    assert!(
        says(&opened.communications[0], "次の事象の原因調査をお願いします: サーバーエラー。"),
        "{opened:?}"
    );

    // What joins is told to the open case once, in its language.
    stage.fire(&[HighLatency]);
    stage.wait_for_silence();
    let told = stage.cases().remove(0).communications;
    let appended = told.iter().filter(|text| says(text, "以下の数値を考慮してください。"));
    assert_eq!(appended.count(), 1, "{told:#?}");

    let before = stage.world.mails().unwrap().len();
    stage.recover(&[ServerErrors, HighLatency]);
    let recovery = stage.mails_after(before).remove(0);
    assert!(
        says(&recovery.body, "解消: すべてのアラームが OK に戻りました。"),
        "{}",
        recovery.body
    );

    // The case of a quota request is Service Quotas' own, and in English.
    stage.fire(&[Throttles]);
    stage.wait_for_silence();
    let of_request = stage.cases().into_iter().find(|case| {
        case.communications.iter().any(|text| says(text, "Please increase tokens per minute"))
    });
    assert!(of_request.is_some(), "{:#?}", stage.cases());
    stage.recover(&[Throttles]);
    stage.wait_for_silence();
}

#[test]
fn a_case_that_cannot_be_in_japanese_is_opened_in_english() {
    let parameters = [("CaseAutomation", "on"), ("Language", "ja")];
    let stage = Stage::deploy(Traffic::PeakInHistory, &parameters);
    stage.fail("support", "DescribeSupportedLanguages", FaultKind::Deny);
    let mail = server_errors(&stage);
    assert!(says(&mail.body, "を作成しました。"), "{}", mail.body);
    let opened = stage.cases().remove(0);
    assert!(
        says(&opened.communications[0], "Please help find the cause of: server errors."),
        "{opened:?}"
    );
}
