"use strict";
(() => {
  const find = (selector) => document.querySelector(selector);
  const table = find(".tall table");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const level = (row) => Number(row.dataset.d);
  const isBlock = (row) => row.classList.contains("block");
  const texts = new Map();
  const above = new Map();
  const closed = new Set();
  let order = null;

  const path = [];
  for (const row of rows) {
    path.length = Math.min(path.length, level(row) - 1);
    above.set(row, [...path]);
    path.push(row);
    texts.set(row, [...row.cells].slice(0, 5).map((cell) => cell.textContent).join(" ").toLowerCase());
  }

  // Which rows are shown, and in which order.

  function show() {
    for (const added of body.querySelectorAll(".why")) toggle(added.previousElementSibling);
    const query = find("#search").value.trim().toLowerCase();
    const matching = new Set(rows.filter((row) => texts.get(row).includes(query)));
    const open = new Set();
    if (query && !order)
      for (const row of matching) for (const block of above.get(row)) open.add(block);
    let number = 0;
    for (const row of rows) {
      const inside = above.get(row);
      const visible = order ? !isBlock(row) && matching.has(row)
        : query ? open.has(row) || matching.has(row)
        : !inside.some((block) => closed.has(block));
      row.hidden = !visible;
      if (visible && !isBlock(row)) number += 1;
    }
    for (const row of rows.filter(isBlock)) {
      const button = row.querySelector("button");
      const isOpen = query ? open.has(row) : !closed.has(row);
      button.setAttribute("aria-expanded", isOpen);
      button.textContent = isOpen ? "▾" : "▸";
    }
    body.append(...(order ? sorted() : rows));
    table.classList.toggle("flat", order !== null);
    const layers = rows.filter((row) => !isBlock(row)).length;
    find("#found").value = query ? `${number} of ${layers} layers` : "";
  }

  function exactly(cell) {
    const value = Number.parseFloat(cell.dataset.v || cell.textContent.replaceAll(",", ""));
    return Number.isNaN(value) ? -1 : value;
  }

  function sorted() {
    const { column, sign } = order;
    const number = heads[column].classList.contains("n");
    const key = (row) => {
      const cell = row.cells[column];
      return number ? exactly(cell) : cell.textContent;
    };
    const compare = (one, other) => number ? one - other : one.localeCompare(other);
    return [...rows].sort((one, other) => sign * compare(key(one), key(other)));
  }

  function foldTo(depth) {
    closed.clear();
    for (const row of rows) if (isBlock(row) && level(row) >= depth) closed.add(row);
    show();
  }

  function reveal(row) {
    for (const block of above.get(row)) closed.delete(block);
    order = null;
    find("#search").value = "";
    marks();
    show();
    row.scrollIntoView({ block: "center" });
  }

  // Headings sort: numbers from the largest, texts from A; then the reverse, then the network's order.

  function marks() {
    heads.forEach((head, column) => {
      const own = order?.column === column;
      head.setAttribute("aria-sort", !own ? "none" : order.sign < 0 ? "descending" : "ascending");
      head.querySelector("span").textContent = !own ? "" : order.sign < 0 ? " ↓" : " ↑";
    });
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    const first = head.classList.contains("n") ? -1 : 1;
    button.append(...head.childNodes, document.createElement("span"));
    head.append(button);
    button.addEventListener("click", () => {
      if (order?.column !== column) order = { column, sign: first };
      else order = order.sign === first ? { column, sign: -first } : null;
      marks();
      show();
    });
  });

  // Blocks fold; layers show how their numbers are computed.

  for (const row of rows) {
    const links = row.querySelectorAll("a");
    if (!isBlock(row) && !links.length) continue;
    const button = document.createElement("button");
    const name = row.cells[0].textContent;
    button.setAttribute("aria-expanded", "false");
    if (isBlock(row)) {
      button.append("▾");
      button.setAttribute("aria-label", `Layers of ${name}`);
      row.cells[0].prepend(button, " ");
      button.addEventListener("click", () => {
        if (!closed.delete(row)) closed.add(row);
        show();
      });
    } else {
      button.append(...row.cells[0].childNodes);
      button.className = "name";
      row.cells[0].append(button);
      button.addEventListener("click", () => toggle(row));
      for (const link of links) link.tabIndex = -1;
    }
  }

  function toggle(row, hash) {
    const next = row.nextElementSibling;
    const open = next?.className === "why";
    row.querySelector("button").setAttribute("aria-expanded", !open);
    if (open) return next.remove();
    const box = document.createElement("div");
    for (const link of row.querySelectorAll("a")) {
      const own = find(link.hash);
      const entry = (own.closest("details") ?? own).cloneNode(true);
      entry.open = link.hash === hash || !hash;
      for (const node of [entry, ...entry.querySelectorAll("[id]")]) node.removeAttribute("id");
      const title = heads[link.closest("td").cellIndex].querySelector("button").firstChild.data;
      const names = (entry.querySelector("summary") ?? entry);
      while (names.childNodes.length > 1) names.lastChild.remove();
      names.prepend(`${title}: `);
      box.append(entry);
    }
    const added = document.createElement("tr");
    added.className = "why";
    added.append(document.createElement("td"));
    added.cells[0].colSpan = heads.length;
    added.cells[0].append(box);
    row.after(added);
  }

  body.addEventListener("click", (event) => {
    const link = event.target.closest("td a");
    if (!link) return;
    event.preventDefault();
    toggle(link.closest("tr"), link.hash);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("svg a");
    const row = link && find(link.getAttribute("href"));
    if (row) reveal(row);
  });

  // Columns, and exact numbers.

  function display(column, shown) {
    for (const row of [table.tHead.rows[0], ...rows]) row.cells[column].hidden = !shown;
  }

  const narrow = innerWidth < 700;
  heads.forEach((head, column) => {
    if (!column) return;
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = !("more" in head.dataset || (narrow && "wide" in head.dataset));
    display(column, box.checked);
    box.addEventListener("change", () => display(column, box.checked));
    label.append(box, ` ${head.textContent}`);
    find("#columns").append(label);
  });

  find("#exact").addEventListener("change", (event) => {
    for (const cell of body.querySelectorAll("[data-v]")) {
      const holder = cell.firstElementChild ?? cell;
      cell.dataset.text ??= cell.textContent;
      const exact = /^\d+$/.test(cell.dataset.v) && /^[\d.,]+ [KMGTPE]?B?$|^[\d.,]+ kB$/.test(cell.dataset.text);
      holder.textContent = event.target.checked && exact
        ? BigInt(cell.dataset.v).toLocaleString("en") : cell.dataset.text;
    }
  });

  // The spec, and the rest of the controls.

  const copy = find("#copy");
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    getSelection().selectAllChildren(find("#spec"));
    try {
      await navigator.clipboard.writeText(find("#spec").textContent);
    } catch {
      document.execCommand("copy");
    }
    copy.textContent = "Copied";
  });
  find("#search").addEventListener("input", show);
  find("#open").addEventListener("click", () => foldTo(Infinity));
  find("#fold").addEventListener("click", () => foldTo(1));
  find("#controls").hidden = false;
  document.body.classList.add("script");
  marks();
  foldTo(Number(table.dataset.depth));
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (rows.includes(target)) reveal(target);
})();
