import { Center, Loader } from "@mantine/core";

import { texts } from "../texts/index.ts";

/** Shown for the moment in which nothing is known yet. */
export function Waiting() {
  return (
    <Center h="100%" mih="8rem" role="status" aria-label={texts.common.loading}>
      <Loader color="olive" type="dots" />
    </Center>
  );
}
