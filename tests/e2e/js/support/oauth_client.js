// What OAuth 2.0 clients of this server are, whatever their library.
import { randomUUID } from "node:crypto";

export const callback = "https://app.example/callback";
export const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

// A web client's registration.
export function registration(fields = {}) {
    return {
        client_name: "An App",
        client_uri: "https://app.example/",
        redirect_uris: [callback],
        grant_types: ["authorization_code", "refresh_token", deviceGrant],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
        application_type: "web",
        ...fields,
    };
}

export function newDevice() {
    return randomUUID().slice(0, 8).toUpperCase();
}

export function scopeOf(deviceId, ...more) {
    return ["urn:matrix:client:api:*", `urn:matrix:client:device:${deviceId}`, ...more].join(" ");
}

// What the way back to the client says, in whichever part of the address.
export function told(address) {
    return new URLSearchParams((address.hash || address.search).slice(1));
}

// What a token is worth in the Client-Server API.
export async function whoami(url, accessToken) {
    const answer = await fetch(`${url}/_matrix/client/v3/account/whoami`, {
        headers: { Authorization: `Bearer ${accessToken}` },
    });
    return { status: answer.status, ...(await answer.json()) };
}
