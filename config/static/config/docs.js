// Sends the call that a form describes and shows what came back, with the command that does the same.
const token = document.getElementById("token");
const MOST = 60_000;

const filled = (form, where) => [...form.querySelectorAll(`[data-where="${where}"]`)].filter((field) => field.value);

const address = (form) => {
  let path = form.getAttribute("action");
  for (const field of filled(form, "path")) path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
  const query = new URLSearchParams(filled(form, "query").map((field) => [field.name, field.value])).toString();
  const parts = [...filled(form, "answers").map((field) => field.value), query].filter(Boolean);
  return new URL(path + (parts.length ? `?${parts.join("&")}` : ""), window.location.href);
};

const request = (form) => {
  const headers = Object.fromEntries(filled(form, "header").map((field) => [field.name, field.value]));
  if (form.dataset.owner && token.value) headers.Authorization = `Bearer ${token.value.trim()}`;
  const made = { method: form.dataset.method, headers, credentials: "omit" };
  const json = form.querySelector('[data-where="json"]');
  const files = [...form.querySelectorAll('[data-where="body"]')];
  if (json) {
    made.body = json.value;
    headers["Content-Type"] = "application/json";
  } else if (files.length) {
    made.body = new FormData();
    for (const field of files) if (field.files?.[0]) made.body.append(field.name, field.files[0]);
  }
  return made;
};

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

const command = (url, made) => {
  const words = ["curl", made.method === "GET" ? "" : `-X ${made.method}`];
  for (const [name, value] of Object.entries(made.headers)) words.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (made.body instanceof FormData) for (const [name, file] of made.body) words.push(`-F ${quoted(`${name}=@${file.name}`)}`);
  else if (made.body) words.push(`-d ${quoted(made.body)}`);
  return [...words, quoted(url.href)].filter(Boolean).join(" ");
};

const told = async (response) => {
  const type = response.headers.get("Content-Type") ?? "";
  if (response.status === 204) return "";
  if (!type.includes("json")) return `${type}, ${(await response.blob()).size} bytes`;
  const text = JSON.stringify(await response.json(), null, 2);
  return text.length > MOST ? `${text.slice(0, MOST)}\n… and ${text.length - MOST} more characters` : text;
};

const block = (text, name) => {
  const made = document.createElement("pre");
  made.className = "call__text";
  made.textContent = text;
  made.tabIndex = 0;
  made.setAttribute("role", "region");
  made.setAttribute("aria-label", name);
  return made;
};

const line = (text) => Object.assign(document.createElement("p"), { className: "small", textContent: text });

const send = async (form) => {
  const shown = form.querySelector("[data-answer]");
  const [url, made] = [address(form), request(form)];
  shown.hidden = false;
  shown.replaceChildren(line("Asking …"));
  const begun = performance.now();
  try {
    const response = await fetch(url, made);
    const text = await told(response);
    const took = Math.round(performance.now() - begun);
    shown.replaceChildren(
      block(command(url, made), "The same as a command"),
      line(`${response.status} ${response.statusText}, ${took} ms`),
      ...(text ? [block(text, "Answer")] : []),
    );
  } catch {
    shown.replaceChildren(line("The server could not be reached. Check the connection, then try again."));
  }
};

for (const form of document.querySelectorAll("form[data-method]")) {
  form.querySelector(".call__try").hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

const openNamed = () => {
  const named = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
  named?.scrollIntoView();
};
window.addEventListener("hashchange", openNamed);
if (window.location.hash) openNamed();
