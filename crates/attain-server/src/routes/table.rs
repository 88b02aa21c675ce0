//! Every path that is served: one row says how it is called, what it takes, who may, what it answers and who does it. The
//! router and the OpenAPI document are made of these rows, so that neither says what the other does not.
//!
//! To add one: a row here (or in a table of its own beside this, for pages), a handler, and for a JSON answer a schema in
//! `schemas.json`.

use std::sync::Arc;

use attain_view::resources::State;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};

use super::parameters::{Kind, Parameter};
use super::{api, cascade, events, openapi, otlp, pages, plain, write};
use crate::app::App;
use crate::asked::burning::HOURS;
use crate::tokens::Scope;

/// One path and method.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    /// What it is for, in one line.
    pub(crate) about: &'static str,
    pub(crate) who: Who,
    pub(crate) sort: Sort,
    pub(crate) parameters: &'static [Parameter],
    /// Media types of what is answered, the first unless asked for another, each with its schema if it has one.
    pub(crate) answers: &'static [(&'static str, Option<&'static str>)],
    pub(crate) handler: fn() -> MethodRouter<Arc<App>>,
}

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Anybody: it tells nothing of promises.
    Anybody,
    /// Whoever has a token with this scope.
    Bearer(Scope),
    /// A source of telemetry, with its own token.
    Source,
}

/// How requests are looked at before they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// For programs: in the OpenAPI document; every parameter is known. The answer is of the tick, the catalogue and the
    /// path alone, so that who has it already is told so.
    OfTick,
    /// The same, of this moment.
    Now,
    /// For browsers: the page looks at its own parameters, and a browser may ask for a token.
    Page,
    /// A protocol of somebody else's.
    Foreign,
}

