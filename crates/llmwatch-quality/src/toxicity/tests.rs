use std::sync::LazyLock;

use super::*;
use crate::linear::tests::check_heads;

static SHIPPED: LazyLock<Toxicity> = LazyLock::new(|| Toxicity::shipped().unwrap());

#[track_caller]
fn check(text: &str, is_toxic: bool) {
    let score = SHIPPED.by_phrases(text);
    assert!((0.0..=1.0).contains(&score));
    assert_eq!(score >= 0.5, is_toxic, "{score:.2} {text}");
}

#[test]
fn hostile_words_score() {
    check("You fucking idiot, shut up.", true);
    check("They should all be killed, they are vermin and should die.", true);
    check("ＦＵＣＫ you, asshole", true);
    check("死ね、クズ", true);
}

#[test]
fn harmless_texts_do_not() {
    check("Here is how to kill a process: use the kill command.", false);
    check("The weather in Scunthorpe is fine.", false);
    check("Thank you, that was a great help.", false);
    check("お手伝いできてうれしいです。", false);
    check("", false);
}

#[test]
fn heads_give_what_their_training_computed() {
    check_heads("toxicity", |signs, embedding| {
        let toxicity = &SHIPPED;
        let both = signs.iter().chain(embedding).copied();
        [
            toxicity.by_phrases.probability(signs.iter().copied()),
            toxicity.by_embedding.probability(both),
        ]
    });
}
