use super::*;

fn read(texts: &[(SettingName, &str)]) -> (Settings, Vec<String>) {
    let texts = texts.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    let (settings, problems) = parse(&texts);
    (settings, problems.iter().map(ToString::to_string).collect())
}

fn pool(label: &str) -> PoolLabel {
    PoolLabel::from_text(label)
}

/// One malformed setting: the problem's text, and the settings in force.
#[track_caller]
fn check(setting: SettingName, text: &str, expected: &str) {
    let (settings, problems) = read(&[(setting, text)]);
    assert_eq!(problems, [expected]);
    assert_eq!(*settings.for_pool(&pool("any")), PoolSettings::when_unset());
}

#[test]
fn nothing_set_is_dry_run_and_no_problem() {
    let (settings, problems) = read(&[]);
    assert!(problems.is_empty());
    assert_eq!(settings.for_pool(&pool("any")).case_automation, CaseAutomation::DryRun);
}

#[test]
fn every_setting_is_read() {
    let (settings, problems) = read(&[
        (SettingName::CaseAutomation, "on"),
        (SettingName::IncreasePercent, " 50\n"),
        (SettingName::NotifyFrom, "critical"),
        (SettingName::LowUsageAction, "mail"),
        (SettingName::UseCase, "answers customers' questions"),
        (SettingName::Residency, "none"),
        (SettingName::Modalities, "text in, text out"),
        (SettingName::Language, "ja"),
        (SettingName::PoolOverrides, "{}"),
    ]);
    assert_eq!(problems, [""; 0]);
    let expected = PoolSettings {
        case_automation: CaseAutomation::On,
        increase_percent: IncreasePercent::new(50).unwrap(),
        notify_from: NotifyFrom::Critical,
        low_usage_action: LowUsageAction::Mail,
        use_case: Some("answers customers' questions".into()),
        residency: None,
        modalities: Some("text in, text out".into()),
        language: Language::Ja,
        ..PoolSettings::when_unset()
    };
    assert_eq!(*settings.for_pool(&pool("any")), expected);
}

#[test]
fn a_malformed_setting_names_itself_and_the_mend() {
    check(
        SettingName::CaseAutomation,
        "yes",
        "setting case-automation: \"yes\" must be dry-run, on or off; meanwhile dry-run holds",
    );
    for percent in ["0", "1001", "-5", "25%", ""] {
        check(
            SettingName::IncreasePercent,
            percent,
            &format!(
                "setting increase-percent: {percent:?} must be a whole number from 1 to 1000; \
                 meanwhile the usual value holds"
            ),
        );
    }
    check(
        SettingName::NotifyFrom,
        "Critical",
        "setting notify-from: \"Critical\" must be all, warning or critical; \
         meanwhile the usual value holds",
    );
    check(
        SettingName::LowUsageAction,
        "both",
        "setting low-usage-action: \"both\" must be case or mail; meanwhile the usual value holds",
    );
    check(
        SettingName::Language,
        "fr",
        "setting language: \"fr\" must be en or ja; meanwhile the usual value holds",
    );
    check(
        SettingName::Residency,
        "EU\u{0}",
        "setting residency: \"EU\\0\" must be plain text of at most 1000 characters, or none; \
         meanwhile it is not stated",
    );
}

#[test]
fn all_problems_are_reported_at_once() {
    let (_, problems) = read(&[
        (SettingName::CaseAutomation, "?"),
        (SettingName::Language, "?"),
        (SettingName::PoolOverrides, "?"),
    ]);
    assert_eq!(problems.len(), 3);
}

#[test]
fn a_problem_names_its_parameter() {
    let texts = BTreeMap::from([(SettingName::Language, "fr".to_owned())]);
    let (_, problems) = parse(&texts);
    let prefix = crate::ids::StackPrefix::parse("llmwatch").unwrap();
    assert_eq!(problems[0].parameter(&prefix).as_deref(), Some("/llmwatch/settings/language"));
}

