//! The map and the names come from `test_data/quotas`; its `SOURCE.txt` says where they were read.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::ids::QuotaCode;
use crate::model_id::ModelId;

const NAMES: &str = include_str!("../../../test_data/quotas/quota_names.jsonl");
const MAP: &str = include_str!("../../../test_data/quotas/model_quota_map.jsonl");
const REST_OF_MAP: &str = include_str!("../../../test_data/quotas/model_quota_map_rest.jsonl");

fn rows(jsonl: &str) -> Vec<Value> {
    jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every known quota; names whose code is not known get a made-up one.
fn all_quotas() -> Vec<Quota> {
    rows(NAMES)
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let made_up = format!("L-F000{index:04X}");
            let code = row["quota_code"].as_str().unwrap_or(&made_up);
            quota(code, row["quota_name"].as_str().unwrap())
        })
        .collect()
}

fn quota(code: &str, name: &str) -> Quota {
    Quota {
        code: QuotaCode::parse(code).unwrap(),
        name: name.to_owned(),
        value: 1_000.0,
        adjustable: false,
        source: QuotaSource::Default,
        aws_default: Some(1_000.0),
    }
}

/// The pool of a row of the map: `base`, `custom` or a profile prefix in front of the model.
fn pool(endpoint: &str, model: &str) -> Pool {
    match endpoint {
        "base" => ModelId::parse(model).unwrap().pool().unwrap(),
        "custom" => Pool { scope: Scope::CustomDeployment, model: model.to_owned() },
        prefix => ModelId::parse(&format!("{prefix}.{model}")).unwrap().pool().unwrap(),
    }
}

fn disagreements(map: &str) -> Vec<String> {
    let quotas = all_quotas();
    let mut wrong = Vec::new();
    for row in rows(map) {
        let (endpoint, model) =
            (row["endpoint"].as_str().unwrap(), row["model_id"].as_str().unwrap());
        let found = quotas_of(&pool(endpoint, model), &quotas);
        for kind in QuotaKind::ALL {
            let key = kind.abbreviation().to_lowercase();
            let expected = row[&key]["code"].as_str();
            let actual = found.get(kind).map(|quota| quota.code.as_str());
            if expected != actual {
                wrong.push(format!(
                    "{endpoint} {model} {kind}: expected {expected:?}, found {:?}",
                    found.get(kind).map(|quota| &quota.name)
                ));
            }
        }
    }
    wrong
}

