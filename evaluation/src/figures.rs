//! Precision, recall, F1 and the area under the ROC curve.

use std::fmt;

/// How often a yes-or-no judgement was right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) true_positives: u32,
    pub(crate) false_positives: u32,
    pub(crate) false_negatives: u32,
    pub(crate) true_negatives: u32,
}

impl Counts {
    pub(crate) fn add(&mut self, judged: bool, is: bool) {
        let slot = match (judged, is) {
            (true, true) => &mut self.true_positives,
            (true, false) => &mut self.false_positives,
            (false, true) => &mut self.false_negatives,
            (false, false) => &mut self.true_negatives,
        };
        *slot += 1;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
        self.true_negatives += other.true_negatives;
    }

    pub(crate) fn precision(self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    pub(crate) fn recall(self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    pub(crate) fn f1(self) -> f64 {
        let wrong = self.false_positives + self.false_negatives;
        ratio(2 * self.true_positives, 2 * self.true_positives + wrong)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9.3} {:>6.3} {:>6.3} {:>5} {:>5} {:>5} {:>5}",
            self.precision(),
            self.recall(),
            self.f1(),
            self.true_positives,
            self.false_positives,
            self.false_negatives,
            self.true_negatives
        )
    }
}

/// NaN where there is nothing to divide by.
pub(crate) fn ratio(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole)
}

/// The chance that a positive scores higher than a negative; ties count half. NaN without either.
pub(crate) fn area_under_curve(scores: &[(f64, bool)]) -> f64 {
    let mut above = 0.0;
    let mut pairs = 0.0;
    for (positive, _) in scores.iter().filter(|(_, is)| *is) {
        for (negative, _) in scores.iter().filter(|(_, is)| !*is) {
            pairs += 1.0;
            above += match positive.total_cmp(negative) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    above / pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_give_the_usual_ratios() {
        let mut counts = Counts::default();
        for (judged, is) in
            [(true, true), (true, true), (true, false), (false, true), (false, false)]
        {
            counts.add(judged, is);
        }
        assert!((counts.precision() - 2.0 / 3.0).abs() < 1e-12);
        assert!((counts.recall() - 2.0 / 3.0).abs() < 1e-12);
        assert!((counts.f1() - 2.0 / 3.0).abs() < 1e-12);
        assert!(Counts::default().precision().is_nan());
    }

    #[test]
    fn the_area_counts_pairs_in_order() {
        let area = area_under_curve(&[(0.9, true), (0.5, true), (0.5, false), (0.1, false)]);
        assert!((area - 3.5 / 4.0).abs() < 1e-12);
    }
}
