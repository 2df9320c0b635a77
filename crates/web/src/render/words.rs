//! The functions templates call: texts, points in time, icons, addresses of assets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, HtmlEscape};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use vestibule_domain::language::Language;
use vestibule_locales::{Argument, Locales};

use crate::icons;

/// Stand around the number of an argument until a sentence is complete. No sentence of ours holds
/// such characters: they belong to nobody, and what a user sent is not in the sentence yet.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

/// Adds the functions that are the same in every language.
pub(super) fn add_neutral(environment: &mut Environment<'static>, urls: BTreeMap<String, String>) {
    environment.add_function("asset", move |name: &str| {
        urls.get(name)
            // Nothing in such an address needs escaping.
            .map(|url| Value::from_safe_string(url.clone()))
            .ok_or_else(|| invalid(format!("there is no asset {name:?}")))
    });
    environment.add_function("icon", |name: &str, class: Option<&str>| {
        icons::markup(name, class)
            .map(Value::from_safe_string)
            .ok_or_else(|| invalid(format!("there is no icon {name:?}")))
    });
}

/// Adds the functions that speak a language.
pub(super) fn add_spoken(
    environment: &mut Environment<'static>,
    locales: &Locales,
    language: Language,
) {
    let keys = locales.keys(Language::English).into_iter().collect();
    let texts = Arc::new(Texts { locales: locales.clone(), keys, language });
    let plain = texts.clone();
    environment.add_function("t", move |key: &str, arguments: Kwargs| {
        let arguments = read(&arguments)?;
        let sentence = plain.sentence(key, &arguments)?;
        Ok::<_, Error>(filled(&sentence, &arguments, |argument| argument.text.clone()))
    });
    environment.add_function("th", move |key: &str, arguments: Kwargs| {
        let arguments = read(&arguments)?;
        let sentence = HtmlEscape(&texts.sentence(key, &arguments)?).to_string();
        let html = filled(&sentence, &arguments, Argued::set_apart);
        Ok::<_, Error>(Value::from_safe_string(html))
    });
    let texts = locales.clone();
    environment.add_function("moment", move |seconds: i64| {
        let at =
            OffsetDateTime::from_unix_timestamp(seconds).map_err(|e| invalid(e.to_string()))?;
        let machine = at.format(&Rfc3339).map_err(|e| invalid(e.to_string()))?;
        let people = HtmlEscape(&texts.moment(language, at)).to_string();
        Ok::<_, Error>(Value::from_safe_string(format!(
            "<time datetime=\"{machine}\">{people}</time>"
        )))
    });
    let texts = locales.clone();
    environment
        .add_function("span", move |seconds: i64| texts.span(language, Duration::seconds(seconds)));
    let texts = locales.clone();
    environment
        .add_function("device", move |user_agent: Option<&str>| texts.device(language, user_agent));
}

/// The texts of one language.
struct Texts {
    locales: Locales,
    keys: BTreeSet<String>,
    language: Language,
}

impl Texts {
    /// The text of a key, with a mark in the place of each argument that is a text.
    fn sentence(&self, key: &str, arguments: &[Argued<'_>]) -> Result<String, Error> {
        if !self.keys.contains(key) {
            return Err(invalid(format!("there is no text `{key}`")));
        }
        let marks: Vec<String> =
            (0..arguments.len()).map(|at| format!("{}{at}{}", MARKS[0], MARKS[1])).collect();
        let arguments: Vec<(&str, Argument<'_>)> = arguments
            .iter()
            .zip(&marks)
            .map(|(argument, mark)| {
                let marked = argument.number.map_or(Argument::Text(mark), Argument::Number);
                (argument.name, marked)
            })
            .collect();
        let sentence = self.locales.text(self.language, key, &arguments);
        if sentence.contains("{$") {
            return Err(invalid(format!("the text `{key}` lacks a value: {sentence}")));
        }
        Ok(sentence)
    }
}

/// An argument of a text.
struct Argued<'a> {
    name: &'a str,
    text: String,
    is_markup: bool,
    /// For texts that count: a number is written by the text itself.
    number: Option<i64>,
}

impl Argued<'_> {
    /// As markup of its own, whatever its direction.
    fn set_apart(&self) -> String {
        if self.is_markup {
            format!("<bdi>{}</bdi>", self.text)
        } else {
            format!("<bdi>{}</bdi>", HtmlEscape(&self.text))
        }
    }
}

fn read(arguments: &Kwargs) -> Result<Vec<Argued<'_>>, Error> {
    let mut all = Vec::new();
    for name in arguments.args() {
        let value: Value = arguments.get(name)?;
        let number = match value.kind() {
            ValueKind::Number => Some(i64::try_from(value.clone())?),
            ValueKind::String => None,
            kind => return Err(invalid(format!("{name} is neither number nor text but {kind}"))),
        };
        let (text, is_markup) = (value.to_string(), value.is_safe());
        all.push(Argued { name, text, is_markup, number });
    }
    Ok(all)
}

/// A sentence with its arguments in their places. One pass, so that nothing in an argument is taken
/// for a mark.
fn filled<'a>(
    sentence: &str,
    arguments: &[Argued<'a>],
    written: impl Fn(&Argued<'a>) -> String,
) -> String {
    let mut pieces = sentence.split(MARKS[0]);
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (number, rest) = piece.split_once(MARKS[1]).unwrap_or(("", piece));
        let argument = number.parse::<usize>().ok().and_then(|at| arguments.get(at));
        whole.extend(argument.map(&written));
        whole.push_str(rest);
    }
    whole
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, problem)
}
