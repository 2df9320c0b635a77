//! Texts of the operator that override the embedded ones.
//!
//! All texts are validated when they are read, so that problems are reported at startup and not
//! when a page is rendered months later.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Message, Resource};
use fluent_syntax::serializer::serialize;
use vestibule_domain::model::language::Language;

use crate::catalogues::{self, is_message, texts};
use crate::error::{InvalidOverride, LocalesError};
use crate::references::References;

/// Overriding texts by language.
pub(crate) type Overrides = BTreeMap<Language, Vec<Arc<FluentResource>>>;

/// Reads `<directory>/<language>/*.ftl`. Other files are ignored.
pub(crate) fn read(directory: &Path) -> Result<Overrides, LocalesError> {
    let mut overrides = Overrides::new();
    for path in list(directory)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !path.is_dir() || name.starts_with('.') {
            continue;
        }
        let Some(language) = Language::from_tag(name) else {
            return Err(LocalesError::UnknownLanguage { path });
        };
        overrides.insert(language, read_language(&path)?);
    }
    Ok(overrides)
}

fn read_language(directory: &Path) -> Result<Vec<Arc<FluentResource>>, LocalesError> {
    let mut files = Vec::new();
    for file in list(directory)? {
        if file.extension().is_some_and(|extension| extension == "ftl") && file.is_file() {
            let resource = parse(&file)?;
            files.push((file, resource));
        }
    }
    check(&files)?;
    Ok(files.into_iter().map(|(_, resource)| resource).collect())
}

