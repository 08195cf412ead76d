//! Which exchanges a metric looks at: the same ones on every delivery, and on every machine.

use sha2::{Digest, Sha256};

use crate::evidence::Refusal;
use crate::exchange::Exchange;

/// Where an exchange lies between 0 (in every sample) and 1 (excluded).
///
/// The first 53 bits of the SHA-256 of the request id, as a binary fraction. In Athena:
/// `from_base(substr(to_hex(sha256(to_utf8(request_id))), 1, 13), 16) / pow(2, 52)`, which differs
/// in the last bit only.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Place(f64);

/// The share of exchanges that a metric looks at: 0 (none) to 1 (all).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// Exchanges that are looked at whatever the sample says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Always {
    /// Calls that failed.
    pub errors: bool,
    /// Answers that refuse, in full or in part.
    pub refusals: bool,
}

/// Whether a metric looks at an exchange, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// It is in the sample, and its score counts.
    InSample,
    /// It is looked at because it failed or refuses. Its score goes into the call record and stays
    /// out of CloudWatch, where it would pull the mean towards the exchanges that went wrong.
    OutOfSample,
    /// It is not looked at.
    No,
}

impl Place {
    /// The place of an exchange: by its request id, or by what else tells it apart where the
    /// record has none.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        if exchange.request_id.is_empty() {
            let caller = exchange.caller.as_deref().unwrap_or_default();
            Self::of_id(&format!("{}|{}|{caller}", exchange.at, exchange.model))
        } else {
            Self::of_id(&exchange.request_id)
        }
    }

    /// The place of a request id.
    #[must_use]
    pub fn of_id(request_id: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(request_id.as_bytes()).into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        let bits = u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 11;
        // 53 bits: exact in f64, and below 1.
        Self(bits as f64 / (1u64 << 53) as f64)
    }
}

impl Rate {
    /// All exchanges.
    pub const ALL: Self = Self(1.0);

    /// One exchange in ten.
    pub const TENTH: Self = Self(0.1);

    /// No exchange.
    pub const NONE: Self = Self(0.0);

    /// Takes 0 to 1; anything else is `None`.
    #[must_use]
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }

    /// The share, 0 to 1.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether an exchange is in the sample. The sample of a lower rate is part of that of any
    /// higher one, so that metrics with different rates speak of the same exchanges.
    #[must_use]
    pub fn takes(self, place: Place) -> bool {
        place.0 < self.0
    }
}

impl Always {
    /// Whether a metric with this rate looks at an exchange. A rate of 0 is a metric that is off,
    /// and looks at nothing at all.
    #[must_use]
    pub fn choose(self, rate: Rate, exchange: &Exchange, refusal: Option<Refusal>) -> Chosen {
        let failed = self.errors && exchange.error_code.is_some();
        let refuses = self.refusals && matches!(refusal, Some(refusal) if refusal != Refusal::None);
        if rate.takes(Place::of(exchange)) {
            Chosen::InSample
        } else if rate != Rate::NONE && (failed || refuses) {
            Chosen::OutOfSample
        } else {
            Chosen::No
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_exchange::exchange;

    #[test]
    fn the_place_of_an_id_never_changes() {
        // printf %s 11111111-2222-4333-8444-555555555555 | sha256sum
        let Place(place) = Place::of(&exchange());
        assert_eq!(format!("{place:.6}"), "0.809758");
    }

    #[test]
    fn a_share_is_what_it_says() {
        let rate = Rate::new(0.1).unwrap();
        let taken = (0..20_000).filter(|id| rate.takes(Place::of_id(&id.to_string()))).count();
        // Four standard deviations of a binomial with p = 0.1: 170.
        assert!((1830..=2170).contains(&taken), "{taken}");
    }

    #[test]
    fn all_is_all_and_none_is_none() {
        for id in 0..1000 {
            let place = Place::of_id(&id.to_string());
            assert!(Rate::ALL.takes(place) && !Rate::NONE.takes(place));
        }
    }

    #[test]
    fn no_share_is_below_0_or_above_1() {
        for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Rate::new(share), None);
        }
    }

    #[test]
    fn records_without_an_id_are_told_apart_by_time_and_model() {
        let one = Exchange { request_id: String::new(), ..exchange() };
        let other = Exchange { model: "other".into(), ..one.clone() };
        assert_eq!(Place::of(&one), Place::of(&one.clone()));
        assert_ne!(Place::of(&one), Place::of(&other));
    }

    #[test]
    fn errors_and_refusals_are_looked_at_outside_the_sample() {
        let never = Rate::new(f64::MIN_POSITIVE).unwrap();
        let always = Always { errors: true, refusals: true };
        let fine = exchange();
        let failed = Exchange { error_code: Some("ThrottlingException".into()), ..exchange() };
        assert_eq!(always.choose(never, &fine, None), Chosen::No);
        assert_eq!(always.choose(never, &fine, Some(Refusal::None)), Chosen::No);
        assert_eq!(always.choose(never, &fine, Some(Refusal::Partial)), Chosen::OutOfSample);
        assert_eq!(always.choose(never, &failed, None), Chosen::OutOfSample);
        assert_eq!(always.choose(Rate::ALL, &failed, None), Chosen::InSample);
        assert_eq!(always.choose(Rate::NONE, &failed, None), Chosen::No, "off is off");
        assert_eq!(Always::default().choose(never, &failed, Some(Refusal::Full)), Chosen::No);
    }

    proptest! {
        #[test]
        fn a_lower_rate_samples_a_part_of_a_higher_one(id in ".*", a in 0.0..=1.0, b in 0.0..=1.0) {
            let (low, high) = (Rate::new(f64::min(a, b)).unwrap(), Rate::new(f64::max(a, b)).unwrap());
            let place = Place::of_id(&id);
            prop_assert!(!low.takes(place) || high.takes(place));
        }
    }
}
