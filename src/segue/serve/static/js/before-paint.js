// Theme and language before the first paint; a plain script, so that it is not deferred. The server
// names the table of texts of each language, and the one of this browser starts to load.
{
  const root = document.documentElement;
  const theme = localStorage.getItem("segue.theme");
  if (theme) root.dataset.theme = theme;
  const tables = JSON.parse(document.currentScript?.dataset.tables ?? "{}");
  const wanted = [localStorage.getItem("segue.language"), ...navigator.languages];
  const codes = wanted.map((code) => code?.split("-")[0] ?? "");
  root.lang = codes.find((code) => code in tables) ?? "en";
  root.dataset.texts = root.lang === "en" ? "shown" : "waiting";
  const link = document.createElement("link");
  Object.assign(link, { rel: "modulepreload", fetchPriority: "low", href: tables[root.lang] });
  if (link.href.endsWith(".json")) link.setAttribute("as", "json");
  document.head.append(link);
}
