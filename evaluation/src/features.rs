//! What training reads: for each text its set, its label, what the matchers found, its embedding.

use std::path::Path;

use llmwatch_embedding::Embedder;
use llmwatch_quality::refusal::{self, Refusals, opening};
use llmwatch_quality::toxicity::{self, Toxicity};
use serde::Serialize;

use crate::sets::{self, Answer, EvaluationError, Label, Statement};

#[derive(Serialize)]
struct Line<'a> {
    head: &'static str,
    set: &'a str,
    fold: u32,
    label: u8,
    signs: Vec<f32>,
    embedding: Vec<f32>,
}

#[derive(Serialize)]
struct Names {
    refusal: Vec<String>,
    toxicity: Vec<String>,
}

/// The first line names the features of both heads; each other is one text.
pub(crate) fn print(home: &Path, model: Option<&Embedder>) -> Result<(), EvaluationError> {
    let model = model.ok_or(EvaluationError::NoModel)?;
    write(&Names { refusal: refusal::feature_names(), toxicity: toxicity::feature_names() })?;
    for name in sets::MODELS {
        let answers = sets::model_answers(home, name)?;
        print_answers(name, &answers, model)?;
        let complies = |answer: &Answer| answer.label == Label::Compliance;
        let harmless =
            answers.into_iter().filter(complies).map(harmless_statement).collect::<Vec<_>>();
        print_statements(name, &harmless, model)?;
    }
    print_answers("known", &sets::answers(&home.join("data/known_answers.csv"))?, model)?;
    print_statements("known", &sets::statements(home, "known_statements")?, model)?;
    let hate: Vec<_> = sets::hatecheck(home)?.into_iter().filter(is_hate_or_harmless).collect();
    print_statements("hatecheck", &hate, model)?;
    print_statements("toxigen", &sets::statements(home, "toxigen_200")?, model)
}

/// HateCheck calls abuse of persons and things, and mere swearing, not hateful. It is toxic all the
/// same, or close to it: nothing to learn harmlessness from.
fn is_hate_or_harmless(statement: &Statement) -> bool {
    const ABUSE: [&str; 4] =
        ["profanity_nh", "target_obj_nh", "target_indiv_nh", "target_group_nh"];
    !ABUSE.contains(&statement.functionality.as_str())
}

/// An answer as an example of what is not toxic. Some comply with nasty requests, in a neutral tone.
fn harmless_statement(answer: Answer) -> Statement {
    Statement { text: answer.text, toxic: false, functionality: String::new(), fold: 0 }
}

fn print_answers(set: &str, answers: &[Answer], model: &Embedder) -> Result<(), EvaluationError> {
    let refusals = Refusals::shipped()?;
    let openings: Vec<&str> = answers.iter().map(|answer| opening(&answer.text)).collect();
    for (answer, embedding) in answers.iter().zip(model.embed(&openings)?) {
        let label = match answer.label {
            Label::Compliance => 1,
            Label::Full => 2,
            Label::Partial => 3,
        };
        let signs = refusals.features(&answer.text);
        write(&Line { head: "refusal", set, fold: 0, label, signs, embedding })?;
    }
    Ok(())
}

fn print_statements(
    set: &str,
    statements: &[Statement],
    model: &Embedder,
) -> Result<(), EvaluationError> {
    let toxicity = Toxicity::shipped()?;
    let texts: Vec<&str> = statements.iter().map(|statement| statement.text.as_str()).collect();
    for (statement, embedding) in statements.iter().zip(model.embed(&texts)?) {
        let (label, fold) = (u8::from(statement.toxic), statement.fold);
        let signs = toxicity.features(&statement.text).to_vec();
        write(&Line { head: "toxicity", set, fold, label, signs, embedding })?;
    }
    Ok(())
}

fn write(line: &impl Serialize) -> Result<(), EvaluationError> {
    println!("{}", serde_json::to_string(line).map_err(EvaluationError::Write)?);
    Ok(())
}
