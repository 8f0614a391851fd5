import "@mantine/core/styles/Code.css";
import "@mantine/core/styles/List.css";

import { Alert, Anchor, Code, List, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";

import { api } from "../api/api.ts";
import type { Restored, Snapshot } from "../api/contract.ts";
import { places } from "../app/places.ts";
import { parentOf } from "../files/path.ts";
import { texts } from "../texts/index.ts";
import { Confirm } from "../ui/Confirm.tsx";
import { IconHistory } from "../ui/icons.ts";
import { tellFault } from "../ui/tell.ts";
import { exact } from "../ui/time.ts";

/** Brings a path back after a question: `ask` puts it, and `panel` shows it and afterwards what was done. */
export function useRestoring(
  id: string,
  path: string,
): { ask: (snapshot: Snapshot) => void; panel: ReactNode } {
  const [restore, { isLoading }] = api.useRestorePathMutation();
  const [chosen, setChosen] = useState<Snapshot | null>(null);
  const [result, setResult] = useState<Restored | null>(null);
  const what = path === "" ? texts.snapshots.whole : path;

  const confirmed = async () => {
    if (chosen === null) return;
    try {
      setResult(await restore({ project_id: id, snapshot: chosen.name, path }).unwrap());
    } catch (error) {
      tellFault(texts.snapshots.refused, error);
    }
    setChosen(null);
  };

  const panel = (
    <>
      {result !== null && <Done id={id} path={path} result={result} onClose={() => setResult(null)} />}
      <Confirm
        opened={chosen !== null}
        title={texts.snapshots.confirmTitle(chosen === null ? "" : exact(chosen.time))}
        words={texts.snapshots.confirm(what.charAt(0).toUpperCase() + what.slice(1))}
        action={texts.snapshots.restore}
        busy={isLoading}
        onClose={() => setChosen(null)}
        onConfirm={confirmed}
      />
    </>
  );
  return { ask: setChosen, panel };
}

/** What came back, and where that is kept which was there before. */
function Done({
  id,
  path,
  result,
  onClose,
}: {
  id: string;
  path: string;
  result: Restored;
  onClose: () => void;
}) {
  const name = (each: string) => (each === "" ? texts.files.home : each);
  return (
    <Alert
      color="olive"
      variant="light"
      mb="md"
      icon={<IconHistory aria-hidden />}
      title={texts.snapshots.done}
      withCloseButton
      closeButtonLabel={texts.common.close}
      onClose={onClose}
      role="status"
    >
      <Stack gap={6}>
        <Text size="sm">{texts.snapshots.restored(result.restored.map(name).join(", "))}</Text>
        {result.set_aside.length === 0 ? (
          <Text size="sm">{texts.snapshots.nothingSetAside}</Text>
        ) : (
          <>
            <Text size="sm">{texts.snapshots.setAside}</Text>
            <List size="sm">
              {result.set_aside.map((each) => (
                <List.Item key={each}>
                  <Anchor component={Link} to={places.folder(id, parentOf(each))} underline="always">
                    <Code>{each}</Code>
                  </Anchor>
                </List.Item>
              ))}
            </List>
          </>
        )}
        <Anchor component={Link} to={places.folder(id, parentOf(path))} size="sm" underline="always">
          {texts.snapshots.showFiles}
        </Anchor>
      </Stack>
    </Alert>
  );
}
