//! On-demand deployments of customised models: which base model's quotas they draw on.

use aws_sdk_bedrock::Client;
use llmwatch_core::pool::discovery::CustomDeployment;

use crate::CallFailed;

/// The deployment with its base model, by `GetCustomModelDeployment` and then `GetCustomModel`;
/// `None` only when Bedrock says that either does not exist, or names no base model.
///
/// # Errors
///
/// When either call failed for any other reason.
pub async fn get_deployment(
    client: &Client,
    arn: &str,
) -> Result<Option<CustomDeployment>, CallFailed> {
    let deployment = client
        .get_custom_model_deployment()
        .custom_model_deployment_identifier(arn)
        .send()
        .await
        .map_err(|error| CallFailed::new("GetCustomModelDeployment", arn, error));
    let Some(deployment) = none_if_not_found(deployment)? else { return Ok(None) };
    let model_arn = deployment.model_arn;
    let model = client
        .get_custom_model()
        .model_identifier(&model_arn)
        .send()
        .await
        .map_err(|error| CallFailed::new("GetCustomModel", &model_arn, error));
    Ok(none_if_not_found(model)?
        .and_then(|model| model.base_model_arn)
        .map(|base_model| CustomDeployment { arn: arn.to_owned(), base_model }))
}

fn none_if_not_found<T>(read: Result<T, CallFailed>) -> Result<Option<T>, CallFailed> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(failed) if failed.is_not_found() => Ok(None),
        Err(failed) => Err(failed),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_bedrock::config::retry::RetryConfig;
    use aws_sdk_bedrock::operation::get_custom_model::GetCustomModelOutput;
    use aws_sdk_bedrock::operation::get_custom_model_deployment::{
        GetCustomModelDeploymentError, GetCustomModelDeploymentOutput,
    };
    use aws_sdk_bedrock::types::CustomModelDeploymentStatus;
    use aws_sdk_bedrock::types::error::ResourceNotFoundException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::DateTime;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    const DEPLOYMENT: &str =
        "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl";
    const MODEL: &str =
        "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-lite-v1:0/abcdefghijkl";
    const BASE: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_bedrock, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    #[tokio::test]
    async fn the_base_model_is_read_through_the_custom_model() {
        let deployment = mock!(Client::get_custom_model_deployment)
            .match_requests(|r| r.custom_model_deployment_identifier() == Some(DEPLOYMENT))
            .then_output(|| {
                GetCustomModelDeploymentOutput::builder()
                    .custom_model_deployment_arn(DEPLOYMENT)
                    .model_deployment_name("mine")
                    .model_arn(MODEL)
                    .created_at(DateTime::from_secs(0))
                    .status(CustomModelDeploymentStatus::Active)
                    .build()
                    .unwrap()
            });
        let model = mock!(Client::get_custom_model)
            .match_requests(|r| r.model_identifier() == Some(MODEL))
            .then_output(|| {
                GetCustomModelOutput::builder()
                    .model_arn(MODEL)
                    .model_name("mine")
                    .base_model_arn(BASE)
                    .creation_time(DateTime::from_secs(0))
                    .build()
                    .unwrap()
            });
        let found = get_deployment(&client(&[&deployment, &model]), DEPLOYMENT).await.unwrap();
        let expected = CustomDeployment { arn: DEPLOYMENT.into(), base_model: BASE.into() };
        assert_eq!(found, Some(expected));
    }

    #[tokio::test]
    async fn only_resource_not_found_means_no_such_deployment() {
        fn failing(code: &'static str) -> Rule {
            mock!(Client::get_custom_model_deployment).then_error(move || {
                let meta = ErrorMetadata::builder().code(code).build();
                match code {
                    "ResourceNotFoundException" => {
                        GetCustomModelDeploymentError::ResourceNotFoundException(
                            ResourceNotFoundException::builder().meta(meta).build(),
                        )
                    }
                    _ => GetCustomModelDeploymentError::generic(meta),
                }
            })
        }
        let missing = client(&[&failing("ResourceNotFoundException")]);
        assert_eq!(get_deployment(&missing, DEPLOYMENT).await.unwrap(), None);
        let throttled = client(&[&failing("ThrottlingException")]);
        assert!(get_deployment(&throttled, DEPLOYMENT).await.unwrap_err().is_throttled());
    }
}
