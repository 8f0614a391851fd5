import "./app/styles.ts";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter } from "react-router";

import { App } from "./app/App.tsx";
import { routes } from "./app/routes.tsx";
import { makeStore } from "./app/store.ts";

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App store={makeStore()} router={createBrowserRouter(routes)} />
    </StrictMode>,
  );
}
