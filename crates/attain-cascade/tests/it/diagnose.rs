//! Who spent the budget: the vectors, several incidents at once, calls that do not count in full.

mod several;
mod vectors;
