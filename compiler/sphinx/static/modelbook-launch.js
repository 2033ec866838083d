// The command builder of a family's page. Every text and every decision comes with the page as data
// (compiler/sphinx/builder.py); all of it is put into the page as text, never as markup.
"use strict";
(() => {
  const place = document.querySelector(".mb-builder");
  const source = document.querySelector(".mb-builder-data");
  if (!place || !source) return;
  const data = JSON.parse(source.textContent);
  const { specs, engines, hubs, texts, words } = data;
  // Reasons that the site has in no other language.
  const english = new Set(data.english.map(number => texts[number]));
  const KEYS = ["size", "format", "variant", "quantization", "engine", "hub", "provider",
    "context-length", "port", "detach"];

  // --- small tools -----------------------------------------------------------------------------
  const make = (tag, attributes = {}, ...content) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
      if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    node.append(...content);
    return node;
  };
  const fill = (pattern, value) => pattern.split("%s").join(value);
  const shown = size => size.replace("_", ".");
  const same = (one, other) => one.toLowerCase() === other.toLowerCase();
  // As Python's shlex.quote, so that a page, `--dry-run` and the builder show the same line.
  const quote = word => word && !/[^\w@%+=:,./-]/.test(word) ? word
    : "'" + word.split("'").join("'\"'\"'") + "'";
  const pair = (option, value) => value.startsWith("-") ? [`${option}=${value}`] : [option, value];

  // --- what is chosen --------------------------------------------------------------------------
  const state = { spec: null, quantization: null, engine: -1, hub: "", provider: "", context: "",
    port: "", detach: false, trust: false };
  const why = (quantization, engine) => texts[quantization[3][engine][0]] || "";
  const can = quantization => quantization[3].some(each => each[0] < 0);

  function chooseSpec(spec, quantization) {
    if (!spec || spec.usual < 0) return;
    state.spec = spec;
    const kept = state.quantization && state.quantization[0];
    const named = name => spec.quantizations.find(each => each[0] === name && can(each));
    chooseQuantization(quantization || named(kept) || spec.quantizations[spec.usual]);
    state.trust = false;
  }

  function chooseQuantization(quantization) {
    state.quantization = quantization;
    if (state.engine < 0 || why(quantization, state.engine))
      chooseEngine(state.spec.order.find(engine => !why(quantization, engine)) ?? -1);
    if (!hubOf(state.hub)) state.hub = "";
    if (refusedProvider(state.provider)) state.provider = "";
  }

  function chooseEngine(engine) {
    state.engine = engine;
    if (!providers().includes(state.provider) || refusedProvider(state.provider))
      state.provider = "";
  }

  const hubOf = name => state.quantization[2].map(number => hubs[number])
    .find(hub => hub[0] === name && !hub[2]);
  const providers = () => state.engine < 0 ? [] : engines[state.engine][1];
  const refusedProvider = name => {
    const refusals = state.engine < 0 ? null : state.quantization[3][state.engine][5];
    return refusals && name in refusals ? texts[refusals[name]] : "";
  };

  // --- the command -----------------------------------------------------------------------------
  const line = () => lineWords().join(" ");

  function lineWords() {
    const { spec, quantization } = state;
    const values = [engines[state.engine][0], data.name, spec.size, spec.format, quantization[0]];
    const argv = [...data.program];
    data.options.forEach((option, number) => argv.push(...pair(option, values[number])));
    if (spec.variant) argv.push(...pair("--variant", spec.variant));
    if (!data.more) return argv.map(quote);
    if (state.hub) argv.push(...pair("--hub", state.hub));
    if (state.provider) argv.push(...pair("--provider", state.provider));
    if (state.context) argv.push("--context-length", state.context);
    if (state.port) argv.push("--port", state.port);
    if (spec.remote) argv.push("--trust-remote-code");
    if (state.detach) argv.push("--detach");
    return argv.map(quote);
  }

  // --- addresses -------------------------------------------------------------------------------
  function read(query) {
    const asked = new URLSearchParams(query);
    const wanted = key => asked.get(key) ?? "";
    const fits = (key, value) => !wanted(key) || same(wanted(key), value);
    const size = wanted("size").replace(".", "_");
    const fitting = specs.filter(spec => spec.usual >= 0 && (!size || size === spec.size)
      && fits("format", spec.format) && fits("variant", spec.variant));
    let engine = engines.findIndex(each => same(each[0], wanted("engine")));
    const good = each => can(each) && fits("quantization", each[0])
      && (engine < 0 || !why(each, engine));
    // What an engine cannot load is still what was asked for; another engine may.
    if (!fitting.some(each => each.quantizations.some(good))) engine = -1;
    const spec = fitting.find(each => each.quantizations.some(good)) ?? fitting[0]
      ?? specs.find(each => each.usual >= 0);
    if (!spec) return false;
    const usual = spec.quantizations[spec.usual];
    const exact = spec.quantizations.find(each => good(each) && each[0] === wanted("quantization"));
    chooseSpec(spec, exact ?? (good(usual) ? usual : spec.quantizations.find(good) ?? usual));
    if (engine >= 0 && !why(state.quantization, engine)) chooseEngine(engine);
    state.hub = hubOf(wanted("hub").toLowerCase()) ? wanted("hub").toLowerCase() : "";
    const provider = providers().find(each => same(each, wanted("provider")));
    state.provider = provider && !refusedProvider(provider) ? provider : "";
    state.context = whole(wanted("context-length"), data.context);
    state.port = whole(wanted("port"), 65535);
    state.detach = asked.has("detach");
    return KEYS.some(key => asked.has(key));
  }

  const whole = (text, most) => /^[1-9]\d*$/.test(text) && Number(text) <= most ? text : "";

  function address() {
    const url = new URL(location.href);
    KEYS.forEach(key => url.searchParams.delete(key));
    const chosen = { size: state.spec.size, format: state.spec.format,
      variant: state.spec.variant, quantization: state.quantization[0],
      engine: engines[state.engine][0], hub: state.hub, provider: state.provider,
      "context-length": state.context, port: state.port, detach: state.detach ? "1" : "" };
    for (const [key, value] of Object.entries(chosen))
      if (value) url.searchParams.set(key, value);
    url.hash = "launch";
    return url.href;
  }

  // --- controls --------------------------------------------------------------------------------
  // A group of radio buttons; it is filled anew only where its values change, so focus stays.
  // With `folded`, those that cannot be chosen lie in a fold under that text.
  function group(name, legend, choose, folded) {
    const box = make("div", { class: "mb-options" }), rest = box.cloneNode();
    const summary = make("summary"), fold = make("details", { class: "mb-fold" }, summary, rest);
    const node = make("fieldset", { class: `mb-group mb-${name}` }, make("legend", {}, legend), box,
      fold);
    let rows = new Map();
    node.addEventListener("change", event => { choose(event.target.value); update(true); });
    const row = option => {
      const id = `mb-${name}-${option.key}`;
      const input = make("input", { type: "radio", name: `mb-${name}`, value: option.key, id });
      const label = make("label", { for: id }, make("span", {}, option.title));
      const badge = make("span"), reason = make("span", { id: `${id}-why`, class: "mb-why" });
      const action = make("button", { type: "button", class: "mb-switch", hidden: true });
      const whole = make("div", { class: "mb-option" }, input, label);
      label.append(badge);
      whole.append(reason, action);
      return { whole, input, badge, reason, action };
    };
    const put = (into, options) => {
      const wanted = options.map(each => rows.get(each.key).whole);
      if (wanted.length !== into.children.length
          || wanted.some((each, number) => each !== into.children[number]))
        into.replaceChildren(...wanted);
    };
    const show = options => {
      const keys = options.map(each => each.key);
      if (JSON.stringify([...rows.keys()]) !== JSON.stringify(keys))
        rows = new Map(options.map(each => [each.key, row(each)]));
      const away = options.filter(each => folded && each.reason);
      fold.hidden = !away.length;
      summary.textContent = fill(folded || "", away.length)
        + away.map(each => each.title).join(words.comma);
      put(box, options.filter(each => !away.includes(each)));
      put(rest, away);
      for (const option of options) {
        const { input, badge, reason, action } = rows.get(option.key);
        input.checked = option.checked;
        input.disabled = Boolean(option.reason);
        badge.className = option.badge ? `mb-badge mb-${option.badge[0]}` : "";
        badge.textContent = option.badge ? option.badge[1] : "";
        badge.hidden = !option.badge;
        reason.textContent = option.reason || "";
        reason.hidden = !option.reason;
        if (english.has(option.reason)) reason.lang = "en";
        else reason.removeAttribute("lang");
        if (option.reason) input.setAttribute("aria-describedby", reason.id);
        else input.removeAttribute("aria-describedby");
        action.hidden = !option.other;
        if (option.other) {
          action.textContent = option.other.title;
          action.onclick = () => {
            option.other.choose();
            update(true);
            document.getElementById(input.id).focus(); // its row may have been made anew
          };
        }
      }
      node.hidden = options.length < 2 && !options.some(each => each.reason);
    };
    return { node, show };
  }

  function field(title, control) {
    const id = `mb-field-${title.replace(/\W+/g, "-")}-${control.type}`;
    control.id = id;
    return make("div", { class: "mb-field" }, make("label", { for: id }, title), control);
  }

  const distinct = values => [...new Set(values)];
  const at = (size, format) => specs.filter(spec => spec.size === size
    && (format === undefined || spec.format === format));
  const usable = list => list.find(spec => spec.usual >= 0);

  const sizes = group("size", words.size, size =>
    chooseSpec(usable(at(size, state.spec.format)) ?? usable(at(size))));
  const formats = group("format", words.format, format =>
    chooseSpec(usable(at(state.spec.size, format))));
  const variants = group("variant", words.variant, variant =>
    chooseSpec(at(state.spec.size, state.spec.format).find(spec => spec.variant === variant)));
  const onEngines = group("engine", words.engine, name =>
    chooseEngine(engines.findIndex(each => each[0] === name)), words.others);
  const onHubs = group("hub", words.hub, name => { state.hub = name; });

  const quantizations = make("select");
  quantizations.addEventListener("change", () => {
    chooseQuantization(state.spec.quantizations[quantizations.value]);
    update(true);
  });
  let listed = null;
  const told = make("p", { class: "mb-told" });
  const where = make("p", { class: "mb-where" });

  const provider = make("select");
  provider.addEventListener("change", () => { state.provider = provider.value; update(true); });
  const number = (key, most) => {
    const input = make("input", { type: "number", min: 1, max: most, step: 1, inputmode: "numeric" });
    input.addEventListener("input", () => {
      state[key] = whole(input.value, most);
      input.setAttribute("aria-invalid", String(!input.checkValidity()));
      update(true);
    });
    return input;
  };
  const context = number("context", data.context);
  const port = number("port", 65535);
  const tick = (key, text) => {
    const input = make("input", { type: "checkbox" });
    input.addEventListener("change", () => { state[key] = input.checked; update(true); });
    return { input, node: make("label", { class: "mb-tick" }, input, make("span", {}, text)) };
  };
  const detach = tick("detach", words.detach);
  const trust = tick("trust", words.trust);

  const command = make("code", { tabindex: 0 });
  const copied = make("span", { class: "mb-copied", role: "status" });
  const button = (text, value) => {
    const node = make("button", { type: "button", class: "mb-button" }, text);
    node.addEventListener("click", async () => {
      copied.textContent = await toClipboard(value()) ? words.copied : "";
    });
    return node;
  };
  const copy = button(words.copy, line);
  const link = button(words.link, address);

  async function toClipboard(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // not a secure place, or not allowed: by way of a selection
      const area = make("textarea", { class: "mb-away" });
      area.value = text;
      place.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  // --- showing it ------------------------------------------------------------------------------
  function update(changed) {
    const { spec, quantization } = state;
    sizes.show(distinct(specs.map(each => each.size)).map(size => ({
      key: size, title: shown(size), checked: size === spec.size,
      reason: usable(at(size)) ? "" : words.nothing })));
    formats.show(distinct(specs.map(each => each.format)).map(format => ({
      key: format, title: format, checked: format === spec.format,
      reason: usable(at(spec.size, format)) ? ""
        : at(spec.size, format).length ? words.nothing : words.size_only })));
    variants.show(at(spec.size, spec.format).map(each => ({
      key: each.variant, title: each.variant || words.none, checked: each === spec,
      reason: each.usual >= 0 ? "" : words.nothing })));
    showQuantizations();
    onEngines.show(spec.order.map(engine => {
      const [reason, kind, text] = quantization[3][engine];
      return { key: engines[engine][0], title: engines[engine][0], checked: engine === state.engine,
        reason: texts[reason] || "", badge: [texts[kind], texts[text]],
        other: reason < 0 ? null : elsewhere(engine) };
    }));
    showHubs();
    showMore();
    const blocked = spec.remote && data.more && !state.trust;
    trust.node.hidden = !(spec.remote && data.more);
    trust.input.checked = state.trust;
    command.replaceChildren(...blocked ? [words.untrusted]
      : lineWords().flatMap(word => [" ", make("span", {}, word)]).slice(1));
    copy.disabled = blocked;
    copied.textContent = "";
    if (changed) {
      try { history.replaceState(history.state, "", address()); } catch { /* some file: pages */ }
    }
  }

  function showQuantizations() {
    const { quantizations: all, order } = state.spec;
    if (listed !== state.spec)
      quantizations.replaceChildren(...all.map((each, number) =>
        make("option", { value: number, disabled: !can(each) })));
    listed = state.spec;
    all.forEach((each, number) => {
      // What it takes on the engine that is chosen, else on the first that loads it.
      const engine = [state.engine, ...order].find(engine => !why(each, engine));
      const memory = texts[each[3][engine]?.[3]];
      quantizations.options[number].textContent = [each[0], memory && `≈ ${memory}`]
        .filter(Boolean).join(" · ") + (can(each) ? "" : ` (${words.nothing})`);
    });
    quantizations.value = all.indexOf(state.quantization);
    told.textContent = [state.quantization[1], state.quantization[3][state.engine][4]]
      .map(number => texts[number]).filter(Boolean)
      .reduce((all, each) => all + (!all || all.endsWith("。") ? "" : " ") + each, "");
    told.hidden = !told.textContent;
  }

  // Where an engine does load something of the family: the same size first.
  function elsewhere(engine) {
    const near = [...at(state.spec.size), ...specs];
    for (const spec of near) {
      if (spec.usual < 0) continue;
      const good = each => !why(each, engine);
      const usual = spec.quantizations[spec.usual];
      const found = good(usual) ? usual : spec.quantizations.find(good);
      if (!found) continue;
      const parts = [spec.size === state.spec.size ? "" : shown(spec.size), spec.format, found[0]];
      return { title: fill(words.switch, parts.filter(Boolean).join(" · ")),
        choose: () => { chooseSpec(spec, found); chooseEngine(engine); } };
    }
    return null;
  }

  function showHubs() {
    const [name, , having] = state.quantization;
    const here = state.spec.hubs;
    const reason = ([hub]) => hubs[hub][2]
      || (having.includes(hub) ? "" : fill(words.elsewhere, hubs[hub][1]));
    onHubs.show(here.length < 2 || !data.more ? [] : [
      { key: "", title: words.any, checked: !state.hub, reason: "" },
      ...here.map(each => ({ key: hubs[each[0]][0], title: hubs[each[0]][1],
        checked: hubs[each[0]][0] === state.hub, reason: reason(each) }))]);
    where.replaceChildren(...here.filter(each => each.length > 1 && having.includes(each[0]))
      .map(([hub, ...parts]) => make("a", { class: "reference external",
        href: parts.join(encodeURIComponent(name)) }, fill(words.open, hubs[hub][1]))));
  }

  function showMore() {
    const names = providers();
    provider.replaceChildren(make("option", { value: "" }, words.any), ...names.map(each => {
      const refused = refusedProvider(each);
      return make("option", { value: each, disabled: Boolean(refused) },
        refused ? `${each}: ${refused}` : each);
    }));
    provider.value = state.provider;
    provider.closest(".mb-field").hidden = names.length < 2;
    if (document.activeElement !== context) context.value = state.context;
    if (document.activeElement !== port) port.value = state.port;
    detach.input.checked = state.detach;
  }

  // --- beginning -------------------------------------------------------------------------------
  const asked = read(location.search);
  if (!state.spec) return;
  const more = make("details", { class: "mb-more" }, make("summary", {}, words.more),
    make("div", { class: "mb-fields" }, field(words.provider, provider),
      field(words.context, context), field(words.port, port), detach.node));
  more.hidden = !data.more;
  more.open = Boolean(state.provider || state.context || state.port || state.detach);
  place.append(
    sizes.node, formats.node, variants.node,
    make("div", { class: "mb-group" }, field(words.quantization, quantizations), told),
    onEngines.node, onHubs.node, where, more, trust.node,
    make("div", { class: "mb-command", role: "group", "aria-label": words.command },
      make("pre", { "aria-live": "polite" }, command),
      make("div", { class: "mb-buttons" }, copy, link, copied)));
  update(false);
  place.hidden = false;
  document.documentElement.classList.add("mb-script");
  document.querySelectorAll("details.mb-plain").forEach(each => { each.open = false; });
  document.addEventListener("click", event => {
    const preset = event.target.closest("a.mb-preset");
    if (!preset || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    read(new URL(preset.href).search);
    update(true);
    document.getElementById("launch").scrollIntoView();
    quantizations.focus({ preventScroll: true });
  });
  window.addEventListener("popstate", () => { read(location.search); update(false); });
  if (asked) document.getElementById("launch").scrollIntoView();
})();
