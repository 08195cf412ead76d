//! What one pool did, and how near it came to its quotas.

use jiff::Timestamp;

use super::{Change, Cost, NEAR, TwoWeeks, Volume, Volumes, Week};
use crate::evidence::{Read, describe};
use crate::metric_values::Values;
use crate::pool::Pool;
use crate::price::Prices;
use crate::quota::QuotaKind;
use crate::stored::{PoolQuota, StoredPool};
use crate::usage::{Gap, Usage};

/// A pool's figures of a week as read by the day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WeekFigures {
    /// What was counted.
    pub volumes: Volumes,
    /// The p90 latency of its slowest day and series, in milliseconds; `None` without a request.
    pub slowest_day_p90_ms: Option<f64>,
}

/// What was read of one pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolReading {
    /// The pool as stored.
    pub stored: StoredPool,
    /// Its figures by the day.
    pub figures: Read<TwoWeeks<WeekFigures>>,
    /// Its use of quotas minute by minute; `None` where there is no quota or was no traffic to read.
    pub usage: Option<Read<Usage>>,
    /// The same of the week before, read only where this week's came near a quota.
    pub usage_before: Option<Read<Usage>>,
    /// How often its composite alarm fired.
    pub alarms: Read<usize>,
    /// The values of its quotas as they were published, oldest first, from a day before the week.
    pub quota_values: Vec<(QuotaKind, Values)>,
}

/// One pool's week.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolWeek {
    /// Which pool.
    pub pool: Pool,
    /// What was counted and how slow it was, or why that could not be read.
    pub figures: Read<TwoWeeks<WeekFigures>>,
    /// What it cost; `None` where its figures could not be read.
    pub cost: Option<TwoWeeks<Cost>>,
    /// Each of its quotas, in the order RPM, TPM, TPD.
    pub quotas: Vec<QuotaUse>,
    /// Quotas whose value changed in the week, or why that could not be read.
    pub moves: Read<Vec<QuotaMove>>,
    /// How often its composite alarm fired.
    pub alarms: Read<usize>,
}

/// A quota, and how much of it was used at most.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaUse {
    /// The quota with its value in force.
    pub quota: PoolQuota,
    /// The most that was used of it.
    pub used: Used,
    /// The share of the quota in force now that the week before used at most, where that was read.
    pub share_before: Option<f64>,
}

/// The most that was used of a quota in a week.
#[derive(Debug, Clone, PartialEq)]
pub enum Used {
    /// Nothing was sent.
    Nothing,
    /// This much, in the quota's unit.
    Peak {
        /// The value.
        value: f64,
        /// The minute; for tokens per day the last minute of those 24 hours.
        at: Timestamp,
        /// Its share of the quota; `None` of a quota of 0.
        share: Option<f64>,
        /// What is missing, so that the peak may have been higher.
        gap: Option<String>,
    },
    /// It could not be read.
    Unread(String),
}

/// A quota whose value in force changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuotaMove {
    /// Which quota.
    pub kind: QuotaKind,
    /// The value before.
    pub from: f64,
    /// The value at the end of the week.
    pub to: f64,
    /// When the new value was first published, to the hour.
    pub at: Timestamp,
}

impl Used {
    /// The share of the quota that was used at most, where there is one.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        match self {
            Self::Peak { share, .. } => *share,
            Self::Nothing | Self::Unread(_) => None,
        }
    }
}

impl QuotaUse {
    /// Whether most of the quota was used.
    #[must_use]
    pub fn is_near(&self) -> bool {
        self.used.share().is_some_and(|share| share >= NEAR)
    }
}

