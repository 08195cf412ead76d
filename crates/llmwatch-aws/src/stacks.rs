//! CloudFormation: what a stack is made of, and its deletion.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksOutput;

use crate::CallFailed;

/// A stack as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its ARN, by which it can be asked for after it was deleted.
    pub id: String,
    /// Its status, for example `CREATE_COMPLETE`.
    pub status: String,
    /// Why it has this status, where CloudFormation says so.
    pub reason: Option<String>,
    /// The values of its parameters.
    pub parameters: BTreeMap<String, String>,
}

/// One resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical_id: String,
    /// What the service knows it by; absent where it was never made.
    pub physical_id: Option<String>,
    /// Its type, for example `AWS::SQS::Queue`.
    pub kind: String,
    /// Its status, for example `DELETE_SKIPPED`.
    pub status: String,
    /// Why it has this status, where CloudFormation says so.
    pub reason: Option<String>,
}

/// A stack by its name or ARN; `None` when there is none of that name.
///
/// # Errors
///
/// When the call failed for any other reason.
pub async fn describe(client: &Client, name: &str) -> Result<Option<Stack>, CallFailed> {
    match client.describe_stacks().stack_name(name).send().await {
        Ok(output) => Ok(first(output)),
        Err(error) => {
            let failed = CallFailed::new("DescribeStacks", name, error);
            if is_absent(&failed) { Ok(None) } else { Err(failed) }
        }
    }
}

/// Every resource of a stack, all pages; of a deleted stack when it is asked for by its ARN.
///
/// # Errors
///
/// When any page could not be read.
pub async fn resources(client: &Client, name: &str) -> Result<Vec<StackResource>, CallFailed> {
    let mut pages = client.list_stack_resources().stack_name(name).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("ListStackResources", name, error))?;
        for resource in page.stack_resource_summaries.unwrap_or_default() {
            found.push(StackResource {
                logical_id: resource.logical_resource_id.unwrap_or_default(),
                physical_id: resource.physical_resource_id,
                kind: resource.resource_type.unwrap_or_default(),
                status: resource
                    .resource_status
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
                reason: resource.resource_status_reason,
            });
        }
    }
    Ok(found)
}

/// Begins to delete a stack; deleting goes on after the call.
///
/// # Errors
///
/// When CloudFormation refuses or cannot be reached.
pub async fn delete(client: &Client, name: &str) -> Result<(), CallFailed> {
    let deleted = client.delete_stack().stack_name(name).send().await;
    deleted.map(drop).map_err(|error| CallFailed::new("DeleteStack", name, error))
}

/// CloudFormation has no error of its own for a stack that does not exist.
fn is_absent(failed: &CallFailed) -> bool {
    failed.code() == Some("ValidationError") && crate::chain(failed).contains("does not exist")
}

fn first(output: DescribeStacksOutput) -> Option<Stack> {
    let stack = output.stacks.unwrap_or_default().into_iter().next()?;
    let parameters = stack.parameters.unwrap_or_default().into_iter();
    Some(Stack {
        id: stack.stack_id?,
        status: stack.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: stack.stack_status_reason,
        parameters: parameters
            .filter_map(|one| Some((one.parameter_key?, one.parameter_value?)))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksError;
    use aws_sdk_cloudformation::operation::list_stack_resources::ListStackResourcesOutput;
    use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::DateTime;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn refusal(code: &'static str, message: &'static str) -> Rule {
        mock!(Client::describe_stacks).then_error(move || {
            let metadata = ErrorMetadata::builder().code(code).message(message).build();
            DescribeStacksError::generic(metadata)
        })
    }

    #[tokio::test]
    async fn only_a_stack_that_does_not_exist_is_none() {
        let client = |rule: &Rule| mock_client!(aws_sdk_cloudformation, RuleMode::MatchAny, [rule]);
        let absent = refusal("ValidationError", "Stack with id x does not exist");
        assert_eq!(describe(&client(&absent), "x").await.unwrap(), None);
        for other in [
            refusal("ValidationError", "1 validation error detected"),
            refusal("AccessDenied", "User is not authorized"),
        ] {
            describe(&client(&other), "x").await.unwrap_err();
        }
    }

    #[tokio::test]
    async fn resources_are_read_to_the_last_page() {
        let page = |token: Option<&'static str>, name: &'static str, next: Option<&'static str>| {
            mock!(Client::list_stack_resources)
                .match_requests(move |request| request.next_token() == token)
                .then_output(move || {
                    let resource = StackResourceSummary::builder()
                        .logical_resource_id(name)
                        .resource_type("AWS::SQS::Queue")
                        .resource_status(ResourceStatus::CreateComplete)
                        .last_updated_timestamp(DateTime::from_secs(0))
                        .build();
                    ListStackResourcesOutput::builder()
                        .stack_resource_summaries(resource)
                        .set_next_token(next.map(str::to_owned))
                        .build()
                })
        };
        let rules = [page(None, "A", Some("2")), page(Some("2"), "B", None)];
        let client = mock_client!(aws_sdk_cloudformation, RuleMode::MatchAny, rules.each_ref());
        let found = resources(&client, "x").await.unwrap();
        let names: Vec<&str> = found.iter().map(|resource| resource.logical_id.as_str()).collect();
        assert_eq!(names, ["A", "B"]);
        assert_eq!(found[0].status, "CREATE_COMPLETE");
    }
}
