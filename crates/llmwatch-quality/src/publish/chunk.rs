//! Metric data packed into calls that `PutMetricData` takes.
//!
//! Limits: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
//! and botocore 1.44.5 (cloudwatch, `PutMetricData`), read 2026-11.

use jiff::{SignedDuration, Timestamp};

use super::{MetricDatum, Unit};

/// The most data in one call.
pub const MAX_DATA: usize = 1000;

/// The most distinct values of a metric in one call.
pub const MAX_VALUES: usize = 150;

/// The most bytes of one call before compression; the limit is 1 MB.
const MAX_BYTES: usize = 1_000_000;

/// Bytes of a value with its count: as form fields `&MetricData.member.1000.Values.member.150=…`
/// twice, which is more than any other protocol takes.
const VALUE_BYTES: usize = 128;

/// Bytes of a datum besides its texts and values, and of a dimension besides its texts.
const DATUM_BYTES: usize = 256;
const DIMENSION_BYTES: usize = 128;

/// How far back and ahead CloudWatch takes data, less ten minutes: the call comes later than the
/// decision, and clocks differ. One datum out of range would have the whole call refused.
const OLDEST: SignedDuration = SignedDuration::from_mins(14 * 24 * 60 - 10);
const NEWEST: SignedDuration = SignedDuration::from_mins(2 * 60 - 10);

/// What goes out in one `PutMetricData`.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Its number within its log object, from 0.
    pub number: u32,
    /// All of its data, whatever their age.
    pub data: Vec<MetricDatum>,
}

/// What CloudWatch takes of a chunk at a given time.
#[derive(Debug, Clone, PartialEq)]
pub struct Acceptable<'a> {
    /// Data to send; none when all are refused, and then there is no call to make.
    pub data: Vec<&'a MetricDatum>,
    /// How many data were left out.
    pub left_out: usize,
}

impl Chunk {
    /// The data that CloudWatch takes at this time: two weeks back and two hours ahead.
    #[must_use]
    pub fn acceptable(&self, now: Timestamp) -> Acceptable<'_> {
        let data: Vec<_> = self.data.iter().filter(|datum| is_acceptable(datum.at, now)).collect();
        Acceptable { left_out: self.data.len() - data.len(), data }
    }
}

/// Whether CloudWatch takes data of this minute at this time.
pub(super) fn is_acceptable(at: Timestamp, now: Timestamp) -> bool {
    let minute = SignedDuration::from_secs(at.as_second().rem_euclid(60));
    let age = now.duration_since(at) + minute;
    age <= OLDEST && age >= -NEWEST
}

/// A datum before its values are spread over as many data as it needs.
pub(super) struct Whole {
    pub(super) name: String,
    pub(super) dimensions: Vec<(&'static str, String)>,
    pub(super) at: Timestamp,
    pub(super) values: Vec<(f64, u64)>,
    pub(super) unit: Unit,
}

/// Packs data in their order, numbering chunks from `first`.
///
/// Values beyond the 150th of a metric go into later chunks: the limit is per metric and call.
pub(super) fn pack(wholes: impl Iterator<Item = Whole>, first: u32) -> Vec<Chunk> {
    let mut rounds: Vec<Packer> = Vec::new();
    for whole in wholes {
        for (round, values) in whole.values.chunks(MAX_VALUES).enumerate() {
            if rounds.len() == round {
                rounds.push(Packer::default());
            }
            let values = values.iter().map(|(value, times)| (*value, *times as f64)).collect();
            rounds[round].add(MetricDatum {
                name: whole.name.clone(),
                dimensions: whole.dimensions.clone(),
                at: whole.at,
                values,
                unit: whole.unit,
            });
        }
    }
    let calls = rounds.into_iter().flat_map(|round| round.calls);
    (first..).zip(calls).map(|(number, data)| Chunk { number, data }).collect()
}

#[derive(Default)]
struct Packer {
    calls: Vec<Vec<MetricDatum>>,
    /// Of the last call.
    bytes: usize,
}

impl Packer {
    fn add(&mut self, datum: MetricDatum) {
        let size = size(&datum);
        match self.calls.last_mut() {
            Some(call) if call.len() < MAX_DATA && self.bytes + size <= MAX_BYTES => {
                call.push(datum);
                self.bytes += size;
            }
            _ => {
                self.calls.push(vec![datum]);
                self.bytes = size;
            }
        }
    }
}

/// An upper bound of what a datum takes on the wire; a character may be escaped as three.
fn size(datum: &MetricDatum) -> usize {
    let dimensions = datum.dimensions.iter();
    let dimensions: usize =
        dimensions.map(|(name, value)| DIMENSION_BYTES + 3 * (name.len() + value.len())).sum();
    DATUM_BYTES + 3 * datum.name.len() + dimensions + VALUE_BYTES * datum.values.len()
}
