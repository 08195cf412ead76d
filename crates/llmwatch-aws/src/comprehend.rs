//! Comprehend: sentiment and toxicity of texts.
//!
//! The texts come cut to Comprehend's limits (`llmwatch_quality::segments`) and redacted; here they
//! are put into as few calls as those limits allow. A single text goes by the batch call too: it
//! costs the same. Comprehend takes no request metadata and writes no invocation log.
//!
//! An SDK of 2023 says that of a text only the first 500 characters count for its sentiment; today's
//! service model says 5 KB and nothing of that. Not verified against the service.

use std::collections::BTreeMap;

use aws_sdk_comprehend::Client;
use aws_sdk_comprehend::types::{LanguageCode, SentimentScore, TextSegment, ToxicLabels};

use crate::CallFailed;

/// The most texts one `BatchDetectSentiment` takes.
///
/// Source: <https://docs.aws.amazon.com/comprehend/latest/APIReference/API_BatchDetectSentiment.html>.
const SENTIMENT_BATCH: usize = 25;

/// The most segments one `DetectToxicContent` takes.
///
/// Source: <https://docs.aws.amazon.com/comprehend/latest/APIReference/API_DetectToxicContent.html>.
const TOXICITY_BATCH: usize = 10;

/// Languages Comprehend reads sentiment in, by their codes. Toxicity is English only.
///
/// Source: as above, and <https://docs.aws.amazon.com/comprehend/latest/dg/supported-languages.html>.
pub const SENTIMENT_LANGUAGES: [&str; 12] =
    ["en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"];

/// How sure Comprehend is of each sentiment, 0 to 1; the four add up to about 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sentiment {
    /// That the text is positive.
    pub positive: f64,
    /// That it is negative.
    pub negative: f64,
    /// That it is neither.
    pub neutral: f64,
    /// That it is both.
    pub mixed: f64,
}

/// Comprehend took the batch, but not this text of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Comprehend did not read the text: {code}")]
pub struct TextRefused {
    /// Comprehend's error code.
    pub code: String,
}

/// What Comprehend finds toxic in a segment, 0 (sure that not) to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Toxicity {
    /// In all.
    pub overall: f64,
    /// By kind: `GRAPHIC`, `HARASSMENT_OR_ABUSE`, `HATE_SPEECH`, `INSULT`, `PROFANITY`, `SEXUAL`,
    /// `VIOLENCE_OR_THREAT`.
    pub kinds: BTreeMap<String, f64>,
}

/// The sentiment of each text, in order; all in one language, none blank, each at most 5 KB.
///
/// # Errors
///
/// When a call failed: throttled, denied, too large, or a language Comprehend does not know. A
/// single text that was not read is an error in its place, not of the call.
pub async fn sentiments(
    client: &Client,
    texts: &[&str],
    language: &str,
) -> Result<Vec<Result<Sentiment, TextRefused>>, CallFailed> {
    let mut found = Vec::with_capacity(texts.len());
    for batch in texts.chunks(SENTIMENT_BATCH) {
        found.extend(batch_sentiments(client, batch, language).await?);
    }
    Ok(found)
}

async fn batch_sentiments(
    client: &Client,
    batch: &[&str],
    language: &str,
) -> Result<Vec<Result<Sentiment, TextRefused>>, CallFailed> {
    const OPERATION: &str = "BatchDetectSentiment";
    let subject = || format!("{} texts", batch.len());
    let output = client
        .batch_detect_sentiment()
        .set_text_list(Some(batch.iter().map(|text| (*text).to_owned()).collect()))
        .language_code(LanguageCode::from(language))
        .send()
        .await
        .map_err(|error| CallFailed::of_private_call(OPERATION, subject(), error, batch))?;
    let mut by_index = BTreeMap::new();
    for result in output.result_list() {
        if let (Some(index), Some(score)) = (result.index(), result.sentiment_score()) {
            by_index.insert(index, Ok(sentiment(score)));
        }
    }
    for error in output.error_list() {
        if let Some(index) = error.index() {
            let code = error.error_code().unwrap_or("no error code").to_owned();
            by_index.insert(index, Err(TextRefused { code }));
        }
    }
    // Both lists are sparse and of any order; what is in neither was not read.
    let missing = || Err(TextRefused { code: "not in the answer".to_owned() });
    let indices = (0..batch.len()).map(|index| i32::try_from(index).unwrap_or(i32::MAX));
    Ok(indices.map(|index| by_index.remove(&index).unwrap_or_else(missing)).collect())
}

/// The toxicity of each segment of English text, in order; none blank, each at most 1 KB.
///
/// # Errors
///
/// When a call failed, as [`sentiments`], or answered for another number of segments.
pub async fn toxicities(client: &Client, segments: &[&str]) -> Result<Vec<Toxicity>, CallFailed> {
    const OPERATION: &str = "DetectToxicContent";
    let mut found = Vec::with_capacity(segments.len());
    for batch in segments.chunks(TOXICITY_BATCH) {
        let subject = || format!("{} segments", batch.len());
        let texts: Result<Vec<TextSegment>, _> =
            batch.iter().map(|text| TextSegment::builder().text(*text).build()).collect();
        let texts =
            texts.map_err(|problem| CallFailed::unusable_answer(OPERATION, subject(), problem))?;
        let output = client
            .detect_toxic_content()
            .set_text_segments(Some(texts))
            .language_code(LanguageCode::En)
            .send()
            .await
            .map_err(|error| CallFailed::of_private_call(OPERATION, subject(), error, batch))?;
        let results = output.result_list();
        if results.len() != batch.len() {
            let problem = format!("{} results came", results.len());
            return Err(CallFailed::unusable_answer(OPERATION, subject(), problem));
        }
        found.extend(results.iter().map(toxicity));
    }
    Ok(found)
}

