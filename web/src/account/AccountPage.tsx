import "@mantine/core/styles/Badge.css";
import "@mantine/core/styles/FloatingIndicator.css";
import "@mantine/core/styles/SegmentedControl.css";

import {
  Badge,
  Button,
  Container,
  Group,
  Paper,
  SegmentedControl,
  Stack,
  Text,
  Title,
  useMantineColorScheme,
} from "@mantine/core";
import { useState } from "react";

import { api } from "../api/api.ts";
import { SshKeys } from "../ssh/SshKeys.tsx";
import { texts } from "../texts/index.ts";
import { laterTexts } from "../texts/later.ts";
import { Confirm } from "../ui/Confirm.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { useSignOut } from "./useSignOut.ts";

export default function AccountPage() {
  useTitle(texts.account.title);
  const { data: account } = api.useGetAccountQuery();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [asking, setAsking] = useState(false);
  const signOut = useSignOut();
  if (account === undefined) return null;
  return (
    <Container size="sm" py="xl">
      <Title order={1} size="h2" mb="lg">
        {texts.account.title}
      </Title>
      <Stack>
        <Paper withBorder p="lg">
          <Group justify="space-between">
            <div>
              <Text fw={600}>
                {account.first_name} {account.last_name}
              </Text>
              <Text c="dimmed" size="sm">
                {account.email_address}
              </Text>
            </div>
            {account.administrator && <Badge variant="light">{texts.account.administrator}</Badge>}
          </Group>
        </Paper>
        <Paper withBorder p="lg">
          <Title order={2} size="h5" mb="sm" id="appearance">
            {texts.account.appearance}
          </Title>
          <SegmentedControl
            aria-labelledby="appearance"
            value={colorScheme}
            onChange={(value) => setColorScheme(value)}
            data={[
              { value: "light", label: texts.account.light },
              { value: "dark", label: texts.account.dark },
              { value: "auto", label: texts.account.system },
            ]}
          />
        </Paper>
        <Paper withBorder p="lg">
          <SshKeys title={laterTexts.ssh.accountKeys} hint={laterTexts.ssh.accountHint} order={2} />
        </Paper>
        <Paper withBorder p="lg">
          <Text size="sm" c="dimmed" mb="sm">
            {texts.account.signOutEverywhereHint}
          </Text>
          <Group>
            <Button variant="default" onClick={() => void signOut(false)}>
              {texts.account.signOut}
            </Button>
            <Button variant="default" onClick={() => setAsking(true)}>
              {texts.account.signOutEverywhere}
            </Button>
          </Group>
        </Paper>
      </Stack>
      <Confirm
        opened={asking}
        title={texts.account.signOutEverywhere}
        words={texts.account.signOutEverywhereHint}
        action={texts.account.signOutEverywhere}
        onClose={() => setAsking(false)}
        onConfirm={() => signOut(true)}
      />
    </Container>
  );
}
