//! Every reachable text, as its reader gets it.

mod case;
mod component;
mod digest;
mod fixtures;
mod languages;
mod limits;
mod mail;
mod notice;
mod quality;
mod templates;

use crate::decision::Situation;
use crate::settings::Language;

/// The situation for a reader of a language.
fn read_in(language: Language, situation: &Situation) -> Situation {
    let mut situation = situation.clone();
    situation.settings.language = language;
    situation
}

/// Compares a text in each language with its reviewed snapshot, named after the situation.
#[track_caller]
fn check(name: &str, text: impl Fn(Language) -> String) {
    for language in Language::ALL {
        match language {
            Language::En => compare(name, &text(language)),
            Language::Ja => compare(&format!("ja-{name}"), &text(language)),
        }
    }
}

#[track_caller]
fn compare(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
