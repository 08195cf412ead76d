//! One local AWS with one stack in it.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use crate::aws_call::{AwsCalls, Invoked, JsonService, QueryService};
use crate::broken::Broken;
use crate::control::Control;
use crate::permissions;
use crate::process::{LocalAws, Places, Seen, wait_until};
use crate::seen;
use crate::stack::{Stack, TEMPLATE};

/// An e-mail, as a subscriber of the alerts topic gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// A dead-letter queue of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadLetters {
    /// Events a function failed on.
    FailedInvocations,
    /// Queue messages that failed too often.
    FailedFollowUps,
    /// Events that never reached a function.
    UndeliveredEvents,
    /// Log objects that could not be scored.
    UnscoredObjects,
}

impl DeadLetters {
    const fn logical_id(self) -> &'static str {
        match self {
            Self::FailedInvocations => "FailedInvocations",
            Self::FailedFollowUps => "FailedFollowUps",
            Self::UndeliveredEvents => "UndeliveredEvents",
            Self::UnscoredObjects => "UnscoredObjects",
        }
    }
}

/// A running local AWS with the stack deployed; everything ends when it is dropped.
#[derive(Debug)]
pub struct World {
    calls: AwsCalls,
    stack: Stack,
    places: Places,
    prefix: String,
    mailbox: String,
    mails: Mutex<Vec<Mail>>,
    notices: Mutex<Vec<Mail>>,
    _local: LocalAws,
}

impl World {
    /// Starts a local AWS and deploys the stack with these parameters beside the defaults.
    ///
    /// The settle time is one second unless it is given. `prepare` runs before the deployment,
    /// for what must be there first: metrics, quotas, profiles.
    ///
    /// # Errors
    ///
    /// When something is not built, does not start, or the stack does not come up.
    pub fn start(
        parameters: &[(&str, &str)],
        prepare: impl FnOnce(&AwsCalls) -> Result<(), Broken>,
    ) -> Result<Self, Broken> {
        Self::start_from(TEMPLATE, parameters, prepare)
    }

