//! Is the catalogue wise? One file per rule.
