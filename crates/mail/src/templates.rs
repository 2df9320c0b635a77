//! Mail templates and their functions.
//!
//! Each mail has two templates: `.txt`, which starts with the subject and the preview, and `.html`,
//! which extends `layout.html`. All texts come from the catalogues in the language of the mail, as
//! in `t("mailTest.heading")`. In HTML, values are escaped and isolated, so that a name in another
//! script does not affect the direction of the text around it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, HtmlEscape, State, UndefinedBehavior};
use vestibule_domain::model::language::Language;
use vestibule_locales::{Argument, Locales};

use crate::settings::SettingsError;

const EMBEDDED: [(&str, &str); 15] = [
    ("layout.html", include_str!("../templates/layout.html")),
    ("welcome.txt", include_str!("../templates/welcome.txt")),
    ("welcome.html", include_str!("../templates/welcome.html")),
    ("reset_link.txt", include_str!("../templates/reset_link.txt")),
    ("reset_link.html", include_str!("../templates/reset_link.html")),
    ("password_changed.txt", include_str!("../templates/password_changed.txt")),
    ("password_changed.html", include_str!("../templates/password_changed.html")),
    ("password_disabled.txt", include_str!("../templates/password_disabled.txt")),
    ("password_disabled.html", include_str!("../templates/password_disabled.html")),
    ("sign_in_after_failures.txt", include_str!("../templates/sign_in_after_failures.txt")),
    ("sign_in_after_failures.html", include_str!("../templates/sign_in_after_failures.html")),
    ("refresh_token_reused.txt", include_str!("../templates/refresh_token_reused.txt")),
    ("refresh_token_reused.html", include_str!("../templates/refresh_token_reused.html")),
    ("test.txt", include_str!("../templates/test.txt")),
    ("test.html", include_str!("../templates/test.html")),
];

/// First private-use character that serves as a placeholder for a value while a text is formatted.
const FIRST_PLACEHOLDER: u32 = 0xe000;

/// The templates of all mails.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
    /// Directory of the operator's templates.
    directory: Option<PathBuf>,
}

impl Templates {
    /// Loads the embedded templates and those in `directory` that override them.
    pub(crate) fn new(directory: Option<&Path>, locales: &Locales) -> Result<Self, SettingsError> {
        let mut environment = Environment::new();
        // An undefined name is an error instead of an empty text. The extension of the template
        // enables HTML escaping.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let known = BTreeSet::from_iter(locales.keys(Language::English));
        let texts = locales.clone();
        environment.add_function("t", move |state: &State, key: &str, values: Kwargs| {
            if known.contains(key) {
                translate(&texts, state, key, &values)
            } else {
                Err(Error::new(ErrorKind::InvalidOperation, format!("unknown text `{key}`")))
            }
        });
        environment.add_filter("strong", strong);
        let mut templates = Self { environment, directory: directory.map(Path::to_owned) };
        for (name, source) in EMBEDDED {
            templates.add(name, source.to_owned())?;
        }
        if let Some(directory) = directory {
            templates.add_overriding(directory)?;
        }
        Ok(templates)
    }

    fn add(&mut self, name: &'static str, source: String) -> Result<(), SettingsError> {
        let added = self.environment.add_template_owned(name, source);
        added.map_err(|error| self.error(name, error))
    }

    fn add_overriding(&mut self, directory: &Path) -> Result<(), SettingsError> {
        let unreadable = |path: &Path, source| SettingsError::TemplateUnreadable {
            file: path.display().to_string(),
            source,
        };
        let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(directory, error))?.path();
            let is_template = path.extension().is_some_and(|e| e == "txt" || e == "html");
            if !is_template || path.is_dir() {
                continue;
            }
            let known = EMBEDDED.iter().find(|(name, _)| path.ends_with(name));
            let Some((name, _)) = known else {
                let file = path.display().to_string();
                return Err(SettingsError::UnknownTemplate { file });
            };
            let source = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            self.add(name, source)?;
        }
        Ok(())
    }

    /// Renders a template.
    pub(crate) fn render(&self, template: &str, values: Value) -> Result<String, Error> {
        let mut text = self.environment.get_template(template)?.render(values)?;
        // The engine removes the last line break of a template.
        text.push('\n');
        Ok(text)
    }

    /// Returns an error with the file and the line of an invalid template.
    pub(crate) fn error(&self, template: &str, problem: Error) -> SettingsError {
        // The problem may be in another template, in a block or in the layout.
        let name = problem.name().filter(|name| *name != "<unknown>").unwrap_or(template);
        let (file, line) = (self.file(name), problem.line().unwrap_or(1));
        SettingsError::Template { file, line, problem }
    }

    /// Returns the path of a template, or its name if it is embedded.
    pub(crate) fn file(&self, template: &str) -> String {
        let own = self.directory.as_deref().map(|directory| directory.join(template));
        own.filter(|file| file.exists()).map_or_else(
            || format!("the embedded template {template}"),
            |file| file.display().to_string(),
        )
    }
}

