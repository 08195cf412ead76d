//! What there is and what there should be, read in parallel.

mod dashboards;
mod documents;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use llmwatch_aws::CallFailed;
use llmwatch_aws::alarms::{self, StandingAlarms};
use llmwatch_aws::component_reports::Listed;
use llmwatch_aws::hourly_use::read_hours;
use llmwatch_aws::metric_values::read_values;
use llmwatch_aws::quality_metrics::{Activity, list_series};
use llmwatch_aws::{component_reports, inference_components, parameters};
use llmwatch_core::alarm::desired::{DesiredAlarm, Lines, desired_alarms};
use llmwatch_core::alarm::name::Owner;
use llmwatch_core::alarm::plan::Actual;
use llmwatch_core::alarm::tuning::{self, InvalidTuning, Tuning};
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::component::alarm::desired_component_alarms;
use llmwatch_core::component::hourly_cost::{Priced, Reported, is_counted, priced};
use llmwatch_core::hourly_cost::{self, UsedByCaller};
use llmwatch_core::price::{self, Prices};
use llmwatch_core::quality::alarm::desired::desired_quality_alarms;
use llmwatch_core::quality::alarm::tuning as quality_tuning;
use llmwatch_core::quality::alarm::tuning::QualityTuning;
use llmwatch_core::quality::series::{SeriesLabel, StoredSeries, known};
use llmwatch_core::quota_used::{self, Used};
use llmwatch_core::stored::{
    StoredPool, components_path, pools_path, quality_path, setting_parameter,
};

pub(crate) use self::dashboards::kept as dashboards;
use self::documents::Documents;
use crate::App;
use crate::report::Failure;

/// Everything a plan is made of.
#[derive(Debug)]
pub(crate) struct Situation {
    /// The pools whose documents were understood.
    pub(crate) pools: Vec<StoredPool>,
    /// The series of quality metrics that are known from now on.
    pub(crate) series: BTreeMap<SeriesLabel, StoredSeries>,
    /// The series that were stored, as they are stored.
    pub(crate) stored_series: BTreeMap<SeriesLabel, String>,
    /// The inference components in use.
    pub(crate) components: BTreeSet<InferenceComponent>,
    /// What is changed about the alarms of pools and components.
    pub(crate) tuning: Tuning,
    /// What is changed about the quality alarms.
    pub(crate) quality_tuning: QualityTuning,
    /// The prices known.
    pub(crate) prices: Prices,
    /// The alarms all of them should have.
    pub(crate) desired: Vec<DesiredAlarm>,
    /// What is there.
    pub(crate) actual: Actual,
    /// The alarms with the fields llmwatch does not know.
    pub(crate) standing: StandingAlarms,
    /// The `applied` documents as they are stored.
    pub(crate) stored_applied: BTreeMap<Owner, String>,
    /// Documents that were not understood.
    pub(crate) misread: Vec<Failure>,
}

/// Why nothing can be planned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatherFailed {
    /// A read failed; what is there is unknown, so nothing is changed.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// The operator's tuning, of one sort of alarms or the other, has problems.
    #[error(transparent)]
    Tuning(#[from] InvalidTuning),
}

