// The workspace's live events, in any page. An element with data-workspace="<slug>" says which workspace; then
//   data-run="31"               follows a run: an element with a value (progress) or a [data-run-bar] moves
//   data-subject="content.item:12"   a badge that follows the state of a row
//   document gets "rundown:event" for every event (detail: the event), "rundown:live" (detail: {on}) when the connection
//   comes or goes, and "rundown:reload" when events were missed for good: what the page shows may be old.
(() => {
  "use strict";

  const FIRST_WAIT = 500;
  const LONGEST_WAIT = 15000;
  const ALIVE_EVERY = 25000;
  const SEEN_EVERY = 100;
  // Signed out, not a member any more, or no such workspace: trying again would not help.
  const FINAL = [4401, 4403, 4404];

  let address = null;
  let last = null;
  let epoch = null;
  let wait = FIRST_WAIT;

  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

  function connect() {
    const socket = new WebSocket(last === null ? address : `${address}?last=${last}`, ["rundown.v1"]);
    const alive = watchPulse(socket);
    socket.addEventListener("message", ({ data }) => {
      alive.heard();
      const said = JSON.parse(data);
      if (said.type === "hello") greet(socket, said);
      else if (said.seq !== undefined) take(socket, said);
    });
    socket.addEventListener("close", ({ code }) => {
      alive.stop();
      tell("rundown:live", { on: false });
      if (FINAL.includes(code)) return;
      // All clients of a server that went away must not come back in the same instant.
      setTimeout(connect, wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  }

  // Our number goes on only in the same log, and only where the next event is still kept.
  function greet(socket, hello) {
    const missed = last !== null && (hello.epoch !== epoch || last < hello.oldest - 1 || last > hello.head);
    if (last === null || missed) last = Math.min(Math.max(last ?? hello.head, hello.oldest - 1), hello.head);
    epoch = hello.epoch;
    wait = FIRST_WAIT;
    socket.send(JSON.stringify({ type: "seen", seq: last }));
    tell("rundown:live", { on: true });
    if (missed) tell("rundown:reload", {});
  }

  function take(socket, event) {
    last = event.seq;
    if (event.seq % SEEN_EVERY === 0) socket.send(JSON.stringify({ type: "seen", seq: event.seq }));
    if (event.type === "run.progress") move(event.subject.split(":")[1], event.data);
    if (event.type.endsWith(".state")) badge(event.subject, event.data);
    tell("rundown:event", event);
  }

  function move(run, said) {
    document.querySelectorAll(`[data-run="${CSS.escape(run)}"]`).forEach((element) => {
      const bar = element.querySelector("[data-run-bar]");
      if (bar) bar.style.width = `${said.percent}%`;
      else element.value = said.percent;
      element.title = [said.step.label, said.note].filter(Boolean).join(" · ");
    });
  }

  function badge(subject, said) {
    document.querySelectorAll(`[data-subject="${CSS.escape(subject)}"]`).forEach((element) => {
      element.dataset.state = said.to;
      if (said.label) element.textContent = said.label;
    });
  }

  // A connection can die without a word; asking now and then finds out, and the socket is given up.
  function watchPulse(socket) {
    let answered = true;
    const timer = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (!answered) return socket.close();
      answered = false;
      socket.send('{"type":"ping"}');
    }, ALIVE_EVERY);
    return { heard: () => { answered = true; }, stop: () => clearInterval(timer) };
  }

  function start() {
    const slug = document.querySelector("[data-workspace]")?.dataset.workspace;
    if (!slug) return;
    address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/w/${slug}/`;
    connect();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
