use axum::body::to_bytes;
use serde_json::json;

use super::*;
use crate::model::CLOUDWATCH;

fn call(protocol: Protocol, operation: &str) -> Call {
    Call {
        service: "cloudwatch".to_owned(),
        operation: operation.to_owned(),
        region: "us-east-1".to_owned(),
        caller: String::new(),
        invocation: String::new(),
        protocol,
    }
}

async fn body(response: Response<Body>) -> Vec<u8> {
    to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
}

#[tokio::test]
async fn cbor_tags_timestamps_and_keeps_doubles_doubles() {
    let output = json!({
        "MetricDataResults": [{"Id": "m", "Timestamps": [1_800_000_000.5], "Values": [3]}],
        "NotInTheShape": 1,
    });
    let response = answer(&call(Protocol::Cbor, "GetMetricData"), &CLOUDWATCH, &output);
    assert_eq!(response.headers()["smithy-protocol"], "rpc-v2-cbor");
    let cbor: Cbor = ciborium::from_reader(body(response).await.as_slice()).unwrap();
    let text = format!("{cbor:?}");
    assert!(text.contains("Tag(1, Float(1800000000.5))"), "{text}");
    assert!(text.contains("Array([Float(3.0)])"), "{text}");
    assert!(!text.contains("NotInTheShape"), "{text}");
}

#[test]
fn cbor_requests_are_read_like_json_ones() {
    let cbor = Cbor::Map(vec![
        (Cbor::from("StartTime"), Cbor::Tag(1, Box::new(Cbor::from(1_800_000_000_i64)))),
        (Cbor::from("MaxDatapoints"), Cbor::from(5)),
    ]);
    let read = decode(Protocol::Cbor, &cbor_bytes(&cbor)).unwrap();
    assert_eq!(read, json!({"StartTime": 1_800_000_000_i64, "MaxDatapoints": 5}));
    assert_eq!(decode(Protocol::Json, b"").unwrap(), json!({}));
    for wrong in [&b"[]"[..], b"{", b"5"] {
        assert_eq!(decode(Protocol::Json, wrong).unwrap_err().code, "SerializationException");
    }
}

#[tokio::test]
async fn refusals_carry_the_code_in_the_form_of_each_protocol() {
    let error = AwsError::new("ResourceNotFound", "no <alarm>");
    let status_and_body = async |protocol| {
        let response = refuse(&call(protocol, "SetAlarmState"), Some(&CLOUDWATCH), &error);
        let status = response.status().as_u16();
        let header = response.headers().get("x-amzn-query-error").cloned();
        (status, header, String::from_utf8_lossy(&body(response).await).into_owned())
    };
    let (status, header, text) = status_and_body(Protocol::Cbor).await;
    assert_eq!((status, header.unwrap().to_str().unwrap()), (404, "ResourceNotFound;Sender"));
    assert!(text.contains("__type") && text.contains("ResourceNotFound"));
    let (status, _, text) = status_and_body(Protocol::Json).await;
    assert_eq!(
        (status, text.as_str()),
        (404, r#"{"__type":"ResourceNotFound","message":"no <alarm>"}"#)
    );
    let (_, _, text) = status_and_body(Protocol::Query).await;
    assert!(text.contains("<Code>ResourceNotFound</Code><Message>no &lt;alarm&gt;</Message>"));
}

#[test]
fn limits_go_over_the_wire_under_their_query_code() {
    let error = AwsError::new("LimitExceededFault", "too many");
    let response = refuse(&call(Protocol::Cbor, "PutMetricAlarm"), Some(&CLOUDWATCH), &error);
    assert_eq!(response.headers()["x-amzn-query-error"], "LimitExceeded;Sender");
}
