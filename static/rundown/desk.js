// The desk's pages follow the workspace's live events. Marks in the page say what moves:
//   data-run="31"                      a run's row: [data-run-bar], [data-run-percent], [data-run-step] follow its progress
//   data-refresh-on="item.state"       a section with an id, fetched anew when such an event arrives ("run.*" works too)
//   data-countdown="2026-…"            the time left until then
// A section that holds what somebody types, or a film that plays, is left alone.
(() => {
  "use strict";

  const slug = document.body.dataset.workspace;
  if (!slug) return;
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/w/${slug}/`;
  let last = null;
  let wait = 500;

  function connect() {
    const socket = new WebSocket(last === null ? address : `${address}?last=${last}`, ["rundown.v1"]);
    socket.addEventListener("message", ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "hello") {
        wait = 500;
        document.documentElement.dataset.live = "on";
        if (last === null) last = event.head;
        return;
      }
      if (event.seq === undefined) return;
      last = event.seq;
      receive(event);
    });
    socket.addEventListener("close", (closed) => {
      document.documentElement.dataset.live = "off";
      if (closed.code === 4401 || closed.code === 4404) return; // signed out, or no longer a member
      if (closed.code >= 4000) last = null; // the log went on without us: begin at its head, and look at everything
      setTimeout(() => {
        refresh(() => true);
        connect();
      }, wait);
      wait = Math.min(wait * 2, 15000) * (0.75 + Math.random() / 2);
    });
  }

  function receive(event) {
    if (event.type === "run.progress") show(event.subject.split(":")[1], event.data);
    refresh((types) => types.some((type) => type === event.type || (type.endsWith(".*") && event.type.startsWith(type.slice(0, -1)))));
  }

  function show(run, said) {
    document.querySelectorAll(`[data-run="${run}"]`).forEach((row) => {
      const percent = Math.floor(said.percent);
      row.querySelector("[role=progressbar]").setAttribute("aria-valuenow", percent);
      row.querySelector("[data-run-bar]").style.width = `${said.percent}%`;
      row.querySelector("[data-run-percent]").textContent = `${percent}%`;
      row.querySelector("[data-run-step]").textContent =
        [`${said.step.number}/${said.step.of}`, said.step.label, said.note].filter(Boolean).join(" · ");
    });
  }

  // --- Sections that are fetched anew: many events in a row cost one request -------------------------------------------
  const wanted = new Set();
  let timer = null;

  function refresh(matches) {
    document.querySelectorAll("[data-refresh-on]").forEach((section) => {
      if (matches(section.dataset.refreshOn.split(" "))) wanted.add(section.id);
    });
    if (wanted.size && !timer) timer = setTimeout(fetchSections, 250);
  }

  async function fetchSections() {
    const ids = [...wanted];
    wanted.clear();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      ids.forEach((id) => replace(document.getElementById(id), page.getElementById(id)));
    } catch {
      // the socket notices that the server is away, and asks again when it is back
    } finally {
      timer = null;
      if (wanted.size) refresh(() => false);
    }
  }

  function replace(old, fresh) {
    if (!old || !fresh || old.outerHTML === fresh.outerHTML || isInUse(old)) return;
    const open = [...old.querySelectorAll("details[open][id]")].map((each) => each.id);
    old.replaceWith(fresh);
    open.forEach((id) => fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", ""));
    window.htmx?.process(fresh);
    tick();
  }

  function isInUse(section) {
    const typed = [...section.querySelectorAll("textarea, input:not([type=hidden])")];
    return typed.some((field) => field === document.activeElement || field.value !== field.defaultValue) ||
      [...section.querySelectorAll("video")].some((film) => !film.paused);
  }

  // --- Countdowns --------------------------------------------------------------------------------------------------------
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always", style: "short" });

  function tick() {
    document.querySelectorAll("[data-countdown]").forEach((element) => {
      const left = (new Date(element.dataset.countdown) - Date.now()) / 1000;
      const [unit, size] = units.find(([, seconds]) => Math.abs(left) >= seconds) || units[3];
      element.textContent = words.format(Math.trunc(left / size), unit);
    });
  }

  connect();
  tick();
  setInterval(tick, 1000);
})();
