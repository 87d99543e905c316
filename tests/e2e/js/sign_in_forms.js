// Each form in which a person signs in: by name, address, number, and by another client.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { withServer } from "./support/suite.js";

// Declares the tests for the SDK of this process.
export function signInFormsTests(sdk, name) {
    describe(`${name}: the forms of signing in`, () => {
        const suite = withServer(sdk);

        // Whose address and number are known. E-mail addresses are compared without case, numbers
        // as their country writes them.
        async function newReachableApp(t) {
            const app = await suite.newApp(t);
            const number = `0650 ${String(app.name.slice(4)).padStart(7, "0")}`;
            const threepid = (...words) =>
                suite.server.command("user", "add-threepid", app.name, ...words);
            await threepid("email", `${app.name}@example.org`);
            await threepid("msisdn", `+43${number.slice(1)}`);
            return { app, number };
        }

        const identifiers = {
            "the localpart": ({ app }) => ({ type: "m.id.user", user: app.name }),
            "the full ID": ({ app }) => ({ type: "m.id.user", user: app.userId }),
            "an e-mail address": ({ app }) => ({
                type: "m.id.thirdparty",
                medium: "email",
                address: `${app.name}@Example.org`,
            }),
            "a phone number": ({ number }) => ({
                type: "m.id.phone",
                country: "AT",
                phone: number,
            }),
            "a phone number as MSISDN": ({ number }) => ({
                type: "m.id.thirdparty",
                medium: "msisdn",
                address: `43${number.replaceAll(" ", "").slice(1)}`,
            }),
        };
        for (const [form, identifier] of Object.entries(identifiers)) {
            test(`signs in with a password by ${form}`, async (t) => {
                const person = await newReachableApp(t);
                const { app } = person;
                const { userId } = app;
                await app.signIn(undefined, identifier(person));
                assert.equal(app.userId, userId);
                assert.equal((await app.whoami()).device_id, app.deviceId);

                app.password = "not this one";
                const error = await app.refusal(() => app.signIn(undefined, identifier(person)));
                assert.equal(error.errcode, "M_FORBIDDEN");
            });
        }

        test("shows its ways, and says that it makes login tokens", async (t) => {
            const { flows } = await suite.noApp(t).anonymous().loginFlows();
            assert.deepEqual(flows, [
                { type: "m.login.sso", oauth_aware_preferred: true },
                { type: "m.login.password" },
                { type: "m.login.token", get_login_token: true },
            ]);
        });

        test("signs in by a token that another client asked for", async (t) => {
            const app = await suite.newApp(t);
            const capabilities = await app.client.getCapabilities();
            assert.equal(capabilities["m.get_login_token"].enabled, true);
            const { login_token: token, expires_in_ms: lifetime } = await app.confirmed(
                (client, auth) => client.requestLoginToken(auth),
            );
            assert.ok(lifetime > 0);

            const other = suite.noApp(t);
            await other.signInBy({ type: "m.login.token", token });
            assert.equal(other.userId, app.userId);
            assert.notEqual(other.deviceId, app.deviceId);
            assert.ok(other.refreshToken);
            assert.equal((await other.whoami()).user_id, app.userId);
            assert.equal((await app.whoami()).device_id, app.deviceId);

            const error = await app.refusal(() => app.anonymous().loginWithToken(token));
            assert.equal(error.httpStatus, 403);
            assert.equal(error.errcode, "M_FORBIDDEN");
        });

        test("signs in by a token with the SDK's older function", async (t) => {
            const app = await suite.newApp(t);
            const { login_token: token } = await app.confirmed((client, auth) =>
                client.requestLoginToken(auth),
            );
            const client = app.anonymous();
            t.after(() => client.stopClient());
            assert.equal((await client.loginWithToken(token)).user_id, app.userId);
            assert.equal((await client.whoami()).user_id, app.userId);
        });

        test("the token dies with the session that asked for it", async (t) => {
            const app = await suite.newApp(t);
            const { login_token: token } = await app.confirmed((client, auth) =>
                client.requestLoginToken(auth),
            );
            await app.client.logout();
            const error = await app.refusal(() => app.anonymous().loginWithToken(token));
            assert.equal(error.errcode, "M_FORBIDDEN");
        });
    });
}
