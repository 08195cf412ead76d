//! The mood of answers and of users.

use llmwatch_core::quality::Metric;

use crate::evidence::{Evidence, Sides};
use crate::exchange::{Content, Conversation};
use crate::metric::{Needs, NotScored, QualityMetric};
use crate::text::Text;

/// The mood of the completion: 0 negative, 0.5 neutral, 1 positive; neither is better.
pub const COMPLETION: Sentiment = Sentiment {
    metric: Metric::CompletionSentiment,
    side: |sides| sides.completion,
    text: |conversation| Some(&conversation.completion),
};

/// The mood of the user's last turn, a sign of frustration: 0 negative, 1 positive; higher is better.
pub const PROMPT: Sentiment = Sentiment {
    metric: Metric::PromptSentiment,
    side: |sides| sides.prompt,
    text: Conversation::prompt,
};

/// The mood of one side, as the provider of sentiments found it.
///
/// Method: embedded, the mean over the sentences of VADER's compound ([`crate::sentiment`]); from
/// AWS, what Comprehend's DetectSentiment says. Source: Hutto & Gilbert, VADER (2014),
/// <https://ojs.aaai.org/index.php/ICWSM/article/view/14550>. A text in a language the provider
/// does not know is counted as not scored, never as neutral.
///
/// Blind spots of the embedded one: it knows words, not meaning, so irony and polite complaints
/// pass as they are worded; subjects count as moods ("the war", "free"); `don’t` with a
/// typographic apostrophe does not negate; fewer than eight words of another language in Latin
/// script are taken for English.
#[derive(Debug)]
pub struct Sentiment {
    metric: Metric,
    side: fn(&Sides<f64>) -> Option<f64>,
    text: fn(&Conversation) -> Option<&Text>,
}

impl QualityMetric for Sentiment {
    fn metric(&self) -> Metric {
        self.metric
    }

    fn needs(&self) -> Needs {
        Needs::Sentiment
    }

    fn score(&self, evidence: &Evidence<'_>) -> Result<f64, NotScored> {
        let sides = evidence.sentiment.found()?;
        (self.side)(sides).ok_or_else(|| self.why_none(&evidence.exchange.content))
    }
}

impl Sentiment {
    /// A side with text on it lacks a score because its language is not known.
    fn why_none(&self, content: &Content) -> NotScored {
        let Content::Conversation(conversation) = content else {
            return NotScored::NoText;
        };
        match (self.text)(conversation) {
            Some(text) if !text.is_blank() => NotScored::NoEvidence("language"),
            _ => NotScored::NoText,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Reading;
    use crate::sentiment;
    use crate::test_exchange::{answered, exchange};

    #[track_caller]
    fn check(completion: &str, expected: Result<f64, NotScored>) {
        let exchange = answered(completion);
        let Content::Conversation(conversation) = &exchange.content else {
            panic!("an answered exchange has a conversation");
        };
        let evidence =
            Evidence { sentiment: sentiment::of(conversation), ..Evidence::of(&exchange) };
        let rounded = |score: f64| (score * 1e4).round() / 1e4;
        assert_eq!(COMPLETION.score(&evidence).map(rounded), expected, "{completion}");
        assert_eq!(PROMPT.score(&evidence), Ok(0.5));
    }

    #[test]
    fn moods_range_from_0_to_1() {
        check("This is wonderful, thank you!", Ok(0.8787));
        check("The table has four columns.", Ok(0.5));
        check("This is a horrible, useless answer.", Ok(0.1285));
    }

    #[test]
    fn another_language_is_not_neutral() {
        check("申し訳ございません。", Err(NotScored::NoEvidence("language")));
    }

    #[test]
    fn a_blank_side_has_no_text() {
        check(" ", Err(NotScored::NoText));
    }

    #[test]
    fn a_call_without_bodies_has_no_text() {
        let exchange = exchange();
        let sentiment = Reading::Found(Sides::default());
        let evidence = Evidence { sentiment, ..Evidence::of(&exchange) };
        assert_eq!(COMPLETION.score(&evidence), Err(NotScored::NoText));
    }

    #[test]
    fn a_provider_that_failed_is_told() {
        let exchange = answered("Hello");
        let evidence = Evidence { sentiment: Reading::Failed("denied"), ..Evidence::of(&exchange) };
        assert_eq!(PROMPT.score(&evidence), Err(NotScored::NoEvidence("denied")));
    }
}
