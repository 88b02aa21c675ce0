//! `attain status --server`: what a server says, as it says it. Knows one page and how to ask for it.

use std::io::Read as _;
use std::time::Duration;

use crate::cli::StatusFormat;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;
use crate::token;

/// A server that judges every ten seconds answers at once, or something is wrong.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A status is larger than this only by mistake.
const ANSWER_BYTES_AT_MOST: u64 = 256 << 20;

/// Asks the server at a URL and prints its answer.
pub fn run(
    url: &str,
    slos: &[String],
    format: StatusFormat,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let look = terminal.look();
    let format = match format {
        StatusFormat::Json => "json",
        StatusFormat::Human => "human",
    };
    let with_scheme = match url.contains("://") {
        true => url.to_owned(),
        false => format!("http://{url}"),
    };
    let page = format!(
        "{}/api/v1/status?format={format}&width={}&color={}",
        with_scheme.trim_end_matches('/'),
        look.width.clamp(20, 1000),
        look.color
    );
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(ANSWER_WITHIN))
        // Why there is no status stands in the body.
        .http_status_as_error(false)
        .build();
    let away = |error: ureq::Error| {
        Failure::new(format!("nobody answers at {url}: {error}"))
            .help("is `attain serve` running there? It says its address when it starts")
    };
    let mut request = ureq::Agent::from(config).get(&page);
    for slo in slos {
        request = request.query("slo", slo);
    }
    if let Some((name, value)) = token::header() {
        request = request.header(name, value);
    }
    let mut answer = request.call().map_err(away)?;
    let status = answer.status().as_u16();
    let exit = answer.headers().get("attain-exit").cloned();
    let mut text = String::new();
    let body = answer.body_mut().as_reader();
    body.take(ANSWER_BYTES_AT_MOST)
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(format!("the answer of {url} broke off: {error}")))?;
    let exit = exit.as_ref().and_then(|exit| exit.to_str().ok());
    let exit = match exit.filter(|_| status == 200) {
        Some("0") => Exit::Fine,
        Some("1") => Exit::Broken,
        Some("3") => Exit::Unknown,
        _ if matches!(status, 401 | 403) => {
            return Err(Failure::new(format!("{url} asks for a token")).help(format!(
                "attain token new --data DIR makes one where the server runs; put it into the environment variable {}",
                token::VARIABLE
            )));
        }
        _ if status == 404 && text.contains("\"code\"") && !slos.is_empty() => {
            return Err(Failure::new(detail(&text)));
        }
        _ if status == 503 => {
            return Err(Failure::new(format!(
                "{url} has no status: {}",
                detail(&text)
            )));
        }
        _ => {
            return Err(Failure::new(format!(
                "what answers at {url} is no attain server (status {status})"
            ))
            .help("give the address that `attain serve` said when it started"));
        }
    };
    terminal.print(&text)?;
    Ok(exit)
}

/// What a problem says, and what to do next.
fn detail(text: &str) -> String {
    let problem: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let of = |key| problem[key].as_str();
    match (of("detail"), of("hint")) {
        (Some(detail), Some(hint)) => format!("{detail}; {hint}"),
        (Some(detail), None) => detail.to_owned(),
        _ => text.trim().to_owned(),
    }
}
