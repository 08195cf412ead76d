//! Behaviour of CloudWatch through its operations, without sockets.

mod alarms;
mod metrics;
mod others;

use serde_json::{Value, json};

use super::*;
use crate::cloudwatch::notify::Notice;
use crate::model::CLOUDWATCH;

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:raw";

/// A CloudWatch and the minute it is in.
struct Fixture {
    cloudwatch: CloudWatch,
    minute: i64,
}

impl Fixture {
    fn new() -> Self {
        let place = Place { account: "000000000000".to_owned(), region: "us-east-1".to_owned() };
        Self { cloudwatch: CloudWatch::new(place), minute: 30_000_000 }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.minute * 60).unwrap()
    }

    /// A call as it comes from the wire: checked by the model, then served.
    fn call(&mut self, operation: &str, mut input: Value) -> Result<Served, AwsError> {
        CLOUDWATCH
            .check(operation, &mut input)
            .map_err(|rejected| AwsError::new("ValidationError", rejected.message()))?;
        let now = self.now();
        self.cloudwatch.serve(operation, &input, now)
    }

    fn ok(&mut self, operation: &str, input: Value) -> Value {
        self.call(operation, input).unwrap_or_else(|error| panic!("{operation}: {error}")).output
    }

    fn refused(&mut self, operation: &str, input: Value, code: &str, words: &str) {
        let error = self.call(operation, input).map(|served| served.output).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(words), "{error} lacks {words:?}");
    }

    /// Stores one value a minute, the last one in the minute before this one.
    fn seed(&mut self, name: &str, values: &[f64]) {
        let key = convert::metric_key("AWS/Bedrock", &metric(name)).unwrap();
        let start = Timestamp::from_second((self.minute - values.len() as i64) * 60).unwrap();
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        self.cloudwatch.seed(&key, start, SignedDuration::from_mins(1), &values);
    }

    /// Lets minutes pass, each evaluated; every notice of them.
    fn pass(&mut self, minutes: i64) -> Vec<Notice> {
        (0..minutes)
            .flat_map(|_| {
                self.minute += 1;
                let now = self.now();
                self.cloudwatch.evaluate(now)
            })
            .collect()
    }

    fn state(&mut self, name: &str) -> String {
        let both = json!({"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]});
        let found = self.ok("DescribeAlarms", both);
        let alarms = [&found["MetricAlarms"], &found["CompositeAlarms"]];
        let alarm = alarms.iter().find_map(|list| list.get(0)).unwrap();
        alarm["StateValue"].as_str().unwrap().to_owned()
    }
}

fn metric(name: &str) -> Value {
    json!({"MetricName": name, "Dimensions": [{"Name": "ModelId", "Value": "m"}]})
}

/// Fires when two of the last three minutes have 10 or more.
fn alarm(name: &str, metric: &str) -> Value {
    json!({
        "AlarmName": name,
        "Namespace": "AWS/Bedrock",
        "MetricName": metric,
        "Dimensions": [{"Name": "ModelId", "Value": "m"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
    })
}

/// What the notices say, one line each.
fn told(notices: &[Notice]) -> Vec<String> {
    notices
        .iter()
        .map(|notice| match notice {
            Notice::Sns { subject, .. } => format!("mail {subject}"),
            Notice::Event { detail_type, detail, .. } => format!(
                "{} {} {}",
                detail_type.trim_start_matches("CloudWatch Alarm "),
                detail["alarmName"].as_str().unwrap_or_default(),
                detail["state"]["value"].as_str().unwrap_or_default(),
            ),
        })
        .collect()
}
