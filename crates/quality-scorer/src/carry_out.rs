//! What the function writes: call records and spans, then scores.

mod call_records;
mod publish;
mod spans;

pub(crate) use call_records::CallRecords;
pub(crate) use publish::{RunOf, publish};
pub(crate) use spans::{Exporter, Spans};
