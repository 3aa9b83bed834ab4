// The page: sends the article to /v1/classify and draws the answer. It asks nothing of anyone else.

import { EXAMPLES, SIGNS, STANCES, WORDS } from "/page/words.js";

const $ = (id) => document.getElementById(id);
const state = { language: remembered("language") === "en" ? "en" : "id", answer: null, text: "", stance: null, holder: null, asking: null, error: null };
const words = () => WORDS[state.language];
const percent = (share) => `${Math.round(100 * share)} %`;

// ---- small helpers

function remembered(name) {
  try { return localStorage.getItem(`sikap-${name}`); } catch { return null; }
}

function remember(name, value) {
  try { localStorage.setItem(`sikap-${name}`, value); } catch { /* a private window keeps nothing */ }
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function tinted(tag, stance, properties, ...children) {
  const made = element(tag, properties, ...children);
  if (stance) made.dataset.stance = stance;
  return made;
}

const sign = (stance) => tinted("span", stance, { className: "sign", ariaHidden: "true" }, `${SIGNS[stance]} `);

// A button that filters; `id` finds it again after it is drawn anew.
function pressable(id, pressed, press, ...children) {
  const made = element("button", { id, type: "button", onclick: press }, ...children);
  made.setAttribute("aria-pressed", String(pressed));
  return made;
}

function say(text, busy = false) {
  $("status").textContent = text;
  $("status").className = busy ? "busy" : "";
}

function tell(error) {
  state.error = error;
  $("error").replaceChildren();
  if (!error) return;
  $("error").append(words().errors[error.code] ?? words().errors.internal);
  if (error.message) $("error").append(element("small", { lang: "en" }, error.message));
}

// ---- language

function translate() {
  document.documentElement.lang = state.language;
  document.title = words().title;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = words()[node.dataset.word];
  for (const node of document.querySelectorAll("[data-word-label]")) node.setAttribute("aria-label", words()[node.dataset.wordLabel]);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
  }
  tell(state.error);
  draw();
}

// ---- asking

