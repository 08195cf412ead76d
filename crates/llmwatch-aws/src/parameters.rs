//! Parameter Store: where thresholds and settings live. Versions of a parameter are its history.

use std::time::Duration;

use crate::CallFailed;
pub use crate::pace::Pace;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{ParameterTier, ParameterType};

/// The largest page of `GetParametersByPath`, and the most names `DeleteParameters` takes.
///
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>.
const BATCH: usize = 10;

/// The wait between two `PutParameter` calls, which an account may make 3 of a second.
///
/// Source: <https://docs.aws.amazon.com/general/latest/gr/ssm.html>.
pub const PUT_INTERVAL: Duration = Duration::from_millis(350);

/// A parameter as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The full name, with its path.
    pub name: String,
    /// The value.
    pub value: String,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// A new version exists.
    NewVersion(i64),
    /// The stored value is this one already, so nothing was called.
    Unchanged,
}

/// Every parameter below a path, at any depth, all pages, in the service's order.
///
/// # Errors
///
/// When any page could not be read.
pub async fn by_path(client: &Client, path: &str) -> Result<Vec<Parameter>, CallFailed> {
    let mut pages = client
        .get_parameters_by_path()
        .path(path)
        .recursive(true)
        .max_results(BATCH as i32)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("GetParametersByPath", path, error))?;
        found.extend(page.parameters.unwrap_or_default().into_iter().filter_map(parameter));
    }
    Ok(found)
}

/// The value of one parameter; `None` only when the service says that it does not exist.
///
/// # Errors
///
/// When the call failed for any other reason.
pub async fn get(client: &Client, name: &str) -> Result<Option<String>, CallFailed> {
    match client.get_parameter().name(name).send().await {
        Ok(output) => Ok(output.parameter.and_then(|parameter| parameter.value)),
        Err(error) => {
            let failed = CallFailed::new("GetParameter", name, error);
            if failed.is_not_found() { Ok(None) } else { Err(failed) }
        }
    }
}

/// The parameters that exist among at most ten names, in one call.
///
/// # Errors
///
/// When the call failed; more than ten names are refused by the service.
pub async fn get_several(client: &Client, names: &[String]) -> Result<Vec<Parameter>, CallFailed> {
    let output = client
        .get_parameters()
        .set_names(Some(names.to_vec()))
        .send()
        .await
        .map_err(|error| CallFailed::new("GetParameters", names.join(", "), error))?;
    Ok(output.parameters.unwrap_or_default().into_iter().filter_map(parameter).collect())
}

/// Stores a value, unless it is the stored one.
///
/// The tier is left to the service: a value over 4 KB makes an advanced parameter (at most 8 KB).
///
/// # Errors
///
/// When the write failed; the stored value is then unchanged.
pub async fn put_if_changed(
    client: &Client,
    name: &str,
    value: &str,
    stored: Option<&str>,
) -> Result<Written, CallFailed> {
    if stored == Some(value) {
        return Ok(Written::Unchanged);
    }
    let output = client
        .put_parameter()
        .name(name)
        .value(value)
        .r#type(ParameterType::String)
        .tier(ParameterTier::IntelligentTiering)
        .overwrite(true)
        .send()
        .await
        .map_err(|error| CallFailed::new("PutParameter", name, error))?;
    Ok(Written::NewVersion(output.version))
}

/// Deletes parameters, ten a call; one that does not exist is deleted already.
///
/// Returns the names that existed.
///
/// # Errors
///
/// When a call failed; earlier batches are gone, and repeating the whole is safe.
pub async fn delete(client: &Client, names: &[String]) -> Result<Vec<String>, CallFailed> {
    let mut deleted = Vec::new();
    for batch in names.chunks(BATCH) {
        let output = client
            .delete_parameters()
            .set_names(Some(batch.to_vec()))
            .send()
            .await
            .map_err(|error| CallFailed::new("DeleteParameters", batch.join(", "), error))?;
        deleted.extend(output.deleted_parameters.unwrap_or_default());
    }
    Ok(deleted)
}

