//! The documented examples, malformed searches, and labels.

use proptest::prelude::*;

use super::*;

/// A metric from `namespace name dimension=value …`, words split at semicolons.
fn metric(text: &str) -> MetricKey {
    let mut words = text.split(';').map(str::to_owned);
    MetricKey {
        namespace: words.next().unwrap(),
        name: words.next().unwrap(),
        dimensions: words
            .map(|word| {
                let (name, value) = word.split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            })
            .collect(),
    }
}

/// What there is to find.
const METRICS: [&str; 14] = [
    "AWS/EC2;CPUUtilization",
    "AWS/EC2;CPUUtilization;InstanceId=i-1",
    "AWS/EC2;CPUUtilization;InstanceId=i-2",
    "AWS/EC2;CPUUtilization;InstanceType=t2.micro",
    "AWS/EC2;CPUUtilization;InstanceType=t2.large",
    "AWS/EC2;NetworkPacketsIn;InstanceId=i-1",
    "AWS/EC2;EBSReadOps;InstanceId=i-1",
    "AWS/EBS;VolumeReadOps;VolumeId=ProjectA",
    "AWS/Lambda;Errors;FunctionName=ProjectA-f",
    "AWS/Lambda;Invocations;FunctionName=ProjectA-f",
    "AWS/Lambda;Invocations;FunctionName=other",
    "AWS/Lambda;Errors;FunctionName=other",
    "My Namespace;Custom:Name[Special_Characters;Dimension@Name=x",
    "Roads;Europe\\France Traffic(Network)",
];

