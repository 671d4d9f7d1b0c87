// The gallery of a page: filters queries and draws a few at a time, so that thousands stay quick.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("gallery-data").textContent);
  const form = document.getElementById("gallery-filter");
  const list = document.getElementById("gallery-list");
  const status = document.getElementById("gallery-status");
  const more = document.getElementById("gallery-more");
  const STEP = 20;
  const RANK = 0, PRECISION = 1, ANSWERS = 2, SCORES = 3;
  let set = data.sets[0], found = [], drawn = 0;

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const options = (select, values) => {
    select.replaceChildren(...values.map(([value, text]) => {
      const option = element("option", "", text);
      option.value = value;
      return option;
    }));
  };
  const number = value => value.toLocaleString("en-US");
  const merit = outcome => outcome[PRECISION] ?? (outcome[RANK] ? 1 / outcome[RANK] : 0);
  const gain = query => merit(query.h[form.head.value]) - merit(query.h[form.other.value]);
  const rank = outcome => outcome[RANK] || Infinity;
  const hit = outcome => outcome[PRECISION] === null ? rank(outcome) <= 10 : outcome[PRECISION] > 0;
  const words = outcome =>
    (outcome[RANK] ? "target at rank " + number(outcome[RANK]) : "target is no candidate")
    + (outcome[PRECISION] === null ? "" : ", AP " + (100 * outcome[PRECISION]).toFixed(1));

  const picture = (index, role, verdict, score) => {
    const [name, description, source] = data.pictures[index];
    const figure = element("figure", verdict ? "right" : "");
    const alt = role + (description || name);
    if (source) {
      const image = element("img");
      image.loading = "lazy";
      image.decoding = "async";
      image.alt = alt;
      image.src = source;
      image.addEventListener("error", () => image.replaceWith(element("span", "absent", alt)));
      figure.append(image);
    } else {
      figure.append(element("span", "absent", alt));
    }
    const caption = element("figcaption");
    if (verdict) caption.append(element("span", "verdict", verdict));
    if (score !== undefined) caption.append(element("span", "score", score.toFixed(3)), " ");
    caption.append(name);
    figure.append(caption);
    return figure;
  };

  const answers = (query, head) => {
    const outcome = query.h[head];
    const list = element("ol", "answers");
    list.setAttribute("aria-label", "Answers of " + set.heads[head] + ", best first");
    outcome[ANSWERS].forEach((image, place) => {
      const item = element("li");
      const right = query.g.includes(image);
      item.append(picture(image, "", right ? "✓ right answer" : "", outcome[SCORES][place] / 1000));
      list.append(item);
    });
    return [element("p", "side", set.heads[head]), list];
  };

  const card = query => {
    const outcome = query.h[form.head.value], other = query.h[form.other.value];
    const article = element("article", "example");
    const question = element("div", "question");
    question.append(element("h3", "", (query.c ? query.c + ", query " : "query ") + query.i));
    const pair = element("div", "pair");
    pair.append(picture(query.r, "Reference: "));
    const target = query.g[0];
    if (target !== undefined && !outcome[ANSWERS].includes(target)) {
      const wanted = picture(target, "Wanted: ", "wanted");
      wanted.className = "wanted";
      pair.append(wanted);
    }
    question.append(pair);
    question.append(element("blockquote", "", query.t));
    const rank = element("p", "rank");
    rank.append(set.heads[form.head.value] + ": " + words(outcome) + " of " + number(query.n));
    if (form.head.value !== form.other.value) {
      const better = gain(query);
      rank.append(element("br"), set.heads[form.other.value] + ": " + words(other));
      if (better) rank.append(" ", element("span", better > 0 ? "win" : "loss", better > 0 ? "▲ win" : "▼ loss"));
    }
    question.append(rank);
    if (query.a.length) question.append(element("p", "rank", query.a.join(", ").replaceAll("_", " ")));
    const sides = element("div", "sides");
    sides.append(...answers(query, form.head.value));
    if (form.head.value !== form.other.value) sides.append(...answers(query, form.other.value));
    article.append(question, sides);
    return article;
  };

  const draw = () => {
    const next = found.slice(drawn, drawn + STEP);
    list.append(...next.map(card));
    drawn += next.length;
    more.hidden = drawn >= found.length;
  };
  const kept = {
    all: () => true,
    wins: query => gain(query) > 0,
    losses: query => gain(query) < 0,
    found: query => hit(query.h[form.head.value]),
    missed: query => !hit(query.h[form.head.value]),
  };
  const orders = {
    file: null,
    gain: (a, b) => gain(b) - gain(a),
    loss: (a, b) => gain(a) - gain(b),
    best: (a, b) => merit(b.h[form.head.value]) - merit(a.h[form.head.value]),
    worst: (a, b) => merit(a.h[form.head.value]) - merit(b.h[form.head.value]),
  };
  const apply = () => {
    const text = form.text.value.trim().toLowerCase();
    const inCategory = query =>
      !form.category.value || query.c === form.category.value || query.a.includes(form.category.value);
    const hasText = query => !text || query.t.toLowerCase().includes(text) || query.i === text
      || [query.r, ...query.g].some(image => data.pictures[image][0].toLowerCase() === text);
    found = set.queries.filter(kept[form.show.value]).filter(inCategory).filter(hasText);
    if (orders[form.order.value]) found.sort(orders[form.order.value]);
    list.replaceChildren();
    drawn = 0;
    status.textContent = number(found.length) + " of " + number(set.queries.length) + " queries";
    draw();
  };
  const fill = () => {
    const heads = set.heads.map((head, place) => [String(place), head]);
    options(form.head, heads);
    options(form.other, heads);
    form.head.value = String(set.best);
    form.other.value = String(set.other);
    const groups = [...new Set(set.queries.flatMap(query => [query.c, ...query.a]))].filter(Boolean).sort();
    options(form.category, [["", "all"], ...groups.map(group => [group, group.replaceAll("_", " ")])]);
    form.category.disabled = groups.length === 0;
  };
  // The view stands in the address, so that it can be sent and comes back with the back button.
  const restore = () => {
    const wanted = new URLSearchParams(location.hash.replace(/^#gallery\??/, ""));
    const protocol = data.sets.findIndex(one => one.protocol === wanted.get("protocol"));
    if (protocol >= 0) form.protocol.value = String(protocol);
    set = data.sets[form.protocol.value];
    fill();
    for (const [name, value] of wanted) {
      const control = form.elements[name];
      if (!control || name === "protocol") continue;
      const byName = name === "head" || name === "other" ? set.heads.indexOf(value) : -1;
      const before = control.value;
      control.value = byName >= 0 ? String(byName) : value;
      if (control.selectedIndex === -1) control.value = before;
    }
    apply();
    form.hidden = false;
    if (location.hash.startsWith("#gallery?")) form.scrollIntoView({ behavior: "instant" });
  };
  const remember = () => {
    const view = new URLSearchParams();
    for (const control of form.elements) {
      if (!control.name || !control.value) continue;
      const isHead = control.name === "head" || control.name === "other";
      const value = isHead ? set.heads[control.value] : control.value;
      view.set(control.name, control === form.protocol ? set.protocol : value);
    }
    history.replaceState(null, "", "#gallery?" + view);
  };

  options(form.protocol, data.sets.map((one, place) => [String(place), one.protocol]));
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("input", event => {
    if (event.target === form.protocol) {
      set = data.sets[form.protocol.value];
      fill();
    }
    remember();
    apply();
  });
  more.addEventListener("click", () => {
    const first = drawn;
    draw();
    const target = list.children[first];
    if (target) { target.tabIndex = -1; target.focus(); }
  });
  // Who scrolls sees more come; not while the button has the focus, which would be pushed out of sight.
  if ("IntersectionObserver" in window) {
    new IntersectionObserver(seen => {
      const near = seen.some(one => one.isIntersecting) && document.activeElement !== more;
      if (near && drawn && drawn < found.length) draw();
    }, { rootMargin: "600px" }).observe(more);
  }
  window.addEventListener("hashchange", () => { if (location.hash.startsWith("#gallery?")) restore(); });
  restore();
})();
