import { Button, Text } from "@mantine/core";

import { reconnectNow } from "../live/use.ts";
import { texts } from "../texts/index.ts";
import { IconCloudOff } from "../ui/icons.ts";
import { clock } from "../ui/time.ts";
import classes from "./ConnectionState.module.css";
import { useAppSelector } from "./store.ts";

/** Whether the page is connected, and since when it is not. Quiet while all is well. */
export function ConnectionState() {
  const { status, since } = useAppSelector((state) => state.live);
  if (status === "lost") {
    const words = texts.shell.lost(clock(since));
    return (
      <div role="status" className={classes.lost}>
        <span className={classes.line}>
          <IconCloudOff size={16} aria-hidden />
          <Text span size="xs" className={classes.words}>
            {words}
          </Text>
        </span>
        <Button size="compact-xs" variant="default" onClick={reconnectNow}>
          {texts.common.retry}
        </Button>
      </div>
    );
  }
  const words = status === "connected" ? texts.shell.connected : texts.shell.connecting;
  return <span role="status" className={classes.dot} data-status={status} aria-label={words} title={words} />;
}
