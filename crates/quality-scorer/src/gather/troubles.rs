//! What could not be had for the exchanges of a log object, told once at its end.
//!
//! A service that refuses one text refuses thousands; a line for each would hide all other lines.

use std::collections::BTreeMap;
use std::sync::Mutex;

use llmwatch_aws::CallFailed;

use crate::lock::locked;

/// Why evidence could not be had; each is the value of a dimension.
const DENIED: &str = "denied";
const THROTTLED: &str = "throttled";
const REFUSED: &str = "refused";
const FAILED: &str = "call failed";

/// What was asked of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// Embeddings of Titan.
    Embeddings,
    /// Sentiment of Comprehend.
    Sentiment,
    /// Toxicity of Comprehend.
    ToxicContent,
    /// Toxicity of Bedrock's guardrail checks.
    GuardrailChecks,
    /// The judge's verdict.
    Verdict,
    /// Room in the judge's budget, of the ledger.
    Budget,
}

impl Asked {
    /// What is missing without it.
    const fn word(self) -> &'static str {
        match self {
            Self::Embeddings => "embeddings",
            Self::Sentiment => "sentiment",
            Self::ToxicContent | Self::GuardrailChecks => "toxicity",
            Self::Verdict | Self::Budget => "verdict",
        }
    }

    /// What grants the call, for an operator who finds it denied.
    const fn grant(self) -> &'static str {
        match self {
            Self::Embeddings => {
                "QualityEvidence=aws grants bedrock:InvokeModel of amazon.titan-embed-text-v2:0"
            }
            Self::Sentiment => "QualityEvidence=aws grants comprehend:BatchDetectSentiment",
            Self::ToxicContent => "QualityEvidence=aws grants comprehend:DetectToxicContent",
            Self::GuardrailChecks => "QualityEvidence=aws grants bedrock:InvokeGuardrailChecks",
            Self::Budget => "every deployment grants dynamodb:UpdateItem of the ledger",
            Self::Verdict => "JudgeModelId grants bedrock:InvokeModel of the judge it names",
        }
    }
}

/// What went wrong while an object's exchanges were looked at.
#[derive(Debug, Default)]
pub(crate) struct Troubles(Mutex<BTreeMap<(Asked, &'static str), Trouble>>);

#[derive(Debug)]
struct Trouble {
    exchanges: u64,
    /// How the first of them failed.
    first: String,
}

impl Troubles {
    /// Takes note of a failure; gives the reason in a word that may be a dimension.
    pub(crate) fn note(&self, asked: Asked, failure: &CallFailed) -> &'static str {
        let why = reason(failure);
        let mut troubles = locked(&self.0);
        let trouble = troubles
            .entry((asked, why))
            .or_insert_with(|| Trouble { exchanges: 0, first: failure.explain() });
        trouble.exchanges += 1;
        why
    }

    /// Logs each kind of failure once, with how many exchanges it cost what, and the mend.
    pub(crate) fn tell(&self, key: &str) {
        let troubles = locked(&self.0);
        for ((asked, why), trouble) in &*troubles {
            tracing::warn!(object.key = %key, reason = why, "{}", told(*asked, why, trouble));
        }
    }
}

fn told(asked: Asked, why: &'static str, Trouble { exchanges, first }: &Trouble) -> String {
    let word = asked.word();
    let mend = match why {
        DENIED => format!("; {}", asked.grant()),
        THROTTLED => "; lower its rate in the setting quality, or have the quota raised".to_owned(),
        _ => String::new(),
    };
    format!("no {word} of {exchanges} exchanges, which are counted in NotScored: {first}{mend}")
}

fn reason(failure: &CallFailed) -> &'static str {
    if failure.is_denied() {
        DENIED
    } else if failure.is_throttled() {
        THROTTLED
    } else if failure.is_refused() || failure.is_too_large() || failure.is_unsupported_language() {
        REFUSED
    } else {
        FAILED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_call_is_told_with_what_grants_it() {
        let trouble = Trouble { exchanges: 12, first: "BatchDetectSentiment failed".to_owned() };
        assert_eq!(
            told(Asked::Sentiment, DENIED, &trouble),
            "no sentiment of 12 exchanges, which are counted in NotScored: BatchDetectSentiment \
             failed; QualityEvidence=aws grants comprehend:BatchDetectSentiment"
        );
        assert!(!told(Asked::Sentiment, FAILED, &trouble).contains(';'));
    }

    #[test]
    fn failures_of_one_kind_are_counted_together() {
        let troubles = Troubles::default();
        let failure = || CallFailed::unusable_answer("Converse", "m", "nothing came");
        for asked in [Asked::Verdict, Asked::Embeddings, Asked::Verdict] {
            assert_eq!(troubles.note(asked, &failure()), FAILED);
        }
        let noted = troubles.0.lock().unwrap();
        let counts: Vec<u64> = noted.values().map(|trouble| trouble.exchanges).collect();
        assert_eq!(counts, [1, 2]);
    }
}
