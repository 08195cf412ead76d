//! What the demo reads back from the local AWS, in lines to print.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use llmwatch_core::alarm::name::{self, AlarmName};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::quota::QuotaKind;
use llmwatch_core::stored::StoredPool;
use llmwatch_tests::aws_call::{JsonService, Method};
use llmwatch_tests::control::{RecordedCall, round_trips};
use llmwatch_tests::process::{Seen, wait_until};
use llmwatch_tests::readers;
use llmwatch_tests::{Broken, World};
use serde_json::{Value, json};

/// Every pool: its label, callers, quotas and alarms.
pub(crate) fn pools(world: &World) -> Result<Vec<Vec<String>>, Broken> {
    let (children, _) = alarms(world)?;
    let alarms_of = |pool: &PoolLabel| {
        let names = children.iter().filter_map(|alarm| alarm_name(world, alarm));
        names.filter(|name| matches!(name, AlarmName::Child(_, of) if of == pool)).count()
    };
    let row = |pool: &StoredPool| {
        let label = pool.pool.label();
        let quota = |kind| {
            let quota = pool.quota(kind);
            quota.map_or("none".to_owned(), |quota| grouped(quota.quota.value))
        };
        vec![
            label.to_string(),
            pool.series.len().to_string(),
            quota(QuotaKind::Rpm),
            quota(QuotaKind::Tpm),
            quota(QuotaKind::Tpd),
            alarms_of(&label).to_string(),
        ]
    };
    Ok(stored_pools(world)?.iter().map(row).collect())
}

/// The quotas with these codes, each with its threshold, one line each.
pub(crate) fn thresholds(world: &World, codes: &[&str]) -> Result<Vec<String>, Broken> {
    let pools = stored_pools(world)?;
    let lines = pools.iter().flat_map(|pool| {
        let quotas = pool.quotas.iter().filter(|quota| codes.contains(&quota.quota.code.as_str()));
        quotas.map(|quota| {
            format!(
                "{}: {} {}, alarm from {}",
                pool.pool,
                quota.kind,
                grouped(quota.quota.value),
                grouped(quota.threshold)
            )
        })
    });
    Ok(lines.collect())
}

/// The pools as they are stored, by label.
fn stored_pools(world: &World) -> Result<Vec<StoredPool>, Broken> {
    let mut input = json!({ "Path": format!("/{}/pools", world.prefix()), "Recursive": true });
    let mut pools: Vec<StoredPool> = Vec::new();
    loop {
        let page = world.calls().json(JsonService::Ssm, "GetParametersByPath", &input)?;
        let parameters = page["Parameters"].as_array().into_iter().flatten();
        pools.extend(parameters.filter_map(|parameter| {
            parameter["Name"].as_str()?.strip_suffix("/thresholds")?;
            serde_json::from_str::<StoredPool>(parameter["Value"].as_str()?).ok()
        }));
        match page["NextToken"].as_str() {
            Some(next) => input["NextToken"] = Value::from(next),
            None => break,
        }
    }
    pools.sort_by_key(|pool| pool.pool.label());
    Ok(pools)
}

/// How many alarms there are of each sort.
pub(crate) fn alarm_count(world: &World) -> Result<String, Broken> {
    let (children, composites) = alarms(world)?;
    Ok(format!("{} alarms and {} composite alarms exist", children.len(), composites.len()))
}

/// Every alarm of a pool that is in ALARM, with CloudWatch's reason.
pub(crate) fn fired(world: &World) -> Result<Vec<String>, Broken> {
    let (children, _) = alarms(world)?;
    let firing = children.iter().filter(|alarm| alarm["StateValue"] == "ALARM");
    Ok(firing
        .filter_map(|alarm| {
            let AlarmName::Child(kind, pool) = alarm_name(world, alarm)? else { return None };
            let reason = alarm["StateReason"].as_str()?;
            // The rest says what brought the alarm back from OK, the same each time.
            let reason = reason.split(" (minimum").next().unwrap_or(reason);
            Some(format!("{kind} of {pool}: {reason}"))
        })
        .collect())
}

/// What an alarm is called among ours; `None` for one on llmwatch itself.
fn alarm_name(world: &World, alarm: &Value) -> Option<AlarmName> {
    let prefix = StackPrefix::parse(world.prefix()).ok()?;
    name::parse(&prefix, alarm["AlarmName"].as_str()?)
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

/// How many calls a function made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calls {
    /// To the ledger table.
    pub(crate) ledger: usize,
    /// To everything else, further pages included.
    pub(crate) others: usize,
    /// How many of them all had to wait for another.
    pub(crate) round_trips: usize,
}

/// The calls a function made since a number; others may be at work too, for example the processor,
/// which hears of every new alarm that it is OK.
pub(crate) fn call_count(world: &World, function: &str, since: u64) -> Result<Calls, Broken> {
    let calls = world.control().calls_since(since)?;
    let calls: Vec<&RecordedCall> = calls.iter().filter(|call| call.caller == function).collect();
    let ledger = calls.iter().filter(|call| call.service == "dynamodb").count();
    Ok(Calls { ledger, others: calls.len() - ledger, round_trips: round_trips(&calls) })
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
    let stem = format!("{}-Bedrock-", world.prefix());
    let all = readers::alarms(world.calls(), &stem)?;
    let (composites, children) = all
        .into_iter()
        .map(|alarm| alarm.description)
        .partition(|alarm| alarm.get("AlarmRule").is_some());
    Ok((children, composites))
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
