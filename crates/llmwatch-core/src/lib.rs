//! Every decision llmwatch makes, as pure functions over plain values.
//!
//! Nothing here reads a clock, an environment variable, a file or the network, and no AWS SDK
//! type appears: the same input gives the same output. `now` is always an argument.

pub mod alarm;
pub mod bucket_notifications;
pub mod calculation;
pub mod cloudwatch;
pub mod component;
pub mod contact;
pub mod cost;
pub mod custom_resource;
pub mod dashboard;
pub mod decision;
pub mod delivery;
pub mod digest;
pub mod duplicate;
pub mod episode;
pub mod evidence;
pub mod excerpt;
pub mod fingerprint;
pub mod hourly_cost;
pub mod ids;
pub mod invocation_logging;
pub mod metric_values;
pub mod model_id;
pub mod model_name;
pub mod outcome;
pub mod parked;
pub mod pool;
pub mod price;
pub mod quality;
pub mod quota;
pub mod quota_used;
pub mod render;
pub mod request_watch;
pub mod scenario;
pub mod settings;
pub mod stored;
pub mod usage;
