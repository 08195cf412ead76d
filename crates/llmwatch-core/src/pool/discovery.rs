//! Which pools there are, and which `ModelId` series belong to each.
//!
//! CloudWatch's listing forgets a metric after two weeks, so it is one of three sources: what is
//! listed, what the operator names, and the pools already known. A pool leaves when none of its
//! series has had data for [`KEPT_UNSEEN_DAYS`] and nobody names it, never because a listing
//! lacked it.

pub mod profile;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::ids::InvalidId;
use crate::model_id::{ACROSS_ALL_MODELS, DrawsOn, FoundationModel, ModelId};
use crate::pool::discovery::profile::{InferenceProfile, UnclearProfile, pool_of};
use crate::pool::{Pool, Scope};
use crate::stored::StoredPool;

/// How many days a pool is kept after its last data point or naming.
pub const KEPT_UNSEEN_DAYS: i64 = 30;

/// Everything discovery looks at.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The `ModelId` values CloudWatch lists.
    pub listed: &'a [ListedSeries],
    /// All system profiles, and the application profiles that could be read.
    pub profiles: &'a [InferenceProfile],
    /// Application profiles that `GetInferenceProfile` would not give.
    pub unreadable: &'a [UnreadableProfile],
    /// The custom model deployments that could be read.
    pub deployments: &'a [CustomDeployment],
    /// Models the operator names: model ids, profile ids or ARNs.
    pub named: &'a [String],
    /// The pools stored by the last run.
    pub known: &'a [StoredPool],
    /// The time of this run.
    pub now: Timestamp,
}

/// One `ModelId` value with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSeries {
    /// The value, exactly as CloudWatch spells it.
    pub model_id: String,
    /// When it last had data; `None` when only the listing tells that it exists, which counts as
    /// now.
    pub last_seen: Option<Timestamp>,
}

/// An application profile whose model could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableProfile {
    /// The profile's 12-character id.
    pub id: String,
    /// What AWS answered, in words for the operator.
    pub why: String,
}

/// An on-demand deployment of a customised model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomDeployment {
    /// The deployment's ARN, which is its `ModelId`.
    pub arn: String,
    /// The base model's id or ARN.
    pub base_model: String,
}

/// What discovery found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Discovery {
    /// The pools to watch, in order of scope and model.
    pub pools: Vec<DiscoveredPool>,
    /// Known pools that are no longer watched.
    pub left: Vec<Pool>,
    /// Listed or named series that belong to no pool, with the reason.
    pub unresolved: Vec<Unresolved>,
    /// Ids of application profiles whose model is unknown: to be read by `GetInferenceProfile`.
    pub profiles_to_read: BTreeSet<String>,
    /// ARNs of custom deployments whose base model is unknown: to be read by
    /// `GetCustomModelDeployment` and `GetCustomModel`.
    pub deployments_to_read: BTreeSet<String>,
}

/// A pool with the series that draw on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredPool {
    /// The model and scope.
    pub pool: Pool,
    /// Its series: the known ones in their stored order, then new ones alphabetically.
    pub series: Vec<String>,
    /// When one of them last had data, or when the operator's naming was last seen.
    pub last_seen: Timestamp,
}

/// A series that belongs to no pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The series or the operator's naming.
    pub series: String,
    /// Why.
    pub why: WhyUnresolved,
}

/// Why a series belongs to no pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyUnresolved {
    /// The text names no model.
    NotAModel(InvalidId),
    /// The application profile has not been read yet.
    NotRead,
    /// AWS did not give the application profile; holds its answer.
    Unreadable(String),
    /// The application profile was read and tells no pool.
    Unclear(UnclearProfile),
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = &self.series;
        match &self.why {
            WhyUnresolved::NotAModel(error) => write!(f, "{error}"),
            WhyUnresolved::NotRead => {
                write!(f, "{series}: this application profile's model has not been read yet")
            }
            WhyUnresolved::Unreadable(why) => {
                write!(f, "{series}: this application profile could not be read: {why}")
            }
            WhyUnresolved::Unclear(why) => write!(f, "{series}: {why}"),
        }
    }
}

/// Sorts all series into pools.
///
/// A series goes where its id says; an application profile where its model ARNs say; one that
/// cannot be read stays in the pool it was last known in, since a profile's model never changes
/// (Bedrock has no call to update one). A custom deployment whose base model is unknown is a pool
/// of its own, named by its ARN, so that it still has the alarms that need no quota.
#[must_use]
pub fn discover(sources: &Sources<'_>) -> Discovery {
    let map = SeriesMap::of(sources);
    let mut pools = Pools::default();
    let mut found = Discovery::default();
    for known in sources.known {
        pools.see(&known.pool, known.last_seen);
        for series in &known.series {
            let pool = map.resolve(series).unwrap_or_else(|_| known.pool.clone());
            pools.see(&pool, known.last_seen);
            pools.add(&pool, series);
        }
    }
    for (series, last_seen) in new_series(sources) {
        match map.resolve(series) {
            Ok(pool) => {
                pools.see(&pool, last_seen);
                pools.add(&pool, series);
            }
            Err(why) => found.unresolved.push(Unresolved { series: series.to_owned(), why }),
        }
        map.note_what_to_read(series, &mut found);
    }
    let oldest = sources.now - SignedDuration::from_hours(24 * KEPT_UNSEEN_DAYS);
    found.pools = pools.into_watched(oldest);
    found.left = sources
        .known
        .iter()
        .map(|known| &known.pool)
        .filter(|pool| found.pools.iter().all(|watched| watched.pool != **pool))
        .cloned()
        .collect();
    found
}

