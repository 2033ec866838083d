/* Brings the table of all families to life: filters, order, and addresses that can be shared.
   Everything that it needs is in the page; without it the table is a plain one. */
(() => {
  "use strict";

  const GOOD_BITS = 4; // as in compiler/sphinx/catalogue_rows.py
  const numbers = new Intl.NumberFormat(document.documentElement.lang || undefined);

  const human = (megabytes) => {
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return megabytes < 1000 ? `${megabytes} MB`
      : `${(megabytes / 1000).toLocaleString(document.documentElement.lang || undefined, digits)} GB`;
  };

  const element = (name, kind, text) => {
    const made = document.createElement(name);
    made.className = kind;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  /** A family: its row, and what filters and orders look at. */
  class Family {
    constructor(row, shared) {
      const data = row.dataset;
      const head = row.cells[0];
      this.row = row;
      this.name = head.querySelector("a, span")?.textContent ?? head.firstChild.textContent;
      this.link = head.querySelector("a")?.getAttribute("href") ?? null;
      this.text = `${head.textContent} ${data.text ?? ""}`.toLowerCase();
      this.abilities = new Set((data.abilities ?? "").split(" "));
      this.languages = new Set((data.languages ?? "").split(" "));
      this.context = Number(data.context);
      this.variants = JSON.parse(data.variants ?? "[]");
      this.specs = JSON.parse(data.specs);
      this.shared = shared;
      this.memoryCell = row.querySelector(".mb-least");
      this.size = Math.min(...this.specs.map(([size]) => size));
      this.largest = Math.max(...this.specs.map(([size]) => size));
      this.memory = Infinity;
      this.mostMemory = -1;
      for (const [, , groups] of this.specs)
        for (const [, packed] of groups)
          for (let at = 1; at < packed.length; at += 2)
            if (packed[at] >= 0) {
              this.memory = Math.min(this.memory, packed[at]);
              this.mostMemory = Math.max(this.mostMemory, packed[at]);
            }
      this.fit = null;
    }

    admits(wanted) {
      this.fit = null;
      return wanted.words.every((word) => this.text.includes(word))
        && wanted.abilities.every((name) => this.abilities.has(name))
        && (!wanted.language || this.languages.has(wanted.language))
        && this.context >= wanted.context
        && (!wanted.specific || this.fits(wanted));
    }

    /** Size, format, engine and memory have to hold for one and the same quantization. */
    fits(wanted) {
      const { formats, engines, quantizations } = this.shared;
      const engine = engines.indexOf(wanted.engine);
      let best = null;
      let found = false;
      this.specs.forEach(([size, format, groups], number) => {
        if (size < wanted.least || size > wanted.most) return;
        if (wanted.format && formats[format] !== wanted.format) return;
        if (!wanted.engine && wanted.memory === Infinity) {
          found = true;
          return;
        }
        for (const [names, packed] of groups) {
          if (wanted.engine && !names.includes(engine)) continue;
          for (let at = 0; at < packed.length; at += 2) {
            const megabytes = packed[at + 1];
            if (wanted.memory !== Infinity && (megabytes < 0 || megabytes > wanted.memory)) continue;
            found = true;
            const [name, bits] = quantizations[packed[at]];
            const made = { number, size, megabytes, bits, name, format: formats[format],
              engines: wanted.engine ? [wanted.engine] : names.map((each) => engines[each]) };
            if (best === null || better(made, best)) best = made;
          }
        }
      });
      if (wanted.memory !== Infinity) this.fit = best;
      return found;
    }

    /** Say in the row what fits, and link to its command. */
    tell({ about, billion, fits }) {
      if (this.told === this.fit) return;
      this.told = this.fit;
      this.row.querySelector(".mb-fit")?.remove();
      if (!this.fit) return;
      const { size, format, name, engines, megabytes } = this.fit;
      const made = element(this.link ? "a" : "span", "mb-fit");
      if (this.link) made.href = this.address(this.fit);
      made.append(
        element("strong", "", fits.replace(
          "%s", `${billion.replace("%s", numbers.format(size))} ${name}`)),
        element("span", "", about.replace("%s", human(megabytes))),
        element("span", "", `${format}: ${engines.join(", ")}`));
      this.memoryCell.after(made);
    }

    /** The command builder of the family's page, with what fits chosen in it. */
    address({ number, size, format, name, engines }) {
      const query = new URLSearchParams({ size, format, quantization: name, engine: engines[0] });
      if (this.variants[number]) query.set("variant", this.variants[number]);
      return `${this.link.split("#")[0]}?${query}#launch`;
    }
  }

  /** The larger model first, but none at the price of its quality; then the more exact one. */
  const better = (one, other) => {
    const [good, otherGood] = [one.bits >= GOOD_BITS, other.bits >= GOOD_BITS];
    if (good !== otherGood) return good;
    if (one.size !== other.size) return one.size > other.size;
    return one.bits > other.bits;
  };

  const ORDERS = {
    name: (family) => family.name.toLowerCase(),
    size: (family, down) => (down ? family.largest : family.size),
    context: (family) => family.context,
    memory: (family, down) => (down ? family.mostMemory : family.memory),
  };

  class Table {
    constructor(box) {
      this.box = box;
      this.form = box.querySelector(".mb-filters");
      this.body = box.querySelector("tbody");
      this.suffix = box.dataset.number === "1" ? "" : box.dataset.number;
      const shared = JSON.parse(box.dataset.shared);
      this.families = [...this.body.rows].map((row) => new Family(row, shared));
      this.order = "name";
      if (!this.form) return;
      this.readAddress();
      this.form.hidden = false;
      // On a phone the models come first; how many filters are set is still said.
      if (window.matchMedia("(max-width: 46em)").matches)
        this.form.querySelector("details").open = false;
      this.makeHeads();
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.form.addEventListener("input", () => this.show(true));
      this.form.addEventListener("reset", () => {
        setTimeout(() => this.show(true)); // once the fields are empty
      });
      window.addEventListener("popstate", () => {
        this.readAddress();
        this.show(false);
      });
      this.show(false);
    }

    makeHeads() {
      for (const head of this.box.querySelectorAll("th[data-key]")) {
        const button = element("button", "mb-sort", head.textContent);
        button.type = "button";
        button.title = this.box.dataset.sort.replace("%s", head.textContent);
        button.addEventListener("click", () => {
          const { key } = head.dataset;
          const { sort } = this.form.elements;
          sort.value = sort.value === key ? `-${key}` : key;
          this.show(true);
        });
        head.replaceChildren(button);
      }
    }

    fields() {
      return [...this.form.elements].filter((field) => field.name);
    }

    active() {
      return this.fields().filter((field) => field.name !== "sort"
        && (field.type === "checkbox" ? field.checked : field.value.trim() !== ""));
    }

    readAddress() {
      const query = new URLSearchParams(window.location.search);
      for (const field of this.fields()) {
        const given = query.getAll(field.name + this.suffix);
        if (field.type === "checkbox") field.checked = given.includes(field.value);
        else if (field.localName !== "select") field.value = given[0] ?? "";
        else {
          field.value = given[0] ?? "";
          if (field.selectedIndex < 0) field.selectedIndex = 0;
        }
      }
    }

    writeAddress() {
      const query = new URLSearchParams(window.location.search);
      for (const field of this.fields()) query.delete(field.name + this.suffix);
      for (const field of this.active()) query.append(field.name + this.suffix, field.value.trim());
      const { sort } = this.form.elements;
      if (sort.selectedIndex > 0) query.set(`sort${this.suffix}`, sort.value);
      const text = query.toString();
      try {
        window.history.replaceState(
          window.history.state, "",
          window.location.pathname + (text && `?${text}`) + window.location.hash);
      } catch {
        // A page that was opened from a file may not change its address.
      }
    }

    wanted() {
      const value = (name) => this.form.elements[name].value.trim();
      const number = (name, otherwise) => {
        const given = Number.parseFloat(value(name));
        return Number.isFinite(given) ? given : otherwise;
      };
      const wanted = {
        words: value("q").toLowerCase().split(/\s+/).filter(Boolean),
        abilities: [...this.form.querySelectorAll("[name=ability]:checked")]
          .map((box) => box.value),
        language: value("language"),
        format: value("format"),
        engine: value("engine"),
        context: number("context", 0),
        least: number("least", 0),
        most: number("most", Infinity),
        memory: number("memory", Infinity) * 1000,
      };
      wanted.specific = Boolean(wanted.format || wanted.engine || wanted.least > 0
        || wanted.most !== Infinity || wanted.memory !== Infinity);
      return wanted;
    }

    show(write) {
      const wanted = this.wanted();
      let shown = 0;
      for (const family of this.families) {
        const admitted = family.admits(wanted);
        if (admitted) {
          shown += 1;
          family.tell(this.box.dataset);
        }
        if (family.row.hidden === admitted) family.row.hidden = !admitted;
      }
      this.sort(this.form.elements.sort.value);
      this.box.querySelector(".mb-none").hidden = shown > 0;
      this.box.querySelector(".mb-count").textContent = this.box.dataset.count
        .replace("%(shown)s", numbers.format(shown))
        .replace("%(total)s", numbers.format(this.families.length));
      const count = this.active().filter((field) => field.name !== "q").length;
      this.box.querySelector(".mb-active").textContent = count
        ? this.box.dataset.active.replace("%s", String(count)) : "";
      if (write) this.writeAddress();
    }

    sort(order) {
      const down = order.startsWith("-");
      const key = down ? order.slice(1) : order;
      for (const head of this.box.querySelectorAll("th[data-key]")) {
        const own = head.dataset.key === key;
        head.setAttribute("aria-sort", own ? (down ? "descending" : "ascending") : "none");
      }
      if (order === this.order) return;
      this.order = order;
      const of = ORDERS[key];
      const keys = new Map(this.families.map((family) => [family, of(family, down)]));
      const place = new Map(this.families.map((family, at) => [family, at]));
      const sorted = [...this.families].sort((one, other) => {
        const [first, second] = [keys.get(one), keys.get(other)];
        if (first === second) return place.get(one) - place.get(other);
        return (first < second ? -1 : 1) * (down ? -1 : 1);
      });
      this.body.append(...sorted.map((family) => family.row));
    }
  }

  for (const box of document.querySelectorAll(".mb-catalogue")) new Table(box);
})();
