use super::report::report;
use super::*;
use crate::ids::QuotaCode;
use crate::pool::Scope;
use crate::pool::discovery::{ListedSeries, Sources, discover};
use crate::quota::overlay::{ListedQuota, UnreadableQuota};

const NOVA: &str = "amazon.nova-2-lite-v1:0";
const RPM: &str = "L-F06F1187";
const TPM: &str = "L-C6F5908D";

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn listed(code: &str, unit: &str, value: f64) -> ListedQuota {
    ListedQuota {
        code: QuotaCode::parse(code).unwrap(),
        name: format!("Cross-region model inference {unit} per minute for Amazon Nova 2 Lite"),
        value,
        adjustable: unit == "tokens",
    }
}

fn both_quotas() -> QuotaListings {
    QuotaListings {
        defaults: vec![listed(RPM, "requests", 2000.0), listed(TPM, "tokens", 8_000_000.0)],
        applied: vec![listed(TPM, "tokens", 4_000_000.0)],
        unreadable: vec![],
    }
}

/// A run over these series; `stored` is what the run before left.
fn run(
    series: &[&str],
    listings: &QuotaListings,
    stored: &[StoredPool],
    at: Timestamp,
) -> Calculation {
    run_with(series, listings, stored, at, "none")
}

fn run_with(
    series: &[&str],
    listings: &QuotaListings,
    stored: &[StoredPool],
    now: Timestamp,
    tuning: &str,
) -> Calculation {
    let listed: Vec<ListedSeries> = series
        .iter()
        .map(|id| ListedSeries { model_id: (*id).to_owned(), last_seen: None })
        .collect();
    let discovery = discover(&Sources {
        listed: &listed,
        profiles: &[],
        unreadable: &[],
        deployments: &[],
        named: &[],
        known: stored,
        now,
    });
    calculate(&Findings {
        discovery: &discovery,
        listings,
        stored,
        volumes: &BTreeMap::new(),
        tuning: &Tuning::parse(tuning).unwrap(),
        now,
    })
}

fn documents(calculation: &Calculation) -> Vec<StoredPool> {
    calculation.pools.iter().map(|pool| pool.document.clone()).collect()
}

fn only(calculation: &Calculation) -> &CalculatedPool {
    let [pool] = calculation.pools.as_slice() else { panic!("{calculation:?}") };
    pool
}

/// Kind, quota value and threshold of each quota.
fn figures(pool: &StoredPool) -> Vec<(QuotaKind, f64, f64)> {
    pool.quotas.iter().map(|quota| (quota.kind, quota.quota.value, quota.threshold)).collect()
}

#[test]
fn a_new_pool_gets_thresholds_of_the_quotas_in_force() {
    let found = run(&["us.amazon.nova-2-lite-v1:0"], &both_quotas(), &[], now());
    let pool = only(&found);
    assert_eq!(pool.change, Change::New);
    assert_eq!(pool.document.pool, Pool { scope: Scope::CrossRegion, model: NOVA.into() });
    assert_eq!(
        figures(&pool.document),
        [(QuotaKind::Rpm, 2000.0, 1600.0), (QuotaKind::Tpm, 4_000_000.0, 3_200_000.0)]
    );
}

#[test]
fn an_unchanged_pool_is_not_stored_again_the_same_day() {
    let series = ["us.amazon.nova-2-lite-v1:0"];
    let stored = documents(&run(&series, &both_quotas(), &[], now()));
    let later = |hours| now() + SignedDuration::from_hours(hours);
    for (hours, unchanged) in [(0, true), (1, true), (24, true), (25, false)] {
        let again = run(&series, &both_quotas(), &stored, later(hours));
        assert_eq!(only(&again).change == Change::Unchanged, unchanged, "after {hours} h");
    }
}

#[test]
fn a_document_read_back_from_its_text_is_unchanged() {
    let series = ["us.amazon.nova-2-lite-v1:0"];
    let mut listings = both_quotas();
    listings.defaults[0].value = 0.1 + 0.2;
    let stored = documents(&run(&series, &listings, &[], now()));
    let read_back = vec![serde_json::from_str(&text(&stored[0])).unwrap()];
    assert_eq!(only(&run(&series, &listings, &read_back, now())).change, Change::Unchanged);
}

#[test]
fn a_raised_quota_moves_its_threshold_and_the_report_says_from_where() {
    let series = ["us.amazon.nova-2-lite-v1:0"];
    let stored = documents(&run(&series, &both_quotas(), &[], now()));
    let mut raised = both_quotas();
    raised.applied[0].value = 6_000_000.0;
    let found = run(&series, &raised, &stored, now());
    assert!(matches!(only(&found).change, Change::Changed(_)));
    let report = report(&found, &[]);
    insta::assert_snapshot!(report.pools[0].to_string(), @"cross-region.amazon.nova-2-lite-v1_0: 1 series, RPM 2000 (L-F06F1187), alarm at 1600, TPM 6000000 (L-C6F5908D), alarm at 4800000 (was 3200000); changed");
}

