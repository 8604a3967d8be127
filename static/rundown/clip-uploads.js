// Sends dropped films in pieces, by the tus protocol: after a broken connection, a reload or a restart of the server it
// goes on where it stopped. The form in the page says where, and in which words.
(() => {
  "use strict";

  const PIECE = 8 * 1024 * 1024;
  const WAITS = [1000, 2000, 5000, 10000, 20000, 30000];
  const VERSION = "1.0.0";

  const form = document.getElementById("drop");
  if (!form) return;
  document.documentElement.classList.add("js");
  const words = form.dataset;
  const list = document.getElementById("sending");
  const input = form.querySelector("input[type=file]");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const queue = [];
  let busy = false;

  const wait = (time) => new Promise((done) => setTimeout(done, time));
  const base64 = (text) => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
  const inMegabytes = (bytes) => `${(bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0)} MB`;
  // The same file, chosen again after a reload, is known by these.
  const keyOf = (file) => `upload:${words.workspaceSlug}:${file.name}:${file.size}:${file.lastModified}`;

  class Refused extends Error {}

  // A request that tells how much has left; resolves with the XMLHttpRequest, rejects when nothing answered.
  function ask(method, address, { headers = {}, body = null, told = null, task = null } = {}) {
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      request.open(method, address);
      const all = { "Tus-Resumable": VERSION, "X-CSRFToken": token, "X-Workspace": words.workspaceSlug, ...headers };
      Object.entries(all).forEach(([name, value]) => request.setRequestHeader(name, value));
      if (told) request.upload.addEventListener("progress", (event) => told(event.loaded));
      request.addEventListener("load", () => done(request));
      for (const name of ["error", "abort", "timeout"]) request.addEventListener(name, () => fail(new Error(name)));
      if (task) task.request = request;
      request.send(body);
    });
  }

  function problemOf(request) {
    try {
      const said = JSON.parse(request.responseText);
      return [said.detail, said.hint].filter(Boolean).join(" ");
    } catch {
      return words.sayFailed;
    }
  }

  // The clip that the last piece has made.
  function resultOf(answer) {
    const clip = answer.getResponseHeader("Rundown-Clip");
    return clip ? { clip, known: answer.getResponseHeader("Rundown-Duplicate") === "true" } : null;
  }

  async function checksumOf(piece) {
    if (!window.crypto?.subtle) return null;
    const digest = await crypto.subtle.digest("SHA-256", await piece.arrayBuffer());
    return `sha256 ${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
  }

  // Where to go on: [address, offset]. An upload begun before is gone on with, if the server still has it.
  async function begin(task) {
    const known = localStorage.getItem(keyOf(task.file));
    if (known) {
      const answer = await ask("HEAD", known);
      if (answer.status === 200) {
        show(task, words.sayResumed);
        return [known, Number(answer.getResponseHeader("Upload-Offset")), resultOf(answer)];
      }
      localStorage.removeItem(keyOf(task.file));
    }
    const headers = { "Upload-Length": String(task.file.size), "Upload-Metadata": `filename ${base64(task.file.name)}` };
    const answer = await ask("POST", words.endpoint, { headers });
    if (answer.status >= 500) throw new Error("later");
    if (answer.status !== 201) throw new Refused(problemOf(answer));
    const address = answer.getResponseHeader("Location");
    localStorage.setItem(keyOf(task.file), address);
    return [address, 0];
  }

  async function send(task) {
    let [address, offset, result] = await begin(task);
    while (!result) {
      if (task.cancelled) {
        await ask("DELETE", address);
        localStorage.removeItem(keyOf(task.file));
        return null;
      }
      const piece = task.file.slice(offset, offset + PIECE);
      const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) };
      const checksum = await checksumOf(piece);
      if (checksum) headers["Upload-Checksum"] = checksum;
      const told = (loaded) => progress(task, offset + loaded);
      const answer = await ask("PATCH", address, { headers, body: piece, told, task });
      if ([409, 423, 460].includes(answer.status) || answer.status >= 500) throw new Error("ask for the offset");
      if (answer.status !== 204) {
        localStorage.removeItem(keyOf(task.file));
        throw new Refused(problemOf(answer));
      }
      offset = Number(answer.getResponseHeader("Upload-Offset"));
      task.tries = 0;
      progress(task, offset);
      result = resultOf(answer);
    }
    localStorage.removeItem(keyOf(task.file));
    return result;
  }

  async function carry(task) {
    task.tries = 0;
    while (true) {
      try {
        return finish(task, await send(task));
      } catch (error) {
        if (error instanceof Refused) return fail(task, error.message);
        if (task.cancelled) {
          task.tries += 1;
          if (task.tries > 2) return finish(task, null);
        } else {
          show(task, words.sayWaiting);
          await wait(WAITS[Math.min(task.tries++, WAITS.length - 1)] * (0.75 + Math.random() / 2));
        }
      }
    }
  }

  async function work() {
    if (busy) return;
    busy = true;
    while (queue.length) await carry(queue.shift());
    busy = false;
  }

  // --- What the page shows -----------------------------------------------------------------------------------------------
  function add(file) {
    const box = document.createElement("div");
    box.className = "send";
    box.innerHTML = '<div class="row"><strong class="grow clip"></strong><small></small><button type="button" class="button button-small button-quiet"></button></div><div class="progress" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><i style="width:0"></i></div>';
    const task = { file, box, cancelled: false, tries: 0, request: null };
    box.querySelector("strong").textContent = file.name;
    box.querySelector(".progress").setAttribute("aria-label", file.name);
    const button = box.querySelector("button");
    button.textContent = words.sayCancel;
    button.addEventListener("click", () => {
      task.cancelled = true;
      task.request?.abort();
    });
    list.append(box);
    if (file.size > Number(words.largest)) return fail(task, `${words.sayLarge} ${inMegabytes(Number(words.largest))}.`);
    show(task, words.saySending);
    queue.push(task);
    return work();
  }

  function show(task, text) {
    task.box.querySelector("small").textContent = text;
  }

  function progress(task, sent) {
    const percent = task.file.size ? Math.floor((100 * sent) / task.file.size) : 100;
    task.box.querySelector("i").style.width = `${percent}%`;
    task.box.querySelector(".progress").setAttribute("aria-valuenow", percent);
    show(task, `${percent}% · ${inMegabytes(sent)} / ${inMegabytes(task.file.size)}`);
  }

  function finish(task, result) {
    if (!result) return task.box.remove();
    task.box.dataset.state = "done";
    show(task, result.known ? words.sayKnown : words.sayDone);
    const link = document.createElement("a");
    link.className = "button button-small";
    link.href = `${words.page}${result.clip}/`;
    link.textContent = words.sayOpen;
    task.box.querySelector("button").replaceWith(link);
    if (!result.known) setTimeout(() => task.box.remove(), 15000);
    return null;
  }

  function fail(task, text) {
    task.box.dataset.state = "failed";
    show(task, text);
    task.box.querySelector("button").remove();
  }

  // --- Dropping and choosing ---------------------------------------------------------------------------------------------
  input.addEventListener("change", () => {
    [...input.files].forEach(add);
    input.value = "";
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (![...(event.dataTransfer?.types || [])].includes("Files")) return;
      event.preventDefault();
      form.dataset.over = "";
    });
  }
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (name === "drop" || !event.relatedTarget) delete form.dataset.over;
    });
  }
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    [...event.dataTransfer.files].forEach(add);
  });
  window.addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });
})();