impl Sort {
    pub(crate) fn is_api(self) -> bool {
        matches!(self, Sort::OfTick | Sort::Now)
    }
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";

const READ: Who = Who::Bearer(Scope::Read);

const AT: Parameter = Parameter {
    name: "at",
    kind: Kind::Instant,
    about: "Judge this instant with all that is known today; without it, the last closed slice",
};
const SLOS: Parameter = Parameter {
    name: "slo",
    kind: Kind::Texts(40),
    about: "Only this SLO; may be given several times",
};

const OBJECTIVE: Parameter = Parameter {
    name: "objective",
    kind: Kind::Text,
    about: "Only this objective of the SLO",
};
const SEGMENT: Parameter = Parameter {
    name: "segment",
    kind: Kind::Text,
    about: "Only of this segment, or of `all`",
};

/// Everything that is served.
pub(crate) static TABLE: [Route; 31] = [
    Route {
        method: Method::GET,
        path: "/api/v1/status",
        name: "status",
        about: "What every promise comes to; as `attain status --format json` prints it, or for people. The header \
                `attain-exit` has the exit code",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[
            AT,
            SLOS,
            Parameter {
                name: "format",
                kind: Kind::Choice(&["json", "human"]),
                about: "JSON unless `human`",
            },
            Parameter {
                name: "width",
                kind: Kind::Number(20, 1000),
                about: "Columns of the terminal it is for",
            },
            Parameter {
                name: "color",
                kind: Kind::Flag,
                about: "Whether that terminal shows colours",
            },
        ],
        answers: &[(JSON, Some("Status")), (TEXT, None)],
        handler: || get(api::status::status),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/slos",
        name: "slos",
        about: "The SLOs and how each of their series stands, by id, page by page. Team, layer, audience and q choose \
                SLOs, segment and state choose among their series",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[
            AT,
            Parameter {
                name: "team",
                kind: Kind::Text,
                about: "Only what this team owns",
            },
            Parameter {
                name: "layer",
                kind: Kind::Choice(&["product", "service", "infrastructure"]),
                about: "Only of this layer",
            },
            Parameter {
                name: "audience",
                kind: Kind::Choice(&["customer", "internal"]),
                about: "Only what is promised to customers, or inside",
            },
            Parameter {
                name: "segment",
                kind: Kind::Text,
                about: "Only series of this segment, or of `all`",
            },
            Parameter {
                name: "state",
                kind: Kind::Choice(&State::WORDS),
                about: "Only series that are so",
            },
            Parameter {
                name: "q",
                kind: Kind::Text,
                about: "Words that all stand in the id, outcome, service or owners",
            },
            Parameter {
                name: "limit",
                kind: Kind::Number(1, 500),
                about: "SLOs of one page; 100 unless said",
            },
            Parameter {
                name: "cursor",
                kind: Kind::Text,
                about: "`next` of the page before",
            },
        ],
        answers: &[(JSON, Some("Slos"))],
        handler: || get(api::slos),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/slos/{slo}",
        name: "slo",
        about: "One SLO: verdicts, burn-down, days, silence, worst hours and causes of each series; as `attain report \
                --slo ID --format json` prints it",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[
            Parameter {
                name: "slo",
                kind: Kind::Path,
                about: "Its id",
            },
            AT,
        ],
        answers: &[(JSON, Some("Report"))],
        handler: || get(api::slo),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/slos/{slo}/burndown",
        name: "burndown",
        about: "The burn-down of one SLO alone: each series' window as it stood at whole hours and stands now, in columns",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[
            Parameter {
                name: "slo",
                kind: Kind::Path,
                about: "Its id",
            },
            AT,
            Parameter {
                name: "points",
                kind: Kind::Number(1, HOURS + 1),
                about: "Places at most, the newest; 720 unless said",
            },
        ],
        answers: &[(JSON, Some("BurnDown"))],
        handler: || get(api::burn_down),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/segments",
        name: "segments",
        about: "The customer segments by rank: what they were sold, and how many of their promises stand how",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[AT],
        answers: &[(JSON, Some("Segments"))],
        handler: || get(api::segments),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/catalogue",
        name: "catalogue",
        about: "The catalogue in force: hash, files, findings, and why newer files are not in force",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[],
        answers: &[(JSON, Some("Catalogue"))],
        handler: || get(api::catalogue),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/report",
        name: "report",
        about: "The report of some SLOs, or of all if there are at most 100; as `attain report` prints it",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[
            AT,
            SLOS,
            Parameter {
                name: "format",
                kind: Kind::Choice(&["json", "html", "markdown"]),
                about: "JSON unless said",
            },
        ],
        answers: &[(JSON, Some("Report")), (HTML, None), (MARKDOWN, None)],
        handler: || get(api::reports::report_of),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/statement",
        name: "statement",
        about: "What was promised and kept in a past period, with a hash; as `attain statement` prints it. Of the SLOs \
                promised to customers unless some are named",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[
            Parameter {
                name: "period",
                kind: Kind::Period,
                about: "A month `2026-10`, a quarter `2026-Q3`, a year, a day, or days `2026-10-01..2026-10-15`; the last \
                        month that is over unless said",
            },
            SLOS,
            Parameter {
                name: "format",
                kind: Kind::Choice(&["json", "markdown", "text"]),
                about: "JSON unless said",
            },
        ],
        answers: &[(JSON, Some("Statement")), (MARKDOWN, None), (TEXT, None)],
        handler: || get(api::reports::statement_of),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/cascade",
        name: "cascade",
        about: "What promises rest on and what each part costs, of one SLO or of all that customers were promised; as \
                `attain cascade --format json` prints it",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[
            AT,
            Parameter {
                name: "slo",
                kind: Kind::Text,
                about: "Only what this SLO rests on",
            },
            OBJECTIVE,
            SEGMENT,
        ],
        answers: &[(JSON, Some("Cascade"))],
        handler: || get(cascade::cascade),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/why",
        name: "why",
        about: "Who spent the budget of an SLO in its last loss before the instant, or since another; as `attain why \
                --format json` prints it",
        who: READ,
        sort: Sort::OfTick,
        parameters: &[
            Parameter {
                name: "slo",
                kind: Kind::Needed,
                about: "Whose budget",
            },
            OBJECTIVE,
            SEGMENT,
            Parameter {
                name: "since",
                kind: Kind::Instant,
                about: "Since when, instead of the last loss",
            },
            AT,
        ],
        answers: &[(JSON, Some("Why"))],
        handler: || get(cascade::why),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/server",
        name: "server",
        about: "Which catalogue is in force, and how judging, disk, clock and sources are doing",
        who: READ,
        sort: Sort::Now,
        parameters: &[],
        answers: &[(JSON, Some("Server"))],
        handler: || get(api::status::server),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/heard",
        name: "heard",
        about: "A bounded sample of what was sent or scraped since the start, or since the catalogue changed: series of \
                wanted metrics, and names of metrics that nobody wants",
        who: READ,
        sort: Sort::Now,
        parameters: &[],
        answers: &[(JSON, Some("Heard"))],
        handler: || get(api::status::heard),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/events",
        name: "events",
        about: "What happens, as server-sent events: `tick` for every judged slice with the series whose verdict \
                changed, `catalogue` when another is in force or was refused. Has no end of its own",
        who: READ,
        sort: Sort::Now,
        parameters: &[],
        answers: &[("text/event-stream", None)],
        handler: || get(events::events),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/openapi.json",
        name: "openapi",
        about: "This document",
        who: Who::Anybody,
        sort: Sort::Now,
        parameters: &[],
        answers: &[(JSON, None)],
        handler: || get(openapi::page),
    },
    Route {
        method: Method::GET,
        path: "/livez",
        name: "livez",
        about: "200 while the process answers",
        who: Who::Anybody,
        sort: Sort::Now,
        parameters: &[],
        answers: &[(TEXT, None)],
        handler: || get(plain::alive),
    },
    Route {
        method: Method::GET,
        path: "/readyz",
        name: "readyz",
        about: "200 while what arrives is taken; 503 when it starts, stops, or nothing can be kept",
        who: Who::Anybody,
        sort: Sort::Now,
        parameters: &[],
        answers: &[(TEXT, None)],
        handler: || get(plain::ready),
    },
    Route {
        method: Method::GET,
        path: "/metrics",
        name: "metrics",
        about: "How the server is doing and what every promise comes to, for Prometheus",
        who: READ,
        sort: Sort::Page,
        parameters: &[],
        answers: &[(TEXT, None)],
        handler: || get(plain::metrics),
    },
    page("/", || get(pages::overview)),
    page("/segments/{segment}", || get(pages::segment)),
    page("/slos/{slo}", || get(pages::slo)),
    page("/catalogue", || get(pages::catalogue)),
    page("/cascade", || get(pages::cascade)),
    page("/reports", || get(pages::reports)),
    page("/reports/{pack}", || get(pages::pack)),
    asset("/assets/live.js", || get(pages::script)),
    asset("/favicon.ico", || get(pages::icon)),
    foreign("/api/v1/write", || post(write::write)),
    foreign("/api/v1/write/{source}", || post(write::write_to)),
    foreign("/v1/metrics", || post(otlp::metrics)),
    foreign("/v1/metrics/{source}", || post(otlp::metrics_of)),
    foreign(
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        || post(otlp::export),
    ),
];

/// What a browser shows.
const fn page(path: &'static str, handler: fn() -> MethodRouter<Arc<App>>) -> Route {
    unsaid(Method::GET, path, READ, Sort::Page, handler)
}

/// What pages are made of, the same for everybody.
const fn asset(path: &'static str, handler: fn() -> MethodRouter<Arc<App>>) -> Route {
    unsaid(Method::GET, path, Who::Anybody, Sort::Page, handler)
}

/// Where telemetry enters: what it looks like is said by those who send it.
const fn foreign(path: &'static str, handler: fn() -> MethodRouter<Arc<App>>) -> Route {
    unsaid(Method::POST, path, Who::Source, Sort::Foreign, handler)
}

/// A row that no program reads.
const fn unsaid(
    method: Method,
    path: &'static str,
    who: Who,
    sort: Sort,
    handler: fn() -> MethodRouter<Arc<App>>,
) -> Route {
    Route {
        method,
        path,
        name: path,
        about: "",
        who,
        sort,
        parameters: &[],
        answers: &[],
        handler,
    }
}
