//! What a failed AWS call is: the operation, its subject, the error code, and the cause.

use std::any::Any;
use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
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
    reach: Reach,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

/// How far a failed call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// It never left: nothing was asked of the service.
    NotSent,
    /// The service said no.
    Refused,
    /// It was sent, and no answer says what became of it.
    Unknown,
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
        let reach = Reach::of(&error);
        let source = match &code {
            Some(code) => service_said(code, error.message()).into(),
            None => error.into(),
        };
        let failed = Self { operation, subject: subject.into(), code, reach, source };
        let reach = match failed.reach {
            // A service that is too busy did nothing, also where it says so with a 503.
            _ if failed.is_throttled() => Reach::Refused,
            Reach::Refused if failed.is_service_fault() => Reach::Unknown,
            reach => reach,
        };
        Self { reach, ..failed }
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
    #[cfg(feature = "s3")]
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
        let (subject, source) = (subject.into(), problem.into());
        Self { operation, subject, code: None, reach: Reach::Unknown, source }
    }

    /// The same failure of a call that only reads, on the way to one that would have written.
    #[must_use]
    pub fn before_writing(self) -> Self {
        Self { reach: Reach::NotSent, ..self }
    }

    /// Whether a call that writes may have been carried out although it failed: it was sent and not
    /// answered, answered unreadably, or met an error on the service's side.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        self.reach == Reach::Unknown
    }

    /// Whether the service has said no, to this very call.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.reach == Reach::Refused
    }

    /// The same failure, after a try of the call that may have taken effect.
    fn after_unknown(self) -> Self {
        Self { reach: Reach::Unknown, ..self }
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

    /// The service says that the fault is its own, whatever the HTTP status: Support's model has none
    /// for its `InternalServerError`.
    fn is_service_fault(&self) -> bool {
        self.has_code(&[
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "InternalServiceError",
            "ServiceException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
        ])
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

impl Reach {
    fn of<E, R: 'static>(error: &SdkError<E, R>) -> Self {
        match error {
            SdkError::ConstructionFailure(_) => Self::NotSent,
            SdkError::DispatchFailure(failure) => {
                let connector = failure.as_connector_error();
                if connector.is_some_and(|error| never_connected(error)) {
                    Self::NotSent
                } else {
                    Self::Unknown
                }
            }
            SdkError::ServiceError(answer) => {
                let response = (answer.raw() as &dyn Any).downcast_ref::<HttpResponse>();
                match response {
                    Some(response) if response.status().is_server_error() => Self::Unknown,
                    Some(_) | None => Self::Refused,
                }
            }
            // A time-out, an answer that is not readable, and whatever the SDK may add.
            _ => Self::Unknown,
        }
    }
}

/// Whether an error comes from making the connection.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect();
        }
        next = error.source();
    }
    false
}

/// Gives a call only so long, with all its tries and pages.
///
/// # Errors
///
/// The call's own, or that there was no answer in time; it may have taken effect all the same.
pub async fn within<T>(
    limit: Duration,
    operation: &'static str,
    subject: &str,
    call: impl Future<Output = Result<T, CallFailed>>,
) -> Result<T, CallFailed> {
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
        let problem = format!("no answer within {} s", limit.as_secs());
        Err(CallFailed::unusable_answer(operation, subject, problem))
    })
}

/// Repeats a call that writes, after each of these waits, while its failure says that it may be.
///
/// A failure counts as one that may have taken effect when any try before it may have.
///
/// # Errors
///
/// The last try's.
pub async fn repeated<T>(
    waits: &[Duration],
    may_be_repeated: impl Fn(&CallFailed) -> bool,
    call: impl AsyncFn() -> Result<T, CallFailed>,
) -> Result<T, CallFailed> {
    let mut waits = waits.iter();
    let mut is_unknown = false;
    loop {
        let failure = match call().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        is_unknown |= failure.may_have_taken_effect();
        match waits.next() {
            Some(wait) if may_be_repeated(&failure) => tokio::time::sleep(*wait).await,
            Some(_) | None if is_unknown => return Err(failure.after_unknown()),
            Some(_) | None => return Err(failure),
        }
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
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    #[test]
    fn a_chain_names_each_cause_once() {
        let inner: Box<dyn Error + Send + Sync> = "connection refused".into();
        let error = CallFailed {
            operation: "GetServiceQuota",
            subject: "L-CCA5DF70".into(),
            code: None,
            reach: Reach::Refused,
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
            reach: Reach::Refused,
            source: "not authorized".into(),
        };
        assert!(error.explain().contains("role lacks the permission for CreateCase"));
    }

    /// An answer of this status, as the SDK gives it.
    fn answered(status: u16) -> SdkError<ErrorMetadata, HttpResponse> {
        answered_with(status, "SomeException")
    }

    fn answered_with(status: u16, code: &str) -> SdkError<ErrorMetadata, HttpResponse> {
        let response = HttpResponse::new(status.try_into().unwrap(), "".into());
        let metadata = ErrorMetadata::builder().code(code).build();
        SdkError::service_error(metadata, response)
    }

    #[test]
    fn only_what_was_refused_or_never_sent_surely_had_no_effect() {
        let check = |error: SdkError<ErrorMetadata, HttpResponse>, expected: bool| {
            let failed = CallFailed::new("CreateCase", "a case", error);
            assert_eq!(failed.may_have_taken_effect(), expected, "{}", failed.explain());
        };
        check(answered(400), false);
        check(answered(403), false);
        check(answered(429), false);
        check(answered(500), true);
        check(answered(503), true);
        check(answered_with(503, "SlowDown"), false);
        check(answered_with(400, "InternalServerError"), true);
        check(SdkError::construction_failure("no Region"), false);
        check(SdkError::timeout_error("no answer in 10 s"), true);
        check(SdkError::dispatch_failure(ConnectorError::io("reset".into())), true);
        let raw = HttpResponse::new(200.try_into().unwrap(), "half an ans".into());
        check(SdkError::response_error("half an answer", raw), true);
    }

    #[tokio::test]
    async fn a_call_that_hangs_ends_and_may_have_taken_effect() {
        let hanging = std::future::pending::<Result<(), CallFailed>>();
        let limit = Duration::from_millis(1);
        let failed = within(limit, "CreateCase", "a case", hanging).await.unwrap_err();
        assert!(failed.may_have_taken_effect());
        assert!(failed.explain().contains("CreateCase of a case failed: no answer within"));
    }

    #[tokio::test]
    async fn a_refusal_after_a_lost_answer_does_not_say_what_became_of_the_first_try() {
        for (first, expected) in [(429, false), (500, true)] {
            let tries = std::cell::Cell::new(0);
            let call = async || {
                tries.set(tries.get() + 1);
                let status = if tries.get() == 1 { first } else { 400 };
                Err::<(), _>(CallFailed::new("CreateCase", "a case", answered(status)))
            };
            let first_only = |_: &CallFailed| tries.get() == 1;
            let failed = repeated(&[Duration::ZERO; 3], first_only, call).await.unwrap_err();
            assert_eq!((tries.get(), failed.may_have_taken_effect()), (2, expected));
        }
    }
}
