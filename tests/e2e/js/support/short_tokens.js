// Access tokens that expire, and sessions that grow too old, while the application runs.
import { until } from "./latchkey.js";
import { whoami } from "./oauth_client.js";
import { withServer } from "./suite.js";

// To be called in a suite: its server hands out access tokens of two seconds. `begin`: how the
// suite gets its server.
export function shortTokens(sdk, begin = withServer) {
    return waiting(begin(sdk, { sessions: { access_token_lifetime: "2s", refresh_grace: "1s" } }));
}

// The same with sessions that end softly after two seconds, and access tokens that would live on.
export function shortSessions(sdk) {
    return waiting(withServer(sdk, { sessions: { maximum_age: "2s" } }));
}

function waiting(suite) {
    // Waits until the server itself refuses the token that the application holds.
    suite.expired = async (app) => {
        const token = app.client.getAccessToken();
        const refused = async () => (await whoami(suite.server.url, token)).status === 401;
        await until(refused, "the expiry");
    };
    return suite;
}
