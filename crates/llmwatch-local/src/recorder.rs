//! The recorder: every call that reached the endpoint, and those it made itself.

use std::collections::VecDeque;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::clock::lock;

/// Calls kept; the oldest leave first.
const KEPT_CALLS: usize = 200_000;

/// One call as it was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recorded {
    /// Number of the call since the start, from 1; never used twice.
    pub seq: u64,
    /// Local time when it arrived.
    pub at: Timestamp,
    /// The service, for example `cloudwatch`.
    pub service: String,
    /// The operation, for example `PutMetricAlarm`.
    pub operation: String,
    /// The Region it was signed for.
    pub region: String,
    /// `app/<name>` of its User-Agent, or `llmwatch-local` for what this endpoint calls itself.
    pub caller: String,
    /// HTTP status of the answer; 0 when the connection was cut.
    pub status: u16,
    /// AWS's error code, when it was refused and the code is known.
    pub error: Option<String>,
    /// From the first byte in to the last byte out, in milliseconds.
    pub duration_ms: f64,
    /// Arrival in milliseconds since the endpoint started, to see what ran at the same time.
    pub started_ms: f64,
    /// The request, where it was JSON or CBOR of at most 64 KiB; of Bedrock Runtime with `modelId`
    /// and `requestMetadata`, wherever they stood.
    pub request: Option<Value>,
}

/// All calls seen, in the order they ended.
#[derive(Debug, Default)]
pub struct Recorder {
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    next: u64,
    kept: VecDeque<Recorded>,
}

impl Recorder {
    /// Keeps a call and numbers it.
    pub fn keep(&self, mut call: Recorded) {
        let mut calls = lock(&self.calls);
        calls.next += 1;
        call.seq = calls.next;
        if calls.kept.len() == KEPT_CALLS {
            calls.kept.pop_front();
        }
        calls.kept.push_back(call);
    }

    /// The calls numbered above `since`, oldest first.
    #[must_use]
    pub fn since(&self, since: u64) -> Vec<Recorded> {
        lock(&self.calls).kept.iter().filter(|call| call.seq > since).cloned().collect()
    }

    /// Forgets every call; numbering goes on.
    pub fn clear(&self) {
        lock(&self.calls).kept.clear();
    }
}
