//! The mails: each scenario whole, and what changes with each outcome.

use jiff::SignedDuration;

use super::fixtures::{
    case_id, client_errors, context, cost_above_budget, ending, half_hour, high_usage, low_usage,
    minutes_later, nearly_used_up, new_model, non_quota, on_demand, recovered, refused_only,
    situation, tokens_per_day, unknown, with_open_case, with_open_request, with_request,
};
use super::{check, read_in};
use crate::alarm::{AlarmKind, Severity};
use crate::decision::fixtures::{rpm, tpm};
use crate::decision::{Occasion, Situation, Support, decide};
use crate::duplicate::Category;
use crate::evidence::{Evidence, Read};
use crate::ids::QuotaCode;
use crate::outcome::Outcome;
use crate::quota::QuotaKind;
use crate::quota::increase::MAX_QUOTA_VALUE;
use crate::render::{
    LeftOpen, Mail, MailContext, Notice, PendingNote, RecoveryNote, RequestNote, incident_notice,
    pending_notice, quota_case_text, recovery_notice, request_notice,
};
use crate::request_watch::{News, RequestStatus, Standing, WatchedRequest};
use crate::settings::{
    CaseAutomation, InForce, Language, LowUsageAction, Mend, SettingName, SettingProblem,
};
use crate::usage::{Gap, UsageMetric};

fn opened() -> Outcome {
    Outcome::Opened { case: case_id('a') }
}

fn appended() -> Outcome {
    Outcome::Appended { case: case_id('a') }
}

fn pending() -> Outcome {
    Outcome::SubmittedIdPending { request: "d187537b2f4f4bd4b2a9b0f0c5a0e1f2".to_owned() }
}

fn failed() -> Outcome {
    Outcome::Failed { why: "TooManyRequestsException: Rate exceeded".to_owned() }
}

fn answer_lost() -> Outcome {
    Outcome::AnswerLost { why: "no answer within 10 s".to_owned() }
}

fn mail(situation: &Situation, outcome: &Outcome) -> Mail {
    let decision = decide(situation);
    incident_notice(situation, &decision, &ending(&decision, outcome), &context()).mail
}

fn whole(mail: &Mail) -> String {
    format!("Subject: {}\n\n{}", mail.subject, mail.body)
}

#[track_caller]
fn check_whole(name: &str, situation: &Situation, outcome: &Outcome) {
    check(&format!("mail-{name}"), |language| whole(&mail(&read_in(language, situation), outcome)));
}

/// What differs between outcomes of one situation: what was done and what to do next.
pub(super) fn done_and_next(mail: &Mail) -> String {
    let found = |heads: [&str; 2]| heads.iter().find_map(|head| mail.body.find(head)).unwrap();
    let from = found(["WHAT LLMWATCH DID", "【llmwatch の対応】"]);
    let to = found(["HOW IT WAS DECIDED", "【判断の根拠】"]);
    mail.body[from..to].trim_end().to_owned()
}

#[track_caller]
fn check_outcome(name: &str, situation: &Situation, outcome: &Outcome) {
    check(&format!("mail-{name}"), |language| {
        done_and_next(&mail(&read_in(language, situation), outcome))
    });
}

fn with_automation(mut situation: Situation, automation: CaseAutomation) -> Situation {
    situation.settings.case_automation = automation;
    situation
}

fn dry(situation: Situation) -> Situation {
    with_automation(situation, CaseAutomation::DryRun)
}

fn off(situation: Situation) -> Situation {
    with_automation(situation, CaseAutomation::Off)
}

fn with_support(mut situation: Situation, support: Support) -> Situation {
    situation.support = support;
    situation
}

fn unreadable_cases() -> Support {
    Support::Unreadable("DescribeCases: InternalServerError".to_owned())
}

#[test]
fn high_usage_whole() {
    check_whole("high-usage-opened", &high_usage(), &opened());
    check_whole("high-usage-dry-run", &dry(high_usage()), &opened());
}

#[test]
fn non_quota_whole() {
    check_whole("non-quota-opened", &non_quota(), &opened());
    check_whole("non-quota-client-errors-opened", &client_errors(), &opened());
}

