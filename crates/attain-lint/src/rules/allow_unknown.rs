//! `allow-unknown`: an exception from a rule that does not exist.

use attain_model::{Diagnostic, Span};
use attain_spec::closest;

use crate::allow;
use crate::found::Found;
use crate::look::Look;
use crate::rules::{RULES, Rule};

pub(crate) const RULE: This = This;

pub(crate) struct This;

impl Rule for This {
    fn name(&self) -> &'static str {
        NAME
    }

    fn document(&self) -> &'static str {
        include_str!("allow-unknown.md")
    }

    fn check(&self, look: &Look<'_>, found: &mut Found<'_>) {
        for (path, meta) in allow::objects(look.catalogue) {
            for rule in meta.allow.keys() {
                report(found, rule, look.key(&format!("{path}.allow.{rule}")));
            }
        }
        for file in look.files() {
            for (rule, _, place) in look.spans.file_allows(file) {
                report(found, rule, place);
            }
        }
    }
}

const NAME: &str = "allow-unknown";

fn report(found: &mut Found<'_>, rule: &str, place: Span) {
    let names = || RULES.iter().map(|rule| rule.name());
    if names().any(|name| name == rule) || attain_spec::code(rule).is_some() {
        return;
    }
    let cause = format!("there is no rule `{rule}`, so this excepts nothing");
    let help = match closest(rule, names()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "remove it; the message of a finding begins with the name of its rule".to_owned(),
    };
    found.about_all(Diagnostic::warning(NAME, place, cause).help(help));
}
