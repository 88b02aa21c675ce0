//! `attain doctor`: looks at everything that a catalogue needs to be judged by, and says what is wrong with it.
//!
//! The readers (read/) ask sources, a folder and a server, and write down what they see (seen.rs); the judges (judge/) are
//! pure. Knows which reader and which judge a source needs; nothing of it changes anything.

mod finding;
mod judge;
mod read;
mod said;
mod seen;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use attain_model::policy::Secret;
use attain_model::source::{ApiSource, Source, SourceKind};
use attain_model::{Catalogue, Stream};
use attain_sources::fit::{self, MetricSeen, Wanted, misfits};
use attain_sources::live::{HeardSample, Limits};
use attain_sources::pull::{Puller, delay_for, headers_of, secret_of};
use attain_sources::{Customers, files_now};
use attain_view::number;

use self::finding::Diagnosis;
use self::judge::metric::Read;
use self::judge::reach::{self, Asked};
use self::read::api::Reach;
use self::seen::Unreached;
use crate::catalogue::{self, shown};
use crate::cli::{DoctorArguments, StatusFormat};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// What is pulled is pulled in slices of this.
const PULLED_SLICE: Duration = Duration::from_secs(60);

/// Runs the command.
pub fn run(arguments: &DoctorArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let (parsed, base) = catalogue::valid(&arguments.catalogue, terminal)?;
    let catalogue = catalogue::of(parsed)?;
    let mut out = Diagnosis::default();
    let customers = customers(&catalogue, &base, &mut out);
    if catalogue.sources.is_empty() {
        let seen = "the catalogue names no source".to_owned();
        let fix = "sources: {prom: {prometheus: {url: \"http://localhost:9090\"}}}".to_owned();
        let why = "nothing is ever counted: every promise stays unknown";
        out.find("no-source", "catalogue", seen, why, fix);
    }
    let doctor = |source| {
        Doctor::new(
            &catalogue,
            &customers,
            &base,
            source,
            arguments.server.is_some(),
        )
    };
    for source in catalogue.sources.values() {
        doctor(source).look_at(&mut out);
    }
    if let Some(folder) = &arguments.data {
        judge::folder::judge(&read::folder::folder(folder, &catalogue), &mut out);
    }
    if let Some(server) = &arguments.server {
        look_at_server(server, &mut out, |heard, out| {
            for source in catalogue.sources.values() {
                let doctor = doctor(source);
                if let Some(heard) = heard.get(source.id.as_str()).filter(|_| doctor.is_sent()) {
                    doctor.heard(heard, out);
                }
            }
        });
    }
    out.merge();
    terminal.print(&match arguments.format {
        StatusFormat::Human => said::text(&catalogue.name, &out, &terminal.look()),
        StatusFormat::Json => said::json(&catalogue.name, &out),
    })?;
    Ok(match out.findings.is_empty() {
        true => Exit::Fine,
        false => Exit::Broken,
    })
}

/// The roster's customers; none, and a finding, if it cannot be read.
fn customers(catalogue: &Catalogue, base: &Path, out: &mut Diagnosis) -> Customers {
    let Some(roster) = &catalogue.roster else {
        return Customers::default();
    };
    let read = Customers::read(roster, base).inspect(|customers| {
        for doubt in customers.doubts(catalogue) {
            let why = "a customer is counted for whom the first row says, or for nobody";
            let fix = "mend the roster, or `match:` of the segments".to_owned();
            out.find("roster-unclear", "roster", doubt, why, fix);
        }
    });
    read.unwrap_or_else(|error| {
        let why = "no customer has a segment: what has no segment label is counted as unknown";
        let fix = "mend the file, or the columns that `roster` names".to_owned();
        out.find("roster-unreadable", "roster", error.to_string(), why, fix);
        Customers::default()
    })
}

/// One source, and what is needed to look at it.
struct Doctor<'a> {
    catalogue: &'a Catalogue,
    customers: &'a Customers,
    base: &'a Path,
    source: &'a Source,
    about: String,
    /// A server is asked as well: it knows what arrives.
    is_served: bool,
}

impl<'a> Doctor<'a> {
    fn new(
        catalogue: &'a Catalogue,
        customers: &'a Customers,
        base: &'a Path,
        source: &'a Source,
        is_served: bool,
    ) -> Self {
        Self {
            catalogue,
            customers,
            base,
            source,
            about: format!("source {}", source.id),
            is_served,
        }
    }

