// The page of one clip: a word of the transcript plays where it is said, and the word that is heard is marked.
(() => {
  "use strict";

  const film = () => document.getElementById("player");

  document.addEventListener("click", (event) => {
    const word = event.target.closest(".heard [data-start]");
    if (!word || !film()) return;
    film().currentTime = Number(word.dataset.start);
    film().play().catch(() => {});  // a browser may want a click on the film itself
  });

  document.addEventListener("timeupdate", (event) => {
    if (event.target.id !== "player") return;
    const now = event.target.currentTime;
    document.querySelectorAll(".heard [data-start]").forEach((word) =>
      word.classList.toggle("now", Number(word.dataset.start) <= now && now < Number(word.dataset.end)));
  }, true);
})();
