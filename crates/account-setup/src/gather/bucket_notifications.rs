//! What a bucket sends to whom.

use llmwatch_aws::CallFailed;
use llmwatch_aws::bucket_notifications::{self, Notifications};

use crate::App;
use crate::patience::until_permitted;

/// The bucket's notifications; none where there is no such bucket.
pub(crate) async fn notifications(
    app: &App,
    bucket: &str,
) -> Result<Option<Notifications>, CallFailed> {
    until_permitted(async || bucket_notifications::read(&app.clients.s3, bucket).await).await
}
