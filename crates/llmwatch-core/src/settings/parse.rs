//! Text → settings, taking the safe value and noting the problem wherever the text is wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    CaseAutomation, InForce, IncreasePercent, Language, LowUsageAction, Mend, NotifyFrom,
    PoolSettings, SettingName, SettingProblem, Settings,
};
use crate::excerpt::excerpt;
use crate::pool::PoolLabel;

/// The longest free text taken, in characters: a case body holds 8000 in all.
const MAX_TEXT_CHARS: usize = 1000;

/// What `use-case`, `residency` and `modalities` hold when nothing is stated: a parameter cannot
/// be empty.
const NOT_STATED: &str = "none";

/// Reads the settings from their parameters' texts; a setting without a text is unset.
///
/// Every problem is returned. The value in force for a malformed setting is what holds when it is
/// unset; where the text may have meant "write nothing", nothing is written: a malformed
/// `case-automation` is dry-run, and a malformed `pool-overrides` turns `on` into dry-run for the
/// pools it may have spoken of.
#[must_use]
pub fn parse(texts: &BTreeMap<SettingName, String>) -> (Settings, Vec<SettingProblem>) {
    let mut general = PoolSettings::when_unset();
    let mut problems = Vec::new();
    for (&setting, text) in texts {
        if let Err(Refused { mend, in_force }) = apply(&mut general, setting, text) {
            let value = excerpt(text);
            problems.push(SettingProblem::Invalid { setting, within: None, value, mend, in_force });
        }
    }
    let mut settings = Settings { general, pools: BTreeMap::new() };
    if let Some(text) = texts.get(&SettingName::PoolOverrides) {
        read_overrides(&mut settings, text, &mut problems);
    }
    (settings, problems)
}

struct Refused {
    mend: Mend,
    in_force: InForce,
}

fn apply(settings: &mut PoolSettings, setting: SettingName, text: &str) -> Result<(), Refused> {
    let text = text.trim();
    match setting {
        SettingName::CaseAutomation => {
            settings.case_automation = CaseAutomation::DryRun;
            settings.case_automation = match text {
                "dry-run" => CaseAutomation::DryRun,
                "on" => CaseAutomation::On,
                "off" => CaseAutomation::Off,
                _ => return refuse(Mend::OneOf(&["dry-run", "on", "off"]), InForce::DryRun),
            };
        }
        SettingName::IncreasePercent => {
            settings.increase_percent =
                text.parse().ok().and_then(IncreasePercent::new).ok_or_else(|| {
                    refused(Mend::WholeNumber { from: 1, to: 1000 }, InForce::Usual)
                })?;
        }
        SettingName::NotifyFrom => {
            settings.notify_from = match text {
                "all" => NotifyFrom::All,
                "warning" => NotifyFrom::Warning,
                "critical" => NotifyFrom::Critical,
                _ => return refuse(Mend::OneOf(&["all", "warning", "critical"]), InForce::Usual),
            };
        }
        SettingName::LowUsageAction => {
            settings.low_usage_action = match text {
                "case" => LowUsageAction::Case,
                "mail" => LowUsageAction::Mail,
                _ => return refuse(Mend::OneOf(&["case", "mail"]), InForce::Usual),
            };
        }
        SettingName::UseCase => settings.use_case = stated(text)?,
        SettingName::Residency => settings.residency = stated(text)?,
        SettingName::Modalities => settings.modalities = stated(text)?,
        SettingName::Language => {
            settings.language = Language::parse(text)
                .ok_or_else(|| refused(Mend::OneOf(&["en", "ja"]), InForce::Usual))?;
        }
        // Read last, by `read_overrides`, because it builds on all the others.
        SettingName::PoolOverrides => {}
    }
    Ok(())
}

fn refused(mend: Mend, in_force: InForce) -> Refused {
    Refused { mend, in_force }
}

fn refuse<T>(mend: Mend, in_force: InForce) -> Result<T, Refused> {
    Err(refused(mend, in_force))
}

