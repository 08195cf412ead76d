//! The real `bootstrap` binaries, deployed with the real `template.yaml` in a local AWS: what
//! people, AWS Support and Service Quotas get to see, and what CloudWatch is left with.
//!
//! A deployment takes ten seconds, so a test tells a story and asserts along the way. No test
//! needs another's deployment.

// `cfg(test)` tells clippy that helpers between the tests may unwrap as the tests do.
#[cfg(test)]
mod aws_evidence;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod component_spending;
#[cfg(test)]
mod components;
#[cfg(test)]
mod contacts;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod dead_letters;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod digest;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod incident;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod language;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod life_cycle;
#[cfg(test)]
mod log_delivery;
#[cfg(test)]
mod log_objects;
#[cfg(test)]
mod panels;
#[cfg(test)]
mod pool_dashboards;
#[cfg(test)]
mod pools;
#[cfg(test)]
mod quality;
#[cfg(test)]
mod quality_alarms;
#[cfg(test)]
mod quota_used;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod scoring;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod spans;
#[cfg(test)]
mod spending;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod updates;
#[cfg(test)]
mod webhook;
