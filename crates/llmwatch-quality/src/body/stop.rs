//! The providers' words for why an answer ended.
//!
//! One table for all: no word means different things to two providers. Sources:
//! the `model-parameters-*` pages of <https://docs.aws.amazon.com/bedrock/latest/userguide/>, the
//! enum `StopReason` of the Converse API, and the API references of OpenAI, Anthropic, Cohere and
//! Hugging Face's Text Generation Inference.

use crate::exchange::StopReason;

/// The reason a provider's word stands for; upper and lower case are the same.
pub(super) fn reason(word: &str) -> StopReason {
    match word.to_ascii_lowercase().as_str() {
        "end_turn" | "stop" | "complete" | "completed" | "finish" | "finished" | "eos"
        | "eos_token" | "endoftext" | "end_of_text" => StopReason::EndTurn,
        "stop_sequence" | "stop_criteria_met" => StopReason::StopSequence,
        "max_tokens"
        | "length"
        | "max_output_tokens"
        | "model_length"
        | "error_limit"
        | "model_context_window_exceeded" => StopReason::MaxTokens,
        "tool_use" | "tool_calls" | "tool_call" | "function_call" => StopReason::ToolUse,
        "guardrail_intervened" => StopReason::GuardrailIntervened,
        "content_filter" | "content_filtered" | "error_toxic" | "refusal" | "safety" => {
            StopReason::ContentFiltered
        }
        _ => StopReason::Other(word.to_owned()),
    }
}