#[track_caller]
fn check(search: &str, expected: &[&str]) {
    let search = Search::parse(search).unwrap();
    let found: Vec<&str> = METRICS.into_iter().filter(|text| search.finds(&metric(text))).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_schema_is_the_exact_set_of_dimensions() {
    check(
        r#" {AWS/EC2,InstanceId} MetricName="CPUUtilization" "#,
        &["AWS/EC2;CPUUtilization;InstanceId=i-1", "AWS/EC2;CPUUtilization;InstanceId=i-2"],
    );
    check(r#"{AWS/EC2} MetricName="CPUUtilization""#, &["AWS/EC2;CPUUtilization"]);
    check(r#"{"AWS/EC2" , "InstanceId", "InstanceType"}"#, &[]);
    check("{AWS/EBS,VolumeId}", &["AWS/EBS;VolumeReadOps;VolumeId=ProjectA"]);
    check(
        r#"{"My Namespace", "Dimension@Name"}, "Custom:Name[Special_Characters" "#,
        &["My Namespace;Custom:Name[Special_Characters;Dimension@Name=x"],
    );
}

#[test]
fn quotes_find_whole_names_and_values_in_their_case() {
    check(
        r#"{AWS/EC2,InstanceType} InstanceType="t2.micro" MetricName="CPUUtilization""#,
        &["AWS/EC2;CPUUtilization;InstanceType=t2.micro"],
    );
    check(r#"{AWS/EC2,InstanceType} InstanceType="micro""#, &[]);
    check(r#"{AWS/EC2} "cpuutilization""#, &[]);
    check(
        r#""Errors""#,
        &["AWS/Lambda;Errors;FunctionName=ProjectA-f", "AWS/Lambda;Errors;FunctionName=other"],
    );
    check(r#""Europe\\France Traffic\(Network\)""#, &["Roads;Europe\\France Traffic(Network)"]);
    check(r#"InstanceType="t2.micro" Namespace="AWS/EC2""#, &[METRICS[3]]);
}

#[test]
fn without_quotes_tokens_are_found_anywhere() {
    check("{AWS/EC2,InstanceType} InstanceType=micro", &[METRICS[3]]);
    check("{AWS/EC2,InstanceId} network packets", &[METRICS[5]]);
    check("{AWS/EC2,InstanceId} network AND packets", &[METRICS[5]]);
    check("(EC2 OR EBS) AND MetricName=ReadOps", &[METRICS[6], METRICS[7]]);
    check("(EC2 OR EBS) MetricName=ReadOps", &[METRICS[6], METRICS[7]]);
    check("(EC2 OR EBS) AND ReadOps AND ProjectA", &[METRICS[7]]);
    check("VolumeId", &[METRICS[7]]);
}

#[test]
fn or_and_not_and_parentheses() {
    check(
        r#"{AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND (ProjectA OR ProjectB))"#,
        &[METRICS[8], METRICS[9], METRICS[11]],
    );
    check(r#"{AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT i-1"#, &[METRICS[2]]);
    check(r#"{AWS/EC2,InstanceId} NOT "i-1" NOT "i-2""#, &[]);
    check("NOT Namespace=AWS", &[METRICS[12], METRICS[13]]);
    check(
        r#"{AWS/EC2,InstanceId} MetricName="CPUUtilization" "InstanceId"=("i-1" OR "i-9")"#,
        &[METRICS[1]],
    );
    // A small `or` is a token like any other.
    check("{AWS/EC2,InstanceId} packets or network", &[]);
}

#[track_caller]
fn check_error(search: &str, expected: &str) {
    let error = Search::parse(search).unwrap_err();
    assert_eq!(error.to_string(), format!("at character {expected}"));
}

#[test]
fn errors_name_the_place() {
    let empty = "a search has a schema in braces, a term, or both";
    check_error("", &format!("1 of the search: {empty}"));
    check_error("  ", &format!("1 of the search: {empty}"));
    check_error("{}", "2 of the search: the search needs a name here, not `}`");
    check_error("{AWS/EC2", "9 of the search: the search ends where a comma or } is expected");
    check_error("{AWS/EC2,}", "10 of the search: the search needs a name here, not `}`");
    check_error("{My Space}", "2 of the search: the name `My Space` needs double quotes");
    check_error("{\"a\" b}", "6 of the search: the search needs a comma or } here, not `b`");
    check_error("{N,A,A}", "6 of the search: the schema names the dimension `A` twice");
    check_error("{N} {M}", "5 of the search: the search needs a term here, not `{`");
    check_error("{N} \"x", "7 of the search: the search ends where a closing quote is expected");
    check_error("\"a(b\"", "3 of the search: `(` stands behind a backslash in an exact match");
    check_error("\"a\\b\"", "3 of the search: `\\` stands behind a backslash in an exact match");
    check_error("a OR", "5 of the search: the search ends where a term is expected");
    check_error("AND a", "1 of the search: the search needs a term here, not `AND`");
    check_error("(a", "3 of the search: the search ends where ) is expected");
    check_error("a)", "2 of the search: the search needs a term here, not `)`");
    check_error("a = = b", "5 of the search: the search needs a term here, not `=`");
    check_error("MetricName=", "12 of the search: the search ends where a term is expected");
    check_error("a *", "3 of the search: the search needs a term here, not `*`");
    check_error(":aws.AccountId=\"1\"", "1 of the search: a search by account is not modelled");
    check_error(&"(".repeat(200), "66 of the search: the search is nested more than 64 deep");
    check_error(
        &"a".repeat(1_025),
        "1025 of the search: the search is longer than 1024 characters",
    );
}

#[track_caller]
fn check_labels(found: &[&str], expected: &[&str]) {
    let keys: Vec<MetricKey> = found.iter().map(|text| metric(text)).collect();
    assert_eq!(labels(&keys.iter().collect::<Vec<_>>()), expected);
}

#[test]
fn labels_are_what_tells_the_found_apart() {
    check_labels(&[METRICS[1], METRICS[2]], &["i-1", "i-2"]);
    check_labels(&[METRICS[1]], &["CPUUtilization"]);
    check_labels(&[METRICS[1], METRICS[5]], &["CPUUtilization", "NetworkPacketsIn"]);
    check_labels(
        &[METRICS[1], METRICS[8]],
        &["i-1 CPUUtilization AWS/EC2", "ProjectA-f Errors AWS/Lambda"],
    );
    check_labels(&["N;M;A=1;B=1;C=1", "N;M;A=2;B=1;C=2"], &["1 1", "2 2"]);
    check_labels(&["N;M", "O;M"], &["N", "O"]);
    check_labels(&[], &[]);
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Search::parse(&text);
    }

    #[test]
    fn an_error_lies_within_the_text(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", ",", "\"", "\\", "(", ")", "=", " ", "AND", "OR", "NOT", "é", "Ab1", "*",
            ]),
            0..24,
        )
    ) {
        let text = pieces.concat();
        match Search::parse(&text) {
            Ok(search) => {
                for key in METRICS {
                    let _ = search.finds(&metric(key));
                }
            }
            Err(error) => prop_assert!(error.at <= text.chars().count()),
        }
    }
}
