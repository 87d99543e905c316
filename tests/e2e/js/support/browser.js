// A person at a browser that runs no scripts: it keeps cookies, follows redirects on its server,
// and stops where one leads away.
export class Person {
    #cookies = new Map();

    constructor(url, name, password) {
        this.url = url;
        this.name = name;
        this.password = password;
    }

    // Where the app's authorization request leads after the person has said yes.
    async allow(authorizationUrl) {
        const page = await this.#signedIn(authorizationUrl);
        return leads(await this.#submit(page, { decision: "allow" }));
    }

    async deny(authorizationUrl) {
        const page = await this.#signedIn(authorizationUrl);
        return leads(await this.#submit(page, { decision: "deny" }));
    }

    // Signed in to the account pages.
    async signIn() {
        await this.#signedIn(`${this.url}/account/`);
    }

    // Where an app's request to sign out leads after the person has signed out of the browser.
    async signOut(endSessionUrl) {
        return leads(await this.#submit(await this.#open(endSessionUrl), { decision: "sign_out" }));
    }

    // Where it leads when the person is asked nothing: by itself, or by the link back to the app.
    async follow(authorizationUrl) {
        const page = await this.#open(authorizationUrl);
        const [, back] = page.html?.match(/<a href="([^"]*)">Back to /) ?? [];
        return back ? new URL(decoded(back)) : leads(page);
    }

    // Types the code that a device shows on the page it names; "allow" or "deny".
    async enterCode(verificationUri, userCode, decision) {
        const page = await this.#signedIn(verificationUri);
        await this.#decided(await this.#submit(page, { user_code: userCode }), decision);
    }

    // Opens the address that a device shows, which holds the code, as a QR code does.
    async openCode(verificationUriComplete, decision) {
        await this.#decided(await this.#signedIn(verificationUriComplete), decision);
    }

    async #decided(page, decision) {
        const answer = await this.#submit(page, { decision });
        if (answer.status !== 200) throw new Error(`${answer.status} ${answer.html}`);
    }

    async #signedIn(url) {
        const page = await this.#open(url);
        if (page.path !== "/account/sign-in") return page;
        return this.#submit(page, { user: this.name, password: this.password });
    }

    // Fills in and sends the form of the page that has all these fields and buttons.
    async #submit(page, filled) {
        const { attributes, inside } = formWith(page, Object.keys(filled));
        const fields = new URLSearchParams(filled);
        for (const [input] of inside.matchAll(/<input type="hidden"[^>]*>/g)) {
            fields.set(attribute(input, "name"), attribute(input, "value"));
        }
        const action = new URL(attribute(attributes, "action") || page.url, page.url);
        if (attribute(attributes, "method") === "post") {
            return this.#open(action, { method: "POST", body: fields });
        }
        action.search = fields;
        return this.#open(action);
    }

    async #open(url, how = {}) {
        const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await fetch(url, { ...how, headers: { cookie }, redirect: "manual" });
        for (const set of answer.headers.getSetCookie()) {
            const [, name, value] = set.match(/^([^=]+)=([^;]*)/);
            this.#cookies.set(name, value);
        }
        const location = answer.headers.get("location");
        if (location) {
            const target = new URL(location, url);
            if (target.origin !== this.url) return { away: target.href };
            return this.#open(target);
        }
        return {
            url: String(url),
            path: new URL(url).pathname,
            status: answer.status,
            html: await answer.text(),
        };
    }
}

function leads(page) {
    if (!page.away) throw new Error(`no answer to the app: ${page.status} ${page.html}`);
    return new URL(page.away);
}

function formWith({ html, status }, names) {
    const forms = [...(html ?? "").matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)];
    const fits = ([, , inside]) => names.every((name) => inside.includes(` name="${name}"`));
    const [found, another] = forms.filter(fits);
    if (!found || another) {
        const number = another ? "more than one" : "no";
        throw new Error(`${number} form with ${names}: ${status} ${html}`);
    }
    return { attributes: found[1], inside: found[2] };
}

const entities = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

function attribute(tag, name) {
    const found = tag.match(new RegExp(`\\b${name}="([^"]*)"`));
    return found && decoded(found[1]);
}

function decoded(text) {
    return text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => entities[entity]);
}
