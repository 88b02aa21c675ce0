//! Attributes: names and values of several kinds, as text. Knows that lists and maps are no labels.

use std::borrow::Cow;

use crate::error::Broken;
use crate::proto::{Fields, Value, message};

/// The attributes of a resource or of a point, where they lie.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    /// From the first of them to the end of the last.
    run: &'a [u8],
    field: u32,
}

/// A name and its value as text.
pub type Said<'a> = (&'a str, Cow<'a, str>);

impl<'a> Attributes<'a> {
    /// None at all.
    pub(super) fn none() -> Self {
        Self { run: &[], field: 1 }
    }

    /// Those in a field of a message.
    pub(super) fn of(bytes: &'a [u8], field: u32) -> Result<Self, Broken> {
        let mut fields = Fields::new(bytes);
        let mut run = Run::default();
        loop {
            let before = fields.rest;
            let Some((found, _)) = fields.next_field()? else {
                break;
            };
            if found == field {
                run.add(before, fields.rest)?;
            }
        }
        Ok(run.attributes(field))
    }

    /// All of them as they came: equal bytes are equal attributes.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.run
    }

    /// Each as text, in the order in which they came. Lists, maps and bytes are left out.
    ///
    /// # Errors
    /// One is cut off, has no name, or is not UTF-8.
    pub fn said(&self) -> Result<Vec<Said<'a>>, Broken> {
        let mut all = Vec::new();
        let mut fields = Fields::new(self.run);
        while let Some((field, value)) = fields.next_field()? {
            if field == self.field {
                all.extend(said(message(value)?)?);
            }
        }
        Ok(all)
    }
}

/// Attributes that stand together.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Run<'a> {
    bytes: Option<(&'a [u8], usize)>,
}

impl<'a> Run<'a> {
    /// Another one: `before` begins with it, `after` is what follows.
    #[inline]
    pub(super) fn add(&mut self, before: &'a [u8], after: &'a [u8]) -> Result<(), Broken> {
        let length = before.len() - after.len();
        match &mut self.bytes {
            None => self.bytes = Some((before, length)),
            // Whoever recognises a series by its bytes needs them in one piece, and every encoder writes them so.
            Some((start, known)) if start.len() - *known == before.len() => *known += length,
            Some(_) => return Err(Broken::new("its attributes do not stand together")),
        }
        Ok(())
    }

    pub(super) fn attributes(self, field: u32) -> Attributes<'a> {
        let run = self
            .bytes
            .map_or(&[][..], |(start, length)| &start[..length]);
        Attributes { run, field }
    }
}

/// `KeyValue { string key = 1; AnyValue value = 2; }`
fn said(pair: &[u8]) -> Result<Option<Said<'_>>, Broken> {
    let (mut name, mut text) = ("", None);
    let mut fields = Fields::new(pair);
    while let Some((field, value)) = fields.next_field()? {
        match field {
            1 => name = utf8(message(value)?)?,
            2 => text = any(message(value)?)?,
            _ => {}
        }
    }
    if name.is_empty() {
        return Err(Broken::new("an attribute has no name"));
    }
    Ok(text.map(|text| (name, text)))
}

/// `AnyValue { one of: string = 1, bool = 2, int64 = 3, double = 4, array = 5, kvlist = 6, bytes = 7 }`
fn any(value: &[u8]) -> Result<Option<Cow<'_, str>>, Broken> {
    let mut text = None;
    let mut fields = Fields::new(value);
    while let Some(found) = fields.next_field()? {
        text = match found {
            (1, Value::Bytes(bytes)) => Some(Cow::Borrowed(utf8(bytes)?)),
            (2, Value::Varint(is)) => Some(Cow::Borrowed(if is == 0 { "false" } else { "true" })),
            (3, Value::Varint(number)) => Some(Cow::Owned(number.cast_signed().to_string())),
            (4, Value::Fixed64(bits)) => Some(Cow::Owned(f64::from_bits(bits).to_string())),
            _ => text,
        };
    }
    Ok(text)
}

fn utf8(bytes: &[u8]) -> Result<&str, Broken> {
    std::str::from_utf8(bytes).map_err(|_| Broken::new("an attribute is not UTF-8"))
}
