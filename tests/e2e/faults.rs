//! Every service fails in every way: what was to be done is done, told or parked, and once only.

use std::time::{Duration, Instant};

use llmwatch_tests::control::{Fault, FaultKind};
use llmwatch_tests::world::Mail;

use crate::crowd::{Actor, Before, Crowd, Played, Route, seconds_now, until};

/// What a service does wrong, and how an incident ends while it does.
#[derive(Debug, Clone, Copy)]
struct Case {
    /// The service and the operation that fails.
    of: (&'static str, &'static str),
    kind: FaultKind,
    /// How many calls it hits; `None` for every one.
    count: Option<u32>,
    /// Milliseconds of a delay.
    delay_ms: u32,
    route: Route,
    ends: Ends,
}

/// How an incident ends while a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// All is done and told, as without the fault.
    Done,
    /// A mail says this, and that is all that can be done.
    Told(&'static str),
    /// A mail says this, and the message is parked; a replay after the fault does what was not done.
    ToldAndParked(&'static str),
    /// A mail says this well before the function's time is over; with the fault gone, the next try
    /// does what was not done.
    ToldInTime(&'static str),
    /// What was sent arrives, once or more, and nobody can know; so it is parked, too.
    ToldUnknowingly,
    /// Nobody can be told. The message or the events are parked; a replay does it all.
    Parked,
}
use Ends::{Done, Parked, Told, ToldAndParked, ToldInTime, ToldUnknowingly};

const UNKNOWN: Ends = ToldAndParked("Scenario: unknown");
const REQUEST_HELD_BACK: Ends = ToldAndParked("TPM increase: HELD BACK");
const CASE_HELD_BACK: Ends = ToldAndParked("Investigation case: HELD BACK");
const CASE_FAILED: Ends = ToldAndParked("Investigation case: FAILED, it could not be opened");
const CASE_UNKNOWN: Ends = ToldAndParked(
    "Investigation case: NOT KNOWN whether it was opened, because the answer was lost",
);
const REQUEST_FAILED: Ends = ToldAndParked("TPM increase: FAILED");
const REQUEST_UNKNOWN: Ends =
    ToldAndParked("TPM increase: NOT KNOWN whether 690,000 tokens per minute");

/// The services an incident needs, and how it ends while one does not work.
const SERVICES: [((&str, &str), Ends); 7] = [
    (("cloudwatch", "*"), UNKNOWN),
    (("service-quotas", "*"), REQUEST_HELD_BACK),
    // A request needs no case; its follow-up waits for one and is parked in its own time.
    (("support", "*"), Done),
    (("sns", "*"), Parked),
    (("dynamodb", "*"), Parked),
    (("ssm", "*"), UNKNOWN),
    // Putting a message off is let through: by it a test knows the end of a try.
    (("sqs", "SendMessage"), Parked),
];

/// Longer than an SDK waits for an answer before it asks again.
const TOO_SLOW_MS: u32 = 11_000;
/// Slow, and still an answer.
const SLOW_MS: u32 = 1_000;
/// Longer than the function may run.
const HANGING_MS: u32 = 120_000;
/// From the alarm to its mail while a service hangs; the function has 60 s for each try.
const IN_TIME: Duration = Duration::from_secs(45);

impl Case {
    fn lasting(of: (&'static str, &'static str), kind: FaultKind, ends: Ends) -> Self {
        Self { of, kind, count: None, delay_ms: 0, route: Route::Quota, ends }
    }
}

/// What hits one call of each service is made up for by the SDK's retries or the next try.
fn once(kind: FaultKind) -> Vec<Case> {
    let case = |(of, _)| Case { count: Some(1), ..Case::lasting(of, kind, Done) };
    SERVICES.map(case).to_vec()
}

/// What hits every call of a service.
fn for_good(kind: FaultKind) -> Vec<Case> {
    SERVICES.map(|(of, ends)| Case::lasting(of, kind, ends)).to_vec()
}

/// What only one write meets, and what only Support says.
fn writes() -> Vec<Case> {
    let case = |route, of, kind, ends| Case { route, ..Case::lasting(of, kind, ends) };
    let request = ("service-quotas", "RequestServiceQuotaIncrease");
    let (create, support) = (("support", "CreateCase"), ("support", "*"));
    let append = ("support", "AddCommunicationToCase");
    vec![
        case(Route::Quota, request, FaultKind::Deny, REQUEST_FAILED),
        case(Route::Quota, request, FaultKind::Throttle, REQUEST_FAILED),
        case(Route::Quota, request, FaultKind::ServerError, REQUEST_UNKNOWN),
        case(Route::Quota, request, FaultKind::Cut, REQUEST_UNKNOWN),
        // It has its effect, and a look finds it.
        case(Route::Quota, request, FaultKind::LoseAnswer, Done),
        case(Route::Investigation, create, FaultKind::Deny, CASE_FAILED),
        case(Route::Investigation, create, FaultKind::Throttle, CASE_FAILED),
        case(Route::Investigation, create, FaultKind::ServerError, CASE_UNKNOWN),
        case(Route::Investigation, create, FaultKind::Cut, CASE_UNKNOWN),
        case(Route::Investigation, create, FaultKind::LoseAnswer, Done),
        // The figures of a request reach its case by a message of their own.
        case(Route::Quota, append, FaultKind::LoseAnswer, Done),
        case(Route::Investigation, support, FaultKind::Deny, CASE_HELD_BACK),
        case(Route::Investigation, support, FaultKind::Cut, CASE_HELD_BACK),
        // Refusals that no other try changes: the mail says so, and people act.
        case(
            Route::Investigation,
            create,
            FaultKind::CaseLimit,
            Told("Investigation case: FAILED, it could not be opened: CreateCase"),
        ),
        case(
            Route::Investigation,
            support,
            FaultKind::SubscriptionRequired,
            Told("NOT OPENED, the account's support plan has no Support API"),
        ),
        case(
            Route::Quota,
            support,
            FaultKind::SubscriptionRequired,
            Told("690,000 tokens per minute are requested; the case could not be told the figures"),
        ),
    ]
}

#[test]
fn a_service_that_fails_once_in_any_way_changes_nothing() {
    let kinds =
        [FaultKind::Throttle, FaultKind::ServerError, FaultKind::Cut, FaultKind::LoseAnswer];
    check_all(kinds.into_iter().flat_map(once).collect());
}

#[test]
fn a_service_that_is_slow_changes_nothing() {
    let too_slow_once = once(FaultKind::Delay);
    let slow = SERVICES.map(|(of, _)| Case::lasting(of, FaultKind::Delay, Done));
    let too_slow_once =
        too_slow_once.into_iter().map(|case| Case { delay_ms: TOO_SLOW_MS, ..case });
    let slow = slow.into_iter().map(|case| Case { delay_ms: SLOW_MS, ..case });
    check_all(too_slow_once.chain(slow).collect());
}

/// What a mail can go without is waited for some seconds; what it cannot go without comes later.
#[test]
fn a_service_that_hangs_does_not_keep_the_mail_back() {
    let hanging = |route, of, says| Case {
        delay_ms: HANGING_MS,
        route,
        ..Case::lasting(of, FaultKind::Delay, ToldInTime(says))
    };
    let (quota, investigation) = (Route::Quota, Route::Investigation);
    let request = ("service-quotas", "RequestServiceQuotaIncrease");
    let mut cases = vec![
        // A write that hangs arrives when the incident is over: no look finds it before.
        hanging(quota, request, "TPM increase: NOT KNOWN whether 690,000 tokens per minute"),
        hanging(quota, ("cloudwatch", "*"), "Scenario: unknown"),
        hanging(quota, ("ssm", "*"), "Scenario: unknown"),
        hanging(quota, ("service-quotas", "*"), "TPM increase: HELD BACK"),
        hanging(investigation, ("support", "*"), "Investigation case: HELD BACK"),
        hanging(
            investigation,
            ("support", "CreateCase"),
            "Investigation case: NOT KNOWN whether it was opened",
        ),
    ];
    // Every try of one call.
    for of in [("sns", "*"), ("dynamodb", "*"), ("sqs", "SendMessage")] {
        let case = Case::lasting(of, FaultKind::Delay, Done);
        cases.push(Case { delay_ms: HANGING_MS, count: Some(3), ..case });
    }
    check_all(cases);
}

#[test]
fn a_service_that_denies_leaves_one_request_at_most_a_true_mail_and_nothing_lost() {
    check_all(for_good(FaultKind::Deny));
}

#[test]
fn a_service_that_throttles_leaves_one_request_at_most_a_true_mail_and_nothing_lost() {
    check_all(for_good(FaultKind::Throttle));
}

#[test]
fn a_service_that_breaks_leaves_one_request_at_most_a_true_mail_and_nothing_lost() {
    check_all(for_good(FaultKind::ServerError));
}

#[test]
fn a_service_that_cuts_connections_leaves_one_request_at_most_a_true_mail_and_nothing_lost() {
    check_all(for_good(FaultKind::Cut));
}

/// Reads end as if they had failed; what was sent has arrived, though nobody knows.
#[test]
fn a_service_whose_answers_are_lost_leaves_one_request_at_most_a_true_mail_and_nothing_lost() {
    let mut cases = for_good(FaultKind::LoseAnswer);
    for case in &mut cases {
        if matches!(case.of, ("sns" | "sqs", _)) {
            case.ends = ToldUnknowingly;
        }
    }
    check_all(cases);
}

#[test]
fn a_write_that_fails_is_told_and_parked_and_what_support_refuses_is_told() {
    check_all(writes());
}

fn check_all(cases: Vec<Case>) {
    let crowd = Crowd::deploy();
    let played = crowd.play(cases, |actor, case| (case, play(actor, case)));
    crowd.wait_until_empty();
    for (case, (under_fault, after)) in &played {
        check(case, under_fault, after);
    }
}

fn check(case: &Case, under_fault: &Played, after: &Played) {
    let name = format!("{case:?}");
    let says = |mail: &Mail, text: &str| crate::stage::says(mail, text);
    match case.ends {
        Done => assert!(!under_fault.mails.is_empty(), "{name}: {under_fault:#?}"),
        Told(text) | ToldAndParked(text) => {
            assert_eq!(under_fault.mails.len(), 1, "{name}: {under_fault:#?}");
            assert!(says(&under_fault.mails[0], text), "{name}: {:#?}", under_fault.mails);
            // The message itself may have been sent twice: a queue delivers at least once.
            let is_parked = matches!(case.ends, ToldAndParked(_));
            assert_eq!(!under_fault.parked.is_empty(), is_parked, "{name}: {under_fault:#?}");
        }
        ToldInTime(text) => {
            assert_eq!(under_fault.mails.len(), 1, "{name}: {under_fault:#?}");
            assert!(says(&under_fault.mails[0], text), "{name}: {:#?}", under_fault.mails);
            assert!(under_fault.parked.is_empty(), "{name}: {under_fault:#?}");
        }
        ToldUnknowingly => {
            assert!(!under_fault.mails.is_empty(), "{name}: {under_fault:#?}");
            assert!(!under_fault.parked.is_empty(), "{name}: {under_fault:#?}");
        }
        Parked => {
            assert!(under_fault.mails.is_empty(), "{name}: {under_fault:#?}");
            assert!(!under_fault.parked.is_empty(), "{name}: {under_fault:#?}");
        }
    }
    // A mail comes again when nobody knows whether it went out, or when something else is so.
    assert!(!after.mails.is_empty(), "{name}");
    assert!(!after.recoveries.is_empty(), "{name}: {after:#?}");
    let expected = match (case.route, case.ends) {
        (Route::Quota, _) => 1,
        (Route::Investigation, _) => 0,
    };
    assert_eq!(after.requests, expected, "{name}: {after:#?}");
    assert!(after.cases.iter().all(|times| *times == 1), "{name}: {after:#?}");
    assert!(after.cases.len() <= 1, "{name}: {after:#?}");
    let last = after.mails.last().unwrap();
    match (case.route, case.ends) {
        (_, Told(text)) => assert!(says(last, text), "{name}: {last:#?}"),
        (Route::Quota, _) => assert!(
            says(last, "TPM increase: SUBMITTED, 690,000")
                || says(last, "TPM increase: REQUESTED, 690,000"),
            "{name}: {last:#?}"
        ),
        (Route::Investigation, _) => {
            assert!(says(last, "Investigation case: OPENED"), "{name}: {last:#?}");
            assert_eq!(after.cases.len(), 1, "{name}: {after:#?}");
        }
    }
}

/// Plays an incident under a fault until it is told or parked, then lifts the fault, replays what
/// was parked and lets the alarm recover. Gives how it stood under the fault and how in the end.
fn play(actor: &Actor<'_>, case: Case) -> (Played, Played) {
    let before = actor.before();
    let mut patience = Patience { actor, end_of_try: None };
    patience.watch();
    let fault = Fault::always(case.of.0, case.of.1, case.kind);
    let fault = actor.order(Fault { count: case.count, delay_ms: case.delay_ms, ..fault });
    let begun = Instant::now();
    actor.set(case.route.alarm(), "ALARM");
    until(&format!("{case:?}: the decision or its parking"), || {
        patience.pass();
        is_over(actor, case, &before)
    });
    if matches!(case.ends, ToldInTime(_)) {
        assert!(begun.elapsed() < IN_TIME, "{case:?}: told after {:?}", begun.elapsed());
    }
    let under_fault = actor.played(&before);
    actor.take_back(fault);
    for parked in &under_fault.parked {
        actor.crowd.replay(parked);
    }
    until(&format!("{case:?}: the decision at last"), || {
        patience.pass();
        match actor.decided(&before) {
            Some(episode) if episode.unfinished.is_none() => Ok(()),
            _ => Err(format!("{:?}", actor.episode())),
        }
    });
    actor.set(case.route.alarm(), "OK");
    let after = until(&format!("{case:?}: the end"), || {
        patience.pass();
        let episode = actor.episode().unwrap();
        let played = actor.played(&before);
        if episode.is_open() || !played.in_limbo.is_empty() {
            return Err(format!("{episode:?} {:?}", played.in_limbo));
        }
        Ok(played)
    });
    patience.end();
    actor.close();
    (under_fault, after)
}

/// Whether no further try is to come.
fn is_over(actor: &Actor<'_>, case: Case, before: &Before) -> Result<(), String> {
    let is_parked = !actor.parked_since(before).is_empty();
    let is_told = actor.decided(before).is_some();
    let is_mailed = || !actor.played(before).mails.is_empty();
    let has_appended = || actor.episode().is_some_and(|episode| actor.has_appended(&episode.id));
    let is_over = match case.ends {
        Done if case.of.1 == "AddCommunicationToCase" => is_told && has_appended(),
        Done | Told(_) => is_told,
        Parked => is_parked,
        ToldAndParked(_) => is_told && is_parked,
        ToldInTime(_) => is_mailed(),
        ToldUnknowingly => is_parked && is_mailed(),
    };
    if is_over { Ok(()) } else { Err(format!("{:?}", actor.episode())) }
}

/// Lets the time between two tries pass in the ledger: a try that ends badly says so by putting
/// its message off, and a lease it left is over by the next.
struct Patience<'a> {
    actor: &'a Actor<'a>,
    end_of_try: Option<u64>,
}

impl Patience<'_> {
    fn watch(&mut self) {
        let nothing = Fault::always("sqs", "ChangeMessageVisibility", FaultKind::Delay);
        self.end_of_try = Some(self.actor.order(Fault { count: Some(1), ..nothing }));
    }

    fn pass(&mut self) {
        if self.end_of_try.is_some_and(|watch| self.actor.is_to_come(watch)) {
            return;
        }
        let now = seconds_now();
        self.watch();
        if let Some(episode) = self.actor.episode() {
            self.actor.expire_leases(&episode.id, now);
        }
    }

    fn end(self) {
        if let Some(watch) = self.end_of_try {
            self.actor.take_back(watch);
        }
    }
}
