import { Paper, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import icon from "../app/icon.svg";
import { texts } from "../texts/index.ts";
import classes from "./Frame.module.css";

interface Props {
  site: string;
  title: string;
  children: ReactNode;
  footer?: ReactNode;
}

/** The quiet page around signing in and signing up. */
export function Frame({ site, title, children, footer }: Props) {
  return (
    <main className={classes.page}>
      <div className={classes.column}>
        <div className={classes.brand}>
          <img src={icon} alt="" width={40} height={40} />
          <div>
            <Text fw={650} size="lg" lh={1.2}>
              {site}
            </Text>
            <Text size="sm" c="dimmed">
              {texts.account.tagline}
            </Text>
          </div>
        </div>
        <Paper withBorder p="xl" radius="lg" className={classes.card}>
          <Title order={1} size="h3" mb="md">
            {title}
          </Title>
          {children}
        </Paper>
        {footer}
      </div>
    </main>
  );
}