    /// Whether others send it to a server of ours.
    fn is_sent(&self) -> bool {
        matches!(
            self.source.kind,
            SourceKind::RemoteWrite { .. } | SourceKind::Otlp { .. }
        )
    }

    fn look_at(&self, out: &mut Diagnosis) {
        match &self.source.kind {
            SourceKind::Prometheus(api) => self.pulled(api, out),
            SourceKind::Scrape { targets, .. } => self.scraped(targets, out),
            SourceKind::RemoteWrite { token } | SourceKind::Otlp { token } => {
                self.sent(token.as_ref(), out);
            }
            SourceKind::Log(log) => self.files(&log.files, out),
            SourceKind::Csv(csv) => self.files(&csv.files, out),
        }
    }

    fn pulled(&self, api: &ApiSource, out: &mut Diagnosis) {
        let url = &*api.url;
        let id = self.source.id.as_str();
        let asked = Asked {
            about: &self.about,
            url,
            is_it_up: format!("see whether it is up: curl -sS {url}/api/v1/query?query=1; else mend `url` of sources.{id}"),
            token: format!("sources: {{{id}: {{prometheus: {{url: \"{url}\", auth: {{bearer: {{env: TOKEN}}}}}}}}}}, and set TOKEN; add `tenant:` if it asks for one"),
            other: "`url` is what stands before /api/v1, e.g. http://localhost:9090, or http://mimir/prometheus".to_owned(),
        };
        let headers = match headers_of(api, self.base) {
            Ok(headers) => headers,
            Err(why) => {
                reach::judge(&asked, &Err(Unreached::Token(why)), out);
                return;
            }
        };
        let (source, customers) = (self.source, self.customers);
        let puller = Puller::new(self.catalogue, source, customers, PULLED_SLICE);
        for note in puller.notes() {
            let why = "nothing is counted for it";
            let fix = "write another indicator, or another source for it".to_owned();
            out.find("not-pulled", &self.about, note.clone(), why, fix);
        }
        let reached = Reach {
            url: url.to_owned(),
            headers,
        };
        let wanted = Wanted::of(self.catalogue, source);
        let seen = read::api::api(&reached, source, &wanted, &puller);
        if !reach::judge(&asked, &seen.reached, out) {
            return;
        }
        let needed = delay_for(seen.held_back);
        if self.source.delay.is_none() && needed > Source::USUAL_DELAY {
            let said = format!(
                "its queries see nothing that is younger than {}; a minute is asked for {} after its end, as no `delay` is written",
                number::about(seen.held_back),
                number::about(needed)
            );
            out.look(&self.about, said);
        }
        for metric in &seen.metrics {
            self.metric(metric, seen.held_back, None, out);
        }
    }

    fn scraped(&self, targets: &[String], out: &mut Diagnosis) {
        let mut shown = Vec::new();
        for target in targets {
            let (seen, page) = read::page::target(target);
            let asked = Asked {
                about: &self.about,
                url: &seen.url,
                is_it_up: format!("see whether it is up: curl -sS {}", seen.url),
                token: "attain sends no token when it scrapes: let it in by its address, or send by remote write"
                    .to_owned(),
                other: format!(
                    "see what it says: curl -sS {}; if its page is elsewhere, write the target with that path: `host:port/path`",
                    seen.url
                ),
            };
            if !reach::judge(&asked, &seen.reached, out) {
                continue;
            }
            if seen.numbers == 0 || seen.unreadable > 0 {
                let what = format!(
                    "{} has {} numbers and {} lines that are none",
                    seen.url, seen.numbers, seen.unreadable
                );
                let why = "what cannot be read is not counted";
                let fix = match seen.numbers {
                    0 => format!(
                        "write the target with the path of its page: `host:port/path`; what it answers: curl -sS {}",
                        seen.url
                    ),
                    _ => format!(
                        "see which, and have the program write them as Prometheus' text has them: curl -sS {}",
                        seen.url
                    ),
                };
                out.find("page-unreadable", &self.about, what, why, fix);
            }
            shown.extend(page);
        }
        if shown.is_empty() {
            return;
        }
        let wanted = Wanted::of(self.catalogue, self.source);
        let label = &self.source.labels.segment;
        let most = u64::from(Limits::default().series);
        for metric in &fit::metrics_on(&wanted, &shown, label) {
            self.metric(metric, Duration::ZERO, Some(most), out);
        }
    }

