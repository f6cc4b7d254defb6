// Twenty Questions in a page of your own:
//   <script src="https://…/embed.js" data-facility="your-name" async></script>
// Puts one frame behind this script and keeps it as tall as what it shows. No cookie, nothing stored, nothing else.
(() => {
  "use strict";
  const script = document.currentScript;
  const facility = script?.dataset.facility;
  if (!facility || !script.parentElement || script.parentElement === document.head) {
    console.error("Twenty Questions: put the script in the body, where the questions shall appear, with data-facility.");
    return;
  }
  const { origin } = new URL(script.src);
  const tallest = 20000;

  const frame = document.createElement("iframe");
  frame.src = `${origin}/embed/${encodeURIComponent(facility)}/`;
  frame.title = script.dataset.title || "Twenty Questions: find software for your images";
  frame.style.cssText = "display: block; width: 100%; height: 600px; border: 0;";

  let shown = false;
  frame.addEventListener("load", () => {
    if (shown && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    shown = true;
  });
  window.addEventListener("message", (event) => {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    const height = event.data?.twentyQuestions?.height;
    if (Number.isFinite(height) && height > 0) frame.style.height = `${Math.min(Math.ceil(height), tallest)}px`;
  });
  script.after(frame);
})();
