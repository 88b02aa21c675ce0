//! Counts to verdicts: tallies, windows, attainment, budget, burn, alert conditions.
