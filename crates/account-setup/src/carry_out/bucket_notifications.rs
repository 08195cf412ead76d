//! Putting a notification in and taking it out.

use llmwatch_aws::CallFailed;
use llmwatch_aws::bucket_notifications::{self, Notifications};
use llmwatch_core::bucket_notifications::Wanted;

use crate::App;
use crate::patience::until_permitted;

/// Writes the bucket's notifications back with ours.
pub(crate) async fn put(
    app: &App,
    bucket: &str,
    notifications: Notifications,
    wanted: &Wanted,
) -> Result<(), CallFailed> {
    let put = async || {
        let notifications = notifications.clone();
        bucket_notifications::put(&app.clients.s3, bucket, notifications, wanted).await
    };
    until_permitted(put).await
}

/// Writes them back without ours.
pub(crate) async fn take_out(
    app: &App,
    bucket: &str,
    notifications: Notifications,
    id: &str,
) -> Result<(), CallFailed> {
    bucket_notifications::take_out(&app.clients.s3, bucket, notifications, id).await
}
