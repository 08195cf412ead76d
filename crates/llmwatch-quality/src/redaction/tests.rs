use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(redact(text).text, expected);
}

#[track_caller]
fn unchanged(text: &str) {
    let redacted = redact(text);
    assert!(matches!(redacted.text, Cow::Borrowed(_)), "{}", redacted.text);
    assert!(redacted.findings.is_empty());
}

#[test]
fn addresses_of_mail() {
    check("Write to jane.doe+x@mail.example.co.jp.", "Write to [EMAIL].");
    check("<mailto:jane@example.org>", "<mailto:[EMAIL]>");
    check("連絡先はtaro@example.jpです", "連絡先は[EMAIL]です");
    check("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "[EMAIL]");
    check("müller@exämple.de, a@b.io", "[EMAIL], [EMAIL]");
    check("?email=jane@example.org&x=1", "?email=[EMAIL]&x=1");
    check("jane\u{200b}@exam\u{ad}ple.org", "[EMAIL]");
}

#[test]
fn telephone_numbers() {
    for number in [
        "+81 90-1234-5678",
        "+819012345678",
        "+1 (415) 555-0132",
        "+44 (0)20 7946 0958",
        "+49 30 901820",
        "090-1234-5678",
        "09012345678",
        "080 1234 5678",
        "03-1234-5678",
        "(03) 1234-5678",
        "03(1234)5678",
        "0120-444-113",
        "０９０－１２３４－５６７８",
        "０３ー１２３４ー５６７８",
        "0312345678",
        "020 7946 0958",
        "(415) 555-0132",
        "415-555-0132",
        "415.555.0132",
        "1-800-555-0199",
        "415 555 0132",
        "555-123-4567",
    ] {
        check(&format!("Call {number}, please"), "Call [PHONE], please");
        check(&format!("電話は{number}です"), "電話は[PHONE]です");
    }
    check("phone: 4155550132", "phone: [PHONE]");
    check("TEL(03)1234-5678", "TEL[PHONE]");
}

#[test]
fn cards() {
    for number in [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "４１１１　１１１１　１１１１　１１１１",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "3782 822463 10005",
        "30569309025904",
        "3056 930902 5904",
        "6011111111111117",
        "3530111333300000",
        "6200000000000005",
        "4222222222222",
    ] {
        check(&format!("card {number} ok"), "card [CARD] ok");
        check(&format!("card_{number}, ok"), "card_[CARD], ok");
    }
    check("4111111111111111/12/28", "[CARD]/12/28");
    check("12 4111 1111 1111 1111 99", "12 [CARD] 99");
}

#[test]
fn account_numbers() {
    for number in [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "gb29nwbk60161331926819",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NO93 8601 1117 947",
        "CH93-0076-2011-6238-5295-7",
    ] {
        check(&format!("IBAN: {number}."), "IBAN: [IBAN].");
    }
    unchanged("DE89370400440532013001 has a wrong check digit");
    unchanged("XX89370400440532013000 is of no country");
}

#[test]
fn individual_numbers() {
    for number in ["123456789018", "1234 5678 9018", "1234-5678-9018", "１２３４５６７８９０１８"]
    {
        check(&format!("マイナンバー：{number}です"), "マイナンバー：[MY_NUMBER]です");
    }
    unchanged("123456789012 fails the check");
    unchanged("arn:aws:iam::123456789018:role/x and 123456789018.dkr.ecr.us-west-2.amazonaws.com");
}

#[test]
fn keys_of_aws() {
    check("AKIAIOSFODNN7EXAMPLE", "[AWS_KEY]");
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    check(&format!("aws_secret_access_key = {secret}"), "aws_secret_access_key = [AWS_KEY]");
    check(&format!("\"SecretAccessKey\": \"{secret}\","), "\"SecretAccessKey\": \"[AWS_KEY]\",");
    check(&format!("ASIAIOSFODNN7EXAMPLE, {secret}"), "[AWS_KEY], [AWS_KEY]");
    let token = format!("IQoJb3JpZ2luX2Vj{}==", "Ab9/+x".repeat(60));
    check(&format!("AWS_SESSION_TOKEN={token}"), "AWS_SESSION_TOKEN=[AWS_KEY]");
}

#[test]
fn keys_of_others() {
    for key in [
        format!("ghp_{}", "a1B2".repeat(9)),
        format!("github_pat_{}", "a1B2_".repeat(16)),
        format!("glpat-{}", "a1B2".repeat(5)),
        "xoxb-1234-5678-abcdefABCDEF".to_owned(),
        format!("sk-{}", "a1B2".repeat(12)),
        format!("sk-proj-{}", "a1B2_-".repeat(12)),
        format!("sk-ant-api03-{}", "a1B2_-".repeat(12)),
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc".to_owned(),
        format!("AIza{}", "a1B2-".repeat(7)),
        format!("hf_{}", "a1B2".repeat(9)),
        format!("npm_{}", "a1B2".repeat(9)),
        format!("SG.{}.{}", "a1B2".repeat(6), "a1B2".repeat(10)),
        format!("ABSK{}", "a1B2".repeat(25)),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{}", "a1B2".repeat(10)),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{}.{}", "a1".repeat(900), "b".repeat(300)),
    ] {
        check(&format!("use {key}."), "use [API_KEY].");
        check(&format!("API_KEY='{key}'"), "API_KEY='[API_KEY]'");
    }
    check("Authorization: Bearer abcdefghij0123456789+/==", "Authorization: Bearer [API_KEY]");
}

