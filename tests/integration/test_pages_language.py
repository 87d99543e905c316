"""Which language the pages speak."""

import pytest

from support.account_person import Person, new_person


def test_language_is_chosen_and_kept(server):
    person = Person(server, "fr")
    page = person.open("/account/sign-up", next="/account/devices", lang="de")
    assert '<html lang="de"' in page.html
    links = [a["href"] for tag, a in page.tags if tag == "a" and "hreflang" in a]
    assert "?next=%2Faccount%2Fdevices&lang=ar" in links
    refused = page.submit(user=" ", password="", repeated="")
    assert '<html lang="de"' in refused.html
    assert "?next=%2Faccount%2Fdevices&lang=ar" in [
        a["href"] for tag, a in refused.tags if "hreflang" in a
    ]
    # An app's wish does not outrank the person's own.
    assert '<html lang="de"' in person.open("/account/sign-in", ui_locales="es").html
    assert '<html lang="de"' in person.open("/account/sign-in", lang="xx").html
    assert '<html lang="en"' in person.open("/account/sign-in", lang="en").html


@pytest.mark.parametrize("path", ["/account/sign-out", "/account/apps/end", "/account/sign-in"])
def test_a_refused_form_offers_languages_where_they_lead_to_a_page(server, path):
    person = new_person(server)
    refused = person.browser.post(path, [("csrf", "of another browser")])
    assert refused.status == 403 and '<html lang="en"' in refused.html
    links = [a["href"] for tag, a in refused.tags if tag == "a" and "hreflang" in a]
    assert bool(links) is (path == "/account/sign-in")
    for link in links:
        assert person.open(path + link).status == 200


@pytest.mark.parametrize(
    ("accept", "begin", "welcome"),
    [
        ("de-AT,en;q=0.5", '<html lang="de" dir="ltr">', "Dein Konto ist fertig"),
        ("fr-CA, fr;q=0.9, en;q=0.1", '<html lang="fr" dir="ltr">', "Ton compte est prêt"),
        ("qaa, es-MX;q=0.5", '<html lang="es" dir="ltr">', "Tu cuenta está lista"),
        ("ar-EG", '<html lang="ar" dir="rtl">', "حسابك جاهز"),
        ("qaa", '<html lang="en" dir="ltr">', "Your account is ready"),
    ],
)
def test_pages_speak_the_persons_language(server, accept, begin, welcome):
    person = Person(server, accept)
    page = person.sign_up()
    assert begin in page.html
    assert welcome in page.text


def test_what_cannot_be_undone_is_said_from_right_to_left(server):
    person = Person(server, "ar")
    person.sign_up()
    page = person.open("/account/deactivate")
    assert '<html lang="ar" dir="rtl">' in page.html
    assert "لن يُعطى اسمه لأحد أبدًا. لا يمكن التراجع عن ذلك." in page.text
