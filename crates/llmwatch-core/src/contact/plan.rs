//! From the people wanted and the topic's subscriptions to what must change.
//!
//! A subscription llmwatch did not make is never touched: the one of the template's `AlertEmail`,
//! chat tools, queues, whoever subscribed by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::memory::{Asked, Memory};
use super::{Address, Contacts, Fingerprint};

/// How long the link in a confirmation mail works.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html> ("Confirmation tokens
/// are valid for two days"), read 2026-11-22.
pub const LINK_WORKS_FOR: SignedDuration = SignedDuration::from_hours(48);

/// The wait before somebody who did not confirm is asked again unbidden.
pub const ASK_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How often somebody is asked unbidden. Who then still has not confirmed does not want to, or has
/// used the mail's link to unsubscribe.
pub const MAX_ASKED: u32 = 3;

/// A subscription of the topic, as far as contacts are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Who receives.
    pub receiver: Receiver,
    /// How far it is.
    pub status: Status,
}

/// Who receives what is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receiver {
    /// A mailbox, by the protocol `email`.
    Mailbox(Address),
    /// Anything else: another protocol, or an address llmwatch would not have subscribed.
    Other,
}

/// How far a subscription is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It receives, and can be removed by this ARN.
    Confirmed {
        /// The subscription's ARN.
        arn: String,
    },
    /// Somebody was asked and has not answered. It cannot be removed; SNS does that by itself.
    Pending,
    /// SNS still lists it, but it is over.
    Over,
}

/// How readily somebody who did not confirm is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// As a run by itself does: once a week, three times in all.
    Unbidden,
    /// As an operator's own invocation does: at once, unless the last mail's link still works.
    AtOnce,
}

/// Everything a plan looks at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Whom operators want told.
    pub wanted: &'a Contacts,
    /// The topic's subscriptions.
    pub subscriptions: &'a [Subscription],
    /// What earlier runs did.
    pub memory: &'a Memory,
    /// How readily people are asked again.
    pub asking: Asking,
    /// The time of the run.
    pub now: Timestamp,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Have SNS send a mail with a link that confirms the subscription.
    Ask(Address),
    /// Remove a confirmed subscription of ours.
    Remove {
        /// Whose.
        address: Address,
        /// The subscription's ARN.
        arn: String,
    },
}

impl Change {
    /// Whom it is about.
    #[must_use]
    pub fn address(&self) -> &Address {
        match self {
            Self::Ask(address) | Self::Remove { address, .. } => address,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(address) => write!(f, "ask {address} to confirm"),
            Self::Remove { address, .. } => write!(f, "unsubscribe {address}"),
        }
    }
}

/// How things stand before the changes. Addresses are shown masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Standing {
    /// How many people the secret names.
    pub wanted: usize,
    /// How many of them receive the mails.
    pub subscribed: usize,
    /// Who was asked and has not answered yet.
    pub pending: Vec<Address>,
    /// Who was asked as often as anybody is asked unbidden, without an answer.
    pub unanswered: Vec<Address>,
    /// Who is wanted no more, but was asked before and could still confirm; a later run would then
    /// unsubscribe them.
    pub withdrawn: Vec<Address>,
    /// Subscriptions that are somebody else's.
    pub others: usize,
}

/// What is to be done, and how things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What to do, in order.
    pub changes: Vec<Change>,
    /// How things stand before it is done.
    pub standing: Standing,
    /// What is remembered whatever becomes of the changes.
    kept: Memory,
}

impl Plan {
    /// What to remember before anything is done: whom we are about to ask is ours from here on.
    #[must_use]
    pub fn memory_before(&self) -> Memory {
        let mut memory = self.kept.clone();
        for change in &self.changes {
            match change {
                Change::Ask(address) => {
                    memory.asked.entry(address.fingerprint()).or_default();
                }
                Change::Remove { .. } => {}
            }
        }
        memory
    }

    /// What to remember once everything was tried and the changes about these people failed.
    #[must_use]
    pub fn memory_after(&self, failed: &BTreeSet<Fingerprint>, now: Timestamp) -> Memory {
        let mut memory = self.kept.clone();
        for change in &self.changes {
            let of = change.address().fingerprint();
            if failed.contains(&of) {
                continue;
            }
            match change {
                Change::Ask(_) => {
                    let asked = memory.asked.entry(of).or_default();
                    *asked = asked_once_more(*asked, now);
                }
                Change::Remove { .. } => {
                    memory.asked.remove(&of);
                }
            }
        }
        memory
    }
}

