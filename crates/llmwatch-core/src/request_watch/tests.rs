use super::*;
use crate::alarm::AlarmKind;
use crate::decision::fixtures::{rpm, situation, tpm};
use crate::decision::{PendingRequest, decide};
use crate::evidence::Read;

use News::{ClosedWithoutChange, Granted, NotAppliedYet, PartlyGranted, Refused};
use RequestStatus::{
    Approved, CaseClosed, CaseOpened, Denied, Forgotten, InvalidRequest, NotApproved, Pending,
    Unheard,
};

const ALL: [RequestStatus; 9] = [
    Pending,
    CaseOpened,
    Approved,
    CaseClosed,
    Denied,
    NotApproved,
    InvalidRequest,
    Forgotten,
    Unheard,
];

fn begun() -> Timestamp {
    "2026-11-21T02:45:00Z".parse().unwrap()
}

/// A request to raise 200,000 to 270,000.
fn watched() -> WatchedRequest {
    WatchedRequest {
        id: "r-1".to_owned(),
        account: AccountId::parse("123456789012").unwrap(),
        pool: PoolLabel::from_text("global.m"),
        episode: EpisodeId::from_text("e"),
        severity: Severity::Critical,
        kind: QuotaKind::Tpm,
        code: QuotaCode::parse("L-58BE175A").unwrap(),
        from: 200_000.0,
        desired: 270_000.0,
        requested_at: begun(),
        watched_since: begun(),
    }
}

/// The news so many hours after the request was made, its status being an hour younger.
fn after(hours: i64, status: RequestStatus, applied: Option<f64>) -> Option<News> {
    let since = Some(begun() + SignedDuration::from_hours(1));
    let now = begun() + SignedDuration::from_hours(hours);
    news(&watched(), Standing { status, since, applied }, now)
}

#[test]
fn the_value_asked_for_or_more_is_granted_whatever_the_status_says() {
    for status in ALL {
        for applied in [270_000.0, 269_999.999_99, 400_000.0] {
            assert_eq!(after(1, status, Some(applied)), Some(Granted { applied }), "{status:?}");
        }
    }
}

#[test]
fn a_smaller_raise_is_partly_granted_once_the_request_is_decided() {
    let applied = 230_000.0;
    for status in ALL {
        let expected = status.is_decided().then_some(PartlyGranted { applied });
        assert_eq!(after(1, status, Some(applied)), expected, "{status:?}");
    }
}

#[test]
fn a_quota_that_has_not_grown_is_judged_by_status_and_time() {
    let days = |days: i64| 24 * days;
    for (status, hours, expected) in [
        (Pending, 1, None),
        (Pending, days(59), None),
        (Pending, days(60), Some(News::GivenUp { status: Pending })),
        (CaseOpened, days(59), None),
        (CaseOpened, days(60), Some(News::GivenUp { status: CaseOpened })),
        (Unheard, days(59), None),
        (Unheard, days(60), Some(News::GivenUp { status: Unheard })),
        (Approved, 6, None),
        (Approved, 7, Some(NotAppliedYet)),
        (Approved, days(59), Some(NotAppliedYet)),
        (Approved, days(60), Some(News::GivenUp { status: Approved })),
        (CaseClosed, 6, None),
        (CaseClosed, 7, Some(ClosedWithoutChange)),
        (CaseClosed, days(60), Some(ClosedWithoutChange)),
        (Denied, 1, Some(Refused)),
        (Denied, days(60), Some(Refused)),
        (NotApproved, 1, Some(Refused)),
        (InvalidRequest, 1, Some(Refused)),
        (Forgotten, 1, Some(News::GivenUp { status: Forgotten })),
    ] {
        // As it was; never set, so that AWS's default holds; and even lowered meanwhile.
        for applied in [Some(200_000.0), None, Some(100_000.0)] {
            let told = after(hours, status, applied);
            assert_eq!(told, expected, "{status:?} {applied:?} after {hours} h");
        }
    }
}

#[test]
fn without_a_time_of_the_decision_the_wait_counts_from_the_beginning() {
    for (hours, expected) in [(5, None), (6, Some(NotAppliedYet))] {
        let standing = Standing { status: Approved, since: None, applied: None };
        let now = begun() + SignedDuration::from_hours(hours);
        assert_eq!(news(&watched(), standing, now), expected, "{hours}");
    }
}

#[test]
fn only_a_value_that_is_not_applied_yet_has_further_news() {
    for told in [
        Granted { applied: 1.0 },
        PartlyGranted { applied: 1.0 },
        Refused,
        ClosedWithoutChange,
        News::GivenUp { status: Pending },
    ] {
        assert!(told.is_last(), "{told:?}");
    }
    assert!(!NotAppliedYet.is_last());
}

#[test]
fn every_word_of_service_quotas_is_known_and_any_other_is_not_an_end() {
    for (word, expected) in [
        ("PENDING", Pending),
        ("CASE_OPENED", CaseOpened),
        ("APPROVED", Approved),
        ("DENIED", Denied),
        ("CASE_CLOSED", CaseClosed),
        ("NOT_APPROVED", NotApproved),
        ("NOT APPROVED", NotApproved),
        ("INVALID_REQUEST", InvalidRequest),
        ("ESCALATED", Unheard),
        ("", Unheard),
    ] {
        assert_eq!(RequestStatus::parse(word), expected, "{word}");
    }
    assert!(!Unheard.is_decided());
}

#[test]
fn requests_of_others_are_watched_only_where_llmwatch_may_request() {
    let uses = [rpm(200.0, 150.0), tpm(200_000.0, 210_000.0)];
    let mut situation = situation(&[AlarmKind::HighTPMQuotaUsage], &uses);
    let quota = situation.stored.known().unwrap().quota(QuotaKind::Tpm).unwrap().quota.clone();
    let open = PendingRequest {
        id: "r-7".to_owned(),
        quota: quota.code.clone(),
        desired: 250_000.0,
        case: None,
        requested_at: begun(),
    };
    situation.pending_requests = Read::Known(vec![open]);
    for (automation, expected) in
        [(CaseAutomation::On, 1), (CaseAutomation::DryRun, 0), (CaseAutomation::Off, 0)]
    {
        situation.settings.case_automation = automation;
        let relied_on = WatchedRequest::relied_on(&situation, &decide(&situation));
        assert_eq!(relied_on.len(), expected, "{automation:?}");
    }
    situation.settings.case_automation = CaseAutomation::On;
    let decision = decide(&situation);
    let watched = &WatchedRequest::relied_on(&situation, &decision)[0];
    assert_eq!((watched.id.as_str(), &watched.code), ("r-7", &quota.code));
    assert_eq!((watched.from, watched.desired), (200_000.0, 250_000.0));
    assert_eq!((watched.requested_at, watched.watched_since), (begun(), situation.now));
    situation.pending_requests = Read::Known(Vec::new());
    assert!(WatchedRequest::relied_on(&situation, &decide(&situation)).is_empty());
}
