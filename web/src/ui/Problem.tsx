import { Alert, Button, Text } from "@mantine/core";

import { describe, type Fault } from "../api/fault.ts";
import { texts } from "../texts/index.ts";
import { IconAlertTriangle, IconRefresh } from "./icons.ts";

interface Props {
  title: string;
  fault?: Fault | undefined;
  /** Instead of the fault's own words. */
  words?: string | undefined;
  retry?: (() => unknown) | undefined;
}

/** What happened and what to do, where a list or page should have been. */
export function Problem({ title, fault, words, retry }: Props) {
  return (
    <Alert
      color="orange"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={title}
      maw={640}
      role="alert"
    >
      <Text size="sm" mb={retry === undefined ? 0 : "sm"}>
        {words ?? (fault === undefined ? texts.faults.unknown : describe(fault))}
      </Text>
      {retry !== undefined && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          onClick={() => void retry()}
        >
          {texts.common.retry}
        </Button>
      )}
    </Alert>
  );
}
