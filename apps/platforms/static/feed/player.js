// Reports a view once the video has really played long enough, and offers to share the page.
(() => {
  const video = document.querySelector("video[data-seen]");
  if (video) {
    const needed = Number(video.dataset.needed);
    const shown = document.querySelector("[data-views]");
    let played = 0, last = null, reported = false;

    const report = async () => {
      reported = true;
      try {
        const body = new URLSearchParams({ ticket: video.dataset.ticket });
        const response = await fetch(video.dataset.seen, { method: "POST", body, keepalive: true });
        if (!response.ok) return;
        const { views } = await response.json();
        const label = views === 1 ? shown.dataset.one : shown.dataset.many;
        shown.textContent = `${views.toLocaleString(document.documentElement.lang)} ${label}`;
      } catch {
        reported = false; // offline: the next second of watching tries again
      }
    };

    video.addEventListener("timeupdate", () => {
      const now = video.currentTime;
      // Only what was watched counts: a jump along the bar is not playing.
      if (last !== null && !video.paused && now > last && now - last < 1.5) played += now - last;
      last = now;
      if (!reported && played >= needed) report();
    });
    video.addEventListener("seeking", () => { last = null; });
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