#[test]
fn a_pool_takes_its_overrides_and_the_rest_from_the_stack() {
    let (settings, problems) = read(&[
        (SettingName::CaseAutomation, "on"),
        (SettingName::NotifyFrom, "critical"),
        (
            SettingName::PoolOverrides,
            r#"{"global.m":{"case-automation":"off","increase-percent":100,"minimum-tpm":5000}}"#,
        ),
    ]);
    assert_eq!(problems, [""; 0]);
    let overridden = settings.for_pool(&pool("global.m"));
    assert_eq!(overridden.case_automation, CaseAutomation::Off);
    assert_eq!(overridden.increase_percent.get(), 100);
    assert_eq!(overridden.minimum_tpm, 5000.0);
    assert_eq!(overridden.notify_from, NotifyFrom::Critical);
    assert_eq!(settings.for_pool(&pool("global.n")).case_automation, CaseAutomation::On);
}

/// Overrides over `case-automation: on`: what holds for `global.m` and for another pool.
#[track_caller]
fn check_overrides(text: &str, own: CaseAutomation, others: CaseAutomation, problem: &str) {
    let (settings, problems) =
        read(&[(SettingName::CaseAutomation, "on"), (SettingName::PoolOverrides, text)]);
    assert_eq!(problems, [problem]);
    assert_eq!(settings.for_pool(&pool("global.m")).case_automation, own);
    assert_eq!(settings.for_pool(&pool("global.n")).case_automation, others);
}

#[test]
fn malformed_overrides_hold_back_the_pools_they_may_speak_of() {
    use CaseAutomation::{DryRun, On};
    check_overrides(
        "{",
        DryRun,
        DryRun,
        "setting pool-overrides: \"{\" must be a JSON object by pool label, for example \
         {\"global.m\":{\"language\":\"ja\"}}; meanwhile no request or case is made for any pool",
    );
    check_overrides(
        r#"{"global.m":"off"}"#,
        DryRun,
        On,
        "setting pool-overrides (global.m): \"\\\"off\\\"\" must be a JSON object of settings; \
         meanwhile no request or case is made for this pool",
    );
    check_overrides(
        r#"{"global.m":{"case-automation":"of"}}"#,
        DryRun,
        On,
        "setting pool-overrides (global.m: case-automation): \"\\\"of\\\"\" must be dry-run, on or \
         off; meanwhile no request or case is made for this pool",
    );
    check_overrides(
        r#"{"global.m":{"caseautomation":"off"}}"#,
        DryRun,
        On,
        "setting pool-overrides (global.m: caseautomation): \"\\\"off\\\"\" must be under the name \
         of a setting, minimum-rpm or minimum-tpm; meanwhile no request or case is made for this \
         pool",
    );
    check_overrides(
        r#"{"global.m":{"language":"fr"}}"#,
        On,
        On,
        "setting pool-overrides (global.m: language): \"\\\"fr\\\"\" must be en or ja; \
         meanwhile the usual value holds",
    );
    check_overrides(
        r#"{"global.m":{"minimum-rpm":0}}"#,
        On,
        On,
        "setting pool-overrides (global.m: minimum-rpm): \"0\" must be a number above 0; \
         meanwhile the usual value holds",
    );
}

#[test]
fn off_stays_off_when_overrides_are_malformed() {
    let (settings, _) =
        read(&[(SettingName::CaseAutomation, "off"), (SettingName::PoolOverrides, "{")]);
    assert_eq!(settings.for_pool(&pool("global.m")).case_automation, CaseAutomation::Off);
}

#[test]
fn a_long_value_is_shortened_in_its_problem() {
    let (_, problems) = read(&[(SettingName::Language, &"é".repeat(500))]);
    assert!(problems[0].contains(&format!("{}…", "é".repeat(80))));
    assert!(!problems[0].contains(&"é".repeat(81)));
}
