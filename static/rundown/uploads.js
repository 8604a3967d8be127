// What the pages about publishing add to desk.js:
//   data-upload="17"      the bar of a post's upload: [data-upload-bar] and [data-upload-percent] follow its progress
//   data-copy="some-id"   copies the words of that element
//   data-check-all        checks every box of its form
(() => {
  "use strict";

  document.addEventListener("rundown:event", ({ detail }) => {
    if (detail.type !== "upload.progress") return;
    const { percent } = detail.data;
    document.querySelectorAll(`[data-upload="${CSS.escape(detail.subject.split(":")[1])}"]`).forEach((row) => {
      row.querySelector("[data-upload-bar]").style.width = `${percent}%`;
      row.querySelector("[data-upload-percent]").textContent = `${percent}%`;
      row.querySelector("[role=progressbar]").setAttribute("aria-valuenow", percent);
    });
  });

  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button || button.dataset.was) return;
    await copy(document.getElementById(button.dataset.copy));
    button.dataset.was = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = button.dataset.was;
      delete button.dataset.was;
    }, 1600);
  });

  // Browsers offer their clipboard only on secure pages; a selection works everywhere.
  async function copy(element) {
    const words = element.textContent;
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(words);
    const field = document.createElement("textarea");
    field.value = words;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-check-all]")) return;
    target.form.querySelectorAll("input[type=checkbox][name]").forEach((box) => { box.checked = target.checked; });
  });
})();
