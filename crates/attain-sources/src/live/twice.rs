//! Histograms of remote write that come both by classic buckets and as native ones: a sender that migrates sends both, and
//! each counts. Knows in which form each came; decides nothing.

use std::collections::HashMap;

/// Histograms that are remembered. What comes beyond is not compared.
const MOST: usize = 100_000;

/// In which form a histogram came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Classic,
    Native,
    Both,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Twice {
    /// By what the parts of a histogram have in common.
    forms: HashMap<u64, Form>,
    pub(super) both: u64,
}

impl Twice {
    /// A histogram that counts for somebody came in a form.
    pub(super) fn came(&mut self, histogram: u64, form: Form) {
        let has_room = self.forms.len() < MOST;
        match self.forms.get_mut(&histogram) {
            Some(known) if *known != form && *known != Form::Both => {
                *known = Form::Both;
                self.both += 1;
            }
            Some(_) => {}
            None if has_room => {
                self.forms.insert(histogram, form);
            }
            None => {}
        }
    }
}
