//! A day of requests to an API, as lines of an access log in two formats. Knows no file.
//!
//! The day is made up: an hourly curve, three segments, one outage, and a line of nonsense now and then. Line by line
//! both formats say the same, so that one table of counts holds for both.

use std::io::{self, Write};

use crate::random::{draw, unit};

/// Part of a file's name: raise it when a line comes out differently.
pub const VERSION: u32 = 1;

/// One line in so many is malformed.
pub const MALFORMED_EVERY: u64 = 100_000;

const SEED: u64 = 20_261_102;
const MINUTES: u64 = 24 * 60;
/// Requests by hour, relative to each other; in between they change evenly.
const HOURLY: [u64; 24] = [
    30, 24, 20, 18, 18, 22, 32, 48, 70, 88, 98, 104, 108, 106, 104, 102, 100, 98, 96, 90, 80, 66,
    50, 38,
];
/// Minutes of the day in which three requests in ten fail.
const OUTAGE: std::ops::Range<u64> = 600..620;
const PATHS: [&str; 8] = [
    "/api/v1/orders",
    "/api/v1/orders/40317/items",
    "/api/v1/basket",
    "/api/v1/login",
    "/checkout",
    "/api/v2/search?q=winter+coat&page=3",
    "/assets/app.4f1c.js",
    "/api/v1/account/addresses",
];
/// In combined and in JSON: nginx escapes a quote differently.
const AGENTS: [(&str, &str); 4] = [
    (
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
    ("okhttp/4.12.0", "okhttp/4.12.0"),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    ),
    (
        "ShopSDK/4.2 (\\x22beta\\x22; python)",
        "ShopSDK/4.2 (\\\"beta\\\"; python)",
    ),
];

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// nginx's combined format with `request_time` and the segment behind it.
    Combined,
    /// One JSON object per line.
    Json,
}

impl Format {
    /// Its name in the names of files and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Format::Combined => "combined",
            Format::Json => "json",
        }
    }
}

/// Writes the day in `lines` lines, sorted by time.
pub fn write_day(format: Format, lines: u64, out: &mut impl Write) -> io::Result<()> {
    let weights: Vec<u64> = (0..MINUTES).map(weight).collect();
    let sum: u64 = weights.iter().sum();
    let (mut number, mut passed) = (0, 0);
    for (minute, weight) in (0..).zip(weights) {
        passed += weight;
        let first = number;
        let end = (u128::from(lines) * u128::from(passed) / u128::from(sum)) as u64;
        while number < end {
            let second = minute * 60 + (number - first) * 60 / (end - first);
            write_line(format, number, second, out)?;
            number += 1;
        }
    }
    Ok(())
}

/// How many of `lines` lines are malformed.
pub fn malformed(lines: u64) -> u64 {
    (lines + MALFORMED_EVERY / 2) / MALFORMED_EVERY
}

fn weight(minute: u64) -> u64 {
    let (hour, past) = ((minute / 60) as usize, minute % 60);
    HOURLY[hour] * (60 - past) + HOURLY[(hour + 1) % 24] * past
}

/// What one request was.
struct Request {
    /// Since midnight.
    second: u64,
    address: [u64; 3],
    method: &'static str,
    path: &'static str,
    status: u64,
    bytes: u64,
    milliseconds: u64,
    segment: &'static str,
    agent: usize,
    id: [u64; 2],
}

impl Request {
    fn new(number: u64, second: u64) -> Request {
        let bits = draw(SEED, number, 0);
        let more = draw(SEED, number, 1);
        let failing = if OUTAGE.contains(&(second / 60)) {
            3_000
        } else {
            5
        };
        let status = match bits % 10_000 {
            luck if luck < failing => [500, 502, 503, 504][(luck % 4) as usize],
            9_700..9_900 => 404,
            9_900..9_950 => 429,
            _ => 200,
        };
        let segment = match (bits >> 16) % 100 {
            0..10 => "premium",
            10..40 => "standard",
            _ => "free",
        };
        let path = (more % 8) as usize;
        // A long tail without a logarithm, which machines may round differently.
        let tail = unit(SEED, number, 2).powi(2).powi(2).powi(2);
        let stall = if (bits >> 40).is_multiple_of(500) {
            1_000
        } else {
            0
        };
        Request {
            second,
            address: [more >> 8 & 255, more >> 16 & 255, more >> 24 & 255],
            method: if matches!(path, 3 | 4) { "POST" } else { "GET" },
            path: PATHS[path],
            status,
            bytes: 200 + (more >> 32) % 20_000,
            milliseconds: 12 + (600.0 * tail) as u64 + stall,
            segment,
            agent: (bits >> 30 & 3) as usize,
            id: [bits, more],
        }
    }

    fn clock(&self) -> String {
        format!(
            "{:02}:{:02}:{:02}",
            self.second / 3_600,
            self.second / 60 % 60,
            self.second % 60
        )
    }
}

