// An OpenID Connect provider without people: whoever brings a code is signed in, under the nonce
// that the code is. What it costs is on nobody's bill.
//
//   node provider.js PORT SUBJECTS
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';

const port = Number(process.argv[2]);
const subjects = Number(process.argv[3]);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', use: 'sig', alg: 'RS256' };
let signedIn = 0;

function encoded(value) {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function idToken(subject, nonce) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    sub: subject,
    aud: 'latchkey',
    exp: now + 300,
    iat: now,
    auth_time: now,
    nonce,
    sid: createHash('sha256').update(nonce).digest('base64url'),
  };
  const signed = `${encoded({ alg: 'RS256', kid: 'bench' })}.${encoded(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

const answers = {
  '/.well-known/openid-configuration': () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    end_session_endpoint: `${issuer}/end`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }),
  '/jwks': () => ({ keys: [key] }),
  '/token': (body) => {
    const subject = `subject${signedIn++ % subjects}`;
    const nonce = new URLSearchParams(body).get('code');
    return {
      access_token: subject,
      token_type: 'Bearer',
      expires_in: 300,
      id_token: idToken(subject, nonce),
    };
  },
  '/userinfo': (body, request) => ({
    sub: request.headers.authorization.split(' ')[1],
    name: 'Somebody of the bench',
    email: 'somebody@example.com',
    email_verified: true,
  }),
};

createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const answer = answers[request.url.split('?')[0]];
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(answer ? JSON.stringify(answer(body, request)) : '{}');
}).listen(port, '127.0.0.1');
