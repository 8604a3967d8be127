// Reports a view once the video has really played long enough, or a text has been before somebody's eyes so long, and
// offers to share the page.
(() => {
  const seen = document.querySelector("[data-seen]");
  if (seen) {
    const needed = Number(seen.dataset.needed);
    const shown = document.querySelector("[data-views]");
    let played = 0, last = null, reported = false;

    const report = async () => {
      reported = true;
      try {
        const body = new URLSearchParams({ ticket: seen.dataset.ticket });
        const response = await fetch(seen.dataset.seen, { method: "POST", body, keepalive: true });
        if (!response.ok) return;
        const { views } = await response.json();
        const label = views === 1 ? shown.dataset.one : shown.dataset.many;
        shown.textContent = `${views.toLocaleString(document.documentElement.lang)} ${label}`;
      } catch {
        reported = false; // offline: the next second of watching tries again
      }
    };

    if (seen.tagName === "VIDEO") {
      seen.addEventListener("timeupdate", () => {
        const now = seen.currentTime;
        // Only what was watched counts: a jump along the bar is not playing.
        if (last !== null && !seen.paused && now > last && now - last < 1.5) played += now - last;
        last = now;
        if (!reported && played >= needed) report();
      });
      seen.addEventListener("seeking", () => { last = null; });
    } else {
      const clock = setInterval(() => {
        if (document.visibilityState === "visible") played += 0.5;
        if (!reported && played >= needed) report();
        if (played >= 10 * needed) clearInterval(clock);
      }, 500);
    }
  }

  const share = document.querySelector("[data-share]");
  if (share) {
    share.hidden = false;
    share.addEventListener("click", async () => {
      const { share: url, title, done } = share.dataset;
      if (navigator.share) {
        await navigator.share({ title, url }).catch(() => {});
        return;
      }
      await navigator.clipboard.writeText(url);
      share.textContent = done;
    });
  }
})();
