//! From texts to vectors.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView};
use tokenizers::{Tokenizer, TruncationParams};

use crate::batch::batches;
use crate::cache::{Cache, Key};

/// Numbers in a vector.
pub const DIMENSIONS: usize = 384;

/// Tokens of a text that count, its two special tokens included; what follows is cut off.
///
/// What the model was trained with (sentence-transformers/all-MiniLM-L6-v2 on Hugging Face, model
/// card, read 2026-11-22: "sequence length was limited to 128 tokens") and what its `tokenizer.json`
/// sets; sentence-transformers itself cuts at 256, for twice the time.
pub const MAX_TOKENS: usize = 128;

/// Bytes of a text that are tokenised, so that a body of 30 MB costs no more than another.
///
/// Cuts nothing that counts unless the first [`MAX_TOKENS`] tokens are longer than 128 bytes each
/// on average, which only runs of white space and unbroken blobs are.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// A sentence-embedding model, loaded.
pub struct Embedder {
    model: Model,
    tokenizer: Tokenizer,
    nodes: Nodes,
    thread: Arc<ThreadPool>,
    cache: Mutex<Cache>,
}

struct Nodes {
    input_ids: NodeId,
    attention_mask: NodeId,
    token_type_ids: NodeId,
    last_hidden_state: NodeId,
}

