//! Parameters, environment variables and settings mean the same to template and code.

use std::collections::{BTreeMap, BTreeSet};

use llmwatch_core::alarm::tuning::{self, Tuning};
use llmwatch_core::ids::StackPrefix;
use llmwatch_core::quality::NAMESPACE;
use llmwatch_core::quality::alarm::tuning::{self as quality_tuning, QualityTuning};
use llmwatch_core::settings::{self, SettingName, Settings};
use serde_json::Value;

use crate::template::{Resource, TEXT, resources, section};

/// The longest value of a standard parameter in Parameter Store, in bytes.
const MAX_PARAMETER_BYTES: u64 = 4096;

fn parameters() -> impl Iterator<Item = (&'static str, &'static Value)> {
    section("Parameters").as_object().unwrap().iter().map(|(name, one)| (name.as_str(), one))
}

fn default_of(parameter: &str) -> String {
    match &section("Parameters")[parameter]["Default"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A setting's value where every parameter has its default.
fn untouched(setting: &Resource) -> String {
    let value = setting.text("Value");
    if section("Parameters")[value].is_object() { default_of(value) } else { value.to_owned() }
}

fn setting_name(setting: &Resource) -> &'static str {
    setting.text("Name").strip_prefix("/${Prefix}/settings/").unwrap()
}

#[test]
fn every_parameter_is_described_used_and_has_a_default() {
    for (name, definition) in parameters() {
        assert!(definition["Description"].is_string(), "{name} has no description");
        assert!(!definition["Default"].is_null(), "{name} has no default");
        let used = ["\n", ",", "]", " }"].map(|end| format!("!Ref {name}{end}"));
        let used =
            used.iter().any(|form| TEXT.contains(form)) || TEXT.contains(&format!("${{{name}}}"));
        assert!(used, "{name} is not used");
    }
}

#[test]
fn every_parameter_refuses_nonsense() {
    for (name, definition) in parameters() {
        let checked = ["AllowedValues", "AllowedPattern", "MinValue", "MaxLength"];
        assert!(checked.iter().any(|check| !definition[*check].is_null()), "{name}");
    }
}

#[test]
fn every_parameter_is_in_one_group_and_at_most_eight_need_thought() {
    let groups = section("Metadata")["AWS::CloudFormation::Interface"]["ParameterGroups"]
        .as_array()
        .unwrap();
    let members = |group: &'static Value| group["Parameters"].as_array().unwrap().iter();
    let grouped: Vec<&str> = groups.iter().flat_map(members).filter_map(Value::as_str).collect();
    let distinct: BTreeSet<&str> = grouped.iter().copied().collect();
    assert_eq!(distinct, parameters().map(|(name, _)| name).collect());
    assert_eq!(grouped.len(), distinct.len());
    let [thought @ .., quality, rare] = groups.as_slice() else { panic!("{groups:?}") };
    assert_eq!(rare["Label"]["default"], "Rarely changed");
    assert!(thought.iter().flat_map(members).count() <= 8);
    // Who does not want quality scored need not read on.
    assert_eq!(quality["Parameters"][0], "QualityScoring");
    assert_eq!(default_of("QualityScoring"), "off");
}

#[test]
fn every_setting_has_a_parameter_and_the_other_way_round() {
    let written: BTreeSet<&str> =
        resources("AWS::SSM::Parameter").iter().map(setting_name).collect();
    let mut read: BTreeSet<&str> = SettingName::ALL.iter().map(|one| one.word()).collect();
    read.extend([tuning::SETTING, quality_tuning::SETTING, "watched-models", "quality"]);
    assert_eq!(written, read);
}

#[test]
fn an_untouched_deployment_behaves_as_when_nothing_is_set() {
    let texts: BTreeMap<SettingName, String> = resources("AWS::SSM::Parameter")
        .iter()
        .filter_map(|one| {
            let name =
                SettingName::ALL.into_iter().find(|name| name.word() == setting_name(one))?;
            Some((name, untouched(one)))
        })
        .collect();
    let (settings, problems) = settings::parse(&texts);
    assert_eq!(problems, []);
    assert_eq!(settings, Settings::when_unset());
    assert_eq!(Tuning::parse(&default_of("AlarmTuning")).unwrap(), Tuning::default());
    let quality = QualityTuning::parse(&default_of("QualityTuning")).unwrap();
    assert_eq!(quality, QualityTuning::default());
    assert_eq!(default_of("QualityNamespace"), NAMESPACE);
}

#[test]
fn every_allowed_value_is_one_the_code_takes() {
    for setting in resources("AWS::SSM::Parameter") {
        let allowed = &section("Parameters")[setting.text("Value")]["AllowedValues"];
        let name = SettingName::ALL.into_iter().find(|one| one.word() == setting_name(&setting));
        for value in allowed.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let texts = BTreeMap::from([(name.unwrap(), value.to_owned())]);
            assert_eq!(settings::parse(&texts).1, [], "{} {value}", setting.id);
        }
    }
}

