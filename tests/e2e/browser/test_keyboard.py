"""A person who uses the keyboard alone: reaches each thing with Tab, and sees where they are."""

from support.chromium import Person

HERE = """() => {
  const here = document.activeElement;
  const box = here.getBoundingClientRect();
  return {
    id: here.id,
    name: here.getAttribute("aria-label") ?? here.innerText.trim(),
    seen: getComputedStyle(here).outlineStyle !== "none"
      && box.bottom > 0 && box.top < innerHeight && box.width > 0,
  };
}"""


def tab_to(person: Person, name: str) -> None:
    """To what has this id, or is called so."""
    passed = []
    for _ in range(60):
        person.page.keyboard.press("Tab")
        here = person.page.evaluate(HERE)
        passed.append(here)
        if person.page.evaluate("document.activeElement === document.body"):
            continue
        assert here["seen"], here
        if name in (here["id"], here["name"]):
            return
    raise AssertionError(f"no {name} among {passed}")


def enter(person: Person) -> None:
    with person.page.expect_navigation(wait_until="domcontentloaded"):
        person.page.keyboard.press("Enter")


def test_signs_in_and_devices_out(alice, judge):
    tokens = [alice.add_device(f"PHONE{number}", f"Telephone {number}") for number in range(3)]
    alice.open("/account/devices")
    assert alice.focus == "user"
    alice.page.keyboard.type(alice.name)
    tab_to(alice, "password")
    alice.page.keyboard.type(alice.secret)
    enter(alice)
    for number in (0, 2):
        tab_to(alice, f"Choose: Telephone {number}")
        alice.page.keyboard.press("Space")
    tab_to(alice, "Sign out the chosen devices")
    enter(alice)
    assert alice.heading == "Delete 2 devices?"
    judge(alice.page, "devices-delete")
    tab_to(alice, "Delete the 2 devices")
    enter(alice)
    assert alice.notice == "The devices are signed out and deleted."
    assert [alice.works(token) for token in tokens] == [False, True, False]
    tab_to(alice, "Telephone 1")
    enter(alice)
    assert alice.heading == "Telephone 1"


def test_chooses_a_language(alice, judge):
    alice.open("/account/sign-in?next=/account/profile")
    tab_to(alice, "Language: English")
    alice.page.keyboard.press("Enter")
    judge(alice.page)
    tab_to(alice, "Deutsch")
    enter(alice)
    assert alice.heading == "Anmelden"
    alice.submit("Anmelden", user=alice.name, password=alice.secret)
    assert (alice.path, alice.heading) == ("/account/profile", "Profil")
    judge(alice.page)