/// Why there is no embedder, or no vector.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingError {
    /// The bytes are no ONNX model, or one with operators the runtime does not know.
    #[error("cannot load the embedding model")]
    Model(#[source] Box<dyn Error + Send + Sync>),
    /// The bytes are no `tokenizer.json`.
    #[error("cannot load the tokenizer of the embedding model")]
    Tokenizer(#[source] Box<dyn Error + Send + Sync>),
    /// A text could not be cut into tokens.
    #[error("cannot tokenise a text")]
    Tokenise(#[source] Box<dyn Error + Send + Sync>),
    /// The model does not run, or answers in another shape than its kind does.
    #[error("cannot run the embedding model")]
    Run(#[source] Box<dyn Error + Send + Sync>),
}

impl Embedder {
    /// Loads the model (ONNX) and its tokenizer (`tokenizer.json`).
    ///
    /// Runs on one thread of its own: a function with up to 1,769 MB has no more than one CPU.
    ///
    /// # Errors
    ///
    /// [`EmbeddingError::Model`] and [`EmbeddingError::Tokenizer`] when the bytes are not what they
    /// should be: the package was built wrongly.
    pub fn load(model: Vec<u8>, tokenizer: &[u8]) -> Result<Self, EmbeddingError> {
        // Packed weights cost 43 MB and save 40 % of the time.
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load(model)
            .map_err(|error| EmbeddingError::Model(error.into()))?;
        Ok(Self {
            nodes: Nodes::of(&model)?,
            model,
            tokenizer: load_tokenizer(tokenizer).map_err(EmbeddingError::Tokenizer)?,
            thread: Arc::new(ThreadPool::with_num_threads(1)),
            cache: Mutex::new(Cache::new()),
        })
    }

    /// The vectors of the texts, in their order: [`DIMENSIONS`] numbers of Euclidean length one.
    ///
    /// The mean of the last layer over the text's tokens, as sentence-transformers pools this model.
    /// A text beyond [`MAX_TOKENS`] is cut; an empty one has the vector of the two special tokens,
    /// which means nothing. Texts are sorted by length and run in small batches; a text seen before
    /// among the last 4,096 different ones is not computed again.
    ///
    /// # Errors
    ///
    /// [`EmbeddingError::Tokenise`] and [`EmbeddingError::Run`]; neither depends on who wrote the
    /// text, so either is a defect of the package.
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbeddingError> {
        let keys: Vec<Key> =
            self.with_cache(|cache| texts.iter().map(|text| cache.key(text)).collect());
        let mut vectors: HashMap<Key, Vec<f32>> = self.with_cache(|cache| {
            keys.iter().filter_map(|&key| Some((key, cache.get(key)?.clone()))).collect()
        });
        // A map, so that the same text twice in one call is computed once.
        let unseen: BTreeMap<Key, &str> = keys
            .iter()
            .zip(texts)
            .filter(|(key, _)| !vectors.contains_key(key))
            .map(|(&key, &text)| (key, text))
            .collect();
        let computed = self.compute(&unseen.values().copied().collect::<Vec<_>>())?;
        for (&key, vector) in unseen.keys().zip(computed) {
            self.with_cache(|cache| cache.insert(key, vector.clone()));
            vectors.insert(key, vector);
        }
        Ok(keys.iter().map(|key| vectors[key].clone()).collect())
    }

    fn with_cache<T>(&self, work: impl FnOnce(&mut Cache) -> T) -> T {
        // A panic elsewhere leaves at worst a vector out: the cache stays right.
        work(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn compute(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbeddingError> {
        let tokens = texts.iter().map(|text| self.tokens(text)).collect::<Result<Vec<_>, _>>()?;
        let counts: Vec<usize> = tokens.iter().map(Vec::len).collect();
        let mut vectors = vec![Vec::new(); texts.len()];
        for batch in batches(&counts) {
            let members: Vec<&[u32]> =
                batch.iter().map(|&index| tokens[index].as_slice()).collect();
            for (index, vector) in batch.iter().zip(self.run(&members)?) {
                vectors[*index] = vector;
            }
        }
        Ok(vectors)
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, EmbeddingError> {
        let head = &text[..text.floor_char_boundary(MAX_TEXT_BYTES)];
        let encoding = self.tokenizer.encode(head, true).map_err(EmbeddingError::Tokenise)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// One run of the model: as many vectors as texts.
    fn run(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, EmbeddingError> {
        let longest = texts.iter().map(|tokens| tokens.len()).max().unwrap_or_default();
        let shape = [texts.len(), longest];
        let mut input_ids = NdTensor::<i32, 2>::zeros(shape);
        let mut attention_mask = NdTensor::<i32, 2>::zeros(shape);
        for (row, tokens) in texts.iter().enumerate() {
            for (column, &token) in tokens.iter().enumerate() {
                input_ids[[row, column]] = i32::try_from(token).map_err(run_error)?;
                attention_mask[[row, column]] = 1;
            }
        }
        let inputs: Vec<(NodeId, ValueOrView)> = vec![
            (self.nodes.input_ids, input_ids.into()),
            (self.nodes.attention_mask, attention_mask.into()),
            (self.nodes.token_type_ids, NdTensor::<i32, 2>::zeros(shape).into()),
        ];
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.thread)));
        let [hidden] = self
            .model
            .run_n(inputs, [self.nodes.last_hidden_state], Some(options))
            .map_err(run_error)?;
        let hidden: NdTensor<f32, 3> = hidden.try_into().map_err(run_error)?;
        if hidden.shape() != [texts.len(), longest, DIMENSIONS] {
            return Err(run_error(format!("unexpected shape {:?}", hidden.shape())));
        }
        let pooled = texts.iter().enumerate();
        Ok(pooled.map(|(row, tokens)| pool(hidden.slice(row), tokens.len())).collect())
    }
}

impl Nodes {
    fn of(model: &Model) -> Result<Self, EmbeddingError> {
        let node = |name| model.node_id(name).map_err(|error| EmbeddingError::Model(error.into()));
        Ok(Self {
            input_ids: node("input_ids")?,
            attention_mask: node("attention_mask")?,
            token_type_ids: node("token_type_ids")?,
            last_hidden_state: node("last_hidden_state")?,
        })
    }
}

impl fmt::Debug for Embedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedder").finish_non_exhaustive()
    }
}

fn load_tokenizer(json: &[u8]) -> Result<Tokenizer, Box<dyn Error + Send + Sync>> {
    let mut tokenizer = Tokenizer::from_bytes(json)?;
    // The file pads each text to 128 tokens; a batch is padded to its own longest.
    tokenizer.with_padding(None);
    let truncation = TruncationParams { max_length: MAX_TOKENS, ..TruncationParams::default() };
    tokenizer.with_truncation(Some(truncation))?;
    Ok(tokenizer)
}

/// The mean over the first `tokens` rows, brought to length one.
fn pool(hidden: NdTensorView<f32, 2>, tokens: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f32; DIMENSIONS];
    for row in 0..tokens {
        for (total, &value) in sum.iter_mut().zip(hidden.slice(row).iter()) {
            *total += value;
        }
    }
    // Division by the count would cancel out.
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        sum.iter_mut().for_each(|value| *value /= length);
    }
    sum
}

fn run_error(error: impl Into<Box<dyn Error + Send + Sync>>) -> EmbeddingError {
    EmbeddingError::Run(error.into())
}
