// What a script adds to pages that work without one: panes that open beside the list, rows that leave when they are
// acknowledged, and focus and scroll that are found again after going back. What it keeps are opaque addresses and ids.
import "./keys.js";

const WIDE = matchMedia("(min-width: 75em)");
const KEPT = "trackway-places";
const MOST = 60;

// ---------------------------------------------------------------- focus and scroll, by address

const here = () => location.pathname + location.search;
const scrollers = () => [document.scrollingElement, ...document.querySelectorAll("main, .pane")];
const name = (element) => element.id || "page";
const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
// What the page on screen shows: going back changes the address before the page is another one.
let showing = here();

function keep() {
  const scroll = Object.fromEntries(scrollers().map((element) => [name(element), element.scrollTop]));
  const at = document.activeElement;
  const focus = at?.id || at?.closest("[data-row]")?.querySelector("[data-open]")?.id || "";
  const others = kept().filter(([address]) => address !== showing);
  sessionStorage.setItem(KEPT, JSON.stringify([...others, [showing, { scroll, focus }]].slice(-MOST)));
}

function restore() {
  const held = new Map(kept()).get(showing);
  if (!held) return false;
  document.getElementById(held.focus)?.focus({ preventScroll: true });
  for (const element of scrollers()) element.scrollTop = held.scroll[name(element)] ?? 0;
  return true;
}

document.addEventListener("htmx:pushedIntoHistory", () => {
  showing = here();
});
addEventListener("pagehide", keep);
const kind = performance.getEntriesByType("navigation")[0]?.type;
const aimed = location.hash && document.getElementById(location.hash.slice(1));
if (aimed && kind === "navigate") {
  aimed.focus();
} else if (!["back_forward", "reload"].includes(kind) || !restore()) {
  document.querySelector("[data-row][data-current]")?.scrollIntoView({ block: "center" });
}

// ---------------------------------------------------------------- panes

function open(link, event) {
  const pane = link.dataset.pane;
  const panes = document.querySelector(".panes");
  if (!WIDE.matches || !window.htmx || !panes || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (!document.getElementById(pane) || (pane === "evidence" && !document.querySelector("#detail .item"))) return;
  event.preventDefault();
  keep();
  // The panes take their place at once, so that nothing moves when the answer comes.
  panes.dataset.open = pane;
  if (pane === "detail") {
    panes.dataset.detail = "yes";
    mark(link);
  }
  const context = { target: `#${pane}`, select: `#${pane}`, swap: "outerHTML show:none", push: "true" };
  if (pane === "detail") context.selectOOB = "#evidence";
  window.htmx.ajax("GET", link.getAttribute("href"), context);
}

function mark(link) {
  for (const row of document.querySelectorAll("[data-row][data-current]")) row.removeAttribute("data-current");
  for (const other of document.querySelectorAll("[data-open][aria-current]")) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  link.closest("[data-row]")?.setAttribute("data-current", "");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-pane]");
  if (link) open(link, event);
});

// ---------------------------------------------------------------- a row that is acknowledged leaves, focus moves on

document.addEventListener("htmx:beforeSwap", (event) => {
  const row = event.detail.target;
  if (!row?.matches?.("[data-row]") || event.detail.isError) return;
  const height = row.offsetHeight;
  const next = row.nextElementSibling?.matches("[data-row]") ? row.nextElementSibling : row.previousElementSibling;
  document.addEventListener(
    "htmx:afterSwap",
    () => {
      // Its place stays until the next page: nothing jumps under the hand.
      const done = document.querySelector(`[data-acknowledged="${row.id.slice(4)}"]`);
      if (done) done.style.minHeight = `${height}px`;
      (next?.querySelector("[data-open]") ?? document.getElementById("main")).focus();
    },
    { once: true },
  );
});

document.addEventListener("htmx:sendError", () => {
  const notice = document.getElementById("notice");
  const line = document.createElement("p");
  line.textContent = "The workspace does not answer. Nothing was saved; what you wrote is still here. Try again.";
  notice.replaceChildren(line);
});
