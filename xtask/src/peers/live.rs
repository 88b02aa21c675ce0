//! One shop, watched by a real monitoring system and by attain, in every way there is: the system sends to attain by remote
//! write and is pulled from, attain scrapes the shop itself. The same indicators must count the same requests.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::attain::{self, Attain, slo};
use super::process::{Running, free_address, wait_for};
use super::pulled::{now_ms, sleep_until, start_prometheus};
use super::shop::{SEGMENTS, Shop};
use super::{Checked, Outcome, http, install};
use crate::random::draw;

const SEED: u64 = 7;
/// Requests in all, spread over some seconds.
const REQUESTS: u64 = 400;
const SECONDS: u64 = 8;

/// The ways, which are sources of the catalogue.
const WAYS: [&str; 3] = ["sent", "pulled", "scraped"];

/// Prometheus 2.42 or whichever is there.
pub fn prometheus() -> Outcome {
    Outcome::of(with_prometheus())
}

/// VictoriaMetrics to pull from, and its vmagent to send.
pub fn victoriametrics() -> Outcome {
    Outcome::of(with_victoriametrics())
}

fn with_prometheus() -> Checked {
    let folder = install::folder("prometheus-live", true)?;
    let program = install::program("prometheus", "prometheus")?;
    attain::program()?;
    let shop = Shop::open()?;
    let (address, ours) = (free_address()?, free_address()?);
    let config = scrape_config(&[("shop", shop.address), ("attain", ours)])
        + &format!("remote_write:\n- url: http://{ours}/api/v1/write\n");
    write(&folder, "prometheus.yml", &config)?;
    let server = Attain::start_at(&folder, &catalogue(address, shop.address), ours)?;
    let _running = start_prometheus(&program, &folder, address)?;
    let says = same_counts(&server, &shop, address)?;
    // What attain says of itself is read by Prometheus as its own.
    for query in [
        "up{job=\"attain\"} == 1",
        "attain_lag_seconds",
        "attain_budget_remaining_ratio{slo=\"pay-sent\"}",
    ] {
        if !answers(address, query)? {
            return Err(Outcome::Failed(format!(
                "Prometheus scraped attain, and has no {query}"
            )));
        }
    }
    Ok(format!("{says}; Prometheus scrapes attain"))
}

fn with_victoriametrics() -> Checked {
    let folder = install::folder("victoriametrics-live", true)?;
    let program = install::program("victoria-metrics", "victoria-metrics")?;
    let agent = install::program("victoria-metrics", "vmagent")?;
    attain::program()?;
    let shop = Shop::open()?;
    let (address, ours) = (free_address()?, free_address()?);
    write(
        &folder,
        "scrape.yml",
        &scrape_config(&[("shop", shop.address), ("attain", ours)]),
    )?;
    write(
        &folder,
        "agent.yml",
        &scrape_config(&[("shop", shop.address)]),
    )?;
    let server = Attain::start_at(&folder, &catalogue(address, shop.address), ours)?;
    let scraped = |file: &str| format!("-promscrape.config={}", folder.join(file).display());
    let mut command = Command::new(program);
    command
        .arg(format!(
            "-storageDataPath={}",
            folder.join("storage").display()
        ))
        .arg(format!("-httpListenAddr={address}"))
        .arg(scraped("scrape.yml"));
    let mut storage = Running::start(&mut command, &folder)?;
    wait_for("VictoriaMetrics is ready", 60, || {
        storage.has_ended().map_or(Ok(()), Err)?;
        http::get(address, "/health")
    })?;
    let mut command = Command::new(agent);
    command
        .arg(format!("-remoteWrite.url=http://{ours}/api/v1/write"))
        .arg(format!(
            "-remoteWrite.tmpDataPath={}",
            folder.join("agent").display()
        ))
        .arg(format!("-httpListenAddr={}", free_address()?))
        .arg(scraped("agent.yml"));
    let _agent = Running::start(&mut command, &folder)?;
    let says = same_counts(&server, &shop, address)?;
    if !answers(address, "up{job=\"attain\"} == 1")? {
        return Err(Outcome::Failed(
            "VictoriaMetrics cannot scrape attain".into(),
        ));
    }
    Ok(format!(
        "{says}; VictoriaMetrics scrapes attain, vmagent sends"
    ))
}

