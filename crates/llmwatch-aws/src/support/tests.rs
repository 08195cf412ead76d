use aws_sdk_support::operation::add_communication_to_case::AddCommunicationToCaseOutput;
use aws_sdk_support::operation::create_case::{CreateCaseError, CreateCaseOutput};
use aws_sdk_support::operation::describe_cases::{DescribeCasesError, DescribeCasesOutput};
use aws_sdk_support::operation::describe_communications::DescribeCommunicationsOutput;
use aws_sdk_support::operation::describe_services::DescribeServicesOutput;
use aws_sdk_support::operation::describe_supported_languages::DescribeSupportedLanguagesOutput;
use aws_sdk_support::types::{self, Category, Service, SupportedLanguage};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;

use super::*;

/// With the SDK's own retries on, so that a test sees what they would repeat.
fn client(rules: &[&Rule]) -> Client {
    mock_client!(aws_sdk_support, RuleMode::MatchAny, rules, |config| config
        .retry_config(RetryConfig::standard().with_max_attempts(2)))
}

fn case(number: usize) -> CaseDetails {
    CaseDetails::builder()
        .case_id(format!("case-{number}"))
        .display_id(number.to_string())
        .subject(format!("subject {number}"))
        .status("opened")
        .time_created("2026-11-20T00:00:00Z")
        .build()
}

fn page(token: Option<&'static str>, cases: Vec<CaseDetails>, next: Option<&'static str>) -> Rule {
    mock!(Client::describe_cases)
        .match_requests(move |request| {
            request.next_token() == token
                && request.include_communications() == Some(false)
                && request.include_resolved_cases() == Some(false)
                && request.after_time() == Some("2026-09-22T00:00:00Z")
        })
        .then_output(move || {
            DescribeCasesOutput::builder()
                .set_cases(Some(cases.clone()))
                .set_next_token(next.map(str::to_owned))
                .build()
        })
}

fn look_back() -> Timestamp {
    "2026-09-22T00:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn d6_a_case_on_the_third_page_is_found_without_reading_communications() {
    let pages = [
        page(None, (0..100).map(case).collect(), Some("two")),
        page(Some("two"), (100..200).map(case).collect(), Some("three")),
        page(Some("three"), vec![case(200)], None),
    ];
    let cases = open_cases(&client(&pages.each_ref()), look_back()).await.unwrap();
    assert_eq!(cases.len(), 201);
    assert_eq!(cases[200].case_id, "case-200");
}

#[tokio::test]
async fn d8_a_page_that_fails_is_an_error_and_never_no_case() {
    let first = page(None, vec![case(0)], Some("two"));
    let failing = mock!(Client::describe_cases)
        .match_requests(|request| request.next_token() == Some("two"))
        .then_error(|| {
            DescribeCasesError::generic(ErrorMetadata::builder().code("InternalError").build())
        });
    let failed = open_cases(&client(&[&first, &failing]), look_back()).await.unwrap_err();
    assert!(failed.explain().contains("DescribeCases"), "{}", failed.explain());
}

#[tokio::test]
async fn a_case_is_found_by_its_number_even_resolved() {
    let listed = mock!(Client::describe_cases)
        .match_requests(|request| {
            request.display_id() == Some("7") && request.include_resolved_cases() == Some(true)
        })
        .then_output(|| DescribeCasesOutput::builder().cases(case(7)).build());
    let found = case_by_number(&client(&[&listed]), "7").await.unwrap();
    assert_eq!(found.unwrap().case_id, "case-7");
    let nothing =
        mock!(Client::describe_cases).then_output(|| DescribeCasesOutput::builder().build());
    assert_eq!(case_by_number(&client(&[&nothing]), "7").await.unwrap(), None);
}

fn services(names: &[(&str, &[&str])]) -> Rule {
    let services: Vec<Service> = names
        .iter()
        .map(|(name, categories)| {
            let categories = categories
                .iter()
                .map(|code| Category::builder().code(*code).name(code.to_uppercase()).build());
            Service::builder()
                .code(format!("service-{}", name.to_lowercase().replace(' ', "-")))
                .name(*name)
                .set_categories(Some(categories.collect()))
                .build()
        })
        .collect();
    mock!(Client::describe_services).then_output(move || {
        DescribeServicesOutput::builder().set_services(Some(services.clone())).build()
    })
}

#[tokio::test]
async fn bedrocks_codes_are_looked_up_by_name() {
    for (names, expected) in [
        (
            &[("Bedrock AgentCore", &["general-guidance"][..]), ("Amazon Bedrock", &["other"])][..],
            ("service-amazon-bedrock", "other"),
        ),
        (
            &[("Lambda", &["x"]), ("Bedrock", &["apis", "general-guidance"])],
            ("service-bedrock", "general-guidance"),
        ),
    ] {
        let found = bedrock_category(&client(&[&services(names)])).await.unwrap();
        assert_eq!((found.service_code.as_str(), found.category_code.as_str()), expected);
    }
    for names in [&[("Lambda", &["x"][..])][..], &[("Bedrock", &[])]] {
        let failed = bedrock_category(&client(&[&services(names)])).await.unwrap_err();
        assert!(failed.explain().contains("no Bedrock service with a category"));
    }
}