#[test]
fn cost_above_its_budget_whole() {
    check_whole("cost_above_budget", &cost_above_budget(), &Outcome::DryRun);
}

#[test]
fn unknown_whole() {
    check_whole("unknown-metrics-denied", &unknown(), &opened());
    let mut situation = unknown();
    situation.stored = Read::Unreadable("GetParameters: ThrottlingException".to_owned());
    check_whole("unknown-quotas-unreadable", &situation, &opened());
}

#[test]
fn new_model_whole() {
    check_whole("new-model-submitted-id-pending", &new_model(), &pending());
}

#[test]
fn new_model_with_a_quota_of_zero_whole() {
    let mut situation = Situation {
        evidence: refused_only(),
        ..situation(&[AlarmKind::Throttles], &[rpm(0.0, 0.0), tpm(0.0, 0.0)])
    };
    if let Read::Known(stored) = &mut situation.stored {
        stored.quotas[0].threshold = 1.0;
        stored.quotas[1].threshold = 1.0;
        stored.quotas[1].quota.aws_default = Some(6_250_000.0);
    }
    check_whole("new-model-quota-of-zero-opened", &situation, &opened());
}

#[test]
fn low_usage_whole() {
    check_whole("low-usage-throttled-opened", &low_usage(), &opened());
    let uses = [rpm(10_001.0, 5_578.0), tpm(6_250_000.0, 3_404_691.0)];
    let anomaly = situation(&[AlarmKind::InvocationAnomaly], &uses);
    check_whole("low-usage-anomaly-opened", &anomaly, &opened());
}

#[test]
fn on_demand_goes_by_the_console_form_whole() {
    check_whole("high-usage-console-form", &on_demand(), &opened());
}

#[test]
fn tokens_per_day_are_lifted_with_tokens_per_minute_whole() {
    check_whole("high-usage-tokens-per-day-opened", &tokens_per_day(), &opened());
}

#[test]
fn alarms_about_no_quota_beside_high_usage_whole() {
    let uses = [rpm(200.0, 50.0), tpm(200_000.0, 190_000.0)];
    let situation = situation(&[AlarmKind::HighTPMQuotaUsage, AlarmKind::ServerErrors], &uses);
    check_whole("high-usage-with-server-errors-opened", &situation, &opened());
}

#[test]
fn nearly_used_up_whole() {
    check_whole("nearly-used-up-opened", &nearly_used_up(), &opened());
}

#[test]
fn update_says_what_joined_whole() {
    let situation = Situation {
        occasion: Occasion::Update,
        ..with_open_request(high_usage(), &[AlarmKind::Throttles])
    };
    let decision = decide(&situation);
    let context = MailContext { joined: vec![AlarmKind::HighTPMQuotaUsage], ..context() };
    let outcomes = ending(&decision, &appended());
    check("mail-update-high-usage-appended", |language| {
        whole(&incident_notice(&read_in(language, &situation), &decision, &outcomes, &context).mail)
    });
}

#[test]
fn an_episode_over_already_is_not_urgent_whole() {
    let situation = Situation {
        firing: recovered(&[AlarmKind::Throttles, AlarmKind::HighTPMQuotaUsage]),
        ..high_usage()
    };
    check_whole("high-usage-over-already-opened", &situation, &opened());
}

#[test]
fn problems_with_settings_and_gaps_are_told_whole() {
    let mut situation = high_usage();
    situation.setting_problems = vec![SettingProblem::Invalid {
        setting: SettingName::IncreasePercent,
        within: None,
        value: "a quarter".to_owned(),
        mend: Mend::WholeNumber { from: 1, to: 1000 },
        in_force: InForce::Usual,
    }];
    if let Evidence::Measured(usage) = &mut situation.evidence {
        usage.gaps = vec![Gap {
            metric: UsageMetric::Throttles,
            from: usage.window.start(),
            to: usage.window.minute(2880),
            why: "page 2: ThrottlingException".to_owned(),
        }];
    }
    if let Read::Known(stored) = &mut situation.stored {
        stored.notes = vec!["no RPM quota of this model is listed".to_owned()];
    }
    check_whole("high-usage-with-problems-opened", &situation, &opened());
}

