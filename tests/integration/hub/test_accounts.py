"""Accounts, sessions, limits and API keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .site import PASSWORD, Person, Site

COOKIE = "__Host-lyceum_session"


def sign_in(
    person: Person, password: str = PASSWORD, *, email: str = "", hub: int = 0, remember: bool = False
) -> httpx.Response:
    address = email or person.email_address
    return person.post("sign_in", hub=hub, email_address=address, password=password, remember_me=remember)


def attributes(response: httpx.Response) -> set[str]:
    (header,) = response.headers.get_list("set-cookie")
    return {part.strip().lower() for part in header.split(";")[1:]}


def test_the_session_cookie_is_for_this_host_and_no_script(ada: Person) -> None:
    response = sign_in(ada)
    assert response.json() == {"account_id": ada.account_id}
    assert response.headers["set-cookie"].startswith(f"{COOKIE}=")
    assert attributes(response) == {"httponly", "secure", "samesite=lax", "path=/"}
    assert "max-age=2592000" in attributes(sign_in(ada, remember=True))


def test_only_a_hash_of_the_token_is_stored(site: Site, ada: Person) -> None:
    stored = site.cluster.sql("select string_agg(s::text, ' ') from sessions s")
    assert ada.cookies[COOKIE] not in stored
    assert PASSWORD not in site.cluster.sql("select string_agg(a::text, ' ') from accounts a")


def test_an_unknown_account_and_a_wrong_password_get_the_same_answer(site: Site, ada: Person) -> None:
    wrong = sign_in(Person(site), "not the password", email=ada.email_address)
    unknown = sign_in(Person(site), "not the password", email=site.email())
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 401
    assert wrong.json()["error"]["code"] == "wrong_credentials"
    assert "set-cookie" not in wrong.headers


def test_an_address_is_the_same_in_any_case(site: Site, ada: Person) -> None:
    assert sign_in(Person(site), email=ada.email_address.upper()).status_code == 200
    error = Person(site).refused(
        "create_account",
        409,
        "conflict",
        email_address=f" {ada.email_address.upper()} ",
        password=PASSWORD,
        first_name="Eve",
        last_name="",
    )
    assert "already" in error["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email_address", "nobody"),
        ("email_address", "a@b@c"),
        ("email_address", "a b@example.org"),
        ("password", "short"),
        ("password", "x" * 1025),
        ("password", "aaaaaaaaaaaa"),
        ("first_name", ""),
        ("first_name", "a\nb"),
        ("last_name", "x" * 101),
    ],
)
def test_what_cannot_be_is_refused_with_the_field(site: Site, field: str, value: str) -> None:
    fields = {"email_address": site.email(), "password": PASSWORD, "first_name": "Ada", "last_name": "L"} | {
        field: value
    }
    assert Person(site).refused("create_account", 422, "invalid", **fields)["field"] == field


def test_names_may_be_in_any_script(site: Site) -> None:
    person = Person(site)
    names = {"first_name": 'Ada "Nana" O\'Neil', "last_name": "Лавлейс 李 🙂"}
    person.ok("create_account", email_address=site.email(), password=PASSWORD, **names)
    account = person.ok("get_account")
    assert (account["first_name"], account["last_name"]) == (names["first_name"], names["last_name"])
    assert account["administrator"] is False


def test_a_signed_out_session_is_worth_nothing(ada: Person) -> None:
    cookies = dict(ada.cookies)
    response = ada.post("sign_out")
    assert response.status_code == 200
    assert ada.cookies == {}
    ada.cookies = cookies
    assert ada.refused("get_account", 401, "not_signed_in")
    assert ada.refused("get_account", 401, "not_signed_in", hub=1)


def test_sign_out_everywhere_ends_every_session(site: Site, ada: Person) -> None:
    elsewhere = Person(site, 1)
    assert sign_in(elsewhere, email=ada.email_address).status_code == 200
    ada.ok("sign_out", everywhere=True)
    elsewhere.refused("get_account", 401, "not_signed_in")


def test_an_expired_session_is_worth_nothing(site: Site, ada: Person) -> None:
    site.cluster.sql(f"update sessions set expires = now() - interval '1 second' where account_id = '{ada.account_id}'")
    ada.refused("get_account", 401, "not_signed_in")


def test_failed_sign_ins_are_limited_over_all_hubs(site: Site, ada: Person) -> None:
    for hub in (0, 1, 0):
        assert sign_in(Person(site), "wrong password", email=ada.email_address, hub=hub).status_code == 401
    refused = sign_in(Person(site), "wrong password", email=ada.email_address, hub=1)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert sign_in(Person(site), email=ada.email_address).status_code == 429  # even with the right one
    assert ada.post("get_account").status_code == 200  # who is signed in stays so


def test_guesses_made_at_once_learn_no_more_than_the_limit(site: Site, ada: Person) -> None:
    guessers = [Person(site, number % 2) for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(
            pool.map(lambda p: sign_in(p, "wrong password", email=ada.email_address, hub=p.hub).status_code, guessers)
        )
    assert answers.count(401) == 3
    assert answers.count(429) == 9


def test_successes_do_not_count(ada: Person) -> None:
    for _ in range(6):
        assert sign_in(ada).status_code == 200


def test_one_address_can_fail_ten_times_a_minute(site: Site) -> None:
    person = Person(site)
    codes = [sign_in(person, "wrong password", email=site.email(), hub=n % 2).status_code for n in range(11)]
    assert codes == [401] * 10 + [429]


def test_sign_ups_are_limited_by_address(site: Site) -> None:
    person = Person(site)
    address = person.headers["x-forwarded-for"]
    site.cluster.sql(f"insert into attempts (kind, subject) select 'sign_up', '{address}' from generate_series(1, 150)")
    response = person.post(
        "create_account", email_address=site.email(), password=PASSWORD, first_name="A", last_name="B"
    )
    assert response.status_code == 429
    assert 1700 < int(response.headers["retry-after"]) <= 1800


def test_a_disabled_account_ends_at_once(site: Site, ada: Person) -> None:
    key = ada.ok("create_api_key", name="script")["api_key"]
    assert site.run("account", "disable", ada.email_address).stdout == f"disabled {ada.email_address}\n"
    ada.refused("get_account", 401, "not_signed_in")
    Person(site, authorization=f"Bearer {key}").refused("get_account", 401, "not_signed_in")
    assert sign_in(Person(site), email=ada.email_address).json()["error"]["code"] == "wrong_credentials"
    assert site.run("account", "enable", ada.email_address).returncode == 0
    assert sign_in(Person(site), email=ada.email_address).status_code == 200


def test_disabling_in_sql_counts_too(site: Site, ada: Person) -> None:
    site.cluster.sql(f"update accounts set disabled = true where account_id = '{ada.account_id}'")
    ada.refused("get_account", 401, "not_signed_in")


def test_a_changed_password_ends_the_other_sessions(site: Site, ada: Person) -> None:
    other = Person(site)
    sign_in(other, email=ada.email_address)
    ada.refused("change_password", 401, "wrong_credentials", old_password="wrong", new_password="another good one")
    ada.ok("change_password", old_password=PASSWORD, new_password="another good one")
    assert ada.post("get_account").status_code == 200
    other.refused("get_account", 401, "not_signed_in")
    assert sign_in(Person(site), "another good one", email=ada.email_address).status_code == 200


def test_api_keys(site: Site, ada: Person) -> None:
    made = ada.ok("create_api_key", name="from my laptop")
    program = Person(site, 1, authorization=f"Bearer {made['api_key']}", origin="https://anywhere.example")
    assert program.ok("get_account")["account_id"] == ada.account_id
    (listed,) = ada.ok("list_api_keys")["api_keys"]
    assert listed["name"] == "from my laptop"
    assert listed["used"] is not None
    assert "api_key" not in listed
    site.person().refused("delete_api_key", 404, "not_found", api_key_id=made["api_key_id"])
    ada.ok("delete_api_key", api_key_id=made["api_key_id"])
    program.refused("get_account", 401, "not_signed_in")


def test_the_operators_commands(site: Site) -> None:
    email = site.email()
    made = site.run("account", "administrator", email, stdin=PASSWORD + "\n")
    assert (made.returncode, made.stdout) == (0, f"created the administrator {email}\n")
    again = site.run("account", "administrator", email, stdin="another password\n")
    assert (again.returncode, again.stdout) == (0, "")
    twice = site.run("account", "create", email, stdin=PASSWORD + "\n")
    assert twice.returncode == 1
    assert "already" in twice.stderr
    assert site.run("account", "create", email, "--if-missing", stdin=PASSWORD + "\n").returncode == 0
    boss = Person(site)
    assert sign_in(boss, email=email).status_code == 200
    assert boss.ok("get_account")["administrator"] is True
    assert site.run("account", "set-password", email, stdin="a third password\n").returncode == 0
    boss.refused("get_account", 401, "not_signed_in")
    unknown = site.run("account", "disable", "nobody@example.org")
    assert (unknown.returncode, unknown.stderr) == (1, "lyceum-hub: There is no account nobody@example.org.\n")
    assert email in site.run("account", "list").stdout
