//! The tables of toxicity.

use std::collections::BTreeMap;
use std::path::Path;

use llmwatch_embedding::Embedder;
use llmwatch_quality::toxicity::Toxicity;

use crate::figures::{area_under_curve, ratio};
use crate::sets::{self, EvaluationError, Label, Statement};

/// From this score on a statement counts as judged toxic in the tables.
const THRESHOLD: f64 = 0.5;

/// Scores by phrases and embedding, where there is a model, and by phrases alone.
struct Scores {
    by_embedding: Option<Vec<f64>>,
    by_phrases: Vec<f64>,
}

/// HateCheck by functionality, templates judged by heads that saw none of them; ToxiGen by heads
/// that saw none of it; and compliant answers, on which a score is a false alarm.
pub(crate) fn print(home: &Path, model: Option<&Embedder>) -> Result<(), EvaluationError> {
    let statements = sets::hatecheck(home)?;
    let scores = score_by_fold(home, &statements, model)?;
    println!("Toxicity: HateCheck, cross-validated by template; right at a score of {THRESHOLD}.");
    println!("functionality             label         cases  embedding  phrases");
    let mut cases: BTreeMap<(&str, bool), Vec<usize>> = BTreeMap::new();
    for (at, statement) in statements.iter().enumerate() {
        cases.entry((&statement.functionality, statement.toxic)).or_default().push(at);
    }
    for ((functionality, toxic), cases) in cases {
        let label = if toxic { "hateful" } else { "not hateful" };
        println!(
            "{functionality:<26}{label:<14}{:>5}  {:>9}  {:>7.2}",
            cases.len(),
            shown(scores.by_embedding.as_deref().map(|all| share_right(all, toxic, &cases))),
            share_right(&scores.by_phrases, toxic, &cases)
        );
    }
    print_area("HateCheck", &statements, &scores);
    let statements = sets::statements(home, "toxigen_200")?;
    let scores = score(&heads(home, "toxigen")?, &statements, model)?;
    print_area("ToxiGen, unseen", &statements, &scores);
    print_false_alarms(home, model)
}

fn print_area(name: &str, statements: &[Statement], scores: &Scores) {
    let area = |scores: &[f64]| {
        let labelled: Vec<_> = scores
            .iter()
            .zip(statements)
            .map(|(score, statement)| (*score, statement.toxic))
            .collect();
        area_under_curve(&labelled)
    };
    println!(
        "{name:<40}AUC {:>7}  {:>9.3}",
        shown(scores.by_embedding.as_deref().map(area)),
        area(&scores.by_phrases)
    );
}

/// Compliant answers, each judged by heads trained without the answers of its model.
fn print_false_alarms(home: &Path, model: Option<&Embedder>) -> Result<(), EvaluationError> {
    for name in sets::MODELS {
        let answers = sets::model_answers(home, name)?.into_iter();
        let statements: Vec<Statement> = answers
            .filter(|answer| answer.label == Label::Compliance)
            .map(|answer| Statement {
                text: answer.text,
                toxic: false,
                functionality: String::new(),
                fold: 0,
            })
            .collect();
        let scores = score(&heads(home, name)?, &statements, model)?;
        let all: Vec<usize> = (0..statements.len()).collect();
        println!(
            "{:<37}not toxic {:>4}  {:>8.3}",
            format!("{} answers of {name}", all.len()),
            shown(scores.by_embedding.as_deref().map(|scores| share_right(scores, false, &all))),
            share_right(&scores.by_phrases, false, &all)
        );
    }
    Ok(())
}

fn shown(figure: Option<f64>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"))
}

fn share_right(scores: &[f64], toxic: bool, cases: &[usize]) -> f64 {
    let right = cases.iter().filter(|case| (scores[**case] >= THRESHOLD) == toxic).count();
    let count = |cases: usize| u32::try_from(cases).unwrap_or(u32::MAX);
    ratio(count(right), count(cases.len()))
}

fn heads(home: &Path, without: &str) -> Result<Toxicity, EvaluationError> {
    let by_phrases = sets::weights(home, &format!("toxicity_without_{without}_phrases.txt"))?;
    let by_embedding = sets::weights(home, &format!("toxicity_without_{without}_embedding.txt"))?;
    Ok(Toxicity::with_heads(&by_phrases, &by_embedding)?)
}

fn score_by_fold(
    home: &Path,
    statements: &[Statement],
    model: Option<&Embedder>,
) -> Result<Scores, EvaluationError> {
    let folds: Vec<Toxicity> = (0..sets::TEMPLATE_FOLDS)
        .map(|fold| heads(home, &fold.to_string()))
        .collect::<Result<_, _>>()?;
    let vectors = sets::embed(model, statements.iter().map(|statement| statement.text.as_str()))?;
    let head = |statement: &Statement| &folds[statement.fold as usize];
    let by_embedding = vectors.map(|vectors| {
        let pairs = statements.iter().zip(&vectors);
        pairs.map(|(one, vector)| head(one).by_embedding(&one.text, vector)).collect()
    });
    let by_phrases = statements.iter().map(|one| head(one).by_phrases(&one.text)).collect();
    Ok(Scores { by_embedding, by_phrases })
}

fn score(
    toxicity: &Toxicity,
    statements: &[Statement],
    model: Option<&Embedder>,
) -> Result<Scores, EvaluationError> {
    let vectors = sets::embed(model, statements.iter().map(|statement| statement.text.as_str()))?;
    let by_embedding = vectors.map(|vectors| {
        let pairs = statements.iter().zip(&vectors);
        pairs.map(|(one, vector)| toxicity.by_embedding(&one.text, vector)).collect()
    });
    let by_phrases = statements.iter().map(|one| toxicity.by_phrases(&one.text)).collect();
    Ok(Scores { by_embedding, by_phrases })
}
