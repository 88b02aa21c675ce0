//! A catalogue that was parsed and is valid, with all that belongs to it. Knows no file but the roster.

use std::path::PathBuf;
use std::sync::Arc;

use attain_model::{Catalogue, Diagnostic, Level, SourceMap};
use attain_sources::Customers;
use attain_spec::{Spans, parse};
use attain_store::Done;
use attain_view::diagnostics;

use crate::config::Written;

/// A valid catalogue, and what belongs to it.
pub(crate) struct Loaded {
    pub(crate) catalogue: Catalogue,
    pub(crate) base: PathBuf,
    pub(crate) done: Done,
    pub(crate) customers: Customers,
    pub(crate) text: Arc<Text>,
}

/// A catalogue as a person wrote it, for who wants to read that.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) sources: SourceMap,
    pub(crate) spans: Spans,
    /// Warnings and notes of reading it.
    pub(crate) said: Vec<Diagnostic>,
}

/// Parses what was read.
pub(crate) fn load(written: Written) -> Result<Loaded, String> {
    let parsed = parse(&written.inputs);
    let Some(mut catalogue) = parsed.catalogue else {
        let errors: Vec<_> = parsed
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.level == Level::Error)
            .cloned()
            .collect();
        let look = attain_view::Look::plain();
        let text = diagnostics::human(&parsed.sources, &errors, &look);
        return Err(text.trim_end().to_owned());
    };
    if parsed.spans.key("catalogue.name").is_none()
        && let Some(name) = written.name
    {
        catalogue.name = name;
    }
    let customers = match &catalogue.roster {
        Some(roster) => {
            Customers::read(roster, &written.base).map_err(|error| error.to_string())?
        }
        None => Customers::default(),
    };
    Ok(Loaded {
        catalogue,
        base: written.base,
        done: written.done,
        customers,
        text: Arc::new(Text {
            sources: parsed.sources,
            spans: parsed.spans,
            said: parsed.diagnostics,
        }),
    })
}
