//! The world of the end-to-end tests and of the demo: the real `bootstrap` binaries, deployed with
//! the real `template.yaml` into the local AWS.
//!
//! Blocking, like the tests that use it. Nothing here knows what the functions decide: it starts,
//! deploys, seeds, sends and reads.

pub mod aws_call;
pub mod broken;
pub mod cli;
pub mod control;
pub mod dashboards;
pub mod logs;
pub mod outside_bytes;
pub mod permissions;
pub mod process;
pub mod readers;
pub mod runtime_api;
pub mod seen;
pub mod shown;
pub mod stack;
pub mod traffic;
pub mod world;
pub mod xml;

pub use broken::Broken;
pub use world::World;
