import { lazy, Suspense, type ComponentType } from "react";
import { Navigate, type RouteObject } from "react-router";

import { OpenItem } from "../project/OpenItem.tsx";
import { ProjectPage } from "../project/ProjectPage.tsx";
import { ProjectsPage } from "../projects/ProjectsPage.tsx";
import { NotFoundPage } from "./NotFoundPage.tsx";
import { Waiting } from "../ui/Waiting.tsx";
import { SignedIn } from "./SignedIn.tsx";

/** A page that is loaded when somebody goes there: not on the way that everybody goes. */
function later(load: () => Promise<{ default: ComponentType }>) {
  const Page = lazy(load);
  return (
    <Suspense fallback={<Waiting />}>
      <Page />
    </Suspense>
  );
}

const inProject: RouteObject[] = [
  { index: true, element: <Navigate to="files" replace /> },
  { path: "files/*", element: later(() => import("../files/FilesPage.tsx")) },
  { path: "edit/*", element: <OpenItem /> },
  { path: "trash", element: later(() => import("../trash/TrashPage.tsx")) },
  { path: "terminals", element: later(() => import("../terminal/TerminalsPage.tsx")) },
  { path: "terminals/:session", element: <OpenItem /> },
  { path: "apps", element: later(() => import("../apps/AppsPage.tsx")) },
  { path: "snapshots", element: later(() => import("../snapshots/SnapshotsPage.tsx")) },
  { path: "snapshots/:snapshot/*", element: later(() => import("../snapshots/SnapshotPage.tsx")) },
  { path: "people", element: later(() => import("../people/PeoplePage.tsx")) },
  { path: "settings", element: later(() => import("../settings/SettingsPage.tsx")) },
  { path: "*", element: <NotFoundPage /> },
];

/** Every place and its address. The edge sends an unknown path here too. */
export const routes: RouteObject[] = [
  { path: "/sign-in", element: later(() => import("../account/SignInPage.tsx")) },
  { path: "/sign-up", element: later(() => import("../account/SignUpPage.tsx")) },
  {
    element: <SignedIn />,
    children: [
      { index: true, element: <Navigate to="/projects" replace /> },
      { path: "/projects", element: <ProjectsPage /> },
      { path: "/account", element: later(() => import("../account/AccountPage.tsx")) },
      { path: "/projects/:project", element: <ProjectPage />, children: inProject },
      { path: "*", element: <NotFoundPage /> },
    ],
  },
];
