//! How many quota tokens one output token costs, by model family.
//!
//! Only for pools whose `EstimatedTPMQuotaUsage` has no data. Source, read on 21 Nov 2026:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>.

/// One row of AWS's table: a model name it names, and the multiplier.
struct Rate {
    /// The provider in model ids.
    provider: &'static str,
    /// Words that must all be in the name.
    words: &'static [&'static str],
    /// The version, compared exactly: 5 is not 5.5.
    version: &'static [u32],
    output_multiplier: f64,
}

const RATES: [Rate; 6] = [
    Rate { provider: "anthropic", words: &["claude"], version: &[4, 8], output_multiplier: 15.0 },
    Rate { provider: "anthropic", words: &["opus"], version: &[5], output_multiplier: 10.0 },
    Rate { provider: "anthropic", words: &["opus"], version: &[5, 5], output_multiplier: 10.0 },
    Rate { provider: "anthropic", words: &["sonnet"], version: &[5], output_multiplier: 10.0 },
    Rate { provider: "anthropic", words: &["fable"], version: &[5, 1], output_multiplier: 10.0 },
    Rate { provider: "openai", words: &["gpt"], version: &[5, 6], output_multiplier: 10.0 },
];

/// Every Anthropic model the table does not name.
const OTHER_ANTHROPIC: f64 = 5.0;

/// Every other model.
const OTHERS: f64 = 1.0;

/// The burndown rate of a model's output tokens, ≥ 1.
///
/// `model` is a model id without profile prefix, for example `anthropic.claude-opus-4-8`.
#[must_use]
pub fn output_multiplier(model: &str) -> f64 {
    let (provider, name) = model.split_once('.').unwrap_or(("", model));
    let (words, version) = words_and_version(name);
    let named = RATES.iter().find(|rate| {
        rate.provider == provider
            && rate.words.iter().all(|word| words.contains(word))
            && rate.version == version
    });
    match (named, provider) {
        (Some(rate), _) => rate.output_multiplier,
        (None, "anthropic") => OTHER_ANTHROPIC,
        (None, _) => OTHERS,
    }
}

/// `claude-opus-4-8-20260101-v1:0` → claude, opus and 4.8: a date and a `v1` are no version.
fn words_and_version(name: &str) -> (Vec<&str>, Vec<u32>) {
    let mut words = Vec::new();
    let mut version = Vec::new();
    let name = name.split(':').next().unwrap_or(name);
    for part in name.split(['-', '.']) {
        match part.parse::<u32>() {
            Ok(number) if part.len() <= 2 => version.push(number),
            Ok(_) => {}
            Err(_) => words.push(part),
        }
    }
    (words, version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_and_its_neighbours() {
        for (model, expected) in [
            ("anthropic.claude-opus-4-8", 15.0),
            ("anthropic.claude-opus-4-8-20260301-v1:0", 15.0),
            ("anthropic.claude-opus-4-7", 5.0),
            ("anthropic.claude-opus-5", 10.0),
            ("anthropic.claude-opus-5-5", 10.0),
            ("anthropic.claude-sonnet-5", 10.0),
            ("anthropic.claude-sonnet-5-5", 5.0),
            ("anthropic.claude-fable-5-1", 10.0),
            ("anthropic.claude-fable-5", 5.0),
            ("anthropic.claude-haiku-4-5-20251001-v1:0", 5.0),
            ("anthropic.claude-3-haiku-20240307-v1:0", 5.0),
            ("openai.gpt-5.6-sol", 10.0),
            ("openai.gpt-6-sol", 1.0),
            ("openai.gpt-oss-20b-1:0", 1.0),
            ("amazon.nova-2-lite-v1:0", 1.0),
            ("", 1.0),
        ] {
            assert_eq!(output_multiplier(model), expected, "{model}");
        }
    }
}
