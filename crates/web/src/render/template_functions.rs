//! Template functions: texts, times, icons and asset URLs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, HtmlEscape};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use vestibule_domain::model::language::Language;
use vestibule_locales::{Argument, Locales};

use crate::icons;

/// Enclose the index of an argument until a text is complete. Texts contain no such private-use
/// characters, and user input is inserted afterwards.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

/// Adds the functions that do not depend on a language.
pub(super) fn add_neutral(environment: &mut Environment<'static>, urls: BTreeMap<String, String>) {
    environment.add_function("asset", move |name: &str| {
        urls.get(name)
            // The URL contains no characters that need escaping.
            .map(|url| Value::from_safe_string(url.clone()))
            .ok_or_else(|| invalid(format!("there is no asset {name:?}")))
    });
    environment.add_function("icon", |name: &str, class: Option<&str>| {
        icons::markup(name, class)
            .map(Value::from_safe_string)
            .ok_or_else(|| invalid(format!("there is no icon {name:?}")))
    });
}

/// Adds the functions for a language.
pub(super) fn add_localized(
    environment: &mut Environment<'static>,
    locales: &Locales,
    language: Language,
) {
    let keys = locales.keys(Language::English).into_iter().collect();
    let texts = Arc::new(Texts { locales: locales.clone(), keys, language });
    let plain = texts.clone();
    environment.add_function("t", move |key: &str, arguments: Kwargs| {
        let arguments = read(&arguments)?;
        let text = plain.marked_text(key, &arguments)?;
        Ok::<_, Error>(fill(&text, &arguments, |argument| argument.text.clone()))
    });
    environment.add_function("th", move |key: &str, arguments: Kwargs| {
        let arguments = read(&arguments)?;
        let text = HtmlEscape(&texts.marked_text(key, &arguments)?).to_string();
        let html = fill(&text, &arguments, TemplateArgument::isolated);
        Ok::<_, Error>(Value::from_safe_string(html))
    });
    let texts = locales.clone();
    environment.add_function("moment", move |seconds: i64| {
        let at =
            OffsetDateTime::from_unix_timestamp(seconds).map_err(|e| invalid(e.to_string()))?;
        let machine = at.format(&Rfc3339).map_err(|e| invalid(e.to_string()))?;
        let text = HtmlEscape(&texts.date_time(language, at)).to_string();
        Ok::<_, Error>(Value::from_safe_string(format!(
            "<time datetime=\"{machine}\">{text}</time>"
        )))
    });
    let texts = locales.clone();
    environment.add_function("span", move |seconds: i64| {
        texts.duration(language, Duration::seconds(seconds))
    });
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
    /// Returns the text of a key, with marks in place of text arguments.
    fn marked_text(&self, key: &str, arguments: &[TemplateArgument<'_>]) -> Result<String, Error> {
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
        let text = self.locales.text(self.language, key, &arguments);
        if text.contains("{$") {
            return Err(invalid(format!("the text `{key}` lacks a value: {text}")));
        }
        Ok(text)
    }
}

/// An argument of a text.
struct TemplateArgument<'a> {
    name: &'a str,
    text: String,
    is_markup: bool,
    /// The number, if it is one: Fluent formats it and selects the plural.
    number: Option<i64>,
}

impl TemplateArgument<'_> {
    /// Returns the argument as escaped markup with isolated direction.
    fn isolated(&self) -> String {
        if self.is_markup {
            format!("<bdi>{}</bdi>", self.text)
        } else {
            format!("<bdi>{}</bdi>", HtmlEscape(&self.text))
        }
    }
}

fn read(arguments: &Kwargs) -> Result<Vec<TemplateArgument<'_>>, Error> {
    let mut all = Vec::new();
    for name in arguments.args() {
        let value: Value = arguments.get(name)?;
        let number = match value.kind() {
            ValueKind::Number => Some(i64::try_from(value.clone())?),
            ValueKind::String => None,
            kind => return Err(invalid(format!("{name} is neither number nor text but {kind}"))),
        };
        let (text, is_markup) = (value.to_string(), value.is_safe());
        all.push(TemplateArgument { name, text, is_markup, number });
    }
    Ok(all)
}

/// Replaces the marks of a text by its arguments, in one pass, so that arguments cannot contain
/// marks.
fn fill<'a>(
    text: &str,
    arguments: &[TemplateArgument<'a>],
    format: impl Fn(&TemplateArgument<'a>) -> String,
) -> String {
    let mut pieces = text.split(MARKS[0]);
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (number, rest) = piece.split_once(MARKS[1]).unwrap_or(("", piece));
        let argument = number.parse::<usize>().ok().and_then(|at| arguments.get(at));
        whole.extend(argument.map(&format));
        whole.push_str(rest);
    }
    whole
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, problem)
}
