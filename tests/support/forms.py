"""Where the account pages' forms go."""

# Each path that takes a form of a person's browser, those of OAuth 2.0 left out.
ACCOUNT_FORMS = [
    "/account/apps/end",
    "/account/browsers/end",
    "/account/deactivate",
    "/account/device",
    "/account/device/delete",
    "/account/password",
    "/account/profile",
    "/account/recover",
    "/account/sign-in",
    "/account/sign-out",
    "/account/sign-out-everywhere",
    "/account/sign-up",
    "/account/sso",
    "/link",
]
