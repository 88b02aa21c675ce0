//! `pages`: how large the pages of a large catalogue are, how long a server takes to write them, and how soon a browser
//! shows them without moving anything.
//!
//! 2,000 SLOs of four segments over a log of six hours; some are broken. *Cold* is the first request for a page after a
//! slice was judged, *warm* each one after it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::results::table;
use super::{Setting, inputs};
use crate::peers::browser::driver::Browser;
use crate::peers::browser::{shift, told};
use crate::peers::process::{Running, free_address, wait_for};
use crate::peers::{Outcome, http};

const SEGMENTS: [&str; 4] = ["premium", "standard", "free", "trial"];
/// SLOs of each layer: what customers see rests on services, each of them on something below.
const PRODUCTS: usize = 400;
const SERVICES: usize = 800;
const BELOW: usize = 800;
const HOURS: i64 = 6;
/// Seconds between two requests to each.
const EVERY: i64 = 900;

/// Ticks after which each page is asked for.
const TICKS: usize = 8;
const WARM: usize = 50;
const LOADS: usize = 5;
const WIDTHS: [u32; 2] = [800, 1400];

const PAGES: [(&str, &str); 4] = [
    ("overview", "/"),
    ("segment", "/segments/premium"),
    ("SLO", "/slos/product-0000"),
    ("cascade", "/cascade"),
];

const SCRIPT: &str = "/assets/live.js";

/// What was seen of a page.
#[derive(Default)]
struct Seen {
    bytes: usize,
    packed: usize,
    /// Milliseconds.
    cold: Vec<f64>,
    warm: Vec<f64>,
    earlier: f64,
    paint: Vec<f64>,
    shift: f64,
}

/// Runs the bench; its section of the page.
pub fn run(setting: &Setting) -> Result<String, String> {
    let folder = inputs::folder("pages")?;
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.join("data").exists() {
        fs::remove_dir_all(folder.join("data")).map_err(failed)?;
    }
    fs::write(folder.join("shop.yaml"), catalogue()).map_err(failed)?;
    fs::write(folder.join("web.jsonl"), log()?).map_err(failed)?;
    let (_server, address) = served(setting, &folder)?;
    let mut seen: Vec<Seen> = PAGES.iter().map(|_| Seen::default()).collect();
    for tick in 0..TICKS {
        next_tick(address)?;
        for nth in 0..PAGES.len() {
            // Pages share what is worked out for a tick: each is the first in turn.
            let at = (tick + nth) % PAGES.len();
            let (_, milliseconds) = fetch(address, PAGES[at].1, false)?;
            seen[at].cold.push(milliseconds);
        }
        println!("tick {} of {TICKS}", tick + 1);
    }
    for ((_, path), seen) in PAGES.iter().zip(&mut seen) {
        seen.bytes = fetch(address, path, false)?.0;
        seen.packed = fetch(address, path, true)?.0;
        for _ in 0..WARM {
            seen.warm.push(fetch(address, path, false)?.1);
        }
        let hour_ago = instant(seconds_now()? - 3600);
        seen.earlier = fetch(address, &format!("{path}?at={hour_ago}"), false)?.1;
        println!(
            "{path}: {} bytes, {:.1} ms",
            seen.bytes,
            part(&seen.warm, 50)
        );
    }
    let script = (
        fetch(address, SCRIPT, false)?.0,
        fetch(address, SCRIPT, true)?.0,
    );
    let moved = match Browser::start(&folder) {
        Ok(browser) => Some(looked_at(&browser, address, &mut seen)?),
        Err(Outcome::Skipped(why) | Outcome::Failed(why) | Outcome::Passed(why)) => {
            println!("without a browser: {why}");
            None
        }
    };
    Ok(section(setting, &seen, script, moved))
}

