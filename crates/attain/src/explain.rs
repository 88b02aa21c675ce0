//! `attain explain`: what a code means, why it matters, what to write instead. The words are attain-spec's and
//! attain-lint's.

use attain_spec::Code;

use crate::cli::ExplainArguments;
use crate::exit::{Exit, Failure};
use crate::markdown::readable;
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &ExplainArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some(code) = arguments.code.as_deref().filter(|_| !arguments.list) else {
        terminal.print(&list())?;
        return Ok(Exit::Fine);
    };
    // `error[unit-missing]` is what people copy.
    let code = code
        .rsplit('[')
        .next()
        .unwrap_or(code)
        .trim_end_matches([']', ':']);
    let text = attain_lint::explain(code)
        .map(str::to_owned)
        .or_else(|| attain_spec::code(code).map(page))
        .ok_or_else(|| unknown(code))?;
    terminal.print(&readable(&text, &terminal.look()))?;
    Ok(Exit::Fine)
}

/// A code of attain-spec in the form of the lints' documents.
fn page(code: &Code) -> String {
    format!(
        "# {}\n\n{} ({}).\n\n## Why\n\n{}\n\n## Example\n\n```yaml\n{}\n```\n\n## Instead\n\n```yaml\n{}\n```\n",
        code.code,
        code.title,
        code.level.word(),
        code.explanation,
        code.example,
        code.instead
    )
}

/// A line for each code: its name and its title.
fn list() -> String {
    let names = names();
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    names
        .iter()
        .map(|name| format!("{name:<width$}  {}\n", title(name)))
        .collect()
}

/// What a code is about, in a sentence: the first one of a lint's document.
fn title(name: &str) -> String {
    if let Some(code) = attain_spec::code(name) {
        return code.title.trim_end_matches('.').to_owned();
    }
    let document = attain_lint::explain(name).unwrap_or_default();
    let paragraph = document
        .split("\n\n")
        .find(|part| !part.starts_with('#') && !part.trim().is_empty())
        .unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = [". ", ": "].iter().filter_map(|end| line.find(end)).min();
    let sentence = end.map_or(line.as_str(), |end| &line[..end]);
    let unlinked = sentence.replace("[`", "`").replace("`]", "`");
    unlinked.trim_end_matches('.').to_owned()
}

/// All codes, in alphabetical order.
fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = attain_lint::names()
        .chain(attain_spec::CODES.iter().map(|code| code.code))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn unknown(code: &str) -> Failure {
    let failure = Failure::new(format!("there is no code `{code}`"));
    match nearest(code, &names()) {
        Some(name) => failure.help(format!(
            "did you mean `{name}`? `attain explain --list` has all"
        )),
        None => failure.help("`attain explain --list` has all of them"),
    }
}

/// The name that was mistyped, or the first of which a part was typed.
fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let part = || {
        names
            .iter()
            .find(|name| word.len() >= 4 && name.contains(word))
    };
    attain_spec::closest(word, names.iter().copied()).or_else(|| part().copied())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips() {
        let names = ["unit-missing", "unknown-slo", "internal-not-tighter"];
        assert_eq!(nearest("unit-mising", &names), Some("unit-missing"));
        assert_eq!(nearest("not-tighter", &names), Some("internal-not-tighter"));
        assert_eq!(nearest("xyz", &names), None);
    }
}
