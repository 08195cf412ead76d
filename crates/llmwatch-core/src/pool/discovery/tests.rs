use proptest::prelude::*;

use super::profile::ProfileKind;
use super::*;

const NOVA: &str = "amazon.nova-lite-v1:0";
const APPLICATION: &str = "a1b2c3d4e5f6";
const APPLICATION_ARN: &str =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";
const DEPLOYMENT: &str =
    "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl";

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn listed(ids: &[&str]) -> Vec<ListedSeries> {
    ids.iter().map(|id| ListedSeries { model_id: (*id).to_owned(), last_seen: None }).collect()
}

fn known(scope: Scope, model: &str, series: &[&str], last_seen: Timestamp) -> StoredPool {
    StoredPool {
        pool: Pool { scope, model: model.to_owned() },
        series: series.iter().map(|&series| series.to_owned()).collect(),
        quotas: Vec::new(),
        adjustable_elsewhere: Vec::new(),
        notes: Vec::new(),
        last_seen,
        calculated_at: last_seen,
    }
}

fn nova_profile(id: &str, kind: ProfileKind) -> InferenceProfile {
    InferenceProfile {
        id: id.to_owned(),
        arn: format!("arn:aws:bedrock:us-east-1:123456789012:any/{id}"),
        kind,
        model_arns: ["us-east-1", "us-west-2"]
            .map(|region| format!("arn:aws:bedrock:{region}::foundation-model/{NOVA}"))
            .to_vec(),
    }
}

fn nothing() -> Sources<'static> {
    Sources {
        listed: &[],
        profiles: &[],
        unreadable: &[],
        deployments: &[],
        named: &[],
        known: &[],
        now: now(),
    }
}

/// Each pool as `scope model: series, series`.
fn pools(found: &Discovery) -> Vec<String> {
    found
        .pools
        .iter()
        .map(|found| {
            format!("{} {}: {}", found.pool.scope, found.pool.model, found.series.join(", "))
        })
        .collect()
}

#[test]
fn every_way_of_calling_a_model_in_a_scope_is_one_pool() {
    let listed = listed(&[
        NOVA,
        "us.amazon.nova-lite-v1:0",
        "eu.amazon.nova-lite-v1:0",
        "global.amazon.nova-lite-v1:0",
        APPLICATION,
        APPLICATION_ARN,
        "Across all model IDs",
    ]);
    let profiles = [nova_profile(APPLICATION, ProfileKind::Application)];
    let found = discover(&Sources { listed: &listed, profiles: &profiles, ..nothing() });
    assert_eq!(
        pools(&found),
        [
            format!("on-demand {NOVA}: {NOVA}"),
            format!(
                "cross-region {NOVA}: {APPLICATION}, {APPLICATION_ARN}, \
                 eu.amazon.nova-lite-v1:0, us.amazon.nova-lite-v1:0"
            ),
            format!("global {NOVA}: global.amazon.nova-lite-v1:0"),
        ]
    );
    assert!(found.unresolved.is_empty() && found.profiles_to_read.is_empty());
}

#[test]
fn an_unread_application_profile_is_to_be_read() {
    let listed = listed(&[APPLICATION, APPLICATION_ARN]);
    let found = discover(&Sources { listed: &listed, ..nothing() });
    assert_eq!(found.profiles_to_read, BTreeSet::from([APPLICATION.to_owned()]));
    assert_eq!(found.unresolved.len(), 2);
}

#[test]
fn a_denied_application_profile_says_so() {
    let listed = listed(&[APPLICATION]);
    let unreadable =
        [UnreadableProfile { id: APPLICATION.to_owned(), why: "access denied".to_owned() }];
    let found = discover(&Sources { listed: &listed, unreadable: &unreadable, ..nothing() });
    let reasons: Vec<String> = found.unresolved.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(reasons.join("\n"), @"a1b2c3d4e5f6: this application profile could not be read: access denied");
}

#[test]
fn a_denied_application_profile_stays_where_it_was() {
    let listed = listed(&[APPLICATION_ARN]);
    let known = [known(Scope::CrossRegion, NOVA, &[APPLICATION], days_ago(3))];
    let unreadable =
        [UnreadableProfile { id: APPLICATION.to_owned(), why: "access denied".to_owned() }];
    let sources = Sources { listed: &listed, known: &known, unreadable: &unreadable, ..nothing() };
    let found = discover(&sources);
    assert_eq!(pools(&found), [format!("cross-region {NOVA}: {APPLICATION}, {APPLICATION_ARN}")]);
    assert!(found.unresolved.is_empty() && found.profiles_to_read.is_empty());
}

#[track_caller]
fn check_kept(last_seen: Timestamp, named: &[String], kept: bool) {
    let known = [known(Scope::OnDemand, NOVA, &[NOVA], last_seen)];
    let found = discover(&Sources { known: &known, named, ..nothing() });
    assert_eq!(found.pools.len(), usize::from(kept), "{last_seen}");
    assert_eq!(found.left.len(), usize::from(!kept), "{last_seen}");
}

