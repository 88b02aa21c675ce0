//! Composition: what the parts of a promise carry together.
