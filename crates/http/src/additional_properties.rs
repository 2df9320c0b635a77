//! `additionalProperties: false` in the OpenAPI document, because unknown fields are refused.
//!
//! poem-openapi supports schemas only, not `false`. So a schema with a unique title is inserted, and
//! replaced by `false` in the text.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};

/// The title of the schema that is replaced by `false`.
const NOTHING: &str = "-";

/// Marks an object as having no other fields than the documented ones.
pub(crate) fn close(registry: &mut Registry, object: &MetaSchemaRef) {
    if let MetaSchemaRef::Reference(name) = object
        && let Some(schema) = registry.schemas.get_mut(name)
    {
        let nothing = MetaSchema { title: Some(NOTHING.to_owned()), ..MetaSchema::ANY };
        let nothing = MetaSchemaRef::Inline(Box::new(nothing));
        schema.additional_properties = Some(Box::new(nothing));
    }
}

/// Replaces the schema by `false` in JSON, or in a page that contains it.
pub(crate) fn in_json(document: &str) -> String {
    let nothing = format!("\"title\": \"{NOTHING}\"");
    let mut pieces = document.split(&nothing);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let before = text.trim_end();
        text.truncate(before.strip_suffix('{').unwrap_or(before).len());
        text.push_str("false");
        let after = piece.trim_start();
        text.push_str(after.strip_prefix('}').unwrap_or(after));
    }
    text
}

/// Replaces the schema by `false` in YAML.
pub(crate) fn in_yaml(document: &str) -> String {
    let nothing = format!("title: '{NOTHING}'");
    let mut pieces = document.split(&nothing);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.truncate(text.trim_end().len());
        text.push_str(" false");
        text.push_str(piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_stands_for_false_becomes_false() {
        let json = r#"{"a": { "title": "-" }, "b": {"title": "A"}}"#;
        let expected = json!({ "a": false, "b": { "title": "A" } });
        assert_eq!(serde_json::from_str::<Value>(&in_json(json)).unwrap(), expected);
        let yaml = "a:\n  title: '-'\nb: 1\n";
        assert_eq!(in_yaml(yaml), "a: false\nb: 1\n");
    }

    #[test]
    fn every_body_is_closed_in_both_forms_of_the_document() {
        let document: Value = serde_json::from_str(&crate::openapi_json()).unwrap();
        let operations = document["paths"].as_object().unwrap().values();
        let mut closed = std::collections::BTreeSet::new();
        for operation in operations.flat_map(|path| path.as_object().unwrap().values()) {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = body.as_str().and_then(|text| text.rsplit('/').next()) else {
                continue;
            };
            let schema = &document["components"]["schemas"][name];
            assert_eq!(schema["additionalProperties"], false, "{name}");
            closed.insert(name);
        }
        assert!(closed.len() > 8, "{closed:?}");
        let yaml = crate::openapi_yaml();
        assert!(!yaml.contains("title: '-'") && !yaml.contains("title: -"));
        assert_eq!(yaml.matches("\n      additionalProperties: false\n").count(), closed.len());
    }
}
