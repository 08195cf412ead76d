//! The ledger table: documents written under optimistic locking, and effects done once.
//!
//! Table keys are `pk` and `sk`; `expires_at` is the time-to-live in epoch seconds. A document
//! row holds JSON in `document` and a number in `version`. An effect row is an *intent* while its
//! effect is under way (a lease guards it) and a *result* once it is known.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::CallFailed;

/// How long an intent keeps others away from its effect, from the time its event began: longer
/// than the function that carries it out may run, so that nobody takes over what is under way.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// How long rows are kept: longer than the look-back for open cases (60 days).
pub const RETENTION: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Where a row stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowKey {
    /// The partition key, for example `pool#…` or `episode#…`.
    pub pk: String,
    /// The sort key, for example `episode` or `effect#mail-0`.
    pub sk: String,
}

impl std::fmt::Display for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.pk, self.sk)
    }
}

/// A document as read, with the version a later write must name.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The document.
    pub document: T,
    /// Its version, counted from 1.
    pub version: u64,
}

/// What came of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The row is written.
    Yes,
    /// Somebody else wrote the row since it was read; read it again.
    Conflict,
}

/// What the ledger says when an effect is about to be carried out.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim<T> {
    /// Nobody has tried it: carry it out.
    Ours,
    /// Somebody tried it and never said how it ended: look for its traces first.
    Abandoned,
    /// It is done, with this result.
    Done(T),
    /// Somebody is at it now: let the event be retried.
    Held,
}

/// Reads a document with a consistent read; `None` when there is none.
///
/// # Errors
///
/// When the call fails or the row is not readable as `T`.
pub async fn read<T: DeserializeOwned>(
    client: &Client,
    table: &str,
    key: &RowKey,
) -> Result<Option<Versioned<T>>, CallFailed> {
    let Some(item) = get(client, table, key).await? else { return Ok(None) };
    let document = parsed(&item, "document", "GetItem", key)?;
    let version = number(&item, "version").unwrap_or(0);
    Ok(Some(Versioned { document, version }))
}

/// Reads every document of a partition with consistent reads, all pages; a row that is not readable
/// as `T` does not hide the others.
///
/// # Errors
///
/// When a page cannot be read.
pub async fn read_all<T: DeserializeOwned>(
    client: &Client,
    table: &str,
    pk: &str,
) -> Result<Vec<Result<T, CallFailed>>, CallFailed> {
    let mut documents = Vec::new();
    let mut pages = client
        .query()
        .table_name(table)
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
        .consistent_read(true)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallFailed::new("Query", pk, error))?;
        for item in page.items.unwrap_or_default() {
            let sk = text(&item, "sk").unwrap_or_default().to_owned();
            let key = RowKey { pk: pk.to_owned(), sk };
            documents.push(parsed(&item, "document", "Query", &key));
        }
    }
    Ok(documents)
}

/// Writes a document if the row still has the version it was read with (0 = there was none).
///
/// # Errors
///
/// When the call fails; a lost race is not an error but [`Written::Conflict`].
pub async fn write<T: Serialize>(
    client: &Client,
    table: &str,
    key: &RowKey,
    document: &T,
    read_version: u64,
    now: Timestamp,
) -> Result<Written, CallFailed> {
    let mut item = key_attributes(key);
    item.insert("document".into(), json(document, "PutItem", key)?);
    item.insert("version".into(), AttributeValue::N((read_version + 1).to_string()));
    item.insert("expires_at".into(), expires_at(now));
    let put = client.put_item().table_name(table).set_item(Some(item));
    let put = if read_version == 0 {
        put.condition_expression("attribute_not_exists(pk)")
    } else {
        put.condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(read_version.to_string()))
    };
    match put.send().await {
        Ok(_) => Ok(Written::Yes),
        Err(error)
            if matches!(
                error.as_service_error(),
                Some(PutItemError::ConditionalCheckFailedException(_))
            ) =>
        {
            Ok(Written::Conflict)
        }
        Err(error) => Err(CallFailed::new("PutItem", key.to_string(), error)),
    }
}

