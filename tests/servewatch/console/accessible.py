"""What a page has to give to who sees little, hears it, or uses the keyboard alone: scripts that a browser answers."""

from __future__ import annotations

PAINT = """
const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
  .getContext('2d', {willReadFrequently: true});
const over = (colors) => {
  pen.globalAlpha = 1;
  for (const [color, opacity] of [['#ffffff', 1], ...colors]) {
    pen.globalAlpha = opacity;
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
  }
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const bright = (color) => color.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => {
  const [low, high] = [bright(a), bright(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const chain = (e) => e ? [...chain(e.parentElement), e] : [];
const colorsOf = (image) => image.match(/(rgba?|color)\\([^)]*\\)/g) ?? [];
const grounds = (e) => chain(e).reduce((stacks, one) => {
  const {backgroundColor, backgroundImage} = getComputedStyle(one);
  const shades = colorsOf(backgroundImage);
  return (shades.length ? shades : [backgroundColor]).flatMap(c => stacks.map(stack => [...stack, [c, 1]]));
}, [[]]);
const opacity = (e) => chain(e).reduce((share, one) => share * Number(getComputedStyle(one).opacity), 1);
const least = (e, color, on = e) => Math.min(...grounds(on).map(stack =>
  contrast(over([...stack, [color, opacity(e)]]), over(stack))));
const told = (e, found) => `${e.tagName.toLowerCase()}.${e.getAttribute('class') ?? ''} `
  + `'${(e.textContent || '').trim().slice(0, 30)}' ${found.toFixed(2)}`;
const visible = (e) => e.checkVisibility({visibilityProperty: true}) && e.getBoundingClientRect().width > 1
  && !e.closest('.hidden-text, .skip, :disabled, [hidden]');
"""
"""How WCAG compares two colours, with what lies under them painted as the browser does."""

PALE_TEXTS = f"""(() => {{ {PAINT}
const texts = [...document.querySelectorAll('body *')].filter(e => visible(e) && !e.closest('canvas, noscript, .pie')
  && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
return [...new Set(texts.flatMap(e => {{
  const style = getComputedStyle(e), size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const found = least(e, e.closest('svg') ? style.fill : style.color);
  return found < (large ? 3 : 4.5) - 0.01 ? [told(e, found)] : [];
}}))]; }})()"""
"""Texts with less contrast than 4.5, or 3 where they are large; a pie's, on no parent of theirs, are PALE_SHARES."""

PALE_SHARES = f"""(() => {{ {PAINT}
return [...document.querySelectorAll('.pie text')].filter(visible).flatMap(e => {{
  const [ink, slice] = [e, e.previousElementSibling].map(one => over([[getComputedStyle(one).fill, 1]]));
  const found = contrast(ink, slice);
  return found < 4.49 ? [told(e, found)] : [];
}}); }})()"""
"""What stands on the slices of a pie with less contrast than 4.5."""

PALE_MARKS = f"""(() => {{ {PAINT}
const shown = (query) => [...document.querySelectorAll(query)].filter(visible);
const filled = shown('.swatch, .share-bar, .share-key, .knob').map(e =>
  [e, getComputedStyle(e).backgroundColor, e.parentElement]);
const edged = shown('input, select, textarea').map(e => [e, getComputedStyle(e).borderTopColor, e.parentElement])
  .concat(shown('.bar-fill').map(e => [e, getComputedStyle(e).borderRightColor, e.parentElement.parentElement]));
const drawn = shown('.icon path, .gauge path:not([stroke^="var"]), .pie path, .spark path:last-child').map(e => {{
  const {{stroke, fill}} = getComputedStyle(e);
  return [e, e.closest('.pie') ? fill : stroke, e.closest('svg').parentElement];
}});
return [...new Set([...filled, ...edged, ...drawn].flatMap(([e, color, on]) => {{
  const found = least(e, color, on);
  return color.endsWith(', 0)') || found >= 2.99 ? [] : [told(e, found)];
}}))]; }})()"""
"""Marks, bars, icons and edges of fields with less contrast than 3 to what is beside them."""

FOCUSABLE = "a[href], button, input, select, textarea, summary"
UNSEEN_FOCUS = f"""(() => {{ {PAINT}
const acting = [...document.querySelectorAll('{FOCUSABLE}')].filter(e => visible(e)
  && !e.closest('details:not([open]) > :not(summary)'));
return acting.flatMap(e => {{
  e.focus({{focusVisible: true}});
  if (document.activeElement !== e) return [`${{told(e, 0)}} takes no focus`];
  const {{outlineStyle, outlineColor, outlineWidth}} = getComputedStyle(e);
  const found = outlineStyle === 'none' || parseFloat(outlineWidth) < 2 ? 0 : least(e, outlineColor, e.parentElement);
  return found < 3 ? [told(e, found)] : [];
}}); }})()"""
"""Controls that take no focus, or show it with less than two pixels and a contrast of 3."""

CONTROLS = (
    f"""[...document.querySelectorAll('{FOCUSABLE}')].filter(e => e.checkVisibility() && e.tabIndex >= 0).length"""
)

WORDLESS = """[...document.querySelectorAll(
  '.chart, .panel svg:not([aria-hidden]), .value-grid, .bar-rows, .bar-columns')]
  .filter(e => !(e.getAttribute('aria-label') || '').trim()).map(e => e.getAttribute('class'))"""
"""Charts that say nothing to who does not see them."""

STRUCTURE = """({
  h1: [...document.querySelectorAll('h1')].filter(e => e.textContent.trim()).length,
  main: document.querySelectorAll('main').length,
  banner: document.querySelectorAll('body > header').length,
  nav: [...document.querySelectorAll('nav')].filter(e => !e.getAttribute('aria-label')).length,
  language: document.documentElement.lang,
  ids: [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, at, all) => all.indexOf(id) < at),
  untitled: document.title === ''
})"""
