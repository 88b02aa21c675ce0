//! What somebody who is woken asks of the pages, and how a page changes under their eyes.

use std::net::SocketAddr;

use super::driver::Browser;

/// Clicks that an answer may cost.
const CLICKS: usize = 3;

/// A question: what is clicked on the way from the first page, and what must be read there.
struct Question {
    asked: &'static str,
    clicks: &'static [&'static str],
    answer: &'static [&'static str],
}

const QUESTIONS: [Question; 5] = [
    Question {
        asked: "who is hurt",
        clicks: &[],
        answer: &["checkout-completes", "premium"],
    },
    Question {
        asked: "since when",
        clicks: &[],
        answer: &["used up at"],
    },
    Question {
        asked: "how much is left",
        clicks: &["td[data-of] a[href*='/slos/checkout-completes']"],
        answer: &["budget left", "premium"],
    },
    Question {
        asked: "who owns it",
        clicks: &[],
        answer: &["payments (engineering)", "growth (product)"],
    },
    Question {
        asked: "what carries it",
        clicks: &["header a[href^='/cascade']"],
        answer: &["checkout-completes", "payments-db"],
    },
];

/// Asks each question; those that were not answered.
pub fn questions(browser: &Browser, server: SocketAddr) -> Result<Vec<String>, String> {
    let mut unanswered = Vec::new();
    for Question {
        asked,
        clicks,
        answer,
    } in QUESTIONS
    {
        assert!(clicks.len() <= CLICKS);
        browser.open(&format!("http://{server}/"))?;
        for click in clicks {
            let link = format!(
                "return document.querySelector({})?.href??''",
                super::driver::quoted(click)
            );
            let to = browser.run(&link)?;
            if to.is_empty() {
                unanswered.push(format!("{asked}: nothing to click at {click}"));
                break;
            }
            browser.open(&to)?;
        }
        let said = browser.run("return document.querySelector('main').innerText")?;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let missing = answer.iter().filter(|word| !said.contains(*word));
        unanswered.extend(missing.map(|word| format!("{asked}: `{word}` is not said")));
    }
    Ok(unanswered)
}

/// How far a page may move under the eyes of whoever reads it: the share of the window that moved times how far, as browsers
/// measure it. A tenth is what is commonly called good; a line that wraps otherwise is far below it.
const MOVED_MOST: f64 = 0.1;

/// Waits until a page has changed by itself; what moved too far meanwhile.
pub fn live(browser: &Browser, server: SocketAddr) -> Result<Vec<String>, String> {
    browser.open(&format!("http://{server}/"))?;
    let moved = browser.wait(
        "const moved=[];new PerformanceObserver(l=>{for(const e of l.getEntries())if(!e.hadRecentInput)moved.push(e.value)}).observe({type:'layout-shift'});\
         const of=()=>document.querySelector('main').dataset.asOf;const begun=of();\
         for(let i=0;i<600&&of()===begun;i++)await new Promise(r=>setTimeout(r,100));\
         if(of()===begun)return 'it did not change within a minute';\
         await new Promise(r=>requestAnimationFrame(()=>requestAnimationFrame(r)));\
         return moved.reduce((sum,value)=>sum+value,0)",
    )?;
    Ok(match moved.parse::<f64>() {
        Ok(moved) if moved <= MOVED_MOST => Vec::new(),
        Ok(moved) => vec![format!("it moved by {moved}")],
        Err(_) => vec![moved],
    })
}
