//! What is counted quickly is what is counted line by line: the same counts, notes and unreadable lines, over lines as
//! servers write them and as nobody should.

use attain_model::Catalogue;
use attain_model::quantity::Unit;
use attain_model::source::{Heartbeat, LogFormat, LogSource, SourceKind};

use crate::counting::count::Counter;
use crate::counting::roster::Customers;
use crate::log::access_log::AccessLog;
use crate::log::json_log::JsonLog;
use crate::log::lines::LineReader;
use crate::log::named::NamedEvents;

#[path = "../../tests/it/make.rs"]
#[allow(dead_code, unused_imports)]
mod make;
use make::*;

/// xorshift64*: the same noise in every run.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    /// Mostly the first.
    fn mostly<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        if self.below(4) > 0 {
            texts[0]
        } else {
            self.of(texts)
        }
    }

    /// A line with a few bytes changed, cut or doubled.
    fn mutate(&mut self, line: &str) -> Vec<u8> {
        const BYTES: &[u8] = b"\"\\[]{}(),;:- \t\r~*?/+0123456789eEZ\x00\x1f\xff\xc3\xe2";
        let mut line = line.as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(line.len() + 1);
            match self.below(4) {
                0 => line.insert(at, BYTES[self.below(BYTES.len())]),
                1 if at < line.len() => line[at] = BYTES[self.below(BYTES.len())],
                2 if at < line.len() => _ = line.remove(at),
                3 if self.below(4) == 0 => line.truncate(at),
                _ => {}
            }
        }
        line
    }
}

/// A catalogue that looks at much.
fn catalogue(format: LogFormat) -> Catalogue {
    let mut catalogue = empty()
        .segment("premium", &["premium", "gold"])
        .segment("free", &["free"])
        .source(
            "access",
            log(
                &[],
                format,
                &["request_time", "segment", "zone"],
                Some(("request_time", Unit::Seconds)),
            ),
        )
        .slo("all", log_lines(only(&[])), &[200, 500])
        .slo(
            "api",
            log_lines(only(&[("path", "~/api/.*"), ("method", "GET|POST")])),
            &[300],
        )
        .slo("apart", log_lines(only(&[("zone", "a")])), &[])
        .slo("never", log_lines(only(&[("path", "/never")])), &[]);
    let source = catalogue.sources.get_mut("access").unwrap();
    source.add.insert("zone".to_owned(), "a".to_owned());
    if let SourceKind::Log(log) = &mut source.kind {
        log.heartbeat = Some(Heartbeat {
            path: "/health".to_owned(),
            every: std::time::Duration::from_secs(60),
        });
    }
    catalogue
}

fn combined_line(noise: &mut Noise) -> String {
    format!(
        "{} - {} [{}/Nov/2026:09:{:02}:{:02} {}] \"{}\" {} {} \"{}\" \"{}\" {} {}{}",
        noise.of(&["10.0.0.1", "::1", "-"]),
        noise.mostly(&["-", "anna", "anna b", "\"\""]),
        noise.mostly(&["01", "02", "31"]),
        noise.below(4),
        noise.below(62),
        noise.mostly(&["+0000", "+0100", "-0330", "+0000 "]),
        noise.mostly(&[
            "GET /api/a?b=[1] HTTP/1.1",
            "POST /api/x HTTP/2.0",
            "GET /health HTTP/1.1",
            "GET /",
            "-",
            "",
            "\\x16\\x03",
            "GET http://h/api/z#f HTTP/1.1",
            "GET /a b HTTP/1.1",
            "GET /api/\\x41\\\"b HTTP/1.1",
            "GET /api/a\\\\",
            "PUT /api/é HTTP/1.1",
            "GET /api/a#b?c HTTP/2",
            "PROPFIND /api/a HTTP/1.1",
            "G-T /api/a HTTP/1.1",
            "GET /api/a HTTP/ 1.1",
            "GET HTTP/1.1",
            "GET  HTTP/1.1",
        ]),
        noise.mostly(&["200", "503", "404", "-", "20", "2000"]),
        noise.mostly(&["123", "-", "0", "1,2", "x"]),
        noise.mostly(&["-", "http://a/\\x22", "", "a\\\"b"]),
        noise.mostly(&["Mozilla/5.0 (X11; Linux)", "-", "", "[a]"]),
        noise.mostly(&[
            "0.012",
            "0.250",
            "-",
            "0.1, 0.2 : 0.3",
            "\"0.4\"",
            "1e-3",
            "12345678901234567890",
            "slow"
        ]),
        noise.mostly(&[
            "premium",
            "free",
            "gold",
            "other",
            "-",
            "\"free\"",
            "x\\x41",
            "\"pk_free_fc70b69052ee0123\"",
            "0123456789abcdef",
            "8f14e45fceea167a5a36dedd4bea2543",
            "\"a\\\"b\"",
        ]),
        noise.mostly(&[
            "",
            " a",
            " b",
            " \"c d\"",
            " a more",
            " a m\"or\"e",
            " \"a\" : b",
            " a : b",
            " \"",
            "  a",
            " "
        ]),
    )
}