#[test]
fn a8_an_unreadable_quota_keeps_its_last_value_and_says_so() {
    let series = ["us.amazon.nova-2-lite-v1:0"];
    let stored = documents(&run(&series, &both_quotas(), &[], now()));
    let mut listings = both_quotas();
    listings.applied.clear();
    listings.unreadable.push(UnreadableQuota {
        code: TPM.into(),
        why: "DEPENDENCY_THROTTLING_ERROR: try later".into(),
    });
    let found = run(&series, &listings, &stored, now());
    let document = &only(&found).document;
    assert_eq!(figures(document), figures(&stored[0]));
    assert_eq!(
        document.notes,
        ["the TPM quota L-C6F5908D could not be read, so its last known value stays: \
          DEPENDENCY_THROTTLING_ERROR: try later"]
    );
}

#[test]
fn a_quota_gone_from_a_complete_listing_is_gone() {
    let series = ["us.amazon.nova-2-lite-v1:0"];
    let stored = documents(&run(&series, &both_quotas(), &[], now()));
    let mut listings = both_quotas();
    listings.defaults.remove(0);
    let found = run(&series, &listings, &stored, now());
    assert_eq!(figures(&only(&found).document), [(QuotaKind::Tpm, 4_000_000.0, 3_200_000.0)]);
}

#[test]
fn a_pool_without_any_quota_is_stored_with_a_note() {
    let found = run(&["vendor.unheard-of-v1:0"], &both_quotas(), &[], now());
    let pool = only(&found);
    assert_eq!(pool.document.quotas, []);
    assert!(!pool.document.notes.is_empty());
    assert!(report(&found, &[]).pools[0].to_string().contains("no quota known; new"));
}

#[test]
fn the_operators_percentage_counts_even_for_an_alarm_switched_off() {
    let series = ["us.amazon.nova-2-lite-v1:0"];
    for (tuning, tpm_threshold) in [
        (r#"{"*": {"HighTPMQuotaUsage": {"percent": 50}}}"#, 2_000_000.0),
        (r#"{"global.*": {"HighTPMQuotaUsage": {"percent": 50}}}"#, 3_200_000.0),
        (r#"{"*": {"HighTPMQuotaUsage": {"enabled": false}}}"#, 3_200_000.0),
    ] {
        let found = run_with(&series, &both_quotas(), &[], now(), tuning);
        let document = &only(&found).document;
        assert_eq!(document.quota(QuotaKind::Tpm).unwrap().threshold, tpm_threshold, "{tuning}");
    }
}

#[test]
fn a_pool_unseen_for_thirty_days_leaves() {
    let stored = documents(&run(&["us.amazon.nova-2-lite-v1:0"], &both_quotas(), &[], now()));
    let later = |days: i64| now() + SignedDuration::from_hours(24 * days);
    assert_eq!(run(&[], &both_quotas(), &stored, later(29)).left, []);
    let gone = run(&[], &both_quotas(), &stored, later(31));
    assert_eq!((gone.pools.len(), gone.left), (0, vec![stored[0].pool.label()]));
}

#[test]
fn a_document_too_large_leaves_out_the_quietest_series() {
    let found = DiscoveredPool {
        pool: Pool { scope: Scope::CrossRegion, model: NOVA.into() },
        series: (0..800).map(|n| format!("{n:012}")).collect(),
        last_seen: now(),
    };
    let discovery = Discovery { pools: vec![found], ..Discovery::default() };
    let calculation = calculate(&Findings {
        discovery: &discovery,
        listings: &both_quotas(),
        stored: &[],
        volumes: &BTreeMap::from([("000000000799".to_owned(), 10.0)]),
        tuning: &Tuning::default(),
        now: now(),
    });
    let document = &only(&calculation).document;
    assert!(text(document).len() <= MAX_DOCUMENT_BYTES);
    assert_eq!(document.series[0], "000000000799");
    let left_out = 800 - document.series.len();
    assert_eq!(document.notes.len(), 1, "{:?}", document.notes);
    assert!(document.notes[0].starts_with(&format!("{left_out} of 800 series")));
    assert_eq!(series_to_measure(&discovery).len(), 800);
}

#[test]
fn watched_models_are_a_comma_list() {
    for (text, expected) in [
        ("none", &[][..]),
        ("", &[]),
        (" , ", &[]),
        (
            "us.amazon.nova-2-lite-v1:0, a1b2c3d4e5f6",
            &["us.amazon.nova-2-lite-v1:0", "a1b2c3d4e5f6"],
        ),
    ] {
        assert_eq!(watched_models(text), expected, "{text:?}");
    }
}
