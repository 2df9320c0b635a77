//! Rust source with comments and the insides of literals blanked out.
//!
//! A rule about code must not trip over a word in a sentence or in a string.
//! Lines keep their number and their length in characters.

use std::iter::Peekable;
use std::str::Chars;

/// The same text, with a blank for each character that is not code.
pub(crate) fn only(source: &str) -> String {
    let mut scanner =
        Scanner { rest: source.chars().peekable(), out: String::with_capacity(source.len()) };
    scanner.run();
    scanner.out
}

struct Scanner<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(character) = self.rest.next() {
            match (character, self.rest.peek().copied()) {
                ('/', Some('/')) => {
                    self.blank(character);
                    self.line_comment();
                }
                ('/', Some('*')) => {
                    self.blank(character);
                    self.block_comment();
                }
                ('"', _) => {
                    self.out.push('"');
                    self.string();
                }
                ('r', Some('"' | '#')) if !self.inside_a_word() => {
                    self.out.push('r');
                    self.raw_string();
                }
                ('\'', _) => {
                    self.out.push('\'');
                    self.character_or_lifetime();
                }
                _ => self.out.push(character),
            }
        }
    }

    /// Whether the character before the current one makes it part of a name; `br"` starts a literal.
    fn inside_a_word(&self) -> bool {
        let before: Vec<char> = self.out.chars().rev().take(2).collect();
        let part_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
        match before.as_slice() {
            ['b' | 'c', second] => part_of_a_name(*second),
            ['b' | 'c'] | [] => false,
            [first, ..] => part_of_a_name(*first),
        }
    }

    fn blank(&mut self, character: char) {
        self.out.push(if character == '\n' { '\n' } else { ' ' });
    }

    fn line_comment(&mut self) {
        while let Some(character) = self.rest.next_if(|c| *c != '\n') {
            self.blank(character);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 1;
        if let Some(star) = self.rest.next() {
            self.blank(star);
        }
        while depth > 0
            && let Some(character) = self.rest.next()
        {
            self.blank(character);
            let pair = (character, self.rest.peek().copied());
            if matches!(pair, ('/', Some('*')) | ('*', Some('/'))) {
                depth = if character == '/' { depth + 1 } else { depth - 1 };
                self.rest.next();
                self.blank(' ');
            }
        }
    }

    fn string(&mut self) {
        while let Some(character) = self.rest.next() {
            match character {
                '"' => {
                    self.out.push('"');
                    return;
                }
                '\\' => {
                    self.blank(character);
                    if let Some(escaped) = self.rest.next() {
                        self.blank(escaped);
                    }
                }
                _ => self.blank(character),
            }
        }
    }

    fn raw_string(&mut self) {
        let mut hashes = 0;
        while self.rest.next_if_eq(&'#').is_some() {
            self.out.push('#');
            hashes += 1;
        }
        // `r#name` is a name, not a literal.
        if self.rest.next_if_eq(&'"').is_none() {
            return;
        }
        self.out.push('"');
        while let Some(character) = self.rest.next() {
            if character != '"' {
                self.blank(character);
                continue;
            }
            self.out.push('"');
            let mut closing = 0;
            while closing < hashes && self.rest.next_if_eq(&'#').is_some() {
                self.out.push('#');
                closing += 1;
            }
            if closing == hashes {
                return;
            }
        }
    }

    /// After a quote: `'a'` and `'\n'` are literals, `'a` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let mut ahead = self.rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('\\'), Some(_)) => {
                for _ in 0..2 {
                    self.rest.next();
                    self.blank(' ');
                }
                while let Some(character) = self.rest.next_if(|c| *c != '\'' && *c != '\n') {
                    self.blank(character);
                }
            }
            (Some(_), Some('\'')) => {
                self.rest.next();
                self.blank(' ');
            }
            _ => return,
        }
        if self.rest.next_if_eq(&'\'').is_some() {
            self.out.push('\'');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_vanish_and_lines_stay() {
        assert_eq!(only("a // b\nc"), "a     \nc");
        assert_eq!(only("a /* b\n /* c */ d */ e"), "a     \n              e");
        assert_eq!(only("//! dbg!(x)\n").trim(), "");
    }

    #[test]
    fn literals_keep_their_quotes_only() {
        assert_eq!(only(r#"f("a\"b", 1)"#), r#"f("    ", 1)"#);
        assert_eq!(only("r#\"a\"b\"# + x"), "r#\" \" \"# + x");
        assert_eq!(only("br\"ab\" + x"), "br\"  \" + x");
        assert_eq!(only("['\"', '\\'', '\\u{41}']"), "[' ', '  ', '      ']");
    }

    #[test]
    fn names_and_lifetimes_are_code() {
        for text in ["fn f<'a>(x: &'a str) {}", "r#type", "for_r", "'outer: loop {}"] {
            assert_eq!(only(text), text);
        }
    }
}
