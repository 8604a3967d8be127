// What the pages about publishing add to desk.js:
//   data-upload="17"      the bar of a post's upload: [data-upload-bar] and [data-upload-percent] follow its progress
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

  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-check-all]")) return;
    target.form.querySelectorAll("input[type=checkbox][name]").forEach((box) => { box.checked = target.checked; });
  });
})();