fn section(setting: &Setting, seen: &[Seen], script: (usize, usize), moved: Option<f64>) -> String {
    let kilobytes = |bytes: usize| format!("{:.1}", bytes as f64 / 1e3);
    let rows: Vec<Vec<String>> = PAGES
        .iter()
        .zip(seen)
        .map(|((name, _), seen)| {
            vec![
                (*name).to_owned(),
                kilobytes(seen.bytes),
                kilobytes(seen.packed),
                format!("{:.0} ({:.0})", part(&seen.cold, 50), part(&seen.cold, 100)),
                format!("{:.1} ({:.1})", part(&seen.warm, 50), part(&seen.warm, 99)),
                format!("{:.0}", seen.earlier),
                match seen.paint.as_slice() {
                    [] => "-".to_owned(),
                    paint => format!("{:.0}", part(paint, 50)),
                },
                format!("{:.3}", seen.shift),
            ]
        })
        .collect();
    let header = [
        "page",
        "HTML kB",
        "gzip kB",
        "cold ms, median (most)",
        "warm ms, median (p99)",
        "an hour ago, ms",
        "first paint ms",
        "layout shift at load",
    ];
    let cold = seen
        .iter()
        .map(|seen| part(&seen.cold, 50))
        .fold(0.0, f64::max);
    let paint = seen
        .iter()
        .map(|seen| part(&seen.paint, 50))
        .fold(0.0, f64::max);
    let shift = seen.iter().map(|seen| seen.shift).fold(0.0, f64::max);
    let goal = |what: &str, measured: String, wanted: &str| {
        vec![what.to_owned(), measured, wanted.to_owned()]
    };
    let mut goals = vec![
        goal(
            "overview, HTML",
            format!("{} kB", kilobytes(seen[0].bytes)),
            "must: under 300 kB",
        ),
        goal(
            "script",
            format!(
                "{} kB, {} kB packed",
                kilobytes(script.0),
                kilobytes(script.1)
            ),
            "must: under 20 kB",
        ),
        goal(
            "the slowest page, cold",
            format!("{cold:.0} ms"),
            "aim: 100 ms",
        ),
    ];
    if let Some(moved) = moved {
        goals.push(goal(
            "layout shift in a live update",
            format!("{moved:.3}"),
            "must: none; under 0.1 is called good",
        ));
        goals.push(goal(
            "layout shift at load, the most",
            format!("{shift:.3}"),
            "under 0.1",
        ));
        goals.push(goal(
            "the slowest first contentful paint",
            format!("{paint:.0} ms"),
            "aim: 1 s",
        ));
    }
    format!(
        "{}. {} SLOs, {} segments, six hours of a log. Cold is the first request after each of {TICKS} ticks, warm {WARM} \
         requests after it, on loopback, the whole answer read; first paint and layout shift in headless Chromium, {LOADS} \
         loads at {} and {} px each.\n\n{}\n{}",
        setting.facts(),
        PRODUCTS + SERVICES + BELOW,
        SEGMENTS.len(),
        WIDTHS[0],
        WIDTHS[1],
        table(&header, &rows),
        table(&["goal", "measured", "wanted"], &goals)
    )
}

/// The value that so many percent are not above.
fn part(numbers: &[f64], percent: usize) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(0.0)
}

/// Opens each page some times; what moves in a live update of the first.
fn looked_at(browser: &Browser, address: SocketAddr, seen: &mut [Seen]) -> Result<f64, String> {
    for ((_, path), seen) in PAGES.iter().zip(seen) {
        for width in WIDTHS {
            browser.command(
                "Emulation.setDeviceMetricsOverride",
                &format!(
                    "{{\"width\":{width},\"height\":900,\"deviceScaleFactor\":1,\"mobile\":false}}"
                ),
            )?;
            for _ in 0..LOADS {
                browser.open(&format!("http://{address}{path}"))?;
                seen.shift = seen.shift.max(shift::at_load(browser)?);
                seen.paint.push(shift::first_paint(browser)?);
            }
        }
    }
    told::moved(browser, address)?
        .parse()
        .map_err(|_| "the first page did not change within a minute".to_owned())
}

fn served(setting: &Setting, folder: &Path) -> Result<(Running, SocketAddr), String> {
    let said = |outcome: Outcome| match outcome {
        Outcome::Skipped(why) | Outcome::Failed(why) | Outcome::Passed(why) => why,
    };
    let address = free_address().map_err(said)?;
    let mut command = Command::new(&setting.program);
    command
        .arg("serve")
        .arg(folder)
        .arg("--data")
        .arg(folder.join("data"));
    command.args(["--listen", &address.to_string()]);
    let server = Running::start(&mut command, folder).map_err(said)?;
    let last = format!("/api/v1/slos/{}", name(Layer::Below, BELOW - 1));
    wait_for("the log is read and judged", 300, || {
        let slo = http::get(address, &last)?;
        if slo.contains("\"verdict\": \"met\"") {
            return Ok(());
        }
        Err("nothing is counted of it".to_owned())
    })
    .map_err(said)?;
    Ok((server, address))
}

