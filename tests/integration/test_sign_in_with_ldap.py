"""People of a directory, a real slapd, sign in with its passwords."""

import time
from collections.abc import Iterator

import pytest

from support.answers import assert_error, assert_good, assert_hard, assert_locked, assert_soft
from support.api import PREFIX, new_name
from support.browser import Browser, Page
from support.clock import MINUTE
from support.directory import Directory, Entry
from support.polling import wait_until
from support.secrets import password
from support.server import SERVER_NAME, CommandFailed, Server
from support.threads import together

# As what the directory's people are known here: by their uid where it can be a name.
NEWCOMERS = {
    "localpart": "{{ claims.uid | lower }}",
    "display_name": "{{ claims.displayName }}",
    "email": "{{ claims.mail }}",
    "email_verified": True,
    "registration": True,
}
DIFFICULT_NAMES = [
    "a*b",
    "a(b",
    "a)b",
    "a\\b",
    "a,b",
    'a"b',
    "a<b>",
    "#ab",
    "Jörg Müller",
    "李雷",
    "{{ user }}",
    "o'neill",
    "a@b",
    "x)(uid=*",
]


@pytest.fixture(scope="module")
def directory() -> Iterator[Directory]:
    directory = Directory()
    yield directory
    directory.destroy()


@pytest.fixture(scope="module")
def ldap_server(make_lasting_server, directory) -> Server:
    """With passwords of its own beside."""
    provider = directory.options(**NEWCOMERS, password_url="https://password.example.org/")
    return make_lasting_server(sign_in={"providers": [provider]})


@pytest.fixture
def alice(directory) -> Entry:
    return directory.add_person(new_name(), password(), name="Alice Ångström")


def sign_in(server: Server, person: Entry, browser: Browser | None = None, **more: str) -> Page:
    page = (browser or Browser(server.url)).open("/account/sign-in", **more)
    return page.submit(user=person.uid, password=person.password)


def flows(server: Server, token: str | None = None) -> list[str]:
    return [flow["type"] for flow in assert_good(server.api.login_flows(token))["flows"]]


def test_signs_up_and_in_again_on_the_page(ldap_server, alice):
    browser = Browser(ldap_server.url)
    page = sign_in(ldap_server, alice, browser, next="/account/profile")
    assert page.url.endswith("/account/profile")
    assert "Alice Ångström" in page.html
    browser.cookies.clear()
    assert f"@{alice.uid}:{SERVER_NAME}" in sign_in(ldap_server, alice, browser).text
    [link] = ldap_server.command("user", "links", alice.uid)["links"]
    assert (link["provider"], link["subject"]) == ("dir", alice.uuid)
    assert "used_at" in link


def test_signs_up_and_in_again_in_a_client(ldap_server, alice):
    api = ldap_server.api
    first = assert_good(api.login(alice.uid, alice.password, "PHONE"))
    assert first["user_id"] == f"@{alice.uid}:{SERVER_NAME}"
    assert_good(api.whoami(first["access_token"]))
    again = assert_good(api.login(first["user_id"], alice.password, "TABLET"))
    assert again["user_id"] == first["user_id"]
    assert_error(api.login(alice.uid, password(), "PHONE"), 403, "M_FORBIDDEN")
    assert_error(api.login(alice.uid, "", "PHONE"), 403, "M_FORBIDDEN")
    assert_error(api.login("*", alice.password, "PHONE"), 403, "M_FORBIDDEN")


