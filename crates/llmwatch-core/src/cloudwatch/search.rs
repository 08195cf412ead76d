//! Search expressions: which metrics the `SEARCH` of metric math finds, and what they are called.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>
//! and <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-examples.html>,
//! as stored in awsdocs/amazon-cloudwatch-user-guide at 20a560c; their examples are in the tests.
//! A search is `{Namespace,Dimension,…} terms`, either part of which may be left out:
//!
//! - A schema finds metrics of that namespace with exactly these dimensions, in any order.
//! - A term in double quotes is one whole name or value; `"`, `\`, `(` and `)` are escaped in it.
//! - A term without quotes is made of tokens, which stand one after the other in a name or value.
//! - `MetricName=`, `Namespace=` and `<dimension>=` say where to look; without, it is everywhere.
//! - Terms side by side are joined by AND; `OR`, `NOT` and parentheses are understood. That NOT
//!   binds tighter than AND, and AND tighter than OR, is ours: the page does not say.
//!
//! Not modelled: `:aws.AccountId`, which only a monitoring account of several has.

mod parse;
mod token;

use std::collections::BTreeSet;

use thiserror::Error;
use token::Partial;

use super::metric::MetricKey;

/// The longest search CloudWatch takes.
const MAXIMUM_CHARACTERS: usize = 1_024;
/// Nesting beyond this is refused, so that no input can exhaust the stack.
const MAXIMUM_DEPTH: usize = 64;
/// The most series one search returns: as many as a graph displays.
pub const MAXIMUM_SERIES: usize = 500;

/// A parsed search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    schema: Option<Schema>,
    term: Option<Term>,
}

/// A search that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at character {} of the search: {problem}", at + 1)]
pub struct SearchError {
    /// Characters of the search before the place.
    pub at: usize,
    /// What is wrong there.
    pub problem: SearchProblem,
}

/// What is wrong with a search.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SearchProblem {
    /// Neither schema nor term.
    #[error("a search has a schema in braces, a term, or both")]
    Empty,
    /// The text ends too early.
    #[error("the search ends where {0} is expected")]
    Ends(&'static str),
    /// Something else is needed here.
    #[error("the search needs {expected} here, not `{found}`")]
    Expected {
        /// What would be right.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A character that stands for itself only behind a backslash.
    #[error("`{0}` stands behind a backslash in an exact match")]
    Unescaped(char),
    /// A name with a space, outside quotes.
    #[error("the name `{0}` needs double quotes")]
    NeedsQuotes(String),
    /// A schema that names a dimension twice.
    #[error("the schema names the dimension `{0}` twice")]
    TwiceInSchema(String),
    /// A search over several accounts.
    #[error("a search by account is not modelled")]
    Account,
    /// Parentheses within parentheses without end.
    #[error("the search is nested more than {MAXIMUM_DEPTH} deep")]
    TooDeep,
    /// More text than CloudWatch takes.
    #[error("the search is longer than {MAXIMUM_CHARACTERS} characters")]
    TooLong,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Schema {
    namespace: String,
    dimensions: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    All(Vec<Term>),
    Any(Vec<Term>),
    Not(Box<Term>),
    Match(Place, Wanted),
}

/// Where a term looks.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Anywhere,
    MetricName,
    Namespace,
    /// The value of this dimension.
    Dimension(String),
}

/// What a term looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Exact(String),
    Partial(Partial),
}

impl Search {
    /// Reads a search, without the quotes around it.
    ///
    /// # Errors
    ///
    /// The first place where the text is no search, and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        parse::parse(text)
    }

    /// The namespace of the schema, where there is one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.schema.as_ref().map(|schema| schema.namespace.as_str())
    }

    /// Whether the search finds a metric.
    #[must_use]
    pub fn finds(&self, key: &MetricKey) -> bool {
        self.schema.as_ref().is_none_or(|schema| schema.holds(key))
            && self.term.as_ref().is_none_or(|term| term.holds(key))
    }
}

impl Schema {
    fn holds(&self, key: &MetricKey) -> bool {
        self.namespace == key.namespace && self.dimensions.iter().eq(key.dimensions.keys())
    }
}

impl Term {
    fn holds(&self, key: &MetricKey) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.holds(key)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(key)),
            Self::Not(term) => !term.holds(key),
            Self::Match(Place::MetricName, wanted) => wanted.is(&key.name),
            Self::Match(Place::Namespace, wanted) => wanted.is(&key.namespace),
            Self::Match(Place::Dimension(name), wanted) => {
                key.dimensions.get(name).is_some_and(|value| wanted.is(value))
            }
            Self::Match(Place::Anywhere, wanted) => {
                wanted.is(&key.name)
                    || wanted.is(&key.namespace)
                    || key
                        .dimensions
                        .iter()
                        .any(|(name, value)| wanted.is(name) || wanted.is(value))
            }
        }
    }
}

impl Wanted {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => wanted == text,
            Self::Partial(wanted) => wanted.matches(text),
        }
    }
}

/// What tells metrics apart that one search found, in their order: the values of the dimensions in
/// which they differ, then the metric's name and the namespace where these differ. A metric that
/// stands alone is called by its name.
///
/// AWS does not document its default labels. That they are the differing values is what users of
/// `GetMetricData` report (grafana/grafana#21541), and that a dimension with only one value is left
/// out (grafana/grafana#45189). Their order, and the parts besides dimensions, are ours; CloudWatch
/// also adds to labels that would otherwise be equal across searches, which is not modelled.
#[must_use]
pub fn labels(found: &[&MetricKey]) -> Vec<String> {
    let differs = |part: &dyn Fn(&MetricKey) -> Option<String>| {
        found.iter().map(|key| part(key)).collect::<BTreeSet<_>>().len() > 1
    };
    let dimensions: BTreeSet<&str> =
        found.iter().flat_map(|key| key.dimensions.keys()).map(String::as_str).collect();
    let telling: Vec<&str> = dimensions
        .into_iter()
        .filter(|name| differs(&|key| key.dimensions.get(*name).cloned()))
        .collect();
    let names = differs(&|key| Some(key.name.clone()));
    let namespaces = differs(&|key| Some(key.namespace.clone()));
    let label = |key: &&MetricKey| {
        let mut parts: Vec<&str> = telling
            .iter()
            .filter_map(|name| key.dimensions.get(*name))
            .map(String::as_str)
            .collect();
        if names || (parts.is_empty() && !namespaces) {
            parts.push(&key.name);
        }
        if namespaces {
            parts.push(&key.namespace);
        }
        parts.join(" ")
    };
    found.iter().map(label).collect()
}

#[cfg(test)]
mod tests;
