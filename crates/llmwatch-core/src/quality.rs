//! What is measured of a model's answers, stated once: names, ranges, directions and alarm lines.
//!
//! How a score comes about is in `llmwatch-quality`; alarms, dashboards and documents read this.

pub mod alarm;
pub mod calls;
mod namespace;
mod own_call;
mod registry;
pub mod series;

pub use namespace::{NAMESPACE, parse_namespace};
pub use own_call::{METADATA_KEY, OwnCall, is_own_call};
pub use registry::{Direction, Facts, Metric, Range};