/// Everything that a counter says.
fn said(catalogue: &Catalogue, counter: &mut Counter) -> String {
    let source = &catalogue.sources["access"];
    let (counted, beats) = (counter.drain(), std::mem::take(&mut counter.heartbeats));
    format!(
        "{counted:#?}\n{beats:?}\n{:?}\n{:?}",
        counter.unclaimed(),
        counter.never(source)
    )
}

/// Some lines, and what each of them must say.
#[derive(Default)]
struct Run {
    bytes: Vec<u8>,
    starts: Vec<usize>,
    expected: Vec<Result<(), String>>,
}

impl Run {
    /// Reads all lines; gives how many were quick among the others, and how many alone.
    fn read(&self, reader: &mut impl LineReader, counter: &mut Counter) -> (usize, usize) {
        let text = |at: usize| String::from_utf8_lossy(&self.bytes[self.starts[at]..]);
        let (mut line, mut in_run, mut alone) = (0, 0, 0);
        reader.run(&self.bytes);
        while line < self.starts.len() {
            let (at, lines) = reader.quick_lines(&self.bytes, self.starts[line]);
            let next = line + usize::try_from(lines).unwrap();
            let begin = |line: usize| self.starts.get(line).map_or(self.bytes.len(), |at| *at);
            assert_eq!(begin(next), at, "{}", text(line));
            for quick in line..next {
                assert_eq!(self.expected[quick], Ok(()), "{}", text(quick));
            }
            in_run += next - line;
            line = next;
            let Some(expected) = self.expected.get(line) else {
                break;
            };
            let bytes = self.bytes[at..begin(line + 1)].strip_suffix(b"\n").unwrap();
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            if reader.quick(bytes, counter) {
                assert_eq!(*expected, Ok(()), "{}", text(line));
                alone += 1;
            } else {
                assert_eq!(reader.line(bytes, counter), *expected);
            }
            line += 1;
        }
        (in_run, alone)
    }
}

