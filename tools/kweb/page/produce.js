// A record by hand. The fields are those of the workload that the topic is usually of; any other record is written as JSON.

import { element, setText } from "./dom.js";
import * as api from "./api.js";
import { lanes } from "./fleet.js";

const METHODS = ["credit_card", "debit_card", "paypal", "bank_transfer", "blik"];

/** What people fill in; the producer makes up the rest (ids, times). */
const SCHEMAS = {
  message: { topic: "demo-topic", fields: [["content", "hello"], ["key", "alpha"]] },
  payment: { topic: "payments", fields: [["user", "marek"], ["amount", "249.99"], ["currency", "PLN"], ["method", METHODS]] },
  order: { topic: "orders", fields: [["user_id", "anna"], ["item", "keyboard"], ["quantity", "1"], ["amount", "19.99"], ["currency", "EUR"], ["status", ["created", "paid", "shipped", "delivered", "cancelled"]]] },
  transaction: { topic: "transactions", fields: [["account", "1234"], ["amount", "-20.00"], ["type", ["deposit", "withdrawal", "transfer", "payment"]]] },
  JSON: { topic: null, fields: [] },
};
const WHOLE = new Set(["quantity", "account"]);

function input(name, value) {
  if (Array.isArray(value)) return element("select", { name }, ...value.map((choice) => element("option", { value: choice }, choice)));
  return element("input", { name, value, autocomplete: "off" });
}

function controls(schema) {
  if (schema === "JSON") return [element("label", {}, "The record, as JSON", element("textarea", { name: "json", rows: 4 }, '{"content": "hello"}'))];
  return SCHEMAS[schema].fields.map(([name, value]) => element("label", {}, name, input(name, value)));
}

const given = (form, schema) => SCHEMAS[schema].fields.map(([name]) => [name, form.elements[name].value]).filter(([, value]) => value !== "");
const valueOf = (name, text) => (WHOLE.has(name) && /^-?(0|[1-9]\d*)$/.test(text) ? text : JSON.stringify(text));

/** As JSON. Numbers stay as they were written: read and written anew, those beyond 2^53 would be others. */
function recordOf(form, schema) {
  if (schema !== "JSON") return `{${given(form, schema).map(([name, text]) => `${JSON.stringify(name)}:${valueOf(name, text)}`)}}`;
  JSON.parse(form.elements.json.value); // is it JSON?
  return form.elements.json.value;
}

const quoted = (text) => (/^[A-Za-z0-9_.,:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

function words(form, schema) {
  if (schema === "JSON") return quoted(form.elements.json.value);
  return given(form, schema).map(([name, value]) => `${name}=${quoted(value)}`).join(" ");
}

export function createProduce({ store, ui, results }) {
  const form = ui["produce-form"];
  let chosen = false;

  const showCommand = () => setText(ui["produce-command"], api.kctl(store.snapshot?.instance, `produce ${words(form, ui.schema.value)}`));
  function showFields() {
    ui["record-fields"].replaceChildren(...controls(ui.schema.value));
    showCommand();
  }
  async function send(event) {
    event.preventDefault();
    let record;
    try {
      record = recordOf(form, ui.schema.value);
    } catch (error) {
      return results.say("Produce", [`This is not JSON: ${error.message}`], true);
    }
    const answer = await api.produce(record);
    const { topic, partition, offset } = answer.value?.record ?? answer.value ?? {};
    results.of(answer.ok ? `Produced: ${topic} [${partition}] @ ${offset}` : "Produce", answer);
  }

  ui.schema.replaceChildren(...Object.keys(SCHEMAS).map((name) => element("option", { value: name }, name)));
  ui.schema.addEventListener("change", () => {
    chosen = true;
    showFields();
  });
  form.addEventListener("input", showCommand);
  form.addEventListener("submit", send);
  showFields();

  /** The first topic that is read says which record is meant, until the reader says so. */
  return function paint() {
    if (chosen || !store.snapshot) return;
    const topic = lanes(store.snapshot)[0]?.topic;
    const fits = Object.keys(SCHEMAS).find((name) => SCHEMAS[name].topic === topic);
    if (!topic) return;
    chosen = true;
    ui.schema.value = fits ?? "JSON";
    showFields();
  };
}
