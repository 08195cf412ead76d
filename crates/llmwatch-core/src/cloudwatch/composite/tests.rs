//! Rules as AWS documents them, their limits, and text that is no rule.

use proptest::prelude::*;

use super::*;

/// Children are named after their state: a1, a2… in ALARM, o1… in OK, i1… without data.
fn state_of(name: &str) -> Option<AlarmState> {
    match name.chars().next()? {
        'a' => Some(AlarmState::Alarm),
        'o' => Some(AlarmState::Ok),
        'i' => Some(AlarmState::InsufficientData),
        _ => None,
    }
}

#[track_caller]
fn check(text: &str, expected: AlarmState) {
    let rule = parse(text).unwrap();
    assert_eq!(rule.evaluate(state_of), expected, "{text}");
}

#[test]
fn a_function_holds_in_its_state_only() {
    check("ALARM(a1)", AlarmState::Alarm);
    check("ALARM(o1)", AlarmState::Ok);
    check("OK(o1)", AlarmState::Alarm);
    check("OK(i1)", AlarmState::Ok);
    check("INSUFFICIENT_DATA(i1)", AlarmState::Alarm);
    check("INSUFFICIENT_DATA(a1)", AlarmState::Ok);
    check("TRUE", AlarmState::Alarm);
    check("FALSE", AlarmState::Ok);
    check("false", AlarmState::Ok);
}

#[test]
fn a_child_without_data_is_neither_in_alarm_nor_ok() {
    check("ALARM(i1) OR OK(i1)", AlarmState::Ok);
    check("NOT ALARM(i1)", AlarmState::Alarm);
}

#[test]
fn a_child_that_does_not_exist_is_in_no_state() {
    check("ALARM(x) OR OK(x) OR INSUFFICIENT_DATA(x)", AlarmState::Ok);
    check("AT_LEAST(1, NOT ALARM, (x, a1))", AlarmState::Ok);
}

#[test]
fn and_binds_more_tightly_than_or() {
    check("ALARM(a1) OR ALARM(a2) AND ALARM(o1)", AlarmState::Alarm);
    check("(ALARM(a1) OR ALARM(a2)) AND ALARM(o1)", AlarmState::Ok);
    check("ALARM(a1) AND NOT ALARM(o1)", AlarmState::Alarm);
    check("NOT ALARM(o1) AND ALARM(o2)", AlarmState::Ok);
    check("NOT (ALARM(o1) AND ALARM(a1))", AlarmState::Alarm);
    check("NOT NOT ALARM(a1)", AlarmState::Alarm);
}

#[test]
fn at_least_counts_alarms_in_or_not_in_a_state() {
    check("AT_LEAST(2, ALARM, (a1, a2, o1, o2))", AlarmState::Alarm);
    check("AT_LEAST(3, ALARM, (a1, a2, o1, o2))", AlarmState::Ok);
    check("AT_LEAST(50%, OK, (a1, a2, o1, o2))", AlarmState::Alarm);
    check("AT_LEAST(51%, OK, (a1, a2, o1, o2))", AlarmState::Ok);
    check("AT_LEAST(3, NOT ALARM, (i1, o1, o2, a1))", AlarmState::Alarm);
    check("AT_LEAST(2, ALARM, (a1, a2, o1)) AND NOT ALARM(o2)", AlarmState::Alarm);
}

#[test]
fn names_may_be_bare_quoted_or_arns() {
    check("ALARM( a1 )", AlarmState::Alarm);
    check("ALARM(\"a1\")", AlarmState::Alarm);
    check("ALARM (\"a b, (c)\")", AlarmState::Alarm);
    check("ALARM(\"a \\\"quoted\\\"\")", AlarmState::Alarm);
    check("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a1)", AlarmState::Alarm);
    check("ALARM(\"arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:a:b\")", AlarmState::Alarm);
    check("\n ALARM(o1)\n OR\tALARM(a1)\n", AlarmState::Alarm);
}

