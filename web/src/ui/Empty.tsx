import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  icon: ReactNode;
  title: string;
  words: string;
  children?: ReactNode;
}

/** An empty place: what belongs here and what to do next. */
export function Empty({ icon, title, words, children }: Props) {
  return (
    <Stack align="center" gap="sm" py="xl" px="md" ta="center" maw={460} mx="auto">
      <Text c="var(--accent-text)" component="div" aria-hidden>
        {icon}
      </Text>
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="dimmed" size="sm">
        {words}
      </Text>
      {children}
    </Stack>
  );
}