/// Waits until another slice was judged.
fn next_tick(address: SocketAddr) -> Result<(), String> {
    let until = || -> Result<String, String> {
        let server = http::get(address, "/api/v1/server")?;
        let line = server
            .lines()
            .find(|line| line.contains("\"judged_until\""));
        Ok(line.unwrap_or_default().to_owned())
    };
    let begun = Instant::now();
    let before = until()?;
    while until()? == before {
        if begun.elapsed() > Duration::from_secs(60) {
            return Err("no slice was judged for a minute".to_owned());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Bytes of an answer without its head, and the milliseconds until all of it was there.
fn fetch(address: SocketAddr, path: &str, packed: bool) -> Result<(usize, f64), String> {
    let failed = |error: std::io::Error| format!("{address}{path}: {error}");
    let accept = if packed {
        "Accept-Encoding: gzip\r\n"
    } else {
        ""
    };
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: text/html,*/*\r\n{accept}Connection: close\r\n\r\n"
    );
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(failed)?;
    let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let head = head.ok_or_else(|| format!("{path}: no answer"))? + 4;
    if !answer.starts_with(b"HTTP/1.0 200") && !answer.starts_with(b"HTTP/1.1 200") {
        return Err(format!(
            "{path}: {}",
            String::from_utf8_lossy(&answer[..head])
        ));
    }
    Ok((answer.len() - head, milliseconds))
}

#[derive(Clone, Copy)]
enum Layer {
    Product,
    Service,
    Below,
}

fn name(layer: Layer, nth: usize) -> String {
    match layer {
        Layer::Product => format!("product-{nth:04}"),
        Layer::Service => format!("service-{nth:04}"),
        Layer::Below => format!("store-{nth:04}"),
    }
}

fn all() -> impl Iterator<Item = (Layer, usize)> {
    let of = |layer, count| (0..count).map(move |nth| (layer, nth));
    of(Layer::Product, PRODUCTS)
        .chain(of(Layer::Service, SERVICES))
        .chain(of(Layer::Below, BELOW))
}

fn catalogue() -> String {
    let mut text = String::from(
        "attain: 1\ncatalogue: {name: Large, timezone: UTC}\nsegments:\n  \
         premium: {rank: 1, price: 5000 USD/month, contract: MSA, customers: 12, severity: sev1}\n  \
         standard: {rank: 2, price: 500 USD/month, contract: ToS, customers: 140}\n  \
         free: {rank: 3, contract: best effort}\n  trial: {rank: 4, contract: best effort}\n\
         sources:\n  web:\n    log: {files: [web.jsonl], format: json, time: time, duration: {field: took, unit: s}}\n    \
         labels: {segment: tier}\n    delay: 1s\n\
         defaults: {window: 1d, coverage: 0%}\nslos:\n",
    );
    for (layer, nth) in all() {
        let slo = name(layer, nth);
        let team = nth % 40;
        let (word, more) = match layer {
            Layer::Product => (
                "product",
                format!(
                    "    outcome: Customers get what product {nth} promises\n    depends_on: [{}, {}]\n    runbook: https://wiki.example/{slo}\n",
                    name(Layer::Service, nth * 2),
                    name(Layer::Service, nth * 2 + 1)
                ),
            ),
            Layer::Service => (
                "service",
                format!("    depends_on: [{}]\n", name(Layer::Below, nth)),
            ),
            Layer::Below => ("infrastructure", String::new()),
        };
        let _ = write!(
            text,
            "  {slo}:\n    layer: {word}\n    service: {slo}\n    owner: team-{team}\n    \
             indicator: {{log: web, where: {{service: {slo}}}, bad: {{status: 5xx}}}}\n    \
             objectives: {{availability: {{premium: 99.9%, standard: 99%, free: 95%, trial: 90%}}}}\n{more}"
        );
    }
    text
}

fn log() -> Result<String, String> {
    let now = seconds_now()?;
    let mut text = String::new();
    for at in (now - HOURS * 3600..now).step_by(EVERY as usize) {
        for (layer, nth) in all() {
            for tier in SEGMENTS {
                // One in fifty loses premium in the last hour.
                let is_bad = nth.is_multiple_of(50) && tier == "premium" && now - at < 3600;
                let status = if is_bad { 503 } else { 200 };
                let service = name(layer, nth);
                let _ = writeln!(
                    text,
                    "{{\"time\":{at},\"service\":\"{service}\",\"status\":{status},\"took\":0.05,\"tier\":\"{tier}\"}}"
                );
            }
        }
    }
    Ok(text)
}

fn seconds_now() -> Result<i64, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(now.map_err(|error| error.to_string())?.as_secs() as i64)
}

/// As a question says it, in whole slices: days since 1970 as a date.
fn instant(seconds: i64) -> String {
    let seconds = seconds - seconds.rem_euclid(10);
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years that begin in March have their leap day last.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = year + era * 400 + next;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_what_they_are() {
        assert_eq!(instant(0), "1970-01-01T00:00:00Z");
        assert_eq!(instant(1_709_210_096), "2024-02-29T12:34:50Z");
        assert_eq!(instant(1_767_225_599), "2025-12-31T23:59:50Z");
    }

    #[test]
    fn a_part_of_some_numbers_is_one_of_them() {
        assert_eq!(part(&[], 50), 0.0);
        assert_eq!(part(&[3.0, 1.0, 2.0], 50), 2.0);
        assert_eq!(part(&[3.0, 1.0, 2.0], 99), 3.0);
    }
}
