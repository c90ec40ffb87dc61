// Runs before a page's own scripts in every page under test; sight.py calls what stands here.
// Breaches of the policy, and shifts of the layout that no input caused, are counted from the first moment.
window.sight = (() => {
  const faults = [];
  let shifts = 0;
  document.addEventListener("securitypolicyviolation", (e) => faults.push(`${e.violatedDirective} ${e.blockedURI}`));
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });

  const INTERACTIVE = [
    "a[href]", "button", "input:not([type=hidden])", "select", "textarea", "summary",
    "[tabindex]:not([tabindex='-1'])",
  ].join(", ");
  const PICTURES = "img, picture, video, audio, canvas, object, embed, iframe, image, input[type=image]";
  const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0 && !e.disabled;
  const usable = () => [...document.querySelectorAll(INTERACTIVE)].filter(shown);
  const named = (e) => `${e.tagName.toLowerCase()} ${(e.textContent || e.name || e.type || "").trim().slice(0, 30)}`;

  // Contrast of two colours, as WCAG reckons it.
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map((v) => linear(Number(v) / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((p, q) => q - p);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };

  let reached, blurred;
  function focused(event) {
    const e = event.target;
    reached.add(e);
    const style = getComputedStyle(e);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) blurred.add(`no outline: ${named(e)}`);
    else if (ratio(style.outlineColor, behind(e.parentElement)) < 3) blurred.add(`faint outline: ${named(e)}`);
    const box = e.getClientRects()[0];
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
    if (!top || !(e.contains(top) || top.contains(e))) blurred.add(`covered or out of sight: ${named(e)}`);
  }

  return {
    faults,
    shifts: () => shifts,
    pictures: () => [...document.querySelectorAll(PICTURES)].map((e) => e.outerHTML.slice(0, 60)),
    kept: () => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, history.state, document.title, document.cookie]),
    tabStart() {
      [reached, blurred] = [new Set(), new Set()];
      document.addEventListener("focusin", focused);
      document.activeElement?.blur();
      return usable().length;
    },
    tabEnd() {
      const groups = new Set([...reached].filter((e) => e.type === "radio").map((e) => e.name));
      const missed = usable().filter((e) => !reached.has(e) && !(e.type === "radio" && groups.has(e.name)));
      return [...missed.map((e) => `never reached: ${named(e)}`), ...blurred];
    },
    wide() {
      const page = document.documentElement.scrollWidth;
      const inner = [...document.querySelectorAll("main, .pane")].filter((e) => e.scrollWidth > e.clientWidth + 1);
      const faults = inner.map((e) => `${e.id} is ${e.scrollWidth} wide in ${e.clientWidth}`);
      return page > innerWidth ? [`page is ${page} wide in ${innerWidth}`, ...faults] : faults;
    },
    small() {
      // A link inside a sentence is as tall as its line (WCAG 2.5.8, "inline").
      const alone = (e) => e.parentElement.textContent.trim() === e.textContent.trim();
      return usable()
        .filter((e) => !e.matches(".skip") && (getComputedStyle(e).display !== "inline" || alone(e)))
        .map((e) => [e, (e.matches("input[type=radio]") ? e.closest("label") : e).getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24)
        .map(([e, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${named(e)}`);
    },
    unfold: () => document.querySelectorAll("details").forEach((e) => { e.open = true; }),
    axe: () =>
      axe
        .run(document, {
          resultTypes: ["violations"],
          preload: false,
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
        })
        .then((r) => r.violations.map((v) => `${v.id}: ${v.nodes[0].target} ${v.nodes[0].failureSummary}`)),
  };
})();
