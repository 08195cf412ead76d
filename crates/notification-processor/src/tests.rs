//! The function in a small AWS in memory, behind the real SDK clients.

mod components;
mod crashes;
mod digest;
mod follow_ups;
mod forms;
mod gathering;
mod incidents;
mod quality;
mod recoveries;
mod request_watch;
mod services;
pub(crate) mod world;
