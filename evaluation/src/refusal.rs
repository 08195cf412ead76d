//! The tables of refusal.

use std::path::Path;

use llmwatch_embedding::Embedder;
use llmwatch_quality::evidence::Refusal;
use llmwatch_quality::refusal::{Refusals, Verdict, opening};

use crate::figures::Counts;
use crate::sets::{self, Answer, EvaluationError, Label};

/// How the answers of a set were judged.
#[derive(Debug, Default)]
struct Outcome {
    /// Full refusal against full compliance; judged Partial counts as not refused outright.
    full: Counts,
    /// Answers labelled partial, judged none, partial, full.
    partials: [u32; 3],
    /// Answers labelled otherwise that were judged partial: compliance, full refusal.
    taken_for_partial: [u32; 2],
}

impl Outcome {
    fn add(&mut self, judged: Refusal, label: Label) {
        if label == Label::Partial {
            self.partials[judged as usize] += 1;
            return;
        }
        self.full.add(judged == Refusal::Full, label == Label::Full);
        if judged == Refusal::Partial {
            self.taken_for_partial[usize::from(label == Label::Full)] += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.full.merge(other.full);
        let add = |ours: &mut [u32], theirs: &[u32]| {
            ours.iter_mut().zip(theirs).for_each(|(our, their)| *our += their);
        };
        add(&mut self.partials, &other.partials);
        add(&mut self.taken_for_partial, &other.taken_for_partial);
    }

    fn print(&self, name: &str) {
        let [none, partial, full] = self.partials;
        let [complying, refusing] = self.taken_for_partial;
        println!(
            "{name:<24}{}   {none:>4}{partial:>5}{full:>5}   {complying:>4}{refusing:>5}",
            self.full
        );
    }
}

/// Judges each model's answers by heads trained without that model.
pub(crate) fn print_left_out(home: &Path, model: Option<&Embedder>) -> Result<(), EvaluationError> {
    println!("Refusal: each model judged by heads trained on the other two and on known answers.");
    println!("The phrases themselves were written with all three in view.\n");
    let mut totals = [Outcome::default(), Outcome::default()];
    let mut lines = [Vec::new(), Vec::new()];
    for name in sets::MODELS {
        let by_phrases = sets::weights(home, &format!("refusal_without_{name}_phrases.txt"))?;
        let by_embedding = sets::weights(home, &format!("refusal_without_{name}_embedding.txt"))?;
        let refusals = Refusals::with_heads(&by_phrases, &by_embedding)?;
        let answers = sets::model_answers(home, name)?;
        let judged = judge(&refusals, &answers, model)?;
        for ((outcome, total), lines) in judged.into_iter().zip(&mut totals).zip(&mut lines) {
            total.merge(&outcome);
            lines.push((name, outcome));
        }
    }
    for ((title, total), lines) in TITLES.iter().zip(totals).zip(lines) {
        if total.full == Counts::default() {
            continue;
        }
        print_header(title);
        for (name, outcome) in lines {
            outcome.print(name);
        }
        total.print("all three");
        println!();
    }
    Ok(())
}

/// Judges the answers of a file by the shipped heads.
pub(crate) fn print_set(
    path: &Path,
    wrong: bool,
    model: Option<&Embedder>,
) -> Result<(), EvaluationError> {
    let refusals = Refusals::shipped()?;
    let answers = sets::answers(path)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    for (title, outcome) in TITLES.iter().zip(judge(&refusals, &answers, model)?) {
        if outcome.full == Counts::default() {
            continue;
        }
        print_header(title);
        outcome.print(name.get(..23).unwrap_or(&name));
        println!();
    }
    if wrong {
        print_wrong(&refusals, &answers, model)?;
    }
    Ok(())
}

const TITLES: [&str; 2] = ["By phrases and embedding", "By phrases alone"];

fn print_header(title: &str) {
    println!("{title}");
    println!(
        "                               full refusal against full compliance       labelled partial,      judged partial,"
    );
    println!(
        "                        precision recall     F1    TP    FP    FN    TN   judged none/part/full  labelled none/full"
    );
}

/// By phrases and embedding, where there is a model, and by phrases alone.
fn judge(
    refusals: &Refusals,
    answers: &[Answer],
    model: Option<&Embedder>,
) -> Result<[Outcome; 2], EvaluationError> {
    let mut outcomes = [Outcome::default(), Outcome::default()];
    for (answer, verdict) in answers.iter().zip(by_embedding(refusals, answers, model)?) {
        outcomes[0].add(verdict.extent, answer.label);
    }
    for answer in answers {
        outcomes[1].add(refusals.by_phrases(&answer.text).extent, answer.label);
    }
    Ok(outcomes)
}

fn by_embedding(
    refusals: &Refusals,
    answers: &[Answer],
    model: Option<&Embedder>,
) -> Result<Vec<Verdict>, EvaluationError> {
    let vectors = sets::embed(model, answers.iter().map(|answer| opening(&answer.text)))?;
    let verdict =
        |(answer, vector): (&Answer, Vec<f32>)| refusals.by_embedding(&answer.text, &vector);
    Ok(answers.iter().zip(vectors.unwrap_or_default()).map(verdict).collect())
}

fn print_wrong(
    refusals: &Refusals,
    answers: &[Answer],
    model: Option<&Embedder>,
) -> Result<(), EvaluationError> {
    for (answer, verdict) in answers.iter().zip(by_embedding(refusals, answers, model)?) {
        let refused = verdict.extent == Refusal::Full;
        if answer.label != Label::Partial && refused != (answer.label == Label::Full) {
            let start: String = answer.text.chars().take(160).collect();
            println!("{:?} {:.2} {}", answer.label, verdict.probability, start.replace('\n', " "));
        }
    }
    Ok(())
}
