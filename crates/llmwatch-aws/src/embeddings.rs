//! Bedrock: embeddings by Amazon Titan Text Embeddings V2.
//!
//! Each call carries our request metadata, so that its record in the invocation logs is known as
//! ours and never scored.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata as _;
use aws_sdk_bedrockruntime::primitives::Blob;
use llmwatch_core::quality::{METADATA_KEY, OwnCall};
use serde::Deserialize;
use serde_json::json;

use crate::CallFailed;

/// The model whose requests and answers this module knows; its provisioned throughput is named by
/// an ARN in place of this.
pub const TITAN_V2: &str = "amazon.titan-embed-text-v2:0";

/// The most characters the model takes.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html>
/// (read 2026-11-22).
const MAX_CHARS: usize = 50_000;

/// The most bytes sent of a text that has too many tokens. The model takes 8,192 tokens, and a
/// token is a byte or more, so that this fits in any language; some room is left for marks of the
/// tokenizer's own. Source as above.
const SURE_BYTES: usize = 8_000;

/// How long the vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimensions {
    /// 256.
    D256,
    /// 512.
    D512,
    /// 1,024, the model's own default.
    D1024,
}

/// A text's embedding.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// The vector, of length 1.
    pub vector: Vec<f32>,
    /// The tokens the call is charged for.
    pub input_tokens: u64,
    /// Whether only the beginning of the text is in it.
    pub was_cut: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    embedding: Vec<f32>,
    input_text_token_count: u64,
}

/// Embeds a text that is not blank; the model refuses a blank one.
///
/// Too long a text is cut to what the model takes, between two characters: first by characters,
/// and, where the model then counts too many tokens, once more by bytes.
///
/// # Errors
///
/// When the model was not reached, refused, throttled, or answered with a vector of another length
/// than asked for. The text is not repeated.
pub async fn embed(
    client: &Client,
    model: &str,
    text: &str,
    dimensions: Dimensions,
) -> Result<Embedded, CallFailed> {
    let by_chars = match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    match embed_as_it_is(client, model, by_chars, dimensions).await {
        Err(Refused::TooManyTokens(_)) if by_chars.len() > SURE_BYTES => {
            let sure = &by_chars[..by_chars.floor_char_boundary(SURE_BYTES)];
            let embedded = embed_as_it_is(client, model, sure, dimensions).await?;
            Ok(Embedded { was_cut: true, ..embedded })
        }
        Ok(embedded) => Ok(Embedded { was_cut: by_chars.len() < text.len(), ..embedded }),
        Err(refused) => Err(refused.into()),
    }
}

enum Refused {
    TooManyTokens(CallFailed),
    Otherwise(CallFailed),
}

impl From<Refused> for CallFailed {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooManyTokens(failed) | Refused::Otherwise(failed) => failed,
        }
    }
}

async fn embed_as_it_is(
    client: &Client,
    model: &str,
    text: &str,
    dimensions: Dimensions,
) -> Result<Embedded, Refused> {
    let body = json!({"inputText": text, "dimensions": dimensions.count(), "normalize": true});
    let sent = client
        .invoke_model()
        .model_id(model)
        .content_type("application/json")
        .accept("application/json")
        .request_metadata(json!({METADATA_KEY: OwnCall::Embed.to_string()}).to_string())
        .body(Blob::new(body.to_string()))
        .send()
        .await;
    let output = sent.map_err(|error| {
        let is_too_long = error.message().is_some_and(speaks_of_too_many_tokens);
        let failed = CallFailed::of_private_call("InvokeModel", model, error, &[text]);
        if is_too_long { Refused::TooManyTokens(failed) } else { Refused::Otherwise(failed) }
    })?;
    let unusable = |problem: String| {
        Refused::Otherwise(CallFailed::unusable_answer("InvokeModel", model, problem))
    };
    let answer: Answer = serde_json::from_slice(output.body.as_ref())
        .map_err(|problem| unusable(format!("the answer is no embedding: {problem}")))?;
    let length = answer.embedding.len();
    if length != dimensions.count() {
        return Err(unusable(format!("a vector of {length} numbers came")));
    }
    let input_tokens = answer.input_text_token_count;
    Ok(Embedded { vector: answer.embedding, input_tokens, was_cut: false })
}

