//! Scraping: a page of metrics over a connection, as it stands now. Knows addresses, time limits and sizes; what the page
//! says is read by exposition.rs and matched by live/.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flate2::read::MultiGzDecoder;

use crate::pull::Trouble;
use crate::pull::http::{broke_off, unanswered};
use crate::text::exposition::{self, Line};

/// A page is larger than this only by mistake.
const PAGE_BYTES_AT_MOST: u64 = 64 << 20;

/// What is understood, best first.
const ACCEPT: &str =
    "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// One target of a `scrape` source.
pub struct Target {
    agent: ureq::Agent,
    url: String,
    instance: String,
    /// Bytes of the last page.
    usual_bytes: AtomicUsize,
    within: Duration,
}

impl Target {
    /// From its text in the catalogue: a URL, or `host:port` with or without a path; `/metrics` unless said.
    #[must_use]
    pub fn new(text: &str, within: Duration) -> Self {
        let with_scheme = match text.contains("://") {
            true => text.to_owned(),
            false => format!("http://{text}"),
        };
        let rest = with_scheme.split_once("://").map_or("", |(_, rest)| rest);
        let (instance, has_path) = match rest.split_once('/') {
            Some((instance, path)) => (instance, !path.is_empty()),
            None => (rest, false),
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(within))
            .user_agent(concat!("attain/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            usual_bytes: AtomicUsize::new(0),
            within,
            agent: config.into(),
            instance: instance.to_owned(),
            url: match has_path {
                true => with_scheme.clone(),
                false => format!("{}/metrics", with_scheme.trim_end_matches('/')),
            },
        }
    }

    /// The page that is asked for.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it is: the label `instance` of everything that it says.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Its page now.
    ///
    /// # Errors
    /// It did not answer in time, or with something larger than a page.
    pub fn page(&self) -> Result<Vec<u8>, Trouble> {
        let away = |why: &dyn std::fmt::Display| Trouble::Away(format!("{}: {why}", self.url));
        let request = self.agent.get(&self.url).header("accept", ACCEPT);
        let request = request.header("accept-encoding", "identity");
        let mut response =
            (request.call()).map_err(|error| away(&unanswered(&error, self.within)))?;
        let packed = response.headers().get("content-encoding");
        let is_packed = packed.is_some_and(|packed| packed == "gzip");
        // It is about as large as the last time.
        let usual = self.usual_bytes.load(Ordering::Relaxed);
        let mut page = Vec::with_capacity(usual + usual / 8);
        let sent = response.body_mut().as_reader();
        // Who packs it, asked or not.
        let mut reader: Box<dyn Read> = match is_packed {
            true => Box::new(MultiGzDecoder::new(sent)),
            false => Box::new(sent),
        };
        let read = (&mut reader)
            .take(PAGE_BYTES_AT_MOST + 1)
            .read_to_end(&mut page);
        read.map_err(|error| away(&format!("the page: {}", broke_off(&error, self.within))))?;
        if page.len() as u64 > PAGE_BYTES_AT_MOST {
            return Err(Trouble::TooMuch(format!(
                "{}: the page is larger than {} MiB",
                self.url,
                PAGE_BYTES_AT_MOST >> 20
            )));
        }
        self.usual_bytes.store(page.len(), Ordering::Relaxed);
        Ok(page)
    }
}

/// A number on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The name of the metric.
    pub name: String,
    /// Its labels, as the page has them.
    pub labels: BTreeMap<String, String>,
    /// The number as text; `None` is NaN.
    pub value: Option<String>,
}

/// The numbers of a page in their order, and how many of its lines cannot be read.
#[must_use]
pub fn shown_on(page: &[u8]) -> (Vec<Shown>, u64) {
    let (mut all, mut unreadable) = (Vec::new(), 0);
    for line in page.split(|byte| *byte == b'\n') {
        match exposition::parse(line) {
            Ok(Line::Sample(sample)) => match exposition::series_of(sample.series) {
                Ok((name, labels)) => all.push(Shown {
                    name,
                    labels: labels.into_iter().collect(),
                    value: sample.value.map(str::to_owned),
                }),
                Err(_) => unreadable += 1,
            },
            Ok(_) => {}
            Err(_) => unreadable += 1,
        }
    }
    (all, unreadable)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_page_is_told_line_by_line() {
        let page = b"# TYPE a counter\na{code=\"200\"} 3\n<html>\nb NaN\n";
        let (all, unreadable) = shown_on(page);
        assert_eq!(unreadable, 1);
        assert_eq!(
            (all[0].name.as_str(), &*all[0].labels["code"]),
            ("a", "200")
        );
        assert_eq!(
            (all[0].value.as_deref(), all[1].value.as_deref()),
            (Some("3"), None)
        );
    }

    /// A target that answers so once.
    fn answering(head: &'static str, body: Vec<u8>) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        std::thread::spawn(move || {
            let Ok((mut stream, _)) = listener.accept() else {
                return;
            };
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\n{head}content-length: {length}\r\n\r\n");
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        });
        Target::new(&address, Duration::from_secs(30))
    }

    #[test]
    fn a_page_may_come_packed() {
        let page = b"a_total 3\n".repeat(1000);
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&page).expect("packed");
        let packed = packer.finish().expect("packed");
        let got = answering("content-encoding: gzip\r\n", packed.clone()).page();
        assert_eq!(got.ok(), Some(page));
        let cut = packed[..packed.len() / 2].to_vec();
        let got = answering("content-encoding: gzip\r\n", cut).page();
        let why = got.expect_err("cut off").to_string();
        assert!(why.contains("it broke off"), "{why}");
    }

    #[test]
    fn a_target_is_a_url_or_an_address() {
        for (text, url, instance) in [
            ("shop:9100", "http://shop:9100/metrics", "shop:9100"),
            ("http://shop:9100/", "http://shop:9100/metrics", "shop:9100"),
            ("https://shop/custom", "https://shop/custom", "shop"),
            ("shop:80/a/b", "http://shop:80/a/b", "shop:80"),
        ] {
            let target = Target::new(text, Duration::from_secs(1));
            assert_eq!((target.url.as_str(), target.instance()), (url, instance));
        }
    }
}
