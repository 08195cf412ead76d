//! What CloudWatch does with metrics and alarms, as pure functions: a metric store, metric math,
//! searches, metric queries, metric alarms, composite alarms and an anomaly band.
//!
//! The local AWS answers CloudWatch calls with it and `backtest` replays history through it, so
//! that what a test shows is what the alarm does. Every rule that AWS documents is cited where it
//! is applied, and its documented tables are fixtures in `test_data/cloudwatch`.
//!
//! Not modelled: periods below one minute, wall-clock evaluation windows, Metrics Insights and
//! PromQL, `EvaluateLowSampleCountPercentile`, warm-up and mute rules. CloudWatch's own anomaly
//! detection is not public; [`band`] is ours.

pub mod alarm;
pub mod band;
pub mod change_time;
pub mod composite;
pub mod math;
pub mod metric;
pub mod query;
pub mod search;
