// The keyboard: one table (keys.py, served as key-table.js), read here. Inert while typing, in dialogs, with modifiers.
import table from "./key-table.js";

const WAIT_MS = 1200; // for the second key of a pair
const byKeys = new Map(table.map((row) => [row.keys, row]));
const begins = new Set(table.filter((row) => row.keys.includes(" ")).map((row) => row.keys.split(" ")[0]));
let first = "";
let firstAt = 0;

const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
const rows = () => [...document.querySelectorAll("[data-row] [data-open]")].filter(shown);

// The row that holds the focus, else the one that held it last.
let last = null;
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (row) last = row;
});
const current = () => document.activeElement?.closest("[data-row]") ?? (last?.isConnected ? last : null);

function move(step) {
  const all = rows();
  const at = all.findIndex((link) => link.closest("[data-row]") === current());
  const held = document.activeElement?.closest("[data-row]");
  const to = at < 0 ? (step > 0 ? 0 : all.length - 1) : held ? at + step : at;
  all[Math.min(Math.max(to, 0), all.length - 1)]?.focus();
}

function unfold(name, place) {
  const summary = [...place.querySelectorAll(`[data-act="${name}"]`)].find(shown);
  if (!summary) return null;
  summary.parentElement.open = true;
  return summary.parentElement;
}

function acknowledge() {
  const field = [...document.querySelectorAll('[data-act-field="acknowledge"]')].find(shown);
  const row = current();
  const inRow = row && document.activeElement?.closest("[data-row]") ? unfold("acknowledge", row) : null;
  (inRow?.querySelector("input[name=action]") ?? field ?? (row && unfold("acknowledge", row))?.querySelector("input[name=action]"))?.focus();
}

function judge(verdict) {
  const claims = [...document.querySelectorAll("[data-claim]")].filter(shown);
  const claim = document.activeElement?.closest("[data-claim]") ?? claims[0];
  const form = claim && unfold("judge", claim);
  const choice = form?.querySelector(`input[value="${verdict}"]`);
  if (!choice) return;
  choice.checked = true;
  form.querySelector("textarea").focus();
}

function close() {
  const open = document.activeElement?.closest("details[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
    return;
  }
  [...document.querySelectorAll("[data-close]")].filter(shown).at(-1)?.click();
}

const acts = {
  go: (row) => location.assign(row.address),
  next: () => move(1),
  previous: () => move(-1),
  open: () => current()?.querySelector("[data-open]")?.click(),
  close,
  acknowledge,
  note: () => unfold("note", document)?.querySelector("textarea").focus(),
  traces: () => [...document.querySelectorAll("[data-trace]")].find(shown)?.focus(),
  accept: () => judge("accepted"),
  reject: () => judge("rejected"),
  unsure: () => judge("unsure"),
  undo: () => judge("undo"),
  "page-next": () => document.querySelector("a[rel=next]")?.click(),
  "page-back": () => document.querySelector("a[rel=first]") && history.back(),
};

const typing = (element) => element?.closest("input, textarea, select, [contenteditable], dialog, [role=dialog]");

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys === "off" || event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const pair = first && event.timeStamp - firstAt < WAIT_MS ? byKeys.get(`${first} ${event.key}`) : undefined;
  const row = pair ?? byKeys.get(event.key);
  first = "";
  if (!row) {
    if (begins.has(event.key)) [first, firstAt] = [event.key, event.timeStamp];
    return;
  }
  // Enter on a link, a button or a summary is the browser's own.
  if (row.act === "open" && event.target.closest("a, button, summary")) return;
  event.preventDefault();
  acts[row.act](row);
});
