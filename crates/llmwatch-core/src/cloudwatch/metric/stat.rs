//! The statistics a datapoint can be, and their spelling in CloudWatch.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::excerpt::excerpt;

/// How the samples of a period become one value.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>.
/// Trimmed means and the like are not modelled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stat {
    /// Sum of the samples.
    Sum,
    /// Sum over number of samples.
    Average,
    /// The smallest sample.
    Minimum,
    /// The largest sample.
    Maximum,
    /// Number of samples.
    SampleCount,
    /// The smallest sample that at least this percentage of the samples do not exceed, 0–100.
    ///
    /// AWS does not document how it interpolates; this is the nearest rank.
    Percentile(f64),
}

/// A statistic CloudWatch or this model does not know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{}` is not a statistic: use Sum, Average, Minimum, Maximum, SampleCount or p0 to p100",
    excerpt(.0)
)]
pub struct UnknownStat(pub String);

impl FromStr for Stat {
    type Err = UnknownStat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownStat(text.to_owned());
        match text {
            "Sum" => Ok(Self::Sum),
            "Average" => Ok(Self::Average),
            "Minimum" => Ok(Self::Minimum),
            "Maximum" => Ok(Self::Maximum),
            "SampleCount" => Ok(Self::SampleCount),
            _ => {
                let digits = text.strip_prefix('p').ok_or_else(unknown)?;
                let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
                let percent: f64 = digits.parse().map_err(|_| unknown())?;
                if plain && (0.0..=100.0).contains(&percent) {
                    Ok(Self::Percentile(percent))
                } else {
                    Err(unknown())
                }
            }
        }
    }
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum => f.write_str("Sum"),
            Self::Average => f.write_str("Average"),
            Self::Minimum => f.write_str("Minimum"),
            Self::Maximum => f.write_str("Maximum"),
            Self::SampleCount => f.write_str("SampleCount"),
            Self::Percentile(percent) => write!(f, "p{percent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Stat>) {
        assert_eq!(text.parse().ok(), expected, "{text}");
        if let Some(stat) = expected {
            assert_eq!(stat.to_string(), text);
        }
    }

    #[test]
    fn statistics_are_read_and_written_as_cloudwatch_spells_them() {
        check("Sum", Some(Stat::Sum));
        check("Average", Some(Stat::Average));
        check("Minimum", Some(Stat::Minimum));
        check("Maximum", Some(Stat::Maximum));
        check("SampleCount", Some(Stat::SampleCount));
        check("p90", Some(Stat::Percentile(90.0)));
        check("p99.9", Some(Stat::Percentile(99.9)));
    }

    #[test]
    fn a_refusal_repeats_only_the_beginning() {
        let refused = "x".repeat(2_000).parse::<Stat>().unwrap_err();
        assert!(refused.to_string().chars().count() < 200);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "sum", "p", "p101", "p-1", "pinf", "pNaN", "p1e1", "tm99", "P90"] {
            check(text, None);
        }
    }
}
