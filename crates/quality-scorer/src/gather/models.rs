//! The models that run in process, loaded when they are needed for the first time.

use std::path::Path;
use std::sync::OnceLock;

use llmwatch_embedding::{Embedder, EmbeddingError};
use llmwatch_quality::phrases::ListError;
use llmwatch_quality::refusal::Refusals;
use llmwatch_quality::toxicity::Toxicity;

/// The files `make model` writes and the template's layer holds.
const MODEL: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";

/// The models of one instance of the function.
#[derive(Debug)]
pub(crate) struct Models {
    in_process: InProcess,
    embedder: OnceLock<Result<Embedder, ModelUnusable>>,
}

/// Models that are a part of the program.
#[derive(Debug)]
pub(crate) struct InProcess {
    /// Reads refusals off answers.
    pub refusals: Refusals,
    /// Scores toxicity.
    pub toxicity: Toxicity,
}

/// Why texts cannot be embedded in process.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelUnusable {
    /// A file of the model is not there.
    #[error("the model's file {0} cannot be read; `make model` fetches it, and the layer holds it")]
    File(String, #[source] std::io::Error),
    /// The files are no model.
    #[error("the embedding model cannot be loaded")]
    Model(#[from] EmbeddingError),
}

impl Models {
    /// The models of the program; the embedder is loaded later.
    ///
    /// # Errors
    ///
    /// When the program was built wrongly.
    pub(crate) fn new() -> Result<Self, ListError> {
        let in_process =
            InProcess { refusals: Refusals::shipped()?, toxicity: Toxicity::shipped()? };
        Ok(Self { in_process, embedder: OnceLock::new() })
    }

    /// The models of the program.
    pub(crate) fn in_process(&self) -> &InProcess {
        &self.in_process
    }

    /// The embedder; what went wrong when it was loaded is logged once.
    pub(crate) fn embedder(&self, directory: &Path) -> Result<&Embedder, &ModelUnusable> {
        let load = || {
            let read = |name: &str| {
                let path = directory.join(name);
                std::fs::read(&path)
                    .map_err(|error| ModelUnusable::File(path.display().to_string(), error))
            };
            let embedder = (|| Ok(Embedder::load(read(MODEL)?, &read(TOKENIZER)?)?))();
            if let Err(unusable) = &embedder {
                tracing::error!("texts cannot be embedded: {}", llmwatch_aws::chain(unusable));
            }
            embedder
        };
        self.embedder.get_or_init(load).as_ref()
    }
}
