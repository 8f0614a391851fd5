import { Button, Container } from "@mantine/core";
import { Component, type ReactNode } from "react";

import { texts } from "../texts/index.ts";
import { Empty } from "../ui/Empty.tsx";
import { IconAlertTriangle } from "../ui/icons.ts";

/** Stands in for a page of which a part failed in a way that nobody foresaw. */
export class CrashBoundary extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override render(): ReactNode {
    if (!this.state.crashed) return this.props.children;
    return (
      <Container py="xl" component="main">
        <Empty
          icon={<IconAlertTriangle size={40} />}
          title={texts.common.crashedTitle}
          words={texts.common.crashed}
        >
          <Button onClick={() => location.reload()}>{texts.common.reload}</Button>
        </Empty>
      </Container>
    );
  }
}
