//! What a Bedrock `ModelId` says: which model, and how it is reached.
//!
//! The same text appears as CloudWatch dimension, as `modelId` of a call and inside ARNs. Nothing
//! here asks AWS: what only an API call can tell (the model behind an application profile) stays
//! unknown, and [`crate::pool::discovery`] lists it.

use std::fmt;

use crate::ids::InvalidId;
use crate::model_name::ModelName;
use crate::pool::{Pool, Scope};

/// The `ModelId` under which CloudWatch rolls up log delivery; it names no model.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html>.
pub const ACROSS_ALL_MODELS: &str = "Across all model IDs";

/// The prefix of profiles that may be served in any Region.
const GLOBAL_PREFIX: &str = "global";

/// Geographic prefixes of system profiles in use in November 2026; others are known by structure.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>.
const KNOWN_GEOGRAPHIES: [&str; 8] = ["us", "eu", "apac", "jp", "au", "ca", "in", "us-gov"];

/// Providers whose ids are never read as a geography, however their models are named.
const KNOWN_PROVIDERS: [&str; 20] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "xai",
    "zai",
];

/// How a call names the model it wants.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelId {
    /// A foundation model called directly, by id or ARN.
    Foundation(FoundationModel),
    /// A system profile: a geography or `global.` in front of a foundation model.
    SystemProfile {
        /// `global` or a geography such as `apac`, without the dot.
        prefix: String,
        /// The model behind it.
        model: FoundationModel,
    },
    /// An application inference profile, by its 12-character id; its model is not in the name.
    ApplicationProfile(String),
    /// An on-demand deployment of a customised model, by ARN; its base model is not in the name.
    CustomDeployment(String),
    /// Provisioned throughput, an imported or custom model, or a marketplace endpoint, by ARN.
    Dedicated(String),
}

impl ModelId {
    /// Reads a `ModelId` value, a model id, a profile id or an ARN of any of them.
    ///
    /// An id of 12 lower-case letters and digits is an application profile. A first segment is a
    /// geography only when a whole `provider.model` follows, so `zai.glm-4.7` has none.
    ///
    /// # Errors
    ///
    /// When the text names no model: the roll-up `Across all model IDs`, a prompt router, another
    /// resource, or a form Bedrock does not use. The error says which.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text == ACROSS_ALL_MODELS {
            return Err(invalid(text, "it is the roll-up of log delivery, not a model"));
        }
        if text.starts_with("arn:") {
            return Self::parse_arn(text);
        }
        if is_application_profile_id(text) {
            return Ok(Self::ApplicationProfile(text.to_owned()));
        }
        Self::parse_bare(text)
    }

    fn parse_arn(text: &str) -> Result<Self, InvalidId> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [_, _, service, _, _, resource] = parts[..] else {
            return Err(invalid(text, "an ARN must have six parts"));
        };
        let Some((kind, id)) = resource.split_once('/').filter(|(_, id)| !id.is_empty()) else {
            return Err(invalid(text, "the ARN must end in a resource type, a slash and an id"));
        };
        match (service, kind) {
            ("bedrock", "foundation-model") => FoundationModel::parse(id).map(Self::Foundation),
            ("bedrock", "inference-profile") => match Self::parse_bare(id)? {
                profile @ Self::SystemProfile { .. } => Ok(profile),
                _ => Err(invalid(text, "an inference-profile ARN must end in a system profile id")),
            },
            ("bedrock", "application-inference-profile") if is_application_profile_id(id) => {
                Ok(Self::ApplicationProfile(id.to_owned()))
            }
            ("bedrock", "application-inference-profile") => Err(invalid(
                text,
                "an application profile's id is 12 lower-case letters and digits",
            )),
            ("bedrock", "custom-model-deployment") => Ok(Self::CustomDeployment(text.to_owned())),
            ("bedrock", "provisioned-model" | "imported-model" | "custom-model")
            | ("sagemaker", "endpoint") => Ok(Self::Dedicated(text.to_owned())),
            ("bedrock", "prompt-router" | "default-prompt-router") => {
                Err(invalid(text, "a prompt router's calls are counted under the models it picks"))
            }
            _ => Err(invalid(text, "it is not an ARN of something that serves a model")),
        }
    }

    fn parse_bare(text: &str) -> Result<Self, InvalidId> {
        match split_profile(text) {
            Some((prefix, model)) => Ok(Self::SystemProfile {
                prefix: prefix.to_owned(),
                model: FoundationModel::parse(model)?,
            }),
            None => FoundationModel::parse(text).map(Self::Foundation),
        }
    }

    /// What the id alone tells about its pool.
    #[must_use]
    pub fn draws_on(&self) -> DrawsOn<'_> {
        let pool = |scope, model: &dyn fmt::Display| {
            DrawsOn::Pool(Pool { scope, model: model.to_string() })
        };
        match self {
            Self::Foundation(model) => pool(Scope::OnDemand, model),
            Self::SystemProfile { prefix, model } => pool(profile_scope(prefix), model),
            Self::Dedicated(arn) => pool(Scope::Dedicated, arn),
            Self::ApplicationProfile(id) => DrawsOn::ApplicationProfile(id),
            Self::CustomDeployment(arn) => DrawsOn::CustomDeployment(arn),
        }
    }

    /// The pool the id draws on; `None` where only AWS knows the model behind it.
    #[must_use]
    pub fn pool(&self) -> Option<Pool> {
        match self.draws_on() {
            DrawsOn::Pool(pool) => Some(pool),
            DrawsOn::ApplicationProfile(_) | DrawsOn::CustomDeployment(_) => None,
        }
    }
}

