//! The control API under `/_llmwatch/`: clock, faults, recorder, seeds, reset.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::server::App;
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
            let fault: Fault = serde_json::from_value(input()?)
                .map_err(|problem| Refused::BadRequest(problem.to_string()))?;
            app.world.faults.add(fault);
            Ok(json!({}))
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
            let divisor = input()?["divisor"].as_u64().and_then(|n| u32::try_from(n).ok());
            let divisor = divisor.filter(|divisor| *divisor >= 1).ok_or_else(|| {
                Refused::BadRequest("divisor must be a whole number ≥ 1".to_owned())
            })?;
            app.world.set_sqs_delay_divisor(divisor);
            Ok(json!({"divisor": divisor}))
        }
        ("POST", "reset") => {
            app.world.reset();
            Ok(json!({}))
        }
        _ => Err(Refused::NotFound),
    }
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
    match (seconds("advance_seconds"), seconds("offset_seconds")) {
        (Some(by), None) if by >= 0.0 => time::advance(app, duration(by)?).await,
        (None, Some(offset)) => time::jump(app, duration(offset)?).await,
        _ => {
            return Err(Refused::BadRequest(
                "give advance_seconds ≥ 0 (evaluates every minute) or offset_seconds (jumps)"
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
