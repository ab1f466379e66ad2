// An OpenID Connect provider of npm's oidc-provider: state in memory, refresh tokens
// rotating, one ES256 signature a refresh, as the local server has it. Prints one
// JSON line: its token endpoint and as many refresh tokens as the first argument
// asks for. Run in a directory where the package is installed.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { generateKeyPairSync } from 'node:crypto'
import { pathToFileURL } from 'node:url'

console.info = console.warn = console.error // stdout is for one line

const require = createRequire(process.cwd() + '/')
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')))

// The package's own adapter forgets all but the last thousand entries.
const entries = new Map()
class Memory {
  constructor (model) { this.model = model }
  key (id) { return `${this.model}:${id}` }
  async upsert (id, payload) { entries.set(this.key(id), payload) }
  async find (id) { return entries.get(this.key(id)) }
  async findByUid () {}
  async findByUserCode () {}
  async consume (id) { entries.get(this.key(id)).consumed = Math.floor(Date.now() / 1000) }
  async destroy (id) { entries.delete(this.key(id)) }
  async revokeByGrantId () {}
}

const server = createServer()
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`
const scope = 'openid offline_access'
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const provider = new Provider(issuer, {
  adapter: Memory,
  jwks: { keys: [{ ...key, alg: 'ES256', use: 'sig' }] },
  clients: [{
    client_id: 'bench',
    token_endpoint_auth_method: 'none',
    id_token_signed_response_alg: 'ES256',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
  }],
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
})
server.on('request', provider.callback())

const client = await provider.Client.find('bench')
const tokens = []
for (let i = 0; i < Number(process.argv[2]); i++) {
  const accountId = `user${i}`
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(scope)
  const grantId = await grant.save()
  tokens.push(await new provider.RefreshToken({
    accountId, client, grantId, scope, gty: 'authorization_code', expiresWithSession: false,
  }).save())
}
console.log(JSON.stringify({ url: issuer + '/token', tokens }))