/// Whether an effect was ever claimed, whatever became of it.
///
/// # Errors
///
/// When the call fails.
pub async fn is_claimed(client: &Client, table: &str, key: &RowKey) -> Result<bool, CallFailed> {
    Ok(get(client, table, key).await?.is_some())
}

/// Claims an effect: writes its intent unless it is done or somebody holds a live lease, of
/// [`LEASE`].
///
/// # Errors
///
/// When the call fails or the stored result is not readable as `T`.
pub async fn claim<T: DeserializeOwned>(
    client: &Client,
    table: &str,
    key: &RowKey,
    now: Timestamp,
) -> Result<Claim<T>, CallFailed> {
    claim_for(client, table, key, LEASE, now).await
}

/// The same with a lease of the caller's, longer than it may run.
///
/// # Errors
///
/// As [`claim`].
pub async fn claim_for<T: DeserializeOwned>(
    client: &Client,
    table: &str,
    key: &RowKey,
    lease: SignedDuration,
    now: Timestamp,
) -> Result<Claim<T>, CallFailed> {
    let lease_until = now.saturating_add(lease).map_or(i64::MAX, Timestamp::as_second);
    let mut item = key_attributes(key);
    item.insert("state".into(), AttributeValue::S("intent".into()));
    item.insert("lease_until".into(), AttributeValue::N(lease_until.to_string()));
    item.insert("expires_at".into(), expires_at(now));
    let answer = client
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(
            "attribute_not_exists(pk) OR (#state = :intent AND lease_until < :now)",
        )
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":intent", AttributeValue::S("intent".into()))
        .expression_attribute_values(":now", AttributeValue::N(now.as_second().to_string()))
        .return_values(ReturnValue::AllOld)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    match answer {
        Ok(answer) if answer.attributes.as_ref().is_none_or(HashMap::is_empty) => Ok(Claim::Ours),
        Ok(_) => Ok(Claim::Abandoned),
        Err(error) => held_or_done(error, key),
    }
}

fn held_or_done<T: DeserializeOwned, R>(
    error: SdkError<PutItemError, R>,
    key: &RowKey,
) -> Result<Claim<T>, CallFailed>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    if let Some(PutItemError::ConditionalCheckFailedException(failure)) = error.as_service_error() {
        return match failure.item.as_ref() {
            Some(item) if text(item, "state") == Some("done") => {
                Ok(Claim::Done(parsed(item, "result", "PutItem", key)?))
            }
            _ => Ok(Claim::Held),
        };
    }
    Err(CallFailed::new("PutItem", key.to_string(), error))
}

/// Records how a claimed effect ended; from then on it is never carried out again.
///
/// # Errors
///
/// When the call fails: the effect is then found by its traces on the next try.
pub async fn settle<T: Serialize>(
    client: &Client,
    table: &str,
    key: &RowKey,
    result: &T,
    now: Timestamp,
) -> Result<(), CallFailed> {
    let mut item = key_attributes(key);
    item.insert("state".into(), AttributeValue::S("done".into()));
    item.insert("result".into(), json(result, "PutItem", key)?);
    item.insert("expires_at".into(), expires_at(now));
    client
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .send()
        .await
        .map_err(|error| CallFailed::new("PutItem", key.to_string(), error))?;
    Ok(())
}

/// Gives a claim up after an effect that certainly did not happen, so that a retry need not wait.
///
/// # Errors
///
/// When the call fails: the lease then runs out by itself.
pub async fn release(client: &Client, table: &str, key: &RowKey) -> Result<(), CallFailed> {
    remove(client, table, key).await
}

/// An amount that is added up in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// The attribute, a word that DynamoDB does not reserve.
    pub name: &'static str,
    /// What is added; less than 0 takes away.
    pub add: i64,
    /// Up to which sum, before this is added, it may be; `None` for any.
    pub room: Option<u64>,
}

