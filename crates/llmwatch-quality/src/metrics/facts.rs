//! Metrics that the record itself tells: errors, cut-off and empty answers, guardrails, speed.

use llmwatch_core::quality::Metric;

use crate::evidence::Evidence;
use crate::exchange::{Content, Conversation, GuardrailAction, StopReason};
use crate::metric::{Needs, NotScored, QualityMetric};

/// The least time of generation that a speed is computed from, in milliseconds.
///
/// A cached or streamed-at-once answer can end in the millisecond in which it began; a quotient by
/// a few milliseconds says something about the clock, not about the model. Ours.
const MIN_GENERATION_MS: u64 = 10;

/// 1 for a call that failed, 0 for one that did not; lower is better.
///
/// Every record tells it. Throttled and refused-as-invalid calls count as errors: a user saw one.
/// Blind spot: Bedrock logs no calls that it rejects before the model is known.
#[derive(Debug)]
pub struct Error;

impl QualityMetric for Error {
    fn metric(&self) -> Metric {
        Metric::Error
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        Ok(ratio(evidence.exchange.error_code.is_some()))
    }
}

/// 1 for an answer that ended at the token limit, 0 for one that did not; lower is better.
///
/// Not scored without a stop reason. Blind spot: a model that stops by itself short of the limit
/// but amid a thought.
#[derive(Debug)]
pub struct Truncation;

impl QualityMetric for Truncation {
    fn metric(&self) -> Metric {
        Metric::Truncation
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        let stop_reason = answer(evidence)?.stop_reason.as_ref().ok_or(NotScored::NotTold)?;
        Ok(ratio(*stop_reason == StopReason::MaxTokens))
    }
}

/// 1 for an answer with neither text nor a call of a tool, 0 for any other; lower is better.
///
/// Reasoning alone is an empty answer: the user sees nothing. So is an answer that a guardrail
/// withheld without a word in its place. Not scored for failed calls, which have no answer.
#[derive(Debug)]
pub struct EmptyAnswer;

impl QualityMetric for EmptyAnswer {
    fn metric(&self) -> Metric {
        Metric::EmptyAnswer
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        let answer = answer(evidence)?;
        Ok(ratio(answer.completion.is_blank() && answer.tool_calls.is_empty()))
    }
}

/// 1 for a call in which a guardrail blocked or masked, 0 where it found nothing.
///
/// Not scored where no guardrail was asked, so that calls without one do not dilute the ratio.
#[derive(Debug)]
pub struct GuardrailIntervention;

impl QualityMetric for GuardrailIntervention {
    fn metric(&self) -> Metric {
        Metric::GuardrailIntervention
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        match evidence.exchange.guardrail.ok_or(NotScored::NotTold)? {
            GuardrailAction::None => Ok(0.0),
            GuardrailAction::Masked | GuardrailAction::Intervened | GuardrailAction::Blocked => {
                Ok(1.0)
            }
        }
    }
}

/// Output tokens per second of generation, above 0; higher is better.
///
/// Tokens over the time from the first token to the last; over the whole latency where the record
/// has no time to first token, which understates the speed of short answers to long prompts.
/// Not scored without a latency, without output tokens, or for a generation under 10 ms.
/// Source of the formula: <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring.html>
/// (output tokens per second; read 2026-11).
#[derive(Debug)]
pub struct OutputTokensPerSecond;

impl QualityMetric for OutputTokensPerSecond {
    fn metric(&self) -> Metric {
        Metric::OutputTokensPerSecond
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        let exchange = evidence.exchange;
        let tokens = exchange.tokens.output.filter(|tokens| *tokens > 0);
        let first = exchange.time_to_first_token_ms.unwrap_or(0);
        let spent = exchange.latency_ms.and_then(|latency| latency.checked_sub(first));
        match (tokens, spent.filter(|spent| *spent >= MIN_GENERATION_MS)) {
            // Counts of tokens and milliseconds are far below 2^53, where f64 is exact.
            (Some(tokens), Some(spent)) => Ok(tokens as f64 * 1000.0 / spent as f64),
            _ => Err(NotScored::NotTold),
        }
    }
}

