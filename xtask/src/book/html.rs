//! Link targets and anchors of a page of the book.
//!
//! Supports the output of mdBook: attributes in double quotes, and text with escaped quotes.

use std::collections::HashSet;

/// Attributes of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Values of `href` and `src`, with their lines.
    pub(super) links: Vec<(usize, String)>,
    /// Values of `id`.
    pub(super) ids: HashSet<String>,
}

impl Page {
    /// Parses a page, ignoring scripts and comments.
    pub(super) fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let mut line = 1;
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            line += rest[..at].matches('\n').count();
            rest = &rest[at..];
            let end = if rest.starts_with("<!--") { "-->" } else { ">" };
            let length = rest.find(end).map_or(rest.len(), |at| at + end.len());
            let (tag, after) = rest.split_at(length);
            // `<base>` in the page for status 404 is not a link.
            if !tag.starts_with("<!--") && !tag.starts_with("<base") {
                page.add(tag, line);
            }
            line += tag.matches('\n').count();
            rest = after;
            if tag.starts_with("<script") {
                let end = rest.find("</script").unwrap_or(rest.len());
                line += rest[..end].matches('\n').count();
                rest = &rest[end..];
            }
        }
        page
    }

    fn add(&mut self, tag: &str, line: usize) {
        // Names and values alternate between the quotes.
        let mut parts = tag.split('"');
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            let name = name.split_whitespace().last().unwrap_or_default();
            match name {
                "href=" | "src=" => self.links.push((line, value.replace("&amp;", "&"))),
                "id=" => {
                    self.ids.insert(value.to_owned());
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_ids_are_found() {
        let page = Page::parse(
            "<h1 id=\"top\" class=\"a\"><a class=\"header\" href=\"#top\">Top</a></h1>\n\
             <img alt=\"href=\"\n src=\"a.png\"><a href=\"b.html?c&amp;d\">&lt;a href=&quot;x&quot;></a>\n",
        );
        assert_eq!(page.ids, HashSet::from(["top".to_owned()]));
        let links = [(1, "#top"), (2, "a.png"), (3, "b.html?c&d")];
        assert_eq!(page.links, links.map(|(line, link)| (line, link.to_owned())));
    }

    #[test]
    fn scripts_and_comments_are_ignored() {
        let text = "<base href=\"/\"><!-- <a href=\"x\"> -->\n<script src=\"a.js\">\nb = '<a href=\"y\">';\n</script>\n<p id=\"p\">";
        let page = Page::parse(text);
        assert_eq!(page.links, [(2, "a.js".to_owned())]);
        assert_eq!(page.ids, HashSet::from(["p".to_owned()]));
    }
}
