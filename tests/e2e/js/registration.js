// Registration with stages that ask something of the person.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { withServer } from "./support/suite.js";

const terms = {
    policies: {
        privacy: {
            version: "1.2",
            en: { name: "Privacy", url: "https://example.com/privacy-1.2.html" },
        },
    },
};

// Declares the tests for the SDK of this process.
export function registrationTests(sdk, name) {
    describe(`${name}: registration with a token and terms`, () => {
        const suite = withServer(
            sdk,
            { registration: { token_required: true, terms_file: "terms.yaml" } },
            { "terms.yaml": terms },
        );

        const newToken = (uses) =>
            suite.server.command("registration-token", "create", "--uses", String(uses));

        test("passes both stages", async (t) => {
            const app = suite.noApp(t);
            const { token } = await newToken(1);
            const asked = [];
            await app.register("alice", {
                "m.login.registration_token": () => {
                    asked.push("token");
                    return { token };
                },
                "m.login.terms": (params) => {
                    asked.push("terms");
                    assert.deepEqual(params, terms);
                    return {};
                },
            });
            assert.deepEqual(asked, ["token", "terms"]);
            assert.equal(app.userId, "@alice:example.com");
            assert.equal((await app.whoami()).device_id, app.deviceId);
        });

        test("may correct a wrong token", async (t) => {
            const app = suite.noApp(t);
            const { token } = await newToken(1);
            const errors = [];
            await app.register("bob", {
                "m.login.registration_token": (_, errcode) => {
                    errors.push(errcode);
                    return { token: errcode ? token : "not-this-one" };
                },
                "m.login.terms": () => ({}),
            });
            assert.deepEqual(errors, [undefined, "M_UNAUTHORIZED"]);
            assert.equal((await app.whoami()).user_id, "@bob:example.com");
        });

        test("passes both stages on the server's own pages", async (t) => {
            const app = suite.noApp(t);
            const { token } = await newToken(1);
            const fill = (fields) => async (_params, _errcode, page) => {
                assert.equal((await fetch(page)).status, 200);
                const { origin, pathname, searchParams } = new URL(page);
                const body = new URLSearchParams({
                    session: searchParams.get("session"),
                    ...fields,
                });
                const answer = await fetch(origin + pathname, { method: "POST", body });
                assert.equal(answer.status, 200);
                return "on the page";
            };
            await app.register("frank", {
                "m.login.registration_token": fill({ token }),
                "m.login.terms": fill({ accepted: "privacy" }),
            });
            assert.equal((await app.whoami()).user_id, "@frank:example.com");
        });

        test("a token creates no more accounts than it may", async (t) => {
            const { token } = await newToken(1);
            const answers = {
                "m.login.registration_token": (_, errcode) => (errcode ? null : { token }),
                "m.login.terms": () => ({}),
            };
            await suite.noApp(t).register("carol", answers);
            const app = suite.noApp(t);
            const error = await app.refusal(() => app.register("dave", answers));
            assert.match(error.message, /M_UNAUTHORIZED/);
            assert.equal(await app.anonymous().isUsernameAvailable("dave"), true);
        });

        test("tells which names are taken", async (t) => {
            const { token } = await newToken(1);
            const app = suite.noApp(t);
            assert.equal(await app.anonymous().isUsernameAvailable("erin"), true);
            await app.register("erin", {
                "m.login.registration_token": () => ({ token }),
                "m.login.terms": () => ({}),
            });
            assert.equal(await app.anonymous().isUsernameAvailable("erin"), false);
        });
    });
}
