//! Call records to the results bucket, in parts, so that memory does not grow with the log object.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use llmwatch_aws::{CallFailed, objects};
use llmwatch_quality::call_record::{CallRecord, object_key};

use crate::App;
use crate::event::LogObject;

/// How large a part grows, packed, before it is written.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// The records of one log object as they are written. Keys depend on the log object and the part's
/// number alone, so that another try writes the same objects again.
pub(crate) struct CallRecords<'a> {
    app: &'a App,
    object: &'a LogObject,
    etag: String,
    written_at: Timestamp,
    part: u32,
    packed: GzEncoder<Vec<u8>>,
    is_empty: bool,
}

impl<'a> CallRecords<'a> {
    /// No records yet, of an object by its content.
    pub(crate) fn of(
        app: &'a App,
        object: &'a LogObject,
        etag: &str,
        written_at: Timestamp,
    ) -> Self {
        let etag = etag.to_owned();
        Self { app, object, etag, written_at, part: 0, packed: encoder(), is_empty: true }
    }

    /// Adds a record; writes a part when it is full.
    ///
    /// # Errors
    ///
    /// When a part cannot be written.
    pub(crate) async fn push(&mut self, record: &CallRecord) -> Result<(), CallFailed> {
        let place = || self.app.config.results_bucket.clone();
        let line = record
            .line()
            .map_err(|error| CallFailed::unusable_answer("PutObject", place(), error))?;
        // Writing to memory does not fail.
        let written = self.packed.write_all(line.as_bytes());
        written.map_err(|error| CallFailed::unusable_answer("PutObject", place(), error))?;
        self.is_empty = false;
        if self.packed.get_ref().len() >= PART_BYTES { self.write_part().await } else { Ok(()) }
    }

    /// Writes what is left.
    ///
    /// # Errors
    ///
    /// When the part cannot be written.
    pub(crate) async fn finish(mut self) -> Result<(), CallFailed> {
        if self.is_empty { Ok(()) } else { self.write_part().await }
    }

    async fn write_part(&mut self) -> Result<(), CallFailed> {
        let LogObject { bucket, key } = self.object;
        let results = &self.app.config.results_bucket;
        let key = object_key(bucket, key, &self.etag, self.written_at, self.part);
        let body = std::mem::replace(&mut self.packed, encoder()).finish();
        let body =
            body.map_err(|error| CallFailed::unusable_answer("PutObject", results.clone(), error))?;
        objects::put_gzip(&self.app.clients.s3, results, &key, body).await?;
        self.part += 1;
        self.is_empty = true;
        Ok(())
    }
}

/// Without a time in its header, so that the same records make the same bytes.
fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::default())
}
