//! Terms without quotes: pieces of names, as CloudWatch cuts them.

/// A term without quotes, cut into tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partial {
    /// Letters and digits only, in lower case: the token that a whole name is.
    whole: String,
    /// At least one.
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    case: Case,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    /// Of a word that is one token: `count`, `COUNT`.
    Ignored,
    /// Of a word that is several: `Count1`.
    Heeded,
}

impl Partial {
    /// The tokens of a term; none when it has no letter and no digit.
    pub(super) fn of(term: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        for word in words(term) {
            let pieces = pieces(word);
            let case = if pieces.len() == 1 { Case::Ignored } else { Case::Heeded };
            tokens.extend(pieces.into_iter().map(|piece| Token { text: piece.to_owned(), case }));
        }
        (!tokens.is_empty()).then(|| Self { whole: whole(term), tokens })
    }

    /// Whether a name holds the tokens one after the other, or is as a whole the term's only token.
    ///
    /// The page says that tokens in a row are compared with their case, and finds
    /// `Network-Errors-2` by `network-errors`. Both hold when case counts within a word, where it
    /// is what cut the word.
    pub(super) fn matches(&self, name: &str) -> bool {
        let pieces: Vec<&str> = words(name).flat_map(pieces).collect();
        let in_a_row = |row: &[&str]| {
            self.tokens.iter().zip(row).all(|(token, piece)| match token.case {
                Case::Heeded => token.text == *piece,
                Case::Ignored => token.text.to_lowercase() == piece.to_lowercase(),
            })
        };
        pieces.windows(self.tokens.len()).any(in_a_row) || whole(name) == self.whole
    }
}

fn whole(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A word cut before a capital that follows a small letter, before the last capital of several when
/// a small letter follows it, and between letters and digits. The page does not show a letter after
/// a digit; that it begins a token is ours.
fn pieces(word: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = word.char_indices().collect();
    let begins = |at: usize| {
        let (before, here) = (letters[at - 1].1, letters[at].1);
        let ends_capitals = before.is_uppercase()
            && here.is_uppercase()
            && letters.get(at + 1).is_some_and(|(_, next)| next.is_lowercase());
        before.is_numeric() != here.is_numeric()
            || (before.is_lowercase() && here.is_uppercase())
            || ends_capitals
    };
    let mut cuts: Vec<usize> = vec![0];
    cuts.extend((1..letters.len()).filter(|at| begins(*at)).map(|at| letters[at].0));
    cuts.push(word.len());
    cuts.windows(2).map(|cut| &word[cut[0]..cut[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(term: &str, name: &str, expected: bool) {
        let found = Partial::of(term).is_some_and(|partial| partial.matches(name));
        assert_eq!(found, expected, "{term} in {name}");
    }

    #[test]
    fn the_documented_tokens() {
        let cut = |name: &str| -> Vec<String> {
            words(name).flat_map(pieces).map(str::to_lowercase).collect()
        };
        assert_eq!(cut("CustomCount1"), ["custom", "count", "1"]);
        assert_eq!(cut("SDBFailure"), ["sdb", "failure"]);
        assert_eq!(cut("Project2-trial333"), ["project", "2", "trial", "333"]);
        assert_eq!(cut("Network-Errors_2"), ["network", "errors", "2"]);
        assert_eq!(whole("Project2-trial333"), "project2trial333");
    }

    #[test]
    fn one_token_is_found_in_any_case() {
        for term in ["count", "Count", "COUNT", "1", "custom", "customcount1"] {
            check(term, "CustomCount1", true);
        }
        for term in ["couNT", "cou", "counts", "customcount"] {
            check(term, "CustomCount1", false);
        }
        check("cpuutilization", "CPUUtilization", true);
    }

    #[test]
    fn tokens_in_a_row_are_found_in_their_case() {
        check("CustomCount", "CustomCount1", true);
        check("Count1", "CustomCount1", true);
        check("count1", "CustomCount1", false);
        check("Custom1", "CustomCount1", false);
        for term in ["network/errors", "network+errors", "network-errors", "Network_Errors"] {
            check(term, "Network-Errors-2", true);
            check(term, "NetworkErrors2", true);
        }
        check("i-1234567890123456", "i-1234567890123456", true);
        check("i-1234567890123456", "i-6543210987654321", false);
    }

    #[test]
    fn without_letters_and_digits_there_is_no_term() {
        assert_eq!(Partial::of("*"), None);
        assert_eq!(Partial::of(""), None);
    }
}