fn parameter(stored: aws_sdk_ssm::types::Parameter) -> Option<Parameter> {
    Some(Parameter { name: stored.name?, value: stored.value? })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::config::retry::RetryConfig;
    use aws_sdk_ssm::operation::delete_parameters::DeleteParametersOutput;
    use aws_sdk_ssm::operation::get_parameter::GetParameterError;
    use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathOutput;
    use aws_sdk_ssm::operation::put_parameter::PutParameterOutput;
    use aws_sdk_ssm::types::error::ParameterNotFound;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_ssm, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    fn page(token: Option<&'static str>, name: &'static str, next: Option<&'static str>) -> Rule {
        mock!(Client::get_parameters_by_path)
            .match_requests(move |request| {
                request.path() == Some("/llmwatch/pools")
                    && request.recursive() == Some(true)
                    && request.max_results() == Some(10)
                    && request.next_token() == token
            })
            .then_output(move || {
                let stored = aws_sdk_ssm::types::Parameter::builder().name(name).value("{}");
                GetParametersByPathOutput::builder()
                    .parameters(stored.build())
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
    }

    #[tokio::test]
    async fn a_path_is_read_to_its_last_page() {
        let rules =
            [page(None, "/llmwatch/pools/a/thresholds", Some("2")), page(Some("2"), "b", None)];
        let found = by_path(&client(&rules.each_ref()), "/llmwatch/pools").await.unwrap();
        let names: Vec<&str> = found.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["/llmwatch/pools/a/thresholds", "b"]);
    }

    #[tokio::test]
    async fn only_parameter_not_found_means_none() {
        fn answer(error: GetParameterError) -> Rule {
            let error = std::sync::Mutex::new(Some(error));
            mock!(Client::get_parameter).then_error(move || error.lock().unwrap().take().unwrap())
        }
        let missing = ParameterNotFound::builder()
            .meta(ErrorMetadata::builder().code("ParameterNotFound").build());
        let missing = answer(GetParameterError::ParameterNotFound(missing.build()));
        assert_eq!(get(&client(&[&missing]), "/llmwatch/x").await.unwrap(), None);

        let denied = ErrorMetadata::builder().code("AccessDeniedException").build();
        let denied = answer(GetParameterError::generic(denied));
        assert!(get(&client(&[&denied]), "/llmwatch/x").await.unwrap_err().is_denied());
    }

    #[tokio::test]
    async fn an_unchanged_value_is_not_written() {
        let put = mock!(Client::put_parameter)
            .match_requests(|request| {
                request.overwrite() == Some(true)
                    && request.tier() == Some(&ParameterTier::IntelligentTiering)
            })
            .then_output(|| PutParameterOutput::builder().version(4).build());
        let client = client(&[&put]);
        let unchanged = put_if_changed(&client, "/llmwatch/x", "1", Some("1")).await.unwrap();
        assert_eq!((unchanged, put.num_calls()), (Written::Unchanged, 0));
        for stored in [None, Some("0")] {
            let written = put_if_changed(&client, "/llmwatch/x", "1", stored).await.unwrap();
            assert_eq!(written, Written::NewVersion(4));
        }
    }

    #[tokio::test]
    async fn deletes_go_ten_a_call_and_missing_ones_are_no_error() {
        let rule = mock!(Client::delete_parameters)
            .match_requests(|request| (1..=10).contains(&request.names().len()))
            .then_output(|| {
                DeleteParametersOutput::builder()
                    .deleted_parameters("/llmwatch/1")
                    .invalid_parameters("/llmwatch/2")
                    .build()
            });
        let names: Vec<String> = (0..23).map(|n| format!("/llmwatch/{n}")).collect();
        let deleted = delete(&client(&[&rule]), &names).await.unwrap();
        assert_eq!((deleted.len(), rule.num_calls()), (3, 3));
        assert_eq!(delete(&client(&[&rule]), &[]).await.unwrap(), Vec::<String>::new());
    }
}
