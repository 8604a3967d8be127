// What every page needs: toasts, menus that close, copy buttons, questions before something is lost, the theme.
(() => {
  const root = document.documentElement;

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]:not([contenteditable=false])");

  function focusSearch(event) {
    const field = document.querySelector("[data-search-here]") || document.querySelector("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.closest(".shell").dataset.menu = field.closest(".sidebar") ? "open" : "";
    field.focus();
    field.select();
  }

  // "g", and then the letter that a link of the navigation has, goes there.
  const GO_WITHIN = 1500;
  let goingSince = 0;

  function showKeys() {
    const dialog = document.getElementById("keys");
    const list = dialog.querySelector("dl");
    if (!list.querySelector("[data-added]")) document.querySelectorAll("[data-go]").forEach((link) => {
      const keys = document.createElement("dt");
      keys.dataset.added = "";
      keys.innerHTML = "<kbd>g</kbd> <kbd></kbd>";
      keys.lastElementChild.textContent = link.dataset.go;
      list.append(keys, Object.assign(document.createElement("dd"), { textContent: link.textContent.trim() }));
    });
    dialog.showModal();
  }

  function toast({ message, hint = "", tone = "neutral" }) {
    const box = document.querySelector(".toasts");
    if (!box) return;
    const element = document.createElement("div");
    element.className = `toast toast-${tone}`;
    element.setAttribute("role", tone === "bad" ? "alert" : "status");
    element.textContent = message;
    if (hint) element.append(Object.assign(document.createElement("small"), { textContent: hint }));
    box.append(element);
    setTimeout(() => element.remove(), tone === "bad" ? 9000 : 5000);
  }
  document.addEventListener("toast", (event) => toast(event.detail));
  window.addEventListener("load", () => {
    document.querySelectorAll("template[data-toast]").forEach((each) =>
      toast({ message: each.content.textContent.trim(), tone: each.dataset.toast }));
  });
  // A link to a part of the page that is folded up unfolds it, and puts the cursor into its first field.
  function unfold() {
    const aimed = document.getElementById(location.hash.slice(1));
    if (!aimed?.matches("details")) return;
    aimed.open = true;
    aimed.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  }
  window.addEventListener("load", unfold);
  window.addEventListener("hashchange", unfold);
  document.addEventListener("htmx:sendError", () =>
    toast({ message: document.body.dataset.offline, tone: "bad" }));

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const target = event.target.closest("[data-copy], [data-keys], [data-theme-next], [data-menu-toggle]");
    if (!target) return;
    if (target.dataset.copy !== undefined) {
      copy(document.querySelector(target.dataset.copy).textContent.trim())
        .then(() => toast({ message: target.dataset.copied, tone: "good" }));
    } else if (target.dataset.keys !== undefined) {
      showKeys();
    } else if (target.dataset.themeNext !== undefined) {
      setTheme({ light: "dark", dark: "auto", auto: "light" }[root.dataset.theme || "auto"]);
    } else {
      const shell = document.querySelector(".shell");
      shell.dataset.menu = shell.dataset.menu === "open" ? "" : "open";
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach((menu) => (menu.open = false));
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "/") focusSearch(event);
    else if (event.key === "?") showKeys();
    else if (Date.now() - goingSince < GO_WITHIN) document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)?.click();
    goingSince = event.key === "g" ? Date.now() : 0;
  });
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });

  // Browsers offer their clipboard only on secure pages; a selection works everywhere.
  async function copy(words) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(words);
    const field = document.createElement("textarea");
    field.value = words;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  function setTheme(theme) {
    if (theme === "auto") {
      delete root.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      root.dataset.theme = theme;
      localStorage.setItem("theme", theme);
    }
  }
  const kept = localStorage.getItem("theme");
  if (kept) root.dataset.theme = kept;
})();
