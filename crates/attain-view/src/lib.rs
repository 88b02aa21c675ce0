//! Evaluations and diagnostics as tables, text, JSON: one visual language.
