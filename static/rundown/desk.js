// The desk's pages follow the live events that live.js brings. Marks in the page say what moves:
//   data-run="31"                      a run's row: [data-run-percent] and [data-run-step] follow its progress
//   data-refresh-on="item.state"       a section with an id, fetched anew when such an event arrives ("run.*" works too)
//   data-countdown="2026-…"            the time left until then
// A section that holds what somebody types, or a film that plays, is left alone.
(() => {
  "use strict";

  document.addEventListener("rundown:live", ({ detail }) => {
    document.documentElement.dataset.live = detail.on ? "on" : "off";
    if (detail.on) lookAgain();
  });
  document.addEventListener("rundown:event", ({ detail }) => receive(detail));
  document.addEventListener("rundown:reload", lookAgain);

  // Between the drawing of the page and the connection, something may have happened.
  function lookAgain() {
    refresh(() => true);
  }

  function receive(event) {
    if (event.type === "run.progress") show(event.subject.split(":")[1], event.data);
    refresh((types) => types.some((type) => type === event.type || (type.endsWith(".*") && event.type.startsWith(type.slice(0, -1)))));
  }

  function show(run, said) {
    document.querySelectorAll(`[data-run="${run}"]`).forEach((row) => {
      const percent = Math.floor(said.percent);
      row.querySelector("[role=progressbar]").setAttribute("aria-valuenow", percent);
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
    if (!old || !fresh || shape(old) === shape(fresh) || isInUse(old)) return;
    const open = [...old.querySelectorAll("details[open][id]")].map((each) => each.id);
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(fresh);
    open.forEach((id) => fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", ""));
    if (held) [...fresh.querySelectorAll(held.tagName)].find((each) => each.textContent === held.textContent)?.focus({ preventScroll: true });
    window.htmx?.process(fresh);
    tick();
  }

  // What a section says, without what differs on every page or is the reader's own doing.
  function shape(section) {
    const copy = section.cloneNode(true);
    copy.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => field.removeAttribute("value"));
    for (const name of ["open", "aria-pressed", "data-on"]) {
      copy.querySelectorAll(`[${name}]`).forEach((each) => each.removeAttribute(name));
    }
    return copy.outerHTML;
  }

  function isInUse(section) {
    const typed = [...section.querySelectorAll("textarea, input:not([type=hidden])")];
    return typed.some((field) => field === document.activeElement || field.value !== field.defaultValue) ||
      [...section.querySelectorAll("video")].some((film) => !film.paused);
  }

  // --- Choices with fields of their own ---------------------------------------------------------------------------------
  // Who fills in a field beside a radio button has chosen that one, and [data-needed] fields of the chosen one have to be.
  function choose({ target }) {
    const radio = target.closest(".choices > label")?.querySelector("input[type=radio]");
    if (!radio) return;
    radio.checked = true;
    radio.closest(".choices").querySelectorAll("[data-needed]").forEach((field) => {
      field.required = radio.parentElement.contains(field);
    });
  }
  document.addEventListener("input", choose);
  document.addEventListener("click", choose);

  // --- Errors of forms ---------------------------------------------------------------------------------------------------
  // What is wrong stands where it is wrong, which may be above what a phone shows.
  let pointed = false;
  document.addEventListener("htmx:beforeRequest", () => { pointed = false; });
  document.addEventListener("htmx:oobAfterSwap", ({ target }) => {
    if (pointed || !target.id.startsWith("errors-") || !target.childElementCount) return;
    pointed = true;
    target.scrollIntoView({ block: "center" });
  });

  // --- Countdowns --------------------------------------------------------------------------------------------------------
  // By the server's clock: the page says what it showed, and from there a clock runs that nobody can set.
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always", style: "short" });
  const loaded = performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now();
  const shown = document.querySelector("meta[name=server-now]");
  const offset = (shown ? Date.parse(shown.content) : Date.now() - performance.now() + loaded) - loaded;
  const now = () => offset + performance.now();

  function tick() {
    document.querySelectorAll("[data-countdown]").forEach((element) => {
      const left = (new Date(element.dataset.countdown) - now()) / 1000;
      // A unit from two of it on: “in 1 hour” could be nearly two.
      const [unit, size] = units.find(([, seconds]) => Math.abs(left) >= 2 * seconds) || units[3];
      element.textContent = words.format(Math.trunc(left / size), unit);
    });
  }

  tick();
  setInterval(tick, 1000);
})();
