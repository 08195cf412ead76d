//! What a failed AWS call is: the operation, its subject, the error code, and the cause.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// How much of a service's message is kept, in characters.
const MAX_MESSAGE_CHARS: usize = 200;

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
        let source = match &code {
            Some(code) => service_said(code, error.message()).into(),
            None => error.into(),
        };
        Self { operation, subject: subject.into(), code, source }
    }

    /// The same for a call that carried what a user or a model wrote: the service's message is kept
    /// only if it repeats none of it, since it ends up in log lines.
    #[must_use]
    pub fn of_private_call<E, R>(
        operation: &'static str,
        subject: impl Into<String>,
        error: SdkError<E, R>,
        sent: &[&str],
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let repeated = error.message().is_some_and(|message| repeats(message, sent));
        let mut failed = Self::new(operation, subject, error);
        if repeated && let Some(code) = &failed.code {
            failed.source = code.clone().into();
        }
        failed
    }

    /// The same with an error code, for an answer that carries none.
    #[must_use]
    pub(crate) fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code.to_owned()), source: code.into(), ..self }
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
            "DashboardNotFoundError",
            "ParameterNotFound",
            "CaseIdNotFound",
            "NotFound",
            "NoSuchKey",
        ])
    }

    /// The service asked to slow down.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.has_code(&[
            "ThrottlingException",
            "Throttling",
            "TooManyRequestsException",
            "ThrottledException",
            "RequestThrottled",
            "RequestLimitExceeded",
            "ProvisionedThroughputExceededException",
            "SlowDown",
        ])
    }

    /// The function's role lacks the permission.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.has_code(&[
            "AccessDeniedException",
            "AccessDenied",
            "UnauthorizedOperation",
            "AuthorizationError",
            "KMSAccessDeniedException",
            "Forbidden",
        ])
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
            "InvalidParameter",
        ])
    }

    /// The text, or the batch of texts, is larger than the service takes.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.has_code(&["TextSizeLimitExceededException", "BatchSizeLimitExceededException"])
    }

    /// The service does not know the language.
    #[must_use]
    pub fn is_unsupported_language(&self) -> bool {
        self.has_code(&["UnsupportedLanguageException"])
    }

    /// The whole chain of causes in one line, for logs and for the texts people read.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = chain(self);
        if self.is_denied() {
            text.push_str(" (the function's role lacks the permission for ");
            text.push_str(self.operation);
            text.push_str("; redeploy the stack, or look for a service control policy");
            if matches!(self.operation, "GetObject" | "HeadObject") {
                text.push_str("; S3 says the same of an object that does not exist when the role may not list the bucket");
            }
            text.push(')');
        }
        text
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

/// The service's code and words, shortened: a service that refuses a value repeats it, and the
/// value may be the text of a case. What else an SDK error prints (request ids) changes from try to
/// try and helps nobody who reads a mail.
fn service_said(code: &str, message: Option<&str>) -> String {
    let Some(message) = message.filter(|message| !message.is_empty()) else {
        return code.to_owned();
    };
    match message.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{code}: {}…", &message[..end]),
        None => format!("{code}: {message}"),
    }
}

/// Whether a message repeats what was sent: a run of a dozen characters of it, or all of a shorter
/// text.
fn repeats(message: &str, sent: &[&str]) -> bool {
    const RUN_CHARS: usize = 12;
    let starts: Vec<usize> = message.char_indices().map(|(start, _)| start).collect();
    let end = |index: usize| starts.get(index + RUN_CHARS).copied().unwrap_or(message.len());
    let runs = starts.len().saturating_sub(RUN_CHARS - 1);
    sent.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).any(|text| {
        if text.chars().nth(RUN_CHARS - 1).is_none() {
            return message.contains(text);
        }
        (0..runs).any(|index| text.contains(&message[starts[index]..end(index)]))
    })
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
    use aws_smithy_types::error::ErrorMetadata;

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
    fn what_a_service_says_is_kept_short_and_without_request_ids() {
        let metadata = ErrorMetadata::builder()
            .code("ValidationException")
            .message(format!("Value '{}' failed", "x".repeat(8000)))
            .custom("aws_request_id", "4711")
            .build();
        let error: SdkError<ErrorMetadata, ()> = SdkError::service_error(metadata, ());
        let failed = CallFailed::new("CreateCase", "a case", error);
        assert!(failed.is_refused());
        let text = failed.explain();
        assert!(text.starts_with("CreateCase of a case failed: ValidationException: Value 'xxx"));
        assert!(text.chars().count() < 300 && !text.contains("4711"), "{text}");
    }

    #[test]
    fn what_a_user_wrote_is_not_repeated() {
        let check = |message: &str, sent: &str, expected: &str| {
            let metadata =
                ErrorMetadata::builder().code("ValidationException").message(message).build();
            let error: SdkError<ErrorMetadata, ()> = SdkError::service_error(metadata, ());
            let failed = CallFailed::of_private_call("Converse", "m", error, &["", sent]);
            assert!(failed.is_refused());
            assert_eq!(failed.explain(), format!("Converse of m failed: {expected}"));
        };
        let told = "ValidationException: temperature is deprecated for this model.";
        check("temperature is deprecated for this model.", "my card is 4111 1111", told);
        let hidden = "ValidationException";
        check("Value 'my card is 4111 1111' at 'text'", "Hello, my card is 4111 1111 0", hidden);
        check("Value 'geheim' is not allowed", "geheim", hidden);
        check(
            "the value 悪い言葉がいっぱい並んでいます is not",
            "悪い言葉がいっぱい並んでいます",
            hidden,
        );
        check("short", "a text that is longer than the message", "ValidationException: short");
    }

    #[test]
    fn a_call_without_an_answer_keeps_its_cause() {
        let error: SdkError<ErrorMetadata, ()> = SdkError::timeout_error("no answer in 10 s");
        let failed = CallFailed::new("CreateCase", "a case", error);
        assert_eq!(failed.code(), None);
        assert!(failed.explain().contains("no answer in 10 s"), "{}", failed.explain());
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
