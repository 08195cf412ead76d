//! What no rule can derive: models whose quotas are named after something their id does not say.
//!
//! To add one, add a line to [`QUOTA_SPELLINGS`].

use super::ModelName;
use crate::model_id::FoundationModel;

/// Id up to the first colon, and the model's name in its quotas.
///
/// A model listed here takes quotas of exactly that name, and no unlisted model of the provider
/// takes them. Sources: names of Service Quotas and the model catalogue, read in November 2026,
/// <https://docs.aws.amazon.com/general/latest/gr/bedrock.html>,
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html>.
pub const QUOTA_SPELLINGS: &[(&str, &str)] = &[
    // One quota for the first generation under both of its ids.
    ("amazon.titan-embed-g1-text-02", "Titan Text Embeddings"),
    ("amazon.titan-embed-text-v1", "Titan Text Embeddings"),
    // The id says what goes in, the name what the model is.
    ("amazon.titan-embed-image-v1", "Titan Multimodal Embeddings G1"),
    // Version 3 is not named.
    ("cohere.embed-english-v3", "Embed English"),
    ("cohere.embed-multilingual-v3", "Embed Multilingual"),
    // The undated names belong to the first dated models; later ones carry their date.
    ("mistral.mistral-large-2402-v1", "Mistral Large"),
    ("mistral.mistral-small-2402-v1", "Mistral Small"),
    // The id has the release month where the name has a version.
    ("mistral.magistral-small-2509", "Magistral Small 1.2"),
    // The vision model is told apart by size alone in its id.
    ("nvidia.nemotron-nano-12b-v2", "Nemotron Nano 2 VL"),
    // Neither version nor "Embed" is named.
    ("twelvelabs.marengo-embed-2-7-v1", "Marengo"),
    ("twelvelabs.pegasus-1-2-v1", "Pegasus"),
];

/// Models whose tokens-per-day quota does not limit on-demand calls, by id up to the first colon.
///
/// Claude 3.7 Sonnet is on demand in eu-west-2, where Service Quotas lists no such quota, and the
/// Region known to list it (ap-south-1) serves the model through a profile alone. Source: the
/// per-Region model lists of bedrock-usage-analyzer 0.7.0b0,
/// <https://pypi.org/project/bedrock-usage-analyzer/>, read in November 2026.
pub const NO_DAILY_QUOTA_ON_DEMAND: &[&str] = &["anthropic.claude-3-7-sonnet-20250219-v1"];

/// How a model's quotas are named, where its id does not tell.
#[must_use]
pub fn quota_spelling(model: &FoundationModel) -> Option<ModelName> {
    let stem = model.stem();
    let (_, name) = QUOTA_SPELLINGS.iter().find(|(id, _)| *id == stem)?;
    Some(ModelName::of_quota(model.provider(), name))
}

/// Whether a quota's name is spoken for by the listed models of a provider.
#[must_use]
pub fn is_spoken_for(provider: &str, quota: &ModelName) -> bool {
    QUOTA_SPELLINGS
        .iter()
        .filter(|(id, _)| id.split('.').next() == Some(provider))
        .any(|(_, name)| ModelName::of_quota(provider, name) == *quota)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_irregular_id_is_one_that_can_be_looked_up() {
        let spelled = QUOTA_SPELLINGS.iter().map(|(id, _)| *id);
        for id in spelled.chain(NO_DAILY_QUOTA_ON_DEMAND.iter().copied()) {
            assert_eq!(FoundationModel::parse(id).unwrap().stem(), id);
        }
    }
}