#[test]
fn children_are_distinct_names_in_the_order_of_the_text() {
    let rule = parse(
        "ALARM(b) OR OK(\"a\") AND NOT ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:b) \
         OR AT_LEAST(1, ALARM, (d, c))",
    );
    assert_eq!(rule.unwrap().children(), ["b", "a", "d", "c"]);
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    assert_eq!(parse(text).unwrap_err().to_string(), expected);
}

#[test]
fn errors_name_the_place() {
    check_error(
        "",
        "at character 1: the rule ends where ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE, \
         NOT or ( is expected",
    );
    check_error("ALARM", "at character 6: the rule ends where ( is expected");
    check_error("ALARM(", "at character 7: the rule ends where the name of an alarm is expected");
    check_error("ALARM()", "at character 7: expected the name of an alarm, found `)`");
    check_error("ALARM(\"\")", "at character 8: expected the name of an alarm, found `\")`");
    check_error("ALARM(\"a", "at character 9: the rule ends where a closing quote is expected");
    check_error("ALARM(a b)", "at character 9: expected ), found `b)`");
    check_error("ALARM(é) XOR", "at character 10: expected AND, OR or the end, found `XOR`");
    check_error(
        "ALARM(a) OR alarm(b)",
        "at character 13: expected ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE, NOT or (, \
         found `alarm(b)`",
    );
    check_error(
        "ALARM(a) ALARM(b)",
        "at character 10: expected AND, OR or the end, found `ALARM(b)`",
    );
    check_error(
        "AT_LEAST(3, ALARM, (a, b))",
        "at character 10: AT_LEAST needs a number from 1 to the number of alarms, or 1% to 100%",
    );
    check_error(
        "AT_LEAST(x, ALARM, (a))",
        "at character 10: expected a number, found `x, ALARM, (a))`",
    );
}

fn rule_of(children: usize) -> String {
    (0..children).map(|child| format!("ALARM(a{child})")).collect::<Vec<_>>().join(" OR ")
}

#[test]
fn cloudwatchs_limits_hold() {
    assert!(parse(&rule_of(100)).is_ok());
    check_error(&rule_of(101), "at character 1402: names 101 alarms; at most 100 are allowed");
    let elements = |number: usize| vec!["TRUE"; number].join(" OR ");
    assert!(parse(&elements(500)).is_ok());
    check_error(&elements(501), "at character 4005: has 501 elements; at most 500 are allowed");
    let longest = format!("TRUE{}", " ".repeat(10_236));
    assert!(parse(&longest).is_ok());
    check_error(&format!("{longest} "), "at character 10241: longer than 10240 characters");
    check_error(&"(".repeat(10_000), "at character 102: nested more than 100 deep");
    check_error(&"NOT ".repeat(2_000), "at character 404: nested more than 100 deep");
}

/// Text made of the language's own pieces, which gets further than random characters.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "ALARM",
        "OK(",
        "INSUFFICIENT_DATA(",
        "(",
        ")",
        "a1",
        "o1",
        "\"",
        "\\",
        " AND ",
        " OR ",
        "NOT ",
        "TRUE",
        "FALSE",
        "AT_LEAST(",
        "1",
        "50%",
        ",",
        "ALARM(a1)",
        "é",
        " ",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = parse(&text).map(|rule| rule.evaluate(state_of));
    }

    #[test]
    fn no_pieces_panic(text in pieces()) {
        match parse(&text) {
            Ok(rule) => {
                let _ = rule.evaluate(state_of);
                prop_assert!(rule.children().len() <= MAXIMUM_CHILDREN);
            }
            Err(error) => prop_assert!(error.at <= text.chars().count()),
        }
    }

    #[test]
    fn any_quoted_name_is_read_back(name in "[^\"\\\\]{1,50}") {
        let rule = parse(&format!("ALARM(\"{name}\")")).unwrap();
        let children = rule.children();
        prop_assert_eq!(children, vec![name_of(&name)]);
    }
}
