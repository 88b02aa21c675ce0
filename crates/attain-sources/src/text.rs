//! Numbers, times and metrics as texts write them. Knows syntax; knows no meaning.

pub(crate) mod exposition;
pub(crate) mod number;
pub(crate) mod time;

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
