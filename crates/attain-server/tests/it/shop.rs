//! A small catalogue, a server of it, and samples for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use attain_server::{Config, Limits, Server, Written, start};
use attain_spec::Input;
use attain_store::{Done, Text};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::client::write;

pub const CATALOGUE: &str = r#"
attain: 1
catalogue: {name: shop}
segments:
  premium:  {rank: 1, price: 90 USD/month, contract: 12 months, severity: sev1}
  standard: {rank: 2, price: 9 USD/month, contract: none, severity: sev2}
sources:
  prom: {remote_write: {}}
defaults: {source: prom, window: 30d, owner: shop, alerting: none}
slos:
  checkout:
    outcome: A customer can pay
    service: shop
    indicator: {metric: http_requests_total, bad: {code: 5xx}}
    objectives:
      availability: {premium: 99.9%, standard: 99%}
"#;

pub struct Shop {
    pub folder: TempDir,
    /// By how many seconds the machine's clock is off.
    pub clock_off: Arc<AtomicI64>,
    pub server: Option<Server>,
}

impl Shop {
    pub fn open() -> Self {
        Self::of(CATALOGUE, Limits::default())
    }

    pub fn of(catalogue: &str, limits: Limits) -> Self {
        let mut shop = Self::new(catalogue);
        shop.start(limits);
        shop
    }

    /// Not started yet.
    pub fn new(catalogue: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("shop")).unwrap();
        let shop = Self {
            folder,
            clock_off: Arc::default(),
            server: None,
        };
        shop.edit(catalogue);
        shop
    }

    pub fn edit(&self, catalogue: &str) {
        fs::write(self.catalogue().join("shop.yaml"), catalogue).unwrap();
    }

    pub fn start(&mut self, limits: Limits) {
        let off = Arc::clone(&self.clock_off);
        let config = Config {
            wall: Arc::new(move || {
                let off = SignedDuration::from_secs(off.load(Ordering::SeqCst));
                Timestamp::now() + off
            }),
            ..config(&self.catalogue(), &self.data(), limits)
        };
        let server = start(config).unwrap();
        self.server = Some(server);
    }

    pub fn stop(&mut self) {
        self.server.take().unwrap().stop().unwrap();
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.server().address()
    }

    pub fn catalogue(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

pub fn config(catalogue: &Path, data: &Path, limits: Limits) -> Config {
    let folder = catalogue.to_owned();
    Config {
        catalogue: Arc::new(move || read(&folder)),
        data: data.to_owned(),
        listen: "127.0.0.1:0".parse().unwrap(),
        anonymous: false,
        wall: Arc::new(Timestamp::now),
        limits,
    }
}

fn read(folder: &Path) -> Result<Written, String> {
    let text = fs::read_to_string(folder.join("shop.yaml")).map_err(|error| error.to_string())?;
    let name = "shop.yaml".to_owned();
    Ok(Written {
        inputs: vec![Input {
            name: name.clone(),
            text: text.clone(),
        }],
        base: folder.to_owned(),
        done: Done::catalogue(vec![Text { path: name, text }]),
        name: Some("shop".to_owned()),
    })
}

/// One sample of each of some counters, all with the same value.
pub fn samples(counters: u32, value: u64, time_ms: i64) -> Vec<u8> {
    let pods: Vec<String> = (0..counters).map(|pod| format!("pod-{pod}")).collect();
    let labels: Vec<[(&str, &str); 4]> = pods
        .iter()
        .map(|pod| {
            [
                ("__name__", "http_requests_total"),
                ("code", "200"),
                ("pod", pod.as_str()),
                ("segment", "premium"),
            ]
        })
        .collect();
    let sample = [(value as f64, time_ms)];
    let series: Vec<_> = labels
        .iter()
        .map(|labels| (labels.as_slice(), sample.as_slice()))
        .collect();
    attain_wire::remote_write::encode(&series)
}

/// Requests of a segment so far: answered, and failed.
pub fn send(shop: &Shop, segment: &str, good: u64, bad: u64, time_ms: i64) {
    let label = |code| {
        [
            ("__name__", "http_requests_total"),
            ("code", code),
            ("segment", segment),
        ]
    };
    let (ok, failed) = (label("200"), label("503"));
    let (good, bad) = ([(good as f64, time_ms)], [(bad as f64, time_ms)]);
    let body = attain_wire::remote_write::encode(&[(&ok, &good), (&failed, &bad)]);
    assert_eq!(
        write(shop.address(), "/api/v1/write", "", &body).status,
        204
    );
}

/// The clock, never the same twice: of two samples of one counter at one instant only the first can be taken.
pub fn now_ms() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = Timestamp::now().as_millisecond();
    let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| {
        Some(now.max(last + 1))
    });
    now.max(last.unwrap_or(now) + 1)
}
