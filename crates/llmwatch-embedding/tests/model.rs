//! The real model, as `make model` leaves it, against the reference runtime.

#![expect(clippy::unwrap_used, reason = "what tests share may end a test, too")]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use llmwatch_embedding::{DIMENSIONS, Embedder, EmbeddingError};
use serde::Deserialize;

/// Loaded once for all tests of this file: it takes longer than most of them.
static EMBEDDER: LazyLock<Embedder> = LazyLock::new(|| {
    Embedder::load(model_file("model.onnx"), &model_file("tokenizer.json")).unwrap()
});

fn model_file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/model").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `make model`", path.display()))
}

#[derive(Deserialize)]
struct Reference {
    text: String,
    vector: Vec<f32>,
}

/// Written by `model/reference_vectors.py`.
fn references() -> Vec<Reference> {
    serde_json::from_str(include_str!("../test_data/reference_vectors.json")).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn vectors_are_the_reference_runtimes() {
    let references = references();
    assert!(references.len() >= 30);
    let texts: Vec<&str> = references.iter().map(|reference| reference.text.as_str()).collect();
    let vectors = EMBEDDER.embed(&texts).unwrap();
    for (reference, vector) in references.iter().zip(&vectors) {
        let agreement = cosine(&reference.vector, vector);
        assert!(agreement > 0.9999, "{:?}: {agreement}", reference.text);
    }
}

#[test]
fn vectors_have_length_one() {
    for vector in EMBEDDER.embed(&["", "one", "two words"]).unwrap() {
        assert_eq!(vector.len(), DIMENSIONS);
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn company_in_a_batch_changes_nothing() {
    let texts =
        ["Fresh one.", "Fresh two, somewhat longer.", "Fresh three: the longest of all three."];
    let together = EMBEDDER.embed(&texts).unwrap();
    let other = Embedder::load(model_file("model.onnx"), &model_file("tokenizer.json")).unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        let alone = other.embed(&[text]).unwrap().remove(0);
        assert!(cosine(&alone, vector) > 0.999_99, "{text}");
    }
}

#[test]
fn a_repeated_text_has_the_same_vector_in_each_place() {
    let vectors = EMBEDDER.embed(&["again", "between", "again"]).unwrap();
    assert_eq!(vectors[0], vectors[2]);
    assert_ne!(vectors[0], vectors[1]);
    assert_eq!(EMBEDDER.embed(&["between"]).unwrap()[0], vectors[1]);
}

#[test]
fn no_texts_have_no_vectors() {
    assert_eq!(EMBEDDER.embed(&[]).unwrap(), Vec::<Vec<f32>>::new());
}

#[test]
fn a_text_of_megabytes_is_cut() {
    let vectors =
        EMBEDDER.embed(&["word ".repeat(2_000_000).as_str(), &"word ".repeat(126)]).unwrap();
    assert!(cosine(&vectors[0], &vectors[1]) > 0.9999);
}

#[test]
fn bytes_that_are_no_model_are_refused() {
    let error = Embedder::load(b"no model".to_vec(), &model_file("tokenizer.json")).unwrap_err();
    assert!(matches!(error, EmbeddingError::Model(_)), "{error:?}");
    let error = Embedder::load(model_file("model.onnx"), b"{}").unwrap_err();
    assert!(matches!(error, EmbeddingError::Tokenizer(_)), "{error:?}");
}