/// The conversation, where there was an answer to look at.
fn answer<'a>(evidence: &Evidence<'a>) -> Result<&'a Conversation, NotScored> {
    let exchange = evidence.exchange;
    if exchange.error_code.is_some() {
        return Err(NotScored::NoText);
    }
    match &exchange.content {
        Content::Conversation(conversation) => Ok(conversation),
        Content::Other(_) => Err(NotScored::NoText),
        Content::NotLogged | Content::Elsewhere { .. } | Content::Unknown => {
            Err(NotScored::NotTold)
        }
    }
}

fn ratio(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Exchange, OtherContent, ToolCall};
    use crate::test_exchange::{answered, exchange};
    use crate::text::Text;

    fn score(metric: &dyn QualityMetric, exchange: &Exchange) -> Result<f64, NotScored> {
        metric.score(&Evidence::of(exchange))
    }

    #[test]
    fn a_call_failed_or_it_did_not() {
        assert_eq!(score(&Error, &answered("Fine.")), Ok(0.0));
        let failed = Exchange { error_code: Some("ThrottlingException".into()), ..exchange() };
        assert_eq!(score(&Error, &failed), Ok(1.0));
    }

    #[test]
    fn an_answer_is_cut_off_only_at_the_token_limit() {
        let ended = |reason| {
            let mut exchange = answered("An answer");
            if let Content::Conversation(conversation) = &mut exchange.content {
                conversation.stop_reason = reason;
            }
            score(&Truncation, &exchange)
        };
        assert_eq!(ended(Some(StopReason::MaxTokens)), Ok(1.0));
        assert_eq!(ended(Some(StopReason::EndTurn)), Ok(0.0));
        assert_eq!(ended(Some(StopReason::Other("length".into()))), Ok(0.0));
        assert_eq!(ended(None), Err(NotScored::NotTold));
    }

    #[test]
    fn an_answer_is_empty_without_text_and_without_tools() {
        assert_eq!(score(&EmptyAnswer, &answered(" \n")), Ok(1.0));
        assert_eq!(score(&EmptyAnswer, &answered("Yes")), Ok(0.0));
        let mut calling = answered("");
        if let Content::Conversation(conversation) = &mut calling.content {
            let arguments = Text::new("{}");
            conversation.tool_calls.push(ToolCall { name: "search".into(), arguments });
        }
        assert_eq!(score(&EmptyAnswer, &calling), Ok(0.0));
    }

    #[test]
    fn what_has_no_answer_is_no_empty_answer() {
        let failed = Exchange { error_code: Some("ModelErrorException".into()), ..answered("") };
        assert_eq!(score(&EmptyAnswer, &failed), Err(NotScored::NoText));
        let embedding = Exchange { content: Content::Other(OtherContent::Embedding), ..exchange() };
        assert_eq!(score(&EmptyAnswer, &embedding), Err(NotScored::NoText));
        let unseen = Exchange { content: Content::NotLogged, ..exchange() };
        assert_eq!(score(&EmptyAnswer, &unseen), Err(NotScored::NotTold));
    }

    #[test]
    fn calls_without_a_guardrail_do_not_dilute_its_ratio() {
        let with =
            |guardrail| score(&GuardrailIntervention, &Exchange { guardrail, ..answered("Hello") });
        assert_eq!(with(None), Err(NotScored::NotTold));
        assert_eq!(with(Some(GuardrailAction::None)), Ok(0.0));
        assert_eq!(with(Some(GuardrailAction::Masked)), Ok(1.0));
        assert_eq!(with(Some(GuardrailAction::Blocked)), Ok(1.0));
    }

    #[test]
    fn speed_is_that_of_generation() {
        let speed = |output, latency_ms, time_to_first_token_ms| {
            let mut exchange = Exchange { latency_ms, time_to_first_token_ms, ..exchange() };
            exchange.tokens.output = output;
            score(&OutputTokensPerSecond, &exchange)
        };
        assert_eq!(speed(Some(100), Some(3000), Some(1000)), Ok(50.0));
        assert_eq!(speed(Some(100), Some(2000), None), Ok(50.0));
        assert_eq!(speed(Some(0), Some(2000), None), Err(NotScored::NotTold));
        assert_eq!(speed(None, Some(2000), None), Err(NotScored::NotTold));
        assert_eq!(speed(Some(5), None, None), Err(NotScored::NotTold));
        assert_eq!(speed(Some(5), Some(1000), Some(1005)), Err(NotScored::NotTold), "reversed");
        assert_eq!(speed(Some(5), Some(1000), Some(998)), Err(NotScored::NotTold), "at once");
    }
}
