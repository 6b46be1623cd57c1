"use strict";
// Reads the data of this page, and shows the groups that the filters leave. The filters stand in the address after #.
const data = JSON.parse(document.getElementById("data").textContent);
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PAGE = 200;

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

// Each name is written without what it shares with the one before.
const sites = [];
for (const line of data.sites ? data.sites.split("\n") : []) {
  const last = sites.length ? sites[sites.length - 1] : "";
  sites.push(last.slice(0, DIGITS.indexOf(line[0])) + line.slice(1));
}
const profiles = data.of ? data.of.split(",").map((number) => parseInt(number, 36)) : [];
let first = 0;
for (const group of data.groups) {
  group.first = first;
  first += group.sites;
  group.text = JSON.stringify(group.objects).toLowerCase();
}

function state() {
  return new URLSearchParams(location.hash.slice(1));
}

function values(at) {
  return [...new Set(data.profiles.map((profile) => profile[at]))].filter(Boolean).sort();
}

function choice(name, options, shown) {
  const label = element("label", name);
  const select = element("select");
  select.name = name;
  select.append(new Option("all", ""));
  for (const option of options) select.append(new Option(shown ? shown[option] : option, option));
  label.append(select);
  return label;
}

function makeFilters() {
  const form = document.getElementById("filters");
  data.labels.forEach((label, at) => form.append(choice(label, values(at))));
  const kinds = data.groups.flatMap((group) => group.objects.map((object) => object.kind));
  form.append(choice("kind", [...new Set(kinds)].sort()), choice("risk", Object.keys(data.risks), data.risks));
  const label = element("label", "site or text");
  const input = element("input");
  input.name = "text";
  input.type = "search";
  label.append(input);
  form.append(label);
  form.addEventListener("input", () => {
    const next = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    for (const id of state().getAll("open")) next.append("open", id);
    history.replaceState(null, "", "#" + next);
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

// Numbers of the sites of a group that the filters leave. A text is looked for in names, then in what changes.
function matching(group, wanted) {
  if (wanted.get("risk") && wanted.get("risk") !== group.risk) return [];
  const kind = wanted.get("kind");
  if (kind && !group.objects.some((object) => object.kind === kind)) return [];
  const fits = data.profiles.map((profile) =>
    data.labels.every((label, at) => !wanted.get(label) || wanted.get(label) === profile[at]));
  const text = (wanted.get("text") || "").toLowerCase();
  const everywhere = !text || group.text.includes(text);
  const found = [];
  for (let site = group.first; site < group.first + group.sites; site++) {
    if (fits[profiles[site]] && (everywhere || sites[site].includes(text))) found.push(site);
  }
  return found;
}

function counts(found) {
  const used = new Map();
  for (const site of found) used.set(profiles[site], (used.get(profiles[site]) || 0) + 1);
  const list = element("div", undefined, "counts");
  data.labels.forEach((label, at) => {
    const sums = new Map();
    for (const [profile, count] of used) {
      const value = data.profiles[profile][at];
      sums.set(value, (sums.get(value) || 0) + count);
    }
    const sorted = [...sums].filter(([value]) => value).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const text = sorted.map(([value, count]) => value + " " + count.toLocaleString("en")).join(", ");
    if (text) list.append(element("div", label + ": " + text));
  });
  return list;
}

function colour(mark) {
  return { "+": "add", "-": "gone" }[mark] || "";
}

function changes(group) {
  const block = element("pre");
  for (const object of group.objects) {
    block.append(element("span", object.title, "object " + colour(object.mark)));
    for (const [mark, head, ...lines] of object.fields) {
      block.append(element("span", head, "field " + colour(mark)));
      for (const line of lines) block.append(element("span", line, "text " + colour(line[0])));
    }
    if (object.more) block.append(element("span", "fields left out: " + object.more + "; -o json has them", "field"));
  }
  if (group.hidden) block.append(element("span", "objects that did not fit: " + group.hidden + "; -o json has them"));
  return block;
}

function listed(found) {
  const list = element("ul", undefined, "sites");
  const more = element("button");
  more.type = "button";
  let shown = 0;
  const next = () => {
    for (const site of found.slice(shown, shown + PAGE)) list.append(element("li", sites[site]));
    shown = Math.min(shown + PAGE, found.length);
    more.textContent = (found.length - shown).toLocaleString("en") + " more sites";
    more.hidden = shown === found.length;
  };
  more.addEventListener("click", next);
  next();
  return [list, more];
}

function opened(group, found) {
  const parts = [counts(found), changes(group)];
  if (group.own.length) parts.push(element("p", "Each site has its own " + group.own.map((name) => "⟦" + name + "⟧").join(", ")));
  return parts.concat(listed(found));
}

function remember(id, isOpen) {
  const next = state();
  const ids = next.getAll("open").filter((other) => other !== id);
  next.delete("open");
  for (const other of isOpen ? [...ids, id] : ids) next.append("open", other);
  history.replaceState(null, "", "#" + next);
}

function shownGroup(group, found, isOpen) {
  const details = element("details");
  details.id = "group-" + group.id;
  details.dataset.sites = found.length;
  const head = element("summary");
  const word = found.length === 1 ? " site: " : " sites: ";
  head.append(element("b", found.length.toLocaleString("en")), word + (group.state === "changed" ? "" : group.state + ", ") + group.what);
  head.append(element("span", data.risks[group.risk], "risk " + group.risk));
  details.append(head);
  let filled = false;
  const fill = () => {
    if (!filled) details.append(...opened(group, found));
    filled = true;
  };
  if (isOpen) {
    details.open = true;
    fill();
  }
  details.addEventListener("toggle", () => {
    if (details.open) fill();
    remember(group.id, details.open);
  });
  return details;
}

function show() {
  const wanted = state();
  const open = new Set(wanted.getAll("open"));
  for (const field of document.getElementById("filters").elements) {
    if (field.name && document.activeElement !== field) field.value = wanted.get(field.name) || "";
  }
  const left = data.groups.map((group) => [group, matching(group, wanted)]).filter(([, found]) => found.length);
  const total = left.reduce((sum, [, found]) => sum + found.length, 0);
  document.getElementById("groups").replaceChildren(...left.map(([group, found]) => shownGroup(group, found, open.has(group.id))));
  document.getElementById("found").textContent = total.toLocaleString("en") + " sites in " + left.length.toLocaleString("en") + " groups shown";
}

document.getElementById("title").textContent = data.title;
makeFilters();
window.addEventListener("hashchange", show);
show();
