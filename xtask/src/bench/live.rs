//! `live`: what it costs to judge SLOs while traffic comes in, to answer for 30 days, and to scrape, of attain, Prometheus
//! with rules as Sloth generates them, and VictoriaMetrics with vmalert.
//!
//! Everybody is given the same 30 days and then the same sample a minute, on one machine at one time; CPU is that of
//! whole processes, so that others who work on the machine stretch the time and not the numbers.

mod fleet;
mod scraped;
mod servers;
mod turning;

use std::time::{Duration, Instant};

use self::fleet::Fleet;
pub use self::servers::said;
use self::servers::{AT_ONCE, Each, Programs, Server};
use self::turning::Turning;
use super::driven::Driven;
use super::results::table;
use super::{Setting, built, versions};
use crate::peers::http;

/// Per-service counters, and those of fifty pods with five codes each.
const FLEETS: [Fleet; 2] = [
    Fleet {
        name: "2 series",
        services: 20,
        pods: 1,
        days: 30,
    },
    Fleet {
        name: "250 series",
        services: 1,
        pods: 50,
        days: 30,
    },
];

/// For attain alone: what stays of the cost where it is shared by many.
const LARGE: [Fleet; 2] = [
    Fleet {
        name: "2 series",
        services: 500,
        pods: 1,
        days: 1,
    },
    Fleet {
        name: "250 series",
        services: 40,
        pods: 50,
        days: 1,
    },
];

/// Rules are spread over a cycle: all have run once by then.
const SETTLING_SECONDS: u64 = 75;
const MEASURED_CYCLES: u64 = 2;
const QUESTIONS: u64 = 20;

/// What questions cost.
#[derive(Clone, Copy)]
struct Asked {
    thirty_days: Each,
    burn_down: Each,
}

/// What one server came to.
struct Cost {
    who: String,
    fleet: Fleet,
    /// Seconds of CPU over the cycles.
    cpu_seconds: f64,
    resident: u64,
    asked: Option<Asked>,
    /// Of burn-downs that are not asked again within the hour, where these cost more.
    turning: Option<Turning>,
}

pub fn run(setting: &Setting) -> Result<String, String> {
    let (programs, prometheus, victoria) = programs(setting)?;
    let mut contestants = Vec::new();
    for fleet in FLEETS {
        contestants.extend(loaded(&programs, fleet, &prometheus, &victoria)?);
    }
    for fleet in LARGE {
        contestants.push(Contestant::attain(&programs, fleet)?);
    }
    let costs = cycles(contestants)?;
    Ok(format!(
        "{}; {prometheus}, {victoria}.\n\n{}\n{}\n{}",
        setting.facts(),
        cycles_said(&costs),
        asked_said(&costs),
        BESIDE
    ))
}

/// One page of many series, scraped every second.
pub fn scrape(setting: &Setting) -> Result<String, String> {
    let (programs, prometheus, victoria) = programs(setting)?;
    let scraped = scraped::run(&programs)?.said(&prometheus, &victoria);
    Ok(format!("{}.\n\n{scraped}", setting.facts()))
}

/// What is started, and how the peers are called.
fn programs(setting: &Setting) -> Result<(Programs, String, String), String> {
    let fleet = built(
        &["-p", "attain-wire", "--example", "fleet"],
        "examples/fleet",
    )?;
    let programs = Programs::find(&setting.program, fleet)?;
    let prometheus = versions::of_program(&programs.prometheus, "--version", "Prometheus")?;
    let victoria = versions::of_package("victoria-metrics", "VictoriaMetrics")?;
    Ok((programs, prometheus, victoria))
}

const BESIDE: &str = "\
What the peers do and attain does not: they keep every sample and answer any question about it, where attain keeps counts by
slot, class and segment and answers for its catalogue. What attain does and they do not: a sample is on disk before it is
acknowledged, windows are whole events instead of means of ratios over five minutes, and verdicts are kept up to date with
every slice instead of when they are asked for. Releases of the peers are those of Debian 12; newer ones are faster at
taking samples.";

