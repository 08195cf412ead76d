//! A bucket's notifications: new objects reach the scorer's queue, beside everything of the
//! customer's.

use std::collections::BTreeMap;

use llmwatch_aws::CallFailed;
use llmwatch_core::bucket_notifications::{self as plan, Change, Conflict, Wanted};
use llmwatch_core::custom_resource::Outcome;

use crate::App;
use crate::carry_out::bucket_notifications as carry_out;
use crate::gather::bucket_notifications as gather;

/// A notification wanted on a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The bucket.
    pub bucket: String,
    /// The notification.
    pub wanted: Wanted,
}

/// Why a deployment came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// The parameters name a bucket that is not there.
    #[error(
        "there is no bucket {0} in this account and Region; see that InvocationLogBucket and \
         CaptureBucket are spelt as S3 lists them"
    )]
    NoBucket(String),
    /// S3 would refuse ours.
    #[error("bucket {bucket} cannot send its new objects to llmwatch: {conflict}")]
    Refused { bucket: String, conflict: Conflict },
    /// A call failed.
    #[error("the notifications of a bucket could not be kept in order: {}", .0.explain())]
    Call(#[from] CallFailed),
}

/// Puts ours into a bucket, and takes it out of the bucket that was named before.
///
/// `former` is what an update replaces. Where it is the same, a notification of somebody that
/// came between is said and left: a failure would be rolled back into the very same conflict.
pub(crate) async fn deploy(
    app: &App,
    wanted: &Subscription,
    former: Option<&Subscription>,
) -> Outcome {
    match keep(app, wanted, former).await {
        Ok(()) => Outcome::Success(BTreeMap::from([("Delivers", 1)])),
        Err(error @ Failed::Refused { .. }) if former == Some(wanted) => {
            tracing::error!("{error}");
            Outcome::Success(BTreeMap::from([("Delivers", 0)]))
        }
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

/// Takes ours out of a bucket, as the stack goes. The bucket need not be there any more.
pub(crate) async fn forget(app: &App, former: &Subscription) -> Outcome {
    match take_out(app, former).await {
        Ok(()) => Outcome::Success(BTreeMap::new()),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

async fn keep(
    app: &App,
    subscription: &Subscription,
    former: Option<&Subscription>,
) -> Result<(), Failed> {
    let Subscription { bucket, wanted } = subscription;
    let Some(notifications) = gather::notifications(app, bucket).await? else {
        return Err(Failed::NoBucket(bucket.clone()));
    };
    match plan::keep(wanted, &notifications.list()) {
        Change::Put => {
            carry_out::put(app, bucket, notifications, wanted).await?;
            tracing::info!("bucket {bucket} sends its new objects to {} now", wanted.queue_arn);
        }
        Change::Refuse(conflict) => {
            return Err(Failed::Refused { bucket: bucket.clone(), conflict });
        }
        Change::Nothing | Change::TakeOut => {}
    }
    match former {
        Some(former) if former.bucket != *bucket => take_out(app, former).await,
        Some(_) | None => Ok(()),
    }
}

async fn take_out(app: &App, former: &Subscription) -> Result<(), Failed> {
    let Subscription { bucket, wanted } = former;
    let Some(notifications) = gather::notifications(app, bucket).await? else { return Ok(()) };
    match plan::remove(&wanted.id, &notifications.list()) {
        Change::TakeOut => {
            carry_out::take_out(app, bucket, notifications, &wanted.id).await?;
            tracing::info!("bucket {bucket} no longer sends its new objects to llmwatch");
        }
        Change::Nothing | Change::Put | Change::Refuse(_) => {}
    }
    Ok(())
}
