// Access tokens that expire while the application runs.
import { until } from "./latchkey.js";
import { whoami } from "./oauth_client.js";
import { withServer } from "./suite.js";

// To be called in a suite: its server hands out access tokens of two seconds. `begin`: how the
// suite gets its server.
export function shortTokens(sdk, begin = withServer) {
    const suite = begin(sdk, {
        sessions: { access_token_lifetime: "2s", refresh_grace: "1s" },
    });

    // Waits until the server itself refuses the token that the application holds.
    suite.expired = async (app) => {
        const token = app.client.getAccessToken();
        const refused = async () => (await whoami(suite.server.url, token)).status === 401;
        await until(refused, "the expiry");
    };
    return suite;
}
