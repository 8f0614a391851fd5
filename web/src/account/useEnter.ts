import { useNavigate, useSearchParams } from "react-router";

import { api } from "../api/api.ts";
import { isOutside, placeAfter } from "../app/places.ts";
import { forgotten, useAppDispatch } from "../app/store.ts";

/** Goes where the person wanted to be, once the session is there. */
export function useEnter() {
  const navigate = useNavigate();
  const dispatch = useAppDispatch();
  const [query] = useSearchParams();
  return async () => {
    dispatch(forgotten());
    const account = dispatch(api.endpoints.getAccount.initiate(undefined, { forceRefetch: true }));
    await account;
    const place = placeAfter(query);
    if (isOutside(place)) location.assign(place);
    else await navigate(place, { replace: true });
    account.unsubscribe();
  };
}
