/* Keyboard for lists in the admin. A page asks for it with one element:

   <div data-keys data-keys-rows=".data-row">
     <span data-key="s" data-key-action="shortlist_selected">Shortlist</span>   runs the list's action
     <span data-key="a" data-key-click="button[name=approve]">Approve</span>    clicks, in the row first, then on the page
   </div>

   j and k (or the arrows) move, space or enter on a row opens its preview, o opens its page, m marks it, ? shows the keys.
   An action runs on the marked rows, or on the current one when none is marked. */
(() => {
  "use strict";

  const bar = document.querySelector("[data-keys]");
  if (!bar) return;

  const rows = () => Array.from(document.querySelectorAll(bar.dataset.keysRows || ".data-row"));
  const bindings = new Map(
    Array.from(bar.querySelectorAll("[data-key]"), (element) => [element.dataset.key, element]),
  );
  const help = bar.querySelector("dialog");
  let current = null;

  function select(row) {
    if (!row) return;
    if (current) {
      current.classList.remove("rd-current");
      current.removeAttribute("aria-current");
    }
    current = row;
    current.classList.add("rd-current");
    current.setAttribute("aria-current", "true");
    current.scrollIntoView({ block: "nearest" });
    sessionStorage.setItem(place, String(rows().indexOf(row)));
  }

  // After an action the page comes back: the reader goes on where they were.
  const place = `keys:${location.pathname}`;

  function move(step) {
    const all = rows();
    const index = current ? all.indexOf(current) + step : 0;
    select(all[Math.max(0, Math.min(all.length - 1, index))]);
  }

  function checkbox(row) {
    return row.querySelector("input.action-select");
  }

  function preview(row) {
    const handle = row.querySelector("[data-key-preview]") || row.querySelector("td[x-on\\:click]");
    if (handle) handle.click();
  }

  function mark(row) {
    const box = checkbox(row);
    if (box) box.click();
  }

  function run(action) {
    const form = document.getElementById("changelist-form");
    const menu = form && form.querySelector("select[name=action]");
    if (!menu || !Array.from(menu.options).some((option) => option.value === action)) return;
    if (!form.querySelector("input.action-select:checked")) {
      if (!current) return;
      checkbox(current).checked = true;
    }
    menu.value = action;
    const submit = document.createElement("input");
    Object.assign(submit, { type: "hidden", name: "index", value: "0" });
    form.append(submit);
    form.submit();
  }

  function press(element) {
    const target = (current && current.querySelector(element.dataset.keyClick)) ||
      document.querySelector(element.dataset.keyClick);
    if (target) target.click();
  }

  function isWriting(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "checkbox";
  }

  const own = {
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    " ": () => current && preview(current),
    Enter: () => current && preview(current),
    o: () => current && current.querySelector("th a, td a") && current.querySelector("th a, td a").click(),
    m: () => current && mark(current),
    "?": () => help && (help.open ? help.close() : help.showModal()),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (help && help.open && event.key !== "?") return;
    const bound = bindings.get(event.key);
    if (!bound && !own[event.key]) return;
    if (event.key === "Enter" && event.target.closest("a, button")) return;
    event.preventDefault();
    if (!bound) own[event.key]();
    else if (bound.dataset.keyAction) run(bound.dataset.keyAction);
    else press(bound);
  });

  bar.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-keys-help]");
    if (opener && help) help.showModal();
  });

  document.addEventListener("click", (event) => {
    const row = event.target.closest(bar.dataset.keysRows || ".data-row");
    if (row) select(row);
  });

  const remembered = sessionStorage.getItem(place);
  if (remembered !== null) {
    const all = rows();
    select(all[Math.min(Number(remembered), all.length - 1)]);
  }
})();