    fn metric(
        &self,
        metric: &MetricSeen,
        held_back: Duration,
        most_series: Option<u64>,
        out: &mut Diagnosis,
    ) {
        let read = Read {
            about: &self.about,
            source: self.source.id.as_str(),
            is_pulled: matches!(self.source.kind, SourceKind::Prometheus(_)),
            is_sent: self.is_sent(),
            delay: self.source.delay,
        };
        let (source, catalogue) = (self.source, self.catalogue);
        let misfits = misfits(catalogue, source, metric);
        if !judge::metric::is_there(&read, metric, &misfits, out) {
            return;
        }
        judge::metric::judge(&read, metric, held_back, out);
        judge::metric::classes(&read, metric, &misfits, out);
        judge::copies::judge(&self.about, metric, out);
        judge::metric::wholes(&read, metric, &misfits, out);
        judge::edges::judge(&self.about, metric, out);
        let tagged = judge::labels::Read {
            about: &self.about,
            source,
            catalogue,
            most_series,
        };
        judge::labels::judge(&tagged, metric, &misfits, out);
    }

    /// What is sent can only be seen where it arrives.
    fn sent(&self, secret: Option<&Secret>, out: &mut Diagnosis) {
        if let Some(Err(why)) = secret.map(|secret| secret_of(secret, self.base)) {
            let asked = Asked {
                about: &self.about,
                url: "",
                is_it_up: String::new(),
                token: "set it where `attain serve` is started, in the same way; or take `token` out of the source"
                    .to_owned(),
                other: String::new(),
            };
            reach::judge(&asked, &Err(Unreached::Token(why)), out);
        } else if !self.is_served {
            let said = "others send to it: what arrives is known to the server (--server URL)";
            out.look(&self.about, said);
        }
    }

    /// What was sent, as the server that got it says.
    fn heard(&self, heard: &HeardSample, out: &mut Diagnosis) {
        if heard.series.is_empty() && heard.others.is_empty() {
            return;
        }
        let wanted = Wanted::of(self.catalogue, self.source);
        for metric in &fit::metrics_heard(&wanted, heard, self.source) {
            self.metric(metric, Duration::ZERO, None, out);
        }
    }

    fn files(&self, patterns: &[String], out: &mut Diagnosis) {
        let files = files_now(self.source, self.base);
        let files: Vec<PathBuf> = files.iter().map(|file| self.base.join(file)).collect();
        let named = patterns.join(", ");
        if files.is_empty() {
            let seen = format!("no file is called {named}, seen from {}", shown(self.base));
            let why = "nothing is counted of it";
            let fix = format!("ls {named}; names are relative to the catalogue's folder");
            out.find("file-missing", &self.about, seen, why, fix);
            return;
        }
        for file in &files {
            if let Err(error) = File::open(file) {
                let seen = format!("{} cannot be read: {error}", shown(file));
                let why = "its lines are not counted";
                let fix = format!("let who runs attain read it: ls -l {}", shown(file));
                out.find("file-unreadable", &self.about, seen, why, fix);
            }
        }
        let changed = |file: &std::path::PathBuf| fs::metadata(file).ok()?.modified().ok();
        let newest = files.iter().filter_map(changed).max();
        let age = newest.and_then(|newest| SystemTime::now().duration_since(newest).ok());
        let mut said = format!("{} ({named})", number::plural(files.len() as u64, "file"));
        if let Some(age) = age {
            said += &format!(", the newest was written {} ago", number::about(age));
        }
        let looking = Stream::all(self.catalogue).into_iter();
        if looking
            .filter(|stream| stream.sources.contains(&self.source.id))
            .count()
            == 0
        {
            said += "; no SLO looks at it";
        }
        out.look(&self.about, said);
    }
}

/// `compare` is given what arrived of its sources.
fn look_at_server(
    text: &str,
    out: &mut Diagnosis,
    compare: impl FnOnce(&BTreeMap<String, HeardSample>, &mut Diagnosis),
) {
    let (url, asked) = read::server::server(text);
    let about = format!("server {url}");
    let (reached, seen) = match asked {
        Ok((answered, seen)) => (Ok(answered), Some(seen)),
        Err(why) => (Err(why), None),
    };
    let asked = Asked {
        about: &about,
        url: &url,
        is_it_up: "is `attain serve` running there? It says its address when it starts".to_owned(),
        token: format!(
            "attain token new --data DIR --name doctor where it runs, and here: export {}=TOKEN",
            crate::token::VARIABLE
        ),
        other: "give the address that `attain serve` said when it started".to_owned(),
    };
    if reach::judge(&asked, &reached, out)
        && let Some(seen) = seen
    {
        compare(&seen.heard, out);
        judge::server::judge(&about, &url, &seen, out);
    }
}