/// Listed and named series in alphabetical order, each once, with when it was last seen. Log
/// delivery's roll-up is no series of a model.
fn new_series<'a>(sources: &Sources<'a>) -> BTreeMap<&'a str, Timestamp> {
    let listed = sources
        .listed
        .iter()
        .filter(|listed| listed.model_id != ACROSS_ALL_MODELS)
        .map(|listed| (listed.model_id.as_str(), listed.last_seen.unwrap_or(sources.now)));
    let named = sources.named.iter().map(|named| (named.as_str(), sources.now));
    let mut series = BTreeMap::new();
    for (model_id, seen) in listed.chain(named) {
        let latest = series.entry(model_id).or_insert(seen);
        *latest = seen.max(*latest);
    }
    series
}

/// What is known about series whose id does not tell their pool.
struct SeriesMap<'a> {
    sources: &'a Sources<'a>,
    /// The pool each series was last in; custom deployments without base model excepted.
    last_known: BTreeMap<ModelId, &'a Pool>,
}

impl<'a> SeriesMap<'a> {
    fn of(sources: &'a Sources<'a>) -> Self {
        let mut last_known = BTreeMap::new();
        for known in sources.known {
            for id in known.series.iter().filter_map(|series| ModelId::parse(series).ok()) {
                if FoundationModel::parse(&known.pool.model).is_ok() {
                    last_known.insert(id, &known.pool);
                }
            }
        }
        Self { sources, last_known }
    }

    fn resolve(&self, series: &str) -> Result<Pool, WhyUnresolved> {
        let id = ModelId::parse(series).map_err(WhyUnresolved::NotAModel)?;
        let last_known = self.last_known.get(&id).map(|&pool| pool.clone());
        match id.draws_on() {
            DrawsOn::Pool(pool) => Ok(pool),
            DrawsOn::ApplicationProfile(profile) => {
                self.read_profile(profile).or_else(|why| last_known.ok_or(why))
            }
            DrawsOn::CustomDeployment(arn) => Ok(self
                .read_deployment(arn)
                .or(last_known)
                .unwrap_or_else(|| Pool { scope: Scope::CustomDeployment, model: arn.to_owned() })),
        }
    }

    fn read_profile(&self, id: &str) -> Result<Pool, WhyUnresolved> {
        if let Some(profile) = self.sources.profiles.iter().find(|profile| profile.id == id) {
            return pool_of(profile, self.sources.profiles).map_err(WhyUnresolved::Unclear);
        }
        let unreadable = self.sources.unreadable.iter().find(|profile| profile.id == id);
        Err(unreadable.map_or(WhyUnresolved::NotRead, |profile| {
            WhyUnresolved::Unreadable(profile.why.clone())
        }))
    }

    fn read_deployment(&self, arn: &str) -> Option<Pool> {
        let deployment =
            self.sources.deployments.iter().find(|deployment| deployment.arn == arn)?;
        match ModelId::parse(&deployment.base_model) {
            Ok(ModelId::Foundation(model)) => {
                Some(Pool { scope: Scope::CustomDeployment, model: model.to_string() })
            }
            _ => None,
        }
    }

    fn note_what_to_read(&self, series: &str, found: &mut Discovery) {
        let Ok(id) = ModelId::parse(series) else { return };
        if self.last_known.contains_key(&id) {
            return;
        }
        match id.draws_on() {
            DrawsOn::ApplicationProfile(id)
                if self.sources.profiles.iter().all(|profile| profile.id != id) =>
            {
                found.profiles_to_read.insert(id.to_owned());
            }
            DrawsOn::CustomDeployment(arn) if self.read_deployment(arn).is_none() => {
                found.deployments_to_read.insert(arn.to_owned());
            }
            DrawsOn::Pool(_) | DrawsOn::ApplicationProfile(_) | DrawsOn::CustomDeployment(_) => {}
        }
    }
}

/// Pools under construction.
#[derive(Default)]
struct Pools(BTreeMap<Pool, (Vec<String>, Timestamp)>);

impl Pools {
    fn see(&mut self, pool: &Pool, at: Timestamp) {
        match self.0.get_mut(pool) {
            Some((_, last_seen)) => *last_seen = at.max(*last_seen),
            None => {
                self.0.insert(pool.clone(), (Vec::new(), at));
            }
        }
    }

    fn add(&mut self, pool: &Pool, series: &str) {
        if let Some((all, _)) = self.0.get_mut(pool)
            && !all.iter().any(|known| known == series)
        {
            all.push(series.to_owned());
        }
    }

    /// The pools that have a series and were seen at `oldest` or later.
    fn into_watched(self, oldest: Timestamp) -> Vec<DiscoveredPool> {
        self.0
            .into_iter()
            .filter(|(_, (series, last_seen))| !series.is_empty() && *last_seen >= oldest)
            .map(|(pool, (series, last_seen))| DiscoveredPool { pool, series, last_seen })
            .collect()
    }
}