#[test]
fn outcomes_of_a_quota_request() {
    let high = high_usage;
    check_outcome("high-usage-disabled", &off(high()), &opened());
    check_outcome("high-usage-submitted-id-pending", &high(), &pending());
    check_outcome("high-usage-failed", &high(), &failed());
    check_outcome("high-usage-answer-lost", &high(), &answer_lost());
    check_outcome("high-usage-no-support-plan", &high(), &Outcome::NoSupportPlan);
    let mut held_back = high();
    held_back.pending_requests =
        Read::Unreadable("ListRequestedServiceQuotaChangeHistory: AccessDenied".to_owned());
    check_outcome("high-usage-held-back", &held_back, &opened());
    let mut at_maximum = high();
    if let Read::Known(stored) = &mut at_maximum.stored {
        stored.quotas[1].quota.value = MAX_QUOTA_VALUE;
    }
    check_outcome("high-usage-at-maximum", &at_maximum, &opened());
}

#[test]
fn outcomes_of_an_open_quota_request() {
    let knows_one = || with_open_request(high_usage(), &[AlarmKind::Throttles]);
    check_outcome("high-usage-appended", &knows_one(), &appended());
    check_outcome("high-usage-appended-dry-run", &dry(knows_one()), &appended());
    check_outcome("high-usage-append-failed", &knows_one(), &failed());
    check_outcome("high-usage-append-answer-lost", &knows_one(), &answer_lost());
    let knows_all = [AlarmKind::Throttles, AlarmKind::HighTPMQuotaUsage];
    let all = with_open_request(high_usage(), &knows_all);
    check_outcome("high-usage-already-reported", &all, &opened());
    let without_case = with_request(high_usage(), None);
    check_outcome("high-usage-already-requested-no-case-yet", &without_case, &opened());
    let no_plan = with_support(knows_one(), Support::NoPlan);
    check_outcome("high-usage-already-requested-no-support-plan", &no_plan, &opened());
    let unreadable = with_support(knows_one(), unreadable_cases());
    check_outcome("high-usage-already-requested-held-back", &unreadable, &opened());
}

#[test]
fn outcomes_of_an_investigation_case() {
    for (name, situation) in [("non-quota", non_quota()), ("low-usage", low_usage())] {
        let kinds = situation.firing.kinds();
        let same = || situation.clone();
        check_outcome(&format!("{name}-disabled"), &off(same()), &opened());
        check_outcome(&format!("{name}-dry-run"), &dry(same()), &opened());
        check_outcome(&format!("{name}-failed"), &same(), &failed());
        check_outcome(&format!("{name}-answer-lost"), &same(), &answer_lost());
        let no_plan = with_support(same(), Support::NoPlan);
        check_outcome(&format!("{name}-no-support-plan"), &no_plan, &opened());
        let held_back = with_support(same(), unreadable_cases());
        check_outcome(&format!("{name}-held-back"), &held_back, &opened());
        let open = with_open_case(same(), &[]);
        check_outcome(&format!("{name}-appended"), &open, &appended());
        check_outcome(&format!("{name}-append-answer-lost"), &open, &answer_lost());
        check_outcome(&format!("{name}-appended-dry-run"), &dry(open), &appended());
        let told = with_open_case(same(), &kinds);
        check_outcome(&format!("{name}-already-reported"), &told, &opened());
    }
}

#[test]
fn outcomes_of_a_new_model() {
    check_outcome("new-model-opened", &new_model(), &opened());
    check_outcome("new-model-disabled", &off(new_model()), &opened());
    check_outcome("new-model-dry-run", &dry(new_model()), &opened());
    check_outcome("new-model-failed", &new_model(), &failed());
    let open = with_open_request(new_model(), &[]);
    check_outcome("new-model-one-appended-one-opened", &open, &appended());
}

