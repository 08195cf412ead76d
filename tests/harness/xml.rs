//! Just enough XML to read the answers of the query protocol (CloudFormation, SNS).
//!
//! The local AWS writes no CDATA, no comments and no attributes below the root, so elements are
//! found by their tags. Not a parser for anything else.

/// The text of the first element of this name, entities resolved.
#[must_use]
pub fn text(xml: &str, name: &str) -> Option<String> {
    elements(xml, name).into_iter().next().map(unescape)
}

/// The insides of every element of this name that is not within another of the same name.
#[must_use]
pub fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find(&open) {
        let inside = &rest[start + open.len()..];
        let Some(end) = closing(inside, &open, &close) else { break };
        found.push(&inside[..end]);
        rest = &inside[end + close.len()..];
    }
    found
}

fn closing(inside: &str, open: &str, close: &str) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    loop {
        let end = at + inside[at..].find(close)?;
        depth += inside[at..end].matches(open).count();
        if depth == 0 {
            return Some(end);
        }
        depth -= 1;
        at = end + close.len();
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_members_are_kept_whole() {
        let xml = "<L><member><a>1 &lt; 2</a><x><member>in</member></x></member><member/></L>";
        assert_eq!(elements(xml, "member"), ["<a>1 &lt; 2</a><x><member>in</member></x>"]);
        assert_eq!(text(xml, "a").as_deref(), Some("1 < 2"));
        assert_eq!(text(xml, "b"), None);
    }
}
