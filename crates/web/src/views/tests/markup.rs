//! A minimal HTML parser for tests: tags, attributes and text.

/// A parsed page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The opening tags, in order.
    pub(super) tags: Vec<Tag>,
    /// The text between tags.
    pub(super) text: String,
}

/// An opening tag.
#[derive(Debug)]
pub(super) struct Tag {
    /// Name in lower case.
    pub(super) name: String,
    /// Attributes in order, with entities resolved.
    pub(super) attributes: Vec<(String, String)>,
    /// `true` if it is inside a `template`.
    is_inert: bool,
}

const VOID: [&str; 4] = ["meta", "link", "input", "img"];

impl Tag {
    /// Returns the value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns `true` if the tag has an attribute.
    pub(super) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }
}

impl Page {
    /// Parses a page.
    ///
    /// # Errors
    /// A description of markup that is not well-formed: unclosed tags or duplicate attributes.
    pub(super) fn read(html: &str) -> Result<Self, String> {
        let mut page = Self::default();
        let mut open: Vec<String> = Vec::new();
        let mut rest = html.strip_prefix("<!doctype html>").unwrap_or(html);
        while let Some((text, after)) = rest.split_once('<') {
            page.text.push_str(&resolved(text));
            let end = end_of_tag(after).ok_or_else(|| format!("no end of <{after:.40}"))?;
            let (inside, after) = after.split_at(end);
            rest = &after[1..];
            if let Some(name) = inside.strip_prefix('/') {
                match open.pop() {
                    Some(opened) if opened == name => {}
                    opened => return Err(format!("</{name}> closes {opened:?}")),
                }
                continue;
            }
            let is_closed = inside.ends_with('/');
            let mut tag = read_tag(inside.trim_end_matches('/'))?;
            tag.is_inert = open.iter().any(|name| name == "template");
            if !is_closed && !VOID.contains(&tag.name.as_str()) {
                open.push(tag.name.clone());
            }
            page.tags.push(tag);
        }
        page.text.push_str(&resolved(rest));
        if open.is_empty() { Ok(page) } else { Err(format!("{open:?} stay open")) }
    }

    /// Returns the number of tags with a name.
    pub(super) fn count(&self, name: &str) -> usize {
        self.tags.iter().filter(|tag| tag.name == name && !tag.is_inert).count()
    }

    /// Returns the only tag with a name.
    pub(super) fn one(&self, name: &str) -> &Tag {
        assert_eq!(self.count(name), 1, "{name}");
        self.tags.iter().find(|tag| tag.name == name).unwrap()
    }

    /// Returns all values of an attribute.
    pub(super) fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.tags.iter().filter_map(move |tag| tag.attribute(name))
    }
}

/// Returns the end of a tag; a `>` in a quoted value does not end it.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    })
}

fn read_tag(inside: &str) -> Result<Tag, String> {
    let (name, mut rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let mut attributes: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let value;
        (value, rest) = match after.strip_prefix("=\"") {
            Some(quoted) => {
                quoted.split_once('"').ok_or_else(|| format!("{name} has no end in <{inside}>"))?
            }
            None => ("", after),
        };
        if name.contains(['"', '\'', '<']) || attributes.iter().any(|(known, _)| known == name) {
            return Err(format!("{name} in <{inside}>"));
        }
        attributes.push((name.to_owned(), resolved(value)));
    }
    Ok(Tag { name: name.to_ascii_lowercase(), attributes, is_inert: false })
}

fn resolved(text: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}
