//! Diagnostics: the user's text is wrong, and here is where and what to do.
//!
//! Knows places in texts and words about them. Knows neither YAML nor terminals: attain-spec and attain-lint make
//! diagnostics, attain-view prints them.

/// A text that a person wrote, by the name under which it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as given by the user, `/`-separated, e.g. `shop/customer.yaml`.
    pub name: String,
    /// The whole text, UTF-8.
    pub text: String,
}

/// All texts of one run, in the order of their names. A [`Span`] points into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    /// The files; a [`Span::file`] is an index into this list.
    pub files: Vec<SourceFile>,
}

impl SourceMap {
    /// Line and column, both counted from 1; the column counts characters, not bytes.
    #[must_use]
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let text = &self.files[span.file as usize].text;
        let start = (span.start as usize).min(text.len());
        let before = &text.as_bytes()[..start];
        let line_start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |i| i + 1);
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let column = String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1;
        (line, column)
    }

    /// `customer.yaml:27:9`.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let (line, column) = self.line_column(span);
        format!("{}:{line}:{column}", self.files[span.file as usize].name)
    }
}

/// A stretch of bytes in one file of a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Index into [`SourceMap::files`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte; at least `start`.
    pub end: u32,
}

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The catalogue cannot be used until this is mended.
    Error,
    /// The catalogue can be used; somebody will regret it.
    Warning,
    /// Worth knowing; nothing is wrong.
    Note,
}

impl Level {
    /// `error`, `warning`, `note`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

/// A second place that belongs to the same cause, e.g. where a name was first given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there, a lowercase fragment.
    pub text: String,
}

/// One thing that is wrong with a text: one cause, one diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A word, e.g. `unit-missing`; `attain explain <code>` knows it, and `allow:` takes it where it is a lint.
    pub code: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// Where the caret goes.
    pub span: Span,
    /// What is wrong, a lowercase fragment without a full stop.
    pub cause: String,
    /// What to do next, if there is something better to say than the cause.
    pub help: Option<String>,
    /// Other places that explain the cause.
    pub labels: Vec<Label>,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: &'static str, span: Span, cause: impl Into<String>) -> Self {
        Self {
            code,
            level: Level::Error,
            span,
            cause: cause.into(),
            help: None,
            labels: Vec::new(),
        }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, cause: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(code, span, cause)
        }
    }

    /// The same, with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with one more place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }
}
