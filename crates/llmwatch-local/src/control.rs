//! The control API under `/_llmwatch/`, JSON in and out.
//!
//! | request | what it does |
//! |---|---|
//! | `GET health` | answers once everything runs |
//! | `GET clock` | the local time and its offset |
//! | `POST clock {"advance_seconds": 600}` | moves on; every minute between is evaluated in order, and its notices are delivered, before it answers |
//! | `POST clock {"offset_seconds": -60}` | jumps; nothing is evaluated |
//! | `POST clock {"evaluates": false}` | minutes that pass by themselves are not evaluated any more |
//! | `GET recorder?since=12` | the calls numbered above 12, oldest first |
//! | `DELETE recorder` | forgets the calls |
//! | `GET faults`, `DELETE faults` | the faults still to come, by number; takes them back |
//! | `POST faults` | orders a [`Fault`]; answers its number |
//! | `DELETE faults/7` | takes fault 7 back; answers whether it was still to come |
//! | `POST seed` | plants a [`Seed`]: series, quotas, profiles, cases |
//! | `POST quota-decision {"request": id or quota code, "decision": "approve"}` | decides an open request: `approve`, `close` (granted, but only the case's closing shows) or `deny` |
//! | `POST judge {"rules": [{"does": "refuse-schema"}]}` | the [`Script`] Converse follows from now on, in place of the one before |
//! | `POST settings` | changes [`Settings`]: the delays of the services |
//! | `POST sqs-delay-divisor {"divisor": 60}` | delays of messages on their way to SQS become so many times shorter |
//! | `POST invocations` | ministack's start script reports an [`Invocation`], for Lambda's metrics |
//! | `POST under-way {"invocations": 2}` | ministack's start script reports how many asynchronous events wait for their first try to end |
//! | `GET under-way` | the same, and how many notices of alarms are not delivered yet |
//! | `POST reset` | everything but the clock back to the first state; ministack has `POST /_ministack/reset` |

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::bedrock_runtime::judge::Script;
use crate::faults::Fault;
use crate::seed::{DecisionSeed, DelayDivisor, Seed, Settings};
use crate::server::App;
use crate::service_metrics::Invocation;
use crate::time;

/// Answers a control request; `path` is what follows `/_llmwatch/`.
pub async fn handle(
    app: &Arc<App>,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: &[u8],
) -> Response<Body> {
    match answer(app, method, path, query, body).await {
        Ok(value) => respond(StatusCode::OK, &value),
        Err(Refused::NotFound) => respond(
            StatusCode::NOT_FOUND,
            &json!({"error": format!("no {method} /_llmwatch/{path}")}),
        ),
        Err(Refused::BadRequest(problem)) => {
            respond(StatusCode::BAD_REQUEST, &json!({"error": problem}))
        }
    }
}

/// Why a control request is not carried out.
#[derive(Debug)]
pub(crate) enum Refused {
    /// No such path.
    NotFound,
    /// The body does not say what to do.
    BadRequest(String),
}

