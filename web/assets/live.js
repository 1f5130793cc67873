// Puts the parts of a page that change into the place of the old ones, adds what running builds write, and lets "12 min ago"
// grow older.
"use strict";
(() => {
  const words = (then) => {
    const s = (Date.now() - then) / 1000;
    if (s < 60) return "just now";
    if (s < 3600) return Math.floor(s / 60) + " min ago";
    if (s < 48 * 3600) return Math.floor(s / 3600) + " h ago";
    return Math.floor(s / 86400) + " days ago";
  };
  const age = () => {
    for (const t of document.querySelectorAll("time[data-ago]")) {
      const text = words(Date.parse(t.dateTime));
      if (t.textContent !== text) t.textContent = text;
    }
  };
  setInterval(age, 10000);

  // Outputs that are still written. Each is followed while somebody has it open.
  const streams = new Map();
  const at = (path) => document.querySelector(`details[data-output="${CSS.escape(path)}"] pre`);
  const toEnd = (pre) => { pre.scrollTop = pre.scrollHeight; };
  const read = (path) => {
    const pre = at(path);
    if (!pre) return;
    const stream = new EventSource(path + "?from=" + pre.dataset.from);
    streams.set(path, stream);
    toEnd(pre);
    stream.addEventListener("lines", (e) => {
      const pre = at(path);
      if (!pre) return;
      const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 50;
      pre.insertAdjacentHTML("beforeend", JSON.parse(e.data));
      pre.dataset.from = e.lastEventId;
      while (pre.childNodes.length > 5000) pre.firstChild.remove();
      if (atEnd) toEnd(pre);
    });
    stream.addEventListener("end", () => stream.close()); // how it ended comes with the page's own stream
    stream.onerror = () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      streams.delete(path);
      setTimeout(outputs, 5000);
    };
  };
  const outputs = (gone) => {
    const wanted = gone === true || document.hidden ? [] : [...document.querySelectorAll("details[data-output][open]")].map((d) => d.dataset.output);
    for (const [path, stream] of streams) {
      if (!wanted.includes(path)) {
        stream.close();
        streams.delete(path);
      }
    }
    for (const path of wanted) if (!streams.has(path)) read(path);
  };
  document.addEventListener("toggle", () => outputs(), true);
  const target = () => {
    const d = document.querySelector("details:target");
    if (d) d.open = true;
  };
  addEventListener("hashchange", target);
  target();

  // What somebody has opened, and where they are, stays.
  const open = (el) => [...el.querySelectorAll("details")].map((d) => d.open);
  const links = (el) => [...el.querySelectorAll("a, button, summary, [tabindex]")];
  const put = (id, html) => {
    const old = document.getElementById(id);
    const box = document.createElement("template");
    box.innerHTML = html;
    const fresh = box.content.firstElementChild;
    if (!old || !fresh || old.isEqualNode(fresh)) return;
    const opened = open(old);
    const before = new Map([...old.querySelectorAll("details[id]")].map((d) => [d.id, d]));
    const at = links(old).indexOf(document.activeElement);
    const scroll = [...old.querySelectorAll(".map")].map((m) => m.scrollLeft);
    const scrolled = [...old.querySelectorAll("pre")].map((p) => p.scrollTop);
    old.replaceWith(fresh);
    fresh.querySelectorAll("details").forEach((d, i) => {
      const was = before.get(d.id);
      if (!d.id) d.open = opened[i] || d.open;
      else if (was?.className === d.className) d.open = was.open; // nothing has happened to it
      const path = d.dataset.output;
      if (path && was && was.dataset.output === path) d.querySelector("pre").replaceWith(was.querySelector("pre"));
    });
    fresh.querySelectorAll("pre").forEach((p, i) => { p.scrollTop = scrolled[i] || 0; });
    fresh.querySelectorAll(".map").forEach((m, i) => { m.scrollLeft = scroll[i] || 0; });
    if (at >= 0) links(fresh)[at]?.focus({ preventScroll: true });
  };

  const main = document.querySelector("[data-live]");
  if (!main) return;
  const path = main.dataset.live;
  let seen = main.dataset.seen, source;
  const listen = () => {
    if (source || document.hidden) return;
    source = new EventSource(path + (path.includes("?") ? "&" : "?") + "seen=" + encodeURIComponent(seen));
    source.addEventListener("parts", (e) => {
      seen = e.lastEventId;
      for (const [id, html] of Object.entries(JSON.parse(e.data))) put(id, html);
      age();
      outputs();
    });
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      source = undefined;
      setTimeout(listen, 5000);
    };
  };
  const leave = () => {
    source?.close();
    source = undefined;
    outputs(true);
  };
  const come = () => {
    listen();
    outputs();
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : come()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", come); // also by way of "back"
  come();
})();