/// What a model id alone tells about the pool its calls draw on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrawsOn<'a> {
    /// This pool.
    Pool(Pool),
    /// The pool behind the application profile with this id.
    ApplicationProfile(&'a str),
    /// The custom-deployment pool of the base model behind this ARN.
    CustomDeployment(&'a str),
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foundation(model) => model.fmt(f),
            Self::SystemProfile { prefix, model } => write!(f, "{prefix}.{model}"),
            Self::ApplicationProfile(text)
            | Self::CustomDeployment(text)
            | Self::Dedicated(text) => f.write_str(text),
        }
    }
}

/// A foundation model's id, for example `anthropic.claude-haiku-4-5-20251001-v1:0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FoundationModel {
    provider: String,
    model: String,
}

impl FoundationModel {
    /// Reads `provider.model`, with or without a context suffix such as `:300k`.
    ///
    /// # Errors
    ///
    /// When the text has another form or is a system profile's id.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('.') {
            Some((provider, model))
                if is_provider(provider)
                    && !is_known_prefix(provider)
                    && is_model(model)
                    && split_profile(text).is_none() =>
            {
                Ok(Self { provider: provider.to_owned(), model: model.to_owned() })
            }
            _ => Err(invalid(
                text,
                "it must be a provider, a dot and a model, such as amazon.nova-lite-v1:0",
            )),
        }
    }

    /// The provider's segment, for example `anthropic`.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Everything before the first colon: the id without minor revision and context suffix.
    #[must_use]
    pub fn stem(&self) -> String {
        let (head, _) = self.model.split_once(':').unwrap_or((&self.model, ""));
        format!("{}.{head}", self.provider)
    }

    /// The context suffix, for example `300k` of `amazon.nova-pro-v1:0:300k`.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.model.split(':').nth(2)
    }

    /// The id's model name as structure.
    #[must_use]
    pub fn name(&self) -> ModelName {
        ModelName::of_id(&self.provider, &self.model)
    }
}

impl fmt::Display for FoundationModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.provider, self.model)
    }
}

fn invalid(value: &str, rule: &'static str) -> InvalidId {
    InvalidId { kind: "model id", value: value.to_owned(), rule }
}

fn profile_scope(prefix: &str) -> Scope {
    if prefix == GLOBAL_PREFIX { Scope::Global } else { Scope::CrossRegion }
}

fn is_known_prefix(segment: &str) -> bool {
    segment == GLOBAL_PREFIX || KNOWN_GEOGRAPHIES.contains(&segment)
}

/// Splits a system profile's id into prefix and model id; `None` when it has no prefix.
fn split_profile(text: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = text.split_once('.')?;
    let (provider, model) = rest.split_once('.')?;
    let whole_model_follows = is_provider(provider) && model.starts_with(is_lower_letter);
    let is_prefix =
        is_known_prefix(prefix) || (is_geography(prefix) && !KNOWN_PROVIDERS.contains(&prefix));
    (is_prefix && whole_model_follows).then_some((prefix, rest))
}

fn is_lower_letter(c: char) -> bool {
    c.is_ascii_lowercase()
}

fn is_geography(segment: &str) -> bool {
    segment.len() >= 2
        && segment.starts_with(is_lower_letter)
        && segment.ends_with(is_lower_letter)
        && segment.chars().all(|c| is_lower_letter(c) || c == '-')
}

fn is_provider(segment: &str) -> bool {
    segment.starts_with(is_lower_letter)
        && segment.chars().all(|c| is_lower_letter(c) || c.is_ascii_digit())
}

fn is_model(segment: &str) -> bool {
    segment.starts_with(|c: char| is_lower_letter(c) || c.is_ascii_digit())
        && segment
            .chars()
            .all(|c| is_lower_letter(c) || c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '_'))
}

