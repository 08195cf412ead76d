//! Bedrock's model-invocation logging of the account and Region.

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::types::{CloudWatchConfig, LoggingConfig, S3Config};
use llmwatch_core::invocation_logging::{Configuration, Contents, LogGroup, Place};

use crate::CallFailed;

/// There is one, so calls have no other subject.
const SUBJECT: &str = "the account's invocation logging";

/// The configuration; none where nothing is logged.
///
/// # Errors
///
/// When it could not be read.
pub async fn read(client: &Client) -> Result<Option<Configuration>, CallFailed> {
    let output =
        client.get_model_invocation_logging_configuration().send().await.map_err(|error| {
            CallFailed::new("GetModelInvocationLoggingConfiguration", SUBJECT, error)
        })?;
    Ok(output.logging_config.map(|config| Configuration {
        s3: config.s3_config.as_ref().map(place),
        log_group: config.cloud_watch_config.map(log_group),
        contents: Contents {
            text: config.text_data_delivery_enabled,
            image: config.image_data_delivery_enabled,
            embedding: config.embedding_data_delivery_enabled,
            video: config.video_data_delivery_enabled,
            audio: config.audio_data_delivery_enabled,
        },
    }))
}

/// Writes the configuration in the place of whatever there is.
///
/// Bedrock tries the bucket, and refuses with `ValidationException` where it may not write.
///
/// # Errors
///
/// When it was not written; the former one then stays.
pub async fn write(client: &Client, configuration: &Configuration) -> Result<(), CallFailed> {
    const OPERATION: &str = "PutModelInvocationLoggingConfiguration";
    let logging_config = logging_config(configuration)
        .map_err(|problem| CallFailed::unusable_answer(OPERATION, SUBJECT, problem))?;
    client
        .put_model_invocation_logging_configuration()
        .logging_config(logging_config)
        .send()
        .await
        .map(drop)
        .map_err(|error| CallFailed::new(OPERATION, SUBJECT, error))
}

/// Removes the configuration: nothing is logged any more. One that is gone is removed already.
///
/// # Errors
///
/// When it could not be removed.
pub async fn remove(client: &Client) -> Result<(), CallFailed> {
    let removed = client.delete_model_invocation_logging_configuration().send().await;
    match removed {
        Ok(_) => Ok(()),
        Err(error) => {
            let operation = "DeleteModelInvocationLoggingConfiguration";
            let failed = CallFailed::new(operation, SUBJECT, error);
            if failed.is_not_found() { Ok(()) } else { Err(failed) }
        }
    }
}

fn place(config: &S3Config) -> Place {
    Place::new(&config.bucket_name, config.key_prefix().unwrap_or_default())
}

