//! What can be said about the repository without running it: the template keeps its promises, the
//! crates depend on each other as drawn, the sample events are what the functions read.

mod alarms;
mod dependencies;
mod encryption;
mod events;
mod failures;
mod life_cycle;
mod parameters;
mod roles;
mod template;
