// Before anything is drawn: the light or dark that was chosen here last.
try {
  const chosen = localStorage.getItem("augury-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // no storage: dark, as it is
}
