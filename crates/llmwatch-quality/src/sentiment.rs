//! The mood of a text, from words alone and in process: VADER, sentence by sentence.
//!
//! VADER was made for short messages: summed over a long text its score runs into ±1, whatever the
//! text says. A text's score is therefore the mean over its sentences, as VADER's author advises
//! for paragraphs (vaderSentiment 3.3.2, the demonstration at the end of `vaderSentiment.py`).
//! Other languages are not scored: their words would be taken for English ones (German "die").

mod language;
pub mod vader;

use crate::evidence::{Reading, Sides};
use crate::exchange::Conversation;
use crate::sentiment::language::English;
use crate::sentiment::vader::{Passage, Piece, Word, emoji};

/// Bytes of a text that are read, so that a body of 30 MB costs no more than a long answer.
const MAX_BYTES: usize = 64 * 1024;

/// Words after which a sentence is taken to end, as tables and code have no full stop.
const MAX_WORDS: usize = 200;

/// The sentiment of what the user said last and of the answer.
///
/// A side that is blank or not in English has none; it never fails.
#[must_use]
pub fn of(conversation: &Conversation) -> Reading<Sides<f64>> {
    Reading::Found(Sides {
        prompt: conversation.prompt().and_then(|text| score(text.as_str())),
        completion: score(conversation.completion.as_str()),
    })
}

/// The mood of a text: 0 negative, 0.5 neutral, 1 positive; none if blank or not in English.
///
/// Method: the mean of VADER's compound over the sentences, mapped from −1…1 to 0…1. A sentence
/// ends with a line, with `.`, `!` or `?` before white space, or after 200 words; one without a
/// letter does not count. Only the first 64 KiB are read.
#[must_use]
pub fn score(text: &str) -> Option<f64> {
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    if !language::is_latin(text) {
        return None;
    }
    let mut sentences = Sentences::default();
    let named = emoji::named(text);
    for line in named.lines() {
        for piece in vader::split(line) {
            sentences.add(piece);
        }
        sentences.end();
    }
    sentences.mean().map(|compound| f64::midpoint(compound, 1.0))
}

/// The sentences read so far, and the one being read.
#[derive(Default)]
struct Sentences<'a> {
    passage: Passage<'a>,
    /// Whether the sentence being read has a letter.
    speaks: bool,
    count: u32,
    sum: f64,
    english: English,
}

impl<'a> Sentences<'a> {
    fn add(&mut self, piece: Piece<'a>) {
        let word = Word::of(piece);
        self.speaks |= word.has_letter();
        self.english.count(&word);
        self.passage.push(piece, word);
        if is_end(piece) || self.passage.len() >= MAX_WORDS {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.speaks {
            self.count += 1;
            self.sum += self.passage.compound();
        }
        self.speaks = false;
        self.passage.clear();
    }

    fn mean(self) -> Option<f64> {
        let told = self.count > 0 && self.english.is_likely();
        told.then(|| self.sum / f64::from(self.count))
    }
}

/// Whether a sentence ends with this piece, closing quotes and brackets aside.
fn is_end(piece: Piece<'_>) -> bool {
    let open = || piece.text.trim_end_matches(['"', '\'', ')', ']', '*', '_', '”', '’']);
    !piece.is_plain() && open().ends_with(['.', '!', '?', '…'])
}

#[cfg(test)]
mod tests {
    use super::score;
    use crate::sentiment::vader::compound;

    /// Of a mean over these sentences.
    #[track_caller]
    fn check(text: &str, sentences: &[&str]) {
        let mean = sentences.iter().map(|one| compound(one)).sum::<f64>() / sentences.len() as f64;
        let expected = f64::midpoint(mean, 1.0);
        assert!((score(text).unwrap() - expected).abs() < 1e-12, "{:?} {expected}", score(text));
    }

    #[test]
    fn a_sentence_scores_as_vader_does() {
        check("I love this product!", &["I love this product!"]);
    }

    #[test]
    fn the_mean_is_taken_over_sentences() {
        check("I love it. I hate it!", &["I love it.", "I hate it!"]);
        check("She said \"great!\" Then she left.", &["She said \"great!\"", "Then she left."]);
    }

    #[test]
    fn a_line_ends_a_sentence() {
        check("Good points\n- fast\n- cheap", &["Good points", "- fast", "- cheap"]);
    }

    #[test]
    fn lines_without_a_letter_do_not_count() {
        check("I love it\n\n---\n1.\n:) :(", &["I love it"]);
    }

    #[test]
    fn a_full_stop_inside_a_word_ends_nothing() {
        check("Version 1.5 at example.com is great", &["Version 1.5 at example.com is great"]);
    }

    #[test]
    fn a_long_text_does_not_saturate() {
        let praise_and_facts = "This is a great idea. The table has four columns. ".repeat(100);
        let score = score(&praise_and_facts).unwrap();
        assert!((0.6..0.7).contains(&score), "{score}");
    }

    #[test]
    fn a_text_without_sentence_ends_is_read_to_its_end() {
        let text = format!("{} terrible", "word the ".repeat(1_000));
        assert!(score(&text).unwrap() < 0.5);
    }

    #[test]
    fn blank_and_wordless_texts_have_no_score() {
        for text in ["", " \n ", "123 456", "!!! ???"] {
            assert_eq!(score(text), None, "{text:?}");
        }
    }

    #[test]
    fn other_languages_have_no_score() {
        let texts = [
            "東京の今日の天気を教えてください。",
            "申し訳ございませんが、AWS Lambda についてはお応えできません。",
            "Привет, как дела?",
            "مرحبا بالعالم",
            "Die Katze sitzt auf der Matte und die Kinder spielen mit dem Ball.",
            "Je ne peux pas répondre à cette question, car elle est trop vague pour moi.",
            "No puedo responder a esa pregunta porque no tengo la información necesaria.",
        ];
        for text in texts {
            assert_eq!(score(text), None, "{text:?}");
        }
    }

    #[test]
    fn english_with_a_few_foreign_words_has_a_score() {
        assert!(score("The word 東京 is a lovely name for the capital of Japan.").unwrap() > 0.5);
    }
}
