//! What a pool used over the window: peaks, averages and the rolling day, minute by minute.
//!
//! Fetching is not here. The series come in already summed over the pool's `ModelId` values, so a
//! peak is always of one minute and never made of two.

pub mod burndown;
mod series;

use jiff::Timestamp;
pub use series::{MinuteSeries, Window};

use crate::quota::QuotaKind;

const MINUTES_PER_DAY: usize = 1440;

/// The `AWS/Bedrock` metrics that usage is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UsageMetric {
    /// Accepted requests.
    Invocations,
    /// Refused requests, which are not among the invocations.
    Throttles,
    /// Tokens weighted by burndown, as CloudWatch estimates them.
    EstimatedTpm,
    /// Input tokens, cache reads and writes not among them.
    InputTokens,
    /// Output tokens, unweighted.
    OutputTokens,
    /// Input tokens written to the cache.
    CacheWriteTokens,
}

impl UsageMetric {
    /// All metrics usage is made of.
    pub const ALL: [Self; 6] = [
        Self::Invocations,
        Self::Throttles,
        Self::EstimatedTpm,
        Self::InputTokens,
        Self::OutputTokens,
        Self::CacheWriteTokens,
    ];

    /// The metric's name in `AWS/Bedrock`.
    ///
    /// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html>.
    #[must_use]
    pub fn metric_name(self) -> &'static str {
        match self {
            Self::Invocations => "Invocations",
            Self::Throttles => "InvocationThrottles",
            Self::EstimatedTpm => "EstimatedTPMQuotaUsage",
            Self::InputTokens => "InputTokenCount",
            Self::OutputTokens => "OutputTokenCount",
            Self::CacheWriteTokens => "CacheWriteInputTokenCount",
        }
    }
}

/// A stretch of a metric that could not be read, so that peaks may be higher than they look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The metric.
    pub metric: UsageMetric,
    /// The first minute that was not read.
    pub from: Timestamp,
    /// The first minute after the gap.
    pub to: Timestamp,
    /// Why, for example `page 2: ThrottlingException`.
    pub why: String,
}

/// Per-minute values of every metric over one window, summed over the pool's series.
///
/// A metric that has no data at all is an empty series; one that could not be read has a [`Gap`].
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// The minutes looked at.
    pub window: Window,
    /// Accepted requests.
    pub invocations: MinuteSeries,
    /// Refused requests.
    pub throttles: MinuteSeries,
    /// `EstimatedTPMQuotaUsage`.
    pub estimated_tpm: MinuteSeries,
    /// Input tokens.
    pub input_tokens: MinuteSeries,
    /// Output tokens.
    pub output_tokens: MinuteSeries,
    /// Cache write tokens.
    pub cache_write_tokens: MinuteSeries,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl Samples {
    /// Samples of a window with no value yet.
    #[must_use]
    pub fn new(window: Window) -> Self {
        let empty = MinuteSeries::new(window);
        Self {
            window,
            invocations: empty.clone(),
            throttles: empty.clone(),
            estimated_tpm: empty.clone(),
            input_tokens: empty.clone(),
            output_tokens: empty.clone(),
            cache_write_tokens: empty,
            gaps: Vec::new(),
        }
    }

    /// The series of one metric.
    #[must_use]
    pub fn series(&self, metric: UsageMetric) -> &MinuteSeries {
        match metric {
            UsageMetric::Invocations => &self.invocations,
            UsageMetric::Throttles => &self.throttles,
            UsageMetric::EstimatedTpm => &self.estimated_tpm,
            UsageMetric::InputTokens => &self.input_tokens,
            UsageMetric::OutputTokens => &self.output_tokens,
            UsageMetric::CacheWriteTokens => &self.cache_write_tokens,
        }
    }

    /// The series of one metric, to add values to.
    pub fn series_mut(&mut self, metric: UsageMetric) -> &mut MinuteSeries {
        match metric {
            UsageMetric::Invocations => &mut self.invocations,
            UsageMetric::Throttles => &mut self.throttles,
            UsageMetric::EstimatedTpm => &mut self.estimated_tpm,
            UsageMetric::InputTokens => &mut self.input_tokens,
            UsageMetric::OutputTokens => &mut self.output_tokens,
            UsageMetric::CacheWriteTokens => &mut self.cache_write_tokens,
        }
    }
}

/// Where the burndown-weighted tokens come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TokenBasis {
    /// CloudWatch's `EstimatedTPMQuotaUsage`.
    EstimatedTpmQuotaUsage,
    /// That metric has no data: input + cache writes + output × this multiplier, per minute.
    Burndown {
        /// The model's output multiplier.
        output_multiplier: f64,
    },
}

/// The highest value and the minute it stands at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// The value, in the quota's unit.
    pub value: f64,
    /// The minute; for tokens per day the last minute of those 24 hours. Ties take the earliest.
    pub at: Timestamp,
}

/// Usage in one quota's own unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// The highest value in the window.
    pub peak: Peak,
    /// The average over every minute of the window, a minute without data counting as 0.
    pub steady: f64,
    /// The average over the minutes with traffic only, so always at least `steady`.
    pub active_minute_average: f64,
}

