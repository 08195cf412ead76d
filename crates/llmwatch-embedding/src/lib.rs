//! Sentence embeddings in process: texts in, vectors of length one out, no call to anybody.
//!
//! The model is all-MiniLM-L6-v2 as an ONNX file, run by a pure-Rust runtime on one thread. The
//! crate takes the bytes of model and tokenizer and reads no file, clock or environment itself;
//! `make model` fetches the two files, pinned by hash (`model/README.md`). Deliberately not here:
//! what a vector means. Similarity, refusal and toxicity read vectors in `llmwatch-quality`.

mod batch;
mod cache;
mod embedder;

pub use embedder::{DIMENSIONS, Embedder, EmbeddingError, MAX_TOKENS};
