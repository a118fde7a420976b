// Keeps the page fresh without losing the reader's place, and prints times in the reader's own zone.
const localTimes = (root) => {
  for (const time of root.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    time.textContent = moment.toLocaleString(undefined, { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    time.title = time.dateTime;
  }
};

const refresh = async () => {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    const shown = document.querySelector("[data-live]");
    if (fresh && fresh.innerHTML !== shown.dataset.source) {
      shown.dataset.source = fresh.innerHTML;
      shown.innerHTML = fresh.innerHTML;
      localTimes(shown);
    }
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
};

localTimes(document);
if (document.querySelector("[data-live]")) {
  setInterval(() => document.hidden || document.activeElement?.closest("[data-live]") || refresh(), 2000);
}
