//! A first catalogue for a Prometheus-compatible API: says what was found in it, writes. What is found and proposed is
//! attain-sources'.

use std::path::Path;

use attain_model::source::ApiSource;
use attain_sources::pull::{HttpApi, Survey, Trouble, propose_pulled, survey};
use attain_sources::{Answers, SegmentAnswer};
use attain_view::{Tone, wrap};

use super::{found, reach, refuse_invalid, write};
use crate::catalogue::shown;
use crate::cli::InitArguments;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Whether this is an API and no file.
pub(super) fn is_url(from: &Path) -> bool {
    let text = from.to_string_lossy();
    text.starts_with("http://") || text.starts_with("https://")
}

/// Whether this is an address as people type it, `localhost:9090`, rather than the name of a file.
pub(super) fn lacks_scheme(from: &Path) -> bool {
    let text = from.to_string_lossy();
    let host = text.split('/').next().unwrap_or_default();
    let port = host.rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| port.parse::<u16>().is_ok())
}

/// Looks, says, writes, and says what to do next.
pub(super) fn run(
    url: &str,
    dir: &Path,
    target: &Path,
    arguments: &InitArguments,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let source = reach::of(url, dir, arguments)?;
    let api = HttpApi::reached(&source, dir, None).map_err(Failure::new)?;
    let by = match arguments.by.as_deref() {
        None => SegmentAnswer::Best,
        Some("none") => SegmentAnswer::Nothing,
        Some(label) => SegmentAnswer::Field(label.to_owned()),
    };
    let found = survey(&api, &by).map_err(|trouble| failed(&trouble, &source))?;
    if found.requests.is_none() && found.durations.is_none() {
        return Err(nothing(url, &found.unclear));
    }
    if let SegmentAnswer::Field(label) = &by {
        tells_apart(&found, label)?;
    }
    let look = terminal.look();
    if !terminal.quiet {
        let title = look.paint(Tone::Strong, &format!("{url} answers."));
        terminal.print(&format!("{title}\n{}", said(&found, &by, look.columns())))?;
    }
    let answers = Answers {
        service: arguments.service.clone(),
        team: arguments.team.clone(),
        order: arguments.segments.clone(),
        segment: by,
        ..Answers::default()
    };
    let text = propose_pulled(&found, &answers, &source);
    refuse_invalid(&text)?;
    write(dir, target, &text, arguments.force)?;
    let strong = |text: &str| look.paint(Tone::Strong, text);
    terminal.print(&format!(
        "\nwrote {}\n{}\nNext:\n  {}\n  {}\n",
        strong(&shown(target)),
        wrap(
            match is_measured(&found) {
                true => "Its numbers are taken from the last day: a place to start, promised to nobody yet.",
                false => "Nothing was counted in the last day: its targets are guesses, promised to nobody yet. Write it again when \
                          there was traffic.",
            },
            look.columns(),
            0
        ),
        strong(&format!("attain check {}", shown(dir))),
        strong(&format!("attain serve {} --data data", shown(dir))),
    ))?;
    Ok(Exit::Fine)
}

