//! AWS Support: cases opened, found, and written to.
//!
//! Support is one global service; the client's Region is `Region::support_region`.

use std::time::Duration;

use aws_sdk_support::Client;
use aws_sdk_support::config::retry::RetryConfig;
use aws_sdk_support::types::CaseDetails;
use jiff::Timestamp;

use crate::CallFailed;
use crate::call::repeated;

/// Cases a page of `DescribeCases`: the most it gives.
///
/// Source: <https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeCases.html>.
const CASES_A_PAGE: i32 = 100;

/// What kind of case llmwatch opens.
const ISSUE_TYPE: &str = "technical";

/// How long a write waits when Support is too busy: it takes 5 requests a second.
///
/// Source: <https://docs.aws.amazon.com/general/latest/gr/awssupport.html>.
const WAITS_WHEN_THROTTLED: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// A support case, without its communications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSummary {
    /// The id the API works with.
    pub case_id: String,
    /// The number people see in the console.
    pub display_id: String,
    /// Its subject.
    pub subject: String,
    /// Its status, for example `opened`.
    pub status: String,
    /// When it was opened, as Support writes it (ISO 8601).
    pub opened_at: String,
    /// The language Support handles it in, as an ISO 639-1 code; empty when it does not say.
    pub language: String,
}

/// One message on a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Communication {
    /// Who wrote it; Support's own end in `Amazon Web Services`.
    pub submitted_by: String,
    /// What it says.
    pub body: String,
}

/// What a new case needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCase {
    /// The subject.
    pub subject: String,
    /// The body, at most 8,000 characters.
    pub body: String,
    /// `low`, `normal`, `high`, `urgent` or `critical`; what the support plan allows.
    pub severity_code: &'static str,
    /// The language Support is to handle it in, as an ISO 639-1 code.
    pub language: &'static str,
}

/// The codes a Bedrock case is filed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCategory {
    /// The service's code.
    pub service_code: String,
    /// The category's code.
    pub category_code: String,
}

/// Every unresolved case opened or written to since `after`, all pages.
///
/// # Errors
///
/// When a page cannot be read: a list with a hole must not be taken for "no case".
pub async fn open_cases(client: &Client, after: Timestamp) -> Result<Vec<CaseSummary>, CallFailed> {
    let mut cases = Vec::new();
    let mut pages = client
        .describe_cases()
        .after_time(after.to_string())
        .include_resolved_cases(false)
        .include_communications(false)
        .max_results(CASES_A_PAGE)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("DescribeCases", "open cases", error))?;
        cases.extend(page.cases.unwrap_or_default().into_iter().filter_map(summary));
    }
    Ok(cases)
}

/// The case that people see under a number; Service Quotas names a request's case by it.
///
/// `None` when Support does not list it yet.
///
/// # Errors
///
/// When the read fails.
pub async fn case_by_number(
    client: &Client,
    display_id: &str,
) -> Result<Option<CaseSummary>, CallFailed> {
    let answer = client
        .describe_cases()
        .display_id(display_id)
        .include_resolved_cases(true)
        .include_communications(false)
        .send()
        .await
        .map_err(|error| CallFailed::new("DescribeCases", display_id, error))?;
    Ok(answer.cases.unwrap_or_default().into_iter().find_map(summary))
}

/// Finds the codes of Bedrock and of its general category.
///
/// No documentation names them, so they are looked up: the service whose name says Bedrock, of
/// several (its agents may be one) the shortest name, and of its categories the one that says
/// general guidance, else the first.
///
/// # Errors
///
/// When the listing fails or has no Bedrock service.
pub async fn bedrock_category(client: &Client) -> Result<ServiceCategory, CallFailed> {
    let answer = client
        .describe_services()
        .send()
        .await
        .map_err(|error| CallFailed::new("DescribeServices", "Bedrock", error))?;
    let services = answer.services.unwrap_or_default();
    let named = |text: &Option<String>, word: &str| {
        text.as_deref().is_some_and(|text| text.to_lowercase().contains(word))
    };
    let service = services
        .iter()
        .filter(|service| named(&service.name, "bedrock"))
        .min_by_key(|service| service.name().map(str::len));
    let category = service.and_then(|service| {
        let categories = service.categories.as_deref().unwrap_or_default();
        categories.iter().find(|category| named(&category.code, "general")).or(categories.first())
    });
    match (service.and_then(|s| s.code.clone()), category.and_then(|c| c.code.clone())) {
        (Some(service_code), Some(category_code)) => {
            Ok(ServiceCategory { service_code, category_code })
        }
        _ => Err(CallFailed::unusable_answer(
            "DescribeServices",
            "Bedrock",
            "Support lists no Bedrock service with a category",
        )),
    }
}

