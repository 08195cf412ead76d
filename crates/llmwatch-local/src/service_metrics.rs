//! What other services publish to CloudWatch about themselves: Lambda about each invocation, SQS
//! every minute about each queue.
//!
//! Not modelled: SQS publishes for a queue that had a message or a call in the last six hours only,
//! and up to 15 minutes late when that begins anew. Here every queue's figures come every minute.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use llmwatch_core::cloudwatch::metric::MetricKey;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::proxy::Upstream;
use crate::server::App;
use crate::world::{Place, World};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// How SQS names what it counts, as an attribute and as a metric.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>.
const QUEUE_COUNTS: [(&str, &str); 3] = [
    ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesVisible"),
    ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesNotVisible"),
    ("ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesDelayed"),
];

/// What became of an invocation, as the start script of ministack reports it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invocation {
    function: String,
    /// The function failed, died or ran out of time.
    #[serde(default)]
    error: bool,
    /// There was no room for it: it was not invoked.
    #[serde(default)]
    throttled: bool,
    #[serde(default)]
    duration_ms: f64,
}

impl Invocation {
    /// Publishes Lambda's metrics of it, in the minute that runs.
    pub fn publish(&self, world: &World) {
        let metrics: &[(&str, f64)] = if self.throttled {
            &[("Throttles", 1.0)]
        } else {
            let errors = f64::from(u8::from(self.error));
            &[
                ("Invocations", 1.0),
                ("Errors", errors),
                ("Throttles", 0.0),
                ("Duration", self.duration_ms),
            ]
        };
        world.change(|services, now| {
            for (name, value) in metrics {
                let key = MetricKey::new("AWS/Lambda", name, &[("FunctionName", &self.function)]);
                services.cloudwatch.publish(&key, start_of_minute(now), *value);
            }
        });
    }
}

/// Publishes how many messages each queue has at the end of a minute, as that minute's figures.
pub async fn publish_queues(app: &App, end_of_minute: Timestamp) {
    let Some(upstream) = &app.upstream else { return };
    let place = &app.world.place;
    let listed = sqs(upstream, place, "ListQueues", &json!({})).await;
    let urls: Vec<&str> =
        listed["QueueUrls"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let counts = join_all(urls.iter().map(async |url| {
        let input = json!({"QueueUrl": url, "AttributeNames": ["All"]});
        sqs(upstream, place, "GetQueueAttributes", &input).await
    }))
    .await;
    let minute = start_of_minute(end_of_minute.saturating_sub(MINUTE).unwrap_or(end_of_minute));
    app.world.change(|services, _| {
        for (url, answer) in urls.iter().zip(counts) {
            let name = url.rsplit('/').next().unwrap_or(url);
            for (attribute, metric) in QUEUE_COUNTS {
                let count = answer["Attributes"][attribute].as_str();
                if let Some(count) = count.and_then(|count| count.parse().ok()) {
                    let key = MetricKey::new("AWS/SQS", metric, &[("QueueName", name)]);
                    services.cloudwatch.publish(&key, minute, count);
                }
            }
        }
    });
}

/// What SQS answers; nothing where ministack does not.
async fn sqs(upstream: &Upstream, place: &Place, operation: &str, input: &Value) -> Value {
    let target = format!("AmazonSQS.{operation}");
    let answer = upstream.post("sqs", place, Some(&target), input.to_string()).await;
    answer.ok().and_then(|(_, body)| serde_json::from_str(&body).ok()).unwrap_or_default()
}

fn start_of_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn an_invocation_counts_in_the_minute_that_runs_and_a_throttled_one_is_none() {
        let place = Place { account: "000000000000".to_owned(), region: "us-east-1".to_owned() };
        let clock = Clock::fixed(Timestamp::from_second(1_800_000_030).unwrap());
        let world = World::new(place, clock);
        for invocation in [
            json!({"function": "f", "error": true, "duration_ms": 5.0}),
            json!({"function": "f", "duration_ms": 7.0}),
            json!({"function": "f", "throttled": true}),
        ] {
            serde_json::from_value::<Invocation>(invocation).unwrap().publish(&world);
        }
        let sum = |metric: &str| {
            let input = json!({
                "Namespace": "AWS/Lambda", "MetricName": metric, "Statistics": ["Sum"],
                "Dimensions": [{"Name": "FunctionName", "Value": "f"}], "Period": 60,
                "StartTime": 1_800_000_000, "EndTime": 1_800_000_060,
            });
            let served = world.serve("cloudwatch", "GetMetricStatistics", input).unwrap();
            served.output["Datapoints"][0]["Sum"].as_f64().unwrap_or_default()
        };
        let sums = ["Invocations", "Errors", "Throttles", "Duration"].map(sum);
        assert_eq!(sums, [2.0, 1.0, 1.0, 12.0]);
    }
}
