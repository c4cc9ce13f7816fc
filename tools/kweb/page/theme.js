// Light or dark: what the system prefers, until the reader says otherwise.

import { setText } from "./dom.js";

const KEY = "ksupervise-theme";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** @param {HTMLButtonElement} toggle @param {function(): void} changed for what is drawn on a canvas */
export function createTheme(toggle, changed) {
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  const show = () => {
    setText(toggle, isDark() ? "Light" : "Dark");
    toggle.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
    changed();
  };
  const stored = localStorage.getItem(KEY);
  if (stored) root.dataset.theme = stored;
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem(KEY, root.dataset.theme);
    show();
  });
  prefersDark.addEventListener("change", show);
  show();
}