/// Seen as "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token
/// count: 9875" (<https://github.com/aws-samples/amazon-bedrock-workshop/issues/136>).
fn speaks_of_too_many_tokens(message: &str) -> bool {
    message.to_lowercase().contains("too many input tokens")
}

impl Dimensions {
    /// As a number.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::D256 => 256,
            Self::D512 => 512,
            Self::D1024 => 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_bedrockruntime::config::retry::RetryConfig;
    use aws_sdk_bedrockruntime::operation::invoke_model::{InvokeModelError, InvokeModelOutput};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;
    use serde_json::Value;

    use super::*;

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_bedrockruntime, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    /// The model as it answers texts of at most so many bytes, by vectors of this length.
    fn titan(max_bytes: usize, length: usize) -> [Rule; 2] {
        let text = |body: Option<&Blob>| -> String {
            let body: Value = serde_json::from_slice(body.unwrap().as_ref()).unwrap();
            assert_eq!(body["dimensions"], 256);
            body["inputText"].as_str().unwrap().to_owned()
        };
        let answered = mock!(Client::invoke_model)
            .match_requests(move |request| {
                let ours = Some(r#"{"llmwatch":"embed"}"#);
                request.model_id() == Some(TITAN_V2)
                    && request.request_metadata() == ours
                    && text(request.body()).len() <= max_bytes
            })
            .then_output(move || {
                let body = json!({"embedding": vec![0.5; length], "inputTextTokenCount": 3});
                InvokeModelOutput::builder()
                    .content_type("application/json")
                    .body(Blob::new(body.to_string()))
                    .build()
                    .unwrap()
            });
        let refused = mock!(Client::invoke_model)
            .match_requests(move |request| text(request.body()).len() > max_bytes)
            .then_error(|| error("ValidationException", "400 Bad Request: Too many input tokens."));
        [answered, refused]
    }

    fn error(code: &str, message: &str) -> InvokeModelError {
        InvokeModelError::generic(ErrorMetadata::builder().code(code).message(message).build())
    }

    async fn embed_256(rules: &[Rule; 2], text: &str) -> Result<Embedded, CallFailed> {
        embed(&client(&rules.each_ref()), TITAN_V2, text, Dimensions::D256).await
    }

    #[tokio::test]
    async fn a_text_is_embedded_with_our_mark() {
        let found = embed_256(&titan(100, 256), "hello").await.unwrap();
        assert_eq!((found.vector.len(), found.input_tokens, found.was_cut), (256, 3, false));
    }

    #[tokio::test]
    async fn too_long_a_text_is_cut_once_by_characters_and_once_by_bytes() {
        // One byte a character: the characters are the limit.
        let rules = titan(MAX_CHARS, 256);
        assert!(embed_256(&rules, &"a".repeat(MAX_CHARS + 1)).await.unwrap().was_cut);
        assert_eq!((rules[0].num_calls(), rules[1].num_calls()), (1, 0));
        // Three bytes a character, about a token each: the tokens are.
        let rules = titan(SURE_BYTES, 256);
        assert!(embed_256(&rules, &"語".repeat(20_000)).await.unwrap().was_cut);
        assert_eq!((rules[0].num_calls(), rules[1].num_calls()), (1, 1));
        // And if that is refused too, that is the answer.
        let rules = titan(10, 256);
        assert!(embed_256(&rules, &"語".repeat(20_000)).await.unwrap_err().is_refused());
        assert_eq!(rules[1].num_calls(), 2);
    }

    #[tokio::test]
    async fn what_is_no_embedding_of_that_length_is_an_error() {
        let problem = embed_256(&titan(100, 512), "hello").await.unwrap_err().explain();
        assert!(problem.ends_with("a vector of 512 numbers came"), "{problem}");
    }

    #[tokio::test]
    async fn a_throttled_call_is_told_apart_and_nothing_written_is_repeated() {
        let throttled =
            mock!(Client::invoke_model).then_error(|| error("ThrottlingException", "Too many"));
        let asked = embed(&client(&[&throttled]), TITAN_V2, "hello", Dimensions::D256).await;
        assert!(asked.unwrap_err().is_throttled());
        let refused = mock!(Client::invoke_model)
            .then_error(|| error("ValidationException", "'my very secret prompt' is malformed"));
        let text = "my very secret prompt";
        let asked = embed(&client(&[&refused]), TITAN_V2, text, Dimensions::D256).await;
        assert!(!asked.unwrap_err().explain().contains("secret"));
    }
}