impl PoolWeek {
    pub(super) fn of(reading: PoolReading, week: Week, prices: &Prices) -> Self {
        let PoolReading { stored, figures, usage, usage_before, alarms, quota_values } = reading;
        let cost = figures.known().map(|figures| TwoWeeks {
            this: Cost::of(&stored.pool, &figures.this.volumes, prices),
            before: Cost::of(&stored.pool, &figures.before.volumes, prices),
        });
        let before = usage_before.as_ref().and_then(Read::known);
        let quotas = stored.quotas.iter().map(|quota| QuotaUse {
            used: used(quota, usage.as_ref(), &figures),
            share_before: before
                .and_then(|usage| share(usage.figures(quota.kind).peak.value, quota)),
            quota: quota.clone(),
        });
        Self {
            quotas: quotas.collect(),
            moves: moves(&quota_values, week),
            pool: stored.pool,
            figures,
            cost,
            alarms,
        }
    }

    /// What was counted, where it was read.
    #[must_use]
    pub fn volumes(&self) -> Option<TwoWeeks<Volumes>> {
        let figures = self.figures.known()?;
        Some(TwoWeeks { this: figures.this.volumes, before: figures.before.volumes })
    }

    /// How one count compares with the week before's.
    #[must_use]
    pub fn change(&self, volume: Volume) -> Change {
        let volumes = self.volumes();
        let of = |volumes: Volumes| volumes.get(volume);
        Change::of(volumes.map(|both| of(both.this)), volumes.map(|both| of(both.before)))
    }

    /// Whether it had its first requests in two weeks: none the week before, some this week.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.volumes().is_some_and(|both| both.before.sent() == 0.0 && both.this.sent() > 0.0)
    }

    /// Whether it fell silent: some requests the week before, none this week.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.volumes().is_some_and(|both| both.before.sent() > 0.0 && both.this.sent() == 0.0)
    }

    /// By what pools are ordered: the requests of this week; without figures below all others.
    pub(super) fn busyness(&self) -> f64 {
        self.volumes().map_or(-1.0, |both| both.this.sent())
    }
}

fn share(peak: f64, quota: &PoolQuota) -> Option<f64> {
    (quota.quota.value > 0.0).then(|| peak / quota.quota.value)
}

fn used(
    quota: &PoolQuota,
    usage: Option<&Read<Usage>>,
    figures: &Read<TwoWeeks<WeekFigures>>,
) -> Used {
    match (usage, figures) {
        (Some(Read::Known(usage)), _) => {
            let peak = usage.figures(quota.kind).peak;
            let gap = usage.gaps_of(quota.kind).next().map(|gap: &Gap| describe(gap));
            match gap {
                None if peak.value == 0.0 => Used::Nothing,
                gap => Used::Peak {
                    value: peak.value,
                    at: peak.at,
                    share: share(peak.value, quota),
                    gap,
                },
            }
        }
        (Some(Read::Unreadable(why)), _) | (None, Read::Unreadable(why)) => {
            Used::Unread(why.clone())
        }
        (None, Read::Known(_)) => Used::Nothing,
    }
}

fn moves(quota_values: &[(QuotaKind, Values)], week: Week) -> Read<Vec<QuotaMove>> {
    let mut moves = Vec::new();
    for (kind, values) in quota_values {
        match values {
            Read::Unreadable(why) => return Read::Unreadable(why.clone()),
            Read::Known(values) => moves.extend(quota_move(*kind, values, week)),
        }
    }
    Read::Known(moves)
}

/// What a quota was before the week, or at its first value in it, against its last.
fn quota_move(kind: QuotaKind, values: &[(Timestamp, f64)], week: Week) -> Option<QuotaMove> {
    let in_time: Vec<(Timestamp, f64)> =
        values.iter().copied().filter(|(at, _)| *at < week.end()).collect();
    let before = in_time.iter().rev().find(|(at, _)| *at < week.start());
    let (_, from) = *before.or_else(|| in_time.first())?;
    let (_, to) = *in_time.last()?;
    // Where the last value was first published, counted from the end.
    let since = in_time.iter().rev().take_while(|(_, value)| *value == to).last()?;
    (from != to).then_some(QuotaMove { kind, from, to, at: since.0 })
}
