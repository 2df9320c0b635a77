// Verifies access tokens of Vestibule, without a request to it for each token.
import { setTimeout } from 'node:timers/promises'
import { PublicProtocol } from 'paseto'
import { ImportPublicKeyFactory, VerifyFactory, type PublicKey } from 'paseto/v4/public'

const v4 = new PublicProtocol(ImportPublicKeyFactory, VerifyFactory)
const TOKEN = /^v4\.public\.[\w-]+\.([\w-]+)$/
const FOOTER = /^\{"kid":"(k4\.pid\.[\w-]{44})"\}$/
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const SKEW = 60 // tolerated clock difference in seconds
const MIN_INTERVAL = 4_000 // ms between key requests; a new key is used after 5 s
const MAX_AGE = 300_000 // ms until keys are fetched again
const MAX_OFFLINE = 86_400_000 // ms for which keys are used while Vestibule is unreachable

export class Refused extends Error {} // 401 with WWW-Authenticate: Bearer error="invalid_token"
export class Unavailable extends Error {} // 503 with Retry-After: no keys
export type Claims = Record<'iss' | 'aud' | 'sub' | 'sid' | 'jti' | 'iat' | 'nbf' | 'exp', string>

export class Verifier {
  longestLife = 86_400 // seconds; set it to `tokens.access_ttl`
  now = () => new Date()
  feedAt = -Infinity // performance.now() of the last successful request for ended sessions
  private keys = new Map<string, PublicKey>()
  private keysAt = -Infinity
  private nextFetch = -Infinity
  private fetching?: Promise<void>
  private failure?: unknown
  private ended = new Map<string, number>() // sessions and when they were received, in order

  /** `url` is the URL of Vestibule, if it is not the issuer. */
  constructor(readonly issuer: string, readonly audience: string, readonly url = issuer) {
    if (!/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$))/.test(url))
      throw new Error('https is required: keys could be replaced in transit')
  }

  async verify(token: string): Promise<Claims> {
    const footer = (token.length <= 4096 && TOKEN.exec(token)?.[1]) || ''
    const kid = FOOTER.exec(Buffer.from(footer, 'base64url').toString())?.[1]
    const key = kid && (await this.keysFor(kid)).get(kid)
    if (!key) throw new Refused('malformed token or unknown key')
    const implicitAssertion = new TextEncoder().encode(`vestibule/v1|access|${this.issuer}`)
    const { issuer, audience } = this
    const rules = { implicitAssertion, issuer, audience, clockTolerance: SKEW, now: this.now() }
    const { claims } = await v4.Verify(key, token, rules).catch((cause: unknown) => {
      throw new Refused('invalid signature or claims', { cause })
    })
    const { sub, sid, jti, iat, nbf, exp } = claims as Claims
    const life = (Date.parse(exp) - Date.parse(iat)) / 1000
    const wellFormed = match(ID, sub, sid, jti) && match(TIME, iat, nbf, exp)
    if (!wellFormed || !(life > 0 && life <= this.longestLife))
      throw new Refused('malformed claims')
    if (this.ended.has(sid)) throw new Refused('the session has ended')
    return claims as Claims
  }

  /** Polls for ended sessions. Never returns, and does not keep the process alive. */
  async followRevocations(interval = 2_000): Promise<never> {
    for (let since = ''; ; ) {
      let more = false
      try {
        const asked = performance.now()
        const page = await this.get('/api/v1/revocations' + since)
        for (const [session, received] of this.ended)
          if (asked - received > (this.longestLife + 2 * SKEW) * 1000) this.ended.delete(session)
        for (const session of page.sessions) this.ended.set(session, performance.now())
        since = `?since=${encodeURIComponent(page.next)}`
        more = page.more
        if (!more) this.feedAt = asked
      } catch (failure: any) {
        // The cursor may be invalid. Receiving a session twice is harmless.
        if ([400, 404, 410, 422].includes(failure?.cause)) since = ''
        console.warn('cannot fetch ended sessions:', failure)
      }
      if (!more) await setTimeout(interval, undefined, { ref: false })
    }
  }

  private async keysFor(kid: string): Promise<Map<string, PublicKey>> {
    const now = performance.now()
    const missing = !this.keys.has(kid)
    const wanted = missing || now - this.keysAt >= MAX_AGE
    const starts = wanted && !this.fetching && now >= this.nextFetch
    if (starts) this.fetching = this.refresh(now)
    // The caller that started the request waits, unless an old key can be used. Others do not wait,
    // so a flood of forged tokens costs nothing. Without any keys, all wait.
    const empty = now - this.keysAt >= MAX_OFFLINE
    if (empty || (starts && (missing || !this.failure))) await this.fetching
    if (now - this.keysAt < MAX_OFFLINE) return this.keys
    throw new Unavailable('no keys', { cause: this.failure })
  }

  private async refresh(now: number): Promise<void> {
    this.nextFetch = now + MIN_INTERVAL
    try {
      const fresh = new Map<string, PublicKey>()
      for (const { kid, key, use } of (await this.get('/.well-known/paseto-keys')).keys)
        if (use === 'access' && key.startsWith('k4.public.'))
          fresh.set(kid, await v4.ImportPublicKey(key))
      if (fresh.size === 0) throw new Error('no access token key')
      Object.assign(this, { keys: fresh, keysAt: now, failure: undefined })
    } catch (cause) {
      Object.assign(this, { nextFetch: performance.now() + MIN_INTERVAL, failure: cause })
      console.warn('cannot fetch keys:', cause)
    }
    this.fetching = undefined
  }

  private async get(path: string): Promise<any> {
    const signal = AbortSignal.timeout(5_000) // for the whole response
    const limits: RequestInit = { redirect: 'error', signal }
    const answer = await fetch(this.url.replace(/\/+$/, '') + path, limits)
    if (!answer.ok) throw new Error(`status ${answer.status}`, { cause: answer.status })
    return answer.json()
  }
}

const match = (rule: RegExp, ...values: unknown[]) =>
  values.every((value) => typeof value === 'string' && rule.test(value))
