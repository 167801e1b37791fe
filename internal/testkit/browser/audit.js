// What a program can find wrong with a page, after the rules of WCAG 2.2 AA
// that a program can check. Returns one line per finding.
(() => {
  const findings = [];
  const say = (element, what) => {
    const id = element.id ? "#" + element.id : "";
    findings.push(`${element.tagName.toLowerCase()}${id}: ${what}`);
  };
  const visible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  // 3.1.1, 2.4.2, landmarks, duplicate ids
  if (!document.documentElement.lang) say(document.documentElement, "has no language");
  if (!document.title.trim()) say(document.documentElement, "has no title");
  for (const landmark of ["main", "header", "footer"]) {
    const count = document.querySelectorAll(landmark).length;
    if (count !== 1) say(document.body, `has ${count} ${landmark} landmarks`);
  }
  const ids = new Set();
  for (const element of document.querySelectorAll("[id]")) {
    if (ids.has(element.id)) say(element, "shares its id");
    ids.add(element.id);
  }
  for (const attribute of ["aria-describedby", "aria-labelledby", "aria-controls"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (!ids.has(id)) say(element, `${attribute} names ${id}, which is not there`);
      }
    }
  }

  // 1.3.1: one h1, no level left out
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) say(heading, `follows level ${level}`);
    level = now;
  }
  if (document.querySelectorAll("h1").length !== 1) say(document.body, "does not have exactly one h1");

  // 1.3.1, 3.3.2: every input has a label that is seen
  for (const input of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (![...(input.labels ?? [])].some(visible)) say(input, "has no visible label");
  }
  // 2.4.3: the order of the page is the order of the keyboard
  for (const element of document.querySelectorAll("[tabindex]")) {
    if (element.tabIndex > 0) say(element, "has a tabindex above zero");
  }
  // 2.5.8: targets of 24 pixels, links in running text excepted
  for (const target of document.querySelectorAll("button, input, select")) {
    const { width, height } = target.getBoundingClientRect();
    if (visible(target) && (width < 24 || height < 24)) say(target, `is only ${width} by ${height} pixels large`);
  }
  // 1.4.10: no scrolling in two directions
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    say(document.documentElement, `is ${document.documentElement.scrollWidth} pixels wide in a window of ${document.documentElement.clientWidth}`);
  }

  // 1.4.3, 1.4.11: contrast of text and of the edges of controls
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { r, g, b, a: a / 255 };
  };
  const over = (top, below) => ({
    r: top.r * top.a + below.r * (1 - top.a),
    g: top.g * top.a + below.g * (1 - top.a),
    b: top.b * top.a + below.b * (1 - top.a),
    a: 1,
  });
  const background = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    const canvasColour = parse(matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#ffffff");
    return layers.reduceRight((below, top) => over(top, below), canvasColour);
  };
  const luminance = ({ r, g, b }) => {
    const linear = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const require = (element, colour, ground, least, what) => {
    const ratio = contrast(over(colour, ground), ground);
    if (ratio < least) say(element, `${what} has a contrast of ${ratio.toFixed(2)}, less than ${least}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("style, script") || !visible(element)) continue;
    const style = getComputedStyle(element);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    require(element, parse(style.color), background(element), large ? 3 : 4.5, `"${node.data.trim().slice(0, 30)}"`);
  }
  for (const input of document.querySelectorAll("input, select, textarea")) {
    const style = getComputedStyle(input);
    require(input, parse(style.color), background(input), 4.5, "what is typed");
    if (style.appearance !== "auto" || style.borderTopStyle !== "none") {
      require(input, parse(style.borderTopColor), background(input.parentElement), 3, "its edge");
    }
  }
  return findings;
})()
