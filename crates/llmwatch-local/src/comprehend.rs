//! Comprehend: sentiment and toxicity by single words ([`crate::words`]), within AWS's limits.
//!
//! Not modelled: detection of languages (a text counts as of the language named), the other
//! operations. The words of refusals are ours, apart from that of too long a text.

use serde_json::{Value, json};

use crate::error::AwsError;
use crate::value::{items, text, texts};
use crate::words::{self, Mood};

/// The most bytes of a text whose sentiment is asked for.
///
/// Source for this and the next: botocore 1.44.5, and the message below, which names 5000 bytes.
const SENTIMENT_BYTES: usize = 5_000;
const SENTIMENT_BATCH: usize = 25;
/// The most bytes of a segment, and segments of a call, whose toxicity is asked for.
const TOXICITY_BYTES: usize = 1_000;
const TOXICITY_SEGMENTS: usize = 10;

/// Answers one checked request.
///
/// # Errors
///
/// As AWS refuses it.
pub fn serve(operation: &str, input: &Value) -> Result<Value, AwsError> {
    match operation {
        "DetectSentiment" => {
            let text = text(input, "Text").unwrap_or_default();
            within(text, SENTIMENT_BYTES)?;
            Ok(sentiment(text))
        }
        "BatchDetectSentiment" => batch_sentiment(input),
        "DetectToxicContent" => toxic_content(input),
        _ => Err(AwsError::new(
            "UnknownOperationException",
            format!("llmwatch-local has no {operation}"),
        )),
    }
}

fn batch_sentiment(input: &Value) -> Result<Value, AwsError> {
    let texts = texts(input, "TextList");
    if texts.len() > SENTIMENT_BATCH {
        let message = format!("The batch has {} documents; the most is 25.", texts.len());
        return Err(AwsError::new("BatchSizeLimitExceededException", message));
    }
    let mut results = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        within(text, SENTIMENT_BYTES)?;
        let mut result = sentiment(text);
        result["Index"] = Value::from(index);
        results.push(result);
    }
    Ok(json!({"ResultList": results, "ErrorList": []}))
}

fn toxic_content(input: &Value) -> Result<Value, AwsError> {
    let language = text(input, "LanguageCode").unwrap_or_default();
    if language != "en" {
        let message = format!("Toxic content is not detected in the language {language}.");
        return Err(AwsError::new("UnsupportedLanguageException", message));
    }
    let segments = items(input, "TextSegments");
    if segments.len() > TOXICITY_SEGMENTS {
        let message = format!("The list has {} segments; the most is 10.", segments.len());
        return Err(AwsError::new("InvalidRequestException", message));
    }
    let mut results = Vec::new();
    for segment in segments {
        let text = text(segment, "Text").unwrap_or_default();
        within(text, TOXICITY_BYTES)?;
        let labels: Vec<Value> = words::toxicity(text)
            .into_iter()
            .map(|(kind, score)| json!({"Name": kind, "Score": score}))
            .collect();
        results.push(json!({"Labels": labels, "Toxicity": words::worst_toxicity(text)}));
    }
    Ok(json!({"ResultList": results}))
}

fn sentiment(text: &str) -> Value {
    let Mood { positive, negative, neutral, mixed } = words::mood(text);
    let named =
        [("NEUTRAL", neutral), ("POSITIVE", positive), ("NEGATIVE", negative), ("MIXED", mixed)];
    let strongest =
        named.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
    json!({
        "Sentiment": strongest.map(|(name, _)| name),
        "SentimentScore": {
            "Positive": positive, "Negative": negative, "Neutral": neutral, "Mixed": mixed,
        },
    })
}

fn within(text: &str, most: usize) -> Result<(), AwsError> {
    if text.len() <= most {
        return Ok(());
    }
    let message = format!(
        "Input text size exceeds limit. Max length of request text allowed is {most} bytes while in this request the text size is {} bytes",
        text.len()
    );
    Err(AwsError::new("TextSizeLimitExceededException", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::world::{Place, World};

    fn ask(operation: &str, input: Value) -> Result<Value, String> {
        let place = Place { account: "000000000000".to_owned(), region: "us-east-1".to_owned() };
        let world = World::new(place, Clock::fixed(jiff::Timestamp::UNIX_EPOCH));
        let served = world.serve("comprehend", operation, input);
        served.map(|served| served.output).map_err(|error| error.code)
    }

    #[test]
    fn sentiment_is_told_of_one_text_and_of_many() {
        let found = ask("DetectSentiment", json!({"Text": "Great!", "LanguageCode": "en"}));
        assert_eq!(found.unwrap()["SentimentScore"]["Positive"], 0.5);
        let texts = json!({"TextList": ["awful, terrible", "so so"], "LanguageCode": "ja"});
        let found = ask("BatchDetectSentiment", texts).unwrap();
        let told = [0, 1].map(|index| found["ResultList"][index]["Sentiment"].clone());
        assert_eq!(told, ["NEGATIVE", "NEUTRAL"]);
        assert_eq!(found["ResultList"][1]["Index"], 1);
    }

    #[test]
    fn toxicity_is_told_of_each_segment_by_kind() {
        let segments = json!([{"Text": "you idiot"}, {"Text": "hello"}]);
        let input = json!({"TextSegments": segments, "LanguageCode": "en"});
        let found = ask("DetectToxicContent", input).unwrap();
        assert_eq!(found["ResultList"][0]["Toxicity"], 0.75);
        assert_eq!(found["ResultList"][1]["Toxicity"], 0.0);
        assert_eq!(found["ResultList"][0]["Labels"].as_array().unwrap().len(), 7);
    }

    #[test]
    fn what_comprehend_does_not_take_is_refused_by_its_names() {
        let long = |bytes: usize| "a".repeat(bytes);
        let sentiment = |text: String| {
            ask("DetectSentiment", json!({"Text": text, "LanguageCode": "en"})).err()
        };
        assert_eq!(sentiment(long(5_000)), None);
        assert_eq!(sentiment(long(5_001)).unwrap(), "TextSizeLimitExceededException");
        // 1,667 characters of three bytes.
        assert_eq!(sentiment("語".repeat(1_667)).unwrap(), "TextSizeLimitExceededException");
        assert_eq!(sentiment(String::new()).unwrap(), "ValidationException");
        let batch = json!({"TextList": vec!["a"; 26], "LanguageCode": "en"});
        let refused = ask("BatchDetectSentiment", batch).unwrap_err();
        assert_eq!(refused, "BatchSizeLimitExceededException");
        let toxic = |segments: Vec<String>, language: &str| {
            let segments: Vec<Value> = segments.iter().map(|text| json!({"Text": text})).collect();
            let input = json!({"TextSegments": segments, "LanguageCode": language});
            ask("DetectToxicContent", input).err()
        };
        assert_eq!(toxic(vec![long(1_000); 10], "en"), None);
        assert_eq!(toxic(vec![long(1); 11], "en").unwrap(), "InvalidRequestException");
        assert_eq!(toxic(vec![long(1_001)], "en").unwrap(), "TextSizeLimitExceededException");
        assert_eq!(toxic(vec![long(1)], "ja").unwrap(), "UnsupportedLanguageException");
        assert_eq!(toxic(vec![long(1)], "nl").unwrap(), "ValidationException");
    }
}