fn write_line(format: Format, number: u64, second: u64, out: &mut impl Write) -> io::Result<()> {
    let request = Request::new(number, second);
    if number % MALFORMED_EVERY == MALFORMED_EVERY / 2 {
        let cut = (number / MALFORMED_EVERY).is_multiple_of(2);
        return writeln!(out, "{}", malformed_line(format, cut, &request.clock()));
    }
    match format {
        Format::Combined => combined(&request, out),
        Format::Json => json(&request, out),
    }
}

/// Kinds that every tool can reject without losing a neighbour: no open quote in a combined line, and in JSON none that
/// is no JSON, at which polars stops.
fn malformed_line(format: Format, cut: bool, clock: &str) -> String {
    match (format, cut) {
        (Format::Combined, true) => format!("10.0.0.1 - - [02/Nov/2026:{clock}"),
        (Format::Combined, false) => format!("{clock} api kernel: Out of memory: Killed process"),
        (Format::Json, true) => format!(r#"["{clock}","worker restarted"]"#),
        (Format::Json, false) => {
            format!(r#"{{"level":"error","message":"{clock} out of memory"}}"#)
        }
    }
}

fn combined(request: &Request, out: &mut impl Write) -> io::Result<()> {
    let [a, b, c] = request.address;
    writeln!(
        out,
        "10.{a}.{b}.{c} - - [02/Nov/2026:{} +0000] \"{} {} HTTP/1.1\" {} {} \"-\" \"{}\" {}.{:03} {}",
        request.clock(),
        request.method,
        request.path,
        request.status,
        request.bytes,
        AGENTS[request.agent].0,
        request.milliseconds / 1_000,
        request.milliseconds % 1_000,
        request.segment,
    )
}

/// One line in sixteen has its keys in another order: whoever counts on the order is found out.
fn json(request: &Request, out: &mut impl Write) -> io::Result<()> {
    let [a, b, c] = request.address;
    let judged = format!(
        r#""status":{},"request_time":{}.{:03},"segment":"{}""#,
        request.status,
        request.milliseconds / 1_000,
        request.milliseconds % 1_000,
        request.segment
    );
    let time = format!(r#""time":"2026-11-02T{}+00:00""#, request.clock());
    let asked = format!(
        r#""remote_addr":"10.{a}.{b}.{c}","host":"api.shop.example","method":"{}","uri":"{}","bytes":{}"#,
        request.method, request.path, request.bytes
    );
    let rest = format!(
        r#""upstream_addr":"10.0.0.{}:8080","user_agent":"{}","request_id":"{:016x}{:016x}""#,
        10 + request.id[0] % 4,
        AGENTS[request.agent].1,
        request.id[0],
        request.id[1]
    );
    if request.id[1] >> 60 == 0 {
        writeln!(out, "{{{judged},{rest},{asked},{time}}}")
    } else {
        writeln!(out, "{{{time},{asked},{judged},{rest}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: u64 = 200_000;

    fn day(format: Format) -> String {
        let mut out = Vec::new();
        write_day(format, LINES, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_day_has_its_lines_and_each_run_writes_the_same() {
        for format in [Format::Combined, Format::Json] {
            let text = day(format);
            assert_eq!(text.lines().count() as u64, LINES);
            assert!(text == day(format), "{format:?} differs from run to run");
        }
    }

    #[test]
    fn lines_are_as_long_as_the_bench_says() {
        let mean = |format| day(format).len() as u64 / LINES;
        assert!(
            (159..=163).contains(&mean(Format::Combined)),
            "{}",
            mean(Format::Combined)
        );
        assert!(
            (345..=351).contains(&mean(Format::Json)),
            "{}",
            mean(Format::Json)
        );
    }

    #[test]
    fn both_formats_say_the_same() {
        let (combined, json) = (day(Format::Combined), day(Format::Json));
        let mut malformed_lines = 0;
        for (combined, json) in combined.lines().zip(json.lines()) {
            let Some((_, after)) = combined.split_once("HTTP/1.1\" ") else {
                assert!(!json.contains("\"status\""), "{json}");
                malformed_lines += 1;
                continue;
            };
            let status = after.split(' ').next().unwrap();
            let segment = combined.rsplit(' ').next().unwrap();
            assert!(json.contains(&format!("\"status\":{status},")), "{json}");
            assert!(json.contains(&format!("\"segment\":\"{segment}\"")));
        }
        assert_eq!(malformed_lines, malformed(LINES));
        assert!(malformed_lines >= 2, "a kind of malformed line is missing");
    }

    #[test]
    fn the_day_is_sorted_busy_at_noon_and_has_its_outage() {
        let combined = day(Format::Combined);
        let clocks: Vec<&str> = combined
            .lines()
            .filter_map(|line| line.split_once("2026:")?.1.get(..8))
            .collect();
        assert!(clocks.is_sorted());
        let during = |hour: &str| {
            clocks
                .iter()
                .filter(|clock| clock.starts_with(hour))
                .count()
        };
        assert!(during("12") > 4 * during("03"));
        let failed = combined
            .lines()
            .filter(|line| line.contains("\" 50"))
            .count();
        let in_outage = combined
            .lines()
            .filter(|line| line.contains("\" 50") && line.contains(":10:"))
            .count();
        assert!(
            in_outage > 500 && failed < 2 * in_outage,
            "{in_outage} of {failed}"
        );
    }
}