#[test]
fn private_keys() {
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nabc=\n-----END RSA PRIVATE KEY-----";
    check(&format!("a\n{key}\nb"), "a\n[PRIVATE_KEY]\nb");
    check("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl cut off", "[PRIVATE_KEY]");
    unchanged("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----");
}

#[test]
fn ip_addresses() {
    for address in [
        "203.0.113.7",
        "10.1.2.3",
        "2001:db8::1",
        "fe80::1ff:fe23:4567:890a",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "::ffff:192.0.2.128",
    ] {
        check(&format!("from {address}."), "from [IP_ADDRESS].");
        check(&format!("接続元：{address}から"), "接続元：[IP_ADDRESS]から");
    }
    check("[2001:db8::1]:443, 10.1.2.3:80", "[[IP_ADDRESS]]:443, [IP_ADDRESS]:80");
}

/// What looks like a finding and is none.
#[test]
fn ordinary_text_is_left_alone() {
    for text in [
        "",
        "Version 1.2.3, v10.4.1.2, release 4.18.0.305, 1.2.3-rc.4",
        "2026-11-22, 22/11/2026, 2026-11-22T10:20:30.123456789Z, 2026-11-22T10:20:30+09:00",
        "12:30:45, 00:1A:2B:3C:4D:5E, 01:23:45:67:89:ab:cd:ef",
        "550e8400-e29b-41d4-a716-446655440000 and 12345678-0123-4567-8901-012345678901",
        "Order 112-1234567-1234567, invoice 2026-00042, ticket #12345678",
        "1795342830, 1795342830123, 1795342830123456789",
        "0.4111111111111111, 3.14159265358979, 1,234,567.89, 6.02e23",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709 is a secret hash",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "std::fmt::Debug, a::b, face::add, Vec::<u8>::new(), fn f() -> dead::Beef",
        "@Override @media user@host npm i react@18.2.0 @types/node a@b.c",
        "sk-circle sk-fading-circle-with-twelve-dots risk-free",
        "127.0.0.1, 0.0.0.0, 255.255.255.0, 300.1.2.3, 1.2.3.4.5",
        "100-0001 〒150-0043 3丁目5番地",
        "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        "for i in 0..10 { x[i] += 1; } // 100 200 300 400",
        "ISBN 0306406152, ISBN 978-0-306-40615-7",
        "price: $1,299.00 (tax 10%), 50% off, 24/7, 5-10 days, 3-1",
        "サーバーのデータを2026年11月22日に更新しました。",
        "bearer of bad news, Bearer-token, the Bearer token is missing",
        "[EMAIL] [PHONE] [CARD] [IBAN] [MY_NUMBER] [AWS_KEY] [API_KEY] [PRIVATE_KEY] [IP_ADDRESS]",
    ] {
        unchanged(text);
    }
}

