//! A week is over: one mail about what it came to.

use jiff::Timestamp;
use llmwatch_core::digest::{Digest, Week};

use crate::handler::Failure;
use crate::{App, gather, mails};

/// Tells of the last seven full days before `due`, once for a week.
///
/// What could not be read is said in the mail. When that is everything, the event is retried: there
/// would be nothing in the mail, and a mail goes out once.
///
/// # Errors
///
/// When nothing could be read, the mail was not accepted, or the ledger is out of reach.
pub(crate) async fn send(app: &App, due: Timestamp, now: Timestamp) -> Result<(), Failure> {
    // Days that are not over have no figures yet, whatever an event says.
    let week = Week::before(due.min(now));
    let (readings, language) =
        futures::join!(gather::readings(app, week, now), gather::language(app));
    if readings.are_blank() {
        let whole = [readings.pools.why(), readings.series.why()];
        return Err(Failure::WeekUnread(
            whole.into_iter().flatten().collect::<Vec<_>>().join("; "),
        ));
    }
    mails::digest(app, &Digest::of(readings), language, now).await
}
