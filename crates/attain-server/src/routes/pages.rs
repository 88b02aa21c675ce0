//! The pages: gathers what attain-view shows, and answers. Knows HTTP and where things are; decides nothing that is read.

mod answer;
mod gathered;
mod told;

use std::sync::Arc;

use attain_cascade::why::Why;
use attain_model::detail::Detail;
use attain_model::{SegmentId, SeriesName, SloId};
use attain_view::pages::{self, Ask, Blamed, Pack, Scene, Server, Subject};
use attain_view::report::report;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;

use self::answer::answer;
use self::gathered::{definition, server};
use super::problem::Problem;
use super::seen::Seen;
use super::{App, front, plain};
use crate::published::Published;

/// SLOs of which a report to pass on shows what lies behind them.
const SLOS_IN_FULL: usize = 200;

/// A page that is asked for.
pub(super) struct Asked {
    app: Arc<App>,
    ask: Ask,
    zone: TimeZone,
    headers: HeaderMap,
    published: Arc<Published>,
    /// `None` until anything was judged.
    seen: Option<Seen>,
    /// Who spent the budget of what the page speaks of first, if that is known by now.
    told: Option<Arc<Why>>,
}

impl FromRequestParts<Arc<App>> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let query = parts.uri.query().map(str::to_owned);
        Self::of(Arc::clone(app), query, parts.headers.clone()).await
    }
}

impl Asked {
    /// Reads the question and looks at the instant it is about. The error is the answer.
    async fn of(
        app: Arc<App>,
        query: Option<String>,
        headers: HeaderMap,
    ) -> Result<Self, Response> {
        let ask = Ask::parse(query.as_deref().unwrap_or_default());
        let published = Arc::clone(&app.published.borrow());
        let own = published.promises.catalogue().timezone.clone();
        let zone = match ask.get("zone") {
            Some(name) => TimeZone::get(name).unwrap_or(own),
            None => own,
        };
        let mut asked = Self {
            app,
            zone,
            headers,
            published,
            seen: None,
            told: None,
            ask,
        };
        let at = match asked.ask.at(&asked.zone) {
            Ok(at) => at,
            Err(text) => {
                let what = format!("\u{201c}{text}\u{201d} is no time.");
                let next = "Write one as `2026-11-02 14:30` or `2026-11-02T14:30:00Z`.";
                return Err(asked.refusal(StatusCode::UNPROCESSABLE_ENTITY, &what, next, None));
            }
        };
        match asked.app.seen(at).await {
            Ok(seen) => {
                asked.published = Arc::clone(&seen.published);
                asked.seen = Some(seen);
            }
            // A page says so in its own words.
            Err(problem) if problem.code == Problem::not_judged().code => {}
            Err(problem) => return Err(asked.problem(&problem)),
        }
        Ok(asked)
    }

    /// What lies behind series; nothing while nothing was judged.
    async fn details(&self, names: &[SeriesName]) -> Result<Vec<Detail>, Response> {
        let Some(seen) = &self.seen else {
            return Ok(Vec::new());
        };
        let details = self.app.details(seen, names).await;
        details.map_err(|problem| self.problem(&problem))
    }

