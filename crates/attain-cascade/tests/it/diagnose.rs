//! Who spent the budget: the vectors.

mod vectors;