    /// The same with another template, by its path in the repository.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_from(
        template: &str,
        parameters: &[(&str, &str)],
        prepare: impl FnOnce(&AwsCalls) -> Result<(), Broken>,
    ) -> Result<Self, Broken> {
        let places = Places::of_this_build()?;
        let local = LocalAws::start(&places)?;
        let calls = AwsCalls::new(local.endpoint().to_owned());
        prepare(&calls)?;
        let given = |key| parameters.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        let prefix = given("Prefix").unwrap_or("llmwatch").to_owned();
        let all = with_short_settling(parameters);
        let stack = Stack::create(&calls, &places, &prefix, (template, &all))?;
        let mailbox = subscribed_queue(&calls, &stack.resource("AlertsTopic")?, MAILBOX)?;
        let (mails, notices) = Default::default();
        Ok(Self { calls, stack, places, prefix, mailbox, mails, notices, _local: local })
    }

    /// The local endpoint, for calls this type has no word for.
    #[must_use]
    pub fn calls(&self) -> &AwsCalls {
        &self.calls
    }

    /// Clock, faults and recorder of the local AWS.
    #[must_use]
    pub fn control(&self) -> Control<'_> {
        Control(&self.calls)
    }

    /// The stack.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Where the repository, its binaries and Python are.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The stack's prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Changes parameters of the stack.
    ///
    /// # Errors
    ///
    /// When the update is refused or rolled back.
    pub fn update(&self, parameters: &[(&str, &str)]) -> Result<(), Broken> {
        self.stack.update(&self.places, (TEMPLATE, parameters))
    }

    /// Deploys the stack again, after it was deleted.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn deploy_again(&self, parameters: &[(&str, &str)]) -> Result<(), Broken> {
        let all = with_short_settling(parameters);
        Stack::create(&self.calls, &self.places, self.stack.name(), (TEMPLATE, &all))?;
        subscribed_queue(&self.calls, &self.stack.resource("AlertsTopic")?, MAILBOX).map(drop)
    }

    /// Invokes a function by its binary's name and waits for its answer.
    ///
    /// # Errors
    ///
    /// When it cannot be invoked.
    pub fn invoke(&self, function: &str, event: &Value) -> Result<Invoked, Broken> {
        self.calls.invoke(&self.function_name(function), event)
    }

    /// Puts an event into a function's asynchronous queue, as SNS and EventBridge do.
    ///
    /// # Errors
    ///
    /// When it is not taken.
    pub fn invoke_asynchronously(&self, function: &str, event: &Value) -> Result<(), Broken> {
        self.calls.invoke_asynchronously(&self.function_name(function), event)
    }

    /// The deployed name of a function.
    #[must_use]
    pub fn function_name(&self, function: &str) -> String {
        format!("{}-{function}", self.prefix)
    }

    /// Publishes to the raw topic, as a composite alarm does.
    ///
    /// # Errors
    ///
    /// When SNS refuses it.
    pub fn publish_composite_alarm(&self, message: &Value) -> Result<(), Broken> {
        let input = [
            ("TopicArn".to_owned(), self.stack.resource("RawTopic")?),
            ("Message".to_owned(), message.to_string()),
        ];
        self.calls.query(QueryService::Sns, "Publish", &input).map(drop)
    }

    /// Puts a `CloudWatch Alarm State Change` on the event bus, given as the whole event.
    ///
    /// # Errors
    ///
    /// When EventBridge refuses it.
    pub fn put_alarm_event(&self, event: &Value) -> Result<(), Broken> {
        let entry = json!({
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Resources": event["resources"],
            "Detail": event["detail"].to_string(),
        });
        let answer = self.calls.json(
            JsonService::EventBridge,
            "PutEvents",
            &json!({ "Entries": [entry] }),
        )?;
        if answer["FailedEntryCount"] == 0 {
            return Ok(());
        }
        Err(Broken::Refused { call: "PutEvents".to_owned(), status: 200, body: answer.to_string() })
    }

    /// Subscribes a queue to a topic of the template, and gives the queue's address.
    ///
    /// # Errors
    ///
    /// When the stack has no such topic, or SNS or SQS refuses.
    pub fn subscribe_queue(&self, topic: &str) -> Result<String, Broken> {
        subscribed_queue(&self.calls, &self.stack.resource(topic)?, &format!("of-{topic}"))
    }

    /// Takes what came to a subscribed queue, in SNS's envelopes.
    ///
    /// # Errors
    ///
    /// When SQS refuses.
    pub fn take_notifications(&self, queue: &str) -> Result<Vec<Value>, Broken> {
        let input = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 });
        let answer = self.calls.json(JsonService::Sqs, "ReceiveMessage", &input)?;
        let mut taken = Vec::new();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let body = message["Body"].as_str().unwrap_or_default();
            taken.push(serde_json::from_str(body).unwrap_or_default());
            let input = json!({ "QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"] });
            self.calls.json(JsonService::Sqs, "DeleteMessage", &input)?;
        }
        Ok(taken)
    }

    /// Every mail of llmwatch so far, oldest first.
    ///
    /// # Errors
    ///
    /// When the mailbox cannot be read.
    pub fn mails(&self) -> Result<Vec<Mail>, Broken> {
        self.empty_mailbox()?;
        Ok(locked(&self.mails).clone())
    }

    /// What CloudWatch itself mailed about the alarms on llmwatch, oldest first.
    ///
    /// # Errors
    ///
    /// When the mailbox cannot be read.
    pub fn alarm_notices(&self) -> Result<Vec<Mail>, Broken> {
        self.empty_mailbox()?;
        Ok(locked(&self.notices).clone())
    }

    /// Sorts what is in the mailbox: CloudWatch's mails are JSON, llmwatch's are not.
    fn empty_mailbox(&self) -> Result<(), Broken> {
        let (mut mails, mut notices) = (locked(&self.mails), locked(&self.notices));
        loop {
            let new = self.receive_mails()?;
            if new.is_empty() {
                return Ok(());
            }
            for mail in new {
                let kind = if mail.body.starts_with('{') { &mut notices } else { &mut mails };
                kind.push(mail);
            }
        }
    }

    /// Waits until there have been at least so many mails, and gives them all.
    ///
    /// # Errors
    ///
    /// When they do not come within 30 seconds.
    pub fn wait_for_mails(&self, count: usize) -> Result<Vec<Mail>, Broken> {
        wait_until(&format!("{count} mail(s)"), Duration::from_secs(30), || {
            let mails = self.mails()?;
            Ok(if mails.len() >= count {
                Seen::Yes(mails)
            } else {
                Seen::NotYet(format!("{mails:?}"))
            })
        })
    }

    /// How many messages a dead-letter queue holds.
    ///
    /// # Errors
    ///
    /// When SQS refuses.
    pub fn dead_letters(&self, queue: DeadLetters) -> Result<u64, Broken> {
        self.queue_depth(&self.stack.resource(queue.logical_id())?)
    }

    /// The messages of a dead-letter queue, which are received and stay hidden from then on.
    ///
    /// # Errors
    ///
    /// When SQS refuses.
    pub fn receive_dead_letters(&self, queue: DeadLetters) -> Result<Vec<String>, Broken> {
        let url = self.stack.resource(queue.logical_id())?;
        let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
        let answer = self.calls.json(JsonService::Sqs, "ReceiveMessage", &input)?;
        let messages = answer["Messages"].as_array().into_iter().flatten();
        Ok(messages.filter_map(|message| message["Body"].as_str().map(str::to_owned)).collect())
    }

    /// Takes what a dead-letter queue holds out of it.
    ///
    /// # Errors
    ///
    /// When SQS refuses.
    pub fn take_dead_letters(&self, queue: DeadLetters) -> Result<Vec<String>, Broken> {
        let url = self.stack.resource(queue.logical_id())?;
        let mut taken = Vec::new();
        loop {
            let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
            let answer = self.calls.json(JsonService::Sqs, "ReceiveMessage", &input)?;
            let Some(messages) = answer["Messages"].as_array().filter(|all| !all.is_empty()) else {
                return Ok(taken);
            };
            for message in messages {
                taken.push(message["Body"].as_str().unwrap_or_default().to_owned());
                let input = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
                self.calls.json(JsonService::Sqs, "DeleteMessage", &input)?;
            }
        }
    }

    /// Puts a message into a dead-letter queue, as AWS does with what it cannot deliver.
    ///
    /// # Errors
    ///
    /// When SQS refuses.
    pub fn park(&self, queue: DeadLetters, body: &str) -> Result<(), Broken> {
        let url = self.stack.resource(queue.logical_id())?;
        let input = json!({ "QueueUrl": url, "MessageBody": body });
        self.calls.json(JsonService::Sqs, "SendMessage", &input).map(drop)
    }

    /// Puts a message into the function's own queue, due at once.
    ///
    /// # Errors
    ///
    /// When SQS refuses.
    pub fn send_follow_up(&self, body: &str) -> Result<(), Broken> {
        let input =
            json!({ "QueueUrl": self.stack.resource("FollowUpQueue")?, "MessageBody": body });
        self.calls.json(JsonService::Sqs, "SendMessage", &input).map(drop)
    }

    /// How many messages wait in the follow-up queue, delayed and in flight ones included.
    ///
    /// # Errors
    ///
    /// When SQS refuses.
    pub fn follow_ups_waiting(&self) -> Result<u64, Broken> {
        self.queue_depth(&self.stack.resource("FollowUpQueue")?)
    }

    /// A parameter's value below this stack's path, for example `settings/language`; `None` where
    /// it does not exist.
    ///
    /// # Errors
    ///
    /// When Parameter Store refuses.
    pub fn parameter(&self, name: &str) -> Result<Option<String>, Broken> {
        let input = json!({ "Name": format!("/{}/{name}", self.prefix) });
        match self.calls.json(JsonService::Ssm, "GetParameter", &input) {
            Ok(answer) => Ok(answer["Parameter"]["Value"].as_str().map(str::to_owned)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets a parameter below this stack's path, as an operator would.
    ///
    /// # Errors
    ///
    /// When Parameter Store refuses.
    pub fn set_parameter(&self, name: &str, value: &str) -> Result<(), Broken> {
        let input = json!({
            "Name": format!("/{}/{name}", self.prefix),
            "Value": value,
            "Type": "String",
            "Overwrite": true,
        });
        self.calls.json(JsonService::Ssm, "PutParameter", &input).map(drop)
    }

    fn queue_depth(&self, url: &str) -> Result<u64, Broken> {
        let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
        let answer = self.calls.json(JsonService::Sqs, "GetQueueAttributes", &input)?;
        let states = ["", "NotVisible", "Delayed"];
        Ok(states
            .iter()
            .filter_map(|state| {
                answer["Attributes"][format!("ApproximateNumberOfMessages{state}")].as_str()
            })
            .filter_map(|count| count.parse::<u64>().ok())
            .sum())
    }

    fn receive_mails(&self) -> Result<Vec<Mail>, Broken> {
        let envelopes = self.take_notifications(&self.mailbox)?;
        let mail = |envelope: &Value| {
            let text = |field: &str| envelope[field].as_str().unwrap_or_default().to_owned();
            Mail { subject: text("Subject"), body: text("Message") }
        };
        Ok(envelopes.iter().map(mail).collect())
    }
}

impl Drop for World {
    /// Leaves what the functions called for the comparison with their roles.
    fn drop(&mut self) {
        // A world that broke has no calls to tell, and its test fails already.
        let _ = self.control().calls_since(0).and_then(|calls| {
            seen::leave(&self.places, &permissions::functions(&self.places)?, &calls)
        });
    }
}

fn locked(mails: &Mutex<Vec<Mail>>) -> std::sync::MutexGuard<'_, Vec<Mail>> {
    mails.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The parameters with a settle time of one second unless they have another.
fn with_short_settling<'a>(parameters: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = parameters.to_vec();
    if !all.iter().any(|(name, _)| *name == "SettleSeconds") {
        all.push(("SettleSeconds", "1"));
    }
    all
}

/// The queue that stands in for a person's mailbox.
const MAILBOX: &str = "mailbox";

/// A queue of this name, subscribed to a topic.
fn subscribed_queue(calls: &AwsCalls, topic: &str, name: &str) -> Result<String, Broken> {
    let created = calls.json(JsonService::Sqs, "CreateQueue", &json!({ "QueueName": name }))?;
    let Some(url) = created["QueueUrl"].as_str() else {
        return Err(Broken::Unexpected {
            call: "CreateQueue".to_owned(),
            expected: "QueueUrl",
            body: created.to_string(),
        });
    };
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }],
    });
    let attributes = json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } });
    calls.json(JsonService::Sqs, "SetQueueAttributes", &attributes)?;
    let asked = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
    let answer = calls.json(JsonService::Sqs, "GetQueueAttributes", &asked)?;
    let arn = answer["Attributes"]["QueueArn"].as_str().unwrap_or_default();
    let subscription = [
        ("TopicArn".to_owned(), topic.to_owned()),
        ("Protocol".to_owned(), "sqs".to_owned()),
        ("Endpoint".to_owned(), arn.to_owned()),
    ];
    calls.query(QueryService::Sns, "Subscribe", &subscription)?;
    Ok(url.to_owned())
}