/// Reads everything; any call that fails fails the whole, so that a half-read world is never
/// mistaken for an empty one.
pub(crate) async fn situation(app: &App, now: Timestamp) -> Result<Situation, GatherFailed> {
    let prefix = &app.config.prefix;
    let (ssm, cloudwatch) = (&app.clients.ssm, &app.clients.cloudwatch);
    let namespace = app.config.quality_namespace.as_str();
    let setting = |name: &str| setting_parameter(prefix, name);
    let (tuned, quality_tuned) = (setting(tuning::SETTING), setting(quality_tuning::SETTING));
    let (of_pools, of_quality) = (pools_path(prefix), quality_path(prefix));
    let of_components = components_path(prefix);
    let priced = setting(price::SETTING);
    let stored = async {
        futures::try_join!(
            parameters::by_path(ssm, &of_pools),
            parameters::by_path(ssm, &of_quality),
            parameters::by_path(ssm, &of_components),
            parameters::get(ssm, &tuned),
            parameters::get(ssm, &quality_tuned),
            parameters::get(ssm, &priced),
        )
    };
    let seen = async {
        futures::try_join!(
            alarms::read_all(cloudwatch, prefix),
            alarms::read_detectors(cloudwatch, prefix),
            list_series(cloudwatch, namespace, Activity::TwoWeeks),
            list_series(cloudwatch, namespace, Activity::ThreeHours),
            inference_components::list(cloudwatch),
        )
    };
    let (stored, (standing, detectors, all, recent, components)) =
        futures::try_join!(stored, seen)?;
    let (pools, quality, applied_of_components, tuned, quality_tuned, priced) = stored;
    let tuning = Tuning::parse(&tuned.unwrap_or_default())?;
    let quality_tuning = QualityTuning::parse(&quality_tuned.unwrap_or_default())?;
    let mut documents = Documents::default();
    documents.read_pools(&of_pools, pools);
    documents.read_quality(&of_quality, quality);
    documents.read_components(&of_components, applied_of_components);
    let priced = documents.read_prices(&priced.unwrap_or_default());
    let mut series = known(&documents.series, &all, &recent, now);
    // What is listed of a series whose document is not understood would be written over it.
    series.retain(|label, _| !documents.unreadable.contains(&Owner::Series(label.clone())));
    let pool_alarms = documents.pools.iter().flat_map(|pool| {
        let lines = Lines { tuning: &tuning, budget: documents.budget(&pool.pool, &priced) };
        desired_alarms(pool, lines, &app.config.destinations, prefix)
    });
    let quality_alarms = series
        .values()
        .flat_map(|stored| desired_quality_alarms(stored, &quality_tuning, namespace, prefix));
    let component_alarms = components.iter().flat_map(|component| {
        let budget = documents.budget_of_component(component, &priced);
        desired_component_alarms(component, Lines { tuning: &tuning, budget }, prefix)
    });
    Ok(Situation {
        desired: pool_alarms.chain(quality_alarms).chain(component_alarms).collect(),
        actual: Actual {
            alarms: standing.alarms.clone(),
            detectors,
            applied: documents.applied,
            unreadable: documents.unreadable,
        },
        pools: documents.pools,
        components,
        tuning,
        quality_tuning,
        prices: priced.known(),
        series,
        stored_series: documents.stored_series,
        standing,
        stored_applied: documents.stored_applied,
        misread: documents.misread,
    })
}

/// What the callers of pools with a price used in each of these hours.
///
/// # Errors
///
/// When it could not be read in full.
pub(crate) async fn used(
    app: &App,
    situation: &Situation,
    hours: &[Timestamp],
) -> Result<UsedByCaller, CallFailed> {
    let callers = hourly_cost::callers(&situation.pools, &situation.prices);
    read_hours(&app.clients.cloudwatch, &callers, hours).await
}

/// What the callers of pools with quotas used in each of these hours, as far as it could be read,
/// and why the rest could not.
pub(crate) async fn quota_use(
    app: &App,
    situation: &Situation,
    hours: &[Timestamp],
) -> (Used, Option<Failure>) {
    let mut used = Used::default();
    let mut unread = None;
    for reading in quota_used::readings(&situation.pools, hours) {
        let values = read_values(&app.clients.cloudwatch, &reading.wanted, reading.stretch).await;
        unread = unread.or(used.add(reading, values).err());
    }
    let what = "working out how much of their quotas pools used";
    let failure = |why| Failure { what: what.to_owned(), alarms: Vec::new(), why };
    (used, unread.map(failure))
}

/// Who reported of the components with a price in each of these hours, and on which endpoints they
/// are; nothing is asked where no endpoint has a price.
///
/// # Errors
///
/// When it could not be read in full.
pub(crate) async fn reported(
    app: &App,
    situation: &Situation,
    hours: &[Timestamp],
) -> Result<(Priced, Reported), CallFailed> {
    let (client, prices) = (&app.clients.cloudwatch, &situation.prices);
    if prices.endpoints().next().is_none() {
        return Ok((Priced::new(), Reported::default()));
    }
    let listed = component_reports::list(client).await?;
    let priced = priced(listed.iter().map(|(_, reporter)| reporter), prices);
    let counted: Vec<&Listed> =
        listed.iter().filter(|(_, reporter)| is_counted(reporter, &priced)).collect();
    let components = priced.keys().collect();
    let reported = component_reports::read(client, &counted, &components, hours).await?;
    Ok((priced, reported))
}
