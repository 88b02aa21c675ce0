//! A table of texts: each text once, then its number.

use std::collections::HashMap;

use super::bytes::{Malformed, Read, Reader, Writer};

/// Writes a body beside a table of the texts in it.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) writer: Writer,
    numbers: HashMap<String, u64>,
    words: Writer,
}

impl Body {
    /// A text, by its number.
    pub(crate) fn word(&mut self, text: &str) {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => {
                let number = self.numbers.len() as u64;
                self.words.text(text);
                self.numbers.insert(text.to_owned(), number);
                number
            }
        };
        self.writer.number(number);
    }

    /// The table, then the body.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut all = Writer::default();
        all.length(self.numbers.len());
        all.raw(&self.words.bytes);
        all.raw(&self.writer.bytes);
        all.bytes
    }
}

/// Reads what a [`Body`] wrote.
#[derive(Debug)]
pub(crate) struct BodyReader<'b> {
    pub(crate) reader: Reader<'b>,
    words: Vec<&'b str>,
}

impl<'b> BodyReader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Read<Self> {
        let mut reader = Reader::new(bytes);
        let words = reader.many(Reader::text)?;
        Ok(Self { reader, words })
    }

    pub(crate) fn word(&mut self) -> Read<&'b str> {
        let number = self.reader.length()?;
        self.words
            .get(number)
            .copied()
            .ok_or(Malformed("a text is not in the table"))
    }

    pub(crate) fn many<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let length = self.reader.length()?;
        let mut things = Vec::new();
        for _ in 0..length {
            things.push(read(self)?);
        }
        Ok(things)
    }

    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        match self.reader.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Malformed("a flag is neither yes nor no")),
        }
    }
}
