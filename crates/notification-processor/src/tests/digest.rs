//! The weekly digest: once a week, and nothing claimed of what could not be read.

use llmwatch_core::stored::{series_parameter, thresholds_parameter};

use super::world::{Kill, TPM, World, prefix, quality_series, stored};

const DUE: &str = "2026-11-21T01:59:30Z";

/// A pool with 300 requests in two weeks, 200 of them in this one, and a scored series.
fn world() -> World {
    let world = World::calm();
    {
        let series = quality_series();
        let name = series_parameter(&prefix(), &series.series.label());
        let mut state = world.state();
        state.parameters.insert(name, serde_json::to_string(&series).unwrap());
        let at = |text: &str| text.parse().unwrap();
        state.composite_history = vec![
            (at("2026-11-15T10:00:00Z"), "ALARM"),
            (at("2026-11-15T10:20:00Z"), "OK"),
            (at("2026-11-19T23:00:00Z"), "ALARM"),
        ];
    }
    world
}

fn body(world: &World) -> String {
    let mails = world.mails();
    let [(_, body)] = &mails[..] else { panic!("{mails:#?}") };
    body.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(world: &World, texts: &[&str]) {
    let body = body(world);
    for text in texts {
        assert!(body.contains(text), "{text}: {body}");
    }
}

#[tokio::test]
async fn a_week_is_told_once_however_often_its_event_comes() {
    let world = world();
    world.send_digest(DUE);
    world.send_digest(DUE);
    world.run_for(10).await;
    world.send_digest(DUE);
    world.run_for(60).await;
    let subject = "[Weekly digest] Nothing needs you: 2026-11-14 to 2026-11-20 us-east-1";
    assert_eq!(world.subjects(), [subject]);
    says(
        &world,
        &[
            "requests 200 100 +100 %",
            "RPM: 10 % used at most, 90 % left: 100 of 1,000, 2026-11-20 23:00 UTC",
            "TPM: 10 % used at most, 90 % left: 50,000 of 500,000, 2026-11-20 23:00 UTC",
            "Alarms: how often those of a pool fired: \
             anthropic.claude-haiku-4-5-20251001-v1:0 (cross-region): 2",
            "JudgeSafety 0.5 0.5 0.000 200",
            "llmwatch:digest-2026-11-20",
        ],
    );
    assert_eq!(world.dead_letters(), 0);

    // The next week is another mail.
    world.state().now = "2026-11-28T02:00:00Z".parse().unwrap();
    world.send_digest("2026-11-28T01:59:30Z");
    world.run_for(10).await;
    assert_eq!(world.mails().len(), 2);
}

#[tokio::test]
async fn a_digest_asked_for_by_hand_is_of_the_seven_days_before() {
    let world = world();
    world.ask_for_digest();
    world.send_digest(DUE);
    world.run_for(10).await;
    assert_eq!(world.mails().len(), 1);
    says(&world, &["2026-11-14 to 2026-11-20"]);
}

#[tokio::test]
async fn days_to_come_are_not_told_of() {
    let world = world();
    world.send_digest("2027-01-04T07:00:00Z");
    world.run_for(10).await;
    says(&world, &["2026-11-14 to 2026-11-20"]);
}

#[tokio::test]
async fn the_week_before_is_looked_at_where_a_quota_was_nearly_used_up() {
    let world = world();
    world.state().usage.insert("EstimatedTPMQuotaUsage", 450_000.0);
    world.send_digest(DUE);
    world.run_for(10).await;
    says(
        &world,
        &[
            "1 pool needs you",
            "TPM was used to 90 % (the week before to 90 %)",
            &format!("servicequotas/home/services/bedrock/quotas/{TPM}?"),
        ],
    );
    assert_eq!(world.count("get_metric_data"), 5, "days, quotas, scores, and minutes twice");
}

#[tokio::test]
async fn requests_that_are_still_open_and_costs_are_told() {
    let world = World::busy();
    world.state().set(
        "prices",
        r#"{"bedrock":{"anthropic.claude-haiku-4-5-20251001-v1:0":{"input":1,"output":5}}}"#,
    );
    world.state().usage.insert("InputTokenCount", 1e6);
    world.fire(llmwatch_core::alarm::AlarmKind::Throttles);
    world.run_for(60).await;
    assert_eq!(world.watched(), 1);
    world.state().mails.clear();
    world.send_digest(DUE);
    world.run_for(10).await;
    says(
        &world,
        &[
            "Cost of tokens: 2.00 USD (+100 %)",
            "Request: TPM of cross-region.anthropic.claude-haiku-4-5-20251001-v1_0 from 500,000 to",
            "No model is scored.",
        ],
    );
}

#[tokio::test]
async fn a_part_that_cannot_be_read_is_said_in_the_one_mail() {
    for (operation, refused, said) in [
        ("describe_alarm_history", 1, "How often alarms fired of anthropic.claude"),
        ("query", 1, "Quota requests that are still open: Query of watched-requests failed"),
        // The days of pools, quotas and scores, in the order they are asked for.
        ("get_metric_data", 1, "AccessDenied"),
    ] {
        let world = world();
        world.state().refuse(operation, "AccessDenied", refused);
        world.send_digest(DUE);
        world.run_for(60).await;
        assert_eq!(world.mails().len(), 1, "{operation}");
        says(&world, &["but not everything could be read", "WHAT COULD NOT BE READ", said]);
    }
}

#[tokio::test]
async fn a_wrong_document_and_wrong_prices_are_named() {
    let world = world();
    world.state().set("prices", "[1]");
    let name = "/llmwatch/pools/other/thresholds".to_owned();
    world.state().parameters.insert(name, "no json".to_owned());
    world.send_digest(DUE);
    world.run_for(10).await;
    says(
        &world,
        &[
            "The prices: setting prices: invalid type",
            "A document: /llmwatch/pools/other/thresholds: expected ident",
        ],
    );
}

#[tokio::test]
async fn when_nothing_can_be_read_the_event_is_retried_and_at_last_parked() {
    let world = world();
    world.state().refuse("get_parameters_by_path", "InternalServerError", 2);
    world.send_digest(DUE);
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.dead_letters()), (1, 0));
    says(&world, &["requests 200 100 +100 %"]);

    let world = self::world();
    world.state().refuse("get_metric_data", "Throttling", 100);
    world.send_digest(DUE);
    world.run_for(24 * 60).await;
    assert_eq!((world.mails().len(), world.dead_letters()), (0, 1));
}

