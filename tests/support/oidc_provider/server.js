// An OpenID Connect provider for the tests: npm oidc-provider, with people and clients from a JSON
// file, and a page of its own on which anybody signs in by naming an account.
//
//   node server.js configuration.json
//
// Takes orders at /control/, which no provider has:
//   POST rotate {}                new signing keys; the old ones are no longer published
//   POST logout {client_id, sub}  sends a logout token; says with which status it was met, and what
//                                 was sent
//   POST lie {lies}               what /me says is of somebody else from now on, or no longer
import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const { issuer, port, clients, accounts } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const cookieKey = randomUUID();
let keys = [newKey('EC'), newKey('RSA')];
let provider;
let answer;
let lies = false;
let sent; // the last request of the provider's own

function newKey(kind) {
  const { privateKey } =
    kind === 'EC'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig' };
}

// What it has handed out is kept in the module, so a new one goes on where the old one was.
function start() {
  provider = new Provider(issuer, {
    clients,
    jwks: { keys },
    cookies: { keys: [cookieKey] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          // Nobody is asked whether they want to.
          ctx.body = `<!doctype html>${form}<script>
            const form = document.forms[0];
            form.insertAdjacentHTML('beforeend', '<input name="logout" value="yes">');
            form.submit();
          </script>`;
        },
      },
    },
    findAccount: (ctx, id) =>
      accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { Session: 3600, Grant: 3600, AccessToken: 600, IdToken: 600, Interaction: 600 },
    // It would not talk to 127.0.0.1 otherwise.
    fetch: (url, { dispatcher, ...request }) => {
      sent = String(request.body);
      return globalThis.fetch(url, request);
    },
  });
  answer = provider.callback();
}

async function bodyOf(request) {
  let body = '';
  for await (const part of request) body += part;
  return body;
}

function json(response, value, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function consent(details) {
  const grant = details.grantId
    ? await provider.Grant.find(details.grantId)
    : new provider.Grant({
        accountId: details.session.accountId,
        clientId: details.params.client_id,
      });
  const missing = details.prompt.details;
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '));
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims);
  return { consent: { grantId: await grant.save() } };
}

// The page on which one signs in.
async function interaction(request, response) {
  const details = await provider.interactionDetails(request, response);
  const finish = (result) =>
    provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: details.prompt.name === 'consent',
    });
  if (details.prompt.name === 'consent') return finish(await consent(details));
  let login;
  if (request.method === 'POST') {
    const form = new URLSearchParams(await bodyOf(request));
    if (form.has('cancel')) return finish({ error: 'access_denied' });
    login = form.get('login');
  }
  if (accounts[login]) {
    return finish({ login: { accountId: login, amr: ['pwd'], acr: accounts[login].acr } });
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1>
    <form method="post"><label>Login <input name="login"></label>
    <button>Sign in</button> <button name="cancel" value="1">Cancel</button></form></html>`);
}

async function control(request, response, order) {
  const told = JSON.parse(await bodyOf(request));
  if (order === 'rotate') {
    keys = [newKey('EC'), newKey('RSA')];
    start();
    return json(response, {});
  }
  if (order === 'logout') {
    const client = await provider.Client.find(told.client_id);
    try {
      await client.backchannelLogout(told.sub);
      return json(response, { status: 200, sent });
    } catch (error) {
      return json(response, { status: error.response?.status ?? 0, error: String(error), sent });
    }
  }
  if (order === 'lie') {
    lies = told.lies;
    return json(response, {});
  }
  return json(response, { error: 'unknown order' }, 404);
}

start();
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, issuer);
  const failed = (error) => json(response, { error: String(error) }, 500);
  if (pathname.startsWith('/control/')) {
    control(request, response, pathname.slice('/control/'.length)).catch(failed);
  } else if (pathname.startsWith('/interaction/')) {
    interaction(request, response).catch(failed);
  } else if (lies && pathname === '/me') {
    json(response, { sub: 'somebody else' });
  } else {
    answer(request, response);
  }
});
server.listen(port, '127.0.0.1');
