//! What is said when something is not answered: `application/problem+json` (RFC 9457), with a code that does not change, and
//! what to do next.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::asked::Unanswered;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// For programs.
    pub(crate) code: &'static str,
    /// What is wrong here.
    pub(crate) detail: String,
    /// What to do next.
    pub(crate) hint: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            hint: String::new(),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// No such thing, or no such path.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// A parameter that is not understood.
    pub(crate) fn parameter(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "parameter", detail)
    }

    /// Later, it will be answered.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).hint("ask again in a second")
    }

    /// Nothing was judged yet.
    pub(crate) fn not_judged() -> Self {
        let detail = "nothing was judged yet";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-judged", detail)
            .hint("ask again in a few seconds")
    }
}

impl From<Unanswered> for Problem {
    fn from(why: Unanswered) -> Self {
        match why {
            Unanswered::Busy => Self::busy("too many questions are under way"),
            Unanswered::Ended => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "this could not be worked out, or the server is stopping",
            )
            .hint("ask for less, or for another instant; the server goes on"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("problem");
        let mut body = serde_json::json!({
            "type": "about:blank",
            "title": title,
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if !self.hint.is_empty() {
            body["hint"] = self.hint.into();
        }
        let form = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, form, format!("{body:#}\n")).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let after = HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, after);
        }
        response
    }
}
