// Verifies the access tokens of a Vestibule without asking it at every request.
import { setTimeout } from 'node:timers/promises'
import { PublicProtocol } from 'paseto'
import { ImportPublicKeyFactory, VerifyFactory, type PublicKey } from 'paseto/v4/public'

const v4 = new PublicProtocol(ImportPublicKeyFactory, VerifyFactory)
const TOKEN = /^v4\.public\.[\w-]+\.([\w-]+)$/
const FOOTER = /^\{"kid":"(k4\.pid\.[\w-]{44})"\}$/
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const SKEW = 60 // seconds by which the two clocks may differ
const PAUSE = 4_000 // ms from one request for keys to the next; a new key signs after 5 s
const STALE = 300_000 // ms until keys are asked for again
const KEPT = 86_400_000 // ms for which keys are used while Vestibule is away

export class Refused extends Error {} // 401 with WWW-Authenticate: Bearer error="invalid_token"
export class Unavailable extends Error {} // 503 with Retry-After: there are no keys
export type Claims = Record<'iss' | 'aud' | 'sub' | 'sid' | 'jti' | 'iat' | 'nbf' | 'exp', string>

export class Verifier {
  longestLife = 86_400 // seconds; better the `tokens.access_ttl` of the Vestibule
  now = () => new Date()
  feedAt = -Infinity // performance.now() when ended sessions were last asked for with success
  private keys = new Map<string, PublicKey>()
  private keysAt = -Infinity
  private nextAsk = -Infinity
  private asking?: Promise<void>
  private failure?: unknown
  private ended = new Map<string, number>() // sessions, and when they were heard of, in order

  /** `url` is where Vestibule is, if its issuer is no address. */
  constructor(readonly issuer: string, readonly audience: string, readonly url = issuer) {
    if (!/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$))/.test(url))
      throw new Error('without TLS, keys can be exchanged on the way')
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
      throw new Refused('signature or claims do not hold', { cause })
    })
    const said = claims as Claims
    const life = (Date.parse(said.exp) - Date.parse(said.iat)) / 1000
    const spelled =
      are(ID, said.sub, said.sid, said.jti) && are(MOMENT, said.iat, said.nbf, said.exp)
    if (!spelled || !(life > 0 && life <= this.longestLife)) throw new Refused('malformed claims')
    if (this.ended.has(said.sid)) throw new Refused('the session has ended')
    return said
  }

  /** Follows the sessions that end. Does not return, and does not keep the process alive. */
  async followRevocations(interval = 2_000): Promise<never> {
    for (let since = ''; ; ) {
      let more = false
      try {
        const asked = performance.now()
        const page = await this.get('/api/v1/revocations' + since)
        for (const [session, heard] of this.ended)
          if (asked - heard > (this.longestLife + 2 * SKEW) * 1000) this.ended.delete(session)
        for (const session of page.sessions) this.ended.set(session, performance.now())
        since = `?since=${encodeURIComponent(page.next)}`
        more = page.more
        if (!more) this.feedAt = asked
      } catch (failure: any) {
        // Perhaps it was the cursor. To hear of a session twice does no harm.
        if ([400, 404, 410, 422].includes(failure?.cause)) since = ''
        console.warn('ended sessions cannot be read:', failure)
      }
      if (!more) await setTimeout(interval, undefined, { ref: false })
    }
  }

  private async keysFor(kid: string): Promise<Map<string, PublicKey>> {
    const now = performance.now()
    const missing = !this.keys.has(kid)
    const wanted = missing || now - this.keysAt >= STALE
    const mine = wanted && !this.asking && now >= this.nextAsk
    if (mine) this.asking = this.refresh(now)
    // Who asks waits, unless an old key may do. Others do without, so that a stranger's token costs
    // nothing. Without any keys, everybody waits.
    const empty = now - this.keysAt >= KEPT
    if (empty || (mine && (missing || !this.failure))) await this.asking
    if (now - this.keysAt < KEPT) return this.keys
    throw new Unavailable('no keys', { cause: this.failure })
  }

  private async refresh(now: number): Promise<void> {
    this.nextAsk = now + PAUSE
    try {
      const fresh = new Map<string, PublicKey>()
      for (const { kid, key, use } of (await this.get('/.well-known/paseto-keys')).keys)
        if (use === 'access' && key.startsWith('k4.public.'))
          fresh.set(kid, await v4.ImportPublicKey(key))
      if (fresh.size === 0) throw new Error('no key for access tokens')
      Object.assign(this, { keys: fresh, keysAt: now, failure: undefined })
    } catch (cause) {
      Object.assign(this, { nextAsk: performance.now() + PAUSE, failure: cause })
      console.warn('keys cannot be read:', cause)
    }
    this.asking = undefined
  }

  private async get(path: string): Promise<any> {
    const signal = AbortSignal.timeout(5_000) // for all of it, up to the last byte
    const limits: RequestInit = { redirect: 'error', signal }
    const answer = await fetch(this.url.replace(/\/+$/, '') + path, limits)
    if (!answer.ok) throw new Error(`status ${answer.status}`, { cause: answer.status })
    return answer.json()
  }
}

const are = (rule: RegExp, ...values: unknown[]) =>
  values.every((value) => typeof value === 'string' && rule.test(value))
