//! Bedrock's invocation logging: it delivers where the scorer reads, and a customer's own stays.

use std::collections::BTreeMap;

use llmwatch_aws::CallFailed;
use llmwatch_core::custom_resource::Outcome;
use llmwatch_core::invocation_logging::{self as plan, Deployment, Elsewhere, Place, TearDown};

use crate::App;
use crate::carry_out::invocation_logging as carry_out;
use crate::gather::invocation_logging as gather;

/// Why a deployment came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// The account logs elsewhere.
    #[error("{0}")]
    Refused(Elsewhere),
    /// The memory is not what a run wrote.
    #[error(
        "the invocation logging was not changed: parameter {0} is not what llmwatch wrote; delete \
         it, and whatever logging there is counts as yours from then on"
    )]
    BadMemory(String),
    /// Something could not be read.
    #[error("the invocation logging was not changed: {}", .0.explain())]
    NotGathered(CallFailed),
    /// A call that changes something failed.
    #[error("the invocation logging could not be kept in order: {}", .0.explain())]
    NotDone(CallFailed),
}

/// Sees to it that logs are delivered to a place.
pub(crate) async fn deploy(app: &App, wanted: &Place) -> Outcome {
    match keep(app, wanted).await {
        Ok(delivers) => Outcome::Success(BTreeMap::from([("Delivers", usize::from(delivers))])),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

/// Removes the logging where it is llmwatch's own, as the stack goes.
pub(crate) async fn forget(app: &App) -> Outcome {
    match remove(app).await {
        Ok(()) => Outcome::Success(BTreeMap::new()),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

/// Whether logs are delivered to the place now.
async fn keep(app: &App, wanted: &Place) -> Result<bool, Failed> {
    let gathered = gather::gather(app).await?;
    let stored = gathered.stored_text.as_deref();
    match plan::deploy(wanted, gathered.current.as_ref(), &gathered.memory) {
        Deployment::Keep(memory) => {
            tracing::info!("Bedrock's invocation logging delivers to {wanted} already");
            carry_out::remember(app, &memory, stored).await?;
            Ok(true)
        }
        Deployment::Write { configuration, before, after } => {
            carry_out::remember(app, &before, stored).await?;
            carry_out::write(app, &configuration).await?;
            carry_out::remember(app, &after, Some(&before.text())).await?;
            tracing::info!("Bedrock's invocation logging delivers to {wanted} from now on");
            Ok(true)
        }
        Deployment::Report(elsewhere) => {
            tracing::error!("{elsewhere}");
            Ok(false)
        }
        Deployment::Refuse(elsewhere) => Err(Failed::Refused(elsewhere)),
    }
}

async fn remove(app: &App) -> Result<(), Failed> {
    let gathered = match gather::gather(app).await {
        // A deletion must come to its end; what nobody can show to be ours stays.
        Err(Failed::BadMemory(name)) => {
            tracing::error!("parameter {name} is not what llmwatch wrote; the logging stays");
            return carry_out::forget(app).await;
        }
        gathered => gathered?,
    };
    match plan::tear_down(gathered.current.as_ref(), &gathered.memory) {
        TearDown::Remove => carry_out::remove(app).await?,
        TearDown::Leave => tracing::info!("left the invocation logging as it is"),
    }
    carry_out::forget(app).await
}