/// Works out what must change, and nothing where nothing must.
#[must_use]
pub fn plan(situation: &Situation<'_>) -> Plan {
    let listed = listed(situation.subscriptions);
    let mut plan = Plan {
        changes: Vec::new(),
        standing: Standing { wanted: situation.wanted.len(), ..Standing::default() },
        kept: Memory { alert_email: situation.memory.alert_email.clone(), asked: BTreeMap::new() },
    };
    for address in situation.wanted.iter() {
        want(situation, &mut plan, address, listed.get(address).copied());
    }
    let wanted: BTreeSet<Fingerprint> = situation.wanted.iter().map(Address::fingerprint).collect();
    let ours_no_more = |of: &Fingerprint| !wanted.contains(of);
    for (address, status) in &listed {
        let of = address.fingerprint();
        let Some(asked) = situation.memory.asked.get(&of).filter(|_| ours_no_more(&of)) else {
            continue;
        };
        withdraw(&mut plan, address, status, *asked);
    }
    plan.standing.others =
        situation.subscriptions.iter().filter(|one| is_others(situation, one)).count();
    plan
}

fn want(situation: &Situation<'_>, plan: &mut Plan, address: &Address, listed: Option<&Status>) {
    let of = address.fingerprint();
    let asked = situation.memory.asked.get(&of).copied();
    match (listed, asked) {
        (Some(Status::Confirmed { .. }), ours) => {
            plan.standing.subscribed += 1;
            plan.kept.asked.extend(ours.map(|asked| (of, Asked { times: 0, ..asked })));
        }
        // Somebody else asked: it is theirs to ask again.
        (Some(Status::Pending), None) => plan.standing.pending.push(address.clone()),
        (Some(Status::Over) | None, None) => plan.changes.push(Change::Ask(address.clone())),
        (Some(Status::Pending), Some(asked)) => {
            // The run that asked ended before it could write that down.
            let asked =
                if asked.last.is_none() { asked_once_more(asked, situation.now) } else { asked };
            plan.kept.asked.insert(of, asked);
            wait_or_ask(situation, plan, address, asked, Link::MayWork);
        }
        (Some(Status::Over) | None, Some(asked)) => {
            plan.kept.asked.insert(of, asked);
            wait_or_ask(situation, plan, address, asked, Link::IsGone);
        }
    }
}

/// The link in the last confirmation mail.
#[derive(Clone, Copy)]
enum Link {
    MayWork,
    IsGone,
}

fn wait_or_ask(
    situation: &Situation<'_>,
    plan: &mut Plan,
    address: &Address,
    asked: Asked,
    link: Link,
) {
    let age = asked.last.map(|last| situation.now.duration_since(last));
    let works = matches!(link, Link::MayWork) && age.is_some_and(|age| age < LINK_WORKS_FOR);
    let due = match (situation.asking, age) {
        (_, None) => true,
        (Asking::AtOnce, Some(_)) => !works,
        (Asking::Unbidden, Some(age)) => age >= ASK_AGAIN_AFTER && asked.times < MAX_ASKED,
    };
    if due {
        plan.changes.push(Change::Ask(address.clone()));
    } else if asked.times >= MAX_ASKED && !works {
        plan.standing.unanswered.push(address.clone());
    } else {
        plan.standing.pending.push(address.clone());
    }
}

/// One of ours whom operators want no more. Who is not listed any more is simply forgotten.
fn withdraw(plan: &mut Plan, address: &Address, status: &Status, asked: Asked) {
    let of = address.fingerprint();
    // CloudFormation has subscribed the address since, and would find its subscription gone.
    if plan.kept.alert_email.as_ref() == Some(&of) {
        return;
    }
    match status {
        Status::Confirmed { arn } => {
            plan.changes.push(Change::Remove { address: address.clone(), arn: arn.clone() });
            plan.kept.asked.insert(of, asked);
        }
        Status::Pending => {
            plan.standing.withdrawn.push(address.clone());
            plan.kept.asked.insert(of, asked);
        }
        Status::Over => {}
    }
}

fn is_others(situation: &Situation<'_>, subscription: &Subscription) -> bool {
    match (&subscription.receiver, &subscription.status) {
        (_, Status::Over) => false,
        (Receiver::Other, _) => true,
        (Receiver::Mailbox(address), _) => {
            !situation.memory.asked.contains_key(&address.fingerprint())
        }
    }
}

fn asked_once_more(asked: Asked, now: Timestamp) -> Asked {
    // To the second: nobody reads more, and the memory stays small.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    Asked { last: Some(now), times: asked.times + 1 }
}

/// The status of each mailbox; where SNS lists one twice, the one that counts for more.
fn listed(subscriptions: &[Subscription]) -> BTreeMap<&Address, &Status> {
    let weight = |status: &Status| match status {
        Status::Confirmed { .. } => 2,
        Status::Pending => 1,
        Status::Over => 0,
    };
    let mut listed: BTreeMap<&Address, &Status> = BTreeMap::new();
    for subscription in subscriptions {
        let Receiver::Mailbox(address) = &subscription.receiver else { continue };
        let best = listed.entry(address).or_insert(&subscription.status);
        if weight(&subscription.status) > weight(best) {
            *best = &subscription.status;
        }
    }
    listed
}

#[cfg(test)]
mod tests;
