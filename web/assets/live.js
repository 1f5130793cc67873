// Puts the parts of a page that change into the place of the old ones, and lets "12 min ago" grow older.
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
    const at = links(old).indexOf(document.activeElement);
    const scroll = [...old.querySelectorAll(".map")].map((m) => m.scrollLeft);
    old.replaceWith(fresh);
    fresh.querySelectorAll("details").forEach((d, i) => { d.open = opened[i] || d.open; });
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
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", listen); // also by way of "back"
  listen();
})();
