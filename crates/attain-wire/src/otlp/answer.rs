//! What a receiver of OTLP answers, as protobuf and as JSON.

use serde_json::json;

use crate::proto::{put_bytes, put_number};

/// `ExportMetricsServiceResponse`: all was taken, or `refused` points were not, because.
#[must_use]
pub fn accepted_protobuf(refused: u64, why: &str) -> Vec<u8> {
    let mut answer = Vec::new();
    if refused > 0 {
        let mut partial = Vec::new();
        put_number(&mut partial, 1, refused);
        put_bytes(&mut partial, 2, why.as_bytes());
        put_bytes(&mut answer, 1, &partial);
    }
    answer
}

/// The same as JSON.
#[must_use]
pub fn accepted_json(refused: u64, why: &str) -> String {
    if refused == 0 {
        return "{}".to_owned();
    }
    // 64-bit numbers are text in OTLP's JSON.
    let partial = json!({"rejectedDataPoints": refused.to_string(), "errorMessage": why});
    json!({ "partialSuccess": partial }).to_string()
}

/// `google.rpc.Status`: nothing was taken, because. `code` is one of gRPC's, e.g. 3 for an invalid argument.
#[must_use]
pub fn failed_protobuf(code: u32, why: &str) -> Vec<u8> {
    let mut status = Vec::new();
    put_number(&mut status, 1, u64::from(code));
    put_bytes(&mut status, 2, why.as_bytes());
    status
}

/// The same as JSON.
#[must_use]
pub fn failed_json(code: u32, why: &str) -> String {
    json!({"code": code, "message": why}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        assert_eq!(accepted_protobuf(0, "x"), b"");
        assert_eq!(accepted_protobuf(2, "ab"), b"\x0a\x06\x08\x02\x12\x02ab");
        assert_eq!(accepted_json(0, ""), "{}");
        assert_eq!(
            accepted_json(2, "a\"b"),
            r#"{"partialSuccess":{"errorMessage":"a\"b","rejectedDataPoints":"2"}}"#
        );
        assert_eq!(failed_protobuf(3, "no"), b"\x08\x03\x12\x02no");
        assert_eq!(failed_json(3, "no"), r#"{"code":3,"message":"no"}"#);
    }
}
