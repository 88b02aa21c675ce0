//! What an API must be told so that it answers: tenant, token, headers. Knows where secrets lie; asks nothing.

use std::fs;
use std::path::Path;

use attain_model::policy::{Secret, Setting};
use attain_model::source::ApiSource;

/// The headers of each request to an API. Secrets are read now; files are relative to `base`.
///
/// # Errors
/// A secret cannot be read, or what was read cannot be sent in a header.
pub fn headers_of(source: &ApiSource, base: &Path) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    if let Some(tenant) = &source.tenant {
        headers.push(("X-Scope-OrgID".to_owned(), tenant.clone()));
    }
    if let Some(bearer) = &source.bearer {
        let token = secret_of(bearer, base)?;
        headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
    }
    for (name, setting) in &source.headers {
        let value = match setting {
            Setting::Text(text) => text.clone(),
            Setting::Secret(secret) => secret_of(secret, base)?,
        };
        headers.push((name.clone(), value));
    }
    match headers
        .iter()
        .find(|(_, value)| value.contains(char::is_control))
    {
        None => Ok(headers),
        Some((name, _)) => Err(format!("the header {name} would have more than one line")),
    }
}

/// The secret itself, without white space around it. It is read anew each time, so that a rotated one is used.
///
/// # Errors
/// There is none where it should lie, or it is empty.
pub fn secret_of(secret: &Secret, base: &Path) -> Result<String, String> {
    let (place, text) = match secret {
        Secret::Env(name) => {
            let place = format!("the environment variable {name}");
            let text = std::env::var(name).map_err(|_| format!("{place} is not set"))?;
            (place, text)
        }
        Secret::File(name) => {
            let text = fs::read_to_string(base.join(name));
            let text = text.map_err(|error| format!("cannot read {name}: {error}"))?;
            (name.clone(), text)
        }
    };
    match text.trim() {
        "" => Err(format!("{place} is empty")),
        token => Ok(token.to_owned()),
    }
}
