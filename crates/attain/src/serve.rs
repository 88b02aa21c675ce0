//! `attain serve`: one process that takes telemetry, keeps it and judges it. Knows what is said when it starts and stops,
//! and the signals; the server is attain-server's.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use attain_model::source::SourceKind;
use attain_model::{Catalogue, SourceId};
use attain_server::tokens::Tokens;
use attain_server::{Config, Journal, Limits, ReadCatalogue, Server, Written};
use attain_view::number;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::catalogue::{self, Files, shown};
use crate::cli::ServeArguments;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// How often it is seen what has happened, and whether the server still works.
const LOOK: Duration = Duration::from_secs(1);

/// Runs the command: until somebody stops it.
pub fn run(arguments: &ServeArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    // Said once, with everything that is wrong; the server reads it again.
    let (parsed, _) = catalogue::valid(&arguments.catalogue, terminal)?;
    drop(parsed);
    let signals = watch_signals()?;
    let config = Config {
        catalogue: reader(&arguments.catalogue),
        data: arguments.data.clone(),
        listen: arguments.listen,
        anonymous: arguments.allow_anonymous,
        wall: Arc::new(jiff::Timestamp::now),
        limits: limits(arguments),
    };
    let server = attain_server::start(config).map_err(|error| Failure::of(&error))?;
    terminal.print(&hello(&server, arguments))?;
    let _ = std::io::stdout().flush();
    let log = |lines: &[String]| terminal.log(jiff::Timestamp::now(), lines);
    log(&[started(&server, arguments)]);
    let mut journal = Journal::default();
    loop {
        let signal = signals.recv_timeout(LOOK);
        log(&server.happened(&mut journal));
        match signal {
            Ok(SIGHUP) => server.look(),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if !server.is_working() {
            let what = "the part that keeps and judges has ended; what was acknowledged is on disk";
            return Err(Failure::new(what).help("start it again; if it ends again, attain data check says whether the folder is damaged"));
        }
    }
    log(&["stopping: requests under way are answered, then what was counted is sealed".to_owned()]);
    server.stop().map_err(|why| {
        Failure::new(format!("stopped, but not sealed: {why}"))
            .help("everything acknowledged is on disk: the next start goes on from there")
    })?;
    log(&["stopped: everything is sealed".to_owned()]);
    Ok(Exit::Fine)
}

/// A second signal ends the process at once: everything that was acknowledged is on disk already.
pub fn watch_signals() -> Result<std::sync::mpsc::Receiver<i32>, Failure> {
    let failed = |error| Failure::new(format!("cannot watch for signals: {error}"));
    // A file that may grow no further (`ulimit -f`) is told by the write: it must not end the process.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGXFSZ]).map_err(failed)?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut is_stopping = false;
        for signal in signals.forever().filter(|signal| *signal != SIGXFSZ) {
            if signal != SIGHUP && std::mem::replace(&mut is_stopping, true) {
                std::process::exit(128 + signal);
            }
            if sender.send(signal).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Reads the files of the catalogue as they are now.
pub fn reader(path: &Path) -> Arc<ReadCatalogue> {
    let path = path.to_owned();
    Arc::new(move || {
        let files = Files::of(&path).map_err(|failure| failure.what)?;
        // Of the same texts, or the record might name others than are in force.
        let done = catalogue::written_as(&files, &path);
        Ok(Written {
            name: catalogue::name_of(&path),
            inputs: files.inputs,
            base: files.base,
            done,
        })
    })
}

fn limits(arguments: &ServeArguments) -> Limits {
    let mut limits = Limits::default();
    if let Some(seconds) = arguments.seal_every {
        limits.seal = Duration::from_secs(seconds.max(1));
    }
    limits
}

/// The first line of the log.
fn started(server: &Server, arguments: &ServeArguments) -> String {
    format!(
        "started: http://{}, catalogue {} {}, kept in {}",
        server.address(),
        server.catalogue().name.escape_debug(),
        server.catalogue_sha256().get(..12).unwrap_or_default(),
        shown(&arguments.data),
    )
}

/// What somebody who has just started it needs next.
fn hello(server: &Server, arguments: &ServeArguments) -> String {
    let catalogue = server.catalogue();
    let address = server.address();
    let mut text = format!(
        "{} is served on http://{address}, kept in {}, judged every {} s\n",
        catalogue.name,
        shown(&arguments.data),
        server.slice_seconds(),
    );
    text.push_str(&format!(
        "  {} of {}\n",
        number::plural(catalogue.slos.len() as u64, "SLO"),
        number::plural(catalogue.services.len() as u64, "service")
    ));
    for (id, source) in &catalogue.sources {
        text.push_str(&format!("  source {id}: {}\n", how(&source.kind)));
    }
    text.push_str(&sending(catalogue, address));
    text.push_str(&format!(
        "\nlook:  http://{address} in a browser, or attain status --server http://{address}\nread:  {}\nstop:  Ctrl-C\n",
        who_reads(arguments)
    ));
    text
}

/// Who may read what it says.
fn who_reads(arguments: &ServeArguments) -> String {
    let tokens = Tokens::read(&arguments.data).unwrap_or_default();
    match (tokens.live().count(), tokens.tokens.len()) {
        (0, 0) if arguments.allow_anonymous => "everybody who reaches the port".to_owned(),
        (0, 0) => "anybody on this machine, until attain token new makes a token".to_owned(),
        (_, _) if arguments.allow_anonymous => {
            "everybody who reaches the port; a token that is shown must be good".to_owned()
        }
        (0, _) => "nobody: every token is revoked; attain token new makes one".to_owned(),
        (live, _) => format!(
            "whoever has one of {}",
            number::plural(live as u64, "token")
        ),
    }
}

fn how(kind: &SourceKind) -> String {
    match kind {
        SourceKind::RemoteWrite { token } => {
            let token = if token.is_some() {
                ", with a bearer token"
            } else {
                ""
            };
            format!("waits for remote write{token}")
        }
        SourceKind::Otlp { token } => {
            let token = if token.is_some() {
                ", with a bearer token"
            } else {
                ""
            };
            format!("waits for OTLP{token}")
        }
        SourceKind::Prometheus(api) => format!("pulled from {}, a minute at a time", api.url),
        SourceKind::Scrape { targets, .. } => {
            format!("scrapes {}", targets.join(", "))
        }
        SourceKind::Log(log) => format!("follows {}", log.files.join(", ")),
        SourceKind::Csv(csv) => format!("follows {}", csv.files.join(", ")),
    }
}

/// What to put where, for every source that sends.
fn sending(catalogue: &Catalogue, address: SocketAddr) -> String {
    let of = |is: fn(&SourceKind) -> bool| -> Vec<(&SourceId, bool)> {
        let sources = catalogue.sources.iter();
        sources
            .filter(|(_, source)| is(&source.kind))
            .map(|(id, source)| (id, has_token(&source.kind)))
            .collect()
    };
    let written = of(|kind| matches!(kind, SourceKind::RemoteWrite { .. }));
    let mut text = String::new();
    for (id, has_token) in &written {
        let path = if written.len() > 1 {
            format!("/{id}")
        } else {
            String::new()
        };
        text.push_str(&format!(
            "\nin prometheus.yml, for {id}:\n  remote_write:\n    - url: http://{address}/api/v1/write{path}\n"
        ));
        if *has_token {
            text.push_str("      authorization: {credentials_file: TOKEN-FILE}\n");
        }
    }
    let exported = of(|kind| matches!(kind, SourceKind::Otlp { .. }));
    for (id, has_token) in &exported {
        let path = if exported.len() > 1 {
            format!("/{id}")
        } else {
            String::new()
        };
        text.push_str(&format!(
            "\nfor an OpenTelemetry exporter, of {id}:\n  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://{address}/v1/metrics{path}  \
             (http/protobuf, http/json)\n"
        ));
        if exported.len() == 1 {
            text.push_str(&format!(
                "  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://{address}  (grpc)\n"
            ));
        }
        if *has_token {
            text.push_str("  OTEL_EXPORTER_OTLP_METRICS_HEADERS=authorization=Bearer%20TOKEN\n");
        }
    }
    text
}

fn has_token(kind: &SourceKind) -> bool {
    match kind {
        SourceKind::RemoteWrite { token } | SourceKind::Otlp { token } => token.is_some(),
        _ => false,
    }
}
