//! One line a rule: the secret, the topic, the memory; then what is done and how things stand.

use super::*;

const NOW: &str = "2026-11-22T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.com")).unwrap()
}

/// `ann:confirmed`, `bob:pending`, `cyd:over`; `queue` is of another protocol.
fn subscription(text: &str) -> Subscription {
    let (name, status) = text.split_once(':').unwrap_or((text, "confirmed"));
    let receiver = if name == "queue" { Receiver::Other } else { Receiver::Mailbox(address(name)) };
    let status = match status {
        "confirmed" => Status::Confirmed { arn: format!("arn:{name}") },
        "pending" => Status::Pending,
        _ => Status::Over,
    };
    Subscription { receiver, status }
}

/// `ann:2d*1`: asked once, two days ago; `ann:intended`.
fn asked(text: &str) -> (Fingerprint, Asked) {
    let (name, when) = text.split_once(':').unwrap();
    let asked = when.split_once("d*").map_or(Asked::default(), |(days, times)| {
        let ago = SignedDuration::from_hours(24 * days.parse::<i64>().unwrap());
        Asked { last: Some(now() - ago), times: times.parse().unwrap() }
    });
    (address(name).fingerprint(), asked)
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

struct Case {
    wanted: Contacts,
    subscriptions: Vec<Subscription>,
    memory: Memory,
}

fn case(wanted: &str, topic: &str, memory: &str) -> Case {
    Case {
        wanted: words(wanted).into_iter().map(address).collect(),
        subscriptions: words(topic).into_iter().map(subscription).collect(),
        memory: Memory { alert_email: None, asked: words(memory).into_iter().map(asked).collect() },
    }
}

impl Case {
    fn plan(&self, asking: Asking) -> Plan {
        plan(&Situation {
            wanted: &self.wanted,
            subscriptions: &self.subscriptions,
            memory: &self.memory,
            asking,
            now: now(),
        })
    }

    fn check(&self, asking: Asking, changes: &str) {
        let planned = self.plan(asking).changes;
        let short: Vec<String> = planned
            .iter()
            .map(|change| match change {
                Change::Ask(address) => format!("+{}", name(address)),
                Change::Remove { address, arn } => {
                    assert_eq!(*arn, format!("arn:{}", name(address)));
                    format!("-{}", name(address))
                }
            })
            .collect();
        assert_eq!(short, words(changes));
    }
}

fn name(address: &Address) -> &str {
    address.expose().split('@').next().unwrap()
}

/// Whatever is asked again, and however.
fn check(wanted: &str, topic: &str, memory: &str, changes: &str) {
    for asking in [Asking::Unbidden, Asking::AtOnce] {
        case(wanted, topic, memory).check(asking, changes);
    }
}

#[test]
fn whoever_is_wanted_and_not_subscribed_is_asked() {
    check("ann bob", "", "", "+ann +bob");
    check("ann bob", "bob:confirmed queue", "", "+ann");
    check("ann", "ann:over", "", "+ann");
}

#[test]
fn nobody_is_asked_who_is_subscribed_or_has_a_link_that_works() {
    check("ann", "ann:confirmed", "ann:9d*1", "");
    check("ann", "ann:pending", "ann:1d*1", "");
    check("ann", "ann:pending", "", "");
}

#[test]
fn an_address_is_one_whatever_the_case_of_its_domain() {
    let mut one = case("ann", "", "");
    one.subscriptions.push(Subscription {
        receiver: Receiver::Mailbox(Address::parse("ann@EXAMPLE.com").unwrap()),
        status: Status::Pending,
    });
    one.check(Asking::AtOnce, "");
}

#[test]
fn whoever_is_removed_from_the_secret_is_unsubscribed_if_we_subscribed_them() {
    check("", "ann:confirmed", "ann:9d*0", "-ann");
    check("bob", "ann:confirmed", "ann:9d*0", "+bob -ann");
}

#[test]
fn what_somebody_else_subscribed_is_never_touched() {
    check("", "ann:confirmed bob:pending queue", "", "");
    check("cyd", "ann:confirmed cyd:confirmed queue", "cyd:9d*0", "");
}

#[test]
fn what_somebody_else_subscribed_stays_theirs_after_it_was_wanted() {
    let one = case("ann", "ann:confirmed", "");
    assert_eq!(one.plan(Asking::Unbidden).memory_before(), Memory::default());
}

#[test]
fn a_pending_one_cannot_be_removed_and_is_remembered_until_it_is_gone() {
    check("", "ann:pending", "ann:1d*1", "");
    let plan = case("", "ann:pending", "ann:1d*1").plan(Asking::Unbidden);
    assert_eq!(plan.standing.withdrawn, [address("ann")]);
    assert_eq!(plan.memory_before(), case("", "", "ann:1d*1").memory);
    check("", "ann:confirmed", "ann:1d*1", "-ann");
    let plan = case("", "", "ann:3d*1").plan(Asking::Unbidden);
    assert_eq!(plan.memory_before(), Memory::default());
}

#[test]
fn who_did_not_confirm_is_asked_weekly_and_three_times_in_all() {
    for (topic, memory, changes) in [
        ("", "ann:3d*1", ""),
        ("", "ann:6d*1", ""),
        ("", "ann:7d*1", "+ann"),
        ("ann:pending", "ann:7d*1", "+ann"),
        ("", "ann:7d*2", "+ann"),
        ("", "ann:7d*3", ""),
        ("", "ann:700d*3", ""),
    ] {
        case("ann", topic, memory).check(Asking::Unbidden, changes);
    }
    let plan = case("ann", "", "ann:8d*3").plan(Asking::Unbidden);
    assert_eq!(plan.standing.unanswered, [address("ann")]);
}

#[test]
fn an_operators_own_run_asks_at_once_whom_no_working_link_has_reached() {
    for (topic, memory, changes) in [
        ("", "ann:0d*1", "+ann"),
        ("", "ann:9d*3", "+ann"),
        ("ann:pending", "ann:2d*1", "+ann"),
        ("ann:pending", "ann:1d*3", ""),
    ] {
        case("ann", topic, memory).check(Asking::AtOnce, changes);
    }
}

#[test]
fn being_asked_is_counted_anew_after_a_confirmation() {
    let plan = case("ann", "ann:confirmed", "ann:30d*3").plan(Asking::Unbidden);
    assert_eq!(plan.memory_before(), case("", "", "ann:30d*0").memory);
}

#[test]
fn a_run_that_ended_between_intent_and_mail_is_made_good() {
    check("ann", "", "ann:intended", "+ann");
    check("ann", "ann:pending", "ann:intended", "");
    let plan = case("ann", "ann:pending", "ann:intended").plan(Asking::Unbidden);
    assert_eq!(plan.memory_before(), case("", "", "ann:0d*1").memory);
    check("", "ann:confirmed", "ann:intended", "-ann");
}

#[test]
fn an_address_cloudformation_has_subscribed_since_is_left_to_it() {
    let mut one = case("", "ann:confirmed", "ann:9d*0");
    one.memory.alert_email = Some(address("ann").fingerprint());
    one.check(Asking::Unbidden, "");
    let after = one.plan(Asking::Unbidden).memory_before();
    assert_eq!(after.asked, BTreeMap::new(), "and is ours no more");
    assert_eq!(after.alert_email, one.memory.alert_email);
}

#[test]
fn intent_is_remembered_before_and_the_result_after() {
    let plan = case("ann bob", "cyd:confirmed", "cyd:9d*0").plan(Asking::Unbidden);
    let before = case("", "", "ann:intended bob:intended cyd:9d*0").memory;
    assert_eq!(plan.memory_before(), before);
    let nothing_failed = plan.memory_after(&BTreeSet::new(), now());
    assert_eq!(nothing_failed, case("", "", "ann:0d*1 bob:0d*1").memory);
    let failed = BTreeSet::from([address("bob").fingerprint(), address("cyd").fingerprint()]);
    assert_eq!(plan.memory_after(&failed, now()), case("", "", "ann:0d*1 cyd:9d*0").memory);
}

#[test]
fn a_second_run_finds_nothing_to_do() {
    let first = case("ann", "", "").plan(Asking::Unbidden);
    let mut second = case("ann", "ann:pending", "");
    second.memory = first.memory_after(&BTreeSet::new(), now());
    let plan = second.plan(Asking::AtOnce);
    assert_eq!(plan.changes, []);
    assert_eq!(plan.memory_before(), second.memory);
    assert_eq!(plan.memory_after(&BTreeSet::new(), now()), second.memory);
}

#[test]
fn the_standing_tells_counts_and_masked_addresses() {
    let topic = "ann:confirmed bob:pending cyd:pending dan:confirmed eve:over queue";
    let one = case("ann bob fay", topic, "ann:9d*0 bob:1d*1 cyd:1d*1 fay:9d*3");
    insta::assert_json_snapshot!(one.plan(Asking::Unbidden).standing, @r#"
    {
      "wanted": 3,
      "subscribed": 1,
      "pending": [
        "b***@example.com"
      ],
      "unanswered": [
        "f***@example.com"
      ],
      "withdrawn": [
        "c***@example.com"
      ],
      "others": 2
    }
    "#);
    let changes = case("ann", "bob:confirmed", "bob:9d*0").plan(Asking::Unbidden).changes;
    let texts: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["ask a***@example.com to confirm", "unsubscribe b***@example.com"]);
}
