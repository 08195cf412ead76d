//! How a figure compares with the week before's.

/// A figure against the week before's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// One of the two is unknown.
    Unknown,
    /// Both are the same.
    Same,
    /// There was nothing the week before, so no share of it can be told.
    FromNothing,
    /// By this share of the week before's: 0.25 is a quarter more, −1 is nothing left.
    By(f64),
}

impl Change {
    /// The change of a figure, ≥ 0, from the week before.
    #[must_use]
    pub fn of(this: Option<f64>, before: Option<f64>) -> Self {
        match (this, before) {
            (Some(this), Some(before)) if this == before => Self::Same,
            (Some(_), Some(before)) if before <= 0.0 => Self::FromNothing,
            (Some(this), Some(before)) => Self::By(this / before - 1.0),
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_share_of_the_week_before() {
        for (this, before, expected) in [
            (Some(125.0), Some(100.0), Change::By(0.25)),
            (Some(50.0), Some(100.0), Change::By(-0.5)),
            (Some(0.0), Some(100.0), Change::By(-1.0)),
            (Some(100.0), Some(100.0), Change::Same),
            (Some(0.0), Some(0.0), Change::Same),
            (Some(1.0), Some(0.0), Change::FromNothing),
            (None, Some(1.0), Change::Unknown),
            (Some(1.0), None, Change::Unknown),
            (None, None, Change::Unknown),
        ] {
            assert_eq!(Change::of(this, before), expected, "{this:?} after {before:?}");
        }
    }
}
