//! Scraping: CPU per sample of a page that changes every second, of the three. Knows a page and who fetches it.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::results::table;
use super::fleet::Fleet;
use super::servers::{Programs, Server, folder, said, write};
use crate::peers::process::free_address;

const SERIES: u64 = 20_000;
const WARM: Duration = Duration::from_secs(8);
const MEASURED: Duration = Duration::from_secs(20);

const FLEET: Fleet = Fleet {
    name: "scraped",
    services: 1,
    pods: 1,
    days: 0,
};

/// Nanoseconds of CPU a sample: attain, Prometheus, VictoriaMetrics.
pub struct Scraped {
    each: [f64; 3],
    bytes: usize,
}

/// One after the other: a page of 20,000 series every second.
pub fn run(programs: &Programs) -> Result<Scraped, String> {
    let mut each = [0.0; 3];
    let mut bytes = 0;
    for (place, each) in each.iter_mut().enumerate() {
        let page = Page::open()?;
        let server = match place {
            0 => attain(programs, page.address)?,
            1 => prometheus(programs, page.address)?,
            _ => victoria_metrics(programs, page.address)?,
        };
        std::thread::sleep(WARM);
        let (cpu, times) = (server.cpu()?, page.times.load(Ordering::SeqCst));
        std::thread::sleep(MEASURED);
        let times = page.times.load(Ordering::SeqCst) - times;
        let cpu = server.cpu()? - cpu;
        println!("scraped {times} times: {cpu:.2} s of CPU");
        if times < 10 {
            return Err(format!("a page was fetched {times} times only"));
        }
        *each = cpu * 1e9 / (times * SERIES) as f64;
        bytes = page_text(1).len();
    }
    Ok(Scraped { each, bytes })
}

impl Scraped {
    pub fn said(&self, prometheus: &str, victoria: &str) -> String {
        let row = |who: &str, each: f64| {
            vec![
                who.to_string(),
                format!("{each:.0}"),
                format!("{:.2} M", 1e3 / each),
                format!("{:.1}", each / self.each[0]),
            ]
        };
        let rows = [
            row("attain", self.each[0]),
            row(prometheus, self.each[1]),
            row(victoria, self.each[2]),
        ];
        let header = [
            "",
            "ns of CPU a sample",
            "samples per CPU second",
            "times attain's",
        ];
        format!(
            "Scraped: {SERIES} series, {:.1} MB of text every second for {} s, every sample matched by an SLO; the whole process, one \
             after the other.\n\n{}",
            self.bytes as f64 / 1e6,
            MEASURED.as_secs(),
            table(&header, &rows)
        )
    }
}

fn attain(programs: &Programs, page: SocketAddr) -> Result<Server, String> {
    let folder = folder(FLEET, "attain")?;
    let catalogue = format!(
        "attain: 1\nsegments:\n  premium: {{rank: 1, contract: best-effort}}\n  standard: {{rank: 2, contract: best-effort}}\n  \
         free: {{rank: 3, contract: best-effort}}\nsources: {{live: {{scrape: {{targets: [\"{page}\"], every: 1s}}}}}}\nslos:\n  \
         requests: {{outcome: Requests are answered, service: shop, owner: shop-team, window: 30d, indicator: {{metric: \
         http_requests_total, bad: {{code: 5xx}}}}, objectives: {{availability: 99%}}}}\n"
    );
    write(&folder, "shop.yaml", &catalogue)?;
    let address = free_address().map_err(said)?;
    let listen = address.to_string();
    let arguments = ["serve", "shop.yaml", "--data", "data", "--listen", &listen];
    let arguments = arguments.map(str::to_string);
    Server::start(&programs.attain, &arguments, &folder, address, "/readyz")
}

fn config(page: SocketAddr) -> String {
    format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- {{job_name: shop, static_configs: [{{targets: \
         [\"{page}\"]}}]}}\n"
    )
}

fn prometheus(programs: &Programs, page: SocketAddr) -> Result<Server, String> {
    let folder = folder(FLEET, "prometheus")?;
    write(&folder, "prometheus.yml", &config(page))?;
    let address = free_address().map_err(said)?;
    let arguments = [
        "--config.file=prometheus.yml".to_string(),
        "--storage.tsdb.path=data".to_string(),
        format!("--web.listen-address={address}"),
    ];
    Server::start(
        &programs.prometheus,
        &arguments,
        &folder,
        address,
        "/-/ready",
    )
}

fn victoria_metrics(programs: &Programs, page: SocketAddr) -> Result<Server, String> {
    let folder = folder(FLEET, "victoria-metrics")?;
    write(&folder, "scrape.yml", &config(page))?;
    let address = free_address().map_err(said)?;
    let arguments = [
        "-storageDataPath=data".to_string(),
        "-promscrape.config=scrape.yml".to_string(),
        format!("-httpListenAddr={address}"),
    ];
    let program = &programs.victoria_metrics;
    Server::start(program, &arguments, &folder, address, "/health")
}

/// A page that counts up each time that it is fetched.
struct Page {
    address: SocketAddr,
    times: Arc<AtomicU64>,
}

impl Page {
    fn open() -> Result<Self, String> {
        let failed = |error: std::io::Error| error.to_string();
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let times = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&times);
        // It ends with the program: whoever fetched it is gone before.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || {
                    let mut buffer = [0; 8192];
                    // A head of a request fits into one read on loopback.
                    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                        let text = page_text(counted.fetch_add(1, Ordering::SeqCst) + 1);
                        let head = format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n\r\n",
                            text.len()
                        );
                        let sent = stream.write_all(head.as_bytes());
                        if sent
                            .and_then(|()| stream.write_all(text.as_bytes()))
                            .is_err()
                        {
                            return;
                        }
                    }
                });
            }
        });
        Ok(Self { address, times })
    }
}

fn page_text(time: u64) -> String {
    const CODES: [&str; 5] = ["200", "201", "404", "500", "503"];
    const SEGMENTS: [&str; 3] = ["premium", "standard", "free"];
    let mut text = String::from("# TYPE http_requests_total counter\n");
    for number in 0..SERIES {
        let code = CODES[(number / 3 % 5) as usize];
        let segment = SEGMENTS[(number % 3) as usize];
        let _ = writeln!(
            text,
            "http_requests_total{{code=\"{code}\",method=\"GET\",namespace=\"prod\",pod=\"shop-7f9c6d5b8-{number:05}\",segment=\"{segment}\"}} {}",
            time * (1 + number % 200)
        );
    }
    text
}