fn agree<R: LineReader>(
    catalogue: &Catalogue,
    reader: impl Fn(&LogSource, &Counter) -> R,
    line: impl Fn(&mut Noise) -> String,
    least_quick: usize,
) {
    let source = &catalogue.sources["access"];
    let SourceKind::Log(log) = &source.kind else {
        return;
    };
    for seed in 1..=4 {
        let mut noise = Noise(seed);
        let make = |hints| Counter::new(catalogue, source, &Customers::default(), 60, hints);
        let mut all_slow = make(None);
        let mut slow = make(Some(all_slow.hints()));
        let mut slow_reader = reader(log, &slow);
        let mut whole = make(None);
        let mut quick = make(Some(whole.hints()));
        let mut quick_reader = reader(log, &quick);
        let (mut quickly, mut by_runs, mut runs) = (0, 0, 0);
        let (mut run, mut usual) = (Run::default(), String::new());
        for number in 0..20_000 {
            // In every other run, most lines are alike, as one writer's are.
            let is_alike = runs % 2 == 1 && noise.below(8) > 0;
            let plain = if is_alike {
                usual.clone()
            } else {
                line(&mut noise)
            };
            let bytes = if number % 3 == 0 && number % 4 < 2 {
                noise.mutate(&plain)
            } else {
                plain.into_bytes()
            };
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            run.expected.push(slow_reader.line(bytes, &mut slow));
            run.starts.push(run.bytes.len());
            run.bytes.extend_from_slice(bytes);
            run.bytes
                .extend_from_slice(noise.mostly(&["\n", "\n", "\r\n"]).as_bytes());
            if noise.below(50) > 0 {
                continue;
            }
            let (in_run, alone) = run.read(&mut quick_reader, &mut quick);
            (by_runs, quickly) = (by_runs + in_run, quickly + in_run + alone);
            (run, usual) = (Run::default(), line(&mut noise));
            // In stretches, as workers do.
            runs += 1;
            if runs % 100 == 1 {
                quick_reader.settle(&mut quick);
                whole.merge(quick.take_tallies());
                all_slow.merge(slow.take_tallies());
            }
        }
        run.read(&mut quick_reader, &mut quick);
        quick_reader.settle(&mut quick);
        whole.merge(quick.take_tallies());
        all_slow.merge(slow.take_tallies());
        let (whole, slow) = (said(catalogue, &mut whole), said(catalogue, &mut all_slow));
        let first = whole.lines().zip(slow.lines()).find(|(a, b)| a != b);
        assert_eq!(first, None, "seed {seed}");
        assert_eq!(whole.len(), slow.len());
        assert!(quickly > least_quick, "only {quickly} were quick");
        assert!(
            by_runs > least_quick / 2,
            "only {by_runs} were quick in runs"
        );
    }
}

fn json_line(noise: &mut Noise) -> String {
    let time = match noise.below(6) {
        0 => format!(
            "{}{}",
            1_793_612_400 + noise.below(200),
            noise.of(&["", ".25", "123", ".1234567"])
        ),
        1 => format!(
            "\"2026-11-02T09:4{}:{:02}.{}Z\"",
            noise.below(4),
            noise.below(62),
            noise.below(1000)
        ),
        _ => format!(
            "\"2026-11-02{}09:4{}:{:02}{}\"",
            noise.mostly(&["T", " ", "x"]),
            noise.below(4),
            noise.below(62),
            noise.mostly(&["+00:00", "Z", "", " "])
        ),
    };
    let mut pairs = vec![
        format!("\"{}\":{time}", noise.mostly(&["time", "ts", "when"])),
        format!(
            "\"method\":{}",
            noise.mostly(&["\"GET\"", "\"PUT\"", "\"-\"", "null", "[\"GET\"]"])
        ),
        format!(
            "\"{}\":{}",
            noise.mostly(&["uri", "path", "request"]),
            noise.mostly(&[
                "\"/api/a?b=1\"",
                "\"/health\"",
                "\"/api/\\u00e9\"",
                "\"/api\\/a\\\"b?c\\\\\"",
                "\"\\/api/a\"",
                "\"http:\\/\\/h\\/api/a\"",
                "\"http://h\\n/api/a\"",
                "\"/api/a\\qb\"",
                "\"1.50\"",
                "\"GET /api/x HTTP/1.1\"",
                "\"\"",
                "7.50"
            ])
        ),
        format!(
            "\"status\":{}",
            noise.mostly(&["200", "503", "\"404\"", "200.0", "2e2", "007", "-1", "true"])
        ),
        format!(
            "\"bytes\":{}",
            noise.mostly(&["123", "0", "12345678901234567890", "1.", "{\"a\":1}"])
        ),
        format!(
            "\"request_time\":{}",
            noise.mostly(&[
                "0.012",
                "0.3",
                "\"0.250\"",
                "\"-\"",
                "\"0.1, 0.2\"",
                "1e-7",
                "null",
                "\"slow\"",
                "12"
            ])
        ),
        format!(
            "\"segment\":{}",
            noise.mostly(&[
                "\"premium\"",
                "\"free\"",
                "\"x\"",
                "\"\"",
                "1.50",
                "\"1.50\"",
                "\"a\\/b\"",
                "\"premi\\u0075m\"",
                "null"
            ])
        ),
        format!(
            "\"agent\":{}",
            noise.mostly(&[
                "\"Mozilla/5.0 (X11)\"",
                "\"a\\\"b\"",
                "\"a long one, with \\\\ and \\t in it\"",
                "\"\\\\\"",
                "\"\\x41\"",
                "\"\x7f\"",
                "\"\u{e9}\"",
                "\"\u{1}\""
            ])
        ),
    ];
    match noise.below(20) {
        0 => pairs.swap(2, 5),
        1 => drop(pairs.remove(1)),
        2 => pairs.push("\"status\":500".to_owned()),
        3 => pairs.push("\"zone\": \"b\"".to_owned()),
        _ => {}
    }
    let between = noise.mostly(&[",", ", ", ",,"]);
    format!(
        "{}{}{}",
        noise.mostly(&["{", " {", "[{"]),
        pairs.join(between),
        noise.mostly(&["}", "} ", "", "}}"])
    )
}

