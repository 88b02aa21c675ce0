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
    /// What the API says of it, line by line: `status`, `of` (the series) and `get` are there.
    api: &'static str,
}

/// Asks the API for what a page says, of the same instant.
const API: &str = "const get=async path=>{const to=new URL('/api/v1/'+path,location.href);\
    to.searchParams.set('at',document.querySelector('main').dataset.asOf);\
    const answer=await fetch(to);if(!answer.ok)throw new Error(to+': '+answer.status);return answer.json()};\
    const status=await get('status');\
    const of=status.verdicts.find(v=>v.slo==='checkout-completes'&&v.objective==='availability'&&v.segment==='premium');";

const QUESTIONS: [Question; 5] = [
    Question {
        asked: "who is hurt",
        clicks: &[],
        answer: &["checkout-completes", "premium"],
        api: "return status.verdicts.filter(v=>v.verdict==='breached'&&v.segment!=='all').map(v=>v.slo+'\\n'+v.segment).join('\\n')",
    },
    Question {
        asked: "since when",
        clicks: &[],
        answer: &["used up since"],
        api: "return of.overspent_since.slice(11,19)",
    },
    Question {
        asked: "how much is left",
        clicks: &["td[data-of] a[href*='/slos/checkout-completes']"],
        answer: &["budget left", "premium"],
        api: "const spent=of.budget.spent*1e11/of.budget.allowed_billionths;\
              return (spent>100?Math.ceil(spent-100)+'% over':Math.floor(100-spent)+'% budget left')+'\\n'+of.bad",
    },
    Question {
        asked: "who owns it",
        clicks: &[],
        answer: &["payments (engineering)", "growth (product)"],
        api: "return of.owners.join('\\n')",
    },
    Question {
        asked: "what carries it",
        clicks: &["header a[href^='/cascade']"],
        answer: &["checkout-completes", "payments-db"],
        api: "const cascade=await get('cascade?slo=checkout-completes');const names=[];\
              const down=parts=>parts.forEach(p=>{names.push(...p.parts);down(p.rests_on)});\
              cascade.promises.forEach(p=>down(p.parts));return names.length?names.join('\\n'):'nothing'",
    },
];

/// Asks each question; those that were not answered.
pub fn questions(browser: &Browser, server: SocketAddr) -> Result<Vec<String>, String> {
    let mut unanswered = Vec::new();
    for Question {
        asked,
        clicks,
        answer,
        api,
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
        let known = browser.wait(&format!("{API}{api}"))?;
        let words = answer.iter().copied().chain(known.lines());
        let missing = words.filter(|word| !said.contains(*word));
        unanswered.extend(missing.map(|word| format!("{asked}: `{word}` is not said")));
    }
    Ok(unanswered)
}

/// How far a page may move under the eyes of whoever reads it: the share of the window that moved times how far, as browsers
/// measure it. A tenth is what is commonly called good; a line that wraps otherwise is far below it.
const MOVED_MOST: f64 = 0.1;

/// Waits until a page has changed by itself; what moved too far meanwhile.
pub fn live(browser: &Browser, server: SocketAddr) -> Result<Vec<String>, String> {
    let moved = moved(browser, server)?;
    Ok(match moved.parse::<f64>() {
        Ok(moved) if moved <= MOVED_MOST => Vec::new(),
        Ok(moved) => vec![format!("it moved by {moved}")],
        Err(_) => vec![moved],
    })
}

/// How far the first page moved when it changed by itself; words if it did not.
pub fn moved(browser: &Browser, server: SocketAddr) -> Result<String, String> {
    browser.open(&format!("http://{server}/"))?;
    browser.wait(
        "const moved=[];new PerformanceObserver(l=>{for(const e of l.getEntries())if(!e.hadRecentInput)moved.push(e.value)}).observe({type:'layout-shift'});\
         const of=()=>document.querySelector('main').dataset.asOf;const begun=of();\
         for(let i=0;i<600&&of()===begun;i++)await new Promise(r=>setTimeout(r,100));\
         if(of()===begun)return 'it did not change within a minute';\
         await new Promise(r=>requestAnimationFrame(()=>requestAnimationFrame(r)));\
         return moved.reduce((sum,value)=>sum+value,0)",
    )
}
