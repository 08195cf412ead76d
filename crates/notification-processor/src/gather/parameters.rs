//! The settings and the pool's document in Parameter Store.

use std::collections::BTreeMap;

use llmwatch_aws::call::within;
use llmwatch_aws::parameters::get_several;
use llmwatch_core::evidence::Read;
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::settings::{self, PoolSettings, SettingName, SettingProblem};
use llmwatch_core::stored::{StoredPool, setting_parameter, thresholds_parameter};

use super::READING;
use crate::App;

/// What one call to Parameter Store says about a pool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameters {
    /// The pool as last calculated.
    pub stored: Read<StoredPool>,
    /// The settings in force for it.
    pub settings: PoolSettings,
    /// What was wrong with the settings.
    pub setting_problems: Vec<SettingProblem>,
}

/// The settings and the pool's document: one call for at most ten names.
pub(crate) async fn parameters(app: &App, pool: &PoolLabel) -> Parameters {
    let prefix = &app.config.prefix;
    let document = thresholds_parameter(prefix, pool);
    let setting = |name: SettingName| setting_parameter(prefix, name.word());
    let names: Vec<String> =
        SettingName::ALL.into_iter().map(setting).chain([document.clone()]).collect();
    let found = get_several(&app.clients.ssm, &names);
    let found = match within(READING, "GetParameters", "the settings", found).await {
        Ok(found) => found,
        Err(failure) => {
            let why = failure.explain();
            return Parameters {
                stored: Read::Unreadable(why.clone()),
                settings: PoolSettings::when_unset(),
                setting_problems: vec![SettingProblem::Unreadable { why }],
            };
        }
    };
    let mut values: BTreeMap<String, String> =
        found.into_iter().map(|parameter| (parameter.name, parameter.value)).collect();
    let stored = match values.remove(&document).as_deref().map(serde_json::from_str) {
        Some(Ok(stored)) => Read::Known(stored),
        Some(Err(error)) => Read::Unreadable(format!(
            "parameter {document} is not readable ({error}); run quota-calculator to write it anew"
        )),
        None => Read::Unreadable(format!(
            "parameter {document} does not exist; run quota-calculator to write it"
        )),
    };
    let texts: BTreeMap<SettingName, String> = SettingName::ALL
        .into_iter()
        .filter_map(|name| Some((name, values.remove(&setting(name))?)))
        .collect();
    let (settings, setting_problems) = settings::parse(&texts);
    Parameters { stored, settings: settings.for_pool(pool).clone(), setting_problems }
}