fn log_group(config: CloudWatchConfig) -> LogGroup {
    LogGroup {
        large_bodies: config.large_data_delivery_s3_config.as_ref().map(place),
        name: config.log_group_name,
        role_arn: config.role_arn,
    }
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

fn logging_config(configuration: &Configuration) -> Result<LoggingConfig, Problem> {
    let contents = configuration.contents;
    let log_group = configuration.log_group.as_ref().map(cloud_watch_config).transpose()?;
    Ok(LoggingConfig::builder()
        .set_s3_config(configuration.s3.as_ref().map(s3_config).transpose()?)
        .set_cloud_watch_config(log_group)
        .set_text_data_delivery_enabled(contents.text)
        .set_image_data_delivery_enabled(contents.image)
        .set_embedding_data_delivery_enabled(contents.embedding)
        .set_video_data_delivery_enabled(contents.video)
        .set_audio_data_delivery_enabled(contents.audio)
        .build())
}

fn s3_config(place: &Place) -> Result<S3Config, Problem> {
    let prefix = Some(&place.prefix).filter(|prefix| !prefix.is_empty());
    let builder = S3Config::builder().bucket_name(&place.bucket);
    Ok(builder.set_key_prefix(prefix.cloned()).build()?)
}

fn cloud_watch_config(group: &LogGroup) -> Result<CloudWatchConfig, Problem> {
    let large = group.large_bodies.as_ref().map(s3_config).transpose()?;
    let builder = CloudWatchConfig::builder().log_group_name(&group.name).role_arn(&group.role_arn);
    Ok(builder.set_large_data_delivery_s3_config(large).build()?)
}

#[cfg(test)]
mod tests {
    use aws_sdk_bedrock::config::retry::RetryConfig;
    use aws_sdk_bedrock::operation::delete_model_invocation_logging_configuration::{
        DeleteModelInvocationLoggingConfigurationError as DeleteError,
        DeleteModelInvocationLoggingConfigurationOutput as DeleteOutput,
    };
    use aws_sdk_bedrock::operation::get_model_invocation_logging_configuration::{
        GetModelInvocationLoggingConfigurationError as GetError,
        GetModelInvocationLoggingConfigurationOutput as GetOutput,
    };
    use aws_sdk_bedrock::operation::put_model_invocation_logging_configuration::{
        PutModelInvocationLoggingConfigurationError as PutError,
        PutModelInvocationLoggingConfigurationOutput as PutOutput,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn client(rule: &Rule) -> Client {
        mock_client!(aws_sdk_bedrock, RuleMode::MatchAny, &[rule], |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn failure(code: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).build()
    }

    fn whole() -> Configuration {
        Configuration {
            s3: Some(Place::new("logs", "bedrock")),
            log_group: Some(LogGroup {
                name: "/bedrock/calls".to_owned(),
                role_arn: "arn:aws:iam::123456789012:role/logs".to_owned(),
                large_bodies: Some(Place::new("large", "")),
            }),
            contents: Contents {
                text: Some(true),
                image: Some(false),
                embedding: None,
                video: None,
                audio: Some(false),
            },
        }
    }

    #[tokio::test]
    async fn what_is_read_is_what_was_written() {
        let put = mock!(Client::put_model_invocation_logging_configuration)
            .match_requests(|request| {
                let config = request.logging_config().unwrap();
                let s3 = config.s3_config().unwrap();
                s3.bucket_name() == "logs"
                    && s3.key_prefix() == Some("bedrock")
                    && config.text_data_delivery_enabled() == Some(true)
                    && config.embedding_data_delivery_enabled().is_none()
            })
            .then_output(|| PutOutput::builder().build());
        write(&client(&put), &whole()).await.unwrap();
        let get = mock!(Client::get_model_invocation_logging_configuration).then_output(|| {
            GetOutput::builder().logging_config(logging_config(&whole()).unwrap()).build()
        });
        assert_eq!(read(&client(&get)).await.unwrap(), Some(whole()));
    }

    #[tokio::test]
    async fn an_empty_prefix_is_not_sent() {
        let put = mock!(Client::put_model_invocation_logging_configuration)
            .match_requests(|request| {
                let s3 = request.logging_config().unwrap().s3_config().unwrap();
                s3.key_prefix().is_none()
            })
            .then_output(|| PutOutput::builder().build());
        write(&client(&put), &Configuration::to(&Place::new("logs", ""))).await.unwrap();
        assert_eq!(put.num_calls(), 1);
    }

    #[tokio::test]
    async fn only_an_answer_without_a_configuration_means_none() {
        let none = mock!(Client::get_model_invocation_logging_configuration)
            .then_output(|| GetOutput::builder().build());
        assert_eq!(read(&client(&none)).await.unwrap(), None);
        let denied = mock!(Client::get_model_invocation_logging_configuration)
            .then_error(|| GetError::generic(failure("AccessDeniedException")));
        assert!(read(&client(&denied)).await.unwrap_err().is_denied());
    }

    #[tokio::test]
    async fn bedrocks_refusal_is_told() {
        let refused = mock!(Client::put_model_invocation_logging_configuration)
            .then_error(|| PutError::generic(failure("ValidationException")));
        let error = write(&client(&refused), &whole()).await.unwrap_err();
        assert!(error.is_refused(), "{}", error.explain());
    }

    #[tokio::test]
    async fn what_is_gone_is_removed_already() {
        let removed = mock!(Client::delete_model_invocation_logging_configuration)
            .then_output(|| DeleteOutput::builder().build());
        remove(&client(&removed)).await.unwrap();
        let gone = mock!(Client::delete_model_invocation_logging_configuration)
            .then_error(|| DeleteError::generic(failure("ResourceNotFoundException")));
        remove(&client(&gone)).await.unwrap();
        let denied = mock!(Client::delete_model_invocation_logging_configuration)
            .then_error(|| DeleteError::generic(failure("AccessDeniedException")));
        assert!(remove(&client(&denied)).await.unwrap_err().is_denied());
    }
}
