import { Avatar, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";

import { api } from "../api/api.ts";
import { places } from "../app/places.ts";
import { texts } from "../texts/index.ts";
import { IconDeviceDesktop, IconLogout, IconMoon, IconSun, IconUser } from "../ui/icons.ts";
import { MenuButton } from "../ui/MenuButton.tsx";
import { useSignOut } from "./useSignOut.ts";

const look = { size: 16, "aria-hidden": true } as const;
const schemes = [
  { value: "light", label: texts.account.light, icon: <IconSun {...look} /> },
  { value: "dark", label: texts.account.dark, icon: <IconMoon {...look} /> },
  { value: "auto", label: texts.account.system, icon: <IconDeviceDesktop {...look} /> },
] as const;

/** "AL" for "Ada Lovelace". */
function initialsOf(name: string): string {
  const words = name.split(/\s+/);
  return [words.at(0), words.length > 1 ? words.at(-1) : ""]
    .map((word) => (word ?? "").charAt(0).toUpperCase())
    .join("");
}

/** Who is signed in, how the page looks, and the way out. */
export function AccountMenu() {
  const { data: account } = api.useGetAccountQuery();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  if (account === undefined) return null;
  const name = `${account.first_name} ${account.last_name}`.trim() || account.email_address;
  const initials = initialsOf(name);
  return (
    <MenuButton
      label={texts.account.menu(initials)}
      width={250}
      button={(props) => (
        <UnstyledButton {...props}>
          <Avatar color="olive" size={32} radius="xl">
            {initials}
          </Avatar>
        </UnstyledButton>
      )}
      lines={[
        {
          heading: (
            <>
              <Text size="sm" fw={600} c="var(--mantine-color-text)">
                {name}
              </Text>
              <Text size="xs">{account.email_address}</Text>
            </>
          ),
        },
        { label: texts.account.title, to: places.account, icon: <IconUser {...look} /> },
        "rule",
        { heading: texts.account.appearance },
        ...schemes.map(({ value, label, icon }) => ({
          label,
          icon,
          checked: colorScheme === value,
          onClick: () => setColorScheme(value),
        })),
        "rule",
        { label: texts.account.signOut, icon: <IconLogout {...look} />, onClick: () => void signOut(false) },
      ]}
    />
  );
}
