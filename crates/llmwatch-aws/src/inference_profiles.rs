//! Inference profiles: which models stand behind an id that callers use.

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::types::{InferenceProfileModel, InferenceProfileType};

use llmwatch_core::pool::discovery::profile::{InferenceProfile, ProfileKind};

use crate::CallFailed;

/// The largest page of `ListInferenceProfiles`.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html>.
const PAGE_SIZE: i32 = 1000;

/// Every profile of one kind, all pages.
///
/// # Errors
///
/// When any page could not be read.
pub async fn list(client: &Client, kind: ProfileKind) -> Result<Vec<InferenceProfile>, CallFailed> {
    let wanted = match kind {
        ProfileKind::SystemDefined => InferenceProfileType::SystemDefined,
        ProfileKind::Application => InferenceProfileType::Application,
    };
    let subject = wanted.as_str().to_owned();
    let mut pages = client
        .list_inference_profiles()
        .type_equals(wanted)
        .max_results(PAGE_SIZE)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| CallFailed::new("ListInferenceProfiles", &subject, error))?;
        let summaries = page.inference_profile_summaries.unwrap_or_default();
        found.extend(summaries.into_iter().map(|summary| InferenceProfile {
            id: summary.inference_profile_id,
            arn: summary.inference_profile_arn,
            kind,
            model_arns: model_arns(summary.models),
        }));
    }
    Ok(found)
}

/// One profile by id or ARN; `None` only when Bedrock says that it does not exist.
///
/// # Errors
///
/// When the call failed for any other reason.
pub async fn get(client: &Client, id: &str) -> Result<Option<InferenceProfile>, CallFailed> {
    match client.get_inference_profile().inference_profile_identifier(id).send().await {
        Ok(profile) => Ok(Some(InferenceProfile {
            kind: profile_kind(&profile.r#type),
            id: profile.inference_profile_id,
            arn: profile.inference_profile_arn,
            model_arns: model_arns(profile.models),
        })),
        Err(error) => {
            let failed = CallFailed::new("GetInferenceProfile", id, error);
            if failed.is_not_found() { Ok(None) } else { Err(failed) }
        }
    }
}

/// A type this SDK does not know is not AWS's own catalogue of prefixes, so it counts as made by
/// the account.
fn profile_kind(described: &InferenceProfileType) -> ProfileKind {
    match described {
        InferenceProfileType::SystemDefined => ProfileKind::SystemDefined,
        _ => ProfileKind::Application,
    }
}

fn model_arns(models: Vec<InferenceProfileModel>) -> Vec<String> {
    models.into_iter().filter_map(|model| model.model_arn).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_bedrock::config::retry::RetryConfig;
    use aws_sdk_bedrock::operation::get_inference_profile::GetInferenceProfileError;
    use aws_sdk_bedrock::operation::list_inference_profiles::ListInferenceProfilesOutput;
    use aws_sdk_bedrock::types::error::ResourceNotFoundException;
    use aws_sdk_bedrock::types::{InferenceProfileStatus, InferenceProfileSummary};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    const MODEL_ARN: &str =
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0";

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_bedrock, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn summary(id: &str) -> InferenceProfileSummary {
        InferenceProfileSummary::builder()
            .inference_profile_id(id)
            .inference_profile_name(id)
            .inference_profile_arn(format!(
                "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/{id}"
            ))
            .models(InferenceProfileModel::builder().model_arn(MODEL_ARN).build())
            .status(InferenceProfileStatus::Active)
            .r#type(InferenceProfileType::Application)
            .build()
            .unwrap()
    }

    fn page(token: Option<&'static str>, id: &'static str, next: Option<&'static str>) -> Rule {
        mock!(Client::list_inference_profiles)
            .match_requests(move |request| {
                request.type_equals() == Some(&InferenceProfileType::Application)
                    && request.next_token() == token
            })
            .then_output(move || {
                ListInferenceProfilesOutput::builder()
                    .inference_profile_summaries(summary(id))
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
    }

    #[tokio::test]
    async fn every_page_of_one_kind_is_read() {
        let rules = [page(None, "aaaaaaaaaaaa", Some("2")), page(Some("2"), "bbbbbbbbbbbb", None)];
        let found = list(&client(&rules.each_ref()), ProfileKind::Application).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|profile| profile.id.as_str()).collect();
        assert_eq!(ids, ["aaaaaaaaaaaa", "bbbbbbbbbbbb"]);
        assert_eq!(found[0].model_arns, [MODEL_ARN]);
    }

    #[tokio::test]
    async fn only_resource_not_found_means_no_such_profile() {
        let missing = mock!(Client::get_inference_profile).then_error(|| {
            let meta = ErrorMetadata::builder().code("ResourceNotFoundException").build();
            GetInferenceProfileError::ResourceNotFoundException(
                ResourceNotFoundException::builder().meta(meta).build(),
            )
        });
        assert_eq!(get(&client(&[&missing]), "aaaaaaaaaaaa").await.unwrap(), None);
        let denied = mock!(Client::get_inference_profile).then_error(|| {
            let meta = ErrorMetadata::builder().code("AccessDeniedException").build();
            GetInferenceProfileError::generic(meta)
        });
        assert!(get(&client(&[&denied]), "aaaaaaaaaaaa").await.unwrap_err().is_denied());
    }
}
