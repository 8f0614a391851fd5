import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { Provider } from "react-redux";
import type { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";

import type { Store } from "./store.ts";
import { theme } from "./theme.ts";

interface Props {
  store: Store;
  router: ReturnType<typeof createBrowserRouter>;
}

/** The whole client: store, look and routes. */
export function App({ store, router }: Props) {
  return (
    <Provider store={store}>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <Notifications position="bottom-right" limit={4} />
        <RouterProvider router={router} />
      </MantineProvider>
    </Provider>
  );
}
