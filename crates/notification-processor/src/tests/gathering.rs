//! Each read may fail on its own: the mail goes out, says so, and nothing is written on a guess.

use llmwatch_core::alarm::AlarmKind::{self, ServerErrors, Throttles};

use super::world::{World, stored};

/// The one mail of an incident in which no request is made and no case opened.
async fn mail_without_writes(world: &World, kind: AlarmKind) -> String {
    world.fire(kind);
    world.run_for(30).await;
    assert_eq!(world.mails().len(), 1, "{:?}", world.subjects());
    assert!(world.requests().is_empty() && world.cases().is_empty());
    // Prose breaks where lines end.
    world.mails()[0].1.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn settings_that_cannot_be_read_leave_everything_in_dry_run() {
    let world = World::busy();
    world.state().refuse("get_parameters", "AccessDeniedException", 100);
    let mail = mail_without_writes(&world, Throttles).await;
    assert!(mail.contains("the settings could not be read"), "{mail}");
    assert!(mail.contains("GetParameters"), "{mail}");
}

#[tokio::test]
async fn a12_a_pool_without_thresholds_is_told_with_the_mend() {
    let world = World::busy();
    world.state().parameters.retain(|name, _| !name.ends_with("/thresholds"));
    let mail = mail_without_writes(&world, Throttles).await;
    assert!(mail.contains("run quota-calculator"), "{mail}");
}

#[tokio::test]
async fn thresholds_that_are_no_json_are_told_with_the_mend() {
    let world = World::busy();
    for (name, value) in &mut world.state().parameters {
        if name.ends_with("/thresholds") {
            *value = "{".to_owned();
        }
    }
    let mail = mail_without_writes(&world, Throttles).await;
    assert!(mail.contains("run quota-calculator to write it anew"), "{mail}");
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_the_others_hold() {
    let world = World::busy();
    world.state().set("case-automation", "sometimes");
    let mail = mail_without_writes(&world, Throttles).await;
    assert!(mail.contains("/llmwatch/settings/case-automation"), "{mail}");
    assert!(mail.contains("sometimes"), "{mail}");
}

#[tokio::test]
async fn a11_usage_that_cannot_be_read_is_no_new_model() {
    let world = World::busy();
    world.state().refuse("get_metric_data", "AccessDenied", 100);
    let mail = mail_without_writes(&world, Throttles).await;
    assert!(mail.contains("GetMetricData"), "{mail}");
}

#[tokio::test]
async fn a_pool_without_series_is_no_new_model() {
    let world = World::busy();
    let mut pool = stored();
    pool.series.clear();
    world.state().store(&pool);
    let mail = mail_without_writes(&world, Throttles).await;
    assert!(mail.contains("lists no series"), "{mail}");
}

#[tokio::test]
async fn d8_open_cases_that_cannot_be_read_hold_the_case_back() {
    let world = World::calm();
    world.state().refuse("describe_cases", "InternalServerError", 100);
    let mail = mail_without_writes(&world, ServerErrors).await;
    assert!(mail.contains("DescribeCases"), "{mail}");
}

#[tokio::test]
async fn d8_requests_that_cannot_be_read_hold_the_request_back() {
    let world = World::busy();
    let history = "list_requested_service_quota_change_history";
    world.state().refuse(history, "AccessDeniedException", 100);
    let mail = mail_without_writes(&world, Throttles).await;
    assert!(mail.contains("ListRequestedServiceQuotaChangeHistory"), "{mail}");
}

#[tokio::test]
async fn without_a_support_plan_the_request_is_made_and_nothing_waits_for_its_case() {
    let world = World::busy();
    world.state().refuse("describe_cases", "SubscriptionRequiredException", 100);
    world.fire(Throttles);
    world.run_for(30).await;
    assert_eq!((world.mails().len(), world.requests().len()), (1, 1));
    assert!(world.is_quiet() && world.count("get_requested_service_quota_change") == 0);
}

#[tokio::test]
async fn b3_alarms_that_cannot_be_read_are_known_from_their_events() {
    let world = World::busy();
    world.fire(Throttles);
    world.state().refuse("describe_alarms", "ThrottlingException", 2);
    world.run_for(30).await;
    assert_eq!((world.mails().len(), world.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_quota_that_cannot_be_read_now_is_as_of_its_document() {
    let world = World::busy();
    world.state().refuse("get_service_quota", "TooManyRequestsException", 2);
    world.fire(Throttles);
    world.run_for(30).await;
    let mail = &world.mails()[0].1;
    assert!(mail.contains("its value is as of"), "{mail}");
}

#[tokio::test]
async fn a_quota_raised_meanwhile_is_not_requested_again() {
    let world = World::busy();
    world.state().quotas.insert(super::world::TPM.to_owned(), 2_000_000.0);
    world.fire(Throttles);
    world.run_for(30).await;
    assert!(world.requests().is_empty());
    assert!(world.mails()[0].1.contains("2,000,000"), "{}", world.mails()[0].1);
}

#[tokio::test]
async fn the_ledger_is_the_one_thing_nothing_goes_without() {
    let world = World::busy();
    world.fire(Throttles);
    world.run_for(0).await;
    world.state().refuse("get_item", "InternalServerError", 1);
    world.run_for(1).await;
    assert!(world.mails().is_empty());
    world.run_for(30).await;
    assert_eq!((world.mails().len(), world.requests().len()), (1, 1));
}