fn stated(text: &str) -> Result<Option<String>, Refused> {
    let printable = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.is_empty() || text.eq_ignore_ascii_case(NOT_STATED) {
        Ok(None)
    } else if text.chars().count() <= MAX_TEXT_CHARS && text.chars().all(printable) {
        Ok(Some(text.to_owned()))
    } else {
        let mend = Mend::PlainText { max_chars: MAX_TEXT_CHARS, or: NOT_STATED };
        refuse(mend, InForce::NotStated)
    }
}

fn read_overrides(settings: &mut Settings, text: &str, problems: &mut Vec<SettingProblem>) {
    let pools = match serde_json::from_str::<Value>(text.trim()) {
        Ok(Value::Object(pools)) => pools,
        Ok(_) | Err(_) if text.trim() == NOT_STATED => return,
        Ok(_) | Err(_) => {
            hold_back(&mut settings.general);
            problems.push(SettingProblem::Invalid {
                setting: SettingName::PoolOverrides,
                within: None,
                value: excerpt(text),
                mend: Mend::ByPool { example: "{\"global.m\":{\"language\":\"ja\"}}" },
                in_force: InForce::NoEffectsForAnyPool,
            });
            return;
        }
    };
    for (label, part) in pools {
        let mut pool = settings.general.clone();
        read_pool_part(&mut pool, &label, &part, problems);
        settings.pools.insert(PoolLabel::from_text(&label), pool);
    }
}

fn read_pool_part(
    pool: &mut PoolSettings,
    label: &str,
    part: &Value,
    problems: &mut Vec<SettingProblem>,
) {
    let label = excerpt(label);
    let mut note = |key: Option<&str>, value: &Value, Refused { mend, in_force }| {
        problems.push(SettingProblem::Invalid {
            setting: SettingName::PoolOverrides,
            within: Some(
                key.map_or_else(|| label.clone(), |key| format!("{label}: {}", excerpt(key))),
            ),
            value: excerpt(&value.to_string()),
            mend,
            in_force,
        });
    };
    let Value::Object(keys) = part else {
        hold_back(pool);
        note(None, part, refused(Mend::JsonObject, InForce::NoEffectsForThisPool));
        return;
    };
    for (key, value) in keys {
        let general_automation = pool.case_automation;
        let outcome = match Key::parse(key) {
            Some(Key::Setting(setting)) => match as_text(value) {
                Some(text) => apply(pool, setting, &text),
                None => refuse(Mend::TextOrNumber, InForce::NoEffectsForThisPool),
            },
            Some(Key::MinimumRpm) => positive(value).map(|minimum| pool.minimum_rpm = minimum),
            Some(Key::MinimumTpm) => positive(value).map(|minimum| pool.minimum_tpm = minimum),
            None => refuse(Mend::KnownName, InForce::NoEffectsForThisPool),
        };
        if let Err(mut refusal) = outcome {
            if matches!(Key::parse(key), Some(Key::Setting(SettingName::CaseAutomation))) {
                pool.case_automation = general_automation;
                refusal.in_force = InForce::NoEffectsForThisPool;
            }
            if refusal.in_force == InForce::NoEffectsForThisPool {
                hold_back(pool);
            }
            note(Some(key), value, refusal);
        }
    }
}

/// What a pool's part of `pool-overrides` may hold.
enum Key {
    Setting(SettingName),
    MinimumRpm,
    MinimumTpm,
}

impl Key {
    fn parse(key: &str) -> Option<Self> {
        match key {
            "minimum-rpm" => Some(Self::MinimumRpm),
            "minimum-tpm" => Some(Self::MinimumTpm),
            _ => SettingName::ALL
                .into_iter()
                .find(|name| name.word() == key && *name != SettingName::PoolOverrides)
                .map(Self::Setting),
        }
    }
}

fn positive(value: &Value) -> Result<f64, Refused> {
    value
        .as_f64()
        .filter(|minimum| *minimum > 0.0 && *minimum <= crate::quota::increase::MAX_QUOTA_VALUE)
        .ok_or_else(|| refused(Mend::AboveZero, InForce::Usual))
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Off stays off: only what would have been written is held back.
fn hold_back(settings: &mut PoolSettings) {
    if settings.case_automation == CaseAutomation::On {
        settings.case_automation = CaseAutomation::DryRun;
    }
}

#[cfg(test)]
mod tests;