#[test]
fn no_setting_can_be_empty_or_too_long_for_parameter_store() {
    for setting in resources("AWS::SSM::Parameter") {
        // Made of several parameters, and looked at whole below.
        if setting.id == "QualitySetting" {
            continue;
        }
        assert!(!untouched(&setting).is_empty(), "{}", setting.id);
        let definition = &section("Parameters")[setting.text("Value")];
        let length = |name: &str| definition[name].as_u64();
        let bounded = definition.is_null()
            || definition["AllowedValues"].is_array()
            || definition["Type"] == "Number"
            || (length("MinLength") >= Some(1) && length("MaxLength") <= Some(MAX_PARAMETER_BYTES));
        assert!(bounded, "{}", setting.id);
    }
}

/// What the code takes of it is tested where it is read.
#[test]
fn the_quality_setting_is_json_of_every_parameter_and_fits() {
    let value = Resource::named("QualitySetting").property("Value").as_array().unwrap();
    assert_eq!(value[0], "HasJudge");
    for document in &value[1..] {
        let mut text = document.as_str().unwrap().to_owned();
        for (name, definition) in parameters() {
            let longest = definition["AllowedValues"].as_array().into_iter().flatten();
            let longest = longest.filter_map(Value::as_str).max_by_key(|one| one.len());
            let given = longest.map_or_else(|| "1".repeat(200), str::to_owned);
            let given = if definition["Type"] == "Number" { "1".to_owned() } else { given };
            text = text.replace(&format!("${{{name}}}"), &given);
        }
        assert!(!text.contains("${"), "{text}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["text"], "redacted", "the longest of the modes");
        assert!(u64::try_from(text.len()).unwrap() < MAX_PARAMETER_BYTES);
    }
    assert_eq!(default_of("RedactionMode"), "redacted");
    assert_eq!(default_of("QualityEvidence"), "embedded");
}

#[test]
fn the_prefix_default_is_one_the_code_takes() {
    assert!(StackPrefix::parse(&default_of("Prefix")).is_ok());
}

#[test]
fn every_function_gets_exactly_the_variables_it_reads() {
    let everywhere = &section("Globals")["Function"]["Environment"]["Variables"];
    let check = |function: &'static str, read: &[&str]| {
        let own = &Resource::named(function).property("Environment")["Variables"];
        let given: BTreeSet<&str> = [everywhere, own]
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(serde_json::Map::keys)
            .map(String::as_str)
            .collect();
        assert_eq!(given, read.iter().copied().collect(), "{function}");
    };
    check("QuotaCalculator", &quota_calculator::Config::VARIABLES);
    check("AlarmUpdater", &alarm_updater::Config::VARIABLES);
    check("NotificationProcessor", &notification_processor::Config::VARIABLES);
    check("AccountSetup", &account_setup::Config::VARIABLES);
    check("QualityScorer", &quality_scorer::Config::VARIABLES);
}
