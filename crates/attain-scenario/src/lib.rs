//! The text language of cases.