class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function ask(path, options = {}) {
  const key = $("key").value.trim();
  const headers = { ...options.headers, ...(key && { authorization: `Bearer ${key}` }) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("unreachable", "");
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Refused(told.error?.code ?? "internal", told.error?.message ?? `HTTP ${response.status}`);
}

async function classify(text) {
  const body = JSON.stringify({ text });
  const response = await ask("/v1/classify", {
    method: "POST", headers: { "content-type": "application/json" }, body, signal: state.asking.signal,
  });
  return response.json();
}

// The buttons keep the focus: one that is disabled or hidden would lose it.
function busy(on) {
  state.asking = on ? new AbortController() : null;
  $("go").setAttribute("aria-disabled", String(on));
  if (document.activeElement === $("cancel")) $("go").focus();
  $("cancel").hidden = !on;
  $("form").setAttribute("aria-busy", String(on));
}

async function submit() {
  if (state.asking) return;
  const text = $("text").value;
  tell(null);
  if (!text.trim()) return tell(new Refused("empty", ""));
  busy(true);
  say(words().reading, true);
  try {
    const answer = await classify(text);
    Object.assign(state, { answer, text, stance: null, holder: null });
    draw();
    say(words().done(answer.paragraphs.length, `${answer.model.name} ${answer.model.version}`));
    $("result").focus({ preventScroll: true });
    $("result").scrollIntoView({ block: "start" });
  } catch (error) {
    if (error.name === "AbortError") return say(words().cancelled);
    say("");
    tell(error);
    if (error.code === "unauthorized") {
      $("locked").hidden = false;
      $("key").focus();
    }
  } finally {
    busy(false);
  }
}

// ---- drawing

function draw() {
  const { answer } = state;
  $("result").hidden = !answer;
  $("model").textContent = answer ? `${answer.model.name} ${answer.model.version} (${answer.model.encoder})` : "";
  if (!answer) return;
  $("profile").replaceChildren(drawBar(answer.profile), drawLegend(answer.profile), drawStands(answer.profile));
  const points = Array.from(state.text); // offsets count code points
  const shown = answer.paragraphs.filter(wanted);
  $("article").replaceChildren(...shown.map((paragraph) => drawParagraph(points, paragraph)));
  $("all").hidden = !(state.stance || state.holder);
}

// The button that was pressed is drawn anew, or hidden: its successor has the focus, or that of the filter that was lifted.
function filter(change) {
  const pressed = document.activeElement.id;
  const lifted = $("profile").querySelector("[aria-pressed='true']")?.id;
  Object.assign(state, { stance: null, holder: null }, change);
  draw();
  $(pressed === "all" ? lifted : pressed)?.focus();
  const { paragraphs } = state.answer;
  say(words().shown(paragraphs.filter(wanted).length, paragraphs.length));
}

function wanted(paragraph) {
  if (state.stance) return paragraph.stance === state.stance;
  if (!state.holder) return true;
  const holder = state.answer.profile.holders.find(({ name }) => name === state.holder);
  return Object.values(holder?.stances ?? {}).flat().includes(paragraph.index);
}

function drawBar(profile) {
  const shares = STANCES.map((stance) => `${words().stances[stance]} ${percent(profile.paragraphs[stance])}`);
  const bar = element("div", { className: "bar", role: "img", ariaLabel: shares.join(", ") });
  for (const stance of STANCES) {
    const piece = tinted("span", stance);
    piece.style.width = `${100 * profile.paragraphs[stance]}%`;
    bar.append(piece);
  }
  return bar;
}

function drawLegend(profile) {
  const items = STANCES.map((stance) => {
    const pressed = state.stance === stance;
    const label = `${words().stances[stance]} ${percent(profile.paragraphs[stance])}`;
    return element("li", {}, pressable(`only-${stance}`, pressed, () => filter({ stance: pressed ? null : stance }), sign(stance), label));
  });
  return element("ul", { className: "legend" }, ...items);
}

function drawStands(profile) {
  const columns = STANCES.slice(0, 3).map((stance) => {
    const held = profile.holders
      .map(({ name, stances }, index) => ({ id: `${stance}-${index}`, name, count: stances[stance]?.length ?? 0 }))
      .filter(({ count }) => count)
      .sort((a, b) => b.count - a.count);
    const most = Math.max(1, ...held.map(({ count }) => count));
    const list = held.length
      ? element("ul", {}, ...held.map((holder) => element("li", {}, drawHolder(holder, most))))
      : element("p", {}, words().nobody);
    return tinted("div", stance, {}, element("h3", {}, sign(stance), words().stands[stance]), list);
  });
  return element("div", { className: "stands" }, ...columns);
}

function drawHolder({ id, name, count }, most) {
  const bar = element("span", { className: "count" });
  bar.style.width = `${100 * count / most}%`;
  const pressed = state.holder === name;
  return pressable(id, pressed, () => filter({ holder: pressed ? null : name }), element("span", { lang: "id" }, name), ` ×${count}`, bar);
}

function drawParagraph(points, paragraph) {
  const classes = `${paragraph.kind}${paragraph.uncertain ? " uncertain" : ""}`;
  const children = [drawHead(points, paragraph), drawWords(points, paragraph)];
  if (paragraph.spans.length) children.push(drawEvidence(paragraph));
  return tinted("article", paragraph.stance, { className: classes, ariaLabel: `${words().paragraph} ${paragraph.index + 1}` }, ...children);
}

function drawHead(points, paragraph) {
  if (!paragraph.stance) return element("p", { className: "head" }, words().furniture);
  const copy = element("button", { type: "button", onclick: () => copyQuote(points, paragraph) }, words().copy);
  const parts = [element("b", {}, sign(paragraph.stance), words().stances[paragraph.stance]), element("span", {}, percent(paragraph.confidence))];
  if (paragraph.kind === "heading") parts.push(element("span", {}, words().heading));
  if (paragraph.uncertain) parts.push(element("span", { className: "doubt" }, `? ${words().doubt}`));
  return element("div", { className: "head" }, ...parts, copy);
}

function drawWords(points, paragraph) {
  const cuts = [];
  for (const span of paragraph.spans) {
    cuts.push([span.start, span.end, () => tinted("mark", span.stance, { title: `${words().stances[span.stance]}, ${percent(span.confidence)}` })]);
    if (span.holder) cuts.push([span.holder.start, span.holder.end, () => element("span", { className: "holder", title: words().heldBy })]);
  }
  cuts.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const line = element("p", { className: "words", lang: "id" });
  let place = paragraph.start;
  for (const [start, end, make] of cuts) {
    if (start < place) continue; // the same holder of two spans
    line.append(points.slice(place, start).join(""));
    const wrapped = make();
    wrapped.append(points.slice(start, end).join(""));
    line.append(wrapped);
    place = end;
  }
  line.append(points.slice(place, paragraph.end).join(""));
  return line;
}

function drawEvidence(paragraph) {
  const items = paragraph.spans.map((span) => element("li", {},
    sign(span.stance), `${words().stances[span.stance]} ${percent(span.confidence)}: `,
    element("q", { lang: "id" }, span.text), " — ",
    ...(span.holder ? [`${words().heldBy} `, element("b", { lang: "id" }, span.holder.text)] : [words().noHolder])));
  return element("ul", { className: "evidence" }, ...items);
}

// ---- taking away

async function copyQuote(points, paragraph) {
  const text = points.slice(paragraph.start, paragraph.end).join("");
  const holders = [...new Set(paragraph.spans.filter(({ holder }) => holder).map(({ holder }) => holder.text))];
  const source = [holders.join(", "), `${words().stances[paragraph.stance]}, ${percent(paragraph.confidence)}`].filter(Boolean).join("; ");
  try {
    await navigator.clipboard.writeText(`“${text}” (${source})`);
    say(words().copied);
  } catch {
    say(words().notCopied);
  }
}

function download(name, type, content) {
  const link = element("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const COLUMNS = ["paragraph", "start", "end", "kind", "text", "stance", "confidence", "uncertain", "scores", "spans", "model"];

function table() {
  const points = Array.from(state.text);
  const { name, version } = state.answer.model;
  const rows = state.answer.paragraphs.map((paragraph) => ({
    ...paragraph, paragraph: paragraph.index, text: points.slice(paragraph.start, paragraph.end).join(""), model: `${name}/${version}`,
  }));
  return [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))].map((cells) => cells.map(cell).join(",")).join("\r\n");
}

function cell(value) {
  const text = value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// ---- files

async function take(file) {
  if (!/\.(txt|md|html?)$/i.test(file.name)) {
    tell(null);
    return say(words().wrongFile(file.name));
  }
  const text = await file.text();
  $("text").value = /\.html?$/i.test(file.name) ? textOf(text) : text;
  say(words().dropped(file.name));
}

// What a reader would copy out of a page: its paragraphs and headings.
function textOf(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  parsed.querySelectorAll("script, style, nav, footer, aside, form").forEach((node) => node.remove());
  const pieces = [...parsed.querySelectorAll("h1, h2, h3, p, li, blockquote")].filter((node) => !node.querySelector("p, li"));
  const text = pieces.map((node) => node.textContent.replace(/\s+/g, " ").trim()).filter(Boolean).join("\n");
  return text || parsed.body.textContent.trim();
}

// ---- wiring

$("form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
$("cancel").addEventListener("click", () => state.asking?.abort());
$("text").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(); });
$("file").addEventListener("change", () => { if ($("file").files[0]) take($("file").files[0]); });
for (const { title, text } of EXAMPLES) {
  const show = () => {
    if (state.asking) return;
    $("text").value = text;
    submit();
  };
  $("examples").append(element("button", { type: "button", lang: "id", onclick: show }, title));
}
$("all").addEventListener("click", () => filter({}));
$("json").addEventListener("click", () => download("sikap.json", "application/json", JSON.stringify({ text: state.text, ...state.answer }, null, 1)));
$("csv").addEventListener("click", () => download("sikap.csv", "text/csv", `\ufeff${table()}`));
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    state.language = button.dataset.language;
    remember("language", state.language);
    say("");
    translate();
  });
}
for (const kind of ["dragover", "dragleave", "drop"]) {
  $("drop").addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return; // text that is dragged is the box's own affair
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
}
$("card-link").addEventListener("click", async (event) => {
  event.preventDefault();
  try {
    const response = await ask("/card");
    const card = new DOMParser().parseFromString(await response.text(), "text/html");
    $("card-text").replaceChildren(...card.querySelector("main").childNodes);
    $("card").showModal();
  } catch (error) {
    tell(error);
    $("locked").hidden = error.code !== "unauthorized" && $("locked").hidden;
  }
});
translate();
