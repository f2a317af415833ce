// Keeps a page current: an event of the stream fetches the page again and replaces its content. Without this script every page works.
"use strict";

(() => {
  const main = document.getElementById("main");
  const shortestPause = 1000;
  let timer = 0;
  let last = 0;

  function relative(time) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
    if (!Number.isFinite(seconds)) return null;
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86400)} d ago`;
  }

  function showTimes() {
    for (const time of document.querySelectorAll("time")) {
      const text = relative(time.dateTime);
      if (text) time.textContent = text;
    }
  }

  function showConnection(text) {
    document.getElementById("connection").textContent = text;
  }

  // Without a secure context there is no clipboard; the text can be selected.
  function showCopyButtons() {
    for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = !navigator.clipboard;
  }

  function announce() {
    const summary = document.getElementById("summary");
    const announcement = document.getElementById("announcement");
    if (summary && announcement.dataset.last && announcement.dataset.last !== summary.textContent)
      announcement.textContent = summary.textContent;
    if (summary) announcement.dataset.last = summary.textContent;
  }

  // The focus stays on the same element.
  function replace(next) {
    const live = document.getElementById("live");
    const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
    live.replaceWith(next);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  async function refresh() {
    timer = 0;
    last = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.status === 401) {
        location.reload();
        return;
      }
      if (!answer.ok && answer.status !== 404) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (next) replace(next);
      showTimes();
      showCopyButtons();
      announce();
    } catch {
      // The event stream reports the lost connection.
    }
  }

  function changed() {
    if (timer) return;
    timer = setTimeout(refresh, Math.max(0, last + shortestPause - Date.now()));
  }

  function listen(url) {
    const stream = new EventSource(url);
    stream.onopen = () => showConnection("● live");
    // What changed between the making of the page and the begin of the stream is not in the stream.
    stream.addEventListener("ready", (event) => {
      if (JSON.parse(event.data).version !== Number(document.getElementById("live").dataset.version)) changed();
    });
    stream.onerror = () => {
      showConnection("not connected, retrying");
      // A refused stream does not retry automatically.
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => { listen(url); changed(); }, 5000);
    };
    for (const name of ["machine", "removed", "mesh", "reset"]) stream.addEventListener(name, changed);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });

  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("search");
    if (event.key !== "/" || !search || event.ctrlKey || event.metaKey || event.altKey) return;
    if (["INPUT", "TEXTAREA"].includes(document.activeElement?.tagName)) return;
    event.preventDefault();
    search.focus();
  });

  showTimes();
  showCopyButtons();
  announce();
  setInterval(showTimes, 10000);
  if (main?.dataset.events) listen(main.dataset.events);
})();
