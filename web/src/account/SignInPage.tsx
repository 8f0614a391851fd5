import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/Checkbox.css";
import "@mantine/core/styles/PasswordInput.css";

import { Alert, Anchor, Button, Checkbox, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { Link, useSearchParams } from "react-router";

import { api } from "../api/api.ts";
import { describe, faultOf } from "../api/fault.ts";
import { texts } from "../texts/index.ts";
import { useTitle } from "../ui/useTitle.ts";
import { Frame } from "./Frame.tsx";
import { isAddress } from "./rules.ts";
import { useEnter } from "./useEnter.ts";

export default function SignInPage() {
  useTitle(texts.account.signIn);
  const { data: site } = api.useGetSiteQuery();
  const [query] = useSearchParams();
  const name = site?.site_name ?? texts.product;
  const ended = query.get("ended") !== null;
  const left = query.get("left") !== null;
  return (
    <Frame
      site={name}
      title={texts.account.signIn}
      footer={
        <Text ta="center" size="sm">
          {site?.sign_up === "closed" ? (
            texts.account.signUpClosed
          ) : (
            <>
              {texts.account.noAccount}{" "}
              <Anchor component={Link} to={`/sign-up?${query.toString()}`} underline="always" inherit>
                {texts.account.signUp}
              </Anchor>
            </>
          )}
        </Text>
      }
    >
      {(ended || left) && (
        <Text size="sm" c="dimmed" mb="md" role="status">
          {ended ? texts.account.endedNote : texts.account.signedOutNote}
        </Text>
      )}
      <SignInForm />
    </Frame>
  );
}

function SignInForm() {
  const [signIn, { isLoading }] = api.useSignInMutation();
  const enter = useEnter();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const [checked, setChecked] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const emailError = isAddress(email) ? null : texts.account.emailNeeded;
  const passwordError = password === "" ? texts.account.passwordNeeded : null;

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setChecked(true);
    setRefused(null);
    if (emailError !== null || passwordError !== null) return;
    try {
      await signIn({ email_address: email.trim(), password, remember_me: remember }).unwrap();
      await enter();
    } catch (error) {
      setRefused(describe(faultOf(error)));
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack>
        {refused !== null && (
          <Alert color="orange" variant="light" role="alert">
            {refused}
          </Alert>
        )}
        <TextInput
          label={texts.account.email}
          type="email"
          autoComplete="username"
          inputMode="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={checked && emailError}
          data-autofocus
        />
        <PasswordInput
          label={texts.account.password}
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={checked && passwordError}
          aria-invalid={checked && passwordError !== null}
        />
        <Checkbox
          label={texts.account.rememberMe}
          checked={remember}
          onChange={(event) => setRemember(event.currentTarget.checked)}
        />
        <Button type="submit" loading={isLoading} fullWidth>
          {texts.account.signIn}
        </Button>
      </Stack>
    </form>
  );
}
