"""People of a SAML 2.0 identity provider (pysaml2) sign in, find back (MSC3741), and sign out."""

import pytest

from support.answers import assert_good, assert_soft
from support.browser import forms_of
from support.saml import SamlIdp
from support.saml_person import ACS, Student, configuration
from support.server import SERVER_NAME

UNIVERSITY = {"id": "idp", "name": "University"}


def sso_flow(answer) -> dict:
    [flow] = [flow for flow in assert_good(answer)["flows"] if flow["type"] == "m.login.sso"]
    return flow


def test_a_newcomer_chooses_a_name_and_is_known_from_then_on(student, idp_server):
    page = student.sign_in()
    assert "University" in page.text
    assert page.value_of("user") == student.login
    assert f"{student.login}@university.example" in page.text
    page = page.submit(user=f"{student.login}x")
    assert f"@{student.login}x:{SERVER_NAME}" in page.text
    assert f"{student.login.capitalize()} of University" in page.text
    [link] = idp_server.command("user", "links", f"{student.login}x")["links"]
    # A name that the provider gives for ever, and to this server alone.
    assert link["provider"] == "idp"
    assert student.login not in link["subject"]
    student.browser.cookies.clear()
    assert f"@{student.login}x:{SERVER_NAME}" in student.sign_in().text


def test_after_a_soft_logout_only_the_provider_leads_back_to_the_device(student, idp_server):
    student.sign_up()
    tokens = student.sign_app_in("PHONE")
    api = idp_server.api
    idp_server.command("user", "soft-logout", student.login)
    assert_soft(api.whoami(tokens["access_token"]))
    narrowed = api.login_flows(tokens["access_token"])
    assert sso_flow(narrowed)["identity_providers"] == [UNIVERSITY]
    assert "m.login.password" not in str(narrowed.json())
    student.browser.cookies.clear()
    again = student.sign_app_in("PHONE")
    assert again["user_id"] == f"@{student.login}:{SERVER_NAME}"
    assert again["device_id"] == "PHONE"
    assert_good(api.whoami(again["access_token"]))


def test_a_way_belongs_to_one_browser_and_is_gone_once(student):
    student.sign_up()
    student.browser.cookies.clear()
    form = student.answer(student.leave())
    kept = student.browser.cookies
    student.browser.cookies = type(kept)()
    page = student.bring(form)
    assert page.status == 400
    assert "another browser" in page.text
    student.browser.cookies = kept
    assert f"@{student.login}:{SERVER_NAME}" in student.bring(form).text
    # A response counts once.
    assert student.bring(form).status == 400


def test_an_answer_to_another_request_is_not_believed(student):
    student.sign_up()
    student.browser.cookies.clear()
    first = student.answer(student.leave())
    second = student.answer(student.leave())
    second.hidden["SAMLResponse"] = first.hidden["SAMLResponse"]
    page = student.bring(second)
    assert page.status == 400
    assert "University" in page.text


def test_what_nobody_asked_for_is_not_kept(student, idp_server):
    form = student.answer(student.leave())
    form.hidden["RelayState"] = "x" * 43
    answer = idp_server.api.request("POST", ACS, data=form.hidden)
    assert answer.status_code == 400
    del form.hidden["RelayState"]
    assert idp_server.api.request("POST", ACS, data=form.hidden).status_code == 400
    large = {"SAMLResponse": "x" * 500_000, "RelayState": "x"}
    assert idp_server.api.request("POST", ACS, data=large).status_code == 413


def test_what_is_destroyed_is_confirmed_at_the_provider(student):
    student.sign_up()
    page = student.browser.open("/account/sign-in", again="1", next="/account/deactivate")
    form = next(form for form in page.forms if form.action.endswith("/confirm"))
    page = page.submit(form=form)
    assert page.away.startswith(student.idp.url)
    # The browser is signed in there, and is asked all the same (ForceAuthn).
    asked = student.away.get(page.away)
    assert '<input name="user">' in asked.text
    page = student.come_back(page.away)
    assert page.url.endswith("/account/deactivate")


def test_another_person_confirms_nothing(student, students):
    student.sign_up()
    page = student.browser.open("/account/sign-in", again="1", next="/account/deactivate")
    form = next(form for form in page.forms if form.action.endswith("/confirm"))
    page = student.come_back(page.submit(form=form).away, next(students))
    assert page.status == 403


