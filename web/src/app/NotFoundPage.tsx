import { Anchor, Container } from "@mantine/core";
import { Link } from "react-router";

import { texts } from "../texts/index.ts";
import { Empty } from "../ui/Empty.tsx";
import { IconSearch } from "../ui/icons.ts";
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
