//! Markdown for a terminal. Knows headings, paragraphs, lists and fenced code, which is what the documents of rules are
//! made of; knows no rule, and leaves everything else as it is written.

use attain_view::{Look, Tone, wrap};

/// Markdown as text for a terminal: headings without `#`, code indented without fences, paragraphs wrapped anew.
pub fn readable(markdown: &str, look: &Look) -> String {
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

#[cfg(test)]
mod tests {
    use super::readable;
    use attain_view::Look;

    #[test]
    fn words_are_wrapped_and_code_is_not() {
        let long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";
        let markdown =
            format!("# rule\n\n{long}\n\n- first\n- second\n\n```yaml\nslos:\n  a: {long}\n```\n");
        assert_eq!(
            readable(&markdown, &Look::plain()),
            format!(
                "rule\n\n\
             one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n\
             fifteen sixteen\n\n\
             - first\n- second\n\n    \
             slos:\n      a: {long}\n"
            )
        );
    }
}