#[test]
fn findings_are_counted_by_kind() {
    let redacted = redact("a@b.example and c@d.example, 203.0.113.7");
    let counts: Vec<_> = redacted.findings.iter().collect();
    assert_eq!(counts, [(Kind::Email, 2), (Kind::IpAddress, 1)]);
    assert_eq!(redacted.findings.total(), 3);
}

#[test]
fn debug_tells_nothing_of_the_text() {
    assert_eq!(format!("{:?}", redact("secret")), "Redacted(6 bytes, Findings({}))");
}

#[test]
fn hostile_text_takes_linear_time() {
    for piece in [
        "sk-",
        "eyJ",
        "eyJaaaaaaaaa.",
        "a@",
        "@",
        "+1",
        "-----BEGIN ",
        "0-",
        "(0",
        "4111 ",
        "::",
        "1.",
        "/",
        "AKIA",
        "Bearer ",
        "DE89 ",
        "-",
        "a.b@c.",
        "secret ",
        "fe80:",
        "０",
        "ー",
    ] {
        let text = piece.repeat(400_000 / piece.len());
        let redacted = redact(&text);
        assert!(redacted.text.len() <= 4 * text.len(), "{piece}");
    }
}

fn luhn_digit(body: &str) -> char {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap()
}

fn my_number(body: &str) -> String {
    let weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(digit, w)| u32::from(digit - b'0') * w).sum();
    format!("{body}{}", if sum % 11 < 2 { 0 } else { 11 - sum % 11 })
}

fn iban(country: &str, account: &str) -> String {
    let number = |text: &str| {
        text.chars().fold(0u32, |rest, letter| {
            let value = letter.to_digit(36).unwrap();
            (rest * if value < 10 { 10 } else { 100 } + value) % 97
        })
    };
    let check = 98 - number(&format!("{account}{country}00"));
    format!("{country}{check:02}{account}")
}

fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap(),
        ' ' => '\u{3000}',
        other => other,
    };
    text.chars().map(wide).collect()
}

fn grouped(digits: &str, separator: &str) -> String {
    let groups: Vec<&str> = (0..digits.len().div_ceil(4))
        .map(|group| &digits[group * 4..digits.len().min(group * 4 + 4)])
        .collect();
    groups.join(separator)
}

