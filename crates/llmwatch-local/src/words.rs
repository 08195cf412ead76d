//! What single words tell of a text: the rule behind local sentiment, toxicity and judging.
//!
//! A small list each, so that a test can choose its words; it is no model of language. AWS's
//! services know far more, and only the form of their answers is theirs.

use std::collections::{BTreeMap, BTreeSet};

const POSITIVE: [&str; 14] = [
    "good",
    "great",
    "excellent",
    "wonderful",
    "love",
    "thanks",
    "thank",
    "happy",
    "perfect",
    "helpful",
    "素晴らしい",
    "最高",
    "ありがとう",
    "嬉しい",
];
const NEGATIVE: [&str; 16] = [
    "bad",
    "terrible",
    "awful",
    "horrible",
    "hate",
    "angry",
    "useless",
    "broken",
    "worst",
    "wrong",
    "sad",
    "disappointed",
    "最悪",
    "悪い",
    "ひどい",
    "残念",
];
const NEGATIONS: [&str; 6] = ["not", "never", "no", "isn't", "don't", "wasn't"];

/// Words and the kind of toxicity they show, by Comprehend's names.
const TOXIC: [(&str, &str); 16] = [
    ("idiot", "INSULT"),
    ("stupid", "INSULT"),
    ("moron", "INSULT"),
    ("fool", "INSULT"),
    ("damn", "PROFANITY"),
    ("crap", "PROFANITY"),
    ("shut up", "HARASSMENT_OR_ABUSE"),
    ("worthless", "HARASSMENT_OR_ABUSE"),
    ("subhuman", "HATE_SPEECH"),
    ("vermin", "HATE_SPEECH"),
    ("kill you", "VIOLENCE_OR_THREAT"),
    ("hurt you", "VIOLENCE_OR_THREAT"),
    ("stab", "VIOLENCE_OR_THREAT"),
    ("gore", "GRAPHIC"),
    ("porn", "SEXUAL"),
    ("馬鹿", "INSULT"),
];

/// The kinds of toxicity, by Comprehend's names.
pub const TOXIC_KINDS: [&str; 7] = [
    "GRAPHIC",
    "HARASSMENT_OR_ABUSE",
    "HATE_SPEECH",
    "INSULT",
    "PROFANITY",
    "SEXUAL",
    "VIOLENCE_OR_THREAT",
];

/// How positive, negative, neutral and mixed a text is; the four add up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mood {
    /// Positive.
    pub positive: f64,
    /// Negative.
    pub negative: f64,
    /// Neither.
    pub neutral: f64,
    /// Both.
    pub mixed: f64,
}

/// The mood of a text: `p` positive and `n` negative words count as such, a negation before one
/// turns it round, and one part in `p + n + 1` is neutral. What both sides have is mixed.
#[must_use]
pub fn mood(text: &str) -> Mood {
    let lower = text.to_lowercase();
    let words: Vec<&str> = words(&lower).collect();
    let (mut positive, mut negative) = (0, 0);
    for (index, word) in words.iter().enumerate() {
        let negated = index > 0 && NEGATIONS.contains(&words[index - 1]);
        let (good, bad) = (holds(&POSITIVE, word), holds(&NEGATIVE, word));
        if good != bad && good != negated {
            positive += 1;
        } else if good != bad {
            negative += 1;
        }
    }
    let (all, both) = (f64::from(positive + negative + 1), f64::from(positive.min(negative)));
    Mood {
        positive: (f64::from(positive) - both) / all,
        negative: (f64::from(negative) - both) / all,
        neutral: 1.0 / all,
        mixed: 2.0 * both / all,
    }
}

/// How toxic a text is by kind, every kind named: 0 without a toxic word, 0.75 with one, and a
/// quarter of the way to 1 is left with each further.
#[must_use]
pub fn toxicity(text: &str) -> BTreeMap<&'static str, f64> {
    let lower = text.to_lowercase();
    let mut left: BTreeMap<&str, f64> = TOXIC_KINDS.iter().map(|kind| (*kind, 1.0)).collect();
    for (word, kind) in TOXIC {
        if says(&lower, word)
            && let Some(left) = left.get_mut(kind)
        {
            *left /= 4.0;
        }
    }
    left.into_iter().map(|(kind, left)| (kind, 1.0 - left)).collect()
}

/// The worst kind's toxicity.
#[must_use]
pub fn worst_toxicity(text: &str) -> f64 {
    toxicity(text).into_values().fold(0.0, f64::max)
}

/// Which part of the question's longer words, or Japanese letter pairs, the answer has too, 0 to 1;
/// 1 for a question without any.
#[must_use]
pub fn shared_words(question: &str, answer: &str) -> f64 {
    let (question, answer) = (terms(question), terms(answer));
    if question.is_empty() {
        return 1.0;
    }
    question.intersection(&answer).count() as f64 / question.len() as f64
}

/// The words of a text in lower case: runs of letters, digits and apostrophes.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty())
}

fn terms(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let mut terms = BTreeSet::new();
    for word in words(&lower) {
        if word.is_ascii() {
            if word.len() > 3 {
                terms.insert(word.to_owned());
            }
        } else {
            let letters: Vec<char> = word.chars().collect();
            terms.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
        }
    }
    terms
}

/// A list's word: whole where there are spaces between words, anywhere in a Japanese run.
fn holds(list: &[&str], word: &str) -> bool {
    list.iter().any(|known| *known == word || (!known.is_ascii() && word.contains(known)))
}

/// Whether a lower-case text has a word or phrase, not as a part of other words.
pub(crate) fn says(lower: &str, phrase: &str) -> bool {
    if !phrase.is_ascii() {
        return lower.contains(phrase);
    }
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    lower.match_indices(phrase).any(|(start, found)| {
        !is_letter(lower[..start].chars().next_back())
            && !is_letter(lower[start + found.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_make_the_mood_and_negations_turn_it() {
        let check = |text: &str, expected: [f64; 4]| {
            let Mood { positive, negative, neutral, mixed } = mood(text);
            assert_eq!([positive, negative, neutral, mixed], expected, "{text}");
        };
        check("The sky is blue.", [0.0, 0.0, 1.0, 0.0]);
        check("Great, thanks! A wonderful answer", [0.75, 0.0, 0.25, 0.0]);
        check("This is not good.", [0.0, 0.5, 0.5, 0.0]);
        check("Not bad.", [0.5, 0.0, 0.5, 0.0]);
        check("good and bad, and a terrible end", [0.0, 0.25, 0.25, 0.5]);
        check("最悪の答えです", [0.0, 0.5, 0.5, 0.0]);
    }

    #[test]
    fn a_toxic_word_counts_for_its_kind_and_not_within_another() {
        assert_eq!(toxicity("You IDIOT, you fool!")["INSULT"], 1.0 - 1.0 / 16.0);
        assert_eq!(worst_toxicity("I will kill you"), 0.75);
        assert_eq!(worst_toxicity("A category of scraps, established"), 0.0);
        assert_eq!(toxicity("fine").len(), TOXIC_KINDS.len());
    }

    #[test]
    fn relevance_is_the_part_of_the_questions_words_that_the_answer_has() {
        let question = "How do I reset my router password?";
        assert_eq!(shared_words(question, "To reset the router password, hold the button."), 1.0);
        assert_eq!(shared_words(question, "Bananas are yellow."), 0.0);
        assert_eq!(shared_words("Why?", "Because."), 1.0);
        assert!(shared_words("東京の天気", "東京は晴れ") > 0.0);
    }
}
