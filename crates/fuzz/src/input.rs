//! Splits fuzzer input into values, in a format that keeps seeds readable as text.

use std::borrow::Cow;

/// A reader of the input. Past the end it returns zeros and empty texts.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// Returns one of several items. Digits select by their value, so that seeds are readable.
    pub(crate) fn choose<'b, T>(&mut self, from: &'b [T]) -> &'b T {
        &from[usize::from(self.byte().wrapping_sub(b'0')) % from.len()]
    }

    /// Returns the text up to the end of the line.
    pub(crate) fn line(&mut self) -> Cow<'a, str> {
        let mut parts = self.0.splitn(2, |byte| *byte == b'\n');
        let line = parts.next().unwrap_or_default();
        self.0 = parts.next().unwrap_or_default();
        String::from_utf8_lossy(line)
    }

    /// Returns the remaining bytes.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}
