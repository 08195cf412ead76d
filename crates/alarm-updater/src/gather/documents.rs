//! What Parameter Store holds of pools and of series, sorted out.

use std::collections::{BTreeMap, BTreeSet};

use llmwatch_aws::chain;
use llmwatch_aws::parameters::Parameter;
use llmwatch_core::alarm::AlarmKind;
use llmwatch_core::alarm::name::{AlarmName, ComponentAlarm, Owner};
use llmwatch_core::alarm::plan::Applied;
use llmwatch_core::component::InferenceComponent;
use llmwatch_core::pool::{Pool, PoolLabel};
use llmwatch_core::price::Prices;
use llmwatch_core::quality::series::{SeriesLabel, StoredSeries};
use llmwatch_core::stored::StoredPool;

use crate::report::Failure;

/// What is known of prices.
#[derive(Debug, PartialEq)]
pub(super) enum Priced {
    /// What the setting says.
    As(Prices),
    /// Nothing: the setting makes no sense.
    Misread,
}

impl Priced {
    /// The prices known.
    pub(super) fn known(self) -> Prices {
        match self {
            Self::As(prices) => prices,
            Self::Misread => Prices::default(),
        }
    }
}

/// The documents that were understood, and what became of the others.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) pools: Vec<StoredPool>,
    pub(super) series: Vec<StoredSeries>,
    pub(super) stored_series: BTreeMap<SeriesLabel, String>,
    pub(super) applied: BTreeMap<Owner, Applied>,
    pub(super) stored_applied: BTreeMap<Owner, String>,
    pub(super) unreadable: BTreeSet<Owner>,
    pub(super) misread: Vec<Failure>,
}

impl Documents {
    /// The parameters below the pools' path.
    pub(super) fn read_pools(&mut self, path: &str, parameters: Vec<Parameter>) {
        for Parameter { name, value } in parameters {
            match parts(path, &name) {
                Some((label, "thresholds")) => {
                    self.read_thresholds(&name, PoolLabel::from_text(label), &value);
                }
                Some((label, "applied")) => {
                    self.read_applied(&name, Owner::Pool(PoolLabel::from_text(label)), value);
                }
                Some(_) | None => {}
            }
        }
    }

    /// The parameters below the path of quality.
    pub(super) fn read_quality(&mut self, path: &str, parameters: Vec<Parameter>) {
        for Parameter { name, value } in parameters {
            match parts(path, &name) {
                Some((label, "series")) => {
                    self.read_series(&name, SeriesLabel::from_text(label), value);
                }
                Some((label, "applied")) => {
                    self.read_applied(&name, Owner::Series(SeriesLabel::from_text(label)), value);
                }
                Some(_) | None => {}
            }
        }
    }

    /// The parameters below the path of inference components.
    pub(super) fn read_components(&mut self, path: &str, parameters: Vec<Parameter>) {
        for Parameter { name, value } in parameters {
            let Some((label, "applied")) = parts(path, &name) else { continue };
            let component = InferenceComponent::of_label(label);
            if let Some(owner) = component.map(Owner::Component) {
                self.read_applied(&name, owner, value);
            }
        }
    }

    /// The prices and budgets; while the setting makes no sense, which stops no alarm, no price is
    /// known and the budgets last applied hold.
    pub(super) fn read_prices(&mut self, text: &str) -> Priced {
        match Prices::parse(text) {
            Ok(prices) => Priced::As(prices),
            Err(error) => {
                self.misread.push(Failure {
                    what: "the prices".to_owned(),
                    alarms: Vec::new(),
                    why: format!(
                        "{error}; no cost is shown or published meanwhile, and budgets stay as they \
                         were"
                    ),
                });
                Priced::Misread
            }
        }
    }

    /// What a pool may cost in an hour.
    pub(super) fn budget(&self, pool: &Pool, priced: &Priced) -> Option<f64> {
        match priced {
            Priced::As(prices) => prices.budget_of(pool),
            Priced::Misread => {
                let applied = self.applied.get(&Owner::Pool(pool.label()))?;
                applied.of(&AlarmName::Child(AlarmKind::HighHourlyCost, pool.label()))?.threshold
            }
        }
    }

    /// What an inference component may cost in an hour.
    pub(super) fn budget_of_component(
        &self,
        component: &InferenceComponent,
        priced: &Priced,
    ) -> Option<f64> {
        let kind = AlarmKind::HighHourlyCost;
        match priced {
            Priced::As(prices) => prices.budget_of_component(component),
            Priced::Misread => {
                let applied = self.applied.get(&Owner::Component(component.clone()))?;
                let alarm = ComponentAlarm { kind, component: component.clone() };
                applied.of(&AlarmName::Component(alarm))?.threshold
            }
        }
    }

    fn read_thresholds(&mut self, name: &str, label: PoolLabel, value: &str) {
        let why = match serde_json::from_str::<StoredPool>(value) {
            Ok(pool) if pool.pool.label() == label => return self.pools.push(pool),
            Ok(pool) => format!("it speaks of {}", pool.pool.label()),
            Err(error) => chain(&error),
        };
        let mend = "delete the parameter and run quota-calculator, which writes it anew";
        self.misunderstood(name, Owner::Pool(label), &why, mend);
    }

    fn read_series(&mut self, name: &str, label: SeriesLabel, value: String) {
        let why = match serde_json::from_str::<StoredSeries>(&value) {
            Ok(stored) if stored.series.label() == label => {
                self.series.push(stored);
                self.stored_series.insert(label, value);
                return;
            }
            Ok(stored) => format!("it speaks of {}", stored.series.label()),
            Err(error) => chain(&error),
        };
        let mend = "delete the parameter; the next run writes it anew if the model is still called";
        self.misunderstood(name, Owner::Series(label), &why, mend);
    }

    fn misunderstood(&mut self, name: &str, owner: Owner, why: &str, mend: &str) {
        self.misread.push(Failure {
            what: format!("parameter {name}"),
            alarms: Vec::new(),
            why: format!("not understood: {why}; its alarms stay as they are; {mend}"),
        });
        self.unreadable.insert(owner);
    }

    /// A memory that was lost costs only that an edited M of N cannot be told from an old default,
    /// so it is written anew.
    fn read_applied(&mut self, name: &str, owner: Owner, value: String) {
        match serde_json::from_str::<Applied>(&value) {
            Ok(applied) => {
                self.applied.insert(owner.clone(), applied);
            }
            Err(error) => tracing::warn!(
                parameter.name = name,
                "{name} is not understood and written anew: {}",
                chain(&error)
            ),
        }
        self.stored_applied.insert(owner, value);
    }
}

/// The label and the last part of a parameter's name below a path.
fn parts<'a>(path: &str, name: &'a str) -> Option<(&'a str, &'a str)> {
    name.strip_prefix(path)?.strip_prefix('/')?.rsplit_once('/')
}
