//! Evidence from AWS, where the settings choose it. What is sent is redacted.

use llmwatch_aws::{CallFailed, comprehend, content_checks, embeddings};
use llmwatch_quality::evidence::{Reading, Sides};
use llmwatch_quality::segments::{SENTIMENT_BYTES, TOXICITY_BYTES, cut, segments};
use llmwatch_quality::text::Text;

use super::troubles::{Asked, Troubles};
use crate::App;

/// How much of a text is checked, in bytes: a check is charged by its length.
const CHECKED_BYTES: usize = 10_000;

/// Where evidence is asked for, and what goes wrong with it is noted.
#[derive(Clone, Copy)]
pub(super) struct Aws<'a> {
    pub app: &'a App,
    pub troubles: &'a Troubles,
}

impl Aws<'_> {
    /// Embeddings by Titan.
    pub(super) async fn embeddings(self, texts: &Sides<Text>) -> Reading<Sides<Vec<f32>>> {
        let client = &self.app.clients.bedrock;
        let embed = async |text: &str| {
            let dimensions = embeddings::Dimensions::D256;
            let embedded =
                embeddings::embed(client, embeddings::TITAN_V2, text, dimensions).await?;
            Ok(Some(embedded.vector))
        };
        let found = futures::try_join!(side(&texts.prompt, embed), side(&texts.completion, embed));
        self.reading(Asked::Embeddings, found)
    }

    /// Sentiment by Comprehend: 1 for positive, a half for neutral and mixed, weighed by how sure
    /// it is; the mean over the text's segments.
    pub(super) async fn sentiment(self, texts: &Sides<Text>) -> Reading<Sides<f64>> {
        let client = &self.app.clients.comprehend;
        let detect = async |text: &str| {
            let segments = segments(text, SENTIMENT_BYTES);
            let found = comprehend::sentiments(client, &segments, language(text)).await?;
            let moods: Vec<f64> = found
                .into_iter()
                .flatten()
                .map(|mood| mood.positive + (mood.neutral + mood.mixed) / 2.0)
                .collect();
            Ok((!moods.is_empty()).then(|| moods.iter().sum::<f64>() / moods.len() as f64))
        };
        let found =
            futures::try_join!(side(&texts.prompt, detect), side(&texts.completion, detect));
        self.reading(Asked::Sentiment, found)
    }

    /// Toxicity by Bedrock's guardrail checks: the severest of their content categories.
    pub(super) async fn guardrail_checks(self, texts: &Sides<Text>) -> Reading<Sides<f64>> {
        let client = &self.app.clients.bedrock;
        let check = async |of, text: &str| {
            let found = content_checks::check(client, of, cut(text, CHECKED_BYTES)).await?;
            Ok(found.content.into_values().reduce(f64::max))
        };
        let found = futures::try_join!(
            side(&texts.prompt, async |text| check(content_checks::Side::Prompt, text).await),
            side(&texts.completion, async |text| check(content_checks::Side::Completion, text)
                .await),
        );
        self.reading(Asked::GuardrailChecks, found)
    }

    /// Toxicity by Comprehend, which reads English only: the most toxic of a text's segments. A
    /// text in Japanese has none.
    pub(super) async fn toxic_content(self, texts: &Sides<Text>) -> Reading<Sides<f64>> {
        let client = &self.app.clients.comprehend;
        let detect = async |text: &str| {
            if language(text) != ENGLISH {
                return Ok(None);
            }
            let segments = segments(cut(text, CHECKED_BYTES), TOXICITY_BYTES);
            let found = comprehend::toxicities(client, &segments).await?;
            Ok(found.into_iter().map(|segment| segment.overall).reduce(f64::max))
        };
        let found =
            futures::try_join!(side(&texts.prompt, detect), side(&texts.completion, detect));
        self.reading(Asked::ToxicContent, found)
    }

    fn reading<T>(
        self,
        asked: Asked,
        found: Result<(Option<T>, Option<T>), CallFailed>,
    ) -> Reading<Sides<T>> {
        match found {
            Ok((prompt, completion)) => Reading::Found(Sides { prompt, completion }),
            Err(failure) => Reading::Failed(self.troubles.note(asked, &failure)),
        }
    }
}

/// Looks at a side that has text.
async fn side<T>(
    text: &Option<Text>,
    look: impl AsyncFn(&str) -> Result<Option<T>, CallFailed>,
) -> Result<Option<T>, CallFailed> {
    match text.as_ref().filter(|text| !text.is_blank()) {
        None => Ok(None),
        Some(text) => look(text.as_str()).await,
    }
}

const ENGLISH: &str = "en";

/// The language Comprehend is told: Japanese where kana are written, else English, whose model
/// Comprehend also applies to what it does not know.
fn language(text: &str) -> &'static str {
    let is_kana = |letter: char| matches!(letter, '\u{3041}'..='\u{30ff}');
    if text.chars().any(is_kana) { "ja" } else { ENGLISH }
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
