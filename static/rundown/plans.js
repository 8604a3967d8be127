// The checks of a plan: pressing one marks its evidence in the article and shows the first place.
(() => {
  "use strict";

  document.documentElement.classList.add("js");

  document.addEventListener("click", ({ target }) => {
    const check = target.closest?.("button[data-check]");
    if (!check) return;
    const on = check.getAttribute("aria-pressed") !== "true";
    document.querySelectorAll("button[data-check]").forEach((each) => each.setAttribute("aria-pressed", each === check && on));
    const marks = [...document.querySelectorAll("mark[data-checks]")];
    marks.forEach((mark) => mark.toggleAttribute("data-on", on && mark.dataset.checks.split(" ").includes(check.dataset.check)));
    if (on) marks.find((mark) => mark.hasAttribute("data-on"))?.scrollIntoView({ block: "center", behavior: "smooth" });
  });
})();
