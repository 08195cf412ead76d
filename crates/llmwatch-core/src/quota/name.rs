//! What the display name of a Bedrock quota says.
//!
//! AWS documents no grammar; this one is read from the names listed in
//! <https://docs.aws.amazon.com/general/latest/gr/bedrock.html>. A name it does not know is
//! [`QuotaName::Other`], never a guess.

use crate::pool::Scope;
use crate::quota::QuotaKind;

/// A quota's display name, taken apart. The model is still text: see
/// [`crate::model_name::ModelName::of_quota`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaName<'a> {
    /// Requests or tokens a model may take over time.
    Throughput {
        /// What is counted.
        kind: QuotaKind,
        /// The calls it counts.
        reach: Reach,
        /// Which of the model's calls it is for.
        variant: Variant,
        /// The model as the name spells it.
        model: &'a str,
    },
    /// Tokens per minute at the bedrock-mantle endpoint, which has quotas of its own.
    Mantle {
        /// The direction counted.
        tokens: MantleTokens,
        /// The model as the name spells it.
        model: &'a str,
    },
    /// Requests in flight at once.
    Concurrent {
        /// The model as the name spells it.
        model: &'a str,
    },
    /// Size or number of records of a batch job.
    Batch {
        /// The model as the name spells it.
        model: &'a str,
    },
    /// Model units of provisioned throughput.
    Provisioned,
    /// A quota of the account or of another feature.
    Other,
}

/// The calls a throughput quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Calls of the model's own id.
    OnDemand,
    /// Calls through a geographic profile.
    CrossRegion,
    /// Calls through a `global.` profile.
    Global,
    /// Calls of either of the first two: `Model invocation max tokens per day …`.
    OnDemandAndCrossRegion,
    /// Calls of on-demand deployments of customised models.
    CustomDeployment,
}

impl Reach {
    /// Whether calls in a scope count against the quota.
    #[must_use]
    pub fn serves(self, scope: Scope) -> bool {
        match self {
            Self::OnDemand => scope == Scope::OnDemand,
            Self::CrossRegion => scope == Scope::CrossRegion,
            Self::Global => scope == Scope::Global,
            Self::OnDemandAndCrossRegion => {
                matches!(scope, Scope::OnDemand | Scope::CrossRegion)
            }
            Self::CustomDeployment => scope == Scope::CustomDeployment,
        }
    }
}

/// Which calls of a model a quota is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// All ordinary calls.
    Plain,
    /// Calls with a longer context, counted apart: `… 1M Context Length`.
    LongContext,
    /// Calls with latency-optimized inference.
    LatencyOptimized,
}

/// The direction a mantle quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MantleTokens {
    /// Tokens read.
    Input,
    /// Tokens written.
    Output,
}

/// What a name begins with, before the measure, and the calls it means.
const HEADS: [(&str, Reach); 5] = [
    ("on demand model inference", Reach::OnDemand),
    ("cross region model inference", Reach::CrossRegion),
    ("global cross region model inference", Reach::Global),
    ("model invocation max", Reach::OnDemandAndCrossRegion),
    ("model customization sum of on demand custom model deployment", Reach::CustomDeployment),
];

const MEASURES: [(&str, QuotaKind); 3] = [
    ("requests per minute", QuotaKind::Rpm),
    ("tokens per minute", QuotaKind::Tpm),
    ("tokens per day", QuotaKind::Tpd),
];

impl<'a> QuotaName<'a> {
    /// Takes a display name apart; case and punctuation do not matter.
    #[must_use]
    pub fn parse(name: &'a str) -> Self {
        let Some((limit, model)) = split_at_for(name) else {
            return Self::Other;
        };
        let limit = plain_words(limit);
        let (model, context) = without_suffixes(model);
        Self::throughput(&limit, model, context)
            .or_else(|| Self::mantle(&limit, model))
            .unwrap_or_else(|| {
                if limit.ends_with("concurrent requests") {
                    Self::Concurrent { model }
                } else if limit.contains("batch inference") {
                    Self::Batch { model }
                } else if limit.starts_with("model units") {
                    Self::Provisioned
                } else {
                    Self::Other
                }
            })
    }

    fn throughput(limit: &str, model: &'a str, context: Variant) -> Option<Self> {
        let (head, kind) = split_measure(limit)?;
        let (head, variant) = match without_phrase(head, "latency optimized") {
            Some(head) => (head, Variant::LatencyOptimized),
            None => (head.to_owned(), context),
        };
        let (_, reach) = HEADS.iter().find(|(known, _)| *known == head)?;
        Some(Self::Throughput { kind, reach: *reach, variant, model })
    }

    fn mantle(limit: &str, model: &'a str) -> Option<Self> {
        let (head, kind) = split_measure(limit)?;
        let tokens = match head.strip_prefix("bedrock mantle endpoint ")? {
            "input" => MantleTokens::Input,
            "output" => MantleTokens::Output,
            _ => return None,
        };
        (kind == QuotaKind::Tpm).then_some(Self::Mantle { tokens, model })
    }
}

/// The limit and the model: what stands before and after the first `for`.
fn split_at_for(name: &str) -> Option<(&str, &str)> {
    const FOR: &[u8] = b" for ";
    let at = name.as_bytes().windows(FOR.len()).position(|word| word.eq_ignore_ascii_case(FOR))?;
    Some((name.get(..at)?, name.get(at + FOR.len()..)?))
}

/// Lower-case words with one space between; hyphens, commas and brackets only separate.
fn plain_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            words.push(c.to_ascii_lowercase());
        } else if !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    words.truncate(words.trim_end().len());
    words
}

fn split_measure(limit: &str) -> Option<(&str, QuotaKind)> {
    MEASURES.iter().find_map(|&(words, kind)| Some((limit.strip_suffix(words)?.trim_end(), kind)))
}

