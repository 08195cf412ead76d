//! What differs between an alarm as it is and as it is to be written.

use super::Alarm;
use super::change::{self, Field, FieldChange};
use crate::alarm::desired::{Breach, MetricQuery, MetricWatch, MissingData, Watch};

/// The fields in which an alarm differs from what is to be written over it.
///
/// Orders of queries and actions do not matter, nor do the last digits of a threshold.
pub(super) fn between(is: &Alarm, put: &Alarm) -> Vec<FieldChange> {
    let mut fields = Fields::default();
    match (&is.watch, &put.watch) {
        (Watch::Metrics(is), Watch::Metrics(put)) => fields.of_metrics(is, put),
        (Watch::Children(is), Watch::Children(put)) => fields.of_rule(is, put),
        (Watch::Metrics(_), Watch::Children(_)) | (Watch::Children(_), Watch::Metrics(_)) => {
            fields.add(Field::Rule, "another type of alarm", "ours");
        }
    }
    fields.actions(Field::AlarmActions, &is.alarm_actions, &put.alarm_actions);
    fields.actions(Field::OkActions, &is.ok_actions, &put.ok_actions);
    fields.text(Field::Description, &is.description, &put.description);
    fields.0
}

/// Whether two sets of queries are the same, whatever their order.
pub(super) fn same_queries(one: &[MetricQuery], other: &[MetricQuery]) -> bool {
    one.len() == other.len() && one.iter().all(|query| other.contains(query))
}

#[derive(Default)]
struct Fields(Vec<FieldChange>);

impl Fields {
    fn add(&mut self, field: Field, old: &str, new: &str) {
        self.0.push(FieldChange { field, old: old.to_owned(), new: new.to_owned() });
    }

    fn text(&mut self, field: Field, old: &str, new: &str) {
        if old != new {
            self.add(field, old, new);
        }
    }

    fn of_metrics(&mut self, is: &MetricWatch, put: &MetricWatch) {
        match (&is.breach, &put.breach) {
            (Breach::AtLeast(is), Breach::AtLeast(put))
            | (Breach::Below(is), Breach::Below(put)) => {
                if !same_number(*is, *put) {
                    self.add(Field::Threshold, &is.to_string(), &put.to_string());
                }
            }
            (
                Breach::AtLeast(_)
                | Breach::Below(_)
                | Breach::AboveBand(_)
                | Breach::BelowBand(_)
                | Breach::Foreign(_),
                _,
            ) => {
                if is.breach != put.breach {
                    self.add(Field::Condition, &change::condition(is), &change::condition(put));
                }
            }
        }
        let evaluation = |watch: &MetricWatch| change::evaluation(watch.evaluation);
        self.text(Field::Evaluation, &evaluation(is), &evaluation(put));
        if !same_queries(&is.queries, &put.queries) {
            self.of_queries(&is.queries, &put.queries);
        }
        self.text(Field::MissingData, missing(&is.missing), missing(&put.missing));
    }

    fn of_queries(&mut self, is: &[MetricQuery], put: &[MetricQuery]) {
        let before = self.0.len();
        self.text(Field::Period, &change::periods(is), &change::periods(put));
        self.text(Field::Series, &change::series(is), &change::series(put));
        self.text(Field::Statistic, &change::statistics(is), &change::statistics(put));
        if self.0.len() == before {
            let (is, put) = (change::formula(is), change::formula(put));
            if is == put {
                self.add(Field::Metrics, "edited", "ours");
            } else {
                self.add(Field::Metrics, &is, &put);
            }
        }
    }

    fn of_rule(&mut self, is: &str, put: &str) {
        if is != put {
            let (old, new) = (change::children(is), change::children(put));
            if old == new {
                self.add(Field::Rule, "edited", "ours");
            } else {
                self.add(Field::Rule, &old, &new);
            }
        }
    }

    fn actions(&mut self, field: Field, is: &[String], put: &[String]) {
        if is.len() != put.len() || !is.iter().all(|arn| put.contains(arn)) {
            self.add(field, &list(is), &list(put));
        }
    }
}

fn missing(missing: &MissingData) -> &str {
    match missing {
        MissingData::NotBreaching => "notBreaching",
        MissingData::Foreign(words) => words,
    }
}

fn list(arns: &[String]) -> String {
    if arns.is_empty() { "none".to_owned() } else { arns.join(", ") }
}

/// Thresholds go through JSON and CloudWatch's own encoding, so the last digits do not count.
fn same_number(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}