#[test]
fn a_pool_leaves_after_thirty_days_unseen_and_unnamed() {
    check_kept(days_ago(0), &[], true);
    check_kept(days_ago(30), &[], true);
    check_kept(days_ago(31), &[], false);
    check_kept(days_ago(31), &[NOVA.to_owned()], true);
}

#[test]
fn a_listing_without_the_pool_changes_nothing() {
    let known = [known(Scope::OnDemand, NOVA, &[NOVA], days_ago(20))];
    let found = discover(&Sources { known: &known, ..nothing() });
    assert_eq!(found.pools[0].last_seen, days_ago(20));
    assert_eq!(found.pools[0].series, [NOVA]);
}

#[test]
fn new_data_moves_the_last_sight_forward_only() {
    let known = [known(Scope::OnDemand, NOVA, &[NOVA], days_ago(2))];
    for (seen, expected) in
        [(Some(days_ago(5)), days_ago(2)), (Some(days_ago(1)), days_ago(1)), (None, now())]
    {
        let listed = [ListedSeries { model_id: NOVA.to_owned(), last_seen: seen }];
        let found = discover(&Sources { listed: &listed, known: &known, ..nothing() });
        assert_eq!(found.pools[0].last_seen, expected);
    }
}

#[test]
fn known_series_keep_their_order_and_new_ones_follow() {
    let stored = ["us.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1:0"];
    let known = [known(Scope::CrossRegion, NOVA, &stored, days_ago(1))];
    let listed = listed(&["jp.amazon.nova-lite-v1:0", "apac.amazon.nova-lite-v1:0", stored[1]]);
    let found = discover(&Sources { listed: &listed, known: &known, ..nothing() });
    assert_eq!(
        found.pools[0].series,
        [stored[0], stored[1], "apac.amazon.nova-lite-v1:0", "jp.amazon.nova-lite-v1:0"]
    );
}

#[test]
fn a_model_the_operator_names_is_watched_before_its_first_call() {
    let named = ["us.anthropic.claude-opus-5".to_owned()];
    let found = discover(&Sources { named: &named, ..nothing() });
    assert_eq!(pools(&found), ["cross-region anthropic.claude-opus-5: us.anthropic.claude-opus-5"]);
}

#[test]
fn a_naming_that_is_no_model_is_reported_with_the_rule() {
    let named = ["opus".to_owned(), "arn:aws:s3:::bucket/key".to_owned()];
    let found = discover(&Sources { named: &named, ..nothing() });
    let reasons: Vec<String> = found.unresolved.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(reasons.join("\n"), @r#"
    model id "arn:aws:s3:::bucket/key" is not valid: it is not an ARN of something that serves a model
    model id "opus" is not valid: it must be a provider, a dot and a model, such as amazon.nova-lite-v1:0
    "#);
}

#[test]
fn a_custom_deployment_is_its_own_pool_until_its_base_model_is_read() {
    let listed = listed(&[DEPLOYMENT]);
    let unread = discover(&Sources { listed: &listed, ..nothing() });
    assert_eq!(pools(&unread), [format!("custom-deployment {DEPLOYMENT}: {DEPLOYMENT}")]);
    assert_eq!(unread.deployments_to_read, BTreeSet::from([DEPLOYMENT.to_owned()]));

    let known = [known(Scope::CustomDeployment, DEPLOYMENT, &[DEPLOYMENT], days_ago(1))];
    let deployments = [CustomDeployment {
        arn: DEPLOYMENT.to_owned(),
        base_model: format!("arn:aws:bedrock:us-east-1::foundation-model/{NOVA}:300k"),
    }];
    let sources =
        Sources { listed: &listed, known: &known, deployments: &deployments, ..nothing() };
    let read = discover(&sources);
    assert_eq!(pools(&read), [format!("custom-deployment {NOVA}:300k: {DEPLOYMENT}")]);
    assert_eq!(read.left, [known[0].pool.clone()]);
    assert!(read.deployments_to_read.is_empty());
}

#[test]
fn capacity_of_its_own_is_a_pool_by_arn() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl";
    let listed = listed(&[arn]);
    let found = discover(&Sources { listed: &listed, ..nothing() });
    assert_eq!(pools(&found), [format!("dedicated {arn}: {arn}")]);
}

proptest! {
    #[test]
    fn no_series_is_lost_or_counted_twice(ids in proptest::collection::vec(
        "((us|eu|global|apac)\\.)?(amazon|meta|zai)\\.[a-z]{1,4}-[0-9]|[a-z0-9]{12}|.{0,9}", 0..12
    )) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let listed = listed(&ids);
        let found = discover(&Sources { listed: &listed, ..nothing() });
        let mut sorted: Vec<&str> = found
            .pools
            .iter()
            .flat_map(|pool| pool.series.iter().map(String::as_str))
            .chain(found.unresolved.iter().map(|unresolved| unresolved.series.as_str()))
            .collect();
        sorted.sort_unstable();
        let wanted: Vec<&str> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        prop_assert_eq!(sorted, wanted);
        let labels: BTreeSet<_> = found.pools.iter().map(|pool| pool.pool.label()).collect();
        prop_assert_eq!(labels.len(), found.pools.len());
    }
}
