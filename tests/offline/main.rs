//! What can be said about the repository without running it: the template keeps its promises, the
//! crates depend on each other as drawn, the sample events are what the functions read.

// `cfg(test)` tells clippy that helpers between the tests may unwrap as the tests do.
#[cfg(test)]
mod access;
#[cfg(test)]
mod alarms;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod dashboards;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod events;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod life_cycle;
#[cfg(test)]
mod outside_bytes;
#[cfg(test)]
mod parameters;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod seed;
#[cfg(test)]
mod template;
