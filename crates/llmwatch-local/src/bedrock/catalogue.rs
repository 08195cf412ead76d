//! The models and system profiles of a Region, from the same data as the quotas.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Profile, ProfileType};

const MODELS: &str = include_str!("../../data/model_quota_map.jsonl");

/// A geography of system profiles: its prefix and the Regions it spreads calls over.
///
/// The Regions are a selection; AWS's differ from model to model.
const GEOGRAPHIES: [(&str, &[&str]); 6] = [
    ("us", &["us-east-1", "us-east-2", "us-west-2"]),
    ("eu", &["eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"]),
    ("jp", &["ap-northeast-1", "ap-northeast-3"]),
    ("au", &["ap-southeast-2", "ap-southeast-4"]),
    ("in", &["ap-south-1", "ap-south-2"]),
    (
        "apac",
        &["ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"],
    ),
];

/// System profiles are older than anything a test does.
const MADE: Timestamp = Timestamp::constant(1_735_689_600, 0);

#[derive(Debug, Deserialize)]
struct Line {
    model_id: String,
    endpoint: String,
}

/// A foundation model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Model {
    pub(super) id: String,
    pub(super) provider: String,
    /// Whether it can be called without a profile.
    pub(super) on_demand: bool,
}

impl Model {
    pub(super) fn arn(&self, region: &str) -> String {
        model_arn(region, &self.id)
    }

    pub(super) fn described(&self, region: &str) -> Value {
        let inference: &[&str] =
            if self.on_demand { &["ON_DEMAND"] } else { &["INFERENCE_PROFILE"] };
        json!({
            "modelArn": self.arn(region),
            "modelId": self.id,
            "modelName": display_name(&self.id),
            "providerName": self.provider,
            "inputModalities": ["TEXT"],
            "outputModalities": ["TEXT"],
            "responseStreamingSupported": true,
            "customizationsSupported": [],
            "inferenceTypesSupported": inference,
            "modelLifecycle": {"status": "ACTIVE"},
        })
    }
}

/// Every foundation model of the data.
pub(super) fn models(_region: &str) -> Vec<Model> {
    let lines: Vec<Line> = lines().collect();
    let on_demand: BTreeSet<&str> = lines
        .iter()
        .filter(|line| line.endpoint == "base")
        .map(|line| line.model_id.as_str())
        .collect();
    let models: BTreeSet<Model> = lines
        .iter()
        .map(|line| Model {
            id: line.model_id.clone(),
            provider: provider(&line.model_id),
            on_demand: on_demand.contains(line.model_id.as_str()),
        })
        .collect();
    models.into_iter().collect()
}

/// The system profiles that can be called from a Region.
pub(super) fn system_profiles(region: &str) -> Vec<Profile> {
    lines().filter_map(|line| system_profile(&line, region)).collect()
}

fn system_profile(line: &Line, region: &str) -> Option<Profile> {
    let model = &line.model_id;
    let model_arns = if line.endpoint == "global" {
        // A global profile names the model in its own Region and once without a Region.
        vec![model_arn("", model), model_arn(region, model)]
    } else {
        let (_, regions) = GEOGRAPHIES.iter().find(|(prefix, _)| *prefix == line.endpoint)?;
        if !regions.contains(&region) {
            return None;
        }
        regions.iter().map(|region| model_arn(region, model)).collect()
    };
    Some(Profile {
        id: format!("{}.{model}", line.endpoint),
        name: format!("{} {}", line.endpoint.to_uppercase(), display_name(model)),
        made_by: ProfileType::System,
        model_arns,
        created: MADE,
    })
}

fn lines() -> impl Iterator<Item = Line> {
    MODELS.lines().filter_map(|line| serde_json::from_str(line).ok())
}

fn model_arn(region: &str, model: &str) -> String {
    format!("arn:aws:bedrock:{region}::foundation-model/{model}")
}

fn provider(model: &str) -> String {
    let maker = model.split('.').next().unwrap_or_default();
    match maker {
        "ai21" => "AI21 Labs".to_owned(),
        "openai" => "OpenAI".to_owned(),
        "deepseek" => "DeepSeek".to_owned(),
        "mistral" => "Mistral AI".to_owned(),
        other => capitalised(other),
    }
}

/// `anthropic.claude-haiku-4-5-20251001-v1:0` becomes `Claude Haiku 4 5`, roughly as AWS writes it.
fn display_name(model: &str) -> String {
    let name = model.split_once('.').map_or(model, |(_, name)| name);
    let words = name.split(['-', ':']).filter(|word| {
        let is_date = word.len() == 8 && word.chars().all(|c| c.is_ascii_digit());
        let is_version =
            word.strip_prefix('v').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
        !is_date && !is_version && *word != "0"
    });
    words.map(capitalised).collect::<Vec<_>>().join(" ")
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