/// A server, who sends to it, and what it was asked.
struct Contestant {
    cost: Cost,
    servers: Vec<Server>,
    sender: Driven,
}

impl Contestant {
    fn attain(programs: &Programs, fleet: Fleet) -> Result<Self, String> {
        let server = servers::attain(programs, fleet)?;
        let sender = servers::sender(programs, fleet, server.address.port())?;
        Ok(Self {
            cost: Cost::of("attain", fleet),
            servers: vec![server],
            sender,
        })
    }

    fn cpu(&self) -> Result<f64, String> {
        self.servers.iter().map(Server::cpu).sum()
    }
}

impl Cost {
    fn of(who: &str, fleet: Fleet) -> Self {
        Self {
            who: who.to_string(),
            fleet,
            cpu_seconds: 0.0,
            resident: 0,
            asked: None,
            turning: None,
        }
    }

    /// Milliseconds of CPU for one SLO and segment and a cycle of a minute.
    fn each(&self) -> f64 {
        self.cpu_seconds * 1000.0 / (MEASURED_CYCLES * self.fleet.slo_segments()) as f64
    }
}

/// All three with 30 days behind them, asked once, and with their rules.
fn loaded(
    programs: &Programs,
    fleet: Fleet,
    prometheus: &str,
    victoria: &str,
) -> Result<Vec<Contestant>, String> {
    let (prom, prom_folder) = servers::prometheus(programs, fleet)?;
    let (vm, vm_folder) = servers::victoria_metrics(programs, fleet)?;
    let mut prom_sender = servers::sender(programs, fleet, prom.address.port())?;
    let mut vm_sender = servers::sender(programs, fleet, vm.address.port())?;
    let past = format!("recorded {}", fleet.days);
    let sent = std::thread::scope(|scope| {
        let other = scope.spawn(|| vm_sender.ask(&past));
        let one = prom_sender.ask(&past)?;
        let other = other.join().map_err(|_| "the sender broke".to_string())??;
        Ok::<_, String>((one.0, other.0))
    })?;
    println!(
        "{}: {} and {} samples of the past for the peers",
        fleet.name, sent.0, sent.1
    );
    let mut attain = Contestant::attain(programs, fleet)?;
    let mut prom_cost = Cost::of(prometheus, fleet);
    let mut vm_cost = Cost::of(&format!("{victoria} and vmalert"), fleet);
    // A question about 30 days is one only where there are so many.
    if fleet.days >= 30 {
        let what = ["-p", "attain-server", "--example", "kept"];
        let example = built(&what, "examples/kept")?;
        attain.cost.turning = Some(turning::run(&example, fleet)?);
        attain.cost.asked = Some(asked_of_attain(&attain.servers[0], fleet)?);
        prom_cost.asked = Some(asked_of_peer(&prom, fleet)?);
        vm_cost.asked = Some(asked_of_peer(&vm, fleet)?);
    }
    servers::write(&prom_folder, "rules.yml", &fleet.rules())?;
    post(&prom, "/-/reload")?;
    let vmalert = servers::vmalert(programs, &vm, &vm_folder, fleet)?;
    Ok(vec![
        attain,
        Contestant {
            cost: prom_cost,
            servers: vec![prom],
            sender: prom_sender,
        },
        Contestant {
            cost: vm_cost,
            servers: vec![vm, vmalert],
            sender: vm_sender,
        },
    ])
}

/// The ratios of 30 days of a service's segments, and 720 points of them; of one service after the other.
fn asked_of_peer(server: &Server, fleet: Fleet) -> Result<Asked, String> {
    let ratio = |turn: u64| {
        let job = format!("job=\"svc-{:04}\"", turn % fleet.services);
        format!(
            "sum by (segment) (increase(http_requests_total{{{job},code=~\"5..\"}}[30d])) / \
             sum by (segment) (increase(http_requests_total{{{job}}}[30d]))"
        )
    };
    let now = crate::peers::http::escaped;
    let thirty_days = server.asked(QUESTIONS, |turn| {
        format!("/api/v1/query?nocache=1&query={}", now(&ratio(turn)))
    })?;
    let end = seconds_now();
    let burn_down = server.asked(QUESTIONS.min(5), |turn| {
        format!(
            "/api/v1/query_range?nocache=1&start={}&end={end}&step=3600&query={}",
            end - 719 * 3600,
            now(&ratio(turn))
        )
    })?;
    Ok(Asked {
        thirty_days,
        burn_down,
    })
}

