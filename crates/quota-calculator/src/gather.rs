//! Everything a calculation looks at, read side by side.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use llmwatch_aws::{
    CallFailed, custom_models, inference_profiles, metrics, parameters, service_quotas,
};
use llmwatch_core::alarm::tuning::{self, InvalidTuning, Tuning};
use llmwatch_core::calculation::{WATCHED_MODELS, series_to_measure, watched_models};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::pool::discovery::profile::{InferenceProfile, ProfileKind};
use llmwatch_core::pool::discovery::{
    CustomDeployment, Discovery, ListedSeries, Sources, UnreadableProfile, discover,
};
use llmwatch_core::quota::overlay::QuotaListings;
use llmwatch_core::stored::{StoredPool, pools_path, setting_parameter, thresholds_parameter};

use crate::{App, Clients};

/// How many single profiles or deployments are read at once.
const READS_AT_ONCE: usize = 5;

/// What was read.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) discovery: Discovery,
    pub(crate) listings: QuotaListings,
    pub(crate) stored: Stored,
    pub(crate) volumes: BTreeMap<String, f64>,
    pub(crate) tuning: Tuning,
    /// What could not be read and is not needed to go on, for the operator.
    pub(crate) problems: Vec<String>,
}

/// The documents of the last run.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) pools: Vec<StoredPool>,
    /// Why a document was not understood.
    pub(crate) problems: Vec<String>,
}

/// A read without which nothing may be calculated: every stored threshold stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotCalculate {
    #[error("no threshold was moved, because a read failed: {}", .0.explain())]
    Read(CallFailed),
    #[error("no threshold was moved: {0}")]
    Tuning(InvalidTuning),
}

impl From<CallFailed> for CannotCalculate {
    fn from(failed: CallFailed) -> Self {
        Self::Read(failed)
    }
}

/// Reads everything. A listing that fails fails the run; a single profile or deployment that
/// cannot be read only leaves its own series where it was.
pub(crate) async fn gather(app: &App, now: Timestamp) -> Result<Gathered, CannotCalculate> {
    let Clients { bedrock, cloudwatch, quotas, parameters } = &app.clients;
    let prefix = &app.config.prefix;
    let (model_ids, system, application, listings, stored, settings) = tokio::try_join!(
        metrics::list_model_ids(cloudwatch),
        inference_profiles::list(bedrock, ProfileKind::SystemDefined),
        inference_profiles::list(bedrock, ProfileKind::Application),
        service_quotas::list(quotas),
        stored_pools(parameters, prefix),
        settings(parameters, prefix),
    )?;
    let tuning = Tuning::parse(&settings.tuning).map_err(CannotCalculate::Tuning)?;
    let listed: Vec<ListedSeries> =
        model_ids.into_iter().map(|model_id| ListedSeries { model_id, last_seen: None }).collect();
    let named = watched_models(&settings.watched_models);
    let mut single = SingleReads { profiles: [system, application].concat(), ..Default::default() };
    let discover_with = |single: &SingleReads| {
        discover(&Sources {
            listed: &listed,
            profiles: &single.profiles,
            unreadable: &single.unreadable,
            deployments: &single.deployments,
            named: &named,
            known: &stored.pools,
            now,
        })
    };
    let first = discover_with(&single);
    single.read(bedrock, &first).await;
    let discovery = discover_with(&single);
    let to_measure: Vec<String> = series_to_measure(&discovery).into_iter().collect();
    let volumes = metrics::invocations_of_last_day(cloudwatch, &to_measure, now).await?;
    let problems = [single.problems, stored.problems.clone()].concat();
    Ok(Gathered { discovery, listings, stored, volumes, tuning, problems })
}

/// Reads the documents of the last run. One that is not understood is a problem and no pool: it is
/// written anew if its pool is found again.
pub(crate) async fn stored_pools(
    parameters: &aws_sdk_ssm::Client,
    prefix: &StackPrefix,
) -> Result<Stored, CallFailed> {
    let mut stored = Stored::default();
    for parameter in threshold_parameters(parameters, prefix).await? {
        match serde_json::from_str::<StoredPool>(&parameter.value) {
            Ok(pool) if thresholds_parameter(prefix, &pool.pool.label()) == parameter.name => {
                stored.pools.push(pool);
            }
            Ok(pool) => stored.problems.push(format!(
                "parameter {} holds the document of {}; delete the parameter",
                parameter.name, pool.pool
            )),
            Err(error) => stored.problems.push(format!(
                "parameter {} is not a pool's document ({error}); delete the parameter",
                parameter.name
            )),
        }
    }
    Ok(stored)
}

/// All parameters that hold a pool's document.
pub(crate) async fn threshold_parameters(
    parameters: &aws_sdk_ssm::Client,
    prefix: &StackPrefix,
) -> Result<Vec<parameters::Parameter>, CallFailed> {
    let mut found = parameters::by_path(parameters, &pools_path(prefix)).await?;
    found.retain(|parameter| parameter.name.ends_with("/thresholds"));
    Ok(found)
}

struct Settings {
    tuning: String,
    watched_models: String,
}

async fn settings(
    parameters: &aws_sdk_ssm::Client,
    prefix: &StackPrefix,
) -> Result<Settings, CallFailed> {
    let names = [tuning::SETTING, WATCHED_MODELS].map(|name| setting_parameter(prefix, name));
    let found = parameters::get_several(parameters, &names).await?;
    let [tuning, watched_models] = names.map(|name| {
        let setting = found.iter().find(|parameter| parameter.name == name);
        setting.map(|parameter| parameter.value.clone()).unwrap_or_default()
    });
    Ok(Settings { tuning, watched_models })
}

/// What is known of profiles and deployments, each of which may be unreadable on its own.
#[derive(Debug, Default)]
struct SingleReads {
    profiles: Vec<InferenceProfile>,
    unreadable: Vec<UnreadableProfile>,
    deployments: Vec<CustomDeployment>,
    problems: Vec<String>,
}

impl SingleReads {
    /// Reads what discovery could not place, for example a profile made since the listing.
    async fn read(&mut self, bedrock: &aws_sdk_bedrock::Client, discovery: &Discovery) {
        let profiles = stream::iter(&discovery.profiles_to_read)
            .map(async |id| (id, inference_profiles::get(bedrock, id).await))
            .buffered(READS_AT_ONCE)
            .collect::<Vec<_>>();
        let deployments = stream::iter(&discovery.deployments_to_read)
            .map(async |arn| (arn, custom_models::get_deployment(bedrock, arn).await))
            .buffered(READS_AT_ONCE)
            .collect::<Vec<_>>();
        let (profiles, deployments) = tokio::join!(profiles, deployments);
        for (id, read) in profiles {
            let why = match read {
                Ok(Some(profile)) => {
                    self.profiles.push(profile);
                    continue;
                }
                Ok(None) => "Bedrock has no such inference profile any more".to_owned(),
                Err(failed) => failed.explain(),
            };
            self.unreadable.push(UnreadableProfile { id: id.clone(), why });
        }
        for (arn, read) in deployments {
            match read {
                Ok(Some(deployment)) => self.deployments.push(deployment),
                Ok(None) => {
                    self.problems.push(format!("{arn}: Bedrock tells no base model for it"));
                }
                Err(failed) => self.problems.push(failed.explain()),
            }
        }
    }
}
