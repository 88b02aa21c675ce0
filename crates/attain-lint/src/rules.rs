//! The rules, one file each. Knows what a rule is and which there are.

use crate::found::Found;
use crate::look::Look;

/// One way in which a catalogue can be unwise.
pub(crate) trait Rule: Sync {
    /// Its name; reads after "allow": `internal-not-tighter`.
    fn name(&self) -> &'static str;

    /// Its document, in Markdown.
    fn document(&self) -> &'static str;

    /// Whether it says something about the catalogue as a whole, and would be wrong about a part of it.
    fn needs_whole_catalogue(&self) -> bool {
        false
    }

    /// Looks at the catalogue and says what it found.
    fn check(&self, look: &Look<'_>, found: &mut Found<'_>);
}

macro_rules! rules {
    ($($module:ident)*) => {
        $(mod $module;)*

        /// Every rule, in alphabetical order.
        pub(crate) const RULES: &[&dyn Rule] = &[$(&$module::RULE),*];
    };
}

rules! {
    alert_unreachable
    allow_expired
    allow_unknown
    best_effort_committed
    cascade_below_commitment
    commitment_above_objective
    commitment_without_buffer
    customer_slo_on_internal_metric
    customer_without_internal
    evidence_is_a_load_test
    excludes_everything
    former_name_unmatched
    internal_not_tighter
    internal_only_segment
    internal_slo_published
    load_condition_missing
    missing_layer_owner
    never_rolled_up
    no_runbook
    nothing_is_bad
    objective_without_evidence
    outcome_not_an_outcome
    owner_seat_missing
    part_promises_nothing
    promql_not_pulled
    segment_not_commercial
    single_audience_catalogue
    stale_review
    threshold_off_bucket
    tiers_inverted
    too_many_segments
}
