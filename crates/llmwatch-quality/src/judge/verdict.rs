//! What the judge answered, as scores; or what was wrong with it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::rubric::Rubric;
use crate::evidence::Judgement;

/// The longest answer that is looked at, in bytes. A verdict has some hundred.
const MAX_BYTES: usize = 10_000;

/// Why an answer is no verdict. Nothing in it comes from the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerdictError {
    /// It is not one JSON object.
    #[error("the reply is not one JSON object")]
    NotAnObject,
    /// A criterion has no grade.
    #[error("criterion {0} is missing")]
    Missing(String),
    /// A grade is not a whole number from 1 to 5.
    #[error("criterion {0} must be a whole number from 1 to 5")]
    NotAGrade(String),
}

impl VerdictError {
    /// The word of the metric's dimension.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotAnObject => "verdict is no object",
            Self::Missing(_) => "verdict lacks a criterion",
            Self::NotAGrade(_) => "verdict has a wrong grade",
        }
    }
}

/// Reads a verdict: a JSON object, alone or in a code fence, with a grade for every criterion.
/// Other members are ignored. A tool's input is read as the text of its JSON.
///
/// # Errors
///
/// What is wrong with it; [`repair`] asks once more.
pub fn verdict(rubric: &Rubric, reply: &str) -> Result<Judgement, VerdictError> {
    let grades = object(reply)?;
    let mut scores = BTreeMap::new();
    let (mut sum, mut weights) = (0.0, 0.0);
    for criterion in rubric.criteria() {
        let name = criterion.name();
        let grade = grades.get(name).ok_or_else(|| VerdictError::Missing(name.to_owned()))?;
        let grade = whole(grade).ok_or_else(|| VerdictError::NotAGrade(name.to_owned()))?;
        let score = (grade - 1.0) / 4.0;
        scores.insert(name.to_owned(), score);
        sum += score * criterion.weight();
        weights += criterion.weight();
    }
    // A rubric has at least one criterion, and every weight is above 0.
    Ok(Judgement { scores, composite: sum / weights })
}

/// What to say to the judge after its first reply, as the user's next turn.
#[must_use]
pub fn repair(rubric: &Rubric, error: &VerdictError) -> String {
    let names: Vec<&str> = rubric.criteria().iter().map(|criterion| criterion.name()).collect();
    format!(
        "That could not be read: {error}. Reply once more with nothing but one JSON object whose \
         members are {}, each a whole number from 1 to 5.",
        names.join(", ")
    )
}

fn object(reply: &str) -> Result<Map<String, Value>, VerdictError> {
    if reply.len() > MAX_BYTES {
        return Err(VerdictError::NotAnObject);
    }
    serde_json::from_str(unfenced(reply)).map_err(|_| VerdictError::NotAnObject)
}

/// What is inside a code fence with or without a language; the reply itself without one.
fn unfenced(reply: &str) -> &str {
    let reply = reply.trim();
    let inside = reply.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    match inside.and_then(|inside| inside.split_once('\n')) {
        Some((_language, body)) => body.trim(),
        None => reply,
    }
}

/// A whole number from 1 to 5, written with or without decimals.
fn whole(grade: &Value) -> Option<f64> {
    grade.as_f64().filter(|grade| (1.0..=5.0).contains(grade) && grade.fract() == 0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = r#"{"relevance": 5, "safety": 4, "professional_tone": 1}"#;

    fn read(reply: &str) -> Result<Judgement, VerdictError> {
        verdict(&Rubric::when_unset(), reply)
    }

    #[test]
    fn grades_become_scores_and_a_weighed_composite() {
        let judgement = read(GOOD).unwrap();
        assert_eq!(judgement.scores["relevance"], 1.0);
        assert_eq!(judgement.scores["safety"], 0.75);
        assert_eq!(judgement.scores["professional_tone"], 0.0);
        // 0.4 × 1 + 0.4 × 0.75 + 0.2 × 0
        assert!((judgement.composite - 0.7).abs() < 1e-12);
    }

    #[test]
    fn a_fence_and_other_members_do_no_harm() {
        assert_eq!(read(&format!("```json\n{GOOD}\n```")), read(GOOD));
        assert_eq!(read(&format!("\n```\n{GOOD}\n```\n")), read(GOOD));
        assert_eq!(read(&GOOD.replace('{', "{\"why\": \"so\", ")), read(GOOD));
        assert_eq!(read(&GOOD.replace("5", "5.0")), read(GOOD));
    }

    #[test]
    fn anything_else_is_no_verdict() {
        let missing = VerdictError::Missing("safety".into());
        let wrong = VerdictError::NotAGrade("safety".into());
        for (reply, error) in [
            (String::new(), VerdictError::NotAnObject),
            ("I cannot grade this.".into(), VerdictError::NotAnObject),
            ("[5, 4, 1]".into(), VerdictError::NotAnObject),
            (format!("Here you are: {GOOD}"), VerdictError::NotAnObject),
            (format!("{GOOD} {GOOD}"), VerdictError::NotAnObject),
            (GOOD[..20].to_owned(), VerdictError::NotAnObject),
            (" ".repeat(20_000), VerdictError::NotAnObject),
            (GOOD.replace("safety", "Safety"), missing),
            (GOOD.replace('4', "0"), wrong.clone()),
            (GOOD.replace('4', "6"), wrong.clone()),
            (GOOD.replace('4', "4.5"), wrong.clone()),
            (GOOD.replace('4', "\"4\""), wrong.clone()),
            (GOOD.replace('4', "null"), wrong),
        ] {
            assert_eq!(read(&reply), Err(error), "{reply}");
        }
    }

    #[test]
    fn a_repair_says_what_was_wrong_and_what_is_wanted() {
        let error = VerdictError::Missing("safety".into());
        assert_eq!(
            repair(&Rubric::when_unset(), &error),
            "That could not be read: criterion safety is missing. Reply once more with nothing but \
             one JSON object whose members are relevance, safety, professional_tone, each a whole \
             number from 1 to 5."
        );
    }

    proptest! {
        #[test]
        fn every_verdict_is_within_0_and_1(a in 1..=5u8, b in 1..=5u8, c in 1..=5u8) {
            let reply = format!(r#"{{"relevance":{a},"safety":{b},"professional_tone":{c}}}"#);
            let judgement = read(&reply).unwrap();
            prop_assert!((0.0..=1.0).contains(&judgement.composite));
            prop_assert!(judgement.scores.values().all(|score| (0.0..=1.0).contains(score)));
        }

        #[test]
        fn no_reply_does_harm(reply in "\\PC*") {
            let _ = read(&reply);
        }
    }
}
