import { Avatar, Menu, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { Link } from "react-router";

import { api } from "../api/api.ts";
import { places } from "../app/places.ts";
import { texts } from "../texts/index.ts";
import { IconCheck, IconDeviceDesktop, IconLogout, IconMoon, IconSun, IconUser } from "../ui/icons.ts";
import { useSignOut } from "./useSignOut.ts";

const schemes = [
  { value: "light", label: texts.account.light, Icon: IconSun },
  { value: "dark", label: texts.account.dark, Icon: IconMoon },
  { value: "auto", label: texts.account.system, Icon: IconDeviceDesktop },
] as const;

export function AccountMenu() {
  const { data: account } = api.useGetAccountQuery();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  if (account === undefined) return null;
  const name = `${account.first_name} ${account.last_name}`.trim();
  return (
    <Menu width={250}>
      <Menu.Target>
        <UnstyledButton aria-label={texts.account.menu}>
          <Avatar name={name} color="olive" size={32} radius="xl" alt="" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)">
            {name}
          </Text>
          <Text size="xs">{account.email_address}</Text>
        </Menu.Label>
        <Menu.Item component={Link} to={places.account} leftSection={<IconUser size={16} aria-hidden />}>
          {texts.account.title}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{texts.account.appearance}</Menu.Label>
        {schemes.map(({ value, label, Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={colorScheme === value ? <IconCheck size={16} aria-hidden /> : null}
            aria-current={colorScheme === value}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut(false)}>
          {texts.account.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
