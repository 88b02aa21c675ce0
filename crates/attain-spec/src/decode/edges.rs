//! Edges of the cascade: what an SLO rests on, how much of it, and what takes over. Knows no target of an SLO.

use attain_model::slo::{Dependency, Fallback, Provider, Retry};
use attain_model::{Multiple, Share, SloId};

use super::common::share;
use super::object::Obj;
use super::read::At;
use crate::scalar::{self, Bad};
use crate::schema::{EDGE_OF_CASCADE, FALLBACK, RETRY};
use crate::{length, target};

pub(crate) fn dependency(at: &At<'_, '_>) -> Option<Dependency> {
    if !at.is_map() {
        return at
            .refer("SLO")
            .map(|id| Dependency::on(Provider::Slo(SloId::from(id))));
    }
    let obj = at.object(&EDGE_OF_CASCADE)?;
    let optional = obj.parse("optional", scalar::truth).unwrap_or(false);
    let asynchronous = obj.parse("async", scalar::truth).unwrap_or(false);
    let impact = share(&obj, "impact");
    if (optional || asynchronous) && impact.is_some_and(|impact| impact != Share::NONE) {
        obj.exclusive(if optional { "optional" } else { "async" }, "impact");
    }
    let impact = if optional || asynchronous {
        Some(Share::NONE)
    } else {
        impact
    };
    let out = Dependency {
        share: share(&obj, "share").unwrap_or(Share::WHOLE),
        calls: obj
            .parse("calls", scalar::multiple)
            .unwrap_or(Multiple::ONE),
        impact: impact.unwrap_or(Share::WHOLE),
        optional: optional || asynchronous,
        asynchronous,
        fallback: obj.object("fallback", &FALLBACK).and_then(|obj| {
            let (slo, covers) = (obj.refer("slo", "SLO"), share(&obj, "covers"));
            Some(Fallback {
                slo: SloId::from(slo?),
                covers: covers?,
            })
        }),
        retry: obj.object("retry", &RETRY).and_then(|obj| {
            let (attempts, again) = (
                obj.parse("attempts", scalar::rank),
                share(&obj, "fails_again"),
            );
            Some(Retry {
                attempts: attempts?,
                fails_again: again?,
            })
        }),
        latency: obj.parse("latency", length::positive_duration),
        ..Dependency::on(Provider::Slo(SloId::from("")))
    };
    Some(Dependency {
        on: provider(&obj)?,
        ..out
    })
}

fn provider(obj: &Obj<'_, '_>) -> Option<Provider> {
    for (key, beside, meaning) in [
        ("promised", "external", "what the other side promised"),
        ("need", "any_of", "how many of them must work"),
    ] {
        match (obj.get(key), obj.has(beside)) {
            (Some(at), false) => at.error_at_key(
                "key-without-effect",
                format!("`{key}` means nothing without `{beside}`"),
                "remove it",
            ),
            (None, true) => obj.missing(key, meaning),
            _ => {}
        }
    }
    if obj.has("external") {
        let promised = obj.parse("promised", target::target);
        return Some(Provider::External {
            name: obj.text("external")?,
            promised: promised?,
        });
    }
    if let Some(at) = obj.get("any_of") {
        let written = at.list().len();
        let slos: Vec<_> = obj
            .refers("any_of", "SLO")
            .into_iter()
            .map(SloId::from)
            .collect();
        let need = obj.parse("need", |text| match scalar::rank(text)? {
            n if n as usize > written => Err(Bad::new(
                "number-range",
                format!("{n} of {written} cannot work"),
            )
            .help(format!("write at most `{written}`"))),
            n => Ok(n),
        })?;
        return (slos.len() == written).then_some(Provider::AnyOf { slos, need });
    }
    obj.refer("slo", "SLO")
        .map(|id| Provider::Slo(SloId::from(id)))
}
