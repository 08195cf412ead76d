//! Where spans are sent, and what opens the door there.

use std::collections::BTreeMap;
use std::fmt;

/// What OTLP over HTTP appends to a backend's address for traces.
///
/// Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-request>.
const TRACES: &str = "/v1/traces";

/// Headers that are the sender's own.
const OURS: [&str; 5] =
    ["content-encoding", "content-length", "content-type", "host", "transfer-encoding"];

/// The URL spans are posted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// Reads a backend's address, with or without `/v1/traces` at its end.
    ///
    /// `https`, or `http` on this machine, where a collector may run as a Lambda extension.
    ///
    /// # Errors
    ///
    /// For anything else, for an address with a password in it, and for X-Ray's own endpoint, which
    /// takes signed requests only.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it must be a URL, https://…")?;
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        if host.is_empty() || text.contains(|letter: char| letter.is_whitespace() || letter == '?')
        {
            return Err("it must be a URL with a host, and without spaces or a query".to_owned());
        }
        if authority.contains('@') {
            return Err("passwords and keys belong into the secret of headers".to_owned());
        }
        if host.to_ascii_lowercase().starts_with("xray.") {
            return Err("X-Ray's endpoint takes signed requests only; have an OpenTelemetry \
                        collector with its sigv4auth extension send there, and name the collector"
                .to_owned());
        }
        match scheme {
            "https" => {}
            "http" if ["localhost", "127.0.0.1"].contains(&host) => {}
            _ => return Err("it must begin with https://, or with http:// on localhost".to_owned()),
        }
        let address = text.trim_end_matches('/');
        let path = if address.ends_with(TRACES) { "" } else { TRACES };
        Ok(Self(format!("{address}{path}")))
    }

    /// The URL itself.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0
    }
}

/// Headers of every request, such as an API key. `Debug` tells their names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

/// The secret's text is no set of headers. The text stands in no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadersUnusable {
    /// It is not what Secrets Manager makes of key and value pairs.
    #[error(
        "the secret must be a JSON object of header names and texts, such as {{\"api-key\": \"…\"}}"
    )]
    NotAnObject,
    /// A header no backend asks for, or no HTTP header.
    #[error("header {0} of the secret cannot be sent: {1}")]
    Header(usize, &'static str),
}

impl Headers {
    /// Reads a secret's text.
    ///
    /// # Errors
    ///
    /// When it is no JSON object of texts, or a name or value cannot be sent; counted from 1 in the
    /// order of names, since a name might be a key put into the wrong place.
    pub fn parse(secret: &str) -> Result<Self, HeadersUnusable> {
        let headers: BTreeMap<String, String> =
            serde_json::from_str(secret).map_err(|_| HeadersUnusable::NotAnObject)?;
        for (index, (name, value)) in headers.iter().enumerate() {
            let refused = |why| Err(HeadersUnusable::Header(index + 1, why));
            let in_name =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || !name.bytes().all(in_name) {
                return refused("its name is no header's");
            }
            if OURS.contains(&name.to_ascii_lowercase().as_str()) {
                return refused("the sender sets it itself");
            }
            if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                return refused("its value has letters that no header has");
            }
        }
        Ok(Self(headers))
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, url: &str) {
        assert_eq!(Endpoint::parse(address).as_ref().map(Endpoint::url), Ok(url));
    }

    #[test]
    fn an_address_is_completed_once() {
        check("https://api.example.com/otlp", "https://api.example.com/otlp/v1/traces");
        check("https://api.example.com/", "https://api.example.com/v1/traces");
        check("https://api.example.com/otlp/v1/traces", "https://api.example.com/otlp/v1/traces");
        check(
            "https://collector.xray.example:4318",
            "https://collector.xray.example:4318/v1/traces",
        );
        check("http://localhost:4318", "http://localhost:4318/v1/traces");
        check("http://127.0.0.1:6006", "http://127.0.0.1:6006/v1/traces");
    }

    #[test]
    fn an_address_that_cannot_be_is_refused_with_the_mend() {
        for (address, mend) in [
            ("", "a URL"),
            ("api.example.com", "a URL"),
            ("https://", "a host"),
            ("https:///v1/traces", "a host"),
            ("https://api.example.com/?key=1", "without"),
            ("http://api.example.com", "begin with https://"),
            ("http://localhost.example.com", "begin with https://"),
            ("ftp://api.example.com", "begin with https://"),
            ("https://me:secret@api.example.com", "secret of headers"),
            ("https://xray.us-east-1.amazonaws.com/v1/traces", "sigv4auth"),
            ("https://XRAY.us-east-1.amazonaws.com", "sigv4auth"),
        ] {
            let problem = Endpoint::parse(address).unwrap_err();
            assert!(problem.contains(mend), "{address}: {problem}");
            assert!(!problem.contains("secret@"), "{problem}");
        }
    }

    #[test]
    fn headers_are_those_of_the_secret_and_stand_in_no_debug_text() {
        let headers = Headers::parse(r#"{"api-key": "k-123", "x-scope": "a b"}"#).unwrap();
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("api-key", "k-123"), ("x-scope", "a b")]);
        assert_eq!(format!("{headers:?}"), r#"{"api-key", "x-scope"}"#);
        assert_eq!(Headers::parse("{}"), Ok(Headers::default()));
    }

    #[test]
    fn a_secret_that_is_no_headers_is_refused_without_repeating_it() {
        for (secret, problem) in [
            ("k-123", "JSON object"),
            (r#"{"api-key": 123}"#, "JSON object"),
            (r#"["k-123"]"#, "JSON object"),
            (r#"{"k 123": ""}"#, "header 1 of the secret cannot be sent: its name"),
            (r#"{"a": "", "Content-Type": "k-123"}"#, "the sender sets"),
            ("{\"api-key\": \"k-123\\r\\nx: y\"}", "no header has"),
        ] {
            let told = Headers::parse(secret).unwrap_err().to_string();
            assert!(told.contains(problem) && !told.contains("123"), "{secret}: {told}");
        }
    }
}
