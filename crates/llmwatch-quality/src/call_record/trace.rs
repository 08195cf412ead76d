//! Where a call stands in a distributed trace, as far as the caller's request metadata says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Ids of the trace and of the span that made the call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceIds {
    /// 32 hex digits as W3C has them, or X-Ray's `1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// 16 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
}

/// The header under which X-Ray's ids travel, and the names callers give it where they copy it.
const X_RAY_KEYS: [&str; 4] =
    ["x-amzn-trace-id", "_x_amzn_trace_id", "xray_trace_id", "xraytraceid"];

impl TraceIds {
    /// Reads the keys `traceparent` and `X-Amzn-Trace-Id`, then `trace_id` and `traceId` with
    /// `span_id` or `spanId`, whatever their case; the first that is well-formed holds. Anything
    /// else is no trace id: callers may write what they like.
    ///
    /// Bedrock takes no semicolon in request metadata, so the fields of X-Ray's header may be held
    /// apart by commas or spaces too.
    ///
    /// Sources: <https://www.w3.org/TR/trace-context/#traceparent-header>,
    /// <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>;
    /// botocore (bedrock-runtime, `RequestMetadataValueString`).
    #[must_use]
    pub fn of(metadata: &BTreeMap<String, String>) -> Self {
        let value = |name: &str| {
            metadata
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        let span = ["span_id", "spanid"].into_iter().find_map(value).filter(|id| is_id(id, 16));
        value("traceparent")
            .and_then(w3c)
            .or_else(|| X_RAY_KEYS.into_iter().find_map(|name| x_ray(value(name)?)))
            .or_else(|| {
                ["trace_id", "traceid"].into_iter().find_map(|name| bare(value(name)?, span))
            })
            .unwrap_or_default()
    }
}

/// `00-<32 hex>-<16 hex>-<2 hex>`; all zeros is no id.
fn w3c(header: &str) -> Option<TraceIds> {
    let mut parts = header.trim().split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (is_hex(version, 2) && version != "ff" && is_id(trace, 32) && is_id(span, 16))
        .then_some(())
        .filter(|()| is_hex(flags, 2))?;
    Some(TraceIds { trace_id: Some(trace.to_owned()), span_id: Some(span.to_owned()) })
}

/// `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=1`, or the root alone.
fn x_ray(header: &str) -> Option<TraceIds> {
    let field = |name: &str| {
        let mut fields = header.split([';', ',', ' ']);
        fields.find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let trace = field("Root").or(Some(header)).filter(|root| is_x_ray(root))?;
    let span = field("Parent").filter(|parent| is_id(parent, 16));
    Some(TraceIds { trace_id: Some(trace.to_owned()), span_id: span.map(str::to_owned) })
}

fn bare(id: &str, span: Option<&str>) -> Option<TraceIds> {
    (is_id(id, 32) || is_x_ray(id))
        .then(|| TraceIds { trace_id: Some(id.to_owned()), span_id: span.map(str::to_owned) })
}

fn is_x_ray(id: &str) -> bool {
    let mut parts = id.split('-');
    parts.next() == Some("1")
        && parts.next().is_some_and(|time| is_hex(time, 8))
        && parts.next().is_some_and(|rest| is_hex(rest, 24))
        && parts.next().is_none()
}

fn is_id(text: &str, digits: usize) -> bool {
    is_hex(text, digits) && text.bytes().any(|byte| byte != b'0')
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, value: &str, trace_id: Option<&str>, span_id: Option<&str>) {
        let ids = TraceIds::of(&BTreeMap::from([(key.to_owned(), value.to_owned())]));
        assert_eq!(
            (ids.trace_id.as_deref(), ids.span_id.as_deref()),
            (trace_id, span_id),
            "{value}"
        );
    }

    #[test]
    fn trace_headers_are_read() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        check("traceparent", &format!("00-{trace}-{span}-01"), Some(trace), Some(span));
        check("TraceParent", &format!("00-{trace}-{span}-01"), Some(trace), Some(span));
        let root = "1-5759e988-bd862e3fe1be46a994272793";
        check(
            "X-Amzn-Trace-Id",
            &format!("Root={root};Parent=53995c3f42cd8ad8;Sampled=1"),
            Some(root),
            Some("53995c3f42cd8ad8"),
        );
        check("x-amzn-trace-id", &format!("Sampled=0; Root={root}"), Some(root), None);
        let parent = "53995c3f42cd8ad8";
        for between in [",", " ", ", "] {
            let header = format!("Root={root}{between}Parent={parent}{between}Sampled=1");
            check("X-Amzn-Trace-Id", &header, Some(root), Some(parent));
        }
        check("xray_trace_id", root, Some(root), None);
        check("trace_id", trace, Some(trace), None);
        check("traceId", root, Some(root), None);
    }

    #[test]
    fn a_span_id_of_its_own_belongs_to_a_trace_id_of_its_own() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            TraceIds::of(&pairs.collect())
        };
        let ids = of(&[("traceId", trace), ("spanId", span)]);
        assert_eq!((ids.trace_id.as_deref(), ids.span_id.as_deref()), (Some(trace), Some(span)));
        let ids = of(&[("trace_id", trace), ("span_id", "me@example.org")]);
        assert_eq!((ids.trace_id.as_deref(), ids.span_id), (Some(trace), None));
        assert_eq!(of(&[("span_id", span)]), TraceIds::default(), "a span of no trace");
    }

    #[test]
    fn anything_else_is_no_trace_id() {
        for value in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "me@example.org",
            "Root=me@example.org",
        ] {
            for key in ["traceparent", "X-Amzn-Trace-Id", "trace_id"] {
                check(key, value, None, None);
            }
        }
    }
}
