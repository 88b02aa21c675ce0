//! The Prometheus HTTP API, version 1, over a connection. Knows URLs, time limits and what an answer looks like; knows no
//! stream and no catalogue.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use attain_model::quantity::duration_text;
use attain_model::source::ApiSource;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::api::{Api, Line, Trouble};
use super::lateness::{self, Newest};
use super::reach::headers_of;

/// Larger answers are asked for in pieces.
const ANSWER_BYTES_AT_MOST: u64 = 64 << 20;

/// How long to wait for a connection, and for a whole answer.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A Prometheus-compatible API at a URL: Prometheus, Mimir, Thanos, VictoriaMetrics.
pub struct HttpApi {
    agent: ureq::Agent,
    base: String,
    /// Sent with each question.
    headers: Vec<(String, String)>,
    within: Duration,
}

/// What a label or metric says of itself, from the API's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// `counter`, `histogram`, `gauge`, …
    #[serde(default, rename = "type")]
    pub kind: String,
    /// What it means, in a sentence.
    #[serde(default)]
    pub help: String,
}

impl HttpApi {
    /// Asks at this URL, which is what stands before `/api/v1`. `within` is how long to wait for an answer; a minute
    /// unless said.
    #[must_use]
    pub fn new(url: &str, within: Option<Duration>) -> Self {
        let within = within.unwrap_or(ANSWER_WITHIN);
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(within))
            // What is wrong stands in the body.
            .http_status_as_error(false)
            // A token is for the address that a person wrote, and for no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("attain/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
            base: url.trim_end_matches('/').to_owned(),
            headers: Vec::new(),
            within,
        }
    }

    /// Asks as a catalogue says, with its tenant, token and headers. Secrets are read now; files are relative to `base`.
    ///
    /// # Errors
    /// A secret cannot be read, or what was read cannot be sent as a header.
    pub fn reached(
        source: &ApiSource,
        base: &Path,
        within: Option<Duration>,
    ) -> Result<Self, String> {
        let mut api = Self::new(&source.url, source.timeout.or(within));
        api.headers = headers_of(source, base)?;
        Ok(api)
    }

    /// Sends a header with each question, e.g. `X-Scope-OrgID`.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Its values of a label in this time, e.g. of `__name__`.
    ///
    /// # Errors
    /// It did not answer, or not understandably.
    pub fn label_values(&self, label: &str, matching: &[&str]) -> Result<Vec<String>, Trouble> {
        let mut query: Vec<(&str, &str)> = Vec::new();
        query.extend(matching.iter().map(|selector| ("match[]", *selector)));
        self.get(&format!("label/{label}/values"), &query)
    }

    /// What it knows of each metric.
    ///
    /// # Errors
    /// As [`HttpApi::label_values`].
    pub fn metadata(&self) -> Result<BTreeMap<String, Vec<Metadata>>, Trouble> {
        self.get("metadata", &[])
    }

    /// The labels of the series that a selector has.
    ///
    /// # Errors
    /// As [`HttpApi::label_values`].
    pub fn series(&self, selector: &str) -> Result<Vec<BTreeMap<String, String>>, Trouble> {
        self.get("series", &[("match[]", selector)])
    }

    /// The values of a query now.
    ///
    /// # Errors
    /// As [`HttpApi::label_values`].
    pub fn instant(&self, query: &str, at: Option<Timestamp>) -> Result<Vec<Line>, Trouble> {
        let at = at.map(seconds);
        let mut asked = vec![("query", query)];
        asked.extend(at.as_deref().map(|at| ("time", at)));
        self.get::<Answered>("query", &asked)?.lines()
    }

    /// The newest sample of the series that a selector chooses, by the time of the answer; `None` if there is none.
    pub(crate) fn newest(&self, selector: &str) -> Result<Option<Newest>, Trouble> {
        let lines = self.instant(&Newest::query(selector), None)?;
        Ok(Newest::in_answer(&lines))
    }

    fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, Trouble> {
        Ok(self.dated(path, query)?.0)
    }

    /// An answer, and what time it is there, to the second.
    fn dated<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(T, Option<Timestamp>), Trouble> {
        let url = format!("{}/api/v1/{path}", self.base);
        let away = |why: &dyn std::fmt::Display| Trouble::Away(format!("{}: {why}", self.base));
        let mut request = self.agent.get(&url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.query_pairs(query.iter().copied());
        let mut response =
            (request.call()).map_err(|error| away(&unanswered(&error, self.within)))?;
        let status = response.status().as_u16();
        if (300..400).contains(&status) {
            let to = response.headers().get("location");
            let to = to.and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
            let to = to.split("/api/v1/").next().unwrap_or(to);
            return Err(away(&format!(
                "it sends on to {to} ({status}), and no question follows: write the address that answers as `url`"
            )));
        }
        let date = response.headers().get("date");
        let date = date.and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        let date = date.map(|date| date.timestamp());
        let mut body = Vec::new();
        let reader = response.body_mut().as_reader();
        let read = reader.take(ANSWER_BYTES_AT_MOST + 1).read_to_end(&mut body);
        read.map_err(|error| away(&format!("the answer: {}", broke_off(&error, self.within))))?;
        if body.len() as u64 > ANSWER_BYTES_AT_MOST {
            return Err(Trouble::TooMuch(format!(
                "{}: the answer is larger than {} MiB",
                self.base,
                ANSWER_BYTES_AT_MOST >> 20
            )));
        }
        Ok((understood(&self.base, status, &body)?, date))
    }
}