#[tokio::test]
async fn the_languages_of_a_technical_case_of_the_category_are_read() {
    let rule = mock!(Client::describe_supported_languages)
        .match_requests(|request| {
            request.issue_type() == Some("technical")
                && request.service_code() == Some("s")
                && request.category_code() == Some("c")
        })
        .then_output(|| {
            let language = |code| SupportedLanguage::builder().code(code).build();
            DescribeSupportedLanguagesOutput::builder()
                .supported_languages(language("en"))
                .supported_languages(language("ja"))
                .build()
        });
    let category = ServiceCategory { service_code: "s".into(), category_code: "c".into() };
    assert_eq!(languages(&client(&[&rule]), &category).await.unwrap(), ["en", "ja"]);
}

async fn create(rule: &Rule) -> Result<String, CallFailed> {
    let new = NewCase {
        subject: "subject".into(),
        body: "body".into(),
        severity_code: "high",
        language: "en",
    };
    let category = ServiceCategory { service_code: "s".into(), category_code: "c".into() };
    create_case(&client(&[rule]), &new, &category).await
}

#[tokio::test]
async fn a_case_that_may_be_open_is_not_opened_again() {
    let failing = mock!(Client::create_case)
        .sequence()
        .http_status(500, None)
        .output(|| CreateCaseOutput::builder().case_id("second").build())
        .build();
    let failed = create(&failing).await.unwrap_err();
    assert!(failed.may_have_taken_effect());
    assert_eq!(failing.num_calls(), 1);
}

/// Opens a case at an address where no Support is.
async fn create_at(address: std::net::SocketAddr) -> CallFailed {
    let config = aws_sdk_support::Config::builder()
        .behavior_version_latest()
        .credentials_provider(aws_sdk_support::config::Credentials::for_tests())
        .endpoint_url(format!("http://{address}"))
        .http_client(crate::client::http_client())
        .region(aws_sdk_support::config::Region::from_static("us-east-1"))
        .build();
    let new = NewCase {
        subject: "subject".into(),
        body: "body".into(),
        severity_code: "high",
        language: "en",
    };
    let category = ServiceCategory { service_code: "s".into(), category_code: "c".into() };
    create_case(&Client::from_conf(config), &new, &category).await.unwrap_err()
}

#[tokio::test]
async fn a_case_may_be_open_once_a_connection_was_made() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let cut = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let failed = create_at(address).await;
    assert!(failed.may_have_taken_effect(), "{}", failed.explain());
    cut.join().unwrap();
    // Nobody listens there any more.
    let failed = create_at(address).await;
    assert!(!failed.may_have_taken_effect(), "{}", failed.explain());
}

#[tokio::test]
async fn a_case_that_support_was_too_busy_for_is_opened_a_little_later() {
    let throttled =
        || CreateCaseError::generic(ErrorMetadata::builder().code("ThrottlingException").build());
    let busy = mock!(Client::create_case)
        .sequence()
        .error(throttled)
        .output(|| CreateCaseOutput::builder().case_id("case-1").build())
        .build();
    assert_eq!(create(&busy).await.unwrap(), "case-1");
}

#[tokio::test]
async fn an_answer_without_a_case_id_is_an_error() {
    let empty = mock!(Client::create_case).then_output(|| CreateCaseOutput::builder().build());
    assert!(create(&empty).await.unwrap_err().explain().contains("no case id"));
}

#[tokio::test]
async fn a_message_is_appended_once() {
    let appended = mock!(Client::add_communication_to_case)
        .match_requests(|request| {
            request.case_id() == Some("case-1") && request.communication_body() == Some("text")
        })
        .then_output(|| AddCommunicationToCaseOutput::builder().result(true).build());
    append(&client(&[&appended]), "case-1", "text").await.unwrap();
    assert_eq!(appended.num_calls(), 1);
}

#[tokio::test]
async fn every_page_of_a_cases_messages_is_read() {
    let message = |by: &str| types::Communication::builder().submitted_by(by).body("b").build();
    let page = |token: Option<&'static str>, by: &str, next: Option<&'static str>| {
        let message = message(by);
        mock!(Client::describe_communications)
            .match_requests(move |request| request.next_token() == token)
            .then_output(move || {
                DescribeCommunicationsOutput::builder()
                    .communications(message.clone())
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
    };
    let pages = [page(None, "me", Some("two")), page(Some("two"), "Amazon Web Services", None)];
    let all = communications(&client(&pages.each_ref()), "case-1").await.unwrap();
    let by: Vec<&str> = all.iter().map(|message| message.submitted_by.as_str()).collect();
    assert_eq!(by, ["me", "Amazon Web Services"]);
}
