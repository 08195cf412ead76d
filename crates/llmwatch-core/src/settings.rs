//! What the operator may change without a deploy, parsed from parameters.
//!
//! A malformed setting must not lose an alert, so parsing never fails: it takes the safe value and
//! hands back every problem at once, for the mail to show.

mod parse;
mod problem;

use std::collections::BTreeMap;

pub use parse::parse;
pub use problem::{InForce, Mend, SettingProblem};

use crate::alarm::Severity;
use crate::pool::PoolLabel;

/// One setting, that is one parameter `/{prefix}/settings/{word}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SettingName {
    /// `case-automation`
    CaseAutomation,
    /// `increase-percent`
    IncreasePercent,
    /// `notify-from`
    NotifyFrom,
    /// `low-usage-action`
    LowUsageAction,
    /// `use-case`
    UseCase,
    /// `residency`
    Residency,
    /// `modalities`
    Modalities,
    /// `language`
    Language,
    /// `pool-overrides`
    PoolOverrides,
}

impl SettingName {
    /// All nine settings; with a pool's thresholds they fill one `GetParameters` call of ten.
    pub const ALL: [Self; 9] = [
        Self::CaseAutomation,
        Self::IncreasePercent,
        Self::NotifyFrom,
        Self::LowUsageAction,
        Self::UseCase,
        Self::Residency,
        Self::Modalities,
        Self::Language,
        Self::PoolOverrides,
    ];

    /// The last part of the parameter's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::CaseAutomation => "case-automation",
            Self::IncreasePercent => "increase-percent",
            Self::NotifyFrom => "notify-from",
            Self::LowUsageAction => "low-usage-action",
            Self::UseCase => "use-case",
            Self::Residency => "residency",
            Self::Modalities => "modalities",
            Self::Language => "language",
            Self::PoolOverrides => "pool-overrides",
        }
    }
}

/// Whether llmwatch may request quotas and open or append to cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseAutomation {
    /// Nothing is written; the mail says what would have been done.
    DryRun,
    /// Requests and cases are made.
    On,
    /// Nothing is written and nothing is proposed.
    Off,
}

impl CaseAutomation {
    /// The setting's text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DryRun => "dry-run",
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// By how much a quota is raised at least: 1 to 1000 percent of its current value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IncreasePercent(u16);

impl IncreasePercent {
    /// What is asked for when the operator says nothing: a quarter more.
    pub const DEFAULT: Self = Self(25);

    /// Takes 1 to 1000; anything else is `None`.
    #[must_use]
    pub fn new(percent: u16) -> Option<Self> {
        (1..=1000).contains(&percent).then_some(Self(percent))
    }

    /// The percentage, 1 to 1000.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

/// The least severity that is mailed. A recovery has the severity of its alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyFrom {
    /// Everything.
    All,
    /// Warnings and anything worse.
    Warning,
    /// Critical only.
    Critical,
}

impl NotifyFrom {
    /// Whether mail of this severity goes out.
    #[must_use]
    pub fn admits(self, severity: Severity) -> bool {
        match self {
            Self::All => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Critical => severity >= Severity::Critical,
        }
    }
}

/// What happens when an alarm fired although usage is far below the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LowUsageAction {
    /// A Support case that asks to investigate first.
    Case,
    /// A mail only.
    Mail,
}

/// The language of mails and cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// The language by its ISO 639-1 code, which is also the setting's word.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// Its ISO 639-1 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

/// The settings in force for one pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolSettings {
    /// Whether anything may be written.
    pub case_automation: CaseAutomation,
    /// By how much a quota is raised at least.
    pub increase_percent: IncreasePercent,
    /// The least severity that is mailed.
    pub notify_from: NotifyFrom,
    /// What happens on low usage.
    pub low_usage_action: LowUsageAction,
    /// What the model is used for, in the operator's words; `None` when not stated.
    pub use_case: Option<String>,
    /// Where data must stay, in the operator's words; `None` when not stated.
    pub residency: Option<String>,
    /// Which modalities are sent and received, in the operator's words; `None` when not stated.
    pub modalities: Option<String>,
    /// The language of mails and cases.
    pub language: Language,
    /// Requests per minute asked for when a quota is 0 and AWS has no default, > 0.
    pub minimum_rpm: f64,
    /// Tokens per minute asked for when a quota is 0 and AWS has no default, > 0.
    pub minimum_tpm: f64,
}

impl PoolSettings {
    /// What holds where the operator has said nothing: dry-run, 25 %, every mail, English.
    ///
    /// The two minimums are ours: enough to try a model out, small enough to be granted.
    #[must_use]
    pub fn when_unset() -> Self {
        Self {
            case_automation: CaseAutomation::DryRun,
            increase_percent: IncreasePercent::DEFAULT,
            notify_from: NotifyFrom::All,
            low_usage_action: LowUsageAction::Case,
            use_case: None,
            residency: None,
            modalities: None,
            language: Language::En,
            minimum_rpm: 50.0,
            minimum_tpm: 100_000.0,
        }
    }
}

/// The settings of the stack, with what differs for single pools.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    general: PoolSettings,
    pools: BTreeMap<PoolLabel, PoolSettings>,
}

impl Settings {
    /// The settings when none could be read: those of [`PoolSettings::when_unset`] for every pool.
    #[must_use]
    pub fn when_unset() -> Self {
        Self { general: PoolSettings::when_unset(), pools: BTreeMap::new() }
    }

    /// The settings in force for one pool.
    #[must_use]
    pub fn for_pool(&self, pool: &PoolLabel) -> &PoolSettings {
        self.pools.get(pool).unwrap_or(&self.general)
    }
}
