//! What is measured of a model's answers, stated once: names, ranges, directions and alarm lines.
//!
//! How a score comes about is in `llmwatch-quality`; alarms, dashboards and documents read this.

mod registry;

pub use registry::{Direction, Facts, Metric, Range};