fn is_application_profile_id(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| is_lower_letter(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, scope: Scope, model: &str) {
        let pool = ModelId::parse(text).unwrap().pool();
        assert_eq!(pool, Some(Pool { scope, model: model.to_owned() }), "{text}");
    }

    #[track_caller]
    fn check_no_model(text: &str, part_of_rule: &str) {
        let error = ModelId::parse(text).unwrap_err();
        assert!(error.rule.contains(part_of_rule), "{text}: {error}");
    }

    #[test]
    fn a_direct_id_is_on_demand() {
        let model = "anthropic.claude-haiku-4-5-20251001-v1:0";
        check(model, Scope::OnDemand, model);
        check(
            &format!("arn:aws:bedrock:us-east-1::foundation-model/{model}"),
            Scope::OnDemand,
            model,
        );
        check("amazon.nova-pro-v1:0:300k", Scope::OnDemand, "amazon.nova-pro-v1:0:300k");
    }

    #[test]
    fn a_geography_is_cross_region() {
        for prefix in KNOWN_GEOGRAPHIES {
            check(
                &format!("{prefix}.amazon.nova-lite-v1:0"),
                Scope::CrossRegion,
                "amazon.nova-lite-v1:0",
            );
        }
        check(
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
            Scope::CrossRegion,
            "amazon.nova-lite-v1:0",
        );
    }

    #[test]
    fn c1_apac_is_a_geography() {
        check("apac.amazon.nova-lite-v1:0", Scope::CrossRegion, "amazon.nova-lite-v1:0");
    }

    #[test]
    fn c2_us_gov_is_a_geography() {
        check(
            "us-gov.anthropic.claude-3-haiku-20240307-v1:0",
            Scope::CrossRegion,
            "anthropic.claude-3-haiku-20240307-v1:0",
        );
    }

    #[test]
    fn c9_a_three_letter_provider_is_no_geography() {
        for id in ["zai.glm-4.7", "zai.glm-4.7-flash", "xai.grok-4.6", "deepseek.v3.2"] {
            check(id, Scope::OnDemand, id);
        }
        check("us.xai.grok-4.6", Scope::CrossRegion, "xai.grok-4.6");
        check("global.zai.glm-4.7", Scope::Global, "zai.glm-4.7");
    }

    #[test]
    fn a_future_geography_is_known_by_structure() {
        check("latam.amazon.nova-lite-v1:0", Scope::CrossRegion, "amazon.nova-lite-v1:0");
        check("eu-sov.newvendor.thing-1", Scope::CrossRegion, "newvendor.thing-1");
    }

    #[test]
    fn global_is_a_scope_of_its_own() {
        check("global.anthropic.claude-opus-5", Scope::Global, "anthropic.claude-opus-5");
    }

    #[test]
    fn an_application_profile_hides_its_model() {
        let arn =
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";
        for text in ["a1b2c3d4e5f6", arn] {
            let id = ModelId::parse(text).unwrap();
            assert_eq!(id, ModelId::ApplicationProfile("a1b2c3d4e5f6".to_owned()));
            assert_eq!(id.pool(), None);
        }
    }

    #[test]
    fn capacity_of_its_own_is_dedicated() {
        for arn in [
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl",
            "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghijkl",
            "arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint",
        ] {
            check(arn, Scope::Dedicated, arn);
        }
    }

    #[test]
    fn a_custom_deployment_hides_its_base_model() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl";
        assert_eq!(ModelId::parse(arn).unwrap(), ModelId::CustomDeployment(arn.to_owned()));
    }

    #[test]
    fn what_is_no_model_says_why() {
        check_no_model(ACROSS_ALL_MODELS, "roll-up");
        check_no_model("arn:aws:bedrock:us-east-1::prompt-router/anthropic.claude:1", "router");
        check_no_model("arn:aws:s3:::bucket/key", "serves a model");
        check_no_model(
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x/y z",
            "12 lower-case letters and digits",
        );
        check_no_model("arn:aws:bedrock:us-east-1", "six parts");
        check_no_model("arn:aws:bedrock:us-east-1:123456789012:guardrail", "resource type");
        for text in ["", "claude", "us.nova-lite-v1:0", "Amazon.Nova", "amazon.", "über.modell-1"]
        {
            check_no_model(text, "a provider, a dot and a model");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = ModelId::parse(&text);
        }

        #[test]
        fn what_was_read_reads_back(
            text in "(arn:aws:bedrock:[a-z0-9-]{0,9}:[0-9]{0,12}:(foundation-model|inference-profile|application-inference-profile|provisioned-model)/)?([a-z-]{2,6}\\.)?[a-z0-9]{2,12}(\\.[a-z0-9.:-]{1,20})?"
        ) {
            if let Ok(id) = ModelId::parse(&text) {
                prop_assert_eq!(ModelId::parse(&id.to_string()).ok(), match id {
                    // An ARN may hold an id the bare form does not admit.
                    ModelId::ApplicationProfile(ref id) if !is_application_profile_id(id) =>
                        ModelId::parse(id).ok(),
                    id => Some(id),
                });
            }
        }
    }
}
