//! What the function writes: call records, then scores.

mod call_records;
mod publish;

pub(crate) use call_records::CallRecords;
pub(crate) use publish::{RunOf, publish};
