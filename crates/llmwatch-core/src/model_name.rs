//! A model's name as structure, read alike from a Bedrock model id and from a quota's name.
//!
//! `anthropic.claude-3-5-sonnet-20241022-v2:0` and `Anthropic Claude 3.5 Sonnet V2` come out
//! equal: words in any order, version 3.5, revision 2. Two names agree by structure or not at all;
//! no text is ever searched in another. What no rule can derive stands in [`irregular`].

pub mod irregular;

/// Words that AWS writes on one side only and that tell no two models apart.
const FILLERS: [&str; 4] = ["and", "instruct", "it", "g1"];

/// Fillers in the names of one provider: `stable-creative-upscale` is "Stable Image Creative
/// Upscale".
const PROVIDER_FILLERS: [(&str, &str); 1] = [("stability", "image")];

/// Words with two spellings, each with the words it stands for.
const SPELLINGS: [(&str, &[&str]); 3] =
    [("embedding", &["embed"]), ("embeddings", &["embed"]), ("sd", &["stable", "diffusion"])];

/// Words a vendor's name may end in: `Mistral AI`, `AI21 Labs`.
const VENDOR_ENDINGS: [&str; 2] = ["ai", "labs"];

/// A model's name, without its vendor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelName {
    /// Family words in alphabetical order, because ids and names order them differently.
    words: Vec<String>,
    /// Version numbers such as 3 or 4.5; version 1 is what an unnumbered model has, so it is left
    /// out.
    versions: Vec<Version>,
    /// Whether the name ends in its version, sizes and revisions aside, as `Nemotron Nano 2` does.
    ends_in_version: bool,
    /// Whole numbers after a `v`; `V1` is left out for the same reason as version 1.
    revisions: Vec<u32>,
    /// Parameters in all: `70b`, `8x7b`.
    size: Option<String>,
    /// Parameters in use per token: the `a22b` of `235b-a22b`.
    active_size: Option<String>,
    /// Year and month of a release: `2407`. Dates with a day never occur in quota names.
    release: Option<String>,
}

/// How closely two names agree: the number of details only one of them states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Omissions(u8);

impl Omissions {
    /// Both names state the same.
    pub const NONE: Self = Self(0);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    const FIRST: Self = Self { major: 1, minor: 0 };
}

impl ModelName {
    /// The name inside a model id, given as its two segments: `anthropic`, `claude-opus-5`.
    ///
    /// Minor revision and context suffix (`:0:300k`) are no part of the name.
    #[must_use]
    pub fn of_id(provider: &str, model: &str) -> Self {
        match model.split_once(':') {
            Some((head, _)) => Self::read(provider, head, LastNumber::IsRevision),
            None => Self::read(provider, model, LastNumber::IsVersion),
        }
    }

    /// The name inside a quota's display name, read for the provider of the model in question.
    ///
    /// Reading it for another provider leaves that vendor's name among the words, so that the
    /// result agrees with none of the provider's models.
    #[must_use]
    pub fn of_quota(provider: &str, name: &str) -> Self {
        Self::read(provider, &name.to_lowercase(), LastNumber::IsVersion)
    }

    /// How closely this model's name agrees with a quota's; `None` when it is another model's.
    ///
    /// A quota may leave out the model's sizes and its release month, and may state an active size
    /// the id does not. Words, versions and revisions must be the same.
    #[must_use]
    pub fn agreement(&self, quota: &Self) -> Option<Omissions> {
        if self.words != quota.words || !self.agrees_on_version(quota) {
            return None;
        }
        let omitted = [
            omitted_by_quota(self.size.as_deref(), quota.size.as_deref())?,
            omitted_by_quota(self.release.as_deref(), quota.release.as_deref())?,
            omitted_by_either(self.active_size.as_deref(), quota.active_size.as_deref())?,
        ];
        Some(Omissions(omitted.iter().sum()))
    }

    /// Equal versions and revisions; or the id's `-v2` is the quota's closing `2`, as in
    /// `nemotron-nano-9b-v2` and "Nemotron Nano 2". The 2 of "Nova 2 Lite" is not at the end.
    fn agrees_on_version(&self, quota: &Self) -> bool {
        if self.versions == quota.versions {
            return self.revisions == quota.revisions;
        }
        let revisions_as_versions: Vec<Version> =
            self.revisions.iter().map(|&major| Version { major, minor: 0 }).collect();
        quota.ends_in_version
            && self.versions.is_empty()
            && quota.revisions.is_empty()
            && quota.versions == revisions_as_versions
    }