#[tokio::test]
async fn a_mail_that_was_not_accepted_goes_out_on_the_next_try() {
    let world = world();
    world.state().refuse("publish", "InternalError", 1);
    world.send_digest(DUE);
    world.run_for(60).await;
    assert_eq!((world.mails().len(), world.dead_letters()), (1, 0));
}

#[tokio::test]
async fn sixty_pools_are_read_in_a_few_calls_and_one_for_the_minutes_of_each() {
    let world = world();
    for number in 0..59 {
        let mut pool = stored();
        pool.pool.model = format!("maker.model-{number:02}-v1:0");
        pool.series = vec![format!("us.maker.model-{number:02}-v1:0")];
        let name = thresholds_parameter(&prefix(), &pool.pool.label());
        world.state().parameters.insert(name, serde_json::to_string(&pool).unwrap());
    }
    world.send_digest(DUE);
    world.run_for(10).await;
    says(&world, &["requests 12,000 6,000 +100 %", "And 40 more pools, together: requests 8,000"]);
    // 600 metrics of figures by 500, 120 of quotas, 16 of scores, and minutes.
    assert_eq!(world.count("get_metric_data"), 2 + 1 + 1 + 60);
    assert_eq!(world.count("describe_alarm_history"), 60);
    assert_eq!(world.dead_letters(), 0);
}

#[tokio::test]
async fn a_model_that_is_watched_before_it_has_traffic_is_in_no_digest() {
    let world = world();
    let mut pool = stored();
    pool.pool.model = "maker.unused-v1:0".to_owned();
    pool.series.clear();
    let name = thresholds_parameter(&prefix(), &pool.pool.label());
    world.state().parameters.insert(name, serde_json::to_string(&pool).unwrap());
    world.send_digest(DUE);
    world.run_for(10).await;
    assert!(!body(&world).contains("maker.unused"), "{}", body(&world));
}

#[tokio::test]
async fn killed_at_any_call_the_digest_still_arrives() {
    let calls = {
        let world = world();
        world.send_digest(DUE);
        world.run_for(60).await;
        world.state().calls.len()
    };
    for at in 0..calls {
        for kill in [Kill::Before(at), Kill::After(at)] {
            let world = world();
            world.state().kill = Some(kill);
            world.send_digest(DUE);
            world.run_for(60).await;
            assert!((1..=2).contains(&world.mails().len()), "{kill:?}");
            assert_eq!(world.dead_letters(), 0, "{kill:?}");
        }
    }
}