/// The ISO 639-1 codes of the languages in which a technical case of a category can be handled.
///
/// Source: <https://docs.aws.amazon.com/awssupport/latest/APIReference/API_DescribeSupportedLanguages.html>.
///
/// # Errors
///
/// When the listing fails.
pub async fn languages(
    client: &Client,
    category: &ServiceCategory,
) -> Result<Vec<String>, CallFailed> {
    let ServiceCategory { service_code, category_code } = category;
    let answer = client
        .describe_supported_languages()
        .issue_type(ISSUE_TYPE)
        .service_code(service_code)
        .category_code(category_code)
        .send()
        .await
        .map_err(|error| CallFailed::new("DescribeSupportedLanguages", service_code, error))?;
    let languages = answer.supported_languages.unwrap_or_default();
    Ok(languages.into_iter().filter_map(|language| language.code).collect())
}

/// Opens a case and returns its id.
///
/// Tried again only when Support asks to slow down: after any other failure a case may be open.
///
/// # Errors
///
/// When Support refuses or cannot be reached.
pub async fn create_case(
    client: &Client,
    case: &NewCase,
    category: &ServiceCategory,
) -> Result<String, CallFailed> {
    let call = client
        .create_case()
        .subject(&case.subject)
        .communication_body(&case.body)
        .service_code(&category.service_code)
        .category_code(&category.category_code)
        .severity_code(case.severity_code)
        .issue_type(ISSUE_TYPE)
        .language(case.language);
    let answer = repeated(&WAITS_WHEN_THROTTLED, CallFailed::is_throttled, async || {
        let answer = call.clone().customize().config_override(tried_once()).send().await;
        answer.map_err(|error| CallFailed::new("CreateCase", &case.subject, error))
    })
    .await?;
    answer.case_id.ok_or_else(|| {
        CallFailed::unusable_answer("CreateCase", &case.subject, "the answer has no case id")
    })
}

/// Appends a message to a case; tried again as [`create_case`] is.
///
/// # Errors
///
/// When Support refuses or cannot be reached.
pub async fn append(client: &Client, case_id: &str, body: &str) -> Result<(), CallFailed> {
    let call = client.add_communication_to_case().case_id(case_id).communication_body(body);
    repeated(&WAITS_WHEN_THROTTLED, CallFailed::is_throttled, async || {
        let answer = call.clone().customize().config_override(tried_once()).send().await;
        answer.map_err(|error| CallFailed::new("AddCommunicationToCase", case_id, error))
    })
    .await?;
    Ok(())
}

/// A write that may have succeeded although it failed must not be repeated blindly, as the SDK
/// would: people read each one.
fn tried_once() -> aws_sdk_support::config::Builder {
    aws_sdk_support::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// Every message on a case, newest first, all pages.
///
/// # Errors
///
/// When a page cannot be read.
pub async fn communications(
    client: &Client,
    case_id: &str,
) -> Result<Vec<Communication>, CallFailed> {
    let mut all = Vec::new();
    let mut pages =
        client.describe_communications().case_id(case_id).max_results(100).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| CallFailed::new("DescribeCommunications", case_id, error))?;
        all.extend(page.communications.unwrap_or_default().into_iter().map(|message| {
            Communication {
                submitted_by: message.submitted_by.unwrap_or_default(),
                body: message.body.unwrap_or_default(),
            }
        }));
    }
    Ok(all)
}

fn summary(case: CaseDetails) -> Option<CaseSummary> {
    Some(CaseSummary {
        case_id: case.case_id?,
        display_id: case.display_id.unwrap_or_default(),
        subject: case.subject.unwrap_or_default(),
        status: case.status.unwrap_or_default(),
        opened_at: case.time_created.unwrap_or_default(),
        language: case.language.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