    fn read(provider: &str, text: &str, last_number: LastNumber) -> Self {
        let tokens = tokens(without_vendor(text, provider));
        let mut name = Self::default();
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            rest = after;
            let text = token.text.as_str();
            if FILLERS.contains(&text) || PROVIDER_FILLERS.contains(&(provider, text)) {
                continue;
            }
            match Part::of(text) {
                Part::Size(size) => name.size = Some(size),
                Part::ActiveSize => name.active_size = Some(text.to_owned()),
                Part::Release(month) => name.release = Some(month),
                Part::Date => {}
                Part::Word => name.push_word(text),
                Part::Number { word, major, minor } => {
                    let minor = minor.or_else(|| take_hyphenated_minor(&mut rest));
                    let is_last = rest.is_empty() && last_number == LastNumber::IsRevision;
                    match (word, minor) {
                        ("v", None) => name.push_revision(major),
                        ("", None) if is_last => name.push_revision(major),
                        ("" | "v", _) => name.push_version(major, minor),
                        (word, _) => {
                            name.push_word(word);
                            name.push_version(major, minor);
                        }
                    }
                }
            }
        }
        name.words.sort_unstable();
        name.versions.sort_unstable();
        name.revisions.sort_unstable();
        name
    }

    fn push_word(&mut self, word: &str) {
        self.ends_in_version = false;
        match SPELLINGS.iter().find(|(spelling, _)| *spelling == word) {
            Some((_, words)) => self.words.extend(words.iter().map(|&word| word.to_owned())),
            None => self.words.push(word.to_owned()),
        }
    }

    fn push_version(&mut self, major: u32, minor: Option<u32>) {
        let version = Version { major, minor: minor.unwrap_or(0) };
        if version != Version::FIRST {
            self.versions.push(version);
            self.ends_in_version = true;
        }
    }

    /// `v0` is a vendor's release count (`mistral-7b-instruct-v0:2`) and says as little as `v1`.
    fn push_revision(&mut self, revision: u32) {
        if revision > 1 {
            self.revisions.push(revision);
        }
    }
}

/// What a bare number at the very end is: before a colon (`gpt-oss-20b-1:0`) it counts revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastNumber {
    IsRevision,
    IsVersion,
}

struct Token {
    text: String,
    after_hyphen: bool,
}

/// Lower-case runs of letters and digits; a dot counts only between digits, `+` is "plus".
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut inside = false;
    let mut separator = ' ';
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = characters.next() {
        let is_decimal_dot = c == '.'
            && before.is_ascii_digit()
            && characters.peek().is_some_and(char::is_ascii_digit);
        if c == '+' {
            tokens.push(Token { text: "plus".to_owned(), after_hyphen: false });
            inside = false;
        } else if c.is_alphanumeric() || is_decimal_dot {
            match tokens.last_mut() {
                Some(token) if inside => token.text.push(c),
                _ => tokens.push(Token { text: c.to_string(), after_hyphen: separator == '-' }),
            }
            inside = true;
        } else {
            inside = false;
            separator = c;
        }
        before = c;
    }
    tokens
}

/// What one token is.
enum Part<'a> {
    /// `70b`, `8x7b`; also `8x7bb`, as Service Quotas misspells Mixtral's.
    Size(String),
    /// `a22b`.
    ActiveSize,
    /// `2407` or `25.02`.
    Release(String),
    /// `20241022`.
    Date,
    /// A number, alone or glued to a word: `4.5`, `llama3`, `v2`.
    Number { word: &'a str, major: u32, minor: Option<u32> },
    /// Anything else.
    Word,
}

impl<'a> Part<'a> {
    fn of(token: &'a str) -> Self {
        let Some(digits_from) = token.find(|c: char| c.is_ascii_digit()) else {
            return Self::Word;
        };
        if let Some(size) = size(token) {
            return Self::Size(size);
        }
        if token.strip_prefix('a').is_some_and(|rest| size(rest).is_some()) {
            return Self::ActiveSize;
        }
        if let Some(month) = release(token) {
            return Self::Release(month);
        }
        if token.len() == 8 && token.chars().all(|c| c.is_ascii_digit()) {
            return Self::Date;
        }
        let (word, number) = token.split_at(digits_from);
        match version(number) {
            Some((major, minor)) => Self::Number { word, major, minor },
            None => Self::Word,
        }
    }
}

fn size(token: &str) -> Option<String> {
    let count = token.trim_end_matches('b');
    let is_count = count.starts_with(|c: char| c.is_ascii_digit())
        && count.ends_with(|c: char| c.is_ascii_digit())
        && count.chars().all(|c| c.is_ascii_digit() || c == '.' || c == 'x');
    (is_count && count.len() < token.len()).then(|| format!("{count}b"))
}

/// A year of this century and a month: 2023 to 2099.
fn release(token: &str) -> Option<String> {
    let (year, month) = match token.len() {
        4 => token.split_at_checked(2)?,
        5 => token.split_once('.').filter(|(year, _)| year.len() == 2)?,
        _ => return None,
    };
    let year: u32 = year.parse().ok()?;
    let month_number: u32 = month.parse().ok()?;
    ((23..=99).contains(&year) && (1..=12).contains(&month_number))
        .then(|| format!("{year}{month}"))
}

fn version(number: &str) -> Option<(u32, Option<u32>)> {
    match number.split_once('.') {
        Some((major, minor)) => Some((major.parse().ok()?, Some(minor.parse().ok()?))),
        None => Some((number.parse().ok()?, None)),
    }
}

