// One slide at a time: arrow keys, Page Up and Down, Home, End, the buttons, and the address's #number.
const deck = document.querySelector('.synthnb-slides');
const slides = [...deck.querySelectorAll('.synthnb-slide')].filter((slide) => slide.children.length > 0);
const place = document.querySelector('.synthnb-turn output');
let at = 0;

function show(index, { open = false, focus = true } = {}) {
  at = Math.min(Math.max(index, 0), slides.length - 1);
  slides.forEach((slide, number) => slide.toggleAttribute('data-current', number === at));
  for (const part of slides[at].querySelectorAll('.synthnb-later')) part.toggleAttribute('data-waits', !open);
  place.textContent = `Slide ${at + 1} of ${slides.length}`;
  history.replaceState(null, '', `#${at + 1}`);
  if (focus) slides[at].focus();
}

function turn(step) {
  const waiting = slides[at].querySelector('[data-waits]');
  if (step > 0 && waiting) waiting.removeAttribute('data-waits');
  else if (at + step >= 0 && at + step < slides.length) show(at + step, { open: step < 0 });
}

const KEYS = {
  ArrowRight: () => turn(1),
  ArrowLeft: () => turn(-1),
  PageDown: () => turn(1),
  PageUp: () => turn(-1),
  Home: () => show(0),
  End: () => show(slides.length - 1, { open: true }),
};

document.addEventListener('keydown', (event) => {
  const own = event.target.closest?.('input, select, textarea, [contenteditable], [role="tab"], [role="slider"], .synthnb-live');
  if (own || event.altKey || event.ctrlKey || event.metaKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
for (const button of document.querySelectorAll('.synthnb-turn button')) {
  button.addEventListener('click', () => turn(Number(button.dataset.turn)));
}
addEventListener('hashchange', () => show((Number(location.hash.slice(1)) || 1) - 1));
deck.dataset.live = '';
show((Number(location.hash.slice(1)) || 1) - 1, { focus: false });
