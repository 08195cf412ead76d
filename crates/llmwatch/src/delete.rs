//! Deleting a stack, and saying what is kept.

use std::io::{BufRead as _, Write};
use std::time::Duration;

use llmwatch_aws::messages;
use llmwatch_aws::stacks::{self, Stack, StackResource};
use llmwatch_core::parked::ParkingQueue;
use tokio::time::sleep;

use crate::stack::{self, Failed};
use crate::{Clients, Ended, kept};

/// The wait between two looks at a stack that is being deleted.
const LOOK_EVERY: Duration = Duration::from_secs(3);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The stack's name.
    #[arg(long)]
    stack: String,
    /// Delete without asking.
    #[arg(long)]
    yes: bool,
}

/// Deletes the stack and waits until it is gone, or CloudFormation gives up.
pub(crate) async fn run(
    clients: &Clients,
    arguments: &Arguments,
    out: &mut impl Write,
) -> Result<Ended, Failed> {
    let name = &arguments.stack;
    let stack = stack::read(clients, name).await?;
    let before = stacks::resources(&clients.cloudformation, &stack.id).await?;
    writeln!(out, "The stack {name} is {}{}", stack.status, because(stack.reason.as_deref()))?;
    let parked = parked(clients, &before).await;
    if parked > 0 {
        writeln!(
            out,
            "{parked} parked event(s) go with it; `make replay STACK={name}` sends first what can be sent"
        )?;
    }
    if !arguments.yes && !is_confirmed(name, out)? {
        writeln!(out, "Nothing was deleted")?;
        return Ok(Ended::WithSomethingLeft);
    }
    stacks::delete(&clients.cloudformation, &stack.id).await?;
    let ended = wait_until_deleted(clients, &stack.id, out).await?;
    let after = stacks::resources(&clients.cloudformation, &stack.id).await?;
    match ended {
        Some(Stack { status, .. }) if status != "DELETE_COMPLETE" => {
            writeln!(out, "{}", kept::failures(&after, name))?;
            Ok(Ended::WithSomethingLeft)
        }
        Some(_) | None => {
            writeln!(out, "The stack {name} is deleted\n{}", kept::report(&before, &after))?;
            Ok(Ended::Well)
        }
    }
}

/// A stack asked for by its ARN is described after its deletion too, for 90 days.
async fn wait_until_deleted(
    clients: &Clients,
    id: &str,
    out: &mut impl Write,
) -> Result<Option<Stack>, Failed> {
    writeln!(out, "Deleting it; CloudFormation goes on should this end")?;
    loop {
        let stack = stacks::describe(&clients.cloudformation, id).await?;
        match &stack {
            Some(Stack { status, .. }) if status.ends_with("IN_PROGRESS") => {
                sleep(LOOK_EVERY).await;
            }
            Some(_) | None => return Ok(stack),
        }
    }
}

/// How many events are parked in the queues that are there still; one that is gone, or cannot be
/// asked, has none to tell of.
async fn parked(clients: &Clients, resources: &[StackResource]) -> u64 {
    let mut count = 0;
    for queue in ParkingQueue::ALL {
        let found = resources.iter().find(|one| one.logical_id == queue.logical_id());
        if let Some(url) = found.and_then(|queue| queue.physical_id.as_deref()) {
            count += messages::waiting(&clients.sqs, url).await.unwrap_or(0);
        }
    }
    count
}

fn is_confirmed(name: &str, out: &mut impl Write) -> std::io::Result<bool> {
    write!(out, "To delete it with its alarms and thresholds, type its name: ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == name)
}

fn because(reason: Option<&str>) -> String {
    reason
        .filter(|reason| !reason.is_empty())
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}
