//! What a page of the book links to, and what in it can be linked to.
//!
//! It reads what mdBook writes: attributes in double quotes, and text in which quotes are escaped.

use std::collections::HashSet;

/// A page, by its attributes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// What `href` and `src` say, with the line.
    pub(super) links: Vec<(usize, String)>,
    /// What `id` says.
    pub(super) ids: HashSet<String>,
}

impl Page {
    /// Reads the text of a page; scripts and comments have no attributes.
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut line = 1;
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            line += rest[..at].matches('\n').count();
            rest = &rest[at..];
            let end = if rest.starts_with("<!--") { "-->" } else { ">" };
            let length = rest.find(end).map_or(rest.len(), |at| at + end.len());
            let (tag, after) = rest.split_at(length);
            // `<base>`, of the page for what is not found, links to nothing.
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
        // Before each value stands its name, after it come a blank and the next name.
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
    fn links_and_ids_are_read() {
        let page = Page::read(
            "<h1 id=\"top\" class=\"a\"><a class=\"header\" href=\"#top\">Top</a></h1>\n\
             <img alt=\"href=\"\n src=\"a.png\"><a href=\"b.html?c&amp;d\">&lt;a href=&quot;x&quot;></a>\n",
        );
        assert_eq!(page.ids, HashSet::from(["top".to_owned()]));
        let links = [(1, "#top"), (2, "a.png"), (3, "b.html?c&d")];
        assert_eq!(page.links, links.map(|(line, link)| (line, link.to_owned())));
    }

    #[test]
    fn scripts_and_comments_are_not_read() {
        let text = "<base href=\"/\"><!-- <a href=\"x\"> -->\n<script src=\"a.js\">\nb = '<a href=\"y\">';\n</script>\n<p id=\"p\">";
        let page = Page::read(text);
        assert_eq!(page.links, [(2, "a.js".to_owned())]);
        assert_eq!(page.ids, HashSet::from(["p".to_owned()]));
    }
}
