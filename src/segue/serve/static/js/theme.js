// Apply the chosen theme before the first paint; a plain script, so that it is not deferred.
{
  const chosen = localStorage.getItem("segue.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}
