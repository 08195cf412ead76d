//! Bedrock: checks of a text for harmful content and prompt attacks, without a guardrail of one's
//! own (`InvokeGuardrailChecks`).
//!
//! The call takes no request metadata; whether it is written to the invocation logs is documented
//! nowhere, and a record of it would have no model's answer to score. Personal data is not asked
//! about: llmwatch finds it in its own process, before a text leaves it.

use std::collections::BTreeMap;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::types::{
    GuardrailChecksConfig, GuardrailChecksContentBlock, GuardrailChecksContentFilterCategory,
    GuardrailChecksContentFilterCategoryConfig, GuardrailChecksContentFilterConfig,
    GuardrailChecksMessage, GuardrailChecksPromptAttackCategory,
    GuardrailChecksPromptAttackCategoryConfig, GuardrailChecksPromptAttackConfig,
    GuardrailChecksResults, GuardrailChecksRole,
};

use crate::CallFailed;

const OPERATION: &str = "InvokeGuardrailChecks";

/// Which side of an exchange a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the user said: looked through for attacks too.
    Prompt,
    /// What the model answered.
    Completion,
}

/// What the checks found in a text. Severities are 0 (none) to 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// By category: `VIOLENCE`, `HATE`, `SEXUAL`, `MISCONDUCT`, `INSULTS`.
    pub content: BTreeMap<String, f64>,
    /// By category: `JAILBREAK`, `PROMPT_INJECTION`, `PROMPT_LEAKAGE`; empty for a completion.
    pub attacks: BTreeMap<String, f64>,
    /// The text units the checks are charged for.
    pub text_units: u64,
}

/// Checks a text that is not blank and redacted.
///
/// # Errors
///
/// When no result came: throttled, denied, or refused for its length, of which no limit is
/// documented. The text is not repeated.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeGuardrailChecks.html>
/// (read 2026-11-22).
pub async fn check(client: &Client, side: Side, text: &str) -> Result<Found, CallFailed> {
    let subject = match side {
        Side::Prompt => "a prompt",
        Side::Completion => "a completion",
    };
    let unusable = |problem: BuildError| CallFailed::unusable_answer(OPERATION, subject, problem);
    let output = client
        .invoke_guardrail_checks()
        .messages(message(side, text).map_err(unusable)?)
        .checks(checks(side).map_err(unusable)?)
        .send()
        .await
        .map_err(|error| CallFailed::of_private_call(OPERATION, subject, error, &[text]))?;
    let units = output.usage().map_or(0, |usage| {
        usage.content_filter().map_or(0, |usage| usage.text_units())
            + usage.prompt_attack().map_or(0, |usage| usage.text_units())
    });
    let results = output.results().ok_or_else(|| {
        CallFailed::unusable_answer(OPERATION, subject, "the answer has no results")
    })?;
    Ok(Found { text_units: u64::try_from(units).unwrap_or_default(), ..found(results) })
}

fn message(side: Side, text: &str) -> Result<GuardrailChecksMessage, BuildError> {
    let role = match side {
        Side::Prompt => GuardrailChecksRole::User,
        Side::Completion => GuardrailChecksRole::Assistant,
    };
    GuardrailChecksMessage::builder()
        .role(role)
        .content(GuardrailChecksContentBlock::Text(text.to_owned()))
        .build()
}

fn checks(side: Side) -> Result<GuardrailChecksConfig, BuildError> {
    let content = GuardrailChecksContentFilterCategory::values()
        .iter()
        .map(|category| {
            GuardrailChecksContentFilterCategoryConfig::builder()
                .category(GuardrailChecksContentFilterCategory::from(*category))
                .build()
        })
        .collect::<Result<_, _>>()?;
    let content =
        GuardrailChecksContentFilterConfig::builder().set_categories(Some(content)).build()?;
    let attacks = match side {
        Side::Completion => None,
        Side::Prompt => {
            let attacks = GuardrailChecksPromptAttackCategory::values()
                .iter()
                .map(|category| {
                    GuardrailChecksPromptAttackCategoryConfig::builder()
                        .category(GuardrailChecksPromptAttackCategory::from(*category))
                        .build()
                })
                .collect::<Result<_, _>>()?;
            Some(
                GuardrailChecksPromptAttackConfig::builder()
                    .set_categories(Some(attacks))
                    .build()?,
            )
        }
    };
    Ok(GuardrailChecksConfig::builder().content_filter(content).set_prompt_attack(attacks).build())
}