/// Why nothing came of a request that had so long.
pub(crate) fn unanswered(error: &ureq::Error, within: Duration) -> String {
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            "nobody takes the connection".to_owned()
        }
        ureq::Error::Timeout(_) => format!("no answer within {}", duration_text(within)),
        other => other.to_string(),
    }
}

/// Why an answer was not read to its end.
pub(crate) fn broke_off(error: &io::Error, within: Duration) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(ureq::Error::Timeout(_)) => {
            format!("it was not there within {}", duration_text(within))
        }
        _ => format!("it broke off: {error}"),
    }
}

impl Api for HttpApi {
    fn range(
        &self,
        query: &str,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Line>, Trouble> {
        let step = format!("{}", step.as_secs_f64());
        let (from, to) = (seconds(from), seconds(to));
        let asked = [
            ("query", query),
            ("start", &from),
            ("end", &to),
            ("step", &step),
            // VictoriaMetrics would move the instants to whole steps if there are many.
            ("nocache", "1"),
        ];
        self.get::<Answered>("query_range", &asked)?.lines()
    }

    fn samples(&self, query: &str, at: Timestamp) -> Result<Vec<Line>, Trouble> {
        self.instant(query, Some(at))
    }

    fn held_back(&self) -> Result<Option<Duration>, Trouble> {
        let asked = [("query", "vector(time())")];
        let (answered, date) = self.dated::<Answered>("query", &asked)?;
        let lines = answered.lines()?;
        let queried = lines.first().and_then(|line| line.points.last());
        let queried = queried.and_then(|(_, value)| value.parse::<f64>().ok());
        Ok(queried.zip(date).map(|(queried, date)| {
            // A date is cut to the second: on average it is half a second later.
            let behind = date.as_second() as f64 + 0.5 - queried;
            Duration::from_secs(behind.round().clamp(0.0, 86_400.0) as u64)
        }))
    }

    fn newest_age(&self, selector: &str) -> Result<Option<Duration>, Trouble> {
        let lines = self.instant(&lateness::age_asked(selector), None)?;
        Ok(lateness::age_told(&lines))
    }
}

/// What stands in every answer.
#[derive(Deserialize)]
struct Envelope<T> {
    status: String,
    #[serde(default = "Option::default")]
    data: Option<T>,
    #[serde(default)]
    error: String,
    #[serde(default, rename = "errorType")]
    error_type: String,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    /// VictoriaMetrics: some of its storage did not answer.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

impl<T> Envelope<T> {
    /// Why this is a part of the answer only. What Prometheus remarks on a question says nothing of what was found.
    fn lacks(&self) -> Option<&str> {
        let mut warnings = self.warnings.iter().flatten();
        let lacks = warnings.find(|warning| !warning.starts_with("PromQL "));
        let partial = || {
            self.is_partial
                .then_some("some of its storage did not answer")
        };
        lacks.map(String::as_str).or_else(partial)
    }
}

#[derive(Deserialize)]
struct Answered {
    #[serde(rename = "resultType")]
    result_type: String,
    result: Vec<AnsweredLine>,
}

#[derive(Deserialize)]
struct AnsweredLine {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(serde_json::Number, String)>,
    value: Option<(serde_json::Number, String)>,
}

impl Answered {
    fn lines(self) -> Result<Vec<Line>, Trouble> {
        if !["matrix", "vector"].contains(&self.result_type.as_str()) {
            return Err(Trouble::Refused(format!(
                "the query gives a {}, not series",
                self.result_type
            )));
        }
        let line = |line: AnsweredLine| {
            let points = line.values.into_iter().chain(line.value);
            let points = points.map(|(time, value)| {
                time_of(&time)
                    .map(|time| (time, value))
                    .ok_or_else(|| Trouble::Away(format!("`{time}` is not a time")))
            });
            Ok(Line {
                labels: line.metric,
                points: points.collect::<Result<_, _>>()?,
            })
        };
        self.result.into_iter().map(line).collect()
    }
}

/// The series that an answer to a query has, by its status and body. `base` is named in errors.
///
/// # Errors
/// It is an error, or no answer, or one cut off.
pub fn lines_in(base: &str, status: u16, body: &[u8]) -> Result<Vec<Line>, Trouble> {
    understood::<Answered>(base, status, body)?.lines()
}

/// What an answer says, by status and body. Whatever is not an answer may be one later, unless the question was wrong.
fn understood<T: DeserializeOwned>(base: &str, status: u16, body: &[u8]) -> Result<T, Trouble> {
    if status == 401 || status == 403 {
        let said = said_in(body).map_or(String::new(), |said| format!(", saying `{said}`"));
        return Err(Trouble::Denied(format!(
            "{base} answers {status}: it does not know who asks, or does not let them in{said}"
        )));
    }
    let envelope: Envelope<T> = match serde_json::from_slice(body) {
        Ok(envelope) => envelope,
        Err(error) => {
            let what = if status == 200 {
                "its answer"
            } else {
                "an error"
            };
            if status == 429 {
                return Err(Trouble::Away(format!(
                    "{base} answers 429: it is asked too much, by this or by others"
                )));
            }
            let why = match (body.trim_ascii_start().first(), said_in(body)) {
                (Some(b'<'), _) => ": it is a page for people, such as a login's".to_owned(),
                // Cut off, it looks well to its end.
                _ if error.is_eof() => format!(": {error}"),
                (_, Some(said)) if status != 200 => format!(", saying `{said}`"),
                _ => String::new(),
            };
            return Err(Trouble::Away(format!(
                "{base}: {what} ({status}) is not that of a Prometheus API{why}"
            )));
        }
    };
    if let Some(why) = envelope.lacks() {
        // A part would be taken for all that there was.
        return Err(Trouble::Away(format!("{base} answers only in part: {why}")));
    }
    if let (200, "success", Some(data)) = (status, envelope.status.as_str(), envelope.data) {
        return Ok(data);
    }
    let why = format!("{base}: {} ({status})", envelope.error);
    Err(match envelope.error_type.as_str() {
        _ if envelope.error.contains("too many samples") => Trouble::TooMuch(why),
        _ if envelope.error.contains("maximum resolution") => Trouble::TooMuch(why),
        "bad_data" | "execution" | "not_found" if status < 500 => Trouble::Refused(why),
        _ => Trouble::Away(why),
    })
}

/// A short answer in words, as gateways give them.
fn said_in(body: &[u8]) -> Option<String> {
    const LONGEST: usize = 120;
    let text = match serde_json::from_slice::<Envelope<serde_json::Value>>(body) {
        Ok(envelope) => envelope.error,
        Err(_) => std::str::from_utf8(body).ok()?.to_owned(),
    };
    let text = text.trim();
    let is_fine = !text.is_empty() && !text.starts_with('<') && !text.contains(char::is_control);
    is_fine.then(|| text.chars().take(LONGEST).collect())
}

/// Seconds with milliseconds, as the API has them.
fn seconds(time: Timestamp) -> String {
    let milliseconds = time.as_millisecond();
    let (whole, rest) = (milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000));
    format!("{whole}.{rest:03}")
}

/// Seconds as a number, to the millisecond.
fn time_of(seconds: &serde_json::Number) -> Option<Timestamp> {
    let text = seconds.to_string();
    let milliseconds = crate::text::number::scaled(&text, 1000)?;
    Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(status: u16, body: &str) -> Result<Vec<Line>, Trouble> {
        understood::<Answered>("http://prom", status, body.as_bytes())?.lines()
    }

    #[test]
    fn a_part_of_an_answer_is_none_and_a_page_for_people_neither() {
        let said = |status: u16, body: &str| {
            let lines = lines_in("http://p", status, body.as_bytes());
            lines
                .map(|lines| lines.len())
                .map_err(|why| why.to_string())
        };
        let answer = |more: &str| {
            format!(r#"{{"status":"success",{more}"data":{{"resultType":"vector","result":[]}}}}"#)
        };
        assert_eq!(said(200, &answer("")), Ok(0));
        assert_eq!(said(200, &answer(r#""warnings":null,"#)), Ok(0));
        let remark = r#""warnings":["PromQL warning: metric might not be a histogram"],"#;
        assert_eq!(said(200, &answer(remark)), Ok(0));
        let why = "http://p answers only in part: store 2 is away";
        assert_eq!(
            said(200, &answer(r#""warnings":["store 2 is away"],"#)),
            Err(why.to_owned())
        );
        let why = "http://p answers only in part: some of its storage did not answer";
        assert_eq!(
            said(200, &answer(r#""isPartial":true,"#)),
            Err(why.to_owned())
        );
        for (status, body, why) in [
            (200, "<html>log in</html>", "it is a page for people"),
            (
                500,
                "oops",
                "an error (500) is not that of a Prometheus API, saying `oops`",
            ),
            (429, "slow down", "answers 429: it is asked too much"),
            (404, "404 page not found", "saying `404 page not found`"),
        ] {
            let said = said(status, body).unwrap_err();
            assert!(said.contains(why) && !said.contains("line 1"), "{said}");
        }
    }

    #[test]
    fn series_are_read_with_what_is_no_number() {
        let body = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"segment":"premium"},"values":[[1766404799.999,"12"],[1766404859.999,"NaN"]]}]},"warnings":["PromQL warning: x"]}"#;
        let lines = lines(200, body).unwrap();
        let times: Vec<i64> = (lines[0].points.iter())
            .map(|p| p.0.as_millisecond())
            .collect();
        assert_eq!(times, [1_766_404_799_999, 1_766_404_859_999]);
        assert_eq!(lines[0].points[1].1, "NaN");
        assert_eq!(lines[0].labels["segment"], "premium");
    }

    #[test]
    fn a_wrong_question_is_told_from_a_missing_answer() {
        let refused = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        assert!(matches!(lines(400, refused), Err(Trouble::Refused(_))));
        let large = r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples"}"#;
        assert!(matches!(lines(422, large), Err(Trouble::TooMuch(_))));
        let busy = r#"{"status":"error","errorType":"unavailable","error":"starting"}"#;
        assert!(matches!(lines(503, busy), Err(Trouble::Away(_))));
        for (status, broken) in [
            (
                200,
                r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric"#,
            ),
            (200, "<html>"),
            (502, "Bad Gateway"),
            (200, ""),
        ] {
            assert!(
                matches!(lines(status, broken), Err(Trouble::Away(_))),
                "{broken}"
            );
        }
        for body in ["no", "<html>", "", refused] {
            for status in [401, 403] {
                let denied = matches!(lines(status, body), Err(Trouble::Denied(_)));
                assert!(denied, "{status} {body}");
            }
        }
        let said = lines(401, "no org id\n").unwrap_err().to_string();
        assert!(said.ends_with("saying `no org id`"), "{said}");
    }

    #[test]
    fn nobody_there_is_away() {
        // A port that was free a moment ago, and that nobody listens at.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = port.local_addr().unwrap();
        drop(port);
        let api = HttpApi::new(&format!("http://{address}/"), None);
        assert!(matches!(
            api.label_values("__name__", &[]),
            Err(Trouble::Away(_))
        ));
    }

    #[test]
    fn a_secret_is_not_sent_on() {
        use std::io::{BufRead as _, Write as _};
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = door.local_addr().unwrap();
        let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = elsewhere.local_addr().unwrap();
        let answering = std::thread::spawn(move || {
            let (mut asked, _) = door.accept().unwrap();
            let mut lines = std::io::BufReader::new(asked.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let answer = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{to}/prom/api/v1/query?query=1\r\n\
                 Content-Length: 0\r\nConnection: close\r\n\r\n"
            );
            asked.write_all(answer.as_bytes()).unwrap();
        });
        let api = HttpApi::new(&format!("http://{address}"), None).with_header("X-Key", "secret");
        let said = api.instant("1", None).unwrap_err().to_string();
        answering.join().unwrap();
        assert!(
            said.contains(&format!("sends on to http://{to}/prom (307)")),
            "{said}"
        );
        elsewhere.set_nonblocking(true).unwrap();
        assert!(elsewhere.accept().is_err(), "nobody was asked there");
    }
}
