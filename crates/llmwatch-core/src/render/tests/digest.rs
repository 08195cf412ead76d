//! The weekly digest, in both languages.

use unicode_width::UnicodeWidthStr as _;

use super::check;
use crate::decision::fixtures::{rpm, tpd, tpm};
use crate::digest::fixtures::{
    busy, named, partly_unread, pool, pool_with, quiet, readings, sixty, usage, week,
};
use crate::digest::{Digest, Readings, TwoWeeks, Volume};
use crate::evidence::Read;
use crate::ids::{AccountId, Region, StackPrefix};
use crate::price::Prices;
use crate::quality::NAMESPACE;
use crate::render::layout::LINE_COLUMNS;
use crate::render::{DigestNote, Form, MAX_MAIL_CHARS, Mail, Notice, digest_notice};
use crate::settings::Language;

fn mail(language: Language, readings: &Readings) -> Mail {
    notice(language, readings).mail
}

fn notice(language: Language, readings: &Readings) -> Notice {
    digest_notice(&DigestNote {
        language,
        account: &AccountId::parse("123456789012").unwrap(),
        region: &Region::parse("ap-northeast-1").unwrap(),
        prefix: &StackPrefix::parse("llmwatch").unwrap(),
        namespace: NAMESPACE,
        digest: &Digest::of(readings.clone()),
        now: "2026-11-16T07:00:12Z".parse().unwrap(),
    })
}

#[test]
fn the_digest_has_its_other_forms_without_a_severity() {
    for language in Language::ALL {
        for readings in [busy(), quiet(), partly_unread()] {
            let notice = notice(language, &readings);
            super::notice::assert_within_limits(&notice);
            let document = notice.in_form(Form::Webhook, "k");
            let document: serde_json::Value = serde_json::from_str(&document).unwrap();
            assert_eq!(document["kind"], "digest");
            assert_eq!(document["thread"], "llmwatch:digest-2026-11-15");
            assert_eq!(document["text"], notice.mail.body.as_str());
            assert!(document["severity"].is_null());
        }
    }
}

#[track_caller]
fn check_mail(name: &str, readings: &Readings) {
    check(name, |language| {
        let Mail { subject, body } = mail(language, readings);
        format!("Subject: {subject}\n\n{body}")
    });
    for language in Language::ALL {
        let Mail { subject, body } = mail(language, readings);
        assert!(subject.len() < 100, "{subject}");
        assert!(subject.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{subject}");
        assert!(body.chars().count() <= MAX_MAIL_CHARS);
        assert!(body.trim_end().ends_with("llmwatch:digest-2026-11-15"));
        for line in body.lines().filter(|line| line.contains(' ') && !line.contains("http")) {
            assert!(line.width() <= LINE_COLUMNS, "{line}");
        }
    }
}

#[test]
fn a_busy_week() {
    check_mail("mail-digest-busy", &busy());
}

#[test]
fn a_week_like_the_one_before_says_so_in_its_first_line() {
    check_mail("mail-digest-quiet", &quiet());
    let body = mail(Language::En, &quiet()).body;
    assert!(body.starts_with("Nothing needs you: "), "{body}");
}

#[test]
fn nothing_scored_and_no_price_known() {
    let mut readings = Readings { prices: Read::Known(Prices::default()), ..busy() };
    readings.series = Read::Known(Vec::new());
    check_mail("mail-digest-unpriced", &readings);
}

#[test]
fn no_pool_at_all() {
    check_mail("mail-digest-empty", &readings(Vec::new(), Vec::new()));
}

#[test]
fn what_could_not_be_read_is_said_and_nothing_is_claimed_of_it() {
    check_mail("mail-digest-partly-unread", &partly_unread());
    let mut calm = quiet();
    calm.watched = Read::Unreadable("AccessDenied".to_owned());
    let body = mail(Language::En, &calm).body;
    assert!(body.starts_with("Nothing that was read needs you, "), "{body}");
}

#[test]
fn no_list_of_pools() {
    let pools = Read::Unreadable("GetParametersByPath failed: AccessDenied".to_owned());
    check_mail("mail-digest-no-pools", &Readings { pools, ..quiet() });
}

#[test]
fn sixty_pools_fit_with_the_busiest_told_of_one_by_one() {
    check_mail("mail-digest-sixty", &sixty());
    let body = mail(Language::En, &sixty()).body;
    assert!(body.contains("And 40 more pools, together:"), "{body}");
    assert!(body.contains("And 5 more pools."), "{body}");
    assert!(!body.contains("[Shortened"), "{body}");
}

/// What can be done about each sort of quota.
#[test]
fn advice_is_of_the_quota() {
    let refused = |mut pool: crate::digest::PoolReading| {
        if let Read::Known(figures) = &mut pool.figures {
            figures.this.volumes.add(Volume::Throttles, 5.0);
        }
        pool
    };
    let same = TwoWeeks { this: 100.0, before: 100.0 };
    let full = |quotas: &[_]| {
        let mut pool = pool_with(quotas, same);
        pool.usage = Some(Read::Known(usage(week(), (950.0, 900_000.0))));
        pool
    };
    let nothing = TwoWeeks { this: 0.0, before: 0.0 };
    let pools = vec![
        named("a.fixed", full(&[rpm(1_000.0, 0.0).not_adjustable()])),
        named("b.day", full(&[tpm(9e6, 0.0), tpd(1e6, 0.0)])),
        named("c.burst", refused(pool(same))),
        named("d.zero", refused(pool_with(&[tpm(0.0, 0.0)], nothing))),
    ];
    check_mail("mail-digest-advice", &readings(pools, Vec::new()));
}
