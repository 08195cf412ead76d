//! Numbers and text from outside, as every reader sees them whatever the language.

/// A count with thousands grouped: `6,250,000`, or one decimal below 100: `12.3`.
pub(super) fn count(value: f64) -> String {
    if !value.is_finite() {
        return "not a number".to_owned();
    }
    let whole = value.round();
    let text = if value.abs() >= 100.0 || (value - whole).abs() < 0.05 {
        format!("{whole:.0}")
    } else {
        format!("{value:.1}")
    };
    let digits = text.trim_start_matches('-');
    let sign = if digits.len() < text.len() && whole != 0.0 { "-" } else { "" };
    let (integer, decimals) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    format!("{sign}{}{decimals}", grouped(integer))
}

/// US dollars with cents, `1,234.50 USD`; below a cent with two digits that count, `0.0042 USD`.
pub(super) fn dollars(value: f64) -> String {
    if !value.is_finite() {
        return "not a number".to_owned();
    }
    let text = if value != 0.0 && value.abs() < 0.01 {
        format!("{value:.4}")
    } else {
        format!("{value:.2}")
    };
    let (integer, cents) = text.split_at(text.find('.').unwrap_or(text.len()));
    format!("{}{cents} USD", grouped(integer))
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share in percent, 1.0 being `100`; decimals are cut, so that 79.99 % never reads as 80 %.
pub(super) fn percent(share: f64) -> String {
    // 0.57 × 1000 is 569.9999999999999 in binary: what is within the noise is not cut.
    const NOISE: f64 = 1e-9;
    let tenths = (share * 1000.0 + NOISE).floor();
    if tenths % 10.0 == 0.0 || tenths >= 1000.0 {
        count((tenths / 10.0).floor())
    } else {
        format!("{:.1}", tenths / 10.0)
    }
}

/// Whether a share is more than 0 and less than the tenth of a percent that [`percent`] tells.
pub(super) fn is_below_a_tenth(share: f64) -> bool {
    share > 0.0 && percent(share) == "0"
}

/// A change by a share of what was, with its sign and without its unit: `+12.5`, `-3.2`, `~0`.
///
/// Decimals are cut towards no change, so that −99.96 % never reads as −100 %.
pub(super) fn signed_percent(share: f64) -> String {
    match percent(share.abs()).as_str() {
        "0" => "~0".to_owned(),
        text if share < 0.0 => format!("-{text}"),
        text => format!("+{text}"),
    }
}

/// A difference of two shares in points of a hundred, rounded to a tenth: `+1.2`, `-0.4`, `0.0`.
pub(super) fn signed_points(difference: f64) -> String {
    signed(difference * 100.0, 1)
}

/// A difference with its sign, rounded to so many decimals; what rounds to 0 has none.
pub(super) fn signed(difference: f64, decimals: usize) -> String {
    let text = format!("{difference:+.decimals$}");
    if text.trim_start_matches(['+', '-']).chars().all(|c| matches!(c, '0' | '.')) {
        return text.trim_start_matches(['+', '-']).to_owned();
    }
    text
}

/// Text from outside in one line of at most `max` characters: control characters become spaces.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max {
        return line;
    }
    let kept: String = line.chars().take(max.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_have_cents_and_small_sums_more_digits() {
        for (value, expected) in [
            (0.0, "0.00 USD"),
            (0.004_24, "0.0042 USD"),
            (0.01, "0.01 USD"),
            (12.345, "12.35 USD"),
            (1_234.5, "1,234.50 USD"),
            (f64::NAN, "not a number"),
        ] {
            assert_eq!(dollars(value), expected);
        }
    }

    #[test]
    fn counts_are_grouped_and_small_ones_keep_a_decimal() {
        for (value, expected) in [
            (0.0, "0"),
            (0.04, "0"),
            (0.25, "0.2"),
            (12.34, "12.3"),
            (99.96, "100"),
            (100.4, "100"),
            (999.6, "1,000"),
            (6_250_000.0, "6,250,000"),
            (1e10, "10,000,000,000"),
            (-1_234.0, "-1,234"),
            (-0.01, "0"),
            (f64::NAN, "not a number"),
        ] {
            assert_eq!(count(value), expected, "{value}");
        }
    }

    #[test]
    fn a_share_never_reads_as_more_than_it_is() {
        for (value, expected) in [
            (0.0, "0"),
            (0.0044, "0.4"),
            (0.57, "57"),
            (0.755, "75.5"),
            (0.7999, "79.9"),
            (0.99999, "99.9"),
            (1.0, "100"),
            (1.2784, "127"),
            (52.5, "5,250"),
        ] {
            assert_eq!(percent(value), expected, "{value}");
        }
    }

    #[test]
    fn changes_have_a_sign_and_never_read_as_more_than_they_are() {
        for (share, expected) in [
            (0.125, "+12.5"),
            (-0.0323, "-3.2"),
            (-0.9996, "-99.9"),
            (-1.0, "-100"),
            (12.5, "+1,250"),
            (0.0004, "~0"),
        ] {
            assert_eq!(signed_percent(share), expected, "{share}");
        }
        for (difference, expected) in [(0.012, "+1.2"), (-0.0044, "-0.4"), (-0.0004, "0.0")] {
            assert_eq!(signed_points(difference), expected, "{difference}");
        }
        assert_eq!((signed(-0.009, 3), signed(0.0, 3)), ("-0.009".into(), "0.000".into()));
    }

    #[test]
    fn text_from_outside_is_one_short_line() {
        assert_eq!(one_line("a\r\n  b\u{7}c", 10), "a b c");
        assert_eq!(one_line("abcdefghij", 8), "abcde...");
        assert_eq!(one_line("翻訳と要約", 5), "翻訳と要約");
    }
}
