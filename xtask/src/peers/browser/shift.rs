//! How soon a page shows something, and how far what it shows moves while it loads, as the browser measures both.

use super::driver::Browser;

/// The share of the window that moved times how far, added up since the page was opened. A tenth is what is commonly
/// called good.
pub fn at_load(browser: &Browser) -> Result<f64, String> {
    number(
        "the layout shift",
        browser.wait(
            "let sum=0;const seen=new PerformanceObserver(l=>{for(const e of l.getEntries())sum+=e.value});\
             seen.observe({type:'layout-shift',buffered:true});\
             await new Promise(r=>requestAnimationFrame(()=>requestAnimationFrame(()=>setTimeout(r,50))));\
             for(const e of seen.takeRecords())sum+=e.value;return sum",
        )?,
    )
}

/// Milliseconds from the click to the first text.
pub fn first_paint(browser: &Browser) -> Result<f64, String> {
    number(
        "the first paint",
        browser.wait(
            "const paint=()=>performance.getEntriesByName('first-contentful-paint')[0];\
             for(let i=0;i<100&&!paint();i++)await new Promise(r=>setTimeout(r,20));\
             return paint()?.startTime??'none within two seconds'",
        )?,
    )
}

fn number(what: &str, said: String) -> Result<f64, String> {
    said.parse().map_err(|_| format!("{what}: {said}"))
}
