//! What one notification costs in calls and in round trips, and one hourly run over many pools.
//!
//! Further pages of a call are counted in neither figure of the notification, but all its calls
//! together have a limit of their own.

use llmwatch_core::alarm::AlarmKind::{HighTPMQuotaUsage, Throttles};
use llmwatch_core::alarm::CATALOGUE;
use llmwatch_tests::aws_call::Invoked;
use llmwatch_tests::control::{RecordedCall, round_trips};
use llmwatch_tests::traffic;
use serde_json::json;

use crate::stage::{PROCESSOR, Stage, Traffic};

/// Pools of the hourly budget.
const FLEET: usize = 50;

/// Long enough for calls made together to overlap whatever the machine is busy with.
const SLOWER_BY_MS: u32 = 300;

#[test]
fn a_notification_over_14_days_makes_at_most_12_calls_in_at_most_5_round_trips() {
    let stage = Stage::deploy(Traffic::FourteenDays, &[("CaseAutomation", "on")]);
    for service in ["cloudwatch", "ssm", "service-quotas", "support", "sns", "sqs"] {
        stage.control().slow_down(PROCESSOR, service, SLOWER_BY_MS).unwrap();
    }
    let before = stage.last_call();
    stage.fire(&[Throttles, HighTPMQuotaUsage]);
    stage.world.wait_for_mails(1).unwrap();
    let calls = stage.calls(before);
    let (published, until_mail) = {
        let published = calls.iter().position(|call| call.operation == "Publish").unwrap();
        (&calls[published], &calls[..=published])
    };
    assert_eq!(published.status, 200);

    let mut first_pages = until_mail.to_vec();
    let mut pages = 0;
    first_pages.retain(|call| {
        let is_further = call.operation == "GetMetricData"
            && call.request.as_ref().is_some_and(|request| request.get("NextToken").is_some());
        pages += u32::from(is_further);
        !is_further
    });
    let said = || until_mail.iter().map(line).collect::<Vec<_>>().join("\n");
    assert!(first_pages.len() <= 12, "{} calls:\n{}", first_pages.len(), said());
    assert!(until_mail.len() <= 18, "{} calls:\n{}", until_mail.len(), said());

    // The invocation that decides begins with the reads of its first round.
    let began =
        until_mail.iter().find(|call| call.operation == "GetParameters").unwrap().started_ms;
    let deciding: Vec<&RecordedCall> = first_pages
        .iter()
        .filter(|call| call.started_ms + f64::from(SLOWER_BY_MS) > began)
        .collect();
    let trips = round_trips(&deciding);
    assert!(trips <= 5, "{trips} round trips:\n{}", said());
    println!("{} calls, {pages} further pages, {trips} round trips\n{}", first_pages.len(), said());
}

/// The calls of both hourly functions over 50 pools when nothing has changed. None is made for a
/// single pool or alarm; what there is more of takes more pages:
///
/// | function | calls |
/// |---|---|
/// | quota-calculator | ListMetrics 1 (450 metrics by 500), ListInferenceProfiles 2, ListServiceQuotas 1 (few are applied), ListAWSDefaultServiceQuotas 4 (381 quotas by 100), GetParametersByPath 10 (100 documents by 10), GetParameters 1: 19 |
/// | alarm-updater | GetParameter 4, GetParametersByPath 12 (pools, series, components), ListMetrics 3 (quality twice, components), DescribeAlarms 3 (pools, quality, components; of pools 100 alarms by 100, more with all kinds), DescribeAnomalyDetectors 1, ListDashboards 1, GetMetricData 2 (100 metrics by the minute, those of quotas by the day by the hour), PutMetricData 1 (by 1,000 values): 27 |
#[test]
fn an_undisturbed_hourly_run_over_50_pools_makes_at_most_46_calls_and_changes_nothing() {
    // One kind of alarm, because CloudWatch takes three alarms a second.
    let off = r#"{"enabled": false}"#;
    let others = CATALOGUE.iter().map(|row| row.kind).filter(|kind| *kind != Throttles);
    let others: Vec<String> = others.map(|kind| format!("\"{kind}\": {off}")).collect();
    let tuning = format!("{{\"*\": {{{}}}}}", others.join(", "));
    let stage = Stage::deploy_unevaluated(Traffic::None, &[("AlarmTuning", &tuning)]);
    stage.control().seed(&traffic::fleet(FLEET, stage.now())).unwrap();
    let hourly = ["quota-calculator", "alarm-updater"];
    let run = || {
        for function in hourly {
            let answer = stage.world.invoke(function, &json!({})).unwrap();
            assert!(matches!(answer, Invoked::Returned(_)), "{function}: {answer:?}");
        }
    };
    run();
    let alarms = llmwatch_tests::readers::alarms(stage.world.calls(), "llmwatch-Bedrock-").unwrap();
    assert_eq!(alarms.len(), 2 * FLEET);

    let before = stage.last_call();
    run();
    let mut calls = stage.control().calls_since(before).unwrap();
    // The look at quota requests has a schedule of its own, which may fall into the run.
    calls.retain(|call| hourly.contains(&call.caller.as_str()));
    let said = || calls.iter().map(line).collect::<Vec<_>>().join("\n");
    let writes = |call: &&RecordedCall| {
        ["Put", "Delete", "Tag"].iter().any(|verb| call.operation.starts_with(verb))
    };
    let written: Vec<&str> =
        calls.iter().filter(writes).map(|call| call.operation.as_str()).collect();
    assert_eq!(written, ["PutMetricData"], "{}", said());
    assert!(calls.len() <= 46, "{} calls:\n{}", calls.len(), said());
}

fn line(call: &RecordedCall) -> String {
    format!(
        "{:9.1} +{:7.1} ms {} {}",
        call.started_ms, call.duration_ms, call.service, call.operation
    )
}
