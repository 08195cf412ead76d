//! Bodies as text: one JSON value, several, the events of a stream, or plain text.

use crate::body::{Answer, Question, prompt};
use crate::json::{self, Json, JsonError, Values};

/// Reads the text of a body and hands it on; several values, and the events of a server-sent stream,
/// become a list.
///
/// # Errors
///
/// [`JsonError`] where it is none of them.
pub(crate) fn with_body<T>(text: &str, then: impl FnOnce(&Json<'_>) -> T) -> Result<T, JsonError> {
    let text = text.trim_start();
    if text.starts_with("data:") || text.starts_with("event:") {
        return Ok(then(&Json::Array(server_sent(text))));
    }
    match Values::new(text).collect::<Result<Vec<_>, _>>() {
        // Read again, as a text cut within a pair of surrogates can still be mended.
        Err(JsonError::Malformed) => json::read(text, then),
        Err(error) => Err(error),
        Ok(mut values) => match values.len() {
            0 => Err(JsonError::Malformed),
            1 => Ok(then(&values.swap_remove(0))),
            _ => Ok(then(&Json::Array(values))),
        },
    }
}

/// The JSON of a server-sent stream's `data:` lines; other lines are left out.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
fn server_sent(text: &str) -> Vec<Json<'_>> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data:"));
    data.flat_map(|line| Values::new(line).filter_map(Result::ok)).collect()
}

/// A question of plain text, as a capture of `text/plain` has it.
pub(crate) fn plain_question(text: &str) -> Question {
    prompt::of_text(text)
}

/// An answer of plain text.
pub(crate) fn plain_answer(text: &str) -> Answer {
    let mut answer = Answer::default();
    answer.push_text(0, text);
    answer
}
