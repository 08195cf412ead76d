//! Sending parked events again.
//!
//! A message is received, handed over, and deleted only then, so that at every moment at least one
//! queue holds it. SQS's own `StartMessageMoveTask` would move follow-ups too, but all of them
//! unseen, the ones nobody can read included. A message handed over twice does no harm: every
//! effect is done once, by the ledger, and a webhook's document has the same `id` each time.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use jiff::Timestamp;
use llmwatch_aws::messages::{self, Received};
use llmwatch_aws::{CallFailed, chain, client, functions, http, topics};
use llmwatch_core::parked::{Handover, Others, ParkingQueue, Receivers, Resend, resend};

use crate::stack::{Failed, Parts};
use crate::{Clients, Ended};

/// How long a received message is hidden: longer than handing over a batch takes.
const HIDDEN_FOR: Duration = Duration::from_secs(120);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The stack's name.
    #[arg(long)]
    stack: String,
    /// Only say what would be sent.
    #[arg(long)]
    dry_run: bool,
    /// Delete the parked message with this id instead of sending it; may be repeated.
    #[arg(long, value_name = "ID", conflicts_with = "dry_run")]
    discard: Vec<String>,
    /// Send the webhook endpoint's messages also where others subscribed to its topic, who get them
    /// a second time.
    #[arg(long)]
    all_subscribers: bool,
}

impl Arguments {
    const fn others(&self) -> Others {
        if self.all_subscribers { Others::MayHearItAgain } else { Others::AreSpared }
    }
}

/// What becomes of the parked messages.
struct Run<'a> {
    clients: &'a Clients,
    arguments: &'a Arguments,
    parts: Parts,
    receivers: Receivers,
    began_at: Timestamp,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    sent: usize,
    discarded: usize,
    stay: usize,
}

/// What became of one message.
enum Fate {
    WouldBeSent(Resend),
    Sent(Resend),
    /// It was handed over, but could not be deleted: the next run sends it again.
    SentAndStays(Resend, CallFailed),
    Discarded,
    Stays(String),
}

/// Sends every event again that was parked before the run began.
pub(crate) async fn run(
    clients: &Clients,
    arguments: &Arguments,
    out: &mut impl Write,
) -> Result<Ended, Failed> {
    let parts = Parts::read(clients, &arguments.stack).await?;
    let receivers = parts.receivers(clients, arguments.others()).await?;
    let began_at = client::now();
    let mut run = Run { clients, arguments, parts, receivers, began_at, tally: Tally::default() };
    for queue in ParkingQueue::ALL {
        run.empty(queue, out).await?;
    }
    let Tally { sent, discarded, stay } = run.tally;
    let sent_or_not = if arguments.dry_run { "would be sent" } else { "sent" };
    writeln!(out, "{sent} {sent_or_not}, {discarded} discarded, {stay} left as they are")?;
    if stay == 0 {
        return Ok(Ended::Well);
    }
    writeln!(
        out,
        "SQS deletes what is left two weeks after it was first sent; --discard ID does so now \
         (make replay STACK={} ARGS='--discard ID')",
        arguments.stack
    )?;
    Ok(Ended::WithSomethingLeft)
}

