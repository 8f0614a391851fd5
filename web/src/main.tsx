import "./app/styles.ts";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";

import { App } from "./app/App.tsx";
import { makeStore } from "./app/store.ts";

// A page that was opened before an upgrade may ask for a file that is gone: the new page knows the new names.
addEventListener("vite:preloadError", (event) => {
  event.preventDefault();
  location.reload();
});

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <BrowserRouter>
        <App store={makeStore()} />
      </BrowserRouter>
    </StrictMode>,
  );
}
