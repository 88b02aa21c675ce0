//! Diagnostics as a JUnit report, for the test tabs of build servers: a file is a suite; one without errors passes.

use attain_model::{Diagnostic, Level, SourceMap};

use crate::diagnostics::Tally;

/// One suite per file that was read. Errors are failures; warnings and notes are told in `system-out`.
#[must_use]
pub fn junit(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let all = Tally::of(diagnostics);
    let tests = sources.files.len() as u64 + all.errors;
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!(
        "<testsuites name=\"attain check\" tests=\"{tests}\" failures=\"{}\">\n",
        all.errors
    ));
    for (index, file) in sources.files.iter().enumerate() {
        let here: Vec<&Diagnostic> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.span.file as usize == index)
            .collect();
        out.push_str(&suite(sources, &file.name, &here));
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(sources: &SourceMap, name: &str, here: &[&Diagnostic]) -> String {
    let (errors, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) = here
        .iter()
        .copied()
        .partition(|diagnostic| diagnostic.level == Level::Error);
    let name = escape(name);
    let mut out = format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\">\n",
        errors.len() + 1,
        errors.len()
    );
    // The file itself is one test, so that a clean file is seen to have been read.
    out.push_str(&format!(
        "    <testcase classname=\"{name}\" name=\"is read\"/>\n"
    ));
    for error in &errors {
        let place = escape(&sources.place(error.span));
        out.push_str(&format!(
            "    <testcase classname=\"{name}\" name=\"{} at {place}\">\n      <failure type=\"{}\" \
             message=\"{}\">{}</failure>\n    </testcase>\n",
            escape(error.code),
            escape(error.code),
            escape(&error.cause),
            escape(&text(sources, error)),
        ));
    }
    if !others.is_empty() {
        let texts: Vec<String> = others
            .iter()
            .map(|diagnostic| escape(&text(sources, diagnostic)))
            .collect();
        out.push_str(&format!(
            "    <system-out>{}</system-out>\n",
            texts.join("\n")
        ));
    }
    out.push_str("  </testsuite>\n");
    out
}

fn text(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let mut text = format!(
        "{}: {}[{}]: {}",
        sources.place(diagnostic.span),
        diagnostic.level.word(),
        diagnostic.code,
        diagnostic.cause
    );
    if let Some(help) = &diagnostic.help {
        text.push_str("; help: ");
        text.push_str(help);
    }
    text
}

/// For attributes and text. Characters that XML 1.0 does not allow become a replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