async fn answer(
    app: &Arc<App>,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: &[u8],
) -> Result<Value, Refused> {
    let input = || -> Result<Value, Refused> {
        serde_json::from_slice(body).map_err(|problem| Refused::BadRequest(problem.to_string()))
    };
    match (method.as_str(), path) {
        ("GET", "health") => Ok(json!({"ready": true})),
        ("GET", "clock") => Ok(clock(app)),
        ("POST", "clock") => {
            move_clock(app, &input()?).await?;
            Ok(clock(app))
        }
        ("GET", "faults") => Ok(json!(app.world.faults.list())),
        ("POST", "faults") => {
            let fault: Fault = parsed(input()?)?;
            Ok(json!({"id": app.world.faults.add(fault)}))
        }
        ("DELETE", path) if path.starts_with("faults/") => {
            let id = path["faults/".len()..].parse().map_err(|_| Refused::NotFound)?;
            Ok(json!({"was_to_come": app.world.faults.take_back(id)}))
        }
        ("DELETE", "faults") => {
            app.world.faults.clear();
            Ok(json!({}))
        }
        ("GET", "recorder") => {
            let since = query
                .and_then(|query| query.strip_prefix("since="))
                .and_then(|number| number.parse().ok())
                .unwrap_or_default();
            Ok(json!({"calls": app.world.recorder.since(since)}))
        }
        ("DELETE", "recorder") => {
            app.world.recorder.clear();
            Ok(json!({}))
        }
        ("POST", "sqs-delay-divisor") => {
            let asked: DelayDivisor = parsed(input()?)?;
            app.world.set_sqs_delay_divisor(asked.divisor);
            Ok(json!({}))
        }
        ("POST", "judge") => {
            let script: Script = parsed(input()?)?;
            app.world.change(|services, _| services.judge.follow(script));
            Ok(json!({}))
        }
        ("POST", "settings") => {
            let settings: Settings = parsed(input()?)?;
            set(app, &settings);
            Ok(json!({}))
        }
        ("POST", "seed") => {
            let seed: Seed = parsed(input()?)?;
            app.world.change(|services, _| seed.plant(services)).map_err(Refused::BadRequest)?;
            Ok(json!({}))
        }
        ("POST", "quota-decision") => {
            let seed: DecisionSeed = parsed(input()?)?;
            app.world
                .change(|services, now| {
                    services.quotas.decide(&seed.request, seed.decision, &mut services.support, now)
                })
                .map_err(Refused::BadRequest)?;
            Ok(json!({}))
        }
        ("POST", "invocations") => {
            let invocation: Invocation = parsed(input()?)?;
            invocation.publish(&app.world);
            Ok(json!({}))
        }
        ("POST", "under-way") => {
            let UnderWay { invocations } = parsed(input()?)?;
            app.invocations.store(invocations, Ordering::SeqCst);
            Ok(json!({}))
        }
        ("GET", "under-way") => Ok(json!({
            "notices": app.outbox.undelivered(),
            "invocations": app.invocations.load(Ordering::SeqCst),
        })),
        ("POST", "reset") => {
            app.world.reset();
            Ok(json!({}))
        }
        _ => Err(Refused::NotFound),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnderWay {
    invocations: usize,
}

fn parsed<T: DeserializeOwned>(input: Value) -> Result<T, Refused> {
    serde_json::from_value(input).map_err(|problem| Refused::BadRequest(problem.to_string()))
}

fn set(app: &App, settings: &Settings) {
    if let Some(divisor) = settings.sqs_delay_divisor {
        app.world.set_sqs_delay_divisor(divisor);
    }
    let delay = |seconds: Option<u32>| seconds.map(|n| SignedDuration::from_secs(i64::from(n)));
    app.world.change(|services, _| {
        if let Some(delay) = delay(settings.publishing_delay_seconds) {
            services.cloudwatch.set_publishing_delay(delay);
        }
        if let Some(delay) = delay(settings.case_id_delay_seconds) {
            services.quotas.set_case_id_delay(delay);
        }
        if let Some(delay) = delay(settings.first_reply_delay_seconds) {
            services.support.set_first_reply_delay(delay);
        }
    });
}

fn clock(app: &App) -> Value {
    json!({
        "now": app.world.clock.now().to_string(),
        "offset_seconds": app.world.clock.offset().as_secs_f64(),
    })
}

async fn move_clock(app: &App, input: &Value) -> Result<(), Refused> {
    let seconds = |name: &str| input.get(name).and_then(Value::as_f64);
    let duration = |seconds: f64| {
        SignedDuration::try_from_secs_f64(seconds)
            .map_err(|problem| Refused::BadRequest(problem.to_string()))
    };
    if let Some(evaluates) = input.get("evaluates").and_then(Value::as_bool) {
        app.world.evaluate_by_itself(evaluates);
        return Ok(());
    }
    match (seconds("advance_seconds"), seconds("offset_seconds")) {
        (Some(by), None) if by >= 0.0 => time::advance(app, duration(by)?).await,
        (None, Some(offset)) => time::jump(app, duration(offset)?).await,
        _ => {
            return Err(Refused::BadRequest(
                "give advance_seconds ≥ 0 (evaluates every minute), offset_seconds (jumps) or evaluates"
                    .to_owned(),
            ));
        }
    }
    Ok(())
}

fn respond(status: StatusCode, value: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(value.to_string()))
        .unwrap_or_default()
}