/// Returns the text of a key with its values, in the language of the mail.
fn translate(locales: &Locales, state: &State, key: &str, values: &Kwargs) -> Result<Value, Error> {
    let tag = state.lookup("language").unwrap_or_default();
    let language = tag.as_str().and_then(Language::from_tag);
    let language = language.ok_or_else(|| undefined("language"))?;
    let is_html = matches!(state.auto_escape(), AutoEscape::Html);

    let names: Vec<&str> = values.args().collect();
    let placeholders = (FIRST_PLACEHOLDER..).filter_map(char::from_u32).map(String::from);
    let placeholders: Vec<String> = placeholders.take(names.len()).collect();
    let mut arguments = Vec::new();
    let mut insertions = Vec::new();
    for (name, placeholder) in names.into_iter().zip(&placeholders) {
        let value: Value = values.get(name)?;
        if let Some(number) = value.as_i64() {
            arguments.push((name, Argument::Number(number)));
        } else {
            arguments.push((name, Argument::Text(placeholder)));
        }
        insertions.push(format_value(name, &value, is_html)?);
    }

    let text = locales.text(language, key, &arguments);
    if text.contains("{$") {
        return Err(Error::new(
            ErrorKind::MissingArgument,
            format!("missing value in text `{key}`: {text}"),
        ));
    }
    let text = insert_values(&text, &insertions, is_html);
    Ok(if is_html { Value::from_safe_string(text) } else { Value::from(text) })
}

/// Formats a value, escaped and isolated in HTML.
fn format_value(name: &str, value: &Value, is_html: bool) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(undefined(name));
    }
    let text = value.to_string();
    Ok(if is_html && !value.is_safe() { isolated(&text, "auto") } else { text })
}

fn undefined(name: &str) -> Error {
    Error::new(ErrorKind::UndefinedError, format!("`{name}` is undefined"))
}

/// Replaces the placeholders with the values. The values are not searched for placeholders.
fn insert_values(text: &str, insertions: &[String], is_html: bool) -> String {
    let mut result = String::with_capacity(text.len());
    for part in text.split_inclusive(|c| insertion(c, insertions).is_some()) {
        let last = part.chars().next_back();
        let insertion = last.and_then(|placeholder| insertion(placeholder, insertions));
        let literal = match (last, insertion) {
            (Some(placeholder), Some(_)) => &part[..part.len() - placeholder.len_utf8()],
            _ => part,
        };
        if is_html {
            result.push_str(&HtmlEscape(literal).to_string());
        } else {
            result.push_str(literal);
        }
        result.extend(insertion);
    }
    result
}

/// Returns the value for a placeholder, or `None` for any other character.
fn insertion(placeholder: char, insertions: &[String]) -> Option<&str> {
    let index = u32::from(placeholder).checked_sub(FIRST_PLACEHOLDER)?;
    insertions.get(usize::try_from(index).ok()?).map(String::as_str)
}

/// Escapes a text for HTML and isolates it from the direction of the surrounding text.
pub(crate) fn isolated(text: &str, direction: &str) -> String {
    let text = HtmlEscape(text);
    match direction {
        "auto" => format!("<bdi>{text}</bdi>"),
        _ => format!("<bdi dir=\"{direction}\">{text}</bdi>"),
    }
}

/// Template filter that formats a value in bold.
fn strong(text: &str) -> Value {
    Value::from_safe_string(format!("<strong>{}</strong>", isolated(text, "auto")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_in_values_are_not_replaced() {
        let values = ["\u{e001}".to_owned(), "<b>\u{e000}".to_owned()];
        let text = "a & \u{e000} < \u{e001}\u{e000} \u{e002}";
        let result = insert_values(text, &values, false);
        assert_eq!(result, "a & \u{e001} < <b>\u{e000}\u{e001} \u{e002}");
        let html = insert_values(text, &values, true);
        assert_eq!(html, "a &amp; \u{e001} &lt; <b>\u{e000}\u{e001} \u{e002}");
        assert_eq!(insert_values("", &values, true), "");
    }

    #[test]
    fn a_value_in_html_is_escaped_and_isolated() {
        assert_eq!(isolated("<a & b>", "auto"), "<bdi>&lt;a &amp; b&gt;</bdi>");
        assert_eq!(isolated("x", "rtl"), "<bdi dir=\"rtl\">x</bdi>");
    }
}
