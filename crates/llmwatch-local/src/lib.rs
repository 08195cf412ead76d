//! A local AWS for the demo and the tests; never deployed.
//!
//! One HTTP endpoint on 127.0.0.1 stands for every AWS service. CloudWatch, Service Quotas,
//! Support and the list of Bedrock models and profiles are answered here; everything else is
//! passed on to ministack, which runs as a child process. Every call is recorded, and faults can
//! be ordered per service and operation. The control API lies under `/_llmwatch/`.

pub mod args;
pub mod call;
pub mod clock;
pub mod cloudwatch;
pub mod control;
pub mod deliver;
pub mod error;
pub mod faults;
pub mod model;
pub mod paging;
pub mod protocol;
pub mod proxy;
pub mod recorder;
pub mod server;
pub mod supervisor;
pub mod time;
pub mod value;
pub mod world;
