// Access tokens that expire while the application runs.
import { after, before } from "node:test";

import { App } from "./app.js";
import { Latchkey, until } from "./latchkey.js";

// To be called in a suite: its server hands out access tokens of two seconds.
export function shortTokens(sdk) {
    const suite = { server: null };
    let number = 0;

    before(async () => {
        suite.server = await Latchkey.start({
            access_token_lifetime: "2s",
            refresh_grace: "1s",
        });
    });
    after(() => suite.server.stop());

    // A new user, signed in.
    suite.newApp = async (t) => {
        const app = new App(sdk, suite.server.url);
        t.after(() => app.close());
        await app.register(`user${++number}`);
        return app;
    };

    // Waits until the server itself refuses the token that the application holds.
    suite.expired = async (app) => {
        const headers = { Authorization: `Bearer ${app.client.getAccessToken()}` };
        const path = `${suite.server.url}/_matrix/client/v3/account/whoami`;
        await until(async () => (await fetch(path, { headers })).status === 401, "the expiry");
    };
    return suite;
}
