//! What a text is told.

use fluent_bundle::{FluentArgs, FluentValue};

/// The value of a variable in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// Put into the text as it is. Escaping is up to whoever shows the text.
    Text(&'a str),
    /// Put into the text in Western digits; a text may depend on it, as plurals do.
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

/// Arguments as the formatter wants them.
pub(crate) fn prepared<'a>(arguments: &[(&'a str, Argument<'a>)]) -> FluentArgs<'a> {
    let mut prepared = FluentArgs::with_capacity(arguments.len());
    for (name, argument) in arguments {
        let value = match *argument {
            Argument::Text(text) => FluentValue::from(text),
            Argument::Number(number) => FluentValue::from(number),
        };
        prepared.set(*name, value);
    }
    prepared
}
