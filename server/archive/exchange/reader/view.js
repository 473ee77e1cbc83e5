// The portable reader. Needs no server: pictures come as scripts, because a page opened from a disk may not read files.
"use strict";
(function () {
  const data = window.MJ_DATA, words = data.words, byId = (id) => document.getElementById(id);
  const canvas = byId("picture"), context = canvas.getContext("2d"), stage = byId("stage");
  const state = { series: null, index: 0, centre: 0, width: 0, zoom: 1, x: 0, y: 0, inverted: false, playing: 0 };
  const pictures = new Map(), waiting = new Map(), loaded = new Set(), MOST = 160;

  function el(name, text, parent) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (parent) parent.appendChild(made);
    return made;
  }

  // A chunk script calls this with its pictures: { series, first, pictures: [data URI, …] }.
  window.mjChunk = function (chunk) {
    chunk.pictures.forEach((uri, n) => {
      const key = chunk.series + "/" + (chunk.first + n), image = new Image();
      const done = new Promise((good, bad) => { image.onload = () => good(image); image.onerror = bad; });
      image.src = uri;
      done.catch(() => undefined);
      pictures.set(key, done);
      (waiting.get(key) || []).forEach((resolve) => resolve(done));
      waiting.delete(key);
    });
    while (pictures.size > MOST) {
      const oldest = pictures.keys().next().value;
      pictures.delete(oldest);
      const [s, n] = oldest.split("/").map(Number);
      loaded.delete(s + ":" + chunkOf(data.series[s], n));
    }
  };
  function chunkOf(series, index) { return Math.floor(index / data.chunk); }
  function load(number, index) {
    const series = data.series[number], chunk = chunkOf(series, index), key = number + ":" + chunk;
    if (loaded.has(key) || index < 0 || index >= series.frames.length) return;
    loaded.add(key);
    const script = el("script", "", document.head);
    script.onerror = () => { loaded.delete(key); byId("bl").textContent = words.damaged; };
    script.onload = () => script.remove();
    script.src = series.folder + "/C" + String(chunk + 1).padStart(4, "0") + ".JS";
  }
  function picture(number, index) {
    const key = number + "/" + index;
    if (pictures.has(key)) { const found = pictures.get(key); pictures.delete(key); pictures.set(key, found); return found; }
    load(number, index);
    return new Promise((resolve) => waiting.set(key, (waiting.get(key) || []).concat(resolve)));
  }

  let decoded = { key: "", values: null, image: null, width: 0, height: 0 };
  async function show() {
    const series = state.series;
    if (series === null || !series.frames.length) return;
    const number = data.series.indexOf(series), index = state.index, frame = series.frames[index];
    byId("slider").value = index + 1;
    byId("br").textContent = words.image + " " + (index + 1) + " / " + series.frames.length;
    let image;
    try { image = await picture(number, index); } catch (_e) { byId("bl").textContent = words.damaged; return; }
    if (state.series !== series || state.index !== index) return;
    const key = number + "/" + index;
    if (decoded.key !== key) decode(key, image, frame);
    paint(frame, series);
    load(number, index + data.chunk); load(number, index - data.chunk);
  }
  function decode(key, image, frame) {
    const off = document.createElement("canvas");
    off.width = image.width; off.height = image.height;
    const pen = off.getContext("2d", { willReadFrequently: true });
    pen.drawImage(image, 0, 0);
    decoded = { key, image: off, values: null, width: image.width, height: image.height };
    if (frame.k === "c") return;
    const rgba = pen.getImageData(0, 0, image.width, image.height).data;
    const values = new Float32Array(image.width * image.height);
    for (let i = 0, j = 0; i < values.length; i++, j += 4)
      values[i] = (frame.k === "w" ? rgba[j] * 256 + rgba[j + 1] - 32768 : rgba[j]) * frame.s + frame.i;
    decoded.values = values;
  }
  function paint(frame, series) {
    const ratio = window.devicePixelRatio || 1, w = stage.clientWidth, h = stage.clientHeight;
    canvas.width = w * ratio; canvas.height = h * ratio;
    const source = document.createElement("canvas");
    source.width = decoded.width; source.height = decoded.height;
    const pen = source.getContext("2d");
    if (decoded.values === null) pen.drawImage(decoded.image, 0, 0);
    else {
      // the linear function of DICOM PS3.3 C.11.2.1.2.1
      const out = pen.createImageData(decoded.width, decoded.height), values = decoded.values;
      const c = state.centre - 0.5, span = Math.max(state.width - 1, 1e-6), turn = state.inverted !== !!frame.v;
      for (let i = 0, j = 0; i < values.length; i++, j += 4) {
        let grey = ((values[i] - c) / span + 0.5) * 255;
        grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
        if (turn) grey = 255 - grey;
        out.data[j] = out.data[j + 1] = out.data[j + 2] = grey; out.data[j + 3] = 255;
      }
      pen.putImageData(out, 0, 0);
    }
    const aspect = frame.a || 1;
    const fit = Math.min(canvas.width / decoded.width, canvas.height / (decoded.height * aspect)) * state.zoom;
    const dw = decoded.width * fit, dh = decoded.height * aspect * fit;
    context.fillStyle = "#000"; context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = true; context.imageSmoothingQuality = "high";
    context.drawImage(source, (canvas.width - dw) / 2 + state.x * ratio, (canvas.height - dh) / 2 + state.y * ratio, dw, dh);
    byId("tr").textContent = frame.t || "";
    byId("bl").textContent = decoded.values === null ? "" : "W " + Math.round(state.width) + "  L " + Math.round(state.centre);
    byId("tl").textContent = series.title + (frame.z ? "\n" + words.position + " " + frame.z : "");
  }

  function presets() {
    const list = byId("presets");
    list.textContent = "";
    const frame = state.series.frames[state.index];
    list.disabled = !frame || frame.k === "c";
    if (list.disabled) return;
    const found = [[words.original, frame.l, frame.w]].concat(state.series.modality === "CT" ? data.ct : []);
    found.forEach((one) => { const option = el("option", one[0], list); option.value = one[1] + "," + one[2]; });
  }
  function choose(number) {
    const series = data.series[number];
    stop(); state.series = series; state.index = Math.floor(series.frames.length / 2);
    state.zoom = 1; state.x = state.y = 0; state.inverted = false;
    document.querySelectorAll(".series").forEach((b, n) => { b.classList.toggle("on", n === number); b.setAttribute("aria-pressed", n === number);
      if (n === number) b.scrollIntoView({ block: "nearest" }); });
    stage.querySelectorAll("video, iframe").forEach((old) => old.remove());
    canvas.hidden = !!series.video || !!series.document;
    ["tl", "tr", "bl", "br"].forEach((id) => { byId(id).textContent = ""; });
    if (series.video) { const film = el("video", "", stage); film.controls = true; film.src = series.video; return; }
    if (series.document) { const page = el("iframe", "", stage); page.title = series.title; page.src = series.document; return; }
    if (!series.frames.length) { byId("tl").textContent = words.nothing; context.clearRect(0, 0, canvas.width, canvas.height); return; }
    byId("slider").max = series.frames.length;
    const frame = series.frames[state.index];
    state.centre = frame.l; state.width = frame.w;
    presets(); show();
  }
  function go(step) {
    if (!state.series || !state.series.frames.length) return;
    state.index = Math.min(Math.max(state.index + step, 0), state.series.frames.length - 1);
    show();
  }
  function stop() { clearInterval(state.playing); state.playing = 0; byId("play").textContent = words.play; }

  byId("slider").addEventListener("input", (event) => { state.index = Number(event.target.value) - 1; show(); });
  byId("presets").addEventListener("change", (event) => { [state.centre, state.width] = event.target.value.split(",").map(Number); show(); });
  byId("invert").addEventListener("click", () => { state.inverted = !state.inverted; show(); });
  byId("reset").addEventListener("click", () => choose(data.series.indexOf(state.series)));
  byId("play").addEventListener("click", () => {
    if (state.playing) return stop();
    byId("play").textContent = words.stop;
    state.playing = setInterval(() => { if (state.index >= state.series.frames.length - 1) state.index = -1; go(1); }, 100);
  });
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey) { state.zoom = Math.min(Math.max(state.zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1), 0.2), 20); show(); }
    else go(event.deltaY > 0 ? 1 : -1);
  }, { passive: false });
  let held = null;
  stage.addEventListener("pointerdown", (event) => { held = { x: event.clientX, y: event.clientY, button: event.button, shift: event.shiftKey }; stage.setPointerCapture(event.pointerId); });
  stage.addEventListener("pointerup", () => { held = null; });
  stage.addEventListener("contextmenu", (event) => event.preventDefault());
  stage.addEventListener("pointermove", (event) => {
    if (!held) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    held.x = event.clientX; held.y = event.clientY;
    if (held.button === 0 && !held.shift) {
      const step = Math.max(state.width / 400, 0.02);
      state.width = Math.max(state.width + dx * step, 1); state.centre += dy * step;
    } else if (held.button === 2) state.zoom = Math.min(Math.max(state.zoom * (1 - dy / 200), 0.2), 20);
    else { state.x += dx; state.y += dy; }
    show();
  });
  window.addEventListener("keydown", (event) => {
    if (event.target.tagName === "SELECT") return;
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 };
    if (event.key in steps) { event.preventDefault(); go(steps[event.key]); }
  });
  window.addEventListener("resize", show);

  let heading = "";
  data.series.forEach((series, number) => {
    if (series.study !== heading) { heading = series.study; el("h2", heading, byId("list")); }
    const button = el("button", "", byId("list"));
    button.className = "series"; button.type = "button";
    const image = el("img", "", button); image.alt = "";
    if (series.thumbnail) image.src = series.thumbnail;
    const box = el("div", "", button);
    el("b", series.title, box);
    el("span", series.note, box);
    button.addEventListener("click", () => choose(number));
  });
  const wanted = Number((location.hash.match(/^#s(\d{1,4})$/) || [])[1] || 0);
  if (data.series.length) choose(Math.min(wanted, data.series.length - 1));
})();
