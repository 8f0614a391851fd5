import { Anchor, Button, Container } from "@mantine/core";
import { Link } from "react-router";

import { texts } from "../texts/index.ts";
import { Empty } from "../ui/Empty.tsx";
import { IconAlertTriangle, IconSearch } from "../ui/icons.ts";
import { useTitle } from "../ui/useTitle.ts";
import { places } from "./places.ts";

export function NotFoundPage() {
  useTitle(texts.common.notFoundTitle);
  return (
    <Container py="xl">
      <Empty icon={<IconSearch size={40} />} title={texts.common.notFoundTitle} words={texts.common.notFound}>
        <Anchor component={Link} to={places.projects}>
          {texts.common.toProjects}
        </Anchor>
      </Empty>
    </Container>
  );
}

/** Shown if a part of the page failed in a way that nobody foresaw. */
export function CrashPage() {
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
