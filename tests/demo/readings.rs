//! What the demo reads back from the local AWS, in lines to print.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use llmwatch_core::alarm::name::{self, AlarmName};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::stored::StoredPool;
use llmwatch_tests::aws_call::{JsonService, Method};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::{Broken, World};
use serde_json::{Value, json};

/// Every pool's quotas with their thresholds, one line each.
pub(crate) fn thresholds(world: &World) -> Result<Vec<String>, Broken> {
    let path = format!("/{}/pools", world.prefix());
    let input = json!({ "Path": path, "Recursive": true });
    let answer = world.calls().json(JsonService::Ssm, "GetParametersByPath", &input)?;
    let pools = answer["Parameters"].as_array().into_iter().flatten().filter_map(|parameter| {
        let name = parameter["Name"].as_str()?;
        let pool: StoredPool = serde_json::from_str(parameter["Value"].as_str()?).ok()?;
        name.ends_with("/thresholds").then_some(pool)
    });
    let mut lines: Vec<String> = pools
        .flat_map(|pool| {
            let model = pool.pool.to_string();
            pool.quotas.into_iter().map(move |quota| {
                format!(
                    "{model}: {} {} (quota {}), alarm from {}",
                    quota.kind,
                    grouped(quota.quota.value),
                    quota.quota.code,
                    grouped(quota.threshold)
                )
            })
        })
        .collect();
    lines.sort();
    Ok(lines)
}

/// How many alarms there are of each sort.
pub(crate) fn alarm_count(world: &World) -> Result<String, Broken> {
    let (children, composites) = alarms(world)?;
    Ok(format!("{} alarms and {} composite alarms exist", children.len(), composites.len()))
}

/// Every alarm in ALARM with CloudWatch's reason.
pub(crate) fn fired(world: &World) -> Result<Vec<String>, Broken> {
    let Ok(prefix) = StackPrefix::parse(world.prefix()) else { return Ok(Vec::new()) };
    let (children, _) = alarms(world)?;
    Ok(children
        .iter()
        .filter(|alarm| alarm["StateValue"] == "ALARM")
        .filter_map(|alarm| {
            let AlarmName::Child(kind, pool) = name::parse(&prefix, alarm["AlarmName"].as_str()?)?
            else {
                return None;
            };
            Some(format!("{kind} of {pool}: {}", alarm["StateReason"].as_str()?))
        })
        .collect())
}

/// The number of the newest call the recorder holds.
pub(crate) fn last_call(world: &World) -> Result<u64, Broken> {
    let calls = recorded(world, 0)?;
    Ok(calls.iter().filter_map(|call| call["seq"].as_u64()).max().unwrap_or(0))
}

/// The calls one function made since a number, counted by operation.
pub(crate) fn calls(world: &World, caller: &str, since: u64) -> Result<Vec<String>, Broken> {
    let mut counts: BTreeMap<(String, String), u32> = BTreeMap::new();
    for call in recorded(world, since)? {
        let word = |field: &str| call[field].as_str().unwrap_or_default().to_owned();
        if word("caller").contains(caller) {
            *counts.entry((word("service"), word("operation"))).or_default() += 1;
        }
    }
    Ok(counts
        .into_iter()
        .map(|((service, operation), count)| format!("{count:>3} x {service} {operation}"))
        .collect())
}

/// How many cases are open.
pub(crate) fn open_cases(world: &World) -> Result<usize, Broken> {
    let answer = world.calls().json(JsonService::Support, "DescribeCases", &json!({}))?;
    Ok(answer["cases"].as_array().map_or(0, Vec::len))
}

/// How many calls functions made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calls {
    /// To the ledger table.
    pub(crate) ledger: usize,
    /// To everything else, further pages included.
    pub(crate) others: usize,
}

/// The calls functions made since a number.
pub(crate) fn call_count(world: &World, since: u64) -> Result<Calls, Broken> {
    let calls = recorded(world, since)?;
    let of_functions = calls.iter().filter(|call| call["caller"].as_str().is_some_and(is_function));
    let (ledger, others): (Vec<&Value>, Vec<&Value>) =
        of_functions.partition(|call| call["service"] == "dynamodb");
    Ok(Calls { ledger: ledger.len(), others: others.len() })
}

/// Waits until no call has come for a second.
pub(crate) fn wait_for_quiet(world: &World) -> Result<(), Broken> {
    let mut last = (last_call(world)?, Instant::now());
    wait_until("the functions to be idle", Duration::from_secs(60), || {
        let newest = last_call(world)?;
        if newest != last.0 {
            last = (newest, Instant::now());
        }
        let is_quiet = last.1.elapsed() > Duration::from_secs(1);
        Ok(if is_quiet { Seen::Yes(()) } else { Seen::NotYet(format!("call {newest}")) })
    })
}

fn is_function(caller: &str) -> bool {
    ["quota-calculator", "alarm-updater", "notification-processor", "account-setup"]
        .iter()
        .any(|function| caller.contains(function))
}

/// Cases that llmwatch wrote to: subject, and the text that holds its marker.
pub(crate) fn told_cases(world: &World) -> Result<Vec<(String, String)>, Broken> {
    let input = json!({ "includeCommunications": true, "maxResults": 100 });
    let answer = world.calls().json(JsonService::Support, "DescribeCases", &input)?;
    let mut told = Vec::new();
    for case in answer["cases"].as_array().into_iter().flatten() {
        let messages = case["recentCommunications"]["communications"].as_array();
        let ours = messages
            .into_iter()
            .flatten()
            .find_map(|message| message["body"].as_str().filter(|body| body.contains("llmwatch:")));
        if let (Some(subject), Some(body)) = (case["subject"].as_str(), ours) {
            told.push((format!("Support case: {subject}"), body.to_owned()));
        }
    }
    Ok(told)
}

fn alarms(world: &World) -> Result<(Vec<Value>, Vec<Value>), Broken> {
    let input = json!({
        "AlarmNamePrefix": format!("{}-Bedrock-", world.prefix()),
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
    });
    let answer = world.calls().json(JsonService::CloudWatch, "DescribeAlarms", &input)?;
    let list = |member: &str| answer[member].as_array().cloned().unwrap_or_default();
    Ok((list("MetricAlarms"), list("CompositeAlarms")))
}

fn recorded(world: &World, since: u64) -> Result<Vec<Value>, Broken> {
    let path = format!("/_llmwatch/recorder?since={since}");
    let answer = world.calls().control(Method::Get, &path, &Value::Null)?;
    Ok(answer["calls"].as_array().cloned().unwrap_or_default())
}

/// A whole number with its thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