impl Run<'_> {
    async fn empty(&mut self, queue: ParkingQueue, out: &mut impl Write) -> Result<(), Failed> {
        let sqs = &self.clients.sqs;
        let Some(url) = self.parts.url(queue)?.map(str::to_owned) else { return Ok(()) };
        let mut seen = BTreeSet::new();
        let mut left = Vec::new();
        loop {
            let batch = messages::receive(sqs, &url, HIDDEN_FOR).await?;
            // What was sent again may fail and be parked again while this runs.
            let (old, new): (Vec<_>, Vec<_>) = batch.into_iter().partition(|message| {
                message.sent_at.is_none_or(|sent_at| sent_at <= self.began_at)
                    && seen.insert(message.id.clone())
            });
            left.extend(new.into_iter().map(|message| message.receipt));
            if old.is_empty() {
                break;
            }
            for message in old {
                let fate = self.one(queue, &url, &message).await?;
                if matches!(fate, Fate::Stays(_) | Fate::WouldBeSent(_)) {
                    left.push(message.receipt.clone());
                }
                self.tell(queue, &message.id, &fate, out)?;
            }
        }
        for receipt in left {
            // Otherwise it is shown again when its time is over.
            let _ = messages::retry_after(sqs, &url, &receipt, Duration::ZERO).await;
        }
        Ok(())
    }

    async fn one(
        &self,
        queue: ParkingQueue,
        url: &str,
        message: &Received,
    ) -> Result<Fate, Failed> {
        let sqs = &self.clients.sqs;
        if self.arguments.discard.contains(&message.id) {
            messages::delete(sqs, url, &message.receipt).await?;
            return Ok(Fate::Discarded);
        }
        let resend = match resend(queue, &message.body, &message.attributes, &self.receivers) {
            Ok(resend) => resend,
            Err(why) => return Ok(Fate::Stays(why.to_string())),
        };
        if self.arguments.dry_run {
            return Ok(Fate::WouldBeSent(resend));
        }
        if let Err(failed) = self.hand_over(&resend.handover, &message.body).await? {
            return Ok(Fate::Stays(chain(&failed)));
        }
        Ok(match messages::delete(sqs, url, &message.receipt).await {
            Ok(()) => Fate::Sent(resend),
            Err(failed) => Fate::SentAndStays(resend, failed),
        })
    }

    async fn hand_over(
        &self,
        handover: &Handover,
        body: &str,
    ) -> Result<Result<(), CallFailed>, Failed> {
        let Clients { sdk, sns, sqs, .. } = self.clients;
        Ok(match handover {
            Handover::Invoke { function, payload } => {
                let connector = http::connector();
                let (event, now) = (payload.to_string(), client::now());
                functions::invoke_asynchronously(sdk, &connector, function, &event, now).await
            }
            Handover::FollowUp => {
                let queue = self.parts.follow_up_queue()?;
                messages::send_text(sqs, queue, body, Duration::ZERO).await
            }
            Handover::LogObjects => {
                let queue = self.parts.log_objects_queue()?;
                messages::send_text(sqs, queue, body, Duration::ZERO).await
            }
            Handover::Publish { topic_arn, subject, text } => {
                topics::publish(sns, topic_arn, subject, text).await.map(drop)
            }
        })
    }

    fn tell(
        &mut self,
        queue: ParkingQueue,
        id: &str,
        fate: &Fate,
        out: &mut impl Write,
    ) -> std::io::Result<()> {
        let (word, rest) = match fate {
            Fate::WouldBeSent(resend) => {
                self.tally.sent += 1;
                ("would send", told(resend))
            }
            Fate::Sent(resend) => {
                self.tally.sent += 1;
                ("sent", told(resend))
            }
            Fate::SentAndStays(resend, failed) => {
                self.tally.sent += 1;
                self.tally.stay += 1;
                ("sent", format!("{}, but it is parked still: {}", told(resend), chain(failed)))
            }
            Fate::Discarded => {
                self.tally.discarded += 1;
                ("discarded", "deleted without being sent".to_owned())
            }
            Fate::Stays(why) => {
                self.tally.stay += 1;
                ("stays", why.clone())
            }
        };
        writeln!(out, "{word:<10}  {queue:<17}  {id}  {rest}")
    }
}

fn told(resend: &Resend) -> String {
    let Resend { handover, what } = resend;
    match handover {
        Handover::Invoke { function, .. } => format!("{what}, to {function}"),
        Handover::FollowUp => format!("{what}, to the follow-up queue"),
        Handover::LogObjects => format!("{what}, to the queue of log objects"),
        Handover::Publish { .. } => format!("{what}, to the webhook topic"),
    }
}
