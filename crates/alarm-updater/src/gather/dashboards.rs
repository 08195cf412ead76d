//! The dashboards there should be, and those there are.

use std::collections::{BTreeMap, BTreeSet};

use llmwatch_aws::CallFailed;
use llmwatch_aws::dashboards::{get, list};
use llmwatch_aws::pace::Pace;
use llmwatch_core::alarm::name::Owner;
use llmwatch_core::dashboard::Known;
use llmwatch_core::dashboard::plan::{desired, is_kept, listing_prefix, may_be_of};
use llmwatch_core::quality::series::StoredSeries;
use serde_json::Value;

use super::Situation;
use crate::{App, Config, Switch};

impl Situation {
    /// The dashboards there should be, by name; none where they are switched off.
    pub(crate) fn dashboards(&self, config: &Config) -> BTreeMap<String, Value> {
        match config.pool_dashboards {
            Switch::Off => BTreeMap::new(),
            Switch::On => {
                let known = Known {
                    tuning: &self.tuning,
                    quality_tuning: &self.quality_tuning,
                    prices: &self.prices,
                    namespace: &config.quality_namespace,
                };
                let scored: Vec<StoredSeries> = self.series.values().cloned().collect();
                let (prefix, region) = (&config.prefix, config.region.as_str());
                desired(prefix, region, &self.pools, &scored, &self.components, known)
            }
        }
    }
}

/// The dashboards kept here that there are, with the bodies of those that stay; those that belong to
/// documents that are not understood are left out, so that they stay as they are.
pub(crate) async fn kept(
    app: &App,
    desired: &BTreeMap<String, Value>,
    unreadable: &BTreeSet<Owner>,
) -> Result<BTreeMap<String, Option<String>>, CallFailed> {
    let (client, prefix) = (&app.clients.cloudwatch, &app.config.prefix);
    let names = list(client, &listing_prefix(prefix)).await?;
    let mut pace = Pace::new(app.waits.dashboards);
    let mut found = BTreeMap::new();
    let is_theirs = |name: &String| unreadable.iter().any(|owner| may_be_of(prefix, owner, name));
    let ours = names.into_iter().filter(|name| is_kept(prefix, name) && !is_theirs(name));
    for name in ours {
        let body = if desired.contains_key(&name) {
            pace.turn().await;
            get(client, &name).await?
        } else {
            None
        };
        found.insert(name, body);
    }
    Ok(found)
}