fn without_phrase(text: &str, phrase: &str) -> Option<String> {
    let (before, after) = text.split_once(phrase)?;
    Some(plain_words(&format!("{before} {after}")))
}

/// The model without `(doubled for cross-region calls)` and `1M Context Length`.
fn without_suffixes(model: &str) -> (&str, Variant) {
    let model = match model.trim_end().strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        Some((before, _)) => before,
        None => model,
    };
    let mut before = model.trim_end();
    for word in ["length", "context"] {
        match before.rsplit_once(' ') {
            Some((rest, last)) if last.eq_ignore_ascii_case(word) => before = rest.trim_end(),
            _ => return (model.trim(), Variant::Plain),
        }
    }
    let without_size = before.rsplit_once(' ').map_or("", |(rest, _)| rest);
    (without_size.trim(), Variant::LongContext)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(name: &str, kind: QuotaKind, reach: Reach, variant: Variant, model: &str) {
        assert_eq!(QuotaName::parse(name), QuotaName::Throughput { kind, reach, variant, model });
    }

    #[test]
    fn the_head_tells_the_scope() {
        use QuotaKind::{Rpm, Tpd, Tpm};
        let plain = Variant::Plain;
        check(
            "On-demand model inference requests per minute for Amazon Nova Lite",
            Rpm,
            Reach::OnDemand,
            plain,
            "Amazon Nova Lite",
        );
        check(
            "Cross-region model inference tokens per minute for GPT-6.1 Sol",
            Tpm,
            Reach::CrossRegion,
            plain,
            "GPT-6.1 Sol",
        );
        check(
            "Global cross-region model inference tokens per day for Cohere Embed V4",
            Tpd,
            Reach::Global,
            plain,
            "Cohere Embed V4",
        );
        check(
            "(Model customization) Sum of on demand custom model deployment tokens per day for \
             Amazon Nova 2 Lite",
            Tpd,
            Reach::CustomDeployment,
            plain,
            "Amazon Nova 2 Lite",
        );
        check(
            "Model invocation max tokens per day for GPT-6 Luna (doubled for cross-region calls)",
            Tpd,
            Reach::OnDemandAndCrossRegion,
            plain,
            "GPT-6 Luna",
        );
    }

    #[test]
    fn case_does_not_matter() {
        check(
            "Cross-Region model inference requests per minute for Anthropic Claude 3.5 Haiku",
            QuotaKind::Rpm,
            Reach::CrossRegion,
            Variant::Plain,
            "Anthropic Claude 3.5 Haiku",
        );
    }

    #[test]
    fn a_longer_context_is_a_variant() {
        check(
            "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4 V1 1M \
             Context Length",
            QuotaKind::Tpm,
            Reach::CrossRegion,
            Variant::LongContext,
            "Anthropic Claude Sonnet 4 V1",
        );
        check(
            "Model invocation max tokens per day for Anthropic Claude Sonnet 4.5 V1 1M Context \
             Length (doubled for cross-region calls)",
            QuotaKind::Tpd,
            Reach::OnDemandAndCrossRegion,
            Variant::LongContext,
            "Anthropic Claude Sonnet 4.5 V1",
        );
    }

    #[test]
    fn latency_optimized_is_a_variant() {
        check(
            "On-demand, latency-optimized model inference tokens per minute for Amazon Nova Pro V1",
            QuotaKind::Tpm,
            Reach::OnDemand,
            Variant::LatencyOptimized,
            "Amazon Nova Pro V1",
        );
        check(
            "Model invocation max latency-optimized tokens per day for Amazon Nova Pro V1",
            QuotaKind::Tpd,
            Reach::OnDemandAndCrossRegion,
            Variant::LatencyOptimized,
            "Amazon Nova Pro V1",
        );
    }

    #[test]
    fn other_limits_are_no_throughput() {
        let cases = [
            (
                "[bedrock-mantle endpoint] Output tokens per minute for Claude Opus 4.8",
                QuotaName::Mantle { tokens: MantleTokens::Output, model: "Claude Opus 4.8" },
            ),
            (
                "On-demand InvokeModel async concurrent requests for TwelveLabs Marengo Embed 3.0",
                QuotaName::Concurrent { model: "TwelveLabs Marengo Embed 3.0" },
            ),
            (
                "On-demand model inference concurrent requests for Luma Ray V2",
                QuotaName::Concurrent { model: "Luma Ray V2" },
            ),
            (
                "Minimum number of records per batch inference job for Claude Opus 5",
                QuotaName::Batch { model: "Claude Opus 5" },
            ),
            (
                "Batch inference job size (in GB) for Claude Haiku 4.5",
                QuotaName::Batch { model: "Claude Haiku 4.5" },
            ),
            ("Model units per provisioned model for Amazon Nova Micro", QuotaName::Provisioned),
            ("Cross-Model Account-Level Tokens Per Day", QuotaName::Other),
            ("Inference profiles per account", QuotaName::Other),
            ("Lunar cross-region model inference tokens per minute for GPT-9", QuotaName::Other),
        ];
        for (name, expected) in cases {
            assert_eq!(QuotaName::parse(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(name in ".*") {
            let _ = QuotaName::parse(&name);
        }

        #[test]
        fn any_model_survives_any_head(head in 0..HEADS.len(), measure in 0..MEASURES.len(), model in "\\PC*") {
            let name = format!("{} {} for {model}", HEADS[head].0, MEASURES[measure].0);
            let is_throughput = matches!(
                QuotaName::parse(&name),
                QuotaName::Throughput { kind, reach, .. }
                    if kind == MEASURES[measure].1 && reach == HEADS[head].1
            );
            prop_assert!(is_throughput, "{name}");
        }
    }
}
