//! Numbers without nouns: budgets, burn rates, windows, intervals, sequential tests.
//!
//! Knows counts, targets and probabilities. Knows no SLO, no segment, no clock, no file; depends on nothing but `std`.
//!
//! Two kinds of number live here and do not mix:
//! - what a promise is judged by is exact: `u64` counts, `u128` products, targets in parts per billion ([`ppb`],
//!   [`fraction`], [`budget`], [`burn`], [`fixed`], [`edge`]);
//! - what informs a person is `f64`: intervals, percentiles, tests and rehearsals ([`interval`], [`sequential`],
//!   [`robust`], [`sketch`], [`masking`], [`compose`], [`latency`], [`allocate`], [`lowtraffic_trial`], [`warning`]). No `f64` result here is NaN.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod allocate;
pub mod apportion;
pub mod budget;
pub mod burn;
pub mod compose;
pub mod edge;
pub mod fixed;
pub mod fraction;
pub mod interval;
pub mod latency;
pub mod lowtraffic_trial;
pub mod masking;
mod parts;
pub mod ppb;
pub mod robust;
pub mod sequential;
pub mod sketch;
mod slices;
pub mod warning;

pub use fraction::Fraction;
pub use ppb::ONE_PPB;
