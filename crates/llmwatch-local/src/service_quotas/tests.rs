use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn start() -> (ServiceQuotas, Support) {
    let place = Place { account: "000000000000".to_owned(), region: "us-east-1".to_owned() };
    (ServiceQuotas::new(place.clone()), Support::new(place))
}

/// Cross-region requests per minute for Nova 2 Lite is fixed; tokens per minute is adjustable.
const ADJUSTABLE: &str = "L-C6F5908D";
const FIXED: &str = "L-F06F1187";

fn request(quotas: &mut ServiceQuotas, code: &str, value: f64) -> Result<Value, String> {
    let input = json!({"ServiceCode": "bedrock", "QuotaCode": code, "DesiredValue": value});
    quotas.serve("RequestServiceQuotaIncrease", &input, at(0)).map_err(|error| error.code)
}

fn status(quotas: &mut ServiceQuotas) -> (String, Value) {
    let input = json!({"ServiceCode": "bedrock", "QuotaCode": ADJUSTABLE});
    let found =
        quotas.serve("ListRequestedServiceQuotaChangeHistoryByQuota", &input, at(0)).unwrap();
    let newest = &found["RequestedQuotas"][0];
    (newest["Status"].as_str().unwrap_or_default().to_owned(), newest["CaseId"].clone())
}

#[test]
fn every_name_of_the_data_is_a_quota_with_a_code_of_its_own() {
    let quotas = list::bedrock_quotas();
    let lines = include_str!("../../data/quota_names.jsonl").lines().count();
    assert_eq!(quotas.len(), lines);
    assert_eq!(
        quotas[ADJUSTABLE].name,
        "Cross-region model inference tokens per minute for Amazon Nova 2 Lite"
    );
    assert_eq!(quotas[ADJUSTABLE].applied, Some(8_000_000.0));
}

#[test]
fn applied_and_default_values_differ() {
    let (mut quotas, _) = start();
    quotas.quota_mut(ADJUSTABLE).unwrap().applied = None;
    quotas.quota_mut(FIXED).unwrap().applied = Some(0.0);
    let mut get = |operation: &str, code: &str| {
        let input = json!({"ServiceCode": "bedrock", "QuotaCode": code});
        quotas
            .serve(operation, &input, at(0))
            .map(|found| found["Quota"]["Value"].as_f64().unwrap())
            .map_err(|error| error.code)
    };
    assert_eq!(get("GetServiceQuota", ADJUSTABLE), Err("NoSuchResourceException".to_owned()));
    assert_eq!(get("GetAWSDefaultServiceQuota", ADJUSTABLE), Ok(8_000_000.0));
    assert_eq!(get("GetServiceQuota", FIXED), Ok(0.0));
    assert_eq!(get("GetServiceQuota", "L-00000000"), Err("NoSuchResourceException".to_owned()));
}

#[test]
fn listings_are_paged_and_applied_ones_leave_out_defaults() {
    let (mut quotas, _) = start();
    let mut listed = |operation: &str| {
        let (mut found, mut token, mut pages) = (0, Value::Null, 0);
        loop {
            let mut input = json!({"ServiceCode": "bedrock"});
            if let Some(token) = token.as_str() {
                input["NextToken"] = Value::from(token);
            }
            let page = quotas.serve(operation, &input, at(0)).unwrap();
            let length = page["Quotas"].as_array().unwrap().len();
            assert!(length <= 100);
            (found, pages) = (found + length, pages + 1);
            token = page["NextToken"].clone();
            if token.is_null() {
                return (found, pages);
            }
        }
    };
    let (all, pages) = listed("ListAWSDefaultServiceQuotas");
    assert_eq!(pages, 4);
    assert!(listed("ListServiceQuotas").0 < all);
    let bad = quotas.serve(
        "ListServiceQuotas",
        &json!({"ServiceCode": "bedrock", "NextToken": "defaults00000064"}),
        at(0),
    );
    assert_eq!(bad.unwrap_err().code, "InvalidPaginationTokenException");
}

#[test]
fn an_increase_is_refused_as_aws_refuses_it() {
    let (mut quotas, _) = start();
    let refused = |code: &str| Err(code.to_owned());
    assert_eq!(request(&mut quotas, FIXED, 9e9), refused("IllegalArgumentException"));
    assert_eq!(request(&mut quotas, ADJUSTABLE, 8_000_000.0), refused("IllegalArgumentException"));
    assert_eq!(request(&mut quotas, "L-00000000", 1.0), refused("NoSuchResourceException"));
    assert!(request(&mut quotas, ADJUSTABLE, 9e6).is_ok());
    assert_eq!(request(&mut quotas, ADJUSTABLE, 9e6), refused("ResourceAlreadyExistsException"));
}

#[test]
fn the_case_id_appears_late_and_an_approval_raises_the_quota() {
    let (mut quotas, mut support) = start();
    request(&mut quotas, ADJUSTABLE, 9e6).unwrap();
    quotas.settle(&mut support, at(29));
    assert_eq!(status(&mut quotas), ("PENDING".to_owned(), Value::Null));
    quotas.settle(&mut support, at(30));
    let (opened, case) = status(&mut quotas);
    assert_eq!(opened, "CASE_OPENED");
    let found = support.serve("DescribeCases", &json!({"displayId": case}), at(31)).unwrap();
    assert_eq!(found["cases"].as_array().unwrap().len(), 1);

    quotas.decide(ADJUSTABLE, Decision::Close, &mut support, at(60)).unwrap();
    assert_eq!(status(&mut quotas).0, "CASE_CLOSED");
    assert_eq!(quotas.quota_mut(ADJUSTABLE).unwrap().applied, Some(9e6));
    let found = support.serve("DescribeCases", &json!({"displayId": case}), at(61)).unwrap();
    assert_eq!(found["cases"], json!([]));
    assert!(quotas.decide(ADJUSTABLE, Decision::Approve, &mut support, at(62)).is_err());
}

#[test]
fn a_denied_request_leaves_the_quota_and_frees_it_for_another() {
    let (mut quotas, mut support) = start();
    request(&mut quotas, ADJUSTABLE, 9e6).unwrap();
    quotas.decide(ADJUSTABLE, Decision::Deny, &mut support, at(1)).unwrap();
    assert_eq!(quotas.quota_mut(ADJUSTABLE).unwrap().applied, Some(8e6));
    assert!(request(&mut quotas, ADJUSTABLE, 9e6).is_ok());
}
