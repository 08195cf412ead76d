//! The records of a log object, a batch at a time, so that memory does not grow with the object.

use std::collections::BTreeMap;

use llmwatch_aws::CallFailed;
use llmwatch_aws::objects::ObjectBytes;
use llmwatch_quality::data_capture::{self, Origin};
use llmwatch_quality::exchange::Exchange;
use llmwatch_quality::invocation_log;
use llmwatch_quality::object::Lines;
use llmwatch_quality::skipped::Skipped;

/// How many records, and how many bytes of them, are scored at once.
const BATCH_RECORDS: usize = 256;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// An object's records as they are read.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    bytes: ObjectBytes,
    lines: Lines,
    source: Source<'a>,
    is_at_end: bool,
}

/// Whose records they are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// Bedrock's model-invocation log.
    InvocationLog,
    /// SageMaker's data capture.
    Capture(Origin<'a>),
}

/// Some records, in their order.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Those that could be read.
    pub exchanges: Vec<Exchange>,
    /// How many could not, by reason.
    pub skipped: BTreeMap<Skipped, u64>,
}

impl<'a> Records<'a> {
    pub(crate) fn of(bytes: ObjectBytes, source: Source<'a>) -> Self {
        Self { bytes, lines: Lines::new(), source, is_at_end: false }
    }

    /// The next records; `None` at the end of the object.
    ///
    /// # Errors
    ///
    /// When the object's bytes do not come.
    pub(crate) async fn next_batch(&mut self) -> Result<Option<Batch>, CallFailed> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        loop {
            while let Some(line) = self.lines.next_line() {
                bytes += line.as_ref().map_or(0, |line| line.len());
                match line.and_then(|line| read(line, self.source)) {
                    Ok(exchange) => batch.exchanges.push(exchange),
                    Err(skipped) => *batch.skipped.entry(skipped).or_default() += 1,
                }
                if batch.exchanges.len() == BATCH_RECORDS || bytes >= BATCH_BYTES {
                    return Ok(Some(batch));
                }
            }
            if self.is_at_end {
                let is_empty = batch.exchanges.is_empty() && batch.skipped.is_empty();
                return Ok((!is_empty).then_some(batch));
            }
            match self.bytes.next().await? {
                Some(chunk) => self.lines.push(&chunk),
                None => {
                    self.lines.finish();
                    self.is_at_end = true;
                }
            }
        }
    }
}

fn read(line: &str, source: Source<'_>) -> Result<Exchange, Skipped> {
    match source {
        Source::InvocationLog => invocation_log::read(line),
        Source::Capture(origin) => data_capture::read(line, origin),
    }
}
