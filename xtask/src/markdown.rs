//! The parts of Markdown that the checks use: prose and code, links, headings and their anchors.
//!
//! Not a full parser: it supports the forms that the project's documents use.

use std::collections::{HashMap, HashSet};

/// A fenced code block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// Line of the opening fence.
    pub(crate) line: usize,
    /// Info string after the opening fence.
    pub(crate) info: &'a str,
    pub(crate) lines: Vec<&'a str>,
}

/// Returns the fenced code blocks of a text.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((line, text)) = lines.next() {
        if let Some(info) = text.trim_start().strip_prefix("```") {
            let inside = lines.by_ref().map(|(_, text)| text);
            let lines = inside.take_while(|text| !is_fence(text)).collect();
            blocks.push(Block { line, info: info.trim(), lines });
        }
    }
    blocks
}

/// Returns every line with its number, and `true` if it is neither a fence nor code.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let mut in_code = false;
    (1..).zip(text.lines()).map(move |(number, line)| {
        let is_fence = is_fence(line);
        in_code ^= is_fence;
        (number, line, !in_code && !is_fence)
    })
}

fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```")
}

/// Splits a line at backticks into parts, each with `true` if it is code.
///
/// An unpaired backtick is an ordinary character.
pub(crate) fn spans(line: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_paired = line.matches('`').count().is_multiple_of(2);
    let parts: Vec<&str> = if is_paired { line.split('`').collect() } else { vec![line] };
    (0..).zip(parts).map(|(number, part): (usize, &str)| (part, !number.is_multiple_of(2)))
}

/// Returns the code spans of a line.
pub(crate) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    spans(line).filter(|(_, is_code)| *is_code).map(|(part, _)| part)
}

/// Returns the link targets of a text with their lines, ignoring code.
pub(crate) fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line, is_prose) in lines(text) {
        if is_prose {
            let prose: String =
                spans(line).filter(|(_, is_code)| !is_code).map(|(part, _)| part).collect();
            links.extend(targets(&prose).map(|target| (number, target.to_owned())));
        }
    }
    links
}

/// Returns the targets of inline links, `](..)`, and of a definition, `[name]:` at the start of a
/// line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let definition =
        line.strip_prefix('[').and_then(|rest| rest.split_once("]:")).map(|(_, target)| target);
    inline
        .chain(definition)
        // A target may be in angle brackets and may be followed by a title.
        .filter_map(|target| target.split_whitespace().next())
        .map(|target| target.trim_start_matches('<').trim_end_matches('>'))
}

/// Returns `true` if a link target is a URL.
pub(crate) fn is_url(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// Splits a link target into file and anchor; either may be empty.
pub(crate) fn file_and_anchor(target: &str) -> (&str, &str) {
    target.split_once('#').unwrap_or((target, ""))
}

/// Returns the anchors that GitHub generates for the headings of a text.
pub(crate) fn anchors(text: &str) -> HashSet<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let headings = lines(text).filter(|(_, _, is_prose)| *is_prose).filter_map(|(_, line, _)| {
        let heading = line.trim_start_matches('#');
        (heading.len() < line.len()).then(|| heading.strip_prefix(' ')).flatten()
    });
    headings
        .map(|heading| {
            let slug = slug(heading);
            let before = seen.entry(slug.clone()).or_default();
            *before += 1;
            if *before == 1 { slug } else { format!("{slug}-{}", *before - 1) }
        })
        .collect()
}

/// Converts a heading to lower case, removes punctuation and replaces spaces by hyphens.
fn slug(heading: &str) -> String {
    let mut parts = heading.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for rest in parts {
        text += rest.split_once(')').map_or(rest, |(_, after)| after);
    }
    text.trim()
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found() {
        let text = "See [a](docs/a.md), [b](b.md#part \"title\") and [c](<https://c.example/>).\n\
                    [d]: ../d.md\n[same](#part)\n";
        let expected = [
            (1, "docs/a.md"),
            (1, "b.md#part"),
            (1, "https://c.example/"),
            (2, "../d.md"),
            (3, "#part"),
        ];
        assert_eq!(links(text), expected.map(|(line, target)| (line, target.to_owned())));
    }

    #[test]
    fn links_in_code_are_ignored() {
        let text = "`[a](a.md)` and [b](b.md)\n```\n[c](c.md)\n```\n[`d`](d.md)\n";
        assert_eq!(links(text), [(1, "b.md".to_owned()), (5, "d.md".to_owned())]);
    }

    #[test]
    fn an_unpaired_backtick_is_an_ordinary_character() {
        assert_eq!(links("it`s [a](a.md)"), [(1, "a.md".to_owned())]);
        assert_eq!(code_spans("`a` and `b`").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn blocks_have_an_info_string_and_lines() {
        let text = "one\n```sh run\necho\n\n```\n- list\n  ```\n  two\n  ```\n";
        assert_eq!(
            blocks(text),
            [
                Block { line: 2, info: "sh run", lines: vec!["echo", ""] },
                Block { line: 7, info: "", lines: vec!["  two"] },
            ]
        );
    }

    #[test]
    fn anchors_match_those_of_github() {
        let text = "# Sign in, & out\n## `config check`\n### [A link](to.md) here\n## Sign in, & out\n\
                    ```\n# a comment\n```\n#no heading\n## max_age - 5\n";
        let expected =
            ["sign-in--out", "config-check", "a-link-here", "sign-in--out-1", "max_age---5"];
        assert_eq!(anchors(text), expected.map(str::to_owned).into());
    }
}
