import { Navigate, type RouteObject } from "react-router";

import { AccountPage } from "../account/AccountPage.tsx";
import { SignInPage } from "../account/SignInPage.tsx";
import { SignUpPage } from "../account/SignUpPage.tsx";
import { FilesPage } from "../files/FilesPage.tsx";
import { PeoplePage } from "../people/PeoplePage.tsx";
import { OpenItem } from "../project/OpenItem.tsx";
import { ProjectPage } from "../project/ProjectPage.tsx";
import { ProjectsPage } from "../projects/ProjectsPage.tsx";
import { SettingsPage } from "../settings/SettingsPage.tsx";
import { SnapshotsPage } from "../snapshots/SnapshotsPage.tsx";
import { TerminalsPage } from "../terminal/TerminalsPage.tsx";
import { CrashPage, NotFoundPage } from "./NotFoundPage.tsx";
import { SignedIn } from "./SignedIn.tsx";

/** Every place and its address. The edge sends an unknown path here too. */
export const routes: RouteObject[] = [
  {
    errorElement: <CrashPage />,
    children: [
      { path: "/sign-in", element: <SignInPage /> },
      { path: "/sign-up", element: <SignUpPage /> },
      {
        element: <SignedIn />,
        children: [
          { index: true, element: <Navigate to="/projects" replace /> },
          { path: "/projects", element: <ProjectsPage /> },
          { path: "/account", element: <AccountPage /> },
          {
            path: "/projects/:project",
            element: <ProjectPage />,
            children: [
              { index: true, element: <Navigate to="files" replace /> },
              { path: "files/*", element: <FilesPage /> },
              { path: "edit/*", element: <OpenItem /> },
              { path: "terminals", element: <TerminalsPage /> },
              { path: "terminals/:session", element: <OpenItem /> },
              { path: "snapshots", element: <SnapshotsPage /> },
              { path: "people", element: <PeoplePage /> },
              { path: "settings", element: <SettingsPage /> },
              { path: "*", element: <NotFoundPage /> },
            ],
          },
          { path: "*", element: <NotFoundPage /> },
        ],
      },
    ],
  },
];
