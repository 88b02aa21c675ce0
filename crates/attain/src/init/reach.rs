//! Who asks, as the command line says it, and as the catalogue will. Knows where secrets lie; reads none.

use std::path::{Path, absolute};

use attain_model::policy::{Secret, Setting};
use attain_model::source::ApiSource;

use crate::cli::InitArguments;
use crate::exit::Failure;

/// How to reach the API at a URL. Files are named as a catalogue in `dir` would.
///
/// Invariant: no secret itself is in it, so that none can get into the catalogue.
pub(super) fn of(url: &str, dir: &Path, arguments: &InitArguments) -> Result<ApiSource, Failure> {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    if host
        .split(['/', '?', '#'])
        .next()
        .is_some_and(|host| host.contains('@'))
    {
        return Err(Failure::new("a name and a password stand in the URL").help(
            "they would get into the catalogue: give --header 'Authorization: {env: NAME}', and set NAME to `Basic ` and the \
             base64 of name:password",
        ));
    }
    let bearer = match (&arguments.token_file, &arguments.token_env) {
        (Some(file), _) => Some(Secret::File(seen_from(dir, file))),
        (None, Some(name)) => Some(Secret::Env(name.clone())),
        (None, None) => None,
    };
    let mut source = ApiSource {
        url: url.to_owned(),
        tenant: arguments.tenant.clone(),
        bearer,
        ..ApiSource::default()
    };
    for text in &arguments.header {
        let (name, setting) = header(text, dir).ok_or_else(|| {
            // What stands behind the name may be a secret.
            let name = text.split_once(':').map_or("`--header`", |(name, _)| name);
            Failure::new(format!("{name} has no value that can be sent"))
                .help("write `NAME: VALUE`, `NAME: {env: VARIABLE}` or `NAME: {file: PATH}`")
        })?;
        let lets_in = ["authorization", "proxy-authorization", "cookie"];
        let lets_in = lets_in.iter().any(|known| name.eq_ignore_ascii_case(known));
        if lets_in && matches!(setting, Setting::Text(_)) {
            return Err(Failure::new(format!(
                "the value of {name} is a secret, which would get into the catalogue"
            ))
            .help(format!(
                "write --header '{name}: {{env: VARIABLE}}' or --header '{name}: {{file: PATH}}'"
            )));
        }
        source.headers.insert(name, setting);
    }
    Ok(source)
}

/// Nobody is asked for a file.
pub(super) fn refuse_for_files(arguments: &InitArguments) -> Result<(), Failure> {
    let given = [
        ("--token-file", arguments.token_file.is_some()),
        ("--token-env", arguments.token_env.is_some()),
        ("--tenant", arguments.tenant.is_some()),
        ("--header", !arguments.header.is_empty()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::new(format!("{option} is for --from with a URL"))
            .help("leave it out, or give the URL that stands before /api/v1")),
    }
}

/// `NAME: VALUE`, as a catalogue has it.
fn header(text: &str, dir: &Path) -> Option<(String, Setting)> {
    let (name, value) = text.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty()
        || !name.chars().all(is_token)
        || value.is_empty()
        || value.contains(char::is_control)
    {
        return None;
    }
    let inside = value
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let setting = match inside.map(|inside| inside.split_once(':')) {
        None => Setting::Text(value.to_owned()),
        Some(pair) => {
            let (kind, place) = pair?;
            let place = place.trim().trim_matches('"');
            match (kind.trim(), place) {
                (_, "") => return None,
                ("env", name) => Setting::Secret(Secret::Env(name.to_owned())),
                ("file", file) => Setting::Secret(Secret::File(seen_from(dir, Path::new(file)))),
                _ => return None,
            }
        }
    };
    Some((name.to_owned(), setting))
}

/// A file as a catalogue in `dir` names it: relative where it lies in there, so that the folder can be moved.
fn seen_from(dir: &Path, file: &Path) -> String {
    let (Ok(file_at), Ok(dir_at)) = (absolute(file), absolute(dir)) else {
        return file.display().to_string();
    };
    let named = file_at.strip_prefix(&dir_at).unwrap_or(&file_at);
    named.display().to_string()
}