    /// Makes a page and answers with it.
    async fn show(
        self,
        details: Vec<Detail>,
        server: Server,
        page: impl FnOnce(&Scene<'_>, &Ask) -> String + Send + 'static,
    ) -> Response {
        let headers = self.headers.clone();
        let html = tokio::task::spawn_blocking(move || self.with(&details, &server, page)).await;
        match html {
            Ok(html) => answer(&headers, StatusCode::OK, "text/html; charset=utf-8", html),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    fn with<T>(
        &self,
        details: &[Detail],
        server: &Server,
        make: impl FnOnce(&Scene<'_>, &Ask) -> T,
    ) -> T {
        let scene = Scene {
            promises: &self.published.promises,
            evaluation: self.seen.as_ref().map(|seen| &*seen.evaluation),
            details,
            told: self.told.as_deref(),
            server,
            zone: &self.zone,
            is_past: self.seen.as_ref().is_some_and(|seen| !seen.is_live),
        };
        make(&scene, &self.ask)
    }

    /// Who spent what was lost last of the SLO that is named, or of all.
    async fn lately(&self) -> Option<Arc<Why>> {
        let slo = self.ask.get("slo").map(SloId::from);
        let segment = self.ask.get("segment").filter(|name| *name != "all");
        let segment = segment.map(SegmentId::from);
        let subject = Subject {
            slo: slo.as_ref(),
            segment: segment.as_ref(),
        };
        told::whole(self, subject).await
    }

    fn server(&self) -> Server {
        server(&self.app, &self.published, &self.headers)
    }

    fn problem(&self, problem: &Problem) -> Response {
        let what = sentence(&problem.detail);
        let next = sentence(&problem.hint);
        self.refusal(problem.status, &what, &next, None)
    }

    /// The answer where no SLO has this name.
    fn unless_there_is(&self, slo: &str) -> Option<Response> {
        let slos = &self.published.promises.catalogue().slos;
        if slos.contains_key(slo) {
            return None;
        }
        let near = attain_spec::closest(slo, slos.keys().map(SloId::as_str));
        let what = format!("There is no SLO {slo}.");
        let next = "The catalogue in force has no such name.";
        Some(self.refusal(StatusCode::NOT_FOUND, &what, next, near))
    }

    fn refusal(&self, status: StatusCode, what: &str, next: &str, near: Option<&str>) -> Response {
        let server = self.server();
        let html = self.with(&[], &server, |scene, ask| {
            pages::refusal(scene, ask, what, next, near)
        });
        answer(&self.headers, status, "text/html; charset=utf-8", html)
    }
}

/// What a browser gets where nothing is served.
pub(super) async fn nothing(app: Arc<App>, headers: HeaderMap, path: &str) -> Response {
    match Asked::of(app, None, headers).await {
        Ok(asked) => {
            let what = format!("There is no page {path}.");
            let next = "Perhaps it was moved, or the address was cut.";
            asked.refusal(StatusCode::NOT_FOUND, &what, next, None)
        }
        Err(response) => response,
    }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// `/`: a page for who asks for one; for others what else there is.
pub(super) async fn overview(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if !front::wants_page(&headers) {
        return ([(header::VARY, "accept")], plain::index()).into_response();
    }
    let mut asked = match Asked::of(app, query, headers).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    asked.told = told::told(&asked, Subject::default()).await;
    let server = asked.server();
    asked.show(Vec::new(), server, pages::overview).await
}

pub(super) async fn segment(Path(segment): Path<String>, mut asked: Asked) -> Response {
    let id = SegmentId::from(segment.as_str());
    if !asked
        .published
        .promises
        .catalogue()
        .segments
        .contains_key(&id)
    {
        let what = format!("There is no segment {segment}.");
        return asked.refusal(
            StatusCode::NOT_FOUND,
            &what,
            "The catalogue names them all.",
            None,
        );
    }
    let subject = Subject {
        segment: Some(&id),
        ..Subject::default()
    };
    asked.told = told::told(&asked, subject).await;
    let server = asked.server();
    let page =
        move |scene: &Scene<'_>, ask: &Ask| pages::segment(scene, ask, &id).unwrap_or_default();
    asked.show(Vec::new(), server, page).await
}

pub(super) async fn slo(Path(slo): Path<String>, mut asked: Asked) -> Result<Response, Response> {
    if let Some(refusal) = asked.unless_there_is(&slo) {
        return Err(refusal);
    }
    let id = SloId::from(slo.as_str());
    let names = asked
        .seen
        .as_ref()
        .map(|seen| seen.names(|other| *other == id))
        .unwrap_or_default();
    let details = asked.details(&names).await?;
    let subject = Subject {
        slo: Some(&id),
        ..Subject::default()
    };
    asked.told = told::told(&asked, subject).await;
    let server = asked.server();
    let definition = definition(&asked.published, &id, &server.address);
    let page = move |scene: &Scene<'_>, ask: &Ask| {
        pages::slo(scene, ask, &id, &definition).unwrap_or_default()
    };
    Ok(asked.show(details, server, page).await)
}

/// `/cascade`: asks the core who spent the budget of what is broken.
pub(super) async fn cascade(asked: Asked) -> Response {
    let slo = asked.ask.get("slo");
    if let Some(refusal) = slo.and_then(|slo| asked.unless_there_is(slo)) {
        return refusal;
    }
    let server = asked.server();
    let slo = asked.with(&[], &server, pages::to_blame);
    let answer = match (&asked.seen, slo) {
        (Some(seen), Some(slo)) => Some(told::blame(&asked, seen, &slo).await),
        // Nobody is hurt: what was lost last is told all the same.
        _ => asked.lately().await.map(Ok),
    };
    let page = move |scene: &Scene<'_>, ask: &Ask| {
        let blamed = match &answer {
            None => Blamed::NotAsked,
            Some(Ok(why)) => Blamed::Answer(why),
            Some(Err(problem)) => Blamed::Unanswered(problem),
        };
        pages::cascade(scene, ask, blamed)
    };
    asked.show(Vec::new(), server, page).await
}

pub(super) async fn catalogue(asked: Asked) -> Response {
    let mut server = asked.server();
    let text = &asked.published.catalogue.text;
    server.catalogue.findings = asked.published.findings(server.now);
    server.catalogue.sources = text.sources.clone();
    asked.show(Vec::new(), server, pages::catalogue).await
}

pub(super) async fn reports(asked: Asked) -> Response {
    let server = asked.server();
    asked
        .show(Vec::new(), server, |scene, ask| {
            pages::reports(scene, ask, None)
        })
        .await
}

/// `/reports/product`, and the same with `.html`, `.md` and `.json` to pass on.
pub(super) async fn pack(Path(name): Path<String>, mut asked: Asked) -> Result<Response, Response> {
    let (word, form) = name.split_once('.').unwrap_or((&name, ""));
    let known = Pack::ALL.into_iter().find(|pack| pack.word() == word);
    let Some(pack) = known.filter(|_| ["", "html", "md", "json"].contains(&form)) else {
        let what = format!("There is no report {name}.");
        let next = "There are `product` and `engineering`.";
        return Err(asked.refusal(StatusCode::NOT_FOUND, &what, next, None));
    };
    let server = asked.server();
    if form.is_empty() {
        let names = asked.with(&[], &server, |scene, _| pages::wanted(scene, pack));
        let details = asked.details(&names).await?;
        asked.told = told::told(&asked, Subject::default()).await;
        let page = move |scene: &Scene<'_>, ask: &Ask| pages::reports(scene, ask, Some(pack));
        return Ok(asked.show(details, server, page).await);
    }
    let about = asked.with(&[], &server, |scene, _| pages::about_pack(scene, pack));
    let Some(seen) = &asked.seen else {
        return Err(asked.problem(&Problem::not_judged()));
    };
    let mut names = seen.names(|slo| about.slos.is_empty() || about.slos.contains(slo));
    let slos = names.chunk_by(|a, b| a.slo == b.slo).count();
    if slos > SLOS_IN_FULL {
        names.clear();
    }
    let details = asked.details(&names).await?;
    let report = report(seen.promises(), &seen.evaluation, &details, &about);
    let (kind, text) = match form {
        "md" => ("text/markdown; charset=utf-8", report.markdown()),
        "json" => ("application/json", report.json()),
        _ => ("text/html; charset=utf-8", report.html()),
    };
    let mut response = answer(&asked.headers, StatusCode::OK, kind, text);
    // It brings a policy of its own, narrower than that of pages.
    let policy = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    );
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The script. Its address changes with the version, so it may be kept.
pub(super) async fn script(headers: HeaderMap) -> Response {
    answer(
        &headers,
        StatusCode::OK,
        "text/javascript; charset=utf-8",
        pages::SCRIPT.to_owned(),
    )
}

/// A mark for tabs and bookmarks.
pub(super) async fn icon(headers: HeaderMap) -> Response {
    const ICON: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='#1d6b4a'/>\
        <path d='M4.6 8.3l2.3 2.4 4.6-5' fill='none' stroke='#fff' stroke-width='1.7' stroke-linecap='round'/></svg>";
    answer(&headers, StatusCode::OK, "image/svg+xml", ICON.to_owned())
}
