//! The functions templates call: texts, points in time, icons, addresses of assets.

use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, HtmlEscape};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use vestibule_domain::language::Language;
use vestibule_locales::{Argument, Locales};

use crate::icons;

/// Stands for an argument while a sentence is escaped. No sentence and no argument of ours holds
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
    let texts = locales.clone();
    environment.add_function("t", move |key: &str, arguments: Kwargs| {
        let arguments = read(&arguments)?;
        let arguments: Vec<_> =
            arguments.iter().map(|(name, held)| (*name, held.plain())).collect();
        Ok::<_, Error>(texts.text(language, key, &arguments))
    });
    let texts = locales.clone();
    environment.add_function("th", move |key: &str, arguments: Kwargs| {
        Ok::<_, Error>(with_markup(&texts, language, key, &read(&arguments)?))
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

/// An argument of a text.
enum Held {
    Number(i64),
    Text { text: String, is_markup: bool },
}

impl Held {
    fn plain(&self) -> Argument<'_> {
        match self {
            Self::Number(number) => Argument::Number(*number),
            Self::Text { text, .. } => Argument::Text(text),
        }
    }
}

fn read(arguments: &Kwargs) -> Result<Vec<(&str, Held)>, Error> {
    let mut held = Vec::new();
    for name in arguments.args() {
        let value: Value = arguments.get(name)?;
        let argument = match value.kind() {
            ValueKind::Number => Held::Number(i64::try_from(value)?),
            ValueKind::String => {
                let is_markup = value.is_safe();
                Held::Text { text: value.to_string(), is_markup }
            }
            kind => return Err(invalid(format!("{name} is neither number nor text but {kind}"))),
        };
        held.push((name, argument));
    }
    Ok(held)
}

/// A sentence with what people typed set apart from it, whatever its direction.
fn with_markup(
    locales: &Locales,
    language: Language,
    key: &str,
    arguments: &[(&str, Held)],
) -> Value {
    let marks: Vec<String> =
        (0..arguments.len()).map(|at| format!("{}{at}{}", MARKS[0], MARKS[1])).collect();
    let marked: Vec<(&str, Argument<'_>)> = arguments
        .iter()
        .zip(&marks)
        .map(|((name, held), mark)| match held {
            Held::Number(number) => (*name, Argument::Number(*number)),
            Held::Text { .. } => (*name, Argument::Text(mark)),
        })
        .collect();
    let sentence = HtmlEscape(&locales.text(language, key, &marked)).to_string();
    // One pass, so that nothing in an argument is taken for a mark.
    let mut pieces = sentence.split(MARKS[0]);
    let mut html = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (number, rest) = piece.split_once(MARKS[1]).unwrap_or(("", piece));
        let argument = number.parse::<usize>().ok().and_then(|at| arguments.get(at));
        if let Some((_, Held::Text { text, is_markup })) = argument {
            let inner = if *is_markup { text.clone() } else { HtmlEscape(text).to_string() };
            html.push_str("<bdi>");
            html.push_str(&inner);
            html.push_str("</bdi>");
        }
        html.push_str(rest);
    }
    Value::from_safe_string(html)
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, problem)
}
