//! Arguments of texts.

use fluent_bundle::{FluentArgs, FluentValue};

/// Value of a variable in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// A text that is inserted unchanged. The caller must escape the result where necessary.
    Text(&'a str),
    /// A number that is inserted in Western digits and can select a plural form.
    Number(i64),
}

impl<'a> From<&'a str> for Argument<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Argument<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Argument<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Argument<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Argument<'_> {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// Converts arguments for Fluent.
pub(crate) fn to_fluent<'a>(arguments: &[(&'a str, Argument<'a>)]) -> FluentArgs<'a> {
    let mut converted = FluentArgs::with_capacity(arguments.len());
    for (name, argument) in arguments {
        let value = match *argument {
            Argument::Text(text) => FluentValue::from(text),
            Argument::Number(number) => FluentValue::from(number),
        };
        converted.set(*name, value);
    }
    converted
}