/// Adds amounts up in a row, all of them or, where one has no room, none; whether they were added.
///
/// What takes away is tried once only: a second try after a lost answer would take twice. What
/// only adds may be added twice, so that a sum with a limit is never too small.
///
/// # Errors
///
/// When the call fails: the amounts may have been added all the same.
pub async fn add_up(
    client: &Client,
    table: &str,
    key: &RowKey,
    amounts: &[Amount],
    now: Timestamp,
) -> Result<bool, CallFailed> {
    let number = |number: String| AttributeValue::N(number);
    let sums: Vec<String> = amounts.iter().map(|amount| format!("{0} :{0}", amount.name)).collect();
    let limited = amounts.iter().filter(|amount| amount.room.is_some());
    let conditions: Vec<String> = limited
        .map(|Amount { name, .. }| {
            format!("(attribute_not_exists({name}) OR {name} <= :room_{name})")
        })
        .collect();
    let mut update = client
        .update_item()
        .table_name(table)
        .set_key(Some(key_attributes(key)))
        .update_expression(format!("SET expires_at = :expires_at ADD {}", sums.join(", ")))
        .expression_attribute_values(":expires_at", expires_at(now))
        .set_condition_expression((!conditions.is_empty()).then(|| conditions.join(" AND ")));
    for Amount { name, add, room } in amounts {
        update = update.expression_attribute_values(format!(":{name}"), number(add.to_string()));
        if let Some(room) = room {
            let name = format!(":room_{name}");
            update = update.expression_attribute_values(name, number(room.to_string()));
        }
    }
    let mut call = update.customize();
    if amounts.iter().any(|amount| amount.add < 0) {
        call = call.config_override(Builder::new().retry_config(RetryConfig::disabled()));
    }
    match call.send().await {
        Ok(_) => Ok(true),
        Err(error)
            if matches!(
                error.as_service_error(),
                Some(UpdateItemError::ConditionalCheckFailedException(_))
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(CallFailed::new("UpdateItem", key.to_string(), error)),
    }
}

/// Removes a row; one that is not there is removed already.
///
/// # Errors
///
/// When the call fails.
pub async fn remove(client: &Client, table: &str, key: &RowKey) -> Result<(), CallFailed> {
    client
        .delete_item()
        .table_name(table)
        .set_key(Some(key_attributes(key)))
        .send()
        .await
        .map_err(|error| CallFailed::new("DeleteItem", key.to_string(), error))?;
    Ok(())
}

async fn get(
    client: &Client,
    table: &str,
    key: &RowKey,
) -> Result<Option<HashMap<String, AttributeValue>>, CallFailed> {
    let answer = client
        .get_item()
        .table_name(table)
        .set_key(Some(key_attributes(key)))
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| CallFailed::new("GetItem", key.to_string(), error))?;
    Ok(answer.item.filter(|item| !item.is_empty()))
}

fn key_attributes(key: &RowKey) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

fn expires_at(now: Timestamp) -> AttributeValue {
    let seconds = now.saturating_add(RETENTION).map_or(i64::MAX, Timestamp::as_second);
    AttributeValue::N(seconds.to_string())
}

fn json<T: Serialize>(
    value: &T,
    operation: &'static str,
    key: &RowKey,
) -> Result<AttributeValue, CallFailed> {
    serde_json::to_string(value)
        .map(AttributeValue::S)
        .map_err(|error| CallFailed::unusable_answer(operation, key.to_string(), error))
}

fn parsed<T: DeserializeOwned>(
    item: &HashMap<String, AttributeValue>,
    attribute: &str,
    operation: &'static str,
    key: &RowKey,
) -> Result<T, CallFailed> {
    serde_json::from_str(text(item, attribute).unwrap_or("null"))
        .map_err(|error| CallFailed::unusable_answer(operation, key.to_string(), error))
}

fn text<'a>(item: &'a HashMap<String, AttributeValue>, attribute: &str) -> Option<&'a str> {
    item.get(attribute).and_then(|value| value.as_s().ok()).map(String::as_str)
}

fn number(item: &HashMap<String, AttributeValue>, attribute: &str) -> Option<u64> {
    item.get(attribute).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests;