/// Returns the entries of a directory, sorted.
fn list(directory: &Path) -> Result<Vec<PathBuf>, LocalesError> {
    let unreadable = |source| LocalesError::Unreadable { path: directory.to_owned(), source };
    let entries = fs::read_dir(directory).map_err(unreadable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn parse(file: &Path) -> Result<Arc<FluentResource>, LocalesError> {
    let source = fs::read_to_string(file)
        .map_err(|source| LocalesError::Unreadable { path: file.to_owned(), source })?;
    FluentResource::try_new(source).map(Arc::new).map_err(|(resource, errors)| {
        let at = errors.first().map_or(0, |error| error.pos.start);
        let problem = errors.first().map(ToString::to_string).unwrap_or_default();
        invalid(file, resource.source(), at, InvalidOverride::Syntax(problem))
    })
}

/// Validates keys, variables and references against the embedded texts.
fn check(files: &[(PathBuf, Arc<FluentResource>)]) -> Result<(), LocalesError> {
    let english = catalogues::embedded(Language::English);
    let variables: BTreeMap<String, BTreeSet<String>> = english
        .iter()
        .flat_map(|resource| texts(resource))
        .map(|(key, _, pattern)| (key, References::of(pattern).variables))
        .collect();
    // New terms are allowed, because only other overriding texts can use them.
    let mut known: BTreeSet<String> = variables.keys().cloned().collect();
    for (_, resource) in files {
        known.extend(texts(resource).into_iter().map(|(key, ..)| key).filter(|k| !is_message(k)));
    }

    let mut given = BTreeSet::new();
    for (file, resource) in files {
        for (key, id, pattern) in texts(resource) {
            let at = offset(resource.source(), id);
            let reject = |reason| Err(invalid(file, resource.source(), at, reason));
            let references = References::of(pattern);
            if is_message(&key) {
                let Some(variables) = variables.get(&key) else {
                    return reject(InvalidOverride::UnknownKey(key));
                };
                if let Some(variable) = references.variables.difference(variables).next() {
                    let variable = variable.to_owned();
                    return reject(InvalidOverride::UnknownVariable { key, variable });
                }
            }
            if let Some(reference) = references.names.difference(&known).next() {
                let reference = reference.to_owned();
                return reject(InvalidOverride::UnknownReference { key, reference });
            }
            if !given.insert(key.clone()) {
                return reject(InvalidOverride::Duplicate(key));
            }
        }
    }
    Ok(())
}

/// Completes partially overridden messages with the embedded attributes, because Fluent can only
/// override whole messages.
pub(crate) fn complete(
    overriding: &[Arc<FluentResource>],
    embedded: &[Arc<FluentResource>],
) -> Vec<Arc<FluentResource>> {
    let messages = embedded.iter().flat_map(|resource| resource.entries()).filter_map(message);
    let known: BTreeMap<&str, &Message<&str>> = messages.map(|m| (m.id.name, m)).collect();
    // The attributes of a message can be in several files.
    let mut whole: BTreeMap<&str, Message<&str>> = BTreeMap::new();
    let mut terms = Vec::new();
    for entry in overriding.iter().flat_map(|resource| resource.entries()) {
        if let Some(given) = message(entry) {
            let start = || known.get(given.id.name).map_or(given, |known| *known).clone();
            let message = whole.entry(given.id.name).or_insert_with(start);
            message.value = given.value.clone().or(message.value.take());
            for attribute in &given.attributes {
                message.attributes.retain(|known| known.id != attribute.id);
                message.attributes.push(attribute.clone());
            }
        } else {
            terms.push(entry.clone());
        }
    }
    let body = terms.into_iter().chain(whole.into_values().map(Entry::Message)).collect();
    match FluentResource::try_new(serialize(&Resource { body })) {
        Ok(resource) | Err((resource, _)) => vec![Arc::new(resource)],
    }
}

fn message<'a>(entry: &'a Entry<&'a str>) -> Option<&'a Message<&'a str>> {
    if let Entry::Message(message) = entry { Some(message) } else { None }
}

/// Returns the offset of a slice within its source.
fn offset(source: &str, slice: &str) -> usize {
    slice.as_ptr().addr().saturating_sub(source.as_ptr().addr())
}

fn invalid(file: &Path, source: &str, at: usize, reason: InvalidOverride) -> LocalesError {
    let line = 1 + source.bytes().take(at).filter(|byte| *byte == b'\n').count();
    LocalesError::Invalid { file: file.to_owned(), line, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Locales;

    /// Writes files to a temporary directory.
    fn write(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    fn load_error(files: &[(&str, &str)]) -> String {
        let directory = write(files);
        let error = Locales::with_overrides(directory.path()).unwrap_err().to_string();
        error.replace(&format!("{}/", directory.path().display()), "")
    }

    #[test]
    fn texts_are_overridden_separately() {
        let directory = write(&[
            ("README", "ignored"),
            (".git/HEAD", "ignored"),
            ("de/notes.txt", "ignored"),
            ("de/own.ftl", "-us = Acme\nmailWelcome =\n    .subject = Hallo bei { -us }\r\n"),
            ("de/more.ftl", "mailTest =\n    .heading = { mailWelcome.heading }!\n"),
            ("de/rest.ftl", "mailWelcome =\n    .lead = { $email }\n        { \"{\" } too\n"),
            ("en/own.ftl", "## nothing\n"),
        ]);
        let locales = Locales::with_overrides(directory.path()).unwrap();
        let product = [("product", "X".into())];
        let german = |key| locales.text(Language::German, key, &product);
        assert_eq!(german("mailWelcome.subject"), "Hallo bei Acme");
        assert_eq!(german("mailWelcome.preview"), "Ihr Konto ist bereit.");
        assert_eq!(german("mailTest.heading"), "Willkommen bei X!");
        let email = [("email", "a@b.example".into())];
        let lead = locales.text(Language::German, "mailWelcome.lead", &email);
        assert_eq!(lead, "a@b.example\n{ too");
        let english = locales.text(Language::English, "mailWelcome.subject", &product);
        assert_eq!(english, "Welcome to X");
        assert_eq!(locales.keys(Language::German), Locales::embedded().keys(Language::German));
    }

    #[test]
    fn errors_contain_the_file_and_the_line() {
        for (text, error) in [
            (
                "# one\nmailTest =\n    .heading = a\n    .haeding = b\n",
                "de/a.ftl, line 4: unknown text `mailTest.haeding`",
            ),
            ("\nmailTset = a\n", "de/a.ftl, line 2: unknown text `mailTset`"),
            (
                "mailTest =\n    .heading = { $name }\n",
                "de/a.ftl, line 2: text `mailTest.heading` has no variable `$name`",
            ),
            (
                "mailTest =\n    .heading = { -us }\n",
                "de/a.ftl, line 2: text `mailTest.heading` refers to `-us`, which does not exist",
            ),
            (
                "mailTest =\n    .heading = { NUMBER(1) }\n",
                "de/a.ftl, line 2: text `mailTest.heading` refers to `NUMBER()`, which does not \
                 exist",
            ),
            (
                "mailTest =\n    .heading = a\n\nmailTest =\n    .heading = b\n",
                "de/a.ftl, line 5: duplicate text `mailTest.heading`",
            ),
        ] {
            assert_eq!(load_error(&[("de/a.ftl", text)]), error);
        }
        let broken = load_error(&[("ar/b.ftl", "mailTest =\n    .heading = a\n?\n")]);
        assert!(broken.starts_with("ar/b.ftl, line 3: "), "{broken}");
        let twice = "mailTest =\n    .heading = a\n";
        assert_eq!(
            load_error(&[("de/a.ftl", twice), ("de/b.ftl", twice)]),
            "de/b.ftl, line 2: duplicate text `mailTest.heading`"
        );
    }

    #[test]
    fn errors_contain_the_path_of_unreadable_files() {
        let unknown = load_error(&[("fr/a.ftl", "")]);
        assert!(unknown.starts_with("fr is not a supported language"), "{unknown}");

        let directory = write(&[("de/a.ftl", "")]);
        fs::write(directory.path().join("de/a.ftl"), b"\xff\xfe").unwrap();
        let error = Locales::with_overrides(directory.path()).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("cannot read ") && message.ends_with("de/a.ftl"), "{message}");

        let missing = Locales::with_overrides(&directory.path().join("none")).unwrap_err();
        assert!(missing.to_string().ends_with("none"), "{missing}");
    }
}