/// A secret of any kind, in one of its forms.
fn secret() -> impl Strategy<Value = String> {
    let card = ("4[0-9]{14}|5[1-5][0-9]{13}|3[47][0-9]{12}|6011[0-9]{11}", "|-| ").prop_map(
        |(body, separator): (String, String)| {
            let digits = format!("{body}{}", luhn_digit(&body));
            if digits.len() == 16 { grouped(&digits, &separator) } else { digits }
        },
    );
    let my_number = ("[1-9][0-9]{10}", "|-| ")
        .prop_map(|(body, separator)| grouped(&my_number(&body), &separator));
    let iban = prop_oneof![
        "[0-9]{18}".prop_map(|account| iban("DE", &account)),
        "[A-Z]{4}[0-9]{14}".prop_map(|account| iban("GB", &account)),
    ];
    prop_oneof![
        "[a-z][a-z0-9._%+-]{0,10}[a-z0-9]@[a-z0-9]{1,8}\\.(com|co\\.jp|example|io)",
        "\\+[1-9][0-9]{0,2}[ -][1-9][0-9]{1,3}[ -][0-9]{3,4}[ -][0-9]{4}",
        "0[789]0-[0-9]{4}-[0-9]{4}|0[789]0[0-9]{8}|0[1-9]-[0-9]{4}-[0-9]{4}|0120-[0-9]{3}-[0-9]{3}",
        "\\([2-9][0-9]{2}\\) [2-9][0-9]{2}-[0-9]{4}|[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}",
        card,
        my_number,
        iban,
        "(AKIA|ASIA)[A-Z2-7]{16}",
        "(aws_secret_access_key=|SecretAccessKey: )[A-Za-z0-9/+]{20}[g-z][0-9][A-Za-z0-9/+]{18}",
        "gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40}|xox[bp]-[0-9]{10}-[A-Za-z0-9]{24}",
        "sk-(ant-api03-|proj-)?[A-Za-z0-9]{30}[0-9][A-Za-z0-9]{10}",
        "eyJ[A-Za-z0-9_-]{20}\\.eyJ[A-Za-z0-9_-]{20}\\.[A-Za-z0-9_-]{43}",
        "-----BEGIN (RSA |EC )?PRIVATE KEY-----\n[A-Za-z0-9/+]{64}\n-----END (RSA )?PRIVATE KEY-----",
        "(1[0-9]|[2-9]|19[0-9]|20[0-9])\\.(1?[0-9]?[0-9])\\.(1?[1-9]?[0-9])\\.2[0-4][0-9]"
            .prop_filter("as written", |text| text.parse::<std::net::Ipv4Addr>().is_ok()),
        "2001:db8:[1-9a-f][0-9a-f]{0,3}::[1-9a-f][0-9a-f]{0,3}",
    ]
}

/// What may stand around a secret, as people and programs write it.
fn around() -> impl Strategy<Value = (String, String)> {
    let edges = prop_oneof![
        Just((" ", " ")),
        Just(("\n", "\n")),
        Just(("\"", "\"")),
        Just(("は", "です")),
        Just((": ", ". ")),
        Just(("(", ")")),
        Just(("<", ">")),
        Just(("=", "&")),
        Just(("、", "。")),
    ];
    ("\\PC{0,60}", edges, "\\PC{0,60}").prop_map(|(before, (open, close), after)| {
        (format!("{before}{open}"), format!("{close}{after}"))
    })
}

/// The part of a secret that must not be seen: without the words that only introduce it.
fn core(secret: &str) -> &str {
    secret.rsplit(['=', '\n', ' ']).next().filter(|_| secret.contains("ecret")).unwrap_or(secret)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_planted_secret_never_survives((before, after) in around(), secret in secret()) {
        let text = format!("{before}{secret}{after}");
        let redacted = redact(&text).text.into_owned();
        prop_assert!(!redacted.contains(core(&secret)), "{text:?} became {redacted:?}");
    }

    #[test]
    fn a_full_width_secret_never_survives((before, after) in around(), secret in secret()) {
        let text = format!("{before}{}{after}", full_width(&secret));
        let redacted = redact(&text).text.into_owned();
        prop_assert!(!redacted.contains(core(&full_width(&secret))), "{text:?} became {redacted:?}");
    }

    #[test]
    fn redacting_twice_changes_nothing(
        pieces in proptest::collection::vec(prop_oneof![secret(), "[0-9 .+@:()-]{0,20}", "\\PC{0,20}"], 0..6),
    ) {
        let once = redact(&pieces.concat()).text.into_owned();
        let twice = redact(&once);
        prop_assert!(twice.findings.is_empty(), "{once:?} became {:?}", twice.text);
    }

    #[test]
    fn text_without_findings_is_the_same_text(text in "\\PC{0,200}") {
        let redacted = redact(&text);
        prop_assert_eq!(redacted.findings.is_empty(), matches!(redacted.text, Cow::Borrowed(_)));
        if redacted.findings.is_empty() {
            prop_assert_eq!(redacted.text.as_ref(), text.as_str());
        }
    }
}
