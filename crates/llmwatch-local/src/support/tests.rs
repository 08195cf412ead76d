use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn start() -> Support {
    Support::new(Place { account: "000000000000".to_owned(), region: "us-east-1".to_owned() })
}

fn new_case(subject: &str) -> Value {
    json!({
        "subject": subject,
        "communicationBody": "body",
        "serviceCode": "service-bedrock",
        "categoryCode": "general-guidance",
        "severityCode": "normal",
    })
}

fn create(support: &mut Support, second: i64) -> String {
    let created = support.serve("CreateCase", &new_case("throttled"), at(second)).unwrap();
    created["caseId"].as_str().unwrap().to_owned()
}

fn refusal(support: &mut Support, operation: &str, input: &Value) -> String {
    support.serve(operation, input, at(0)).unwrap_err().code
}

#[test]
fn cases_come_ten_to_a_page_newest_first_and_open_only() {
    let mut support = start();
    let ids: Vec<String> = (0..13).map(|n| create(&mut support, n * 600)).collect();
    support.serve("ResolveCase", &json!({"caseId": ids[12]}), at(9_000)).unwrap();
    let first = support.serve("DescribeCases", &json!({}), at(9_000)).unwrap();
    assert_eq!(first["cases"].as_array().unwrap().len(), 10);
    assert_eq!(first["cases"][0]["caseId"], json!(ids[11]));
    let token = first["nextToken"].clone();
    let second = support.serve("DescribeCases", &json!({"nextToken": token}), at(9_000)).unwrap();
    assert_eq!(second["cases"].as_array().unwrap().len(), 2);
    assert_eq!(second["nextToken"], Value::Null);
    let all = json!({"includeResolvedCases": true, "maxResults": 100});
    let all = support.serve("DescribeCases", &all, at(9_000)).unwrap();
    assert_eq!(all["cases"].as_array().unwrap().len(), 13);
}

#[test]
fn the_first_reply_comes_after_its_delay_and_once() {
    let mut support = start();
    let id = create(&mut support, 0);
    let talk = |support: &mut Support, second| {
        support.settle(at(second));
        let found = support.serve("DescribeCommunications", &json!({"caseId": id}), at(second));
        found.unwrap()["communications"].as_array().unwrap().clone()
    };
    assert_eq!(talk(&mut support, 59).len(), 1);
    assert_eq!(talk(&mut support, 60).len(), 2);
    let later = talk(&mut support, 600);
    assert_eq!(later.len(), 2);
    assert_eq!(later[0]["submittedBy"], json!(AWS));
}

#[test]
fn a_communication_reopens_a_resolved_case() {
    let mut support = start();
    let id = create(&mut support, 0);
    support.serve("ResolveCase", &json!({"caseId": id}), at(1)).unwrap();
    let more = json!({"caseId": id, "communicationBody": "more"});
    support.serve("AddCommunicationToCase", &more, at(2)).unwrap();
    let found = support.serve("DescribeCases", &json!({"caseIdList": [id]}), at(3)).unwrap();
    assert_eq!(found["cases"][0]["status"], json!("reopened"));
    let recent = &found["cases"][0]["recentCommunications"]["communications"];
    assert_eq!(recent[0]["body"], json!("more"));
}

#[test]
fn dates_filter_by_communication() {
    let mut support = start();
    create(&mut support, 0);
    let found = |support: &mut Support, input: Value| {
        let found = support.serve("DescribeCases", &input, at(10)).unwrap();
        found["cases"].as_array().unwrap().len()
    };
    assert_eq!(found(&mut support, json!({"afterTime": "2027-01-15"})), 1);
    assert_eq!(found(&mut support, json!({"afterTime": "2027-01-15T08:00:01Z"})), 0);
    assert_eq!(found(&mut support, json!({"beforeTime": "2027-01-15T08:00:00.000Z"})), 1);
    assert_eq!(
        refusal(&mut support, "DescribeCases", &json!({"afterTime": "yesterday"})),
        "ValidationException"
    );
}

#[test]
fn a_case_is_refused_for_wrong_codes_and_beyond_ten_an_hour() {
    let mut support = start();
    for (member, value) in [
        ("serviceCode", "amazon-bedrock"),
        ("categoryCode", "quota"),
        ("severityCode", "extreme"),
        ("language", "de"),
        ("issueType", "sales"),
        ("subject", " "),
    ] {
        let mut case = new_case("s");
        case[member] = json!(value);
        assert_eq!(refusal(&mut support, "CreateCase", &case), "ValidationException", "{member}");
    }
    let mut dry = new_case("s");
    dry["dryRun"] = json!(true);
    assert_eq!(refusal(&mut support, "CreateCase", &dry), "DryRunOperationException");
    assert_eq!(
        refusal(&mut support, "ResolveCase", &json!({"caseId": "case-x"})),
        "CaseIdNotFound"
    );
    assert_eq!(
        refusal(&mut support, "DescribeCases", &json!({"caseIdList": ["case-x"]})),
        "CaseIdNotFound"
    );
}