#[test]
fn low_usage_by_mail_only() {
    let mut situation = low_usage();
    situation.settings.low_usage_action = LowUsageAction::Mail;
    check_outcome("low-usage-mail-only", &situation, &opened());
}

fn recovery(language: Language, left_open: &Read<Vec<LeftOpen>>, evidence: &Evidence) -> Notice {
    let situation = high_usage();
    let note = RecoveryNote {
        language,
        account: &situation.account,
        region: &situation.region,
        pool: &situation.pool,
        stored: &situation.stored,
        episode: &situation.episode,
        firing: &recovered(&[AlarmKind::Throttles, AlarmKind::HighTPMQuotaUsage]),
        duration: SignedDuration::from_secs(630),
        evidence,
        left_open,
        now: situation.now,
    };
    recovery_notice(&note, &context())
}

fn request_and_case() -> Read<Vec<LeftOpen>> {
    let request = LeftOpen::Request {
        kind: QuotaKind::Tpm,
        code: QuotaCode::parse("L-58BE175A").unwrap(),
        desired: 270_000.0,
        request: "d187537b2f4f4bd4b2a9b0f0c5a0e1f2".to_owned(),
        case: None,
    };
    let case = LeftOpen::Case { category: Category::Investigation, case: case_id('a') };
    Read::Known(vec![request, case])
}

/// The notices about what comes after an incident's mail, with their names.
pub(super) fn notices(language: Language) -> Vec<(&'static str, Notice)> {
    let granted = News::Granted { applied: 270_000.0 };
    let forgotten = News::GivenUp { status: RequestStatus::Forgotten };
    let request = |news, status, applied| request(language, news, status, applied);
    vec![
        ("recovery", recovery(language, &request_and_case(), &half_hour())),
        ("pending-case", without_a_case(language)),
        (
            "request-granted",
            request(granted, (RequestStatus::Approved, "APPROVED"), Some(270_000.0)),
        ),
        ("request-refused", request(News::Refused, (RequestStatus::Denied, "DENIED"), None)),
        ("request-forgotten", request(forgotten, (RequestStatus::Forgotten, ""), Some(200_000.0))),
    ]
}

#[test]
fn recovery_mails() {
    let evidence = half_hour();
    let open = request_and_case();
    check("mail-recovery-request-and-case-open", |language| {
        whole(&recovery(language, &open, &evidence).mail)
    });
    let unread = Evidence::Unavailable("GetMetricData: ThrottlingException".to_owned());
    let nothing = Read::Known(Vec::new());
    check("mail-recovery-nothing-open", |language| {
        whole(&recovery(language, &nothing, &unread).mail)
    });
    let unread = Read::Unreadable("DescribeCases: ThrottlingException".to_owned());
    check("mail-recovery-open-matters-unread", |language| {
        whole(&recovery(language, &unread, &evidence).mail)
    });
}

fn without_a_case(language: Language) -> Notice {
    let situation = high_usage();
    let decision = decide(&situation);
    let action = &decision.quota_actions[0];
    pending_notice(&PendingNote {
        language,
        account: &situation.account,
        region: &situation.region,
        pool: &situation.pool,
        episode: &situation.episode,
        kind: action.kind,
        code: &action.quota.code,
        desired: 270_000.0,
        request: "d187537b2f4f4bd4b2a9b0f0c5a0e1f2",
        requested_at: situation.now,
        now: minutes_later(24 * 60 + 4),
        case_text: &quota_case_text(language, &situation, &decision, action),
    })
}

#[test]
fn a_request_without_a_case_after_a_day() {
    check("mail-request-pending-after-a-day", |language| whole(&without_a_case(language).mail));
}