fn found(results: &GuardrailChecksResults) -> Found {
    let content = results.content_filter().map(|content| content.results()).unwrap_or_default();
    let attacks = results.prompt_attack().map(|attacks| attacks.results()).unwrap_or_default();
    Found {
        content: content
            .iter()
            .map(|entry| (entry.category().as_str().to_owned(), entry.severity_score()))
            .collect(),
        attacks: attacks
            .iter()
            .map(|entry| (entry.category().as_str().to_owned(), entry.severity_score()))
            .collect(),
        text_units: 0,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_bedrockruntime::config::retry::RetryConfig;
    use aws_sdk_bedrockruntime::operation::invoke_guardrail_checks::{
        InvokeGuardrailChecksError, InvokeGuardrailChecksOutput,
    };
    use aws_sdk_bedrockruntime::types::{
        GuardrailChecksContentFilterResult, GuardrailChecksContentFilterResultEntry,
        GuardrailChecksContentFilterUsage, GuardrailChecksUsageResults,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn client(rule: &Rule) -> Client {
        mock_client!(aws_sdk_bedrockruntime, RuleMode::MatchAny, &[rule], |config| config
            .retry_config(RetryConfig::disabled()))
    }

    /// Answers a request with so many categories of content and of attacks.
    fn answered(content: usize, attacks: usize) -> Rule {
        mock!(Client::invoke_guardrail_checks)
            .match_requests(move |request| {
                let checks = request.checks().unwrap();
                let asked = checks.prompt_attack().map_or(0, |asked| asked.categories().len());
                (checks.content_filter().unwrap().categories().len(), asked) == (content, attacks)
            })
            .then_output(|| {
                let insults = GuardrailChecksContentFilterResultEntry::builder()
                    .category(GuardrailChecksContentFilterCategory::Insults)
                    .severity_score(0.75)
                    .build();
                let content =
                    GuardrailChecksContentFilterResult::builder().results(insults.unwrap()).build();
                let usage = GuardrailChecksContentFilterUsage::builder().text_units(2).build();
                InvokeGuardrailChecksOutput::builder()
                    .results(
                        GuardrailChecksResults::builder().content_filter(content.unwrap()).build(),
                    )
                    .usage(
                        GuardrailChecksUsageResults::builder()
                            .content_filter(usage.unwrap())
                            .build(),
                    )
                    .build()
            })
    }

    #[tokio::test]
    async fn a_completion_is_checked_for_content_and_a_prompt_for_attacks_too() {
        for (side, attacks) in [(Side::Completion, 0), (Side::Prompt, 3)] {
            let found = check(&client(&answered(5, attacks)), side, "you fool").await.unwrap();
            let content = BTreeMap::from([("INSULTS".to_owned(), 0.75)]);
            assert_eq!(found, Found { content, text_units: 2, ..Found::default() });
        }
    }

    #[tokio::test]
    async fn a_refusal_is_told_apart_and_repeats_nothing() {
        let fail = async |code: &'static str, message: &'static str| {
            let rule = mock!(Client::invoke_guardrail_checks).then_error(move || {
                let metadata = ErrorMetadata::builder().code(code).message(message).build();
                InvokeGuardrailChecksError::generic(metadata)
            });
            check(&client(&rule), Side::Prompt, "my very secret words").await.unwrap_err()
        };
        assert!(fail("ThrottlingException", "").await.is_throttled());
        assert!(fail("AccessDeniedException", "").await.is_denied());
        let refused = fail("ValidationException", "'my very secret words' is too long").await;
        assert!(refused.is_refused() && !refused.explain().contains("secret"));
    }
}