/// Serves requests once everybody has seen the counters at zero, and waits until all ways say the same.
fn same_counts(server: &Attain, shop: &Shop, peer: SocketAddr) -> Checked {
    wait_for("the peer has seen the shop", 60, || {
        match answers(peer, "count(http_requests_total) == 4") {
            Ok(true) => Ok(()),
            _ => Err(format!(
                "its page was fetched {} times",
                shop.times_scraped()
            )),
        }
    })?;
    wait_for(
        "attain has seen the shop in every way that comes to it",
        60,
        || {
            let page = http::get(server.address, "/api/v1/server")?;
            match page.matches("\"samples\": 0,").count() {
                0 => Ok(()),
                silent => Err(format!("{silent} sources have no samples")),
            }
        },
    )?;
    // A minute is pulled as a whole: the counters must have been seen in the one before the traffic.
    sleep_until((now_ms() / 60_000 + 1) * 60_000 + 1_500);
    let begun = now_ms();
    for request in 0..REQUESTS {
        let segment = usize::try_from(draw(SEED, request, 0) % 2).unwrap_or(0);
        let is_good = !draw(SEED, request, 1).is_multiple_of(10);
        shop.serve(segment, is_good, 20 + draw(SEED, request, 2) % 400);
        let due = i64::try_from(request * SECONDS * 1000 / REQUESTS).unwrap_or(0);
        sleep_until(begun + due);
    }
    for way in WAYS {
        for (index, segment) in SEGMENTS.iter().enumerate() {
            let by_status = shop.by_status(index);
            server.wait_for(&format!("pay-{way}"), segment, by_status, 180)?;
            server.wait_for(&format!("fast-{way}"), segment, shop.by_latency(index), 60)?;
        }
    }
    Ok(format!(
        "{REQUESTS} requests of {} segments, by status and by latency: the same counts {}",
        SEGMENTS.len(),
        WAYS.join(", ")
    ))
}

fn catalogue(peer: SocketAddr, shop: SocketAddr) -> String {
    let sources = format!(
        "  sent: {{remote_write: {{}}}}\n  pulled: {{prometheus: {{url: \"http://{peer}\"}}, interval: 1s, delay: 5s}}\n  \
         scraped: {{scrape: {{targets: [\"{shop}\"], every: 1s}}}}\n"
    );
    let indicators = "  http: {metric: http_requests_total, bad: {code: 5xx}, source: sent}\n  \
                      duration: {metric: http_request_duration_seconds, source: sent}\n";
    let mut slos = String::new();
    for way in WAYS {
        slos += &slo(
            &format!("pay-{way}"),
            "http",
            way,
            "{availability: {premium: 99%, free: 99%}}",
        );
        slos += &slo(
            &format!("fast-{way}"),
            "duration",
            way,
            "{fast: {premium: \"90% < 200ms\", free: \"90% < 200ms\"}}",
        );
    }
    attain::catalogue(&sources, &SEGMENTS, indicators, &slos)
}

fn scrape_config(jobs: &[(&str, SocketAddr)]) -> String {
    let mut text =
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n".to_string();
    for (job, address) in jobs {
        text += &format!("- {{job_name: {job}, static_configs: [{{targets: [\"{address}\"]}}]}}\n");
    }
    text
}

/// Whether the peer has any series for a query now.
fn answers(peer: SocketAddr, query: &str) -> Result<bool, Outcome> {
    let path = format!("/api/v1/query?query={}", http::escaped(query));
    let answer = http::get(peer, &path).map_err(Outcome::Failed)?;
    Ok(answer.contains("\"metric\":"))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), Outcome> {
    fs::write(folder.join(name), text).map_err(Outcome::failed)
}
