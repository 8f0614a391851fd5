import { Container } from "@mantine/core";
import { Navigate, Outlet, useLocation } from "react-router";

import { api } from "../api/api.ts";
import { faultOf } from "../api/fault.ts";
import { useLive } from "../live/use.ts";
import { texts } from "../texts/index.ts";
import { Problem } from "../ui/Problem.tsx";
import { Waiting } from "../ui/Waiting.tsx";
import { signInFor } from "./places.ts";
import { useAppSelector } from "./store.ts";
import { Shell } from "./Shell.tsx";

/** Lets in whoever is signed in; others go to the sign-in page and come back here afterwards. */
export function SignedIn() {
  const { data: account, error, refetch } = api.useGetAccountQuery();
  const location = useLocation();
  const left = useAppSelector((state) => state.session.left);
  if (left) return <Navigate to="/sign-in?left=1" replace />;
  if (error !== undefined && faultOf(error).code === "not_signed_in") {
    return <Navigate to={signInFor(location.pathname + location.search, account !== undefined)} replace />;
  }
  if (account !== undefined) return <Inside />;
  if (error !== undefined) {
    return (
      <Container py="xl" component="main">
        <Problem title={texts.shell.unreachableTitle} fault={faultOf(error)} retry={refetch} />
      </Container>
    );
  }
  return <Waiting />;
}

function Inside() {
  useLive();
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
