//! Who may: the tokens of the data folder, read again when their file changes, and what somebody without one may do.
//!
//! - As long as no token was ever made, and only this machine can reach the port, everything is open: one person, one
//!   laptop. Whoever makes the first token closes that; revoking it opens nothing again.
//! - With `anonymous` somebody without a token may read.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::http::{HeaderMap, header};

use crate::tokens::{FILE, Scope, Tokens};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Who may do what.
pub(crate) struct Access {
    data: PathBuf,
    /// Only this machine can reach the port.
    pub(crate) is_local: bool,
    /// Whoever shows no token may read.
    anonymous: bool,
    known: Mutex<Known>,
}

struct Known {
    /// `None`: the file cannot be read, so nobody enters.
    tokens: Option<Tokens>,
    looked: Instant,
    stamp: Option<(SystemTime, u64)>,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No token, or one that opens nothing.
    Unknown,
    /// The token is good, and not for this.
    Beyond(Scope),
}

impl Access {
    pub(crate) fn new(data: PathBuf, tokens: Tokens, is_local: bool, anonymous: bool) -> Self {
        let mut access = Self {
            data,
            is_local,
            anonymous,
            known: Mutex::new(Known {
                tokens: Some(tokens),
                looked: Instant::now(),
                stamp: None,
            }),
        };
        let stamp = access.stamp();
        access
            .known
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .stamp = stamp;
        access
    }

    /// Whether everything is open, so that a browser of this machine must not be used by somebody else.
    pub(crate) fn is_open(&self) -> bool {
        self.is_local && self.with(|tokens| tokens.is_some_and(|tokens| tokens.tokens.is_empty()))
    }

    /// Whether the bearer of what these headers show may do what the scope says.
    pub(crate) fn may(&self, headers: &HeaderMap, scope: Scope) -> Result<(), Denied> {
        let shown = credentials(headers);
        let has = self.with(|tokens| {
            let tokens = tokens?;
            match shown {
                _ if tokens.tokens.is_empty() && self.is_local => Some(Scope::Admin),
                Some(shown) => tokens.shown(&shown).map(|token| token.scope),
                None => self.anonymous.then_some(Scope::Read),
            }
        });
        match has {
            Some(has) if has >= scope => Ok(()),
            Some(has) => Err(Denied::Beyond(has)),
            None => Err(Denied::Unknown),
        }
    }

    fn with<T>(&self, ask: impl FnOnce(Option<&Tokens>) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() >= LOOK_EVERY {
            known.looked = Instant::now();
            let stamp = self.stamp();
            if stamp != known.stamp {
                known.tokens = Tokens::read(&self.data).ok();
                known.stamp = stamp;
            }
        }
        ask(known.tokens.as_ref())
    }

    fn stamp(&self) -> Option<(SystemTime, u64)> {
        let about = std::fs::metadata(self.data.join(FILE)).ok()?;
        Some((about.modified().ok()?, about.len()))
    }
}

/// The token that is shown: as a bearer's, or as the password of a browser's login.
fn credentials(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::AUTHORIZATION)?;
    // What cannot be read is a token that opens nothing.
    let Some((scheme, rest)) = text.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Some(String::new());
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Some(String::new());
    }
    let pair = base64(rest.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
    let password = pair.and_then(|pair| Some(pair.split_once(':')?.1.to_owned()));
    Some(password.unwrap_or_default())
}

/// RFC 4648, section 4; padding may be left out.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        }
        headers
    }

    #[test]
    fn browsers_show_a_token_as_a_password() {
        // RFC 7617, section 2.
        let shown = credentials(&headers("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(shown.as_deref(), Some("open sesame"));
        for nothing in ["Basic QWxhZGRpbg==", "Basic ??", "Basic", "Digest x"] {
            assert_eq!(
                credentials(&headers(nothing)).as_deref(),
                Some(""),
                "{nothing}"
            );
        }
        assert_eq!(credentials(&headers("bearer  a ")).as_deref(), Some("a"));
        assert_eq!(credentials(&headers("")), None);
    }

    #[test]
    fn scopes_include_those_before_them_and_the_last_token_revoked_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let mut tokens = Tokens::default();
        let access = |tokens: &Tokens, is_local, anonymous| {
            Access::new(
                folder.path().to_owned(),
                tokens.clone(),
                is_local,
                anonymous,
            )
        };
        assert_eq!(
            access(&tokens, true, false).may(&headers(""), Scope::Admin),
            Ok(())
        );
        let far = access(&tokens, false, false);
        assert_eq!(far.may(&headers(""), Scope::Read), Err(Denied::Unknown));
        let text = tokens.make("x", Scope::Write, now).unwrap();
        let shown = headers(&format!("Bearer {text}"));
        let near = access(&tokens, true, false);
        assert!(!near.is_open());
        assert_eq!(near.may(&headers(""), Scope::Read), Err(Denied::Unknown));
        assert_eq!(near.may(&shown, Scope::Read), Ok(()));
        assert_eq!(near.may(&shown, Scope::Write), Ok(()));
        assert_eq!(
            near.may(&shown, Scope::Admin),
            Err(Denied::Beyond(Scope::Write))
        );
        let public = access(&tokens, false, true);
        assert_eq!(public.may(&headers(""), Scope::Read), Ok(()));
        assert_eq!(
            public.may(&headers(""), Scope::Write),
            Err(Denied::Beyond(Scope::Read))
        );
        assert_eq!(
            public.may(&headers("Bearer wrong"), Scope::Read),
            Err(Denied::Unknown)
        );
        let id = tokens.tokens[0].id.clone();
        tokens.revoke(&id, now);
        let near = access(&tokens, true, false);
        assert_eq!(near.may(&shown, Scope::Read), Err(Denied::Unknown));
        assert_eq!(near.may(&headers(""), Scope::Read), Err(Denied::Unknown));
    }
}