fn sentiment(score: &SentimentScore) -> Sentiment {
    let read = |value: Option<f32>| value.map(f64::from).unwrap_or_default();
    Sentiment {
        positive: read(score.positive()),
        negative: read(score.negative()),
        neutral: read(score.neutral()),
        mixed: read(score.mixed()),
    }
}

fn toxicity(labels: &ToxicLabels) -> Toxicity {
    let kinds = labels
        .labels()
        .iter()
        .filter_map(|label| Some((label.name()?.as_str().to_owned(), f64::from(label.score()?))));
    Toxicity {
        overall: labels.toxicity().map(f64::from).unwrap_or_default(),
        kinds: kinds.collect(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_comprehend::config::retry::RetryConfig;
    use aws_sdk_comprehend::operation::batch_detect_sentiment::{
        BatchDetectSentimentError, BatchDetectSentimentOutput,
    };
    use aws_sdk_comprehend::operation::detect_toxic_content::DetectToxicContentOutput;
    use aws_sdk_comprehend::types::{
        BatchDetectSentimentItemResult, BatchItemError, ToxicContent, ToxicContentType,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn client(rules: &[&Rule]) -> Client {
        mock_client!(aws_sdk_comprehend, RuleMode::MatchAny, rules, |config| config
            .retry_config(RetryConfig::disabled()))
    }

    #[tokio::test]
    async fn sentiments_go_25_a_call_and_stay_in_order_around_texts_that_were_not_read() {
        let batch = mock!(Client::batch_detect_sentiment)
            .match_requests(|request| {
                (1..=25).contains(&request.text_list().len())
                    && request.language_code() == Some(&LanguageCode::Ja)
            })
            .then_output(|| {
                let result = |index: i32| {
                    let score = SentimentScore::builder().positive(index as f32 / 2.0).build();
                    BatchDetectSentimentItemResult::builder().index(index).sentiment_score(score)
                };
                let refused =
                    BatchItemError::builder().index(1).error_code("InternalServerException");
                BatchDetectSentimentOutput::builder()
                    .result_list(result(2).build())
                    .result_list(result(0).build())
                    .set_error_list(Some(vec![refused.build()]))
                    .build()
                    .unwrap()
            });
        let texts = ["text"; 27];
        let found = sentiments(&client(&[&batch]), &texts, "ja").await.unwrap();
        assert_eq!((found.len(), batch.num_calls()), (27, 2));
        let positive = |index: usize| found[index].as_ref().map(|found| found.positive);
        assert_eq!((positive(0), positive(2)), (Ok(0.0), Ok(1.0)));
        assert_eq!(found[1].as_ref().unwrap_err().code, "InternalServerException");
        assert_eq!(found[3].as_ref().unwrap_err().code, "not in the answer");
        assert_eq!(sentiments(&client(&[]), &[], "ja").await.unwrap(), Vec::new());
    }

    #[tokio::test]
    async fn toxicities_go_ten_a_call() {
        let rule = mock!(Client::detect_toxic_content)
            .match_requests(|request| request.text_segments().len() == 10)
            .then_output(|| {
                let label = ToxicContent::builder().name(ToxicContentType::Insult).score(0.5);
                let labels = ToxicLabels::builder().labels(label.build()).toxicity(0.25).build();
                DetectToxicContentOutput::builder().set_result_list(Some(vec![labels; 10])).build()
            });
        let found = toxicities(&client(&[&rule]), &["segment"; 20]).await.unwrap();
        assert_eq!((found.len(), rule.num_calls()), (20, 2));
        assert_eq!((found[0].overall, found[0].kinds["INSULT"]), (0.25, 0.5));
    }

    #[tokio::test]
    async fn an_answer_for_another_number_of_segments_is_an_error() {
        let rule = mock!(Client::detect_toxic_content)
            .then_output(|| DetectToxicContentOutput::builder().build());
        let failed = toxicities(&client(&[&rule]), &["segment"]).await.unwrap_err();
        assert_eq!(failed.explain(), "DetectToxicContent of 1 segments failed: 0 results came");
    }

    #[tokio::test]
    async fn refusals_are_told_apart_and_repeat_nothing() {
        let fail = async |code: &'static str, message: &'static str| {
            let rule = mock!(Client::batch_detect_sentiment).then_error(move || {
                let metadata = ErrorMetadata::builder().code(code).message(message).build();
                BatchDetectSentimentError::generic(metadata)
            });
            let texts = ["what a dreadful answer"];
            sentiments(&client(&[&rule]), &texts, "en").await.unwrap_err()
        };
        assert!(fail("ThrottlingException", "").await.is_throttled());
        assert!(fail("AccessDeniedException", "").await.is_denied());
        assert!(fail("UnsupportedLanguageException", "").await.is_unsupported_language());
        assert!(fail("TextSizeLimitExceededException", "").await.is_too_large());
        assert!(fail("BatchSizeLimitExceededException", "").await.is_too_large());
        let failed = fail("InvalidRequestException", "bad: what a dreadful answer").await;
        assert!(!failed.explain().contains("dreadful"), "{}", failed.explain());
    }
}
