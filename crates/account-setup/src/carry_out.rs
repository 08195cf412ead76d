//! Doing what was planned. Nothing is decided here. One module for each duty of the function.

pub(crate) mod bucket_notifications;
pub(crate) mod contacts;
pub(crate) mod invocation_logging;
