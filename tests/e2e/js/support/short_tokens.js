// Access tokens that expire while the application runs.
import { until } from "./latchkey.js";
import { withServer } from "./suite.js";

// To be called in a suite: its server hands out access tokens of two seconds.
export function shortTokens(sdk) {
    const suite = withServer(sdk, {
        sessions: { access_token_lifetime: "2s", refresh_grace: "1s" },
    });

    // Waits until the server itself refuses the token that the application holds.
    suite.expired = async (app) => {
        const headers = { Authorization: `Bearer ${app.client.getAccessToken()}` };
        const path = `${suite.server.url}/_matrix/client/v3/account/whoami`;
        await until(async () => (await fetch(path, { headers })).status === 401, "the expiry");
    };
    return suite;
}
