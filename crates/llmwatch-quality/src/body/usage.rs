//! Token counts under all their names.

use crate::exchange::TokenCounts;
use crate::json::Json;

const INPUT: [&str; 6] = [
    "inputTokens",
    "input_tokens",
    "prompt_tokens",
    "inputTokenCount",
    "prompt_token_count",
    "inputTextTokenCount",
];
const OUTPUT: [&str; 6] = [
    "outputTokens",
    "output_tokens",
    "completion_tokens",
    "outputTokenCount",
    "generation_token_count",
    "totalOutputTextTokenCount",
];
const CACHE_READ: [&str; 3] =
    ["cacheReadInputTokens", "cacheReadInputTokenCount", "cache_read_input_tokens"];
const CACHE_WRITE: [&str; 3] =
    ["cacheWriteInputTokens", "cacheWriteInputTokenCount", "cache_creation_input_tokens"];

/// The counts an object tells, with the three of the input made disjoint.
///
/// OpenAI's `prompt_tokens` and the Responses API's `input_tokens` include what was read from a
/// cache; what they say of it stands in a `…_details` member. Source:
/// <https://platform.openai.com/docs/guides/prompt-caching>.
pub(crate) fn counts(usage: &Json<'_>) -> TokenCounts {
    let count = |names: &[&str]| usage.any(names).and_then(Json::as_count);
    let input = count(&INPUT);
    let details = usage.any(&["prompt_tokens_details", "input_tokens_details"]);
    let cached = details.and_then(|details| details.count("cached_tokens"));
    TokenCounts {
        input: input.map(|input| input.saturating_sub(cached.unwrap_or(0))),
        output: count(&OUTPUT),
        cache_read: count(&CACHE_READ).or(cached),
        cache_write: count(&CACHE_WRITE),
    }
}

/// `newer` counts over `older` ones: a stream tells the output's again as it grows.
pub(crate) fn overlay(older: TokenCounts, newer: TokenCounts) -> TokenCounts {
    TokenCounts {
        input: newer.input.or(older.input),
        output: newer.output.or(older.output),
        cache_read: newer.cache_read.or(older.cache_read),
        cache_write: newer.cache_write.or(older.cache_write),
    }
}

/// The counts of a call: Bedrock's own where it tells them, else `fallback`'s.
///
/// The three counts of the input come from one source, because sources differ in what their input
/// includes. Where Bedrock's has no cache counts, as in records of before prompt caching,
/// `fallback`'s split is taken if it adds up to Bedrock's input, and its cache counts if its input
/// without them does.
pub(crate) fn reconcile(bedrock: TokenCounts, fallback: TokenCounts) -> TokenCounts {
    let output = bedrock.output.or(fallback.output);
    let Some(input) = bedrock.input else { return TokenCounts { output, ..fallback } };
    if bedrock.cache_read.is_some() || bedrock.cache_write.is_some() {
        return TokenCounts { output, ..bedrock };
    }
    let cached = fallback.cache_read.unwrap_or(0).saturating_add(fallback.cache_write.unwrap_or(0));
    let adds_up = |without: u64| without == input || without.saturating_add(cached) == input;
    match fallback.input {
        Some(without) if adds_up(without) => TokenCounts { output, ..fallback },
        Some(_) | None => TokenCounts { output, ..bedrock },
    }
}

#[cfg(test)]
mod tests {
    use super::{counts, reconcile};
    use crate::exchange::TokenCounts;
    use crate::json;

    fn of(
        input: u64,
        output: u64,
        read: impl Into<Option<u64>>,
        write: impl Into<Option<u64>>,
    ) -> TokenCounts {
        TokenCounts {
            input: Some(input),
            output: Some(output),
            cache_read: read.into(),
            cache_write: write.into(),
        }
    }

    #[track_caller]
    fn check(usage: &str, expected: TokenCounts) {
        assert_eq!(json::read(usage, counts), Ok(expected));
    }

    #[test]
    fn every_provider_s_names_are_read() {
        check(
            r#"{"inputTokens":9,"outputTokens":3,"cacheReadInputTokenCount":5,"cacheWriteInputTokenCount":0}"#,
            of(9, 3, 5, 0),
        );
        check(
            r#"{"inputTokens":9,"outputTokens":3,"cacheReadInputTokens":5,"cacheWriteInputTokens":1}"#,
            of(9, 3, 5, 1),
        );
        check(
            r#"{"input_tokens":6,"output_tokens":2,"cache_read_input_tokens":0,"cache_creation_input_tokens":225913}"#,
            of(6, 2, 0, 225_913),
        );
        check(r#"{"prompt_token_count":15,"generation_token_count":3}"#, of(15, 3, None, None));
    }

    #[test]
    fn cached_tokens_of_openai_are_part_of_the_prompt_s() {
        check(
            r#"{"prompt_tokens":70,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":64}}"#,
            of(6, 3, 64, None),
        );
        check(
            r#"{"prompt_tokens":7,"completion_tokens":3,"prompt_tokens_details":null}"#,
            of(7, 3, None, None),
        );
    }

    #[test]
    fn bedrock_s_counts_win() {
        assert_eq!(reconcile(of(1, 2, 3, 4), of(5, 6, 7, 8)), of(1, 2, 3, 4));
        assert_eq!(reconcile(of(1, 2, None, None), of(5, 6, 7, 8)), of(1, 2, None, None));
        assert_eq!(reconcile(TokenCounts::default(), of(5, 6, 7, 8)), of(5, 6, 7, 8));
    }

    #[test]
    fn a_body_s_cache_counts_join_an_input_they_agree_with() {
        assert_eq!(reconcile(of(6, 2, None, None), of(6, 2, 64, 0)), of(6, 2, 64, 0));
        assert_eq!(reconcile(of(70, 2, None, None), of(6, 2, 64, None)), of(6, 2, 64, None));
    }
}
