//! Metrics to be read over a stretch of time, and their values or why there are none.

use jiff::Timestamp;

use crate::cloudwatch::metric::MetricKey;
use crate::evidence::Read;

/// The namespace Bedrock's runtime publishes in.
pub const BEDROCK: &str = "AWS/Bedrock";

/// The dimension whose value is what the caller passed as model.
pub const MODEL_ID: &str = "ModelId";

/// The period of an hour, in seconds.
pub const HOUR_SECONDS: u32 = 3_600;

/// The period of a day, in seconds.
pub const DAY_SECONDS: u32 = 24 * HOUR_SECONDS;

/// A metric to read over a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which metric.
    pub metric: MetricKey,
    /// CloudWatch's word for the statistic.
    pub statistic: &'static str,
    /// The period, in seconds.
    pub period_seconds: u32,
}

impl Wanted {
    /// A metric of Bedrock, of the calls with this `ModelId`.
    #[must_use]
    pub fn of_model(
        model_id: &str,
        name: &str,
        statistic: &'static str,
        period_seconds: u32,
    ) -> Self {
        let metric = MetricKey::new(BEDROCK, name, &[(MODEL_ID, model_id)]);
        Self { metric, statistic, period_seconds }
    }
}

/// The values of a metric, oldest first, or why they could not be read.
pub type Values = Read<Vec<(Timestamp, f64)>>;
