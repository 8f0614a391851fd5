import { api } from "../api/api.ts";
import { faultOf } from "../api/fault.ts";
import { forgotten, useAppDispatch } from "../app/store.ts";
import { texts } from "../texts/index.ts";
import { tellFault } from "../ui/tell.ts";

/** Ends the session here, or in every browser, and forgets what belonged to it. */
export function useSignOut() {
  const [signOut] = api.useSignOutMutation();
  const dispatch = useAppDispatch();
  return async (everywhere: boolean) => {
    try {
      await signOut(everywhere ? { everywhere } : {}).unwrap();
    } catch (error) {
      if (faultOf(error).code !== "not_signed_in") {
        tellFault(texts.account.signOut, error);
        return;
      }
    }
    dispatch(forgotten());
    dispatch(api.util.resetApiState());
  };
}
