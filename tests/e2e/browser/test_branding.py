"""A person comes to pages that have the operator's own look."""

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40">'
    "<style>rect { fill: #5b2a86 }</style>"
    '<rect width="120" height="40" rx="8"/></svg>'
)
BUTTON = "getComputedStyle(document.querySelector('button[type=submit]')).backgroundColor"


def test_pages_have_the_operators_look(server, alice, judge):
    (server.directory / "logo.svg").write_text(LOGO)
    server.restart(
        {
            "branding": {
                "name": "Example Chat",
                "logo": "logo.svg",
                "favicon": "logo.svg",
                "accent_colour": "#5b2a86",
                "help": "mailto:help@example.com",
            }
        }
    )
    alice.open("/account/sign-in")
    logo = alice.page.get_by_role("img", name="Example Chat")
    logo.wait_for()
    assert logo.evaluate("image => image.complete && image.naturalWidth === 120")
    assert alice.page.evaluate(BUTTON) == "rgb(91, 42, 134)"
    alice.page.emulate_media(color_scheme="dark")
    assert alice.page.evaluate(BUTTON) != "rgb(91, 42, 134)", "nobody could read that in the dark"
    alice.page.emulate_media(color_scheme="light")
    judge(alice.page, "sign-in-branded", service="Example Chat")
    help_link = alice.page.get_by_role("link", name="Help", exact=True)
    assert help_link.get_attribute("href") == "mailto:help@example.com"
    alice.sign_in("/account/devices")
    judge(alice.page, service="Example Chat")


def test_name_stands_beside_the_servers(server, alice, judge):
    server.restart({"branding": {"name": "Example Chat", "accent_colour": "#14664a"}})
    alice.sign_in("/account/")
    assert alice.text.startswith("Example Chat · ")
    judge(alice.page, service="Example Chat", named=True)