#[test]
fn json() {
    let catalogue = catalogue(LogFormat::Json);
    let reader = |log: &LogSource, counter: &Counter| {
        JsonLog::new(NamedEvents::of_log(log, &counter.fields), counter)
    };
    agree(&catalogue, reader, json_line, 1000);
}

#[test]
fn combined() {
    let catalogue = catalogue(LogFormat::Combined);
    agree(&catalogue, AccessLog::new, combined_line, 1000);
}

#[test]
fn what_servers_usually_write_is_quick_in_runs() {
    let catalogue = catalogue(LogFormat::Combined);
    let source = &catalogue.sources["access"];
    let SourceKind::Log(log) = &source.kind else {
        unreachable!("it is a log");
    };
    let first = "203.0.113.9 - - [02/Nov/2026:09:40:07 +0000] \"POST /api/orders?page=2";
    for behind in [
        " HTTP/1.1\" 200 640 \"-\" \"okhttp/4.12.0\" 0.044 premium a",
        " HTTP/1.1\" 200 640 \"-\" \"okhttp/4.12.0\" 0.044 \"pk_free_fc70b69052ee0123\" a",
        " HTTP/2\" 201 - \"https://shop.example/\" \"okhttp/4.12.0\" \"0.044\" \"premium\" \"a\"",
        " HTTP/2.0\" 503 0 \"-\" \"-\" - 8f14e45fceea167a5a36dedd4bea2543 - more \"and more\"",
    ] {
        let all = Counter::new(&catalogue, source, &Customers::default(), 60, None);
        let mut counter = Counter::new(
            &catalogue,
            source,
            &Customers::default(),
            60,
            Some(all.hints()),
        );
        let mut reader = AccessLog::new(log, &counter);
        let line = format!("{first}{behind}\n");
        let run = line.repeat(2_000);
        let (mut in_runs, mut at) = (0, 0);
        reader.run(run.as_bytes());
        while at < run.len() {
            let (next, counted) = reader.quick_lines(run.as_bytes(), at);
            in_runs += counted;
            let rest = &run.as_bytes()[next..];
            if !rest.is_empty() && !reader.quick(&rest[..line.len() - 1], &mut counter) {
                let read = reader.line(&rest[..line.len() - 1], &mut counter);
                assert_eq!(read, Ok(()));
            }
            at = next + if rest.is_empty() { 0 } else { line.len() };
        }
        // The counter looks at the first ones itself.
        assert!(in_runs > 900, "{in_runs} of {line}");
    }
}
