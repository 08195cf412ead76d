//! Bedrock's model-invocation logging: one configuration an account and Region, which may be the
//! customer's.
//!
//! llmwatch makes one where none is, uses one that delivers where it reads, and changes or removes
//! only what it wrote itself and nobody has changed since. What it wrote stands in its memory:
//! Parameter Store, `/{prefix}/invocation-logging/applied`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in S3 that logs are delivered to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The bucket's name.
    pub bucket: String,
    /// What stands before `AWSLogs/` in the keys, without the slash between them; may be empty.
    #[serde(default)]
    pub prefix: String,
}

impl Place {
    /// A place by bucket and prefix; the prefix may end with a slash or not.
    #[must_use]
    pub fn new(bucket: &str, prefix: &str) -> Self {
        Self { bucket: bucket.to_owned(), prefix: prefix.trim_end_matches('/').to_owned() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/", self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "{}/", self.prefix) }
    }
}

/// A log group that logs are delivered to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// The role Bedrock writes with.
    pub role_arn: String,
    /// Where bodies go that are too large for an event.
    #[serde(default)]
    pub large_bodies: Option<Place>,
}

/// Which contents are delivered; `None` where the configuration does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contents {
    /// Prompts and answers.
    pub text: Option<bool>,
    /// Pictures sent and made.
    pub image: Option<bool>,
    /// Vectors.
    pub embedding: Option<bool>,
    /// Films sent and made.
    pub video: Option<bool>,
    /// Sounds sent and made.
    pub audio: Option<bool>,
}

impl Contents {
    const TEXT_ALONE: Self = Self {
        text: Some(true),
        image: Some(false),
        embedding: Some(false),
        video: Some(false),
        audio: Some(false),
    };

    /// Whether nothing that both say differs. Bedrock may leave out what was written, in a Region
    /// that does not know it yet.
    fn agrees_with(self, other: Self) -> bool {
        let pairs = [
            (self.text, other.text),
            (self.image, other.image),
            (self.embedding, other.embedding),
            (self.video, other.video),
            (self.audio, other.audio),
        ];
        pairs.into_iter().all(|(one, two)| one.is_none() || two.is_none() || one == two)
    }
}

/// A logging configuration.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_LoggingConfig.html>, by
/// botocore's model of 2026-11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The bucket logs go to.
    #[serde(default)]
    pub s3: Option<Place>,
    /// The log group they go to.
    #[serde(default)]
    pub log_group: Option<LogGroup>,
    /// What they contain.
    #[serde(default)]
    pub contents: Contents,
}

impl Configuration {
    /// What llmwatch writes: text to S3. Contents that are not scored are not stored.
    #[must_use]
    pub fn to(place: &Place) -> Self {
        Self { s3: Some(place.clone()), log_group: None, contents: Contents::TEXT_ALONE }
    }

    fn is(&self, other: &Self) -> bool {
        self.s3 == other.s3
            && self.log_group == other.log_group
            && self.contents.agrees_with(other.contents)
    }

    fn delivers_text_to(&self, place: &Place) -> bool {
        self.s3.as_ref() == Some(place) && self.contents.text != Some(false)
    }
}

/// What earlier deployments did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Where logs came to be read from when a deployment last succeeded.
    #[serde(default)]
    pub accepted: Option<Place>,
    /// What llmwatch wrote; two while one is about to take the other's place.
    #[serde(default)]
    pub written: Vec<Configuration>,
}

impl Memory {
    /// The document as stored.
    #[must_use]
    pub fn text(&self) -> String {
        // Made of strings and booleans only, for which serde_json has no failure.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn wrote(&self, current: &Configuration) -> bool {
        self.written.iter().any(|written| written.is(current))
    }
}

/// What a deployment does about the logging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deployment {
    /// The logs come already; nothing is called.
    Keep(Memory),
    /// The configuration is written.
    Write {
        /// What is written.
        configuration: Configuration,
        /// Remembered before, so that it is known as ours should the run end in between.
        before: Memory,
        /// Remembered when it is done.
        after: Memory,
    },
    /// Somebody has changed what an earlier deployment was content with. It is left so, and the
    /// deployment goes on: a failure would be rolled back into the very same one.
    Report(Elsewhere),
    /// The deployment fails.
    Refuse(Elsewhere),
}

/// A configuration that is not ours and does not deliver where llmwatch reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    current: Configuration,
    wanted: Place,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bedrock's invocation logging of this account and Region delivers to ")?;
        let Configuration { s3, log_group, contents } = &self.current;
        match (s3, log_group) {
            (Some(place), Some(group)) => write!(f, "{place} and log group {}", group.name)?,
            (Some(place), None) => write!(f, "{place}")?,
            (None, Some(group)) => write!(f, "log group {} only", group.name)?,
            (None, None) => f.write_str("no place")?,
        }
        f.write_str(
            "; llmwatch did not make that configuration and does not change it. Nothing is scored. ",
        )?;
        match s3 {
            Some(_) if contents.text == Some(false) => f.write_str(
                "It leaves out text: switch text on in it (Bedrock console, Settings), or deploy ",
            )?,
            Some(place) if *place == self.wanted => f.write_str("Deploy again, or deploy ")?,
            Some(place) => {
                let slash = if place.prefix.is_empty() { "" } else { "/" };
                write!(
                    f,
                    "Deploy with InvocationLogBucket={} and InvocationLogPrefix={}{slash} to score \
                     these logs, or ",
                    place.bucket,
                    if place.prefix.is_empty() { "\"\"" } else { &place.prefix },
                )?;
            }
            None => f.write_str(
                "Add an S3 destination to it (Bedrock console, Settings) and deploy with \
                 InvocationLogBucket set to that bucket, or deploy ",
            )?,
        }
        f.write_str("with QualityScoring=off")
    }
}

/// Decides what a deployment that wants logs in a place does.
#[must_use]
pub fn deploy(wanted: &Place, current: Option<&Configuration>, memory: &Memory) -> Deployment {
    let configuration = Configuration::to(wanted);
    let Some(current) = current else {
        return write(configuration, wanted, memory);
    };
    let accepted = Some(wanted.clone());
    if memory.wrote(current) {
        return if configuration.is(current) {
            Deployment::Keep(Memory { accepted, written: vec![configuration] })
        } else {
            write(configuration, wanted, memory)
        };
    }
    if current.delivers_text_to(wanted) {
        return Deployment::Keep(Memory { accepted, written: Vec::new() });
    }
    let elsewhere = Elsewhere { current: current.clone(), wanted: wanted.clone() };
    if memory.accepted == accepted {
        Deployment::Report(elsewhere)
    } else {
        Deployment::Refuse(elsewhere)
    }
}

fn write(configuration: Configuration, wanted: &Place, memory: &Memory) -> Deployment {
    let mut before = memory.clone();
    before.written.push(configuration.clone());
    let after = Memory { accepted: Some(wanted.clone()), written: vec![configuration.clone()] };
    Deployment::Write { configuration, before, after }
}

/// What the stack's deletion does about the logging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TearDown {
    /// The configuration is ours, as we wrote it: it goes.
    Remove,
    /// It is somebody else's, or was changed by somebody, or there is none.
    Leave,
}

/// Decides what the stack's deletion does.
#[must_use]
pub fn tear_down(current: Option<&Configuration>, memory: &Memory) -> TearDown {
    match current {
        Some(current) if memory.wrote(current) => TearDown::Remove,
        Some(_) | None => TearDown::Leave,
    }
}

#[cfg(test)]
mod tests;
