//! The labelled sets, and the heads that saw none of what they judge.

use std::fs;
use std::path::{Path, PathBuf};

use llmwatch_embedding::{Embedder, EmbeddingError};
use llmwatch_quality::phrases::ListError;
use serde::Deserialize;

/// The models whose answers are judged.
pub(crate) const MODELS: [&str; 3] = ["gpt4", "llama2orig", "mistralinstruct"];

/// Into how many parts HateCheck's templates are divided.
pub(crate) const TEMPLATE_FOLDS: u32 = 5;

/// What can go wrong in an evaluation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvaluationError {
    #[error("cannot read {0}")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{0} is not the table it should be")]
    Table(PathBuf, #[source] csv::Error),
    #[error("{0} is no label")]
    Label(String),
    #[error("weights and code do not belong together; `make train` writes them anew")]
    Weights(#[from] ListError),
    #[error("the model does not work")]
    Model(#[from] EmbeddingError),
    #[error("training needs the model: `make model` fetches it")]
    NoModel,
    #[error("cannot write a line")]
    Write(#[source] serde_json::Error),
}

/// What people said of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    Compliance,
    Full,
    Partial,
}

/// A labelled answer of a model.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) label: Label,
}

/// A labelled statement.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) toxic: bool,
    /// What of a detector it tests.
    pub(crate) functionality: String,
    /// Which part of the templates it is of.
    pub(crate) fold: u32,
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, EvaluationError> {
    fs::read(path).map_err(|error| EvaluationError::Read(path.to_owned(), error))
}

/// Text of a file of weights.
pub(crate) fn weights(home: &Path, name: &str) -> Result<String, EvaluationError> {
    let path = home.join("folds").join(name);
    fs::read_to_string(&path).map_err(|error| EvaluationError::Read(path, error))
}

pub(crate) fn model_answers(home: &Path, model: &str) -> Result<Vec<Answer>, EvaluationError> {
    answers(&home.join(format!("data/xstest_v2_completions_{model}.csv")))
}

/// Answers of a file with the columns and labels of XSTest.
pub(crate) fn answers(path: &Path) -> Result<Vec<Answer>, EvaluationError> {
    #[derive(Deserialize)]
    struct Row {
        completion: String,
        final_label: String,
    }
    let label = |text: &str| match text {
        "1_full_compliance" => Ok(Label::Compliance),
        "2_full_refusal" => Ok(Label::Full),
        "3_partial_refusal" => Ok(Label::Partial),
        other => Err(EvaluationError::Label(other.to_owned())),
    };
    rows::<Row>(path)?
        .into_iter()
        .map(|row| Ok(Answer { label: label(row.final_label.trim())?, text: row.completion }))
        .collect()
}

pub(crate) fn hatecheck(home: &Path) -> Result<Vec<Statement>, EvaluationError> {
    #[derive(Deserialize)]
    struct Row {
        functionality: String,
        test_case: String,
        label_gold: String,
        templ_id: u32,
    }
    let statement = |row: Row| Statement {
        text: row.test_case,
        toxic: row.label_gold == "hateful",
        functionality: row.functionality,
        // Every id is even.
        fold: row.templ_id / 2 % TEMPLATE_FOLDS,
    };
    Ok(rows(&home.join("data/hatecheck_half.csv"))?.into_iter().map(statement).collect())
}

/// Statements of a file with the columns `text` and `is_toxic`.
pub(crate) fn statements(home: &Path, name: &str) -> Result<Vec<Statement>, EvaluationError> {
    #[derive(Deserialize)]
    struct Row {
        text: String,
        is_toxic: bool,
    }
    let statement = |row: Row| Statement {
        text: row.text,
        toxic: row.is_toxic,
        functionality: String::new(),
        fold: 0,
    };
    Ok(rows(&home.join(format!("data/{name}.csv")))?.into_iter().map(statement).collect())
}

fn rows<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, EvaluationError> {
    let wrong = |error| EvaluationError::Table(path.to_owned(), error);
    csv::Reader::from_path(path)
        .map_err(wrong)?
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(wrong)
}

/// The vectors of texts, where there is a model.
pub(crate) fn embed<'a>(
    model: Option<&Embedder>,
    texts: impl Iterator<Item = &'a str>,
) -> Result<Option<Vec<Vec<f32>>>, EvaluationError> {
    let texts: Vec<&str> = texts.collect();
    Ok(model.map(|model| model.embed(&texts)).transpose()?)
}
