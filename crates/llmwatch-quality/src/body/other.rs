//! Embeddings, reranking, images and video: recognised and counted, not scored.
//!
//! Sources, below <https://docs.aws.amazon.com/bedrock/latest/userguide/>:
//! `model-parameters-titan-embed-text.html`, `…-titan-embed-mm.html`, `…-embed.html` (Cohere),
//! `…-rerank.html`, `…-titan-image.html`, `…-stability-diffusion.html`, `…-luma.html`; for Nova
//! <https://docs.aws.amazon.com/nova/latest/userguide/>.

use crate::exchange::OtherContent;
use crate::json::Json;

/// What a request asks for, if its keys leave no doubt.
pub(super) fn question(body: &Json<'_>) -> Option<OtherContent> {
    let has = |key: &&str| body.get(key).is_some();
    let has_any = |keys: &[&str]| keys.iter().any(has);
    if let Some(task) = body.str("taskType") {
        return Some(task_of(task));
    }
    if has_any(&["messages", "textGenerationConfig", "inputs"]) {
        None
    } else if has_any(&[
        "embeddingConfig",
        "embeddingTypes",
        "embedding_types",
        "dimensions",
        "input_type",
        "texts",
    ]) {
        Some(OtherContent::Embedding)
    } else if has_any(&["query"]) && has_any(&["documents"]) {
        Some(OtherContent::Rerank)
    } else if has_any(&["videoGenerationConfig", "duration", "keyframes"]) {
        Some(OtherContent::Video)
    } else if has_any(&[
        "text_prompts",
        "imageGenerationConfig",
        "aspect_ratio",
        "negative_prompt",
        "output_format",
        "cfg_scale",
    ]) {
        Some(OtherContent::Image)
    } else {
        None
    }
}

/// What Amazon's `taskType` asks for: `TEXT_IMAGE`, `TEXT_VIDEO`, `SINGLE_EMBEDDING` and so on.
fn task_of(task: &str) -> OtherContent {
    if task.contains("EMBEDDING") {
        OtherContent::Embedding
    } else if task.contains("VIDEO") {
        OtherContent::Video
    } else {
        OtherContent::Image
    }
}

/// What an answer is, if its keys leave no doubt.
pub(super) fn answer(body: &Json<'_>) -> Option<OtherContent> {
    let first = |key: &str| body.list(key).and_then(<[_]>::first);
    let ranks = |item: &Json<'_>| item.has("relevance_score") || item.has("relevanceScore");
    let has_vectors =
        ["embedding", "embeddings", "embeddingsByType"].iter().any(|key| body.has(key))
            || first("data").or(body.get("data")).is_some_and(|item| item.has("embedding"));
    if has_vectors {
        Some(OtherContent::Embedding)
    } else if first("results").is_some_and(ranks) {
        Some(OtherContent::Rerank)
    } else if body.list("images").is_some() || body.list("artifacts").is_some() {
        Some(OtherContent::Image)
    } else if body.has("video") || body.has("videos") {
        Some(OtherContent::Video)
    } else {
        None
    }
}
