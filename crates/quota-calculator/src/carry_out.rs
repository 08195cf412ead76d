//! Storing what changed. Versions of a parameter are its history.

use std::time::Duration;

use llmwatch_aws::CallFailed;
use llmwatch_aws::lifecycle::{Guarded, write_while_standing};
use llmwatch_aws::parameters::{self, Pace, put_if_changed};
use llmwatch_core::calculation::{Calculation, Change, text};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::stored::{lifecycle_parameter, thresholds_parameter};

use crate::gather::threshold_parameters;

/// On whose behalf documents are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// CloudFormation's, which is waiting: the stack is there.
    ForTheStack,
    /// An hourly or direct run's: the stack may be going meanwhile, and nothing it has deleted
    /// may come back.
    WhileTheStackLives,
}

/// How far the storing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Everything that changed is stored.
    Everything,
    /// The stack is not there or is going: nothing was stored from there on.
    StackIsGone {
        /// The parameter that was missing.
        lifecycle: String,
    },
}

/// Documents that were not stored or deleted; all others were.
#[derive(Debug, thiserror::Error)]
#[error("{} of {attempted} documents could not be stored: {}", .failures.len(), .failures.join("; "))]
pub(crate) struct NotStored {
    attempted: usize,
    failures: Vec<String>,
}

/// Stores every changed document and deletes those of pools that left, one after another at
/// Parameter Store's rate. A failure does not keep the others from being stored.
pub(crate) async fn store(
    client: &aws_sdk_ssm::Client,
    prefix: &StackPrefix,
    calculation: &Calculation,
    writing: Writing,
    interval: Duration,
) -> Result<Stored, NotStored> {
    let mut pace = Pace::new(interval);
    let mut failures = Vec::new();
    let mut attempted = calculation.left.len();
    for pool in &calculation.pools {
        let before = match &pool.change {
            Change::New => None,
            Change::Changed(stored) => Some(text(stored)),
            Change::Unchanged => continue,
        };
        attempted += 1;
        pace.turn().await;
        let name = thresholds_parameter(prefix, &pool.document.pool.label());
        let document = text(&pool.document);
        let write = put_if_changed(client, &name, &document, before.as_deref());
        let written = match writing {
            Writing::ForTheStack => write.await,
            Writing::WhileTheStackLives => {
                match write_while_standing(client, prefix, write).await {
                    Guarded::Tried(written) => written,
                    Guarded::Unknown(failed) => Err(failed),
                    Guarded::StackGone => {
                        let lifecycle = lifecycle_parameter(prefix);
                        return Ok(Stored::StackIsGone { lifecycle });
                    }
                }
            }
        };
        failures.extend(written.err().map(|failed| format!("{name}: {}", failed.explain())));
    }
    let left: Vec<String> =
        calculation.left.iter().map(|label| thresholds_parameter(prefix, label)).collect();
    let deleted = parameters::delete(client, &left).await;
    failures.extend(deleted.err().map(|failed| failed.explain()));
    if failures.is_empty() {
        Ok(Stored::Everything)
    } else {
        Err(NotStored { attempted, failures })
    }
}

/// Deletes every pool's document; none left is success. Returns how many there were.
pub(crate) async fn delete_all(
    client: &aws_sdk_ssm::Client,
    prefix: &StackPrefix,
) -> Result<usize, CallFailed> {
    let names: Vec<String> = threshold_parameters(client, prefix)
        .await?
        .into_iter()
        .map(|parameter| parameter.name)
        .collect();
    Ok(parameters::delete(client, &names).await?.len())
}
