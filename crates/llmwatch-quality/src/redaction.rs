//! Personal data and secrets in text: what counts as one, and how many there are.

mod kind;

pub use kind::{Findings, Kind};
