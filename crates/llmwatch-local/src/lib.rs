//! A local AWS for the demo and the tests; never deployed.
//!
//! One HTTP endpoint on 127.0.0.1 stands for every AWS service. CloudWatch, Service Quotas,
//! Support, Comprehend, Bedrock Runtime and Bedrock's list of models and profiles are answered here;
//! everything else is passed on to ministack, which runs as a child process. Every call is recorded, and faults can be
//! ordered per service and operation. The control API lies under `/_llmwatch/` ([`control`]).
//!
//! A request is read by [`call`] and [`protocol`], checked against botocore's model by [`model`],
//! served through [`world::World`], and what CloudWatch sends out because of it is delivered by
//! [`deliver`] after the answer. Alarms are evaluated by `llmwatch_core::cloudwatch`, each minute
//! of a local [`clock`] that tests move.
//!
//! What is not modelled:
//! - **Everywhere**: signatures and IAM (faults deny in their place), rate limits, other accounts
//!   and Regions (one Region answers, Support in those of its endpoints), eventual consistency
//!   other than the delays that can be set.
//! - **CloudWatch**: what the core's evaluator leaves out; units and entities; periods below a
//!   minute; alarm actions other than SNS; action suppressors, mute rules, log alarms, PromQL and
//!   multi-series alarms; states, periodic spikes and time zones of anomaly detectors (a band needs
//!   no detector here; its model is `llmwatch_core::cloudwatch::band`, trained anew every hour);
//!   metric streams; dynamic labels. A metric is listed at once, where AWS takes up to 15 minutes.
//! - **Service Quotas**: other services than Bedrock, templates, resource-level quotas, usage
//!   metrics, automatic management.
//! - **Support**: attachments, chat and call, supported hours, plans (faults stand for them).
//! - **Bedrock**: quotas are not enforced; the Regions of system profiles are a selection; tags of
//!   profiles.
//! - **Bedrock Runtime** and **Comprehend**: models. Embeddings are hashed words, sentiment and
//!   toxicity go by word lists, and a judge by a script; only the form, the limits and the refusals
//!   are AWS's ([`bedrock_runtime`], [`comprehend`]).
//!
//! The clock of functions that ministack runs is the machine's: move the local clock only as far
//! as a test needs.

pub mod args;
pub mod bedrock;
pub mod bedrock_runtime;
pub mod call;
pub mod clock;
pub mod cloudwatch;
pub mod comprehend;
pub mod control;
pub mod deliver;
pub mod error;
pub mod faults;
pub mod functions;
pub mod model;
pub mod paging;
pub mod protocol;
pub mod proxy;
pub mod recorder;
pub mod seed;
pub mod server;
pub mod service_metrics;
pub mod service_quotas;
pub mod supervisor;
pub mod support;
pub mod time;
pub mod value;
pub mod words;
pub mod world;