#[test]
fn every_row_of_the_map_finds_exactly_its_quotas() {
    let wrong = disagreements(MAP);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_further_row_finds_exactly_its_quotas() {
    let wrong = disagreements(REST_OF_MAP);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Models that the names speak of and the map leaves out: where, id, and which of RPM, TPM and TPD
/// they have. Ids as in AWS's model catalogue; those of Nova 2 Omni and of the Pro preview are
/// assumed.
const BEYOND_THE_MAP: &[(&str, &str, &str, &[QuotaKind])] = {
    use QuotaKind::{Rpm, Tpd, Tpm};
    &[
        ("us", "amazon.nova-2-omni-v1:0", "Amazon Nova 2 Omni", &[Rpm, Tpm]),
        ("global", "amazon.nova-2-omni-v1:0", "Amazon Nova 2 Omni", &[Rpm, Tpm, Tpd]),
        ("us", NOVA_2_PRO, "Amazon Nova 2 Pro Preview", &[Rpm, Tpm]),
        ("global", NOVA_2_PRO, "Amazon Nova 2 Pro Preview", &[Rpm, Tpm, Tpd]),
        ("us", "amazon.nova-premier-v1:0", "Amazon Nova Premier V1", &[Rpm, Tpm]),
        ("base", "amazon.nova-canvas-v1:0", "Amazon Nova Canvas", &[Rpm]),
        ("base", "amazon.titan-image-generator-v1", "Amazon Titan Image Generator G1", &[Rpm]),
        ("base", "amazon.titan-image-generator-v2:0", "Amazon Titan Image Generator G1 V2", &[Rpm]),
        ("base", "amazon.titan-text-express-v1", "Amazon Titan Text Express", &[Rpm]),
        ("base", "amazon.titan-text-premier-v1:0", "Amazon Titan Text Premier", &[Rpm]),
        ("us", "anthropic.claude-3-opus-20240229-v1:0", "Anthropic Claude 3 Opus", &[Rpm, Tpm]),
        ("base", "anthropic.claude-3-opus-20240229-v1:0", "Anthropic Claude 3 Opus", &[Rpm]),
        ("us", CLAUDE_3_5_HAIKU, "Anthropic Claude 3.5 Haiku", &[Rpm, Tpm]),
        ("base", CLAUDE_3_5_HAIKU, "Anthropic Claude 3.5 Haiku", &[Rpm]),
        ("base", CLAUDE_3_5_SONNET_V2, "Anthropic Claude 3.5 Sonnet V2", &[Rpm, Tpd]),
        ("us", "anthropic.claude-opus-4-20250514-v1:0", "Anthropic Claude Opus 4 V1", &[Rpm, Tpm]),
        ("us", "anthropic.claude-opus-4-1-20250805-v1:0", "Anthropic Claude Opus 4.1", &[Rpm, Tpm]),
        ("us", CLAUDE_SONNET_4, "Anthropic Claude Sonnet 4 V1", &[Rpm, Tpm]),
        ("global", CLAUDE_SONNET_4, "Anthropic Claude Sonnet 4 V1", &[Rpm, Tpm, Tpd]),
        ("base", "cohere.command-r-v1:0", "Cohere Command R", &[Rpm]),
        ("base", "cohere.command-r-plus-v1:0", "Cohere Command R Plus", &[Rpm]),
        ("us", "meta.llama3-1-405b-instruct-v1:0", "Meta Llama 3.1 405B Instruct", &[Rpm, Tpm]),
        ("base", "meta.llama3-1-405b-instruct-v1:0", "Meta Llama 3.1 405B Instruct", &[Rpm]),
        ("us", "meta.llama3-2-1b-instruct-v1:0", "Meta Llama 3.2 1B Instruct", &[Rpm, Tpm]),
        ("us", "meta.llama3-2-3b-instruct-v1:0", "Meta Llama 3.2 3B Instruct", &[Rpm, Tpm]),
        ("base", "meta.llama3-2-11b-instruct-v1:0", "Meta Llama 3.2 11B Instruct", &[Rpm]),
    ]
};
const NOVA_2_PRO: &str = "amazon.nova-2-pro-preview-20251202-v1:0";
const CLAUDE_3_5_HAIKU: &str = "anthropic.claude-3-5-haiku-20241022-v1:0";
const CLAUDE_3_5_SONNET: &str = "anthropic.claude-3-5-sonnet-20240620-v1:0";
const CLAUDE_3_5_SONNET_V2: &str = "anthropic.claude-3-5-sonnet-20241022-v2:0";
const CLAUDE_SONNET_4: &str = "anthropic.claude-sonnet-4-20250514-v1:0";

#[test]
fn models_beyond_the_map_find_the_quotas_named_after_them() {
    let quotas = all_quotas();
    for (endpoint, model, name, kinds) in BEYOND_THE_MAP {
        let found = quotas_of(&pool(endpoint, model), &quotas);
        for kind in QuotaKind::ALL {
            let quota = found.get(kind).map(|quota| quota.name.as_str());
            assert_eq!(
                quota.is_some(),
                kinds.contains(&kind),
                "{endpoint} {model} {kind}: {quota:?}"
            );
            let is_named_after_it = quota.is_none_or(|quota| {
                let quota = quota.trim_end_matches(" (doubled for cross-region calls)");
                quota.ends_with(&format!(" for {name}"))
            });
            assert!(is_named_after_it, "{endpoint} {model} {kind}: {quota:?}");
        }
    }
}

fn every_known_model() -> BTreeSet<String> {
    let in_maps = [MAP, REST_OF_MAP]
        .into_iter()
        .flat_map(rows)
        .map(|row| row["model_id"].as_str().unwrap().to_owned());
    in_maps.chain(BEYOND_THE_MAP.iter().map(|(_, model, ..)| (*model).to_owned())).collect()
}

/// For each code, the models that take it in any scope; a context suffix makes no other model.
fn takers() -> BTreeMap<QuotaCode, BTreeSet<String>> {
    let quotas = all_quotas();
    let mut takers: BTreeMap<QuotaCode, BTreeSet<String>> = BTreeMap::new();
    for model in every_known_model() {
        for scope in Scope::ALL {
            let found = quotas_of(&Pool { scope, model: model.clone() }, &quotas);
            for quota in QuotaKind::ALL.into_iter().filter_map(|kind| found.get(kind)) {
                let stem = FoundationModel::parse(&model).unwrap().stem();
                takers.entry(quota.code.clone()).or_default().insert(stem);
            }
        }
    }
    takers
}

#[test]
fn every_plain_throughput_quota_belongs_to_exactly_one_model() {
    let takers = takers();
    let twins = ["amazon.titan-embed-g1-text-02", "amazon.titan-embed-text-v1"];
    for quota in all_quotas() {
        let is_plain_throughput = matches!(
            QuotaName::parse(&quota.name),
            QuotaName::Throughput { variant: Variant::Plain, .. }
        );
        let models: Vec<&str> =
            takers.get(&quota.code).into_iter().flatten().map(String::as_str).collect();
        if is_plain_throughput {
            assert!(models.len() == 1 || models == twins, "{}: {models:?}", quota.name);
        } else {
            assert!(models.is_empty(), "{}: {models:?}", quota.name);
        }
    }
}

#[track_caller]
fn check(endpoint: &str, model: &str, names: &[&str], expected: Option<&str>) {
    let quotas: Vec<Quota> = names
        .iter()
        .enumerate()
        .map(|(index, name)| quota(&format!("L-0000{index:04X}"), name))
        .collect();
    let found = quotas_of(&pool(endpoint, model), &quotas);
    assert_eq!(found.tpm.map(|quota| quota.name).as_deref(), expected, "{endpoint} {model}");
}

fn cross_region_tpm(model: &str) -> String {
    format!("Cross-region model inference tokens per minute for {model}")
}

fn on_demand_tpm(model: &str) -> String {
    format!("On-demand model inference tokens per minute for {model}")
}

#[track_caller]
fn check_rejected(model: &str, quota_model: &str) {
    check("us", model, &[&cross_region_tpm(quota_model)], None);
    check("base", model, &[&on_demand_tpm(quota_model)], None);
}

#[track_caller]
fn check_taken(model: &str, quota_model: &str) {
    let (cross_region, on_demand) = (cross_region_tpm(quota_model), on_demand_tpm(quota_model));
    check("us", model, &[&cross_region], Some(&cross_region));
    check("base", model, &[&on_demand], Some(&on_demand));
}

#[test]
fn c1_apac_profiles_take_cross_region_quotas() {
    let name = cross_region_tpm("Amazon Nova Lite");
    check(
        "apac",
        "amazon.nova-lite-v1:0",
        &[&name, &on_demand_tpm("Amazon Nova Lite")],
        Some(&name),
    );
}

#[test]
fn c2_us_gov_profiles_take_cross_region_quotas() {
    let name = cross_region_tpm("Anthropic Claude 3 Haiku");
    check("us-gov", "anthropic.claude-3-haiku-20240307-v1:0", &[&name], Some(&name));
}

#[test]
fn b12_a_mantle_quota_is_no_quota_of_the_runtime_endpoint() {
    let mantle = "[bedrock-mantle endpoint] Input tokens per minute for Claude Opus 4.8";
    let runtime = cross_region_tpm("Anthropic Claude Opus 4.8");
    check("us", "anthropic.claude-opus-4-8", &[mantle], None);
    check("us", "anthropic.claude-opus-4-8", &[mantle, &runtime], Some(&runtime));
}

#[test]
fn c3_llama_1b_is_not_11b() {
    check_rejected("meta.llama3-2-1b-instruct-v1:0", "Meta Llama 3.2 11B Instruct");
    check_rejected("meta.llama3-2-11b-instruct-v1:0", "Meta Llama 3.2 1B Instruct");
    check_taken("meta.llama3-2-11b-instruct-v1:0", "Meta Llama 3.2 11B Instruct");
}

#[test]
fn c4_claude_3_5_sonnet_is_not_its_v2() {
    check_rejected(CLAUDE_3_5_SONNET, "Anthropic Claude 3.5 Sonnet V2");
    check_rejected(CLAUDE_3_5_SONNET_V2, "Anthropic Claude 3.5 Sonnet");
    check_taken(CLAUDE_3_5_SONNET, "Anthropic Claude 3.5 Sonnet V1");
    check_taken(CLAUDE_3_5_SONNET_V2, "Anthropic Claude 3.5 Sonnet V2");
}

#[test]
fn c5_nova_lite_is_not_nova_2_lite() {
    check_rejected("amazon.nova-lite-v1:0", "Amazon Nova 2 Lite");
    check_rejected("amazon.nova-2-lite-v1:0", "Amazon Nova Lite");
    check_rejected("amazon.nova-lite-v2:0", "Amazon Nova 2 Lite");
}

#[test]
fn c6_command_r_is_not_command_r_plus() {
    check_rejected("cohere.command-r-v1:0", "Cohere Command R Plus");
    check_rejected("cohere.command-r-v1:0", "Cohere Command Light");
    check_rejected("cohere.command-r-plus-v1:0", "Cohere Command R");
    check_taken("cohere.command-r-plus-v1:0", "Cohere Command R+");
}

#[test]
fn c7_a_longer_context_has_a_quota_of_its_own() {
    check_rejected(CLAUDE_SONNET_4, "Anthropic Claude Sonnet 4 V1 1M Context Length");
    check_rejected(CLAUDE_SONNET_4, "Anthropic Claude Sonnet 4.5 V1");
    check_taken(CLAUDE_SONNET_4, "Anthropic Claude Sonnet 4 V1");
}

#[test]
fn c8_mistral_large_is_found_under_its_doubled_name() {
    check_taken("mistral.mistral-large-2402-v1:0", "Mistral AI Mistral Large");
    check_taken("mistral.mistral-large-2402-v1:0", "Mistral Large");
    check_rejected("mistral.mistral-large-2402-v1:0", "Mistral Large 2407");
    check_rejected("mistral.mistral-large-2407-v1:0", "Mistral Large");
    check_rejected("mistral.mistral-large-3-675b-instruct", "Mistral Large");
}

#[test]
fn c9_a_three_letter_provider_is_matched_like_any_other() {
    check_taken("zai.glm-4.7", "Z.ai GLM-4.7");
    check_rejected("zai.glm-4.7", "Z.ai GLM-4.7 Flash");
    check_taken("xai.grok-4.6", "Grok 4.6");
}

#[test]
fn latency_optimized_and_custom_quotas_are_not_the_models_own() {
    check(
        "base",
        "amazon.nova-pro-v1:0",
        &["On-demand, latency-optimized model inference tokens per minute for Amazon Nova Pro V1"],
        None,
    );
    let custom = "(Model customization) Sum of on demand custom model deployment tokens per minute \
                  for Amazon Nova Pro";
    check("base", "amazon.nova-pro-v1:0", &[custom], None);
    check("custom", "amazon.nova-pro-v1:0:300k", &[custom], Some(custom));
}

#[test]
fn another_vendors_model_of_the_same_name_is_refused() {
    check_rejected("amazon.nova-lite-v1:0", "Meta Nova Lite");
    check_rejected("meta.llama3-8b-instruct-v1:0", "Qwen3 8B");
}

#[test]
fn a_trailing_dot_and_any_case_are_read() {
    check_taken("anthropic.claude-sonnet-4-5-20250929-v1:0", "Anthropic Claude Sonnet 4.5.");
    check_taken("minimax.minimax-m2", "MiniMax M2");
    check_rejected("minimax.minimax-m2", "Minimax M2.1");
}

#[test]
fn a_model_not_yet_released_is_matched_by_structure() {
    check_taken("anthropic.claude-haiku-7-2-20280101-v1:0", "Anthropic Claude Haiku 7.2");
    check_rejected("anthropic.claude-haiku-7-2-20280101-v1:0", "Anthropic Claude Haiku 7");
    check_taken("newvendor.thinker-3-70b-instruct-v1:0", "NewVendor Labs Thinker 3 70B V1");
}

#[test]
fn a_tie_takes_neither_and_names_both() {
    let (one, other) = (on_demand_tpm("Amazon Nova Lite"), on_demand_tpm("Amazon Nova Lite V1"));
    let quotas = [quota("L-00000001", &one), quota("L-00000002", &other)];
    let found = quotas_of(&pool("base", "amazon.nova-lite-v1:0"), &quotas);
    assert_eq!(found.tpm, None);
    let tie = found.reasons.iter().find(|reason| matches!(reason, Reason::Tie { .. })).unwrap();
    insta::assert_snapshot!(tie, @"several tokens per minute quotas fit this model equally well, so none was taken: L-00000001 On-demand model inference tokens per minute for Amazon Nova Lite; L-00000002 On-demand model inference tokens per minute for Amazon Nova Lite V1");
}

#[test]
fn the_same_quota_listed_twice_is_no_tie() {
    let name = on_demand_tpm("Amazon Nova Lite");
    let quotas = [quota("L-00000001", &name), quota("L-00000001", &name)];
    assert!(quotas_of(&pool("base", "amazon.nova-lite-v1:0"), &quotas).tpm.is_some());
}

#[test]
fn a_name_that_states_more_is_preferred() {
    let (sized, unsized_name) = (on_demand_tpm("Devstral 2 123B"), on_demand_tpm("Devstral 2"));
    check("base", "mistral.devstral-2-123b", &[&unsized_name, &sized], Some(&sized));
    check("base", "mistral.devstral-2-123b", &[&unsized_name], Some(&unsized_name));
}

#[test]
fn a_missing_kind_is_told_only_when_there_is_none_at_all() {
    let model = "anthropic.claude-opus-5";
    let some = [quota("L-00000001", &on_demand_tpm("Anthropic Claude Opus 5"))];
    assert!(quotas_of(&pool("base", model), &some).notes().is_empty());
    insta::assert_snapshot!(quotas_of(&pool("base", model), &[]).notes().join("\n"), @r"
    Service Quotas lists no requests per minute quota for this model and scope
    Service Quotas lists no tokens per minute quota for this model and scope
    ");
}

#[test]
fn the_daily_quota_is_doubled_across_regions_only() {
    let name = "Model invocation max tokens per day for Amazon Nova Pro (doubled for cross-region \
                calls)";
    let quotas = [quota("L-D690997B", name)];
    let model = "amazon.nova-pro-v1:0";
    let value = |endpoint| quotas_of(&pool(endpoint, model), &quotas).tpd.map(|tpd| tpd.value);
    assert_eq!(value("base"), Some(1_000.0));
    assert_eq!(value("eu"), Some(2_000.0));
    assert_eq!(value("global"), None);
}

#[test]
fn a_raised_tpm_puts_the_daily_quota_in_doubt() {
    let daily =
        "Model invocation max tokens per day for GPT-6 Sol (doubled for cross-region calls)";
    let mut raised = quota("L-00000001", &cross_region_tpm("GPT-6 Sol"));
    raised.source = QuotaSource::Applied;
    raised.value = 2_000.0;
    let found = quotas_of(&pool("us", "openai.gpt-6-sol"), &[raised, quota("L-00000002", daily)]);
    assert!(found.tpd.is_some());
    assert!(found.reasons.contains(&Reason::DailyMayNotApply));
}

#[test]
fn a_dedicated_pool_shares_no_quota_and_misses_none() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl";
    let dedicated = Pool { scope: Scope::Dedicated, model: arn.to_owned() };
    assert_eq!(quotas_of(&dedicated, &all_quotas()), PoolQuotas::default());
}

#[test]
fn a_way_out_is_another_scope_with_an_adjustable_tpm() {
    let mut cross_region = quota("L-00000001", &cross_region_tpm("Amazon Nova Lite"));
    cross_region.adjustable = true;
    let quotas = [cross_region, quota("L-00000002", &on_demand_tpm("Amazon Nova Lite"))];
    let elsewhere =
        |endpoint| adjustable_elsewhere(&pool(endpoint, "amazon.nova-lite-v1:0"), &quotas);
    assert_eq!(elsewhere("base"), [Scope::CrossRegion]);
    assert_eq!(elsewhere("us"), []);
    assert_eq!(elsewhere("global"), [Scope::CrossRegion]);
    assert_eq!(elsewhere("custom"), []);
}

proptest! {
    #[test]
    fn any_names_are_compared(provider in "[a-z0-9]{0,9}", id in ".*", name in ".*") {
        let _ = ModelName::of_id(&provider, &id).agreement(&ModelName::of_quota(&provider, &name));
    }

    #[test]
    fn a_regular_name_is_recognised_with_and_without_its_vendor(
        provider in "[c-h][a-h]{3,8}", family in "[i-u][i-u]{2,8}",
        major in 2_u32..20, minor in 1_u32..10, size in 1_u32..700,
    ) {
        let id = format!("{provider}.{family}-{major}-{minor}-{size}b-instruct-v1:0");
        let name = format!("{family} {major}.{minor} {size}B Instruct");
        check_taken(&id, &name);
        check_taken(&id, &format!("{provider} AI {name} V1"));
        check_rejected(&id, &format!("{family} {major} {size}B Instruct"));
        check_rejected(&id, &format!("{family} {major}.{minor} 1{size}B Instruct"));
        check_rejected(&id, &format!("{name} V2"));
    }
}