/// Ids write 4.5 as `4-5`: one or two digits after a hyphen are the minor version.
fn take_hyphenated_minor(rest: &mut &[Token]) -> Option<u32> {
    let (next, after) = rest.split_first()?;
    if !next.after_hyphen || next.text.len() > 2 {
        return None;
    }
    let minor = next.text.parse().ok()?;
    *rest = after;
    Some(minor)
}

/// The text without the vendor's name in front, however often and with whatever ending it is
/// written: for `mistral`, `Mistral AI Mistral Large` becomes `Large`.
fn without_vendor<'a>(text: &'a str, provider: &str) -> &'a str {
    let mut rest = text;
    while let Some(after) = after_leading(rest, provider) {
        rest = after;
        while let Some(after) = VENDOR_ENDINGS.iter().find_map(|word| after_leading(rest, word)) {
            rest = after;
        }
    }
    rest
}

/// What follows `name` at the start of a lower-case text, where `name` may be written in parts
/// (`z.ai`, `twelve labs`) but must not run on into another word.
fn after_leading<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    for wanted in name.chars() {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric()).strip_prefix(wanted)?;
    }
    (!name.is_empty() && !rest.starts_with(char::is_alphabetic)).then_some(rest)
}

fn omitted_by_quota(model: Option<&str>, quota: Option<&str>) -> Option<u8> {
    match (model, quota) {
        (Some(model), Some(quota)) => (model == quota).then_some(0),
        (Some(_), None) => Some(1),
        (None, Some(_)) => None,
        (None, None) => Some(0),
    }
}

fn omitted_by_either(model: Option<&str>, quota: Option<&str>) -> Option<u8> {
    match (model, quota) {
        (Some(model), Some(quota)) => (model == quota).then_some(0),
        (Some(_), None) | (None, Some(_)) => Some(1),
        (None, None) => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_same(id: &str, quota: &str) {
        check_omissions(id, quota, 0);
    }

    #[track_caller]
    fn check_omissions(id: &str, quota: &str, omissions: u8) {
        let (provider, model) = id.split_once('.').unwrap();
        assert_eq!(
            ModelName::of_id(provider, model).agreement(&ModelName::of_quota(provider, quota)),
            Some(Omissions(omissions)),
            "{id} and {quota}"
        );
    }

    #[test]
    fn a_hyphen_between_digits_is_a_decimal_point() {
        check_same("anthropic.claude-opus-4-5-20251101-v1:0", "Anthropic Claude Opus 4.5");
        check_same("meta.llama3-1-70b-instruct-v1:0", "Meta Llama 3.1 70B Instruct");
        check_same("cohere.rerank-v3-5:0", "Cohere Rerank 3.5");
        check_same("stability.sd3-5-large-v1:0", "Stability.ai Stable Diffusion 3.5 Large");
    }

    #[test]
    fn version_1_and_v1_are_what_is_left_out() {
        check_same("amazon.rerank-v1:0", "Amazon Rerank 1.0");
        check_same("deepseek.v3-v1:0", "DeepSeek V3 V1");
        check_same("openai.gpt-oss-120b-1:0", "OpenAI GPT OSS 120B");
        check_same("mistral.mistral-7b-instruct-v0:2", "Mistral 7B Instruct");
    }

    #[test]
    fn the_vendor_counts_for_nothing_however_it_is_written() {
        check_same("zai.glm-4.7", "Z.ai GLM-4.7");
        check_same("twelvelabs.marengo-embed-3-0-v1:0", "Twelve Labs Marengo Embed 3.0");
        check_same("ai21.jamba-1-5-mini-v1:0", "AI21 Labs Jamba 1.5 Mini");
        check_same("qwen.qwen3-32b-v1:0", "Qwen3 32B V1");
        check_same("moonshotai.kimi-k2.5", "Kimi K2.5");
    }

    #[test]
    fn a_release_month_is_no_version() {
        check_same("mistral.pixtral-large-2502-v1:0", "Mistral Pixtral Large 25.02 V1");
        check_same("qwen.qwen3-235b-a22b-2507-v1:0", "Qwen3 235B a22b 2507 V1");
        check_omissions("mistral.voxtral-mini-3b-2507", "Voxtral Mini 1.0", 2);
    }

    #[test]
    fn sizes_may_be_left_out_by_the_quota() {
        check_omissions("meta.llama4-scout-17b-instruct-v1:0", "Meta Llama 4 Scout V1", 1);
        check_omissions("nvidia.nemotron-super-3-120b", "NVIDIA Nemotron 3 Super 120B A12B", 1);
        check_same("mistral.mixtral-8x7b-instruct-v0:1", "Mistral AI Mixtral 8X7BB Instruct");
    }

    #[test]
    fn a_closing_number_is_the_ids_revision() {
        check_omissions("nvidia.nemotron-nano-9b-v2", "NVIDIA Nemotron Nano 2", 1);
        check_same("cohere.embed-v4:0", "Cohere Embed V4");
    }
}
