import { MantineProvider } from "@mantine/core";
import { lazy, Suspense, useSyncExternalStore } from "react";
import { Provider } from "react-redux";
import { useRoutes } from "react-router";

import { noticesWanted, onNoticesWanted } from "../ui/tell.ts";
import { CrashBoundary } from "./CrashBoundary.tsx";
import { routes } from "./routes.tsx";
import type { Store } from "./store.ts";
import { theme, variables } from "./theme.ts";

const Notices = lazy(() => import("../ui/notices.tsx"));

/** The whole client: store, look and routes. Stands in a router. */
export function App({ store }: { store: Store }) {
  const notices = useSyncExternalStore(onNoticesWanted, noticesWanted);
  return (
    <Provider store={store}>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        {notices && (
          <Suspense>
            <Notices />
          </Suspense>
        )}
        <CrashBoundary>
          <Places />
        </CrashBoundary>
      </MantineProvider>
    </Provider>
  );
}

const Places = () => useRoutes(routes);
