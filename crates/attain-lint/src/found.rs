//! What one rule found. Knows exceptions; knows no rule.

use std::collections::BTreeSet;

use attain_model::meta::Meta;
use attain_model::{Diagnostic, Span};

use crate::allow;
use crate::look::Look;

/// The findings of one rule.
pub(crate) struct Found<'a> {
    rule: &'static str,
    look: &'a Look<'a>,
    diagnostics: Vec<Diagnostic>,
    places: BTreeSet<Span>,
}

impl<'a> Found<'a> {
    pub fn new(rule: &'static str, look: &'a Look<'a>) -> Self {
        Self {
            rule,
            look,
            diagnostics: Vec::new(),
            places: BTreeSet::new(),
        }
    }

    /// Reports something about an object, unless the object or its file is excepted, or its place was reported before.
    pub fn about(&mut self, meta: &Meta, diagnostic: Diagnostic) {
        if !self.is_allowed(meta) {
            self.about_all(diagnostic);
        }
    }

    /// Reports something that belongs to no object: only the file can except it.
    pub fn about_all(&mut self, diagnostic: Diagnostic) {
        debug_assert_eq!(diagnostic.code, self.rule);
        let Look { spans, today, .. } = *self.look;
        let allowed = allow::on_file(spans, diagnostic.span, self.rule, today);
        if !allowed && self.places.insert(diagnostic.span) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether an object is excepted from this rule today.
    pub fn is_allowed(&self, meta: &Meta) -> bool {
        allow::on_object(meta, self.rule, self.look.today)
    }

    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
