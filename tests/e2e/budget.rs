//! What one notification costs in calls and in round trips; further pages of a call are counted in
//! neither, but all calls together have a limit of their own.

use llmwatch_core::alarm::AlarmKind::{HighTPMQuotaUsage, Throttles};
use llmwatch_tests::control::RecordedCall;

use crate::stage::{PROCESSOR, Stage, Traffic};

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

/// The longest chain of calls each of which began after the one before it had ended.
fn round_trips(calls: &[&RecordedCall]) -> usize {
    let mut by_end = calls.to_vec();
    let end = |call: &RecordedCall| call.started_ms + call.duration_ms;
    by_end.sort_by(|one, other| end(one).total_cmp(&end(other)));
    let mut length = 0;
    let mut ended = f64::MIN;
    for call in by_end {
        if call.started_ms >= ended {
            length += 1;
            ended = end(call);
        }
    }
    length
}

fn line(call: &RecordedCall) -> String {
    format!(
        "{:9.1} +{:7.1} ms {} {}",
        call.started_ms, call.duration_ms, call.service, call.operation
    )
}
