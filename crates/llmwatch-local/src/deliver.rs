//! Carries CloudWatch's notices to SNS and EventBridge in ministack.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::call::{Call, Protocol};
use crate::cloudwatch::notify::Notice;
use crate::proxy::Upstream;
use crate::recorder::Recorded;
use crate::server::App;

/// Who the recorder names for calls the endpoint makes itself.
const OURSELVES: &str = "llmwatch-local";

/// Notices on their way, in the order they arose.
///
/// They go out after the answer: ministack may itself be waiting for that answer (its
/// CloudFormation creates alarms here), and could not take a notice before it has it.
#[derive(Debug)]
pub struct Outbox {
    waiting: mpsc::UnboundedSender<Parcel>,
    undelivered: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Parcel {
    notices: Vec<Notice>,
    delivered: oneshot::Sender<()>,
}

/// The other end of an [`Outbox`].
#[derive(Debug)]
pub struct Waiting {
    parcels: mpsc::UnboundedReceiver<Parcel>,
    undelivered: Arc<AtomicUsize>,
}

impl Outbox {
    /// An empty outbox and its other end.
    #[must_use]
    pub fn new() -> (Self, Waiting) {
        let (waiting, parcels) = mpsc::unbounded_channel();
        let undelivered = Arc::new(AtomicUsize::new(0));
        (Self { waiting, undelivered: undelivered.clone() }, Waiting { parcels, undelivered })
    }

    /// Puts notices in line. Awaiting the answer waits until they, too, are delivered.
    pub fn send(&self, notices: Vec<Notice>) -> impl Future<Output = ()> + use<> {
        let (delivered, received) = oneshot::channel();
        self.undelivered.fetch_add(notices.len(), Ordering::SeqCst);
        // A closed outbox means that the endpoint is ending.
        let _ = self.waiting.send(Parcel { notices, delivered });
        async {
            let _ = received.await;
        }
    }

    /// Notices that are not delivered yet.
    #[must_use]
    pub fn undelivered(&self) -> usize {
        self.undelivered.load(Ordering::SeqCst)
    }
}

/// Delivers what comes into the outbox, one notice after the other, for ever.
pub async fn carry(app: Arc<App>, mut waiting: Waiting) {
    while let Some(parcel) = waiting.parcels.recv().await {
        for notice in parcel.notices {
            // Without ministack there are no topics and no bus to deliver to.
            if let Some(upstream) = &app.upstream {
                deliver_one(&app, upstream, notice).await;
            }
            waiting.undelivered.fetch_sub(1, Ordering::SeqCst);
        }
        // Nobody may be waiting.
        let _ = parcel.delivered.send(());
    }
}

async fn deliver_one(app: &App, upstream: &Upstream, notice: Notice) {
    let at = app.world.clock.now();
    let started = app.started.elapsed();
    let (service, operation, target, body) = match &notice {
        Notice::Sns { topic_arn, subject, message } => {
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("Action", "Publish")
                .append_pair("Version", "2010-03-31")
                .append_pair("TopicArn", topic_arn)
                .append_pair("Subject", subject)
                .append_pair("Message", message)
                .finish();
            ("sns", "Publish", None, form)
        }
        Notice::Event { detail_type, alarm_arn, detail } => {
            let entry = json!({
                "Source": "aws.cloudwatch",
                "DetailType": detail_type,
                "Detail": detail.to_string(),
                "Resources": [alarm_arn],
            });
            let body = json!({"Entries": [entry]}).to_string();
            ("events", "PutEvents", Some("AWSEvents.PutEvents"), body)
        }
    };
    let answer = upstream.post(service, &app.world.place, target, body).await;
    let (status, error) = match answer {
        Ok((status, body)) => {
            let failed = status >= 400 || body.contains("\"ErrorCode\"");
            (status, failed.then_some(body))
        }
        Err(problem) => (0, Some(problem.to_string())),
    };
    if let Some(error) = &error {
        tracing::warn!(service, operation, error, "notice was not delivered");
    }
    let call = Call {
        service: service.to_owned(),
        operation: operation.to_owned(),
        region: app.world.place.region.clone(),
        caller: OURSELVES.to_owned(),
        invocation: String::new(),
        protocol: Protocol::Json,
    };
    app.world.recorder.keep(Recorded {
        seq: 0,
        at,
        service: call.service,
        operation: call.operation,
        region: call.region,
        caller: call.caller,
        status,
        error,
        duration_ms: (app.started.elapsed() - started).as_secs_f64() * 1000.0,
        started_ms: started.as_secs_f64() * 1000.0,
        request: Some(notice_json(&notice)),
    });
}

fn notice_json(notice: &Notice) -> serde_json::Value {
    match notice {
        Notice::Sns { topic_arn, subject, message } => {
            json!({"TopicArn": topic_arn, "Subject": subject, "Message": message})
        }
        Notice::Event { detail_type, alarm_arn, detail } => {
            json!({"DetailType": detail_type, "Resources": [alarm_arn], "Detail": detail})
        }
    }
}
