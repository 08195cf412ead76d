//! Titan Text Embeddings V2: a vector of hashed words, so that cosine grows with what texts share.
//!
//! Every word adds 1 and each of its letter triples 0.3, up or down, at the place its hash says; of
//! languages without spaces the triples do the work. No meaning is known: synonyms share nothing.

use std::iter;

use serde_json::{Value, json};

use crate::error::AwsError;
use crate::value::{count, text, texts, truth};
use crate::words::words;
use crate::world::fnv;

/// The one model that is invoked here.
pub(super) const TITAN_V2: &str = "amazon.titan-embed-text-v2:0";

/// Limits and the average length of an English token.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html>
/// (read 2026-11-22).
const MAX_CHARS: usize = 50_000;
const MAX_TOKENS: usize = 8_192;
const CHARS_PER_TOKEN: f64 = 4.7;

const TRIPLE_WEIGHT: f64 = 0.3;

pub(super) fn embed(body: &Value) -> Result<Value, AwsError> {
    let known = ["inputText", "dimensions", "normalize", "embeddingTypes"];
    let members = body.as_object().into_iter().flatten();
    if let Some((name, _)) = members.into_iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(malformed(&format!("#: extraneous key [{name}] is not permitted")));
    }
    let text = text(body, "inputText")
        .ok_or_else(|| malformed("#: required key [inputText] not found"))?;
    let dimensions = match body.get("dimensions") {
        None => 1024,
        Some(given) => {
            count(body, "dimensions").filter(|count| [256, 512, 1024].contains(count)).ok_or_else(
                || malformed(&format!("#/dimensions: {given} is not a valid enum value")),
            )?
        }
    };
    let tokens = checked_tokens(text)?;
    let mut vector = vector(text, dimensions);
    if truth(body, "normalize").unwrap_or(true) {
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|value| *value /= length);
    }
    let types = texts(body, "embeddingTypes");
    let types = if types.is_empty() { vec!["float"] } else { types };
    let mut answer = json!({"embeddingsByType": {}, "inputTextTokenCount": tokens});
    for kind in types {
        if kind == "binary" {
            let bits = vector.iter().map(|value| u8::from(*value > 0.0));
            answer["embeddingsByType"]["binary"] = bits.collect();
        } else {
            answer["embeddingsByType"]["float"] = json!(vector);
            answer["embedding"] = json!(vector);
        }
    }
    Ok(answer)
}

fn checked_tokens(text: &str) -> Result<usize, AwsError> {
    let chars = text.chars().count();
    if text.trim().is_empty() {
        return Err(malformed("expected minLength: 1, actual: 0"));
    }
    if chars > MAX_CHARS {
        return Err(malformed(&format!("expected maxLength: {MAX_CHARS}, actual: {chars}")));
    }
    let ascii = text.chars().filter(char::is_ascii).count();
    let tokens = (ascii as f64 / CHARS_PER_TOKEN).ceil() as usize + (chars - ascii);
    if tokens > MAX_TOKENS {
        // Worded as in https://github.com/aws-samples/amazon-bedrock-workshop/issues/136.
        let message = format!(
            "400 Bad Request: Too many input tokens. Max input tokens: {MAX_TOKENS}, request input token count: {tokens}"
        );
        return Err(AwsError::new("ValidationException", message));
    }
    Ok(tokens)
}

/// Not all zero, even for a text without words.
fn vector(text: &str, dimensions: usize) -> Vec<f64> {
    let lower = text.to_lowercase();
    let mut vector = vec![0.0; dimensions];
    let mut add = |term: &str, weight: f64| {
        let hash = fnv(term, 0);
        let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
        vector[(hash >> 1) as usize % dimensions] += sign * weight;
    };
    for word in words(&lower) {
        add(word, 1.0);
        let letters: Vec<char> = iter::once(' ').chain(word.chars()).chain([' ']).collect();
        for triple in letters.windows(3) {
            add(&triple.iter().collect::<String>(), TRIPLE_WEIGHT);
        }
    }
    if vector.iter().all(|value| *value == 0.0) {
        vector[fnv(&lower, 1) as usize % dimensions] = 1.0;
    }
    vector
}

/// Worded as Bedrock words what a model's JSON schema refuses; the problem's own words are ours.
fn malformed(problem: &str) -> AwsError {
    let message =
        format!("Malformed input request: {problem}, please reformat your input and try again.");
    AwsError::new("ValidationException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(text: &str, dimensions: usize) -> Vec<f64> {
        let answer = embed(&json!({"inputText": text, "dimensions": dimensions})).unwrap();
        answer["embedding"].as_array().unwrap().iter().filter_map(Value::as_f64).collect()
    }

    fn cosine(one: &str, other: &str) -> f64 {
        let (one, other) = (embedded(one, 1024), embedded(other, 1024));
        one.iter().zip(&other).map(|(one, other)| one * other).sum()
    }

    #[test]
    fn cosine_grows_with_what_texts_share() {
        let question = "How do I reset the password of my router?";
        let close = cosine(question, "To reset the password of your router, hold the button.");
        let far = cosine(question, "Bananas turn yellow when they ripen.");
        assert!(close > 0.5 && far < 0.3 && close - far > 0.3, "{close} {far}");
        assert!((cosine(question, question) - 1.0).abs() < 1e-9);
        assert!(
            cosine("東京の天気は晴れ", "東京の天気は雨") > cosine("東京の天気は晴れ", "猫が好き")
        );
        assert!((cosine("...", "...") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn vectors_have_the_length_asked_for() {
        for dimensions in [256, 512, 1024] {
            assert_eq!(embedded("hello", dimensions).len(), dimensions);
        }
        let both = json!({"inputText": "a", "embeddingTypes": ["binary"], "dimensions": 256});
        let answer = embed(&both).unwrap();
        assert!(answer.get("embedding").is_none());
        assert_eq!(answer["embeddingsByType"]["binary"].as_array().unwrap().len(), 256);
    }

    #[test]
    fn what_titan_does_not_take_is_refused() {
        let refused = |body: Value| embed(&body).unwrap_err().message;
        assert!(refused(json!({"inputText": " "})).contains("minLength"));
        assert!(refused(json!({"inputText": "a".repeat(50_001)})).contains("maxLength: 50000"));
        assert!(
            refused(json!({"inputText": "語".repeat(8_193)})).contains("Too many input tokens")
        );
        assert!(refused(json!({"inputText": "a", "dimensions": 300})).contains("#/dimensions"));
        assert!(refused(json!({"inputText": "a", "maxTokenCount": 1})).contains("extraneous key"));
    }
}
