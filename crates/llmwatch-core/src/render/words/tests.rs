use super::*;
use crate::settings::Language;

#[test]
fn moments_are_utc_and_in_japanese_have_japans_time_behind_them() {
    for (at, english, japanese, in_time_line) in [
        (
            "2026-11-21T02:45:55.640Z",
            "2026-11-21 02:45 UTC",
            "2026年11月21日 02:45 UTC（11:45 JST）",
            "2026-11-21 02:45:55（11:45:55）",
        ),
        (
            "2026-03-01T14:59:59Z",
            "2026-03-01 14:59 UTC",
            "2026年3月1日 14:59 UTC（23:59 JST）",
            "2026-03-01 14:59:59（23:59:59）",
        ),
        (
            "2026-12-31T15:00:00Z",
            "2026-12-31 15:00 UTC",
            "2026年12月31日 15:00 UTC（翌日 00:00 JST）",
            "2026-12-31 15:00:00（翌日 00:00:00）",
        ),
    ] {
        let at = at.parse().unwrap();
        assert_eq!(words(Language::En).moment(at), english);
        assert_eq!(words(Language::Ja).moment(at), japanese);
        assert_eq!(words(Language::En).moment_in_time_line(at), in_time_line[..19]);
        assert_eq!(words(Language::Ja).moment_in_time_line(at), in_time_line);
    }
}

#[test]
fn spans_have_two_units() {
    for (seconds, english, japanese) in [
        (-5, "0 s", "0秒"),
        (59, "59 s", "59秒"),
        (60, "1 min", "1分"),
        (2520, "42 min", "42分"),
        (7200, "2 h 00 min", "2時間"),
        (12_000, "3 h 20 min", "3時間20分"),
        (86_400, "1 d 0 h", "1日"),
        (97_200, "1 d 3 h", "1日3時間"),
    ] {
        let span = SignedDuration::from_secs(seconds);
        assert_eq!(words(Language::En).span(span), english);
        assert_eq!(words(Language::Ja).span(span), japanese);
    }
}

#[test]
fn lists_read_as_sentences() {
    let list = ["RPM", "TPM", "TPD"];
    for (words, empty, one, two, three) in [
        (words(Language::En), "", "RPM", "RPM and TPM", "RPM, TPM and TPD"),
        (words(Language::Ja), "", "RPM", "RPM、TPM", "RPM、TPM、TPD"),
    ] {
        assert_eq!(words.list(&list[..0]), empty);
        assert_eq!(words.list(&list[..1]), one);
        assert_eq!(words.list(&list[..2]), two);
        assert_eq!(words.list(&list), three);
    }
}

#[test]
fn a_mean_share_that_is_not_0_never_reads_as_0() {
    for (share, english, japanese) in [
        (0.0, "0 %", "0%"),
        (1e-12, "below 0.1 %", "0.1% 未満"),
        (0.000_999, "below 0.1 %", "0.1% 未満"),
        (0.001, "0.1 %", "0.1%"),
        (0.029, "2.9 %", "2.9%"),
    ] {
        assert_eq!(words(Language::En).mean_share(share), english, "{share}");
        assert_eq!(words(Language::Ja).mean_share(share), japanese, "{share}");
    }
}

#[test]
fn shares_and_choices() {
    assert_eq!(words(Language::En).share(0.755), "75.5 %");
    assert_eq!(words(Language::Ja).share(0.755), "75.5%");
    assert_eq!(words(Language::En).choice(&["a", "b"]), "a or b");
    assert_eq!(words(Language::Ja).choice(&["a", "b"]), "a または b");
}
