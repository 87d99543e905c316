// An application on matrix-js-sdk, as far as sign-in goes: it holds keys that are worth something,
// and does with them what the SDK's events tell it.
import { randomUUID } from "node:crypto";

export const silent = {
    trace() {},
    debug() {},
    info() {},
    warn() {},
    error() {},
    getChild: () => silent,
};

export class App {
    // `sdk`: the module of one version. A process can load only one.
    constructor(sdk, url) {
        this.sdk = sdk;
        this.url = url;
        this.password = `password ${randomUUID()}`;
        this.keys = null; // the device's end-to-end keys; null: wiped or never made
        this.signedOut = null; // how the SDK said so last: "soft" or "hard"
        this.refreshes = 0;
    }

    // A client of nobody, or with a token that is no session's.
    anonymous(accessToken = undefined) {
        return this.sdk.createClient({ baseUrl: this.url, logger: silent, accessToken });
    }

    // Registers through user-interactive authentication, and is then signed in.
    async register(name, answers = {}) {
        const client = this.anonymous();
        const request = (auth) =>
            client.registerRequest({
                username: name,
                password: this.password,
                refresh_token: true,
                auth,
            });
        this.name = name;
        this.#begin(await this.#authenticate(client, request, answers));
    }

    // Makes a request through user-interactive authentication as the SDK drives it. `answers` has
    // for each stage what the person does: from its parameters, what was wrong with the answer
    // before, and the address of its page, to the fields of `auth`, or to "on the page" when it was
    // done there. m.login.dummy needs nobody.
    #authenticate(client, request, answers) {
        return new Promise((resolve, reject) => {
            const answer = async (auth, stage, errcode) => {
                const page = client.getFallbackAuthUrl(stage, auth.getSessionId());
                const fields = await answers[stage]?.(auth.getStageParams(stage), errcode, page);
                if (fields === "on the page") await auth.poll();
                else if (fields) await auth.submitAuthDict({ type: stage, ...fields });
                else throw new Error(`${stage} has no answer (${errcode})`);
            };
            const auth = new this.sdk.InteractiveAuth({
                matrixClient: client,
                doRequest: (fields) => request(fields ?? undefined),
                stateUpdated: (stage, { errcode }) => answer(auth, stage, errcode).catch(reject),
                requestEmailToken: () => Promise.reject(new Error("no e-mail was asked for")),
            });
            auth.attemptAuth().then(resolve, reject);
        });
    }

    // The same for what the person has to confirm with the password: request(client, auth).
    confirmed(request, password = () => this.password) {
        const answer = (_, errcode) => ({
            identifier: { type: "m.id.user", user: this.userId },
            password: password(errcode),
        });
        const asked = (auth) => request(this.client, auth);
        return this.#authenticate(this.client, asked, { "m.login.password": answer });
    }

    // Signs in with the password: as a new device, or as the one it was.
    async signIn(deviceId = undefined, identifier = { type: "m.id.user", user: this.name }) {
        await this.signInBy({
            type: "m.login.password",
            identifier,
            password: this.password,
            device_id: deviceId,
        });
    }

    // Signs in with these fields of POST /login; `client`: the caller.
    async signInBy(fields, client = this.anonymous()) {
        this.#begin(await client.loginRequest({ ...fields, refresh_token: true }));
    }

    // Another application of the same person, signed in as a device of its own.
    async another(t) {
        const app = new App(this.sdk, this.url);
        t.after(() => app.close());
        Object.assign(app, { name: this.name, password: this.password });
        await app.signIn();
        return app;
    }

    #begin(answer) {
        const sameDevice = answer.device_id === this.deviceId;
        this.client?.stopClient();
        this.deviceId = answer.device_id;
        this.userId = answer.user_id;
        this.keys = sameDevice && this.keys ? this.keys : randomUUID();
        this.signedOut = null;
        this.#open(answer.access_token, answer.refresh_token);
    }

    #open(accessToken, refreshToken) {
        this.refreshToken = refreshToken;
        this.client = this.sdk.createClient({
            baseUrl: this.url,
            logger: silent,
            accessToken,
            refreshToken,
            userId: this.userId,
            deviceId: this.deviceId,
            tokenRefreshFunction: (token) => this.#refreshed(token), // 43 does not know it
        });
        this.client.on(this.sdk.HttpApiEvent.SessionLoggedOut, (error) => {
            this.signedOut = error.data.soft_logout === true ? "soft" : "hard";
            if (this.signedOut === "hard") this.keys = null;
        });
    }

    // With a client of its own: one that is refreshing makes its other requests wait for that.
    async #refreshed(token) {
        const answer = await this.anonymous().refreshToken(token);
        this.refreshes += 1;
        this.refreshToken = answer.refresh_token;
        return {
            accessToken: answer.access_token,
            refreshToken: answer.refresh_token,
            expiry: new Date(Date.now() + answer.expires_in_ms),
        };
    }

    // What an application on SDK 43 does for a legacy session when it was told of a soft logout.
    async refreshByHand() {
        const tokens = await this.#refreshed(this.refreshToken);
        this.client.stopClient();
        this.signedOut = null;
        this.#open(tokens.accessToken, tokens.refreshToken);
    }

    whoami() {
        return this.client.whoami();
    }

    // The error with which a request is refused.
    async refusal(request = () => this.whoami()) {
        try {
            await request();
        } catch (error) {
            return error;
        }
        throw new Error("the request was answered");
    }

    close() {
        this.client?.stopClient();
    }
}
