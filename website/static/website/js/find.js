// After the interview is swapped, the new question gets the focus, so that keyboard and screen reader go on from there.
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.id !== "interview" && event.detail.target.id !== "interview") return;
  const heading = document.getElementById("question");
  heading?.focus({ preventScroll: true });
  document.getElementById("interview")?.scrollIntoView({ block: "start" });
});
