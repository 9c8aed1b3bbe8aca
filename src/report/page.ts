// The shell of every page: one self-contained file that loads nothing, in the reader's light or dark colours, for a
// desk, a phone and print; tables that sort by a click on their heads and filter as one types.

export interface Section {
  readonly title: string;
  /** What is seen and how it was got, in a sentence or two. */
  readonly note?: string;
  /** HTML. */
  readonly body: string;
}

/** A column of a table. Numbers are set to the right and sorted as numbers; missing ones (NaN) come last. */
export interface Column<Row> {
  readonly head: string;
  /** Shown when the head is pointed at. */
  readonly hint?: string;
  value(row: Row): number | string;
  /** Default: the value itself. */
  text?(row: Row): string;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => entities[character]);

function cell<Row>({ value, text }: Column<Row>, row: Row): string {
  const plain = value(row);
  const shown = escapeHtml(text?.(row) ?? String(plain));
  return typeof plain === "number"
    ? `<td data-value="${plain}">${shown}</td>`
    : `<td class="word">${shown}</td>`;
}

/** A table that the reader sorts and, from a screenful of rows on, filters. The rows come in the given order. */
export function sortableTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const heads = columns.map(({ head, hint }, index) => {
    const word = rows.length > 0 && typeof columns[index].value(rows[0]) === "string" ? ' class="word"' : "";
    const title = hint ? ` title="${escapeHtml(hint)}"` : "";
    return `<th scope="col"${word}${title}><button type="button">${escapeHtml(head)}</button></th>`;
  });
  const lines = rows.map((row) => `<tr>${columns.map((column) => cell(column, row)).join("")}</tr>`);
  const filter =
    rows.length > 20
      ? `<input type="search" placeholder="filter ${rows.length} rows" aria-label="filter rows">`
      : "";
  return `<div class="table">${filter}<div class="scroll" tabindex="0"><table>
<thead><tr>${heads.join("")}</tr></thead>
<tbody>
${lines.join("\n")}
</tbody></table></div></div>`;
}

/** Named figures side by side. */
export const facts = (entries: readonly (readonly [name: string, value: string])[]): string =>
  `<dl class="facts">${entries
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join("")}</dl>`;

/** A picture with a line below it. */
export interface Captioned {
  readonly png: Uint8Array;
  readonly caption: string;
}

/** Pictures side by side, as many as the screen has room for. */
export const gallery = (pictures: readonly Captioned[]): string =>
  `<div class="gallery">${pictures
    .map(({ png, caption }) => {
      const text = escapeHtml(caption);
      const source = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
      return `<figure><img src="${source}" alt="${text}"><figcaption>${text}</figcaption></figure>`;
    })
    .join("\n")}</div>`;

const light = `--paper: #ffffff; --ink: #1c2128; --faint: #5a6472; --line: #dde2e8; --stripe: #f4f6f9;
  --c1: #2463a6; --c2: #d2701e; --c3: #2f8560; --c4: #8257a8; --c5: #b3403a; --c6: #767d86;`;
const dark = `--paper: #14181d; --ink: #e4e8ed; --faint: #9aa5b1; --line: #323a44; --stripe: #1b2027;
  --c1: #6aa8ec; --c2: #f2994a; --c3: #5fc396; --c4: #b995e0; --c5: #ee7d74; --c6: #98a1ac;`;

const style = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; color: var(--faint); max-width: 48rem; overflow-wrap: anywhere; }
figure { margin: .75rem 0; }
figure svg { max-width: 100%; height: auto; display: block; }
figure .narrow { display: none; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
.gallery figure { margin: 0; }
.gallery img { width: 100%; height: auto; display: block; image-rendering: pixelated; }
.gallery figcaption { color: var(--faint); font-size: .85rem; padding-top: .25rem; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .5rem; margin: 1rem 0; }
.facts div { border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .6rem; }
.facts dt { color: var(--faint); font-size: .8rem; }
.facts dd { margin: 0; font-size: 1.1rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.table input { font: inherit; width: 100%; max-width: 20rem; padding: .3rem .5rem; margin: .25rem 0 .5rem; color: inherit;
  background: var(--stripe); border: 1px solid var(--line); border-radius: .4rem; }
.scroll { overflow: auto; max-height: 80vh; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
th { position: sticky; top: 0; background: var(--stripe); padding: 0; text-align: right; }
th button { all: unset; cursor: pointer; padding: .35rem .6rem; font-weight: 600; white-space: nowrap; }
th button:focus-visible { outline: 2px solid var(--c1); outline-offset: -2px; }
th[aria-sort=ascending] button::after { content: " ▲"; }
th[aria-sort=descending] button::after { content: " ▼"; }
td { padding: .2rem .6rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); }
.word { text-align: left; }
tbody tr:nth-child(even) { background: var(--stripe); }
@media (max-width: 40rem) {
  figure .wide { display: none; }
  figure .narrow { display: block; }
}
@media print {
  :root { color-scheme: light; ${light} }
  body { max-width: none; font-size: 11px; }
  h2 { break-after: avoid; }
  figure, .facts, .gallery figure { break-inside: avoid; }
  .scroll { max-height: none; overflow: visible; border: 0; }
  .table input { display: none; }
  table { font-size: 7px; }
  td { padding: .1rem .25rem; }
  td.word { white-space: normal; overflow-wrap: anywhere; }
  th { position: static; }
}`;

/** Sorts and filters tables, and lets plots say their marks' figures when pointed at. */
const script = `
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const heads = [...table.querySelectorAll("th")];
  const key = (row, column) => {
    const { dataset, textContent } = row.cells[column];
    return "value" in dataset ? Number(dataset.value) : textContent;
  };
  heads.forEach((head, column) => head.addEventListener("click", () => {
    const first = head.classList.contains("word") ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const compare = (a, b) => typeof a === "string" ? sign * a.localeCompare(b)
      : Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) - Number.isNaN(b) : sign * (a - b);
    body.append(...[...body.rows].sort((a, b) => compare(key(a, column), key(b, column))));
  }));
  const filter = table.closest(".table").querySelector("input");
  filter?.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\\s+/);
    for (const row of body.rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  });
}
for (const mark of document.querySelectorAll("svg [role=graphics-symbol][aria-label]")) {
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = mark.getAttribute("aria-label");
  mark.append(title);
}`;

/** A whole page. @param notes lines under the title: where the figures come from. */
export function page(title: string, notes: readonly string[], sections: readonly Section[]): string {
  const body = sections.map(({ title: head, note, body: content }) =>
    [
      `<section><h2>${escapeHtml(head)}</h2>`,
      note ? `<p>${escapeHtml(note)}</p>` : "",
      content,
      "</section>",
    ].join("\n"),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${style}
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join("\n")}
${body.join("\n")}
<script>${script}
</script>
</body>
</html>
`;
}
