//! Contacts: who gets the alert mails, as operators write it into the stack's secret.
//!
//! The address of the template's `AlertEmail` is not among them: CloudFormation subscribes it.

pub mod memory;
pub mod plan;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// How many addresses the secret may hold. Who has more has a mailing list.
///
/// SNS takes far more; what limits us is that the memory of 50 fits into a standard parameter
/// (4 KB). A listing mistaken for a contact list is refused before anybody is written to.
pub const MAX_ADDRESSES: usize = 50;

/// The longest address a mail server takes.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3>, less the two brackets.
const MAX_ADDRESS_CHARS: usize = 254;

/// The secret's one field.
const FIELD: &str = "email";

/// An e-mail address. All that shows of it, in logs and answers, is `a***@example.com`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    /// Reads an address; none when SNS could not write to it.
    ///
    /// The domain is folded to lower case, since domains know none. The part before it is kept:
    /// whether its case matters is up to the mail server. SNS takes ASCII only before the `@`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        let plain = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"@".contains(c);
        let named = domain.split('.').count() >= 2 && !domain.split('.').any(str::is_empty);
        let valid = !local.is_empty()
            && local.chars().all(plain)
            && domain.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
            && named
            && local.len() + 1 + domain.len() <= MAX_ADDRESS_CHARS;
        valid.then(|| Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    /// The whole address, for the mail's sake and never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the memory keeps of it.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = Sha256::digest(self.0.as_bytes());
        Fingerprint(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.0.chars().next().unwrap_or('*');
        let domain = self.0.rsplit('@').next().unwrap_or_default();
        write!(f, "{first}***@{domain}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// Written as it is shown, so that no answer and no document can hold it whole.
impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The first 16 hexadecimal digits of an address's SHA-256.
///
/// It recognises an address that is known already. Whoever guesses one can check the guess, so it
/// is kept where only the stack's operators read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(String);

/// The people operators want told; each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contacts(BTreeSet<Address>);

impl Contacts {
    /// Reads the text of the secret: `{"email": ["a@example.com", …]}`.
    ///
    /// `{}` and an empty list mean nobody. Addresses that differ in the case of their domain only
    /// are one.
    ///
    /// # Errors
    ///
    /// When the text is anything else. The message names the field and never shows an address.
    pub fn parse(secret: &str, text: &str) -> Result<Self, BadSecret> {
        read(text).map(Self).map_err(|problem| BadSecret { secret: secret.to_owned(), problem })
    }

    /// The addresses in order.
    pub fn iter(&self) -> impl Iterator<Item = &Address> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Address> for Contacts {
    fn from_iter<I: IntoIterator<Item = Address>>(addresses: I) -> Self {
        Self(addresses.into_iter().collect())
    }
}

/// A secret that does not say who is wanted. Nobody is subscribed or unsubscribed by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("secret {secret}: {problem}; write it as {{\"email\": [\"name@example.com\"]}}")]
pub struct BadSecret {
    secret: String,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("the text is not JSON (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("the text is JSON, but no object")]
    NotAnObject,
    #[error("field {0:?} is unknown, the only one is email")]
    UnknownField(String),
    #[error("it has a field that is not email")]
    UnprintableField,
    #[error("field email must be a list")]
    NotAList,
    #[error("field email[{0}] is not an e-mail address SNS could write to")]
    NotAnAddress(usize),
    #[error("field email has {0} entries, at most {MAX_ADDRESSES} are taken")]
    TooMany(usize),
}

fn read(text: &str) -> Result<BTreeSet<Address>, Problem> {
    // The parser's own words may repeat what stands there, so only the place is kept.
    let document: Value = serde_json::from_str(text)
        .map_err(|error| Problem::NotJson { line: error.line(), column: error.column() })?;
    let fields = document.as_object().ok_or(Problem::NotAnObject)?;
    if let Some(unknown) = fields.keys().find(|name| *name != FIELD) {
        return Err(unknown_field(unknown));
    }
    let Some(list) = fields.get(FIELD) else { return Ok(BTreeSet::new()) };
    let entries = list.as_array().ok_or(Problem::NotAList)?;
    if entries.len() > MAX_ADDRESSES {
        return Err(Problem::TooMany(entries.len()));
    }
    let address = |(index, entry): (usize, &Value)| {
        entry.as_str().and_then(Address::parse).ok_or(Problem::NotAnAddress(index))
    };
    entries.iter().enumerate().map(address).collect()
}

/// An address may have been put where a field's name belongs.
fn unknown_field(name: &str) -> Problem {
    let word = name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if word { Problem::UnknownField(name.to_owned()) } else { Problem::UnprintableField }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let contacts = Contacts::parse("people", text).unwrap();
        assert_eq!(contacts.iter().map(Address::expose).collect::<Vec<_>>(), expected, "{text}");
    }

    fn refused(text: &str, expected: &str) {
        let error = Contacts::parse("people", text).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("secret people: {expected}; write it as {{")),
            "{error}"
        );
        assert!(!error.contains("someone"), "{error}");
    }

    #[test]
    fn nobody_is_legal() {
        check("{}", &[]);
        check(r#"{"email": []}"#, &[]);
    }

    #[test]
    fn each_address_counts_once_whatever_the_case_of_its_domain() {
        check(
            r#"{"email": ["b@Example.COM", " a@example.com ", "b@example.com", "B@example.com"]}"#,
            &["B@example.com", "a@example.com", "b@example.com"],
        );
    }

    #[test]
    fn what_is_not_a_contact_list_is_refused_by_its_field_and_without_an_address() {
        refused("someone@example.com", "the text is not JSON (line 1, column 1)");
        refused("", "the text is not JSON (line 1, column 0)");
        refused(r#"["someone@example.com"]"#, "the text is JSON, but no object");
        refused(r#"{"emails": []}"#, r#"field "emails" is unknown, the only one is email"#);
        refused(r#"{"someone@example.com": true}"#, "it has a field that is not email");
        refused(r#"{"email": "someone@example.com"}"#, "field email must be a list");
        for wrong in ["someone", "someone@example", "some one@example.com", "@example.com", ""] {
            let text = format!(r#"{{"email": ["a@example.com", {wrong:?}]}}"#);
            refused(&text, "field email[1] is not an e-mail address SNS could write to");
        }
        refused(r#"{"email": [1]}"#, "field email[0] is not an e-mail address SNS could write to");
        let many: Vec<String> = (0..51).map(|n| format!("someone{n}@example.com")).collect();
        let many = serde_json::json!({ "email": many }).to_string();
        refused(&many, "field email has 51 entries, at most 50 are taken");
    }

    #[test]
    fn an_address_is_masked_wherever_it_is_written() {
        let address = Address::parse("someone.else@Example.com").unwrap();
        assert_eq!(address.to_string(), "s***@example.com");
        assert_eq!(format!("{address:?}"), "Address(s***@example.com)");
        assert_eq!(serde_json::to_string(&address).unwrap(), "\"s***@example.com\"");
        let contacts: Contacts = [address].into_iter().collect();
        assert_eq!(format!("{contacts:?}"), "Contacts({Address(s***@example.com)})");
    }

    #[test]
    fn a_fingerprint_is_the_sha_256_of_the_normalised_address() {
        // printf a@example.com | sha256sum
        let address = Address::parse("a@EXAMPLE.com").unwrap();
        assert_eq!(address.fingerprint(), Fingerprint("08168cd80dfd534a".to_owned()));
    }
}