def test_many_come_at_once_for_the_first_time(ldap_server, directory, alice):
    api = ldap_server.api
    answers = []
    together(
        *(
            lambda n=n: answers.append(api.login(alice.uid, alice.password, f"DEVICE{n}"))
            for n in range(6)
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 403}
    ids = {assert_good(answer)["user_id"] for answer in answers if answer.status_code == 200}
    assert ids == {f"@{alice.uid}:{SERVER_NAME}"}
    assert len(ldap_server.command("user", "links", alice.uid)["links"]) == 1


def test_finds_back_to_the_same_device(ldap_server, directory, alice):
    api = ldap_server.api
    tokens = assert_good(api.login(alice.uid, alice.password, "PHONE"))
    ldap_server.command("user", "soft-logout", alice.uid)
    assert_soft(api.whoami(tokens["access_token"]))
    # Their password, and nothing on the page in the browser but that.
    assert flows(ldap_server, tokens["access_token"])[:1] in (["m.login.sso"], ["m.login.password"])
    assert "m.login.password" in flows(ldap_server, tokens["access_token"])
    new = password()
    directory.set_password(alice, new)
    assert_error(api.login(alice.uid, alice.password, "PHONE"), 403, "M_FORBIDDEN")
    back = assert_good(api.login(tokens["user_id"], new, "PHONE"))
    assert back["device_id"] == "PHONE"
    assert_good(api.whoami(back["access_token"]))


def test_without_passwords_of_this_server_the_directory_is_the_way(make_server, directory, alice):
    other = directory.add_person(new_name(), password())
    provider = directory.options(**NEWCOMERS)
    server = make_server(sign_in={"passwords": False, "providers": [provider]})
    local = new_name()
    server.command("user", "create", local, "--password-stdin", stdin="battery staple 17")
    assert "m.login.password" in flows(server)
    assert_error(server.api.login(local, "battery staple 17"), 403, "M_FORBIDDEN")
    tokens = assert_good(server.api.login(alice.uid, alice.password, "PHONE"))
    assert_good(server.api.login(other.uid, other.password))
    server.command("user", "soft-logout", alice.uid)
    assert "m.login.password" in flows(server, tokens["access_token"])
    # With nothing that leads in there is nothing.
    server.restart({"sign_in": {"providers": []}})
    assert "m.login.password" not in flows(server)


def test_confirms_with_the_directorys_password_and_nobody_elses(ldap_server, directory, alice):
    bob = directory.add_person(new_name(), password())
    api = ldap_server.api
    assert_good(api.login(bob.uid, bob.password))
    tokens = assert_good(api.login(alice.uid, alice.password, "PHONE"))
    for name, secret in ((alice.uid, password()), (alice.uid, bob.password)):
        refused = api.delete_device(tokens["access_token"], "PHONE", name, secret)
        assert_error(refused, 401, "M_FORBIDDEN")
    refused = api.delete_device(tokens["access_token"], "PHONE", bob.uid, bob.password)
    assert_error(refused, 403, "M_FORBIDDEN")
    assert_good(api.whoami(tokens["access_token"]))
    assert_good(api.delete_device(tokens["access_token"], "PHONE", alice.uid, alice.password))
    assert_hard(api.whoami(tokens["access_token"]))


def test_confirms_on_the_fallback_page(ldap_server, alice):
    api = ldap_server.api
    tokens = assert_good(api.login(alice.uid, alice.password, "PHONE"))
    path = f"{PREFIX}/account/deactivate"
    challenge = api.request("POST", path, json={}, token=tokens["access_token"]).json()
    browser = Browser(ldap_server.url)
    page = browser.open(
        f"{PREFIX}/auth/m.login.password/fallback/web", session=challenge["session"]
    )
    assert page.submit(password=password()).status == 403
    assert page.submit(password=alice.password).status == 200
    body = {"auth": {"session": challenge["session"]}}
    assert_good(api.request("POST", path, json=body, token=tokens["access_token"]))
    assert_error(api.login(alice.uid, alice.password), 403, "M_USER_DEACTIVATED")


def test_gives_the_password_again_before_something_is_destroyed(
    make_server, clock, directory, alice
):
    server = make_server(
        clock=clock, sign_in={"passwords": False, "providers": [directory.options(**NEWCOMERS)]}
    )
    browser = Browser(server.url)
    sign_in(server, alice, browser)
    clock.advance(10 * MINUTE)
    page = browser.open("/account/deactivate")
    wrong = page.submit(
        form=page.form_with("confirm"),
        password=password(),
        confirm=f"@{alice.uid}:{SERVER_NAME}",
    )
    assert wrong.status == 403
    page = browser.open("/account/deactivate")
    done = page.submit(
        form=page.form_with("confirm"),
        password=alice.password,
        confirm=f"@{alice.uid}:{SERVER_NAME}",
    )
    assert done.status == 200
    assert sign_in(server, alice).status == 403


def test_the_password_is_changed_elsewhere(ldap_server, alice):
    api = ldap_server.api
    tokens = assert_good(api.login(alice.uid, alice.password, "PHONE"))
    answer = api.change_password(tokens["access_token"], alice.uid, alice.password, password())
    assert_error(answer, 403, "M_FORBIDDEN")
    assert "Directory" in answer.json()["error"]
    assert "https://password.example.org/" in answer.json()["error"]
    can = api.request("GET", f"{PREFIX}/capabilities", token=tokens["access_token"])
    assert assert_good(can)["capabilities"]["m.change_password"] == {"enabled": False}
    browser = Browser(ldap_server.url)
    sign_in(ldap_server, alice, browser)
    page = browser.open("/account/password")
    assert "Directory" in page.text
    assert page.link("Change it there") == "https://password.example.org/"
    # And it is as it was.
    assert_good(api.login(alice.uid, alice.password, "PHONE"))


def test_a_namesake_proves_the_account_once(ldap_server, directory):
    name, own = new_name(), password()
    assert_good(ldap_server.api.register(name, own))
    person = directory.add_person(name, password())
    refused = ldap_server.api.login(name, person.password)
    assert_error(refused, 403, "M_FORBIDDEN")
    assert "browser" in refused.json()["error"]
    page = sign_in(ldap_server, person)
    assert "Is this your account?" in page.text
    assert page.submit(password=person.password).status == 403
    page = sign_in(ldap_server, person)
    assert f"@{name}:{SERVER_NAME}" in page.submit(password=own).text
    # From now on by either.
    assert_good(ldap_server.api.login(name, person.password))
    assert_good(ldap_server.api.login(name, own))


@pytest.mark.parametrize("name", DIFFICULT_NAMES)
def test_whoever_has_a_difficult_name_chooses_another(ldap_server, directory, name):
    address = f"{new_name()}@example.org"
    person = directory.add_person(f"{name} {new_name()}", password(), mail=address)
    assert_error(ldap_server.api.login(person.uid, person.password), 403, "M_FORBIDDEN")
    page = sign_in(ldap_server, person)
    assert page.value_of("user") == ""
    chosen = new_name()
    assert f"@{chosen}:{SERVER_NAME}" in page.submit(user=chosen).text
    # By the name that they have there and by the one that they have here.
    for known_by in (person.uid, chosen, f"@{chosen}:{SERVER_NAME}"):
        answer = assert_good(ldap_server.api.login(known_by, person.password))
        assert answer["user_id"] == f"@{chosen}:{SERVER_NAME}"
    directory.remove(person)


def test_who_is_disabled_there_does_not_get_in(ldap_server, directory, alice):
    tokens = assert_good(ldap_server.api.login(alice.uid, alice.password, "PHONE"))
    directory.lock(alice)
    assert_error(ldap_server.api.login(alice.uid, alice.password, "PHONE"), 403, "M_FORBIDDEN")
    assert sign_in(ldap_server, alice).status == 403
    # What is begun goes on.
    assert_good(ldap_server.api.whoami(tokens["access_token"]))


def test_where_no_accounts_are_made_there_is_none(make_server, directory, alice):
    server = make_server(sign_in={"providers": [directory.options(registration=False)]})
    refused = server.api.login(alice.uid, alice.password)
    assert_error(refused, 403, "M_FORBIDDEN")
    assert "no account" in refused.json()["error"]
    page = sign_in(server, alice)
    assert page.status == 403
    assert "Directory" in page.text
    # Until an operator says whose account it is.
    server.command("user", "create", "ally")
    server.command("user", "link", "ally", "dir", alice.uuid)
    answer = assert_good(server.api.login(alice.uid, alice.password))
    assert answer["user_id"] == f"@ally:{SERVER_NAME}"


def test_a_directory_that_is_down_is_no_wrong_password(make_server, directory):
    own = Directory()
    try:
        person = own.add_person(new_name(), password())
        server = make_server(sign_in={"providers": [own.options(**NEWCOMERS)]})
        local, secret = new_name(), password()
        assert_good(server.api.register(local, secret))
        tokens = assert_good(server.api.login(person.uid, person.password, "PHONE"))
        own.stop()
        answer = server.api.login(person.uid, person.password, "PHONE")
        assert_error(answer, 503, "M_UNKNOWN")
        assert int(answer.headers["retry-after"]) > 0
        page = sign_in(server, person)
        assert page.status == 503
        assert "does not answer" in page.alert
        assert_error(server.api.login(local, password()), 403, "M_FORBIDDEN")
        assert_good(server.api.login(local, secret))
        assert_good(server.api.whoami(tokens["access_token"]))
        refused = server.api.delete_device(
            tokens["access_token"], "PHONE", person.uid, person.password
        )
        assert_error(refused, 503, "M_UNKNOWN")
        with pytest.raises(CommandFailed, match=r"127\.0\.0\.1"):
            server.command("provider", "test", "dir")
        own.start()
        assert_good(server.api.login(person.uid, person.password, "PHONE"))
        assert server.command("provider", "test", "dir")["fine"]
    finally:
        own.destroy()


def test_tokens_are_good_while_a_directory_hangs(make_server):
    own = Directory()
    try:
        person = own.add_person(new_name(), password())
        provider = own.options(**NEWCOMERS, timeout="5s")
        server = make_server(sign_in={"providers": [provider]}, passwords={"hash_queue": 1000})
        token = assert_good(server.api.login(person.uid, person.password))["access_token"]
        own.freeze()
        patient = server.api_at(server.url)
        statuses: list[int] = []
        while_hanging: list[int] = []
        took: list[float] = []

        def guess(number: int) -> None:
            user = {"type": "m.id.user", "user": f"nobody{number}"}
            body = {"type": "m.login.password", "identifier": user, "password": "a guess"}
            answer = patient.request("POST", f"{PREFIX}/login", json=body, timeout=60)
            statuses.append(answer.status_code)

        def use_token() -> None:
            while len(while_hanging) < 500:
                began = time.monotonic()
                assert_good(server.api.whoami(token))
                took.append(time.monotonic() - began)
                while_hanging.append(len(statuses))

        together(*(lambda n=n: guess(n) for n in range(100)), use_token)
        assert statuses == [503] * 100
        # Tokens were answered while everybody still waited, hundreds of them.
        assert while_hanging.count(0) > 100
        # Whatever else this machine does: 99 of 100 of them in far less than who waits for it.
        assert sorted(took)[-len(took) // 100] < 0.5
        own.thaw()
        wait_until(
            lambda: server.api.login(person.uid, person.password).status_code == 200,
            "the directory to be asked again",
            60,
        )
    finally:
        own.destroy()


def test_start_tls(make_server, directory, alice):
    provider = directory.options(**NEWCOMERS, start_tls=True, ca_file=str(directory.ca_file))
    server = make_server(sign_in={"providers": [provider]})
    assert "TLS" in " ".join(server.command("provider", "test", "dir")["fine"])
    assert_good(server.api.login(alice.uid, alice.password))
    # One that nobody has vouched for is not told a password.
    untrusted = directory.options(**NEWCOMERS, start_tls=True)
    server.restart({"sign_in": {"providers": [untrusted]}})
    assert_error(server.api.login(alice.uid, alice.password), 503, "M_UNKNOWN")


def test_guesses_are_limited(make_server, directory, alice):
    server = make_server(
        sign_in={"providers": [directory.options(**NEWCOMERS)]},
        rate_limits={"enabled": True, "repeated_failures": 3, "repeated_failure_interval": "1h"},
    )
    assert_good(server.api.login(alice.uid, alice.password))
    for _ in range(3):
        assert_error(server.api.login(alice.uid, password()), 403, "M_FORBIDDEN")
    assert_error(server.api.login(alice.uid, alice.password), 429, "M_LIMIT_EXCEEDED")


def test_administrators_are_whom_the_directory_says(make_server, directory, alice):
    bob = directory.add_person(new_name(), password())
    group = directory.add_group(new_name(), alice)
    provider = directory.options(**NEWCOMERS, admin_groups=[group])
    server = make_server(sign_in={"providers": [provider]})

    def administrator(person: Entry) -> bool:
        token = assert_good(server.api.login(person.uid, person.password))["access_token"]
        user_id = f"@{alice.uid}:{SERVER_NAME}"
        return server.api.moderated(token, "lock", user_id).status_code == 200

    assert administrator(alice)
    assert not administrator(bob)
    server.command("user", "admin", bob.uid, "on")
    assert not administrator(bob)
    audit = server.command("audit", "--user", bob.uid)["audit"]
    assert audit[0]["by"] == "provider dir"
    # One that names no such group says nothing of it.
    server.restart({"sign_in": {"providers": [directory.options(**NEWCOMERS)]}})
    server.command("user", "admin", bob.uid, "on")
    assert administrator(bob)


def test_a_sweep_locks_who_is_gone_and_unlocks_who_is_back(make_server):
    own = Directory()
    try:
        people = [own.add_person(new_name(), password()) for _ in range(5)]
        provider = own.options(**NEWCOMERS, sweep_at_most=20)
        server = make_server(sign_in={"providers": [provider]})
        tokens = [
            assert_good(server.api.login(person.uid, person.password))["access_token"]
            for person in people
        ]
        own.lock(people[0])
        look = server.command("provider", "sweep", "dir")
        assert (look["accounts"], look["applied"]) == (5, False)
        gone = f"@{people[0].uid}:{SERVER_NAME}"
        assert look["locked"] == [{"user": gone, "why": "disabled"}]
        assert_good(server.api.whoami(tokens[0]))
        assert server.command("provider", "sweep", "dir", "--apply")["missed"] == 1
        assert_locked(server.api.whoami(tokens[0]))
        assert_good(server.api.whoami(tokens[1]))
        own.replace(people[0], "pwdAccountLockedTime", "20260101000000Z")
        back = server.command("provider", "sweep", "dir", "--apply")
        assert back["unlocked"] == [{"user": gone}]
        assert_good(server.api.whoami(tokens[0]))
        # Too many at once are a mistake, and a directory that is down says nothing.
        for person in people[1:3]:
            own.remove(person)
        with pytest.raises(CommandFailed, match="of 5 accounts, 2"):
            server.command("provider", "sweep", "dir", "--apply")
        own.stop()
        with pytest.raises(CommandFailed, match="could not be asked"):
            server.command("provider", "sweep", "dir", "--apply")
        assert_good(server.api.whoami(tokens[1]))
    finally:
        own.destroy()


def test_the_smallest_configuration_is_fine(make_server, directory):
    smallest = {
        "id": "dir",
        "kind": "ldap",
        "name": "Directory",
        "servers": ["ldap://127.0.0.1:389"],
        "base": "ou=people,dc=example,dc=org",
        "filter": "(uid={{ user }})",
        "bind_dn": "…",
        "bind_password_file": str(directory.secret_file),
        "subject": "entryUUID",
    }
    server = make_server(start=False, sign_in={"providers": [smallest]})
    assert server.command("config", "check")["ok"]
    [listed] = server.command("provider", "list")["providers"]
    assert (listed["id"], listed["kind"]) == ("dir", "ldap")
    # What is wrong is told with its line.
    for wrong in ({"filter": "(uid=alice)"}, {"servers": ["http://x"]}, {"base": ""}):
        server.options["sign_in"]["providers"] = [smallest | wrong]
        with pytest.raises(CommandFailed, match=next(iter(wrong))):
            server.command("config", "check")
