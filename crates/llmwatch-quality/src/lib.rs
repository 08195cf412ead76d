//! From logged model calls to quality scores, as pure functions over plain values.
//!
//! The way of a record: bytes → [`Exchange`](exchange::Exchange) → [`Evidence`](evidence::Evidence)
//! → a [`QualityMetric`](metric::QualityMetric)'s score. Apart from `llmwatch-core`, so that the
//! functions that watch quotas build no text models. No clock, no environment, no network, no AWS
//! type; what calls AWS hands its answers in as evidence.

mod body;
pub mod budget;
pub mod call_record;
mod content;
pub mod data_capture;
pub mod evidence;
pub mod exchange;
pub mod fold;
pub mod injection;
pub mod invocation_log;
mod json;
pub mod judge;
pub mod key;
pub mod linear;
pub mod metric;
pub mod metrics;
pub mod object;
pub mod ours;
pub mod phrases;
pub mod publish;
pub mod redaction;
pub mod refusal;
pub mod sampling;
pub mod score_card;
pub mod segments;
pub mod sentiment;
pub mod series;
pub mod settings;
pub mod skipped;
pub mod spans;
#[cfg(test)]
mod test_exchange;
#[cfg(test)]
mod test_rendering;
pub mod text;
mod timestamp;
pub mod toxicity;
