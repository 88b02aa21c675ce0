//! `attain explain`: what a code means, why it matters, what to write instead. The words are attain-spec's and
//! attain-lint's.

use attain_spec::Code;
use attain_view::{Look, Tone, wrap};

use crate::cli::ExplainArguments;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Runs the command.
pub fn run(arguments: &ExplainArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some(code) = arguments.code.as_deref().filter(|_| !arguments.list) else {
        terminal.print(&(names().join("\n") + "\n"))?;
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

/// Markdown as text for a terminal: headings without `#`, code indented without fences, paragraphs wrapped anew.
fn readable(markdown: &str, look: &Look) -> String {
    let (mut out, mut paragraph, mut code) = (String::new(), String::new(), false);
    for line in markdown.trim().lines().chain([""]) {
        let is_fence = line.starts_with("```");
        let is_words = !code && !is_fence && !line.is_empty() && !line.starts_with('#');
        if !is_words || line.starts_with("- ") {
            flush(&mut paragraph, &mut out, look);
        }
        if is_fence {
            code = !code;
        } else if is_words {
            paragraph.push_str(line);
            paragraph.push(' ');
        } else if code {
            out.push_str(format!("    {line}").trim_end());
            out.push('\n');
        } else {
            out.push_str(&look.paint(Tone::Strong, line.trim_start_matches('#').trim()));
            out.push('\n');
        }
    }
    out.trim_end().to_owned() + "\n"
}

fn flush(paragraph: &mut String, out: &mut String, look: &Look) {
    if !paragraph.is_empty() {
        let indent = if paragraph.starts_with("- ") { 2 } else { 0 };
        out.push_str(&wrap(paragraph, look.columns(), indent));
        out.push('\n');
        paragraph.clear();
    }
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

/// The closest name, if it is close enough to be a slip.
fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let (distance, name) = names
        .iter()
        .map(|name| (distance(word, name), *name))
        .min()?;
    let contains = names
        .iter()
        .find(|name| word.len() >= 4 && name.contains(word));
    if distance <= 2.max(word.len() / 3) {
        Some(name)
    } else {
        contains.copied()
    }
}

/// Edits between two words: one character added, dropped or changed each.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
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
