// What a page can do beyond being read: it follows the server, answers keys, and says values of charts.
// Everything here is a convenience: without it every page and every link works. It asks its own server only.
"use strict";
(() => {
  const root = document.documentElement;
  const stored = (key, value) => {
    try {
      if (value === undefined) return localStorage.getItem(key) || "";
      localStorage.setItem(key, value);
    } catch { /* storage may be forbidden */ }
    return value || "";
  };
  // Before anything is painted.
  const themes = ["", "light", "dark"];
  const theme = stored("theme");
  if (theme && themes.includes(theme)) root.dataset.theme = theme;

  const find = (query, from = document) => from.querySelector(query);
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const make = (tag, attributes = {}, ...inside) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...inside);
    return node;
  };
  const say = (text) => { const said = find("#said"); if (said) said.textContent = text; };

  // Adds to a page, shown or fetched, what only the script can do.
  const decorate = (page) => {
    for (const chart of all("svg[role=img]", page)) {
      for (const title of all("rect>title", chart)) {
        title.parentNode.setAttribute("data-tip", title.textContent);
        title.remove();
      }
      if (find("[data-tip]", chart)) chart.setAttribute("tabindex", "0");
    }
    for (const box of all(".copied", page)) {
      const name = find("h3", box);
      const button = make("button", { type: "button", class: "tool copy" }, "Copy");
      if (name) button.setAttribute("aria-label", "Copy " + name.textContent);
      box.append(button);
    }
    const local = find("#local", page);
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (local && own && !all("#zones a", page).some((a) => a.textContent === own)) {
      const to = new URL(location.href);
      to.searchParams.set("zone", own);
      local.href = to.pathname + to.search;
      local.title = own;
      local.removeAttribute("hidden");
    }
    for (const id of ["theme", "help", "hint", "pause"]) {
      const node = find("#" + id, page);
      if (node && !(id === "pause" && find(".past", page))) node.removeAttribute("hidden");
    }
    nameTheme(find("#theme", page));
  };
  const nameTheme = (button) => {
    if (!button) return;
    const now = root.dataset.theme || "";
    button.textContent = { "": "Theme: auto", light: "Theme: light", dark: "Theme: dark" }[now];
  };

  // --- Live: what changed is changed where it stands, so that focus, scroll and what is open stay.
  const key = (node) => node.nodeType === 1 && (node.id || node.getAttribute("data-key"));
  const morph = (old, now) => {
    if (old.isEqualNode(now)) return;
    if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName) return old.replaceWith(now);
    if (old.nodeType !== 1) {
      old.data = now.data;
      const cell = old.parentElement && old.parentElement.closest("td,.badge,.figure,.lead");
      if (cell) cell.classList.add("changed");
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!now.hasAttribute(name) && name !== "open" && name !== "style") old.removeAttribute(name);
    }
    for (const { name, value } of [...now.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const keyed = new Map();
    for (const child of old.childNodes) if (key(child)) keyed.set(key(child), child);
    const coming = new Set([...now.childNodes].map(key).filter(Boolean));
    let at = old.firstChild;
    for (const child of [...now.childNodes]) {
      const same = key(child) && keyed.get(key(child));
      if (same) {
        // What is gone is taken out first: a node that is moved would lose its focus.
        while (at && at !== same && !(key(at) && coming.has(key(at)))) {
          const gone = at;
          at = at.nextSibling;
          gone.remove();
        }
        if (same === at) at = at.nextSibling;
        else old.insertBefore(same, at);
        morph(same, child);
      } else if (at && !key(at) && !key(child) && at.nodeName === child.nodeName) {
        const here = at;
        at = at.nextSibling;
        morph(here, child);
      } else {
        old.insertBefore(child, at);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  };

  let shown = "";
  let isAsking = false;
  let isPaused = false;
  let isMissed = false;
  let heard = Date.now();
  const refresh = async () => {
    if (isAsking || isPaused || document.hidden) { isMissed = true; return; }
    isAsking = true;
    isMissed = false;
    try {
      const answer = await fetch(location.href, { cache: "no-cache", headers: { accept: "text/html" } });
      if (answer.status >= 500) throw new Error(answer.status);
      const text = await answer.text();
      heard = Date.now();
      if (text !== shown) take(text);
      shown = text;
    } catch {
      lost();
    }
    isAsking = false;
  };
  const take = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    if (!find("main", page)) throw new Error("no page");
    decorate(page);
    for (const node of all(".now")) node.style.minHeight = node.offsetHeight + "px";
    const before = find("#summary h1,#summary h2");
    const first = before && before.textContent;
    for (const query of ["main", "#state"]) {
      const [old, now] = [find(query), find(query, page)];
      if (old && now) morph(old, now);
    }
    document.title = page.title;
    hurry();
    const after = find("#summary h1,#summary h2");
    if (after && after.textContent !== first) say(after.textContent);
  };
  // What the server was still working out is asked for once more, once for each instant.
  let hurried = "";
  const hurry = () => {
    const as = (find("main") || root).dataset.asOf || "";
    if (!find("[data-soon]") || as === hurried || find("#state.past")) return;
    hurried = as;
    setTimeout(refresh, 1500);
  };
  const lost = () => {
    const state = find("#state");
    if (!state || state.classList.contains("lost")) return;
    state.className = "lost";
    find("b", state).textContent = "Not live, as of";
    say("The server does not answer; the page shows how it was.");
  };
  const follow = () => {
    const state = find("#state");
    if (!state || state.classList.contains("past") || !window.EventSource || location.protocol === "file:") return;
    let wait = 0;
    const soon = () => { clearTimeout(wait); wait = setTimeout(refresh, 300); };
    let events = null;
    let isFirst = true;
    const listen = () => {
      if (events || document.hidden) return;
      events = new EventSource("/api/v1/events");
      events.addEventListener("tick", () => {
        heard = Date.now();
        // The first says how things stand, as the page does.
        if (isFirst && !state.classList.contains("lost")) { isFirst = false; return; }
        isFirst = false;
        soon();
      });
      events.addEventListener("catalogue", soon);
      events.onopen = () => { if (find("#state.lost")) soon(); };
      events.onerror = () => setTimeout(() => { if (events && events.readyState !== 1) lost(); }, 3000);
    };
    // A browser keeps six connections to a server: whoever is not looked at, or was left, must not hold one.
    const leave = () => { if (events) events.close(); events = null; };
    listen();
    hurry();
    addEventListener("pagehide", leave);
    addEventListener("pageshow", listen);
    // A page that hears nothing says so itself, and tries.
    setInterval(() => { if (events && Date.now() - heard > 45000) refresh(); }, 15000);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { leave(); return; }
      listen();
      if (isMissed) refresh();
    });
  };
  const pause = () => {
    isPaused = !isPaused;
    const button = find("#pause");
    button.setAttribute("aria-pressed", String(isPaused));
    button.textContent = isPaused ? "Paused" : "Pause";
    say(isPaused ? "The page stands still." : "The page follows the server.");
    if (!isPaused) refresh();
  };

  // --- Values of charts, under a pointer and by keyboard.
  let tip = null;
  const show = (cell, focus) => {
    all(".on").forEach((other) => other.classList.remove("on"));
    if (!cell) { if (tip) tip.hidden = true; return; }
    if (!tip) document.body.append(tip = make("div", { id: "tip", "aria-hidden": "true" }));
    cell.classList.add("on");
    tip.textContent = cell.getAttribute("data-tip");
    tip.hidden = false;
    const box = cell.getBoundingClientRect();
    const left = Math.min(Math.max(4, box.left + box.width / 2 - tip.offsetWidth / 2), innerWidth - tip.offsetWidth - 4);
    const above = box.top - tip.offsetHeight - 6;
    tip.style.left = left + "px";
    tip.style.top = (above > 4 ? above : box.bottom + 6) + "px";
    if (focus) say(tip.textContent);
  };
  const step = (chart, by) => {
    const cells = all("[data-tip]", chart);
    let at = cells.findIndex((cell) => cell.classList.contains("on"));
    if (at < 0) at = by > 0 ? -1 : cells.length;
    at = by === -Infinity ? 0 : by === Infinity ? cells.length - 1 : Math.min(Math.max(at + by, 0), cells.length - 1);
    show(cells[at], true);
  };

  // --- Palette and help.
  const dialog = (title) => {
    const box = make("dialog", { "aria-label": title }, make("h2", {}, title));
    box.addEventListener("close", () => box.remove());
    box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
    document.body.append(box);
    return box;
  };
  const keys = [
    ["/", "find an SLO"], ["Ctrl K", "palette: go to any SLO or page"],
    ["g o", "overview"], ["g c", "cascade"], ["g f", "files of the catalogue"], ["g r", "reports"],
    ["j, k", "next and previous SLO"], ["\u2190 \u2192", "values of a chart that has the focus"],
    ["p", "pause and go on"], ["t", "theme"], ["Esc", "close"], ["?", "these keys"],
  ];
  const help = () => {
    if (find("dialog[open]")) return;
    const list = make("dl");
    for (const [name, text] of keys) {
      list.append(make("div", {}, make("dt", {}, make("kbd", {}, name)), make("dd", {}, text)));
    }
    const close = make("button", { type: "button" }, "Close");
    const box = dialog("Keys");
    close.onclick = () => box.close();
    box.append(list, close);
    box.showModal();
  };
  const palette = () => {
    if (find("dialog[open]")) return;
    const seen = new Set();
    const links = [];
    for (const a of all("header a, main a[href^='/']")) {
      const text = a.textContent.trim().replace(/\s+/g, " ");
      if (!text || a.matches(".cell") || seen.has(a.href)) continue;
      seen.add(a.href);
      links.push([text, a.href]);
    }
    const field = make("input", {
      type: "search", "aria-label": "Go to", placeholder: "Go to \u2026", role: "combobox",
      "aria-expanded": "true", "aria-controls": "found", autocomplete: "off",
    });
    const list = make("ul", { id: "found", role: "listbox", "aria-label": "Found" });
    let chosen = 0;
    // SLOs that the page does not name, by what was typed.
    let others = [];
    const fill = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      const has = ([text]) => words.every((word) => text.toLowerCase().includes(word));
      const found = links.filter(has).slice(0, 10);
      found.push(...others.filter(([, href]) => !seen.has(href)).slice(0, 10 - found.length));
      if (field.value.trim()) {
        const to = new URL("/", location.href);
        to.searchParams.set("q", field.value.trim());
        found.push(["Find \u201c" + field.value.trim() + "\u201d in all SLOs", to.href]);
      }
      chosen = Math.min(chosen, Math.max(found.length - 1, 0));
      list.replaceChildren(...found.map(([text, href], i) => make("li", { role: "presentation" },
        make("a", { href, role: "option", id: "found-" + i, tabindex: "-1", "aria-selected": String(i === chosen) }, text))));
      field.setAttribute("aria-activedescendant", found.length ? "found-" + chosen : "");
    };
    let wait = 0;
    const ask = () => {
      const words = field.value.trim();
      others = [];
      clearTimeout(wait);
      if (words) wait = setTimeout(async () => {
        try {
          const answer = await fetch("/api/v1/slos?limit=10&q=" + encodeURIComponent(words.slice(0, 200)));
          if (!answer.ok || field.value.trim() !== words) return;
          const here = new URL(location.href).searchParams;
          others = (await answer.json()).slos.map(({ slo }) => {
            const to = new URL("/slos/" + encodeURIComponent(slo), location.href);
            for (const key of ["at", "zone"]) if (here.has(key)) to.searchParams.set(key, here.get(key));
            return [slo, to.href];
          });
          fill();
        } catch { /* what the page names is there */ }
      }, 150);
    };
    field.addEventListener("input", () => { chosen = 0; ask(); fill(); });
    field.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) { chosen = Math.max(0, chosen + by); fill(); event.preventDefault(); }
      if (event.key === "Enter") {
        const link = find("[aria-selected=true]", list);
        if (link) location.href = link.href;
        event.preventDefault();
      }
    });
    const box = dialog("Go to");
    box.append(field, list);
    fill();
    box.showModal();
    field.focus();
  };
  const turn = () => {
    const now = themes[(themes.indexOf(root.dataset.theme || "") + 1) % themes.length];
    if (now) root.dataset.theme = now; else delete root.dataset.theme;
    stored("theme", now);
    nameTheme(find("#theme"));
  };

  let last = "";
  const pressed = (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); return palette(); }
    const chart = event.target.closest && event.target.closest("svg[role=img]");
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (chart && by) { event.preventDefault(); return step(chart, by); }
    if (event.key === "Escape") {
      show(null);
      const box = find("dialog[open]");
      if (box) { event.preventDefault(); return box.close(); }
      const open = find("#when[open]");
      if (open) { open.removeAttribute("open"); find("summary", open).focus(); }
      if (event.target.id === "search") event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input,select,textarea") || find("dialog[open]")) return;
    const before = last;
    last = event.key;
    if (before === "g") {
      const jump = find("[data-jump='" + CSS.escape(event.key) + "']");
      if (jump) { last = ""; location.href = jump.href; }
      return;
    }
    const move = { j: 1, k: -1 }[event.key];
    if (move) {
      const rows = all("main .matrix tbody th a");
      const at = rows.indexOf(document.activeElement);
      const row = rows[at < 0 ? 0 : at + move];
      if (row) row.focus();
    } else if (event.key === "/") { event.preventDefault(); find("#search").focus(); }
    else if (event.key === "?") help();
    else if (event.key === "t") turn();
    else if (event.key === "p" && find("#pause:not([hidden])")) pause();
  };

  document.addEventListener("DOMContentLoaded", () => {
    decorate(document);
    document.addEventListener("keydown", pressed);
    // A value that was asked for by keyboard stays while the page moves under it.
    const leave = () => {
      const chart = document.activeElement && document.activeElement.closest("svg[role=img]");
      show(chart && find(".on", chart));
    };
    document.addEventListener("pointerover", (event) => {
      const cell = event.target.closest("[data-tip]");
      if (cell) show(cell); else if (tip && !tip.hidden) leave();
    });
    document.addEventListener("focusout", (event) => { if (event.target.matches("svg")) show(null); });
    document.addEventListener("scroll", () => { if (tip && !tip.hidden) leave(); }, { passive: true });
    document.addEventListener("click", async (event) => {
      const open = find("#when[open]");
      if (open && !open.contains(event.target)) open.removeAttribute("open");
      const button = event.target.closest("button");
      if (!button) return;
      if (button.id === "theme") turn();
      else if (button.id === "help") help();
      else if (button.id === "pause") pause();
      else if (button.matches(".copy")) {
        const text = find("pre", button.parentNode);
        try {
          await navigator.clipboard.writeText(text.textContent);
          button.textContent = "Copied";
          say("Copied");
        } catch {
          // Not allowed here: marked, so that one key copies it.
          getSelection().selectAllChildren(text);
          button.textContent = "Marked";
        }
      }
    });
    follow();
  });
})();
