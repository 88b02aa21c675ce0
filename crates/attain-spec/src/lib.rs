//! YAML to catalogue: spans, references, diagnostics, formatting.
