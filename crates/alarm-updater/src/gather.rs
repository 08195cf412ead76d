//! What there is and what there should be, read in parallel.

use std::collections::{BTreeMap, BTreeSet};

use llmwatch_aws::alarms::{self, StandingAlarms};
use llmwatch_aws::parameters::{self, Parameter};
use llmwatch_aws::{CallFailed, chain};
use llmwatch_core::alarm::desired::{DesiredAlarm, desired_alarms};
use llmwatch_core::alarm::plan::{Actual, Applied};
use llmwatch_core::alarm::tuning::{self, InvalidTuning, Tuning};
use llmwatch_core::pool::PoolLabel;
use llmwatch_core::stored::{StoredPool, pools_path, setting_parameter};

use crate::App;
use crate::report::Failure;

/// Everything a plan is made of.
#[derive(Debug)]
pub(crate) struct Situation {
    /// The pools whose documents were understood.
    pub(crate) pools: Vec<StoredPool>,
    /// The alarms they should have.
    pub(crate) desired: Vec<DesiredAlarm>,
    /// What is there.
    pub(crate) actual: Actual,
    /// The alarms with the fields llmwatch does not know.
    pub(crate) standing: StandingAlarms,
    /// The `applied` documents as they are stored.
    pub(crate) stored_applied: BTreeMap<PoolLabel, String>,
    /// Documents that were not understood.
    pub(crate) misread: Vec<Failure>,
}

/// Why nothing can be planned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatherFailed {
    /// A read failed; what is there is unknown, so nothing is changed.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// The operator's tuning has problems.
    #[error(transparent)]
    Tuning(#[from] InvalidTuning),
}

/// Reads everything; any call that fails fails the whole, so that a half-read world is never
/// mistaken for an empty one.
pub(crate) async fn situation(app: &App) -> Result<Situation, GatherFailed> {
    let prefix = &app.config.prefix;
    let (path, setting) = (pools_path(prefix), setting_parameter(prefix, tuning::SETTING));
    let (documents, setting, standing, detectors) = futures::try_join!(
        parameters::by_path(&app.clients.ssm, &path),
        parameters::get(&app.clients.ssm, &setting),
        alarms::read_all(&app.clients.cloudwatch, prefix),
        alarms::read_detectors(&app.clients.cloudwatch, prefix),
    )?;
    let tuning = Tuning::parse(&setting.unwrap_or_default())?;
    let documents = Documents::read(&path, documents);
    let desired = documents
        .pools
        .iter()
        .flat_map(|pool| desired_alarms(pool, &tuning, &app.config.destinations, prefix))
        .collect();
    let actual = Actual {
        alarms: standing.alarms.clone(),
        detectors,
        applied: documents.applied,
        unreadable: documents.unreadable,
    };
    Ok(Situation {
        pools: documents.pools,
        desired,
        actual,
        standing,
        stored_applied: documents.stored_applied,
        misread: documents.misread,
    })
}

/// The parameters below the pools' path, sorted out.
#[derive(Debug, Default)]
struct Documents {
    pools: Vec<StoredPool>,
    applied: BTreeMap<PoolLabel, Applied>,
    stored_applied: BTreeMap<PoolLabel, String>,
    unreadable: BTreeSet<PoolLabel>,
    misread: Vec<Failure>,
}

impl Documents {
    fn read(path: &str, parameters: Vec<Parameter>) -> Self {
        let mut documents = Self::default();
        for Parameter { name, value } in parameters {
            let rest = name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
            match rest.and_then(|rest| rest.rsplit_once('/')) {
                Some((label, "thresholds")) => {
                    documents.read_thresholds(&name, PoolLabel::from_text(label), &value);
                }
                Some((label, "applied")) => {
                    documents.read_applied(&name, PoolLabel::from_text(label), value);
                }
                Some(_) | None => {}
            }
        }
        documents
    }

    fn read_thresholds(&mut self, name: &str, label: PoolLabel, value: &str) {
        let why = match serde_json::from_str::<StoredPool>(value) {
            Ok(pool) if pool.pool.label() == label => return self.pools.push(pool),
            Ok(pool) => format!("it speaks of {}", pool.pool.label()),
            Err(error) => chain(&error),
        };
        self.misread.push(Failure {
            what: format!("parameter {name}"),
            alarms: Vec::new(),
            why: format!(
                "not understood: {why}; its alarms stay as they are; delete the parameter and run \
                 quota-calculator, which writes it anew"
            ),
        });
        self.unreadable.insert(label);
    }

    /// A memory that was lost costs only that an edited M of N cannot be told from an old default,
    /// so it is written anew.
    fn read_applied(&mut self, name: &str, label: PoolLabel, value: String) {
        match serde_json::from_str::<Applied>(&value) {
            Ok(applied) => {
                self.applied.insert(label.clone(), applied);
            }
            Err(error) => tracing::warn!(
                parameter.name = name,
                "{name} is not understood and written anew: {}",
                chain(&error)
            ),
        }
        self.stored_applied.insert(label, value);
    }
}
