// The API for people: Swagger UI where this build has it, else a plain list from the same document.
import { element } from "./dom.js";

const BUNDLE = "swagger-ui-bundle.js";
const MISSING = "Swagger UI is not part of this build, so nothing can be tried from here: make web-assets fetches it. This is what it would show.";

async function readJson(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  return answer.json();
}

function loadScript(path) {
  return new Promise((done, failed) => {
    const script = element("script", { src: path });
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    document.head.append(script);
  });
}

async function showSwagger(place) {
  document.head.append(element("link", { rel: "stylesheet", href: "/assets/swagger-ui.css" }));
  await loadScript(`/assets/${BUNDLE}`);
  place.replaceChildren();
  window.SwaggerUIBundle({ url: "/openapi.json", domNode: place, deepLinking: true });
}

function parameterRow(parameter) {
  const need = parameter.required ? "required" : "optional";
  return element("tr", {}, element("th", { scope: "row" }, parameter.name), element("td", {}, `${parameter.in}, ${need}`), element("td", {}, parameter.description));
}

function operationSection(path, method, operation) {
  const section = element("section", {}, element("h2", {}, `${method.toUpperCase()} ${path}`), element("p", {}, operation.description));
  if (operation.parameters.length > 0) section.append(element("table", {}, element("tbody", {}, ...operation.parameters.map(parameterRow))));
  return section;
}

function showList(place, document_) {
  const operations = Object.entries(document_.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => operationSection(path, method, operation)));
  place.replaceChildren(element("h1", {}, "The API"), element("p", {}, MISSING), ...operations);
}

async function show() {
  const place = document.getElementById("docs");
  const [health, api] = await Promise.all([readJson("/"), readJson("/openapi.json")]);
  if ((health.assets ?? []).includes(BUNDLE)) await showSwagger(place);
  else showList(place, api);
}

show();