/// A request of the episode, to raise 200,000 to 270,000, as it stands three days later.
fn request(
    language: Language,
    news: News,
    status: (RequestStatus, &str),
    applied: Option<f64>,
) -> Notice {
    let situation = high_usage();
    let decision = decide(&situation);
    let action = &decision.quota_actions[0];
    let id = "d187537b2f4f4bd4b2a9b0f0c5a0e1f2";
    let (status, status_word) = status;
    let has_case = !matches!(status, RequestStatus::Forgotten);
    request_notice(&RequestNote {
        language,
        watched: &WatchedRequest::made(&situation, &decision, action, id, 270_000.0),
        region: &situation.region,
        stored: &situation.stored,
        news,
        standing: Standing { status, since: Some(minutes_later(60)), applied },
        status_word,
        case_number: has_case.then_some("17320944120"),
        now: minutes_later(3 * 24 * 60),
    })
}

#[test]
fn the_end_of_a_request() {
    let same = Some(200_000.0);
    for (name, news, status, applied) in [
        (
            "granted",
            News::Granted { applied: 270_000.0 },
            (RequestStatus::Approved, "APPROVED"),
            Some(270_000.0),
        ),
        (
            "partly-granted",
            News::PartlyGranted { applied: 230_000.0 },
            (RequestStatus::CaseClosed, "CASE_CLOSED"),
            Some(230_000.0),
        ),
        ("not-applied-yet", News::NotAppliedYet, (RequestStatus::Approved, "APPROVED"), None),
        ("refused", News::Refused, (RequestStatus::Denied, "DENIED"), same),
        (
            "closed-without-change",
            News::ClosedWithoutChange,
            (RequestStatus::CaseClosed, "CASE_CLOSED"),
            same,
        ),
        (
            "given-up",
            News::GivenUp { status: RequestStatus::CaseOpened },
            (RequestStatus::CaseOpened, "CASE_OPENED"),
            Some(230_000.0),
        ),
        (
            "never-applied",
            News::GivenUp { status: RequestStatus::Approved },
            (RequestStatus::Approved, "APPROVED"),
            same,
        ),
        (
            "forgotten",
            News::GivenUp { status: RequestStatus::Forgotten },
            (RequestStatus::Forgotten, "not known"),
            same,
        ),
    ] {
        check(&format!("mail-request-{name}"), |language| {
            whole(&request(language, news, status, applied).mail)
        });
    }
}

#[test]
fn a_refused_request_without_a_case_and_without_another_scope() {
    let situation = low_usage();
    let watched = WatchedRequest {
        id: "d187537b2f4f4bd4b2a9b0f0c5a0e1f2".to_owned(),
        account: situation.account.clone(),
        pool: situation.pool.clone(),
        episode: situation.episode.clone(),
        severity: Severity::Warning,
        kind: QuotaKind::Rpm,
        code: QuotaCode::parse("L-CCA5DF70").unwrap(),
        from: 1_000.0,
        desired: 1_300.0,
        requested_at: situation.now,
        watched_since: situation.now,
    };
    let mail = |language| {
        request_notice(&RequestNote {
            language,
            watched: &watched,
            region: &situation.region,
            stored: &Read::Unreadable("GetParameters: ThrottlingException".to_owned()),
            news: News::Refused,
            standing: Standing { status: RequestStatus::NotApproved, since: None, applied: None },
            status_word: "NOT_APPROVED",
            case_number: None,
            now: minutes_later(90),
        })
        .mail
    };
    check("mail-request-refused-without-case", |language| whole(&mail(language)));
}

#[test]
fn a13_every_outcome_reads_differently() {
    let outcomes = [
        opened(),
        appended(),
        pending(),
        failed(),
        answer_lost(),
        Outcome::NoSupportPlan,
        Outcome::Disabled,
        Outcome::DryRun,
        Outcome::AlreadyReported { case: case_id('a') },
        Outcome::AlreadyRequested { request: "d187".to_owned() },
        Outcome::ConsoleForm,
        Outcome::AtMaximum,
        Outcome::HeldBack { why: "AccessDenied".to_owned() },
    ];
    for situation in [high_usage(), non_quota()] {
        let texts: std::collections::BTreeSet<String> = outcomes
            .iter()
            .map(|outcome| {
                let text = done_and_next(&mail(&situation, outcome));
                text.split("WHAT TO DO NEXT").next().unwrap_or_default().to_owned()
            })
            .collect();
        assert_eq!(texts.len(), outcomes.len());
    }
}
