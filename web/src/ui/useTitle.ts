import { useEffect } from "react";

import { api } from "../api/api.ts";
import { texts } from "../texts/index.ts";

/** Sets the window's title: the place first, then the institution. */
export function useTitle(place: string): void {
  const { data: site } = api.useGetSiteQuery();
  const name = site?.site_name ?? texts.product;
  useEffect(() => {
    document.title = place === "" ? name : `${place} · ${name}`;
  }, [place, name]);
}
