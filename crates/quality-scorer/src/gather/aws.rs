//! Evidence from AWS, where the settings choose it. What is sent is redacted.

use llmwatch_aws::{CallFailed, comprehend, content_checks, embeddings};
use llmwatch_quality::evidence::{Reading, Sides};
use llmwatch_quality::segments::{SENTIMENT_BYTES, cut, segments};
use llmwatch_quality::text::Text;

use crate::App;

/// How much of a text is checked, in bytes: a check is charged by its length.
const CHECKED_BYTES: usize = 10_000;

/// Why evidence could not be had; each is the value of a dimension.
const DENIED: &str = "denied";
const THROTTLED: &str = "throttled";
const REFUSED: &str = "refused";
const FAILED: &str = "call failed";

/// Embeddings by Titan.
pub(crate) async fn embeddings(app: &App, texts: &Sides<Text>) -> Reading<Sides<Vec<f32>>> {
    let client = &app.clients.bedrock;
    both(texts, async |text| {
        let dimensions = embeddings::Dimensions::D256;
        let embedded = embeddings::embed(client, embeddings::TITAN_V2, text, dimensions).await?;
        Ok(Some(embedded.vector))
    })
    .await
}

/// Sentiment by Comprehend: 1 for positive, a half for neutral and mixed, weighed by how sure it
/// is; the mean over the text's segments.
pub(crate) async fn sentiment(app: &App, texts: &Sides<Text>) -> Reading<Sides<f64>> {
    let client = &app.clients.comprehend;
    both(texts, async |text| {
        let segments = segments(text, SENTIMENT_BYTES);
        let found = comprehend::sentiments(client, &segments, language(text)).await?;
        let moods: Vec<f64> = found
            .into_iter()
            .flatten()
            .map(|mood| mood.positive + (mood.neutral + mood.mixed) / 2.0)
            .collect();
        Ok((!moods.is_empty()).then(|| moods.iter().sum::<f64>() / moods.len() as f64))
    })
    .await
}

/// Toxicity by Bedrock's guardrail checks: the severest of their content categories.
pub(crate) async fn toxicity(app: &App, texts: &Sides<Text>) -> Reading<Sides<f64>> {
    let client = &app.clients.bedrock;
    let check = async |side, text: Option<&Text>| match shown(text) {
        None => Ok(None),
        Some(text) => {
            let found = content_checks::check(client, side, cut(text, CHECKED_BYTES)).await?;
            Ok(found.content.into_values().reduce(f64::max))
        }
    };
    let sides = futures::try_join!(
        check(content_checks::Side::Prompt, texts.prompt.as_ref()),
        check(content_checks::Side::Completion, texts.completion.as_ref()),
    );
    reading(sides.map(|(prompt, completion)| Sides { prompt, completion }))
}

async fn both<T>(
    texts: &Sides<Text>,
    look: impl AsyncFn(&str) -> Result<Option<T>, CallFailed>,
) -> Reading<Sides<T>> {
    let side = async |text: Option<&Text>| match shown(text) {
        None => Ok(None),
        Some(text) => look(text).await,
    };
    let sides = futures::try_join!(side(texts.prompt.as_ref()), side(texts.completion.as_ref()));
    reading(sides.map(|(prompt, completion)| Sides { prompt, completion }))
}

fn shown(text: Option<&Text>) -> Option<&str> {
    text.filter(|text| !text.is_blank()).map(Text::as_str)
}

fn reading<T>(found: Result<T, CallFailed>) -> Reading<T> {
    match found {
        Ok(found) => Reading::Found(found),
        Err(failure) => {
            tracing::warn!("evidence cannot be had: {}", failure.explain());
            Reading::Failed(reason(&failure))
        }
    }
}

/// Why a call gave no evidence, in a word that may be a dimension.
pub(super) fn reason(failure: &CallFailed) -> &'static str {
    if failure.is_denied() {
        DENIED
    } else if failure.is_throttled() {
        THROTTLED
    } else if failure.is_refused() {
        REFUSED
    } else {
        FAILED
    }
}

/// The language Comprehend is told: Japanese where kana are written, else English, whose model
/// Comprehend also applies to what it does not know.
fn language(text: &str) -> &'static str {
    let is_kana = |letter: char| matches!(letter, '\u{3041}'..='\u{30ff}');
    if text.chars().any(is_kana) { "ja" } else { "en" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kana_are_japanese() {
        assert_eq!(language("申し訳ございません"), "ja");
        assert_eq!(language("I am sorry"), "en");
    }
}
