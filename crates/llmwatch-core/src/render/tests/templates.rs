//! The templates of all languages say the same line by line, so that whoever adds a sentence to
//! one has to add it to the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::settings::Language;

/// What a line of a template consists of, whatever the language.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Skeleton {
    /// `{% if … %}` and the like, and `{{ … }}`, sorted: the order of words differs by language.
    tags: Vec<String>,
    /// How many sentences end in it.
    sentences: usize,
    /// Whether it says anything besides its tags.
    has_words: bool,
    is_heading: bool,
}

fn skeleton(line: &str, language: Language) -> Skeleton {
    let (mut tags, mut words) = (Vec::new(), String::new());
    let mut rest = line;
    while let Some(start) = rest.find("{%").into_iter().chain(rest.find("{{")).min() {
        words.push_str(&rest[..start]);
        let close = if rest[start..].starts_with("{%") { "%}" } else { "}}" };
        let end = start + rest[start..].find(close).unwrap() + 2;
        let tag = rest[start + 2..end - 2].trim_matches(['-', ' ']);
        let include = |of: Language| format!("\"{}/", of.code());
        tags.push(tag.replace(&include(language), &include(Language::En)));
        words.push('\u{0}');
        rest = &rest[end..];
    }
    words.push_str(rest);
    tags.sort();
    let is_heading = match language {
        Language::En => {
            tags.is_empty()
                && words.chars().any(char::is_alphabetic)
                && words.to_uppercase() == words
        }
        Language::Ja => words.starts_with('【'),
    };
    let stops = words.char_indices().filter(|(index, c)| {
        let next = words[index + c.len_utf8()..].chars().next();
        *c == '。' || *c == '.' && next.is_none_or(|next| next == ' ' || next == '\u{0}')
    });
    Skeleton {
        sentences: stops.count(),
        has_words: words.chars().any(char::is_alphabetic),
        tags,
        is_heading,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

fn templates_of(language: Language) -> BTreeMap<PathBuf, String> {
    let root = root().join(language.code());
    let mut found = BTreeMap::new();
    for part in fs::read_dir(&root).unwrap() {
        for file in fs::read_dir(part.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path.strip_prefix(&root).unwrap().to_owned(), text);
        }
    }
    found
}

#[test]
fn every_language_says_the_same_line_by_line() {
    let english = templates_of(Language::En);
    for language in Language::ALL {
        let others = templates_of(language);
        let names = |templates: &BTreeMap<PathBuf, String>| {
            templates.keys().cloned().collect::<BTreeSet<_>>()
        };
        assert_eq!(names(&english), names(&others), "{language:?}");
        for (path, text) in &english {
            let other = &others[path];
            let lines = text.lines().zip(other.lines());
            for (number, (line, other_line)) in lines.enumerate() {
                assert_eq!(
                    skeleton(line, Language::En),
                    skeleton(other_line, language),
                    "{} line {}:\n{line}\n{other_line}",
                    path.display(),
                    number + 1
                );
            }
            assert_eq!(text.lines().count(), other.lines().count(), "{}", path.display());
        }
    }
}

#[test]
fn a_sentence_added_to_one_language_is_missed_in_the_other() {
    let same =
        |english, japanese| skeleton(english, Language::En) == skeleton(japanese, Language::Ja);
    assert!(same("It is {{ a }} of {{ b }}.", "{{ b }} の {{ a }} です。"));
    assert!(same("A. B{% if c %} C{% endif %}.", "あ。い{% if c %}う{% endif %}。"));
    assert!(!same("It is {{ a }}. Wait.", "{{ a }} です。"));
    assert!(!same("It is {{ a }} of {{ b }}.", "{{ b }} です。"));
    assert!(!same("{% if a %} word{% endif %}", "{% if a %}{% endif %}"));
    assert!(!same("WHAT HAPPENED", "発生した事象"));
}

/// Words that Japanese texts hold as they are: names, commands and values of settings.
const KEPT: [&str; 6] = [
    "Amazon Bedrock",
    "AWS Health Dashboard",
    "CloudWatch Logs Insights",
    "DRY RUN",
    "Request increase at account level",
    "Service Quotas",
];

#[test]
fn no_english_is_left_in_another_language() {
    for (path, text) in templates_of(Language::Ja) {
        for line in text.lines().filter(|line| !line.starts_with("    ")) {
            let mut words = line.to_owned();
            for kept in KEPT {
                words = words.replace(kept, "");
            }
            while let Some((start, end)) = words.find('{').zip(words.find('}')) {
                words.replace_range(start..=end.max(start), "\u{0}");
                words = words.replace("\u{0}}", "\u{0}").replace("\u{0}{", "\u{0}");
            }
            let runs = words.split(|c: char| !c.is_ascii_alphabetic() && !" '-_".contains(c));
            for run in runs {
                let plain = run
                    .split(' ')
                    .filter(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase()));
                assert!(plain.count() < 3, "{}: {run:?} in {line}", path.display());
            }
        }
    }
}
