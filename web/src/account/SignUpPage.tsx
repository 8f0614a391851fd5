import "@mantine/core/styles/PasswordInput.css";

import { Alert, Anchor, Button, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { Link, useSearchParams } from "react-router";

import { api } from "../api/api.ts";
import { describe, faultOf } from "../api/fault.ts";
import { texts } from "../texts/index.ts";
import { useTitle } from "../ui/useTitle.ts";
import { Frame } from "./Frame.tsx";
import { EMPTY, errorsIn, type Fields } from "./rules.ts";
import { useEnter } from "./useEnter.ts";

export default function SignUpPage() {
  useTitle(texts.account.signUp);
  const { data: site } = api.useGetSiteQuery();
  const [query] = useSearchParams();
  return (
    <Frame
      site={site?.site_name ?? texts.product}
      title={texts.account.signUpTitle}
      footer={
        <Text ta="center" size="sm">
          {texts.account.haveAccount}{" "}
          <Anchor component={Link} to={`/sign-in?${query.toString()}`} underline="always" inherit>
            {texts.account.signIn}
          </Anchor>
        </Text>
      }
    >
      {site?.sign_up === "closed" ? (
        <Text size="sm">{texts.account.signUpClosed}</Text>
      ) : (
        <SignUpForm tokenAsked={site?.sign_up === "token"} />
      )}
    </Frame>
  );
}

function SignUpForm({ tokenAsked }: { tokenAsked: boolean }) {
  const [createAccount, { isLoading }] = api.useCreateAccountMutation();
  const enter = useEnter();
  const [fields, setFields] = useState(EMPTY);
  const [checked, setChecked] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const errors = errorsIn(fields, tokenAsked);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setChecked(true);
    setRefused(null);
    if (Object.keys(errors).length > 0) return;
    const { token, ...rest } = fields;
    try {
      await createAccount({
        ...rest,
        email_address: fields.email_address.trim(),
        ...(tokenAsked ? { token: token.trim() } : {}),
      }).unwrap();
      await enter();
    } catch (error) {
      setRefused(describe(faultOf(error)));
    }
  };

  const field = (name: keyof Fields) => ({
    name,
    value: fields[name],
    onChange: (event: { currentTarget: HTMLInputElement }) => {
      const { value } = event.currentTarget;
      setFields((before) => ({ ...before, [name]: value }));
    },
    error: checked ? (errors[name] ?? null) : null,
    "aria-invalid": checked && errors[name] !== undefined,
  });

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack>
        {refused !== null && (
          <Alert color="orange" variant="light" role="alert">
            {refused}
          </Alert>
        )}
        <Group grow align="flex-start">
          <TextInput label={texts.account.firstName} autoComplete="given-name" {...field("first_name")} />
          <TextInput label={texts.account.lastName} autoComplete="family-name" {...field("last_name")} />
        </Group>
        <TextInput
          label={texts.account.email}
          type="email"
          autoComplete="username"
          inputMode="email"
          {...field("email_address")}
        />
        <PasswordInput
          label={texts.account.password}
          description={texts.account.newPasswordHint}
          autoComplete="new-password"
          {...field("password")}
        />
        {tokenAsked && (
          <TextInput
            label={texts.account.token}
            description={texts.account.tokenHint}
            autoComplete="off"
            {...field("token")}
          />
        )}
        <Button type="submit" loading={isLoading} fullWidth>
          {texts.account.signUp}
        </Button>
      </Stack>
    </form>
  );
}