@pytest.mark.parametrize("by", ["redirect", "post"])
def test_a_logout_there_ends_softly_what_it_had_begun(student, idp_server, by):
    student.sign_up()
    tokens = student.sign_app_in("PHONE")
    api = idp_server.api
    assert_good(api.whoami(tokens["access_token"]))
    brought = student.idp.sign_out(student.login, by)
    if by == "redirect":
        answer = student.browser.open(brought)
        assert answer.away.startswith(f"{student.idp.url}/slo?SAMLResponse=")
        said = student.away.get(answer.away)
    else:
        sent = api.request("POST", "/account/providers/idp/logout", data=brought.hidden)
        [form] = forms_of(sent.text)
        assert form.action == f"{student.idp.url}/slo"
        assert form.hidden["RelayState"] == "theirs"
        said = student.away.post(form.action, data=form.hidden)
    assert said.text == "signed out"
    assert_soft(api.whoami(tokens["access_token"]))
    page = student.browser.open("/account/")
    assert "Continue with University" in page.text


def test_a_logout_that_the_provider_has_not_signed_is_refused(student, idp_server):
    student.sign_up()
    tokens = student.sign_app_in("PHONE")
    brought = student.idp.sign_out(student.login, "redirect")
    unsigned = brought[: brought.index("&Signature=")]
    path = unsigned.removeprefix(idp_server.url)
    assert idp_server.api.request("GET", path).status_code == 400
    assert_good(idp_server.api.whoami(tokens["access_token"]))


def test_people_sign_in_while_the_provider_changes_its_key(student, idp):
    student.sign_up()
    student.browser.cookies.clear()
    idp.rotate_keys()
    assert f"@{student.login}:{SERVER_NAME}" in student.sign_in().text


def test_what_is_said_may_be_encrypted(student, idp):
    student.sign_up()
    student.browser.cookies.clear()
    idp.order("encrypt", on=True)
    try:
        form = student.answer(student.leave())
    finally:
        idp.order("encrypt", on=False)
    assert f"@{student.login}:{SERVER_NAME}" in student.bring(form).text


def test_a_name_that_is_another_one_each_time_links_nobody(student, idp):
    idp.order("transient", on=True)
    try:
        page = student.sign_in()
    finally:
        idp.order("transient", on=False)
    assert page.status == 502
    assert "University" in page.text


def test_a_provider_that_is_away_ends_nothing(student, idp_server, idp):
    student.sign_up()
    tokens = student.sign_app_in("PHONE")
    form = student.answer(student.leave())
    idp.stop()
    try:
        assert_good(idp_server.api.whoami(tokens["access_token"]))
        # What it has said is good without it.
        assert f"@{student.login}:{SERVER_NAME}" in student.bring(form).text
        # And a server that starts meanwhile starts.
        idp_server.stop()
        idp_server.start()
        assert_good(idp_server.api.whoami(tokens["access_token"]))
        page = student.browser.open("/account/providers/idp")
        assert page.status == 503
        assert "University does not answer" in page.text
    finally:
        idp.start()
    student.browser.cookies.clear()


def test_the_operator_is_told_whether_it_works(idp_server, idp):
    said = idp_server.command("provider", "test", "idp")
    assert idp.metadata in str(said)
    assert f"{idp_server.url}/account/providers/idp/metadata" in str(said)


def test_requests_may_be_brought_as_a_form(make_server, tmp_path):
    """Which sends itself, or is sent by its button."""
    server = make_server(start=False)
    idp = SamlIdp(tmp_path, f"{server.url}/account/providers/idp/metadata")
    try:
        more = {"binding": "post", "subject_attribute": "uid", "encryption_required": True}
        server.options["sign_in"] = {"providers": [configuration(idp.metadata, **more)]}
        server.start()
        idp.start()
        idp.order("encrypt", on=True)
        student = Student(server, idp, "una")
        page = student.browser.open("/account/providers/idp")
        assert page.away is None
        assert "Continue with University" in page.text
        assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]
        assert "form-action" not in page.headers["Content-Security-Policy"]
        assert page.form.action == f"{idp.url}/sso"
        page = student.come_back(page.form).submit(user="una")
        assert f"@una:{SERVER_NAME}" in page.text
        [link] = server.command("user", "links", "una")["links"]
        assert link["subject"] == "una"
    finally:
        idp.close()
