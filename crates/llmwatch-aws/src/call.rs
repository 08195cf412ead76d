//! What a failed AWS call is: the operation, its subject, the error code, and the cause.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// An AWS call that failed after the SDK's own retries.
#[derive(Debug, thiserror::Error)]
#[error("{operation} of {subject} failed")]
pub struct CallFailed {
    operation: &'static str,
    subject: String,
    code: Option<String>,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl CallFailed {
    /// Wraps an SDK error with the operation's name and what it was called on.
    #[must_use]
    pub fn new<E, R>(
        operation: &'static str,
        subject: impl Into<String>,
        error: SdkError<E, R>,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let code = error.code().map(str::to_owned);
        Self { operation, subject: subject.into(), code, source: error.into() }
    }

    /// A call that was answered, but with something llmwatch cannot use.
    #[must_use]
    pub fn unusable_answer(
        operation: &'static str,
        subject: impl Into<String>,
        problem: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { operation, subject: subject.into(), code: None, source: problem.into() }
    }

    /// The error code of the service, for example `ThrottlingException`, if it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The thing does not exist. Nothing else means "none".
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.has_code(&[
            "NoSuchResourceException",
            "ResourceNotFoundException",
            "ResourceNotFound",
            "ParameterNotFound",
            "CaseIdNotFound",
        ])
    }

    /// The service asked to slow down.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.has_code(&[
            "ThrottlingException",
            "Throttling",
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "ProvisionedThroughputExceededException",
        ])
    }

    /// The function's role lacks the permission.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.has_code(&["AccessDeniedException", "AccessDenied", "UnauthorizedOperation"])
    }

    /// The account has no support plan that opens the Support API.
    #[must_use]
    pub fn is_not_subscribed(&self) -> bool {
        self.has_code(&["SubscriptionRequiredException"])
    }

    /// An open request or resource of the same identity exists already.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.has_code(&["ResourceAlreadyExistsException", "ParameterAlreadyExists"])
    }

    /// A conditional write found the condition false.
    #[must_use]
    pub fn is_condition_failed(&self) -> bool {
        self.has_code(&["ConditionalCheckFailedException"])
    }

    /// The service says the request itself is wrong, so that sending it again cannot help.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.has_code(&[
            "IllegalArgumentException",
            "InvalidResourceStateException",
            "QuotaExceededException",
            "DependencyAccessDeniedException",
            "CaseCreationLimitExceeded",
            "ValidationException",
            "ValidationError",
            "InvalidParameterException",
        ])
    }

    /// The whole chain of causes in one line, for logs and for the texts people read.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = chain(self);
        if self.is_denied() {
            text.push_str(" (the function's role lacks the permission for ");
            text.push_str(self.operation);
            text.push_str("; redeploy the stack, or look for a service control policy)");
        }
        text
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

/// An error and all its causes, joined by `: `, each once.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !parts.last().is_some_and(|last| last.ends_with(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_each_cause_once() {
        let inner: Box<dyn Error + Send + Sync> = "connection refused".into();
        let error = CallFailed {
            operation: "GetServiceQuota",
            subject: "L-CCA5DF70".into(),
            code: None,
            source: inner,
        };
        assert_eq!(error.explain(), "GetServiceQuota of L-CCA5DF70 failed: connection refused");
    }

    #[test]
    fn a_denied_call_says_how_to_mend_it() {
        let error = CallFailed {
            operation: "CreateCase",
            subject: "a case".into(),
            code: Some("AccessDeniedException".into()),
            source: "not authorized".into(),
        };
        assert!(error.explain().contains("role lacks the permission for CreateCase"));
    }
}
