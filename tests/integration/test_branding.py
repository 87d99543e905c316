"""The operator's own look of the pages: name, logo, icon, colour and help."""

import re

import httpx
import pytest

from support.browser import Browser, Page
from support.server import SERVER_NAME

PAGE = "/account/sign-in"
YEAR = "public, max-age=31536000, immutable"
LOGO = (
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">'
    "<script>alert(1)</script></svg>"
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c636060606000000005000127740a0b"
    "0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def branded(make_lasting_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("branding")
    (folder / "logo.svg").write_text(LOGO)
    (folder / "icon.any").write_bytes(PNG)
    return make_lasting_server(
        branding={
            "name": 'Chat & <b>"Co"</b>',
            "logo": str(folder / "logo.svg"),
            "favicon": str(folder / "icon.any"),
            "accent_colour": "#5b2a86",
            "help": "mailto:help@example.com",
        }
    )


def open_page(server, path: str = PAGE, **query: str) -> Page:
    return Browser(server.url).open(path, **query)


def rules(headers: httpx.Headers) -> dict[str, str]:
    return dict(
        rule.strip().partition(" ")[::2] for rule in headers["content-security-policy"].split(";")
    )


def source_of(page: Page, tag: str, attribute: str) -> str:
    [source] = [a[attribute] for name, a in page.tags if name == tag]
    return source


def test_pages_name_the_service_and_the_server(branded):
    page = open_page(branded)
    assert "<title>Sign in · Chat &amp; &lt;b&gt;" in page.html
    [logo] = [a for tag, a in page.tags if tag == "img"]
    assert logo["alt"] == 'Chat & <b>"Co"</b>'
    assert SERVER_NAME in page.text


def test_logo_is_kept_by_browsers_and_can_do_nothing(branded):
    source = source_of(open_page(branded), "img", "src")
    assert re.fullmatch(r"/account/branding/logo-[0-9A-Za-z_-]{16}\.svg", source)
    answer = httpx.get(branded.url + source)
    assert answer.status_code == 200
    assert answer.text == LOGO
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == YEAR
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    policy = rules(answer.headers)
    assert policy["default-src"] == "'none'" and "sandbox" in policy
    assert "script-src" not in policy
    head = httpx.head(branded.url + source)
    assert head.status_code == 200 and head.headers["content-length"] == str(len(LOGO))


def test_icon_is_the_operators(branded):
    page = open_page(branded)
    source = source_of(page, "link", "href")
    for path, kept in ((source, YEAR), ("/favicon.ico", "public, max-age=86400")):
        answer = httpx.get(branded.url + path)
        assert answer.content == PNG
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == kept
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_may_load_the_pictures_and_nothing_else(branded, server):
    policy = rules(open_page(branded).headers)
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "'self'"
    assert re.fullmatch(r"'sha256-[0-9A-Za-z+/=]+'", policy["style-src"])
    assert "img-src" not in rules(open_page(server).headers)


def test_colour_and_help_are_on_the_page(branded):
    page = open_page(branded)
    assert "--accent: #5b2a86;" in page.html
    assert page.link("Help") == "mailto:help@example.com"
    assert open_page(branded, lang="de").link("Hilfe") == "mailto:help@example.com"


@pytest.mark.parametrize("name", ["logo.svg", "logo-AAAAAAAAAAAAAAAA.svg", "..%2Flogo.svg", "%00"])
def test_other_names_are_no_pictures(branded, name):
    answer = httpx.get(f"{branded.url}/account/branding/{name}")
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"].startswith("text/html")


def test_without_branding_there_is_an_icon_all_the_same(server):
    page = open_page(server)
    assert f"<title>Sign in · {SERVER_NAME}</title>" in page.html
    assert not [tag for tag, _ in page.tags if tag in ("img", "link")]
    answer = httpx.get(server.url + "/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert httpx.get(server.url + "/account/branding/logo.svg").status_code == 404


@pytest.mark.parametrize(
    ("branding", "said"),
    [
        ({"logo": "none.png"}, ["branding.logo: cannot read", "there is no such file"]),
        ({"logo": "photo.jpg"}, ["branding.logo:", "is a JPEG; save it as SVG, PNG or WebP"]),
        ({"favicon": "large.png"}, ["branding.favicon:", "is larger than 64KiB"]),
        ({"accent_colour": "#f5a623"}, ["branding.accent_colour: '#f5a623'", "need 4.5", '"#']),
        ({"accent_colour": "green"}, ["branding.accent_colour: 'green' is not a colour"]),
        ({"help": "help@example.com"}, ["branding.help:", "try 'mailto:help@example.com'"]),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(make_sqlite_server, branding, said):
    server = make_sqlite_server()
    server.stop()
    (server.directory / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (server.directory / "large.png").write_bytes(PNG + bytes(64 * 1024))
    before = server.options
    server.options = before | {"branding": branding}
    try:
        told = server.start_refused()
    finally:
        server.options = before
    [line] = [line for line in told.splitlines() if "branding" in line]
    assert re.search(r"line \d+: ", line)
    for words in said:
        assert words in line