/// What to do where no metric says by itself which requests were good.
fn nothing(url: &str, unclear: &[String]) -> Failure {
    let failure = Failure::new(format!(
        "{url} has no metric that counts requests and says which were good"
    ));
    let looked = "attain looks for a counter (`_total`, `_count`) with a label such as `code` or `status`, and \
                  for a histogram of durations";
    failure.help(match unclear {
        [] => format!("{looked}; it has no counters but those of a monitoring system: is it the right one?"),
        names => format!(
            "{looked}. It has {}: where one of them counts all and another the failures, write `attain init` without --from, then \
             `indicator: {{total: {{metric: ALL}}, bad: {{metric: FAILED}}}}`",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    })
}

/// Whether anything happened on the last day.
fn is_measured(found: &Survey) -> bool {
    let requests = found
        .requests
        .iter()
        .flat_map(|requests| requests.measured.values());
    let durations = found
        .durations
        .iter()
        .flat_map(|durations| durations.measured.values());
    requests
        .chain(durations)
        .any(|measured| measured.events > 0)
}

/// What to do when there is no answer.
fn failed(trouble: &Trouble, source: &ApiSource) -> Failure {
    let failure = Failure::new(trouble.to_string());
    let says_who = source.bearer.is_some() || !source.headers.is_empty();
    match (trouble, says_who, source.tenant.is_some()) {
        (Trouble::Denied(_), false, false) => failure.help(
            "say who asks: --token-file FILE or --token-env NAME for a bearer token, --tenant ID where there are tenants, \
             --header 'NAME: {env: VARIABLE}' for anything else",
        ),
        (Trouble::Denied(_), false, true) => failure.help(
            "give a token, too: --token-file FILE, --token-env NAME, or --header 'Authorization: {env: VARIABLE}'",
        ),
        (Trouble::Denied(_), true, false) => failure.help(
            "see whether the token is a valid one and may read; where there are tenants, add --tenant ID",
        ),
        (Trouble::Denied(_), true, true) => {
            failure.help("see whether the token is a valid one, and may read what this tenant has")
        }
        _ => failure.help("give the URL that stands before /api/v1, e.g. http://localhost:9090"),
    }
}

/// A line for each thing that was looked for.
fn said(survey: &Survey, by: &SegmentAnswer, columns: usize) -> String {
    let requests = survey.requests.as_ref().map(|requests| {
        format!(
            "`{}`, bad where `{}` is {}",
            requests.metric,
            requests.label,
            requests.bad.join(" or ")
        )
    });
    let durations = survey.durations.as_ref().map(|durations| {
        format!(
            "`{}` in {}{}, buckets at {}",
            durations.metric,
            found::name(durations.unit),
            match durations.says_unit {
                true => "",
                false => " (guessed from the size of its buckets; check it)",
            },
            durations.edges.join(", ")
        )
    });
    let segments = survey
        .segments
        .split_first()
        .map(|((label, values), others)| {
            let mut text = format!("by `{label}`: {}", values.join(", "));
            if !others.is_empty() {
                let names: Vec<String> = others
                    .iter()
                    .map(|(label, _)| format!("`{label}`"))
                    .collect();
                text += &format!("; also possible with --by: {}", names.join(", "));
            }
            if let Some(share) = survey.untagged() {
                text += &format!(
                    "; {share} of the requests have none of them and are in no segment's promise"
                );
            }
            text
        });
    let others = (!survey.others.is_empty()).then(|| survey.others.join(", "));
    let lines = [
        (
            "requests",
            requests.unwrap_or_else(|| "no counter says whether they were good".to_owned()),
        ),
        (
            "latency",
            durations.unwrap_or_else(|| {
                "no histogram with buckets says how long they took (native ones cannot be pulled)".to_owned()
            }),
        ),
        (
            "segments",
            segments.unwrap_or_else(|| match by {
                SegmentAnswer::Nothing => "all traffic is one".to_owned(),
                _ => "no label tells customers apart; all traffic is one".to_owned(),
            }),
        ),
        ("also", others.unwrap_or_default()),
    ];
    let mut out = String::new();
    for (name, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
        let text = wrap(text, columns - 11, 0).replace('\n', &format!("\n{:11}", ""));
        out.push_str(&format!("  {name:<9}{text}\n"));
    }
    out
}

/// Whether a label that somebody names tells segments apart.
fn tells_apart(found: &Survey, label: &str) -> Result<(), Failure> {
    let known: Vec<&str> = found
        .segments
        .iter()
        .map(|(known, _)| known.as_str())
        .collect();
    if known.contains(&label) {
        return Ok(());
    }
    let failure = Failure::new(format!(
        "`{label}` tells no segments apart in these metrics"
    ));
    Err(match known.as_slice() {
        [] => failure.help("no label does; leave --by out"),
        known => failure.help(format!("these may: {}", known.join(", "))),
    })
}
