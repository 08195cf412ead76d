//! What scoring the quality of answers costs beside the alert path.

use super::prices::POLLS_AN_HOUR;
use super::{HOURS_A_MONTH, Item, Used};
use crate::quality::Metric;

/// CPU seconds to embed one text of 128 tokens, measured on one core of an x86 server.
const EMBEDDING_SECONDS: f64 = 0.055;

/// Texts embedded of a call: its prompt and its answer.
const TEXTS_A_CALL: f64 = 2.0;

/// The memory at which Lambda gives a function one whole processor, in GB. Work that is bound by
/// the processor costs the same at any memory: half of it takes twice the time.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html> ("At 1,769 MB,
/// a function has the equivalent of one vCPU").
const GIGABYTES_A_PROCESSOR: f64 = 1.769;

/// Gigabytes in S3 of a call's log record, packed, and of its call record.
const LOGGED_GIGABYTES: f64 = 1.0e-6;
const RECORDED_GIGABYTES: f64 = 0.5e-6;

/// How often SQS asks KMS for a data key, which it uses for five minutes: once to send and once to
/// receive.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html>.
const KEYS_AN_HOUR: f64 = 2.0 * 12.0;

/// What is scored in a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scoring {
    /// Calls of models.
    pub calls: f64,
    /// Calls whose records Bedrock puts into one log object.
    pub calls_an_object: f64,
    /// Models with calls.
    pub models: u32,
    /// How many months log objects are kept.
    pub log_months: f64,
    /// How many months call records are kept.
    pub record_months: f64,
    /// Metrics that the template's own alarms on scoring read.
    pub own_alarm_metrics: u32,
    /// Queues that Lambda polls for it.
    pub polled_queues: u32,
}

/// What a month of scoring takes, with every call embedded and no judge.
#[must_use]
pub fn scoring_month(scoring: &Scoring) -> Vec<Used> {
    let objects = scoring.calls / scoring.calls_an_object.max(1.0);
    let metrics = f64::from(scoring.models) * metrics_a_model();
    let seconds = scoring.calls * TEXTS_A_CALL * EMBEDDING_SECONDS;
    let polls = f64::from(scoring.polled_queues) * POLLS_AN_HOUR * HOURS_A_MONTH;
    let kept = LOGGED_GIGABYTES * scoring.log_months + RECORDED_GIGABYTES * scoring.record_months;
    let used = [
        (Item::AlarmMetric, f64::from(scoring.own_alarm_metrics)),
        (Item::CustomMetric, metrics + 1.0),
        // One publish an object.
        (Item::CloudWatchRequest, objects),
        (Item::FunctionRequest, objects),
        (Item::FunctionGigabyteSecond, seconds * GIGABYTES_A_PROCESSOR),
        // Sent by S3, received and deleted by Lambda.
        (Item::QueueRequest, polls + objects * 3.0),
        // Intent and result of each object.
        (Item::LedgerWrite, objects * 2.0),
        (Item::LedgerRead, objects),
        (Item::KeyRequest, KEYS_AN_HOUR * HOURS_A_MONTH),
        // A line of a kilobyte an object.
        (Item::LogGigabyte, objects / 1_000_000.0),
        (Item::Trace, objects),
        // Bedrock's log object and our call records.
        (Item::ObjectWrite, objects * 2.0),
        (Item::ObjectRead, objects),
        (Item::StoredGigabyte, scoring.calls * kept),
    ];
    used.into_iter().map(|(item, units)| Used { item, units }).collect()
}

/// Every metric but the judge's.
fn metrics_a_model() -> f64 {
    let judged = [
        Metric::JudgeComposite,
        Metric::JudgeSafety,
        Metric::JudgeRelevance,
        Metric::JudgeProfessionalTone,
    ];
    let others = Metric::ALL.iter().filter(|facts| !judged.contains(&facts.metric)).count();
    super::count(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Scoring = Scoring {
        calls: 0.0,
        calls_an_object: 20.0,
        models: 1,
        log_months: 1.0,
        record_months: 13.0,
        own_alarm_metrics: 0,
        polled_queues: 0,
    };

    fn units(scoring: &Scoring, item: Item) -> f64 {
        let used = scoring_month(scoring);
        used.iter().filter(|used| used.item == item).map(|used| used.units).sum()
    }

    #[test]
    fn a_model_costs_its_metrics_and_a_call_its_embeddings() {
        assert_eq!(units(&QUIET, Item::CustomMetric), 16.0);
        assert_eq!(units(&Scoring { models: 3, ..QUIET }, Item::CustomMetric), 46.0);
        let busy = Scoring { calls: 1_000_000.0, ..QUIET };
        let seconds = units(&busy, Item::FunctionGigabyteSecond);
        assert_eq!(format!("{seconds:.0}"), "194590");
        assert_eq!(units(&busy, Item::ObjectWrite), 100_000.0);
    }

    #[test]
    fn what_is_kept_longer_costs_more_and_nothing_else_does() {
        let busy = Scoring { calls: 1_000_000.0, ..QUIET };
        let longer = Scoring { record_months: 26.0, ..busy };
        let stored = |scoring| format!("{:.6}", units(scoring, Item::StoredGigabyte));
        assert_eq!((stored(&busy), stored(&longer)), ("7.500000".into(), "14.000000".into()));
        for item in Item::ALL.into_iter().filter(|item| *item != Item::StoredGigabyte) {
            assert_eq!(units(&busy, item), units(&longer, item), "{item}");
        }
    }
}
