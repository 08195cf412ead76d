//! How much of their quotas pools used: published for each hour that is over.

use super::*;

/// Pool and quota, hours before now, and value of each published share.
fn shares(world: &World) -> Vec<(String, i64, f64)> {
    let published = &world.state().published;
    let shares = published.iter().filter(|datum| datum.metric_name() == Some("QuotaUsedPercent"));
    shares
        .map(|datum| {
            let back = now().as_second() - datum.timestamp().unwrap().secs();
            assert_eq!(back % 3_600, 0);
            let of: Vec<&str> = datum
                .dimensions()
                .iter()
                .flat_map(|of| [of.name().unwrap(), of.value().unwrap()])
                .collect();
            (of.join(" "), back / 3_600, datum.value().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn every_pool_with_a_quota_tells_its_busiest_minute_of_each_hour() {
    let world = World::with_pools(&[nova(10_000.0)]);
    world.state().used = vec![
        ("global.amazon.nova-2-lite-v1:0", "EstimatedTPMQuotaUsage", 4_000.0),
        ("a1b2c3d4e5f6", "EstimatedTPMQuotaUsage", 5_500.0),
        ("a1b2c3d4e5f6", "Invocations", 20.0),
    ];
    reconcile(&world.app, now()).await.unwrap();
    // On the hour, the last hour is not settled.
    let of = "Pool global.amazon.nova-2-lite-v1_0 Quota TPM";
    let expected: Vec<_> = (2..=7).rev().map(|back| (of.to_owned(), back, 95.0)).collect();
    assert_eq!(shares(&world), expected);
    // What is published of the pools goes out together.
    let calls = world.state().calls.clone();
    assert_eq!(calls.iter().filter(|call| call.starts_with("PutMetricData")).count(), 1);
    assert_eq!(calls.iter().filter(|call| *call == "GetMetricData").count(), 1);
}

#[tokio::test]
async fn use_that_cannot_be_read_is_told_and_published_as_nothing() {
    let world = World::with_pools(&[nova(10_000.0)]);
    world.state().faults = vec![("GetMetricData", "AccessDenied")];
    let error = reconcile(&world.app, now()).await.unwrap_err().to_string();
    assert!(error.contains("working out how much of their quotas pools used"), "{error}");
    assert_eq!(shares(&world), []);
    let state = world.state();
    assert!(state.published.iter().any(|datum| datum.metric_name() == Some("QuotaValue")));
    assert!(state.metric_alarms.contains_key(TPM_ALARM));
}
