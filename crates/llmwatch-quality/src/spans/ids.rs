//! Ids that are the same whenever the same call is told of.

use sha2::{Digest, Sha256};

use crate::call_record::{CallRecord, TraceIds};

/// Of a span, in bytes as OTLP has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ids {
    pub trace: [u8; 16],
    pub span: [u8; 8],
    pub parent: Option<[u8; 8]>,
}

impl Ids {
    /// The caller's trace where the record has one, else a trace of its own.
    pub(super) fn of(record: &CallRecord, place: &str) -> Self {
        let id = match record.request_id.as_str() {
            "" => place,
            id => id,
        };
        let TraceIds { trace_id, span_id } = &record.trace;
        match trace_id.as_deref().and_then(trace_bytes) {
            Some(trace) => {
                Self { trace, span: hashed("span", id), parent: span_id.as_deref().and_then(bytes) }
            }
            None => Self { trace: hashed("trace", id), span: hashed("span", id), parent: None },
        }
    }
}

/// Of W3C's 32 digits or X-Ray's 1-8-24, which are the same 128 bits.
fn trace_bytes(id: &str) -> Option<[u8; 16]> {
    match id.strip_prefix("1-") {
        Some(x_ray) => bytes(&x_ray.replace('-', "")),
        None => bytes(id),
    }
}

fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    if hex.len() != 2 * N || !hex.is_ascii() {
        return None;
    }
    let mut found = [0; N];
    for (index, byte) in found.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(found)
}

/// Never all zeros, which is no id: of 64 bits that come to nothing is once in 10^19.
fn hashed<const N: usize>(what: &str, id: &str) -> [u8; N] {
    let hash = Sha256::new().chain_update(what).chain_update([0]).chain_update(id).finalize();
    let mut found = [0; N];
    for (byte, hashed) in found.iter_mut().zip(hash) {
        *byte = hashed;
    }
    found
}