/// The list of a service's promises, and the burn-down of their SLO, of which each was asked for once before.
fn asked_of_attain(server: &Server, fleet: Fleet) -> Result<Asked, String> {
    // Once judged, the first slice after the start is there.
    let begun = Instant::now();
    while http::get(server.address, "/api/v1/status").is_err() {
        if begun.elapsed() > Duration::from_secs(200) {
            return Err("attain judges nothing".to_string());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let of = |turn: u64| format!("svc-{:04}", turn % fleet.services);
    let list = |turn: u64| format!("/api/v1/slos?q={}", of(turn));
    let thirty_days = server.asked(100 * QUESTIONS, list)?;
    let points = |turn: u64| format!("/api/v1/slos/{}/burndown?points=720", of(turn));
    server.asked(fleet.services, points)?;
    let burn_down = server.asked(100 * QUESTIONS, points)?;
    Ok(Asked {
        thirty_days,
        burn_down,
    })
}

/// A sample a minute to everybody, and what that cost.
fn cycles(mut contestants: Vec<Contestant>) -> Result<Vec<Cost>, String> {
    println!("settling for {SETTLING_SECONDS} s, then {MEASURED_CYCLES} cycles of a minute");
    everybody(&mut contestants)?;
    std::thread::sleep(Duration::from_secs(SETTLING_SECONDS));
    let begun = Instant::now();
    for contestant in &mut contestants {
        contestant.cost.cpu_seconds = -contestant.cpu()?;
    }
    for cycle in 1..=MEASURED_CYCLES {
        everybody(&mut contestants)?;
        let until = Duration::from_secs(60 * cycle);
        std::thread::sleep(until.saturating_sub(begun.elapsed()));
    }
    let mut costs = Vec::new();
    for mut contestant in contestants {
        contestant.cost.cpu_seconds += contestant.cpu()?;
        contestant.cost.resident = contestant.servers.iter().map(Server::resident).sum();
        println!(
            "{}, {}: {:.4} ms each, {} MB",
            contestant.cost.fleet.name,
            contestant.cost.who,
            contestant.cost.each(),
            contestant.cost.resident / 1_000_000
        );
        costs.push(contestant.cost);
    }
    Ok(costs)
}

fn everybody(contestants: &mut [Contestant]) -> Result<(), String> {
    for contestant in contestants {
        contestant.sender.ask("now")?;
    }
    Ok(())
}

fn cycles_said(costs: &[Cost]) -> String {
    let rows: Vec<Vec<String>> = (costs.iter())
        .map(|cost| {
            let is_own = |own: &&Cost| own.who == "attain" && own.fleet.name == cost.fleet.name;
            let mut ratios = costs
                .iter()
                .filter(is_own)
                .map(|own| cost.each() / own.each());
            let (ratio, to_many) = (ratios.next().unwrap_or(0.0), ratios.next().unwrap_or(0.0));
            vec![
                format!("{} x {}", cost.fleet.slo_segments(), cost.fleet.name),
                cost.who.clone(),
                format!("{:.2}", cost.cpu_seconds / MEASURED_CYCLES as f64),
                format!("{:.3}", cost.each()),
                format!("{ratio:.1}"),
                format!("{to_many:.1}"),
                format!("{} MB", cost.resident / 1_000_000),
                format!("{} KB", cost.resident / 1000 / cost.fleet.slo_segments()),
            ]
        })
        .collect();
    let header = [
        "SLO-segments",
        "",
        "CPU s a cycle",
        "CPU ms an SLO-segment and cycle",
        "times attain's",
        "times attain's of many",
        "resident",
        "an SLO-segment",
    ];
    format!(
        "Judged while traffic comes in: {MEASURED_CYCLES} cycles of a minute in one stretch, everybody at once, taking the samples \
         included. Behind each lie 30 days at a sample a minute (the last two rows: one day); 250 series are 50 pods with 5 codes. attain \
         has a cost that does not grow with what it judges, which the last two rows share among many; the peers' grows in proportion. \
         CPU is read to 10 ms.\n\n{}",
        table(&header, &rows)
    )
}

fn asked_said(costs: &[Cost]) -> String {
    let tables = FLEETS.iter().map(|fleet| {
        let of_fleet = costs.iter().filter(|cost| cost.fleet.name == fleet.name);
        let asked = of_fleet.filter_map(|cost| Some((cost, cost.asked?)));
        questions_said(fleet.name, &asked.collect::<Vec<_>>())
    });
    let tables: Vec<String> = tables.collect();
    format!(
        "Asked over HTTP on connections that are kept, one question after the other, before any rule runs; CPU of all threads, to \
         the nanosecond. At once: on {AT_ONCE} connections, as the panels of a dashboard do; alone, a small answer costs more than half \
         of its time for waking up a processor that has nothing else to do. Of the peers, without their caches, the ratios of errors of a \
         service's three segments over 30 days, and 720 points of them an hour apart, from counters of 2 or of 250 series a segment. Of \
         attain the same SLO: what `/api/v1/slos` lists, and `/api/v1/slos/ID/burndown?points=720`. A burn-down that attain was never \
         asked for reads pages; the first after an hour has ended adds a point; asked again it is as of the next slice at most. The first \
         two are of a server in the example `kept`, whose clock can be told that an hour ends.\n\n{}",
        tables.join("\n")
    )
}

/// One table: what each question cost whom, of one fleet.
fn questions_said(name: &str, asked: &[(&Cost, Asked)]) -> String {
    let turning = asked.iter().find_map(|(cost, _)| cost.turning);
    // What it costs who keeps nothing of an answer is the same each time.
    let first = |of: fn(Turning) -> f64| {
        move |cost: &Cost, asked: Asked| cost.turning.map_or(asked.burn_down.alone, of)
    };
    type Question<'q> = (&'q str, Box<dyn Fn(&Cost, Asked) -> f64>);
    let mut questions: Vec<Question<'_>> = vec![
        ("30 days", Box::new(|_, asked| asked.thirty_days.alone)),
        (
            "30 days, at once",
            Box::new(|_, asked| asked.thirty_days.at_once),
        ),
        (
            "burn-down, again",
            Box::new(|_, asked| asked.burn_down.alone),
        ),
        (
            "burn-down, again, at once",
            Box::new(|_, asked| asked.burn_down.at_once),
        ),
    ];
    if turning.is_some() {
        let of_hour = first(|turning| turning.of_hour);
        let ever = first(|turning| turning.first);
        questions.push(("burn-down, first of an hour", Box::new(of_hour)));
        questions.push(("burn-down, first ever", Box::new(ever)));
    }
    let row = |(question, of): &Question<'_>| {
        let own = asked.iter().find(|(cost, _)| cost.who == "attain");
        let own = own.map_or(f64::NAN, |(cost, asked)| of(cost, *asked));
        let mut row = vec![(*question).to_string()];
        row.extend(asked.iter().map(|(cost, asked)| {
            let each = of(cost, *asked);
            match cost.who == "attain" {
                true => format!("{each:.3}"),
                false => format!("{each:.3} ({:.1}x)", each / own),
            }
        }));
        row
    };
    let rows: Vec<Vec<String>> = questions.iter().map(row).collect();
    let title = format!("CPU ms, {name}");
    let mut header = vec![title.as_str()];
    header.extend(asked.iter().map(|(cost, _)| cost.who.as_str()));
    table(&header, &rows)
}

fn seconds_now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}

fn post(server: &Server, path: &str) -> Result<(), String> {
    use std::io::{Read as _, Write as _};
    let failed = |error: std::io::Error| format!("{path}: {error}");
    let mut stream = std::net::TcpStream::connect(server.address).map_err(failed)?;
    let head = format!("POST {path} HTTP/1.0\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    match answer.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("{path}: {answer}")),
    }
}
