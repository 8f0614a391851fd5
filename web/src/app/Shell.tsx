import { Anchor, Button, Group, Kbd, Text, UnstyledButton } from "@mantine/core";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { Link } from "react-router";

import { AccountMenu } from "../account/AccountMenu.tsx";
import { api } from "../api/api.ts";
import { usePaletteKeys } from "../palette/keys.ts";
import { texts } from "../texts/index.ts";
import { IconRefresh, IconSearch } from "../ui/icons.ts";
import { ConnectionState } from "./ConnectionState.tsx";
import icon from "./icon.svg";
import { places } from "./places.ts";
import classes from "./Shell.module.css";
import { useAppSelector } from "./store.ts";

const Tray = lazy(() => import("../transfers/Tray.tsx"));
const Palette = lazy(() => import("../palette/Palette.tsx"));

/** The frame around every page of someone who is signed in: top bar, notices, content. */
export function Shell({ children }: { children: ReactNode }) {
  const { data: site } = api.useGetSiteQuery();
  const [palette, setPalette] = useState<"never" | "closed" | "open">("never");
  const open = () => setPalette("open");
  usePaletteKeys(open);
  const uploading = useAppSelector((state) => state.transfers.length > 0);
  return (
    <div className={classes.shell}>
      <a className="skip" href="#content">
        {texts.common.skip}
      </a>
      <div role="region" aria-label={texts.shell.bar} className={classes.header}>
        <Anchor component={Link} to={places.projects} className={classes.brand} underline="never">
          <img src={icon} alt="" width={26} height={26} />
          <span className={classes.site}>{site?.site_name ?? texts.product}</span>
        </Anchor>
        <UnstyledButton className={classes.search} onClick={open}>
          <IconSearch size={16} aria-hidden />
          <span className={classes.searchWords}>{texts.shell.search}</span>
          <span className={classes.keys}>
            <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">K</Kbd>
          </span>
        </UnstyledButton>
        <Group gap="xs" wrap="nowrap">
          <ConnectionState />
          <AccountMenu />
        </Group>
      </div>
      <NewVersion />
      <main id="content" className={classes.main} tabIndex={-1}>
        {children}
      </main>
      {uploading && (
        <Suspense>
          <Tray />
        </Suspense>
      )}
      {palette !== "never" && (
        <Suspense>
          <Palette opened={palette === "open"} onClose={() => setPalette("closed")} />
        </Suspense>
      )}
    </div>
  );
}

function NewVersion() {
  const version = useAppSelector((state) => state.live.newVersion);
  if (version === null) return null;
  return (
    <div className={classes.notice} role="status">
      <Text size="sm">{texts.shell.newVersion}</Text>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconRefresh size={14} aria-hidden />}
        onClick={() => location.reload()}
      >
        {texts.shell.reload}
      </Button>
    </div>
  );
}
