import "@mantine/core/styles/Badge.css";

import { Avatar, Badge, Button, Container, Group, Text, TextInput, Title } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { useNavigate } from "react-router";

import { isAddress } from "../account/rules.ts";
import { api } from "../api/api.ts";
import type { Person } from "../api/contract.ts";
import { faultOf, type Fault } from "../api/fault.ts";
import { places } from "../app/places.ts";
import { useProject } from "../project/context.ts";
import { texts } from "../texts/index.ts";
import { Confirm } from "../ui/Confirm.tsx";
import { IconUserPlus } from "../ui/icons.ts";
import list from "../ui/list.module.css";
import { tell, tellFault } from "../ui/tell.ts";
import { useTitle } from "../ui/useTitle.ts";
import classes from "./PeoplePage.module.css";

const nameOf = (person: Person) => `${person.first_name} ${person.last_name}`.trim() || person.email_address;

/** Who works in the project; inviting and removing. */
export default function PeoplePage() {
  const project = useProject();
  useTitle(`${texts.people.title} · ${project.title}`);
  const { data: me } = api.useGetAccountQuery();
  const [remove, { isLoading }] = api.useRemoveCollaboratorMutation();
  const [leaving, setLeaving] = useState<Person | null>(null);
  const navigate = useNavigate();
  const mine = (person: Person | null) => person !== null && person.account_id === me?.account_id;
  const owner =
    me?.administrator === true || project.users.some((user) => mine(user) && user.role === "owner");

  const confirmed = async () => {
    if (leaving === null) return;
    try {
      await remove({ project_id: project.project_id, account_id: leaving.account_id }).unwrap();
      if (mine(leaving)) await navigate(places.projects);
      else tell(texts.people.removed(nameOf(leaving)));
    } catch (error) {
      tellFault(texts.people.refused, error);
    }
    setLeaving(null);
  };

  return (
    <Container size="sm" py="lg" w="100%">
      <Title order={2} size="h3" mb={4}>
        {texts.people.title}
      </Title>
      <Text c="dimmed" size="sm" mb="lg">
        {texts.people.intro}
      </Text>
      <Invite projectId={project.project_id} users={project.users} />
      <ul className={`${list.list} ${classes.list}`} aria-label={texts.people.list}>
        {project.users.map((user) => (
          <li key={user.account_id}>
            <Avatar name={nameOf(user)} color="olive" size={36} alt="" />
            <div className={classes.who}>
              <Text fw={600} size="sm">
                {nameOf(user)} {mine(user) && <span className={classes.quiet}>({texts.people.you})</span>}
              </Text>
              <Text size="sm" c="dimmed">
                {user.email_address}
              </Text>
            </div>
            {user.role === "owner" ? (
              <Badge variant="light">{texts.people.owner}</Badge>
            ) : (
              (owner || mine(user)) && (
                <Button
                  size="xs"
                  variant="default"
                  aria-label={mine(user) ? texts.people.leave : texts.people.removeOf(nameOf(user))}
                  onClick={() => setLeaving(user)}
                >
                  {mine(user) ? texts.people.leave : texts.people.remove}
                </Button>
              )
            )}
          </li>
        ))}
      </ul>
      <Confirm
        opened={leaving !== null}
        title={
          mine(leaving)
            ? texts.people.leaveTitle
            : texts.people.removeTitle(leaving === null ? "" : nameOf(leaving))
        }
        words={mine(leaving) ? texts.people.leaveText : texts.people.removeText}
        action={mine(leaving) ? texts.people.leave : texts.people.remove}
        dangerous
        busy={isLoading}
        onClose={() => setLeaving(null)}
        onConfirm={confirmed}
      />
    </Container>
  );
}

function Invite({ projectId, users }: { projectId: string; users: Person[] }) {
  const [invite, { isLoading }] = api.useInviteCollaboratorMutation();
  const [email, setEmail] = useState("");
  const [error, setError] = useState<string | null>(null);

  const refusal = (fault: Fault) => {
    if (fault.status === 404) setError(texts.people.notFound(email.trim()));
    else if (fault.code === "conflict") setError(texts.people.already(email.trim()));
    else tellFault(texts.people.refused, fault);
  };

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const address = email.trim();
    setError(null);
    if (!isAddress(address)) setError(texts.account.emailNeeded);
    else if (users.some((user) => user.email_address.toLowerCase() === address.toLowerCase()))
      setError(texts.people.already(address));
    else {
      try {
        await invite({ project_id: projectId, email_address: address }).unwrap();
        setEmail("");
        tell(texts.people.invited(address));
      } catch (fault) {
        refusal(faultOf(fault));
      }
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Group align="flex-start" mb="lg">
        <TextInput
          flex="1 1 14rem"
          type="email"
          label={texts.account.email}
          description={texts.people.inviteHint}
          value={email}
          autoComplete="off"
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={error}
        />
        <Button
          type="submit"
          loading={isLoading}
          leftSection={<IconUserPlus size={16} aria-hidden />}
          className={classes.invite}
        >
          {texts.people.invite}
        </Button>
      </Group>
    </form>
  );
}
