//! Support cases: one a pool and category, found again, and told what is new.

use jiff::SignedDuration;
use llmwatch_core::alarm::AlarmKind::{ServerErrors, Throttles};
use llmwatch_core::duplicate::{CaseKey, CaseTag, Category};
use llmwatch_core::ids::{AccountId, Region};
use llmwatch_tests::aws_call::{ACCOUNT, JsonService, REGION};
use llmwatch_tests::control::Delays;
use llmwatch_tests::world::Mail;
use serde_json::{Value, json};

use crate::stage::{Stage, Traffic, says};

fn key(stage: &Stage) -> CaseKey {
    CaseKey {
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::parse(REGION).unwrap(),
        pool: stage.pool().clone(),
        category: Category::Investigation,
    }
}

fn seeded_case(subject: &str, created: &str) -> Value {
    json!({
        "subject": subject, "body": "seeded", "created": created,
        "service_code": "service-bedrock", "category_code": "general-guidance",
    })
}

fn resolve(stage: &Stage, case: &str) {
    let input = json!({ "caseId": case });
    stage.world.calls().json(JsonService::Support, "ResolveCase", &input).unwrap();
}

/// One episode, from ServerErrors to OK; gives the mail about it.
fn episode(stage: &Stage) -> Mail {
    let before = stage.world.mails().unwrap().len();
    stage.fire(&[ServerErrors]);
    let mail = stage.mails_after(before).remove(0);
    stage.recover(&[ServerErrors]);
    assert_eq!(stage.mails_after(before + 1).len(), 1, "the recovery");
    mail
}

#[test]
fn an_open_case_is_appended_to_even_from_a_later_page_and_a_resolved_one_is_followed_by_another() {
    let stage = Stage::deploy(Traffic::Calm, &[("CaseAutomation", "on")]);
    // A case the ledger knows nothing of, behind 220 newer ones of other people.
    let tag = key(&stage).tag();
    let created = (stage.now() - SignedDuration::from_hours(2)).to_string();
    let ours = seeded_case(&format!("Server errors {tag}"), &created);
    let others = (0..220).map(|number| seeded_case(&format!("Question {number}"), &created));
    let all: Vec<Value> = std::iter::once(ours).chain(others).collect();
    stage.control().seed(&json!({ "cases": all })).unwrap();

    let mail = episode(&stage);
    assert_eq!(stage.writes(0), ["AddCommunicationToCase"]);
    assert!(says(&mail, "was open and has been told of the new alarms"), "{}", mail.body);
    let cases = stage.cases();
    assert_eq!(cases.len(), 221);
    let old = cases.last().unwrap();
    assert!(old.communications.last().unwrap().contains("llmwatch:"), "{old:?}");
    resolve(&stage, &old.id);

    let before = stage.last_call();
    let mail = episode(&stage);
    assert_eq!(stage.writes(before), ["CreateCase"]);
    assert!(says(&mail, "Investigation case: OPENED"), "{}", mail.body);
    let opened = stage.cases().remove(0);
    assert_eq!(CaseTag::find_in(&opened.subject), Some(tag), "{}", opened.subject);
    assert_eq!(opened.severity, "high", "ServerErrors is critical");
    assert!(opened.communications[0].chars().count() <= 8_000);
    assert!(opened.communications[0].contains("Please help find the cause"));

    let before = stage.last_call();
    let mail = episode(&stage);
    assert_eq!(stage.writes(before), ["AddCommunicationToCase"], "it is open still");
    assert!(says(&mail, "was open and has been told of the new alarms"), "{}", mail.body);
    assert_eq!(stage.cases().len(), 222);
}

#[test]
fn a_second_episode_with_the_request_still_open_tells_its_case_and_requests_nothing() {
    let stage = Stage::deploy(Traffic::PeakInHistory, &[("CaseAutomation", "on")]);
    let before_case = Delays {
        publishing_delay_seconds: 0,
        case_id_delay_seconds: 600,
        first_reply_delay_seconds: 0,
    };
    stage.control().set_delays(before_case).unwrap();
    let told = |stage: &Stage| {
        let cases = stage.cases();
        let texts = cases.iter().flat_map(|case| &case.communications);
        texts.filter(|text| text.contains("llmwatch:")).count()
    };

    // A look at every second, whatever the wait.
    stage.control().hurry_queues(900).unwrap();
    stage.fire(&[Throttles]);
    let mail = stage.world.wait_for_mails(1).unwrap().remove(0);
    assert!(says(&mail, "Its case id is still pending"), "{}", mail.body);
    assert_eq!(told(&stage), 0, "there is no case yet");

    // Ten minutes on the case exists, and Support has replied: it gets the figures once.
    stage.control().advance_minutes(11).unwrap();
    stage.wait_for_silence();
    assert_eq!(told(&stage), 1);
    stage.recover(&[Throttles]);
    stage.wait_for_silence();

    let (mails, before) = (stage.world.mails().unwrap().len(), stage.last_call());
    stage.fire(&[Throttles]);
    let mail = stage.mails_after(mails).remove(0);
    assert_eq!(stage.writes(before), ["AddCommunicationToCase"], "{}", mail.body);
    assert_eq!(told(&stage), 2);
    assert_eq!(stage.quota_requests().len(), 1);
}