/// What a pool with traffic used.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// The minutes looked at.
    pub window: Window,
    /// Requests per minute, refused ones included.
    pub rpm: Figures,
    /// Burndown-weighted tokens per minute.
    pub tpm: Figures,
    /// Burndown-weighted tokens in any 24 hours of the window; the averages are per-minute
    /// averages × 1440.
    pub tpd: Figures,
    /// The same tokens in the last 24 hours of the window.
    pub last_24_hours_tokens: f64,
    /// Where the weighted tokens come from.
    pub basis: TokenBasis,
    /// Accepted requests in the window.
    pub requests: f64,
    /// Refused requests in the window.
    pub throttles: f64,
    /// Input tokens of an average accepted request; `None` when no request is known.
    pub input_tokens_per_request: Option<f64>,
    /// Output tokens of an average accepted request; `None` when no request is known.
    pub output_tokens_per_request: Option<f64>,
    /// What could not be read; empty when the figures are complete.
    pub gaps: Vec<Gap>,
}

impl Usage {
    /// The figures of samples; `model` chooses the burndown rate where one is needed.
    #[must_use]
    pub fn of(samples: &Samples, model: &str) -> Self {
        let requests = samples.invocations.plus(&samples.throttles);
        let (tokens, basis) = weighted_tokens(samples, model);
        let tpm = figures(&tokens);
        let accepted = samples.invocations.total();
        let per_request =
            |series: &MinuteSeries| (accepted > 0.0).then(|| series.total() / accepted);
        Self {
            window: samples.window,
            rpm: figures(&requests),
            tpm,
            tpd: Figures {
                peak: rolling_day_peak(&tokens),
                steady: tpm.steady * 1440.0,
                active_minute_average: tpm.active_minute_average * 1440.0,
            },
            last_24_hours_tokens: tokens.values().iter().rev().take(MINUTES_PER_DAY).sum(),
            basis,
            requests: accepted,
            throttles: samples.throttles.total(),
            input_tokens_per_request: per_request(&samples.input_tokens),
            output_tokens_per_request: per_request(&samples.output_tokens),
            gaps: samples.gaps.clone(),
        }
    }

    /// The figures in the unit of one quota.
    #[must_use]
    pub fn figures(&self, kind: QuotaKind) -> &Figures {
        match kind {
            QuotaKind::Rpm => &self.rpm,
            QuotaKind::Tpm => &self.tpm,
            QuotaKind::Tpd => &self.tpd,
        }
    }

    /// The gaps that may hide a higher peak of one quota.
    pub fn gaps_of(&self, kind: QuotaKind) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(move |gap| match (kind, gap.metric) {
            (QuotaKind::Rpm, UsageMetric::Invocations | UsageMetric::Throttles) => true,
            (QuotaKind::Rpm, _) => false,
            (QuotaKind::Tpm | QuotaKind::Tpd, UsageMetric::EstimatedTpm) => true,
            (
                QuotaKind::Tpm | QuotaKind::Tpd,
                UsageMetric::InputTokens
                | UsageMetric::OutputTokens
                | UsageMetric::CacheWriteTokens,
            ) => matches!(self.basis, TokenBasis::Burndown { .. }),
            (
                QuotaKind::Tpm | QuotaKind::Tpd,
                UsageMetric::Invocations | UsageMetric::Throttles,
            ) => false,
        })
    }
}

fn weighted_tokens(samples: &Samples, model: &str) -> (MinuteSeries, TokenBasis) {
    if samples.estimated_tpm.has_data() {
        return (samples.estimated_tpm.clone(), TokenBasis::EstimatedTpmQuotaUsage);
    }
    let output_multiplier = burndown::output_multiplier(model);
    let tokens = samples
        .input_tokens
        .plus(&samples.cache_write_tokens)
        .plus(&samples.output_tokens.times(output_multiplier));
    (tokens, TokenBasis::Burndown { output_multiplier })
}

fn figures(series: &MinuteSeries) -> Figures {
    let mut peak = Peak { value: 0.0, at: series.window().start() };
    let mut active_minutes = 0.0_f64;
    for (index, value) in series.values().iter().enumerate() {
        if *value > 0.0 {
            active_minutes += 1.0;
        }
        if *value > peak.value {
            peak = Peak { value: *value, at: series.window().minute(index) };
        }
    }
    let total = series.total();
    Figures {
        peak,
        steady: total / f64::from(series.window().minutes()),
        active_minute_average: if active_minutes > 0.0 { total / active_minutes } else { 0.0 },
    }
}

/// The highest sum of 1440 consecutive minutes; a shorter window is summed as a whole.
fn rolling_day_peak(series: &MinuteSeries) -> Peak {
    let values = series.values();
    let mut peak = Peak { value: 0.0, at: series.window().start() };
    let mut sum = 0.0;
    for (index, value) in values.iter().enumerate() {
        sum += value;
        if let Some(left) = index.checked_sub(MINUTES_PER_DAY) {
            sum -= values[left];
        }
        if sum > peak.value {
            peak = Peak { value: sum, at: series.window().minute(index) };
        }
    }
    peak
}

#[cfg(test)]
mod tests;
