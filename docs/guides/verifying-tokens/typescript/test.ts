// Tests verify.ts with the tokens of cases.json, a faulty issuer, and a running Vestibule at
// ACCOUNTS_URL if set. ACCOUNTS_ISSUER is its issuer and audience, if not the URL, and ROTATE_KEYS
// the command that rotates its keys.

import { execSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { Refused, Unavailable, Verifier, type Claims } from './verify.js'

let passed = 0
let failed = 0
let untested = 0

function check(name: string, holds: boolean, more = '') {
  holds ? passed++ : failed++
  console.log(`${holds ? 'ok    ' : 'FAILED'}  ${name}${holds ? '' : ` ${more}`}`)
}

/** Returns the claims, or the kind of failure. */
async function outcome(verifier: Verifier, token: string): Promise<Claims | string> {
  try {
    return await verifier.verify(token)
  } catch (cause) {
    if (cause instanceof Refused) return `refused: ${cause.message}`
    if (cause instanceof Unavailable) return 'unavailable'
    throw cause
  }
}

const isRefused = (result: Claims | string) =>
  typeof result === 'string' && result.startsWith('refused')

/** Waits for at most 20 seconds until `holds` returns true. */
async function until(holds: () => Promise<boolean>, pause = 200): Promise<boolean> {
  for (const end = performance.now() + 20_000; performance.now() < end; await setTimeout(pause))
    if (await holds()) return true
  return false
}

// An issuer with configurable responses.

const known = JSON.parse(readFileSync(new URL('../../cases.json', import.meta.url), 'utf8'))
let answer: { status: number; body: unknown } = { status: 200, body: known.keys }
let asked = 0
let released = Promise.resolve() // key requests are answered when this resolves
let slow = false // if true, responses arrive byte by byte
const pages: [number, unknown][] = [] // responses with ended sessions, in order
const queries: string[] = []
const server = createServer(async (request, response) => {
  if (request.url === '/.well-known/paseto-keys') {
    asked++
    await released
  }
  let { status, body } = request.url === '/elsewhere' ? { ...answer, status: 200 } : answer
  if (request.url?.startsWith('/api/v1/revocations')) {
    queries.push(request.url.slice('/api/v1/revocations'.length))
    ;[status, body] = (pages.length > 1 ? pages.shift() : pages[0]) ?? [404, {}]
  }
  response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' })
  for (let i = 0; slow && i < 80; i++) {
    response.write(' ')
    await setTimeout(50)
  }
  response.end(JSON.stringify(body))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
const stub = () => {
  const verifier = new Verifier(known.issuer, known.audience, `http://127.0.0.1:${port}/`)
  verifier.now = () => new Date('2026-09-01T12:00:00Z')
  return verifier
}

const verifier = stub()
const wrong: string[] = []
for (const { name, token, now, good } of known.cases) {
  verifier.now = () => new Date(now)
  if ((typeof (await outcome(verifier, token)) !== 'string') !== good) wrong.push(name)
}
check(`${known.cases.length} known tokens are judged correctly`, !wrong.length, `${wrong}`)

const good: string = known.cases[0].token
const [, , body] = good.split('.')
const unknownKeys = Array.from({ length: 50 }, () => {
  const kid = 'k4.pid.' + randomBytes(33).toString('base64url')
  return `v4.public.${body}.${Buffer.from(`{"kid":"${kid}"}`).toString('base64url')}`
})
asked = 0
const fresh = stub()
const answers = await Promise.all([good, ...unknownKeys].map((token) => outcome(fresh, token)))
check('51 tokens at once cost one request for keys', asked === 1, `${asked}`)
await outcome(fresh, unknownKeys[0]!)
check('a token soon after costs no request', asked === 1, `${asked}`)
check('one of them is accepted', answers.filter((result) => !isRefused(result)).length === 1)

for (const [name, status, reply] of [
  ['returns 500', 500, known.keys],
  ['redirects', 302, known.keys],
  ['has no keys', 200, { keys: [] }],
  ['returns invalid JSON', 200, 'invalid'],
] as const) {
  answer = { status, body: reply }
  console.warn = () => {}
  const result = await outcome(stub(), good)
  check(`if the issuer ${name}, tokens are not refused`, result === 'unavailable', `${result}`)
  asked = 0
  Object.assign(fresh, { nextFetch: -Infinity })
  await outcome(fresh, unknownKeys[0]!)
  Object.assign(fresh, { keysAt: performance.now() - 301_000 })
  check('… and old keys are used', typeof (await outcome(fresh, good)) !== 'string' && asked > 0)
}
Object.assign(fresh, { keysAt: performance.now() - 86_401_000 })
check('… for a day', (await outcome(fresh, good)) === 'unavailable')
answer = { status: 200, body: known.keys }
Object.assign(fresh, { nextFetch: -Infinity })
const recovered = typeof (await outcome(fresh, good)) !== 'string'
check('keys are fetched again when the issuer recovers', recovered)

/** Holds back responses of the issuer; returns a function that releases them. */
function holdBack(): () => void {
  let release = () => {}
  released = new Promise((resolve) => (release = resolve))
  asked = 0
  Object.assign(fresh, { nextFetch: -Infinity })
  return release
}
let release = holdBack()
let waits = true
const first = outcome(fresh, unknownKeys[0]!).then(() => (waits = false))
await until(async () => asked > 0)
const early = await outcome(fresh, unknownKeys[1]!)
check('during a key request an unknown key is refused', isRefused(early), `${early}`)
check('… a valid token is accepted', typeof (await outcome(fresh, good)) !== 'string')
Object.assign(fresh, { keysAt: performance.now() - 301_000 })
check('… with an old key, too', typeof (await outcome(fresh, good)) !== 'string')
check('… and none of them waits', waits && asked === 1)
release()
await first
release = holdBack()
Object.assign(fresh, { keysAt: performance.now() - 301_000, failure: 'no response' })
const soon = await outcome(fresh, good)
const running = (fresh as any).fetching !== undefined && (await until(async () => asked > 0))
check('after a failed key request tokens with an old key do not wait', running, `${soon}`)
release()

const { timeout } = AbortSignal
AbortSignal.timeout = () => timeout.call(AbortSignal, 500)
slow = true
const late = await outcome(stub(), good)
check('an endless response times out', late === 'unavailable', `${late}`)
slow = false
AbortSignal.timeout = timeout

const session = '0198c7f2-2222-7222-8222-222222222222'
const last: [number, unknown] = [200, { sessions: [session], next: 'c', more: false }]
for (const next of ['a&b', 'b']) pages.push([200, { sessions: [], next, more: true }])
pages.push(last)
const patient = stub()
void patient.followRevocations(3_600_000)
const whole = await until(async () => patient.feedAt > 0)
check('a long list of ended sessions is read without a pause', whole)
check('from its cursor', queries.join() === ',?since=a%26b,?since=b', `${queries}`)
const order = ['']
pages.splice(0, pages.length, last)
queries.length = 0
for (const status of [400, 404, 410, 422]) {
  pages.push([status, {}], last)
  order.push('?since=c', '')
}
for (const status of [429, 500, 503, 200]) {
  pages.push([status, 'invalid'], last)
  order.push('?since=c', '?since=c')
}
const follower = stub()
void follower.followRevocations(10)
await until(async () => queries.length >= order.length)
const kept = queries.slice(0, order.length).join() === order.join()
check('a cursor is kept unless it is refused', kept, `${queries}`)
check('an ended session is refused', isRefused(await outcome(follower, good)))
pages.splice(0, pages.length, [200, { sessions: [], next: 'd', more: false }])
Object.assign(follower, { ended: new Map([[session, performance.now() - 86_510_000]]) })
queries.length = 0
await until(async () => queries.length > 2)
check('… for the longest lifetime and clock difference', isRefused(await outcome(follower, good)))
Object.assign(follower, { ended: new Map([[session, performance.now() - 86_521_000]]) })
const forgotten = async () => !isRefused(await outcome(follower, good))
check('… and forgotten when all its tokens have expired', await until(forgotten))
Object.assign(follower, { get: async () => pages[0]?.[1] })
server.close()
for (const host of ['http://id.example.com', 'http://localhost.example.com', 'id.example.com']) {
  let thrown = false
  try {
    new Verifier(host, host)
  } catch {
    thrown = true
  }
  check(`keys are not fetched from ${host}`, thrown)
}

// A running Vestibule.

const url = process.env.ACCOUNTS_URL?.replace(/\/$/, '')
if (url) await live(url, process.env.ACCOUNTS_ISSUER || url)
else {
  untested++
  console.log('not tested: a running Vestibule (ACCOUNTS_URL is not set)')
}
console.log(`${passed} passed, ${failed} failed, ${untested} not tested`)
process.exit(failed ? 1 : 0)

async function live(url: string, issuer: string) {
  const post = async (path: string, body?: object, token?: string) => {
    const headers: Record<string, string> = {}
    if (body) headers['content-type'] = 'application/json'
    if (token) headers.authorization = `Bearer ${token}`
    const method = 'POST'
    const init: RequestInit = { method, headers }
    if (body) init.body = JSON.stringify(body)
    const answer = await fetch(url + path, init)
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    const text = await answer.text()
    return text ? JSON.parse(text) : undefined
  }
  const name = 'ts-' + randomBytes(8).toString('hex')
  const person = { email: `${name}@example.com`, password: randomBytes(18).toString('base64') }
  const opened = await post('/api/v1/auth/signup', { ...person, username: name })
  const token: string = opened.access_token
  const signIn = async (): Promise<string> =>
    (await post('/api/v1/auth/signin', person)).access_token

  const verifier = new Verifier(issuer, issuer, url)
  verifier.longestLife = 900
  void verifier.followRevocations(500)
  const claims = await outcome(verifier, token)
  const own = typeof claims !== 'string' && claims.sub === opened.user.id
  check('a new token is accepted', own, `${claims}`)

  const [, , body = '', footer] = token.split('.')
  const bytes = Buffer.from(body, 'base64url')
  bytes[10]! ^= 1
  const tampered = `v4.public.${bytes.toString('base64url')}.${footer}`
  check('a tampered token is refused', isRefused(await outcome(verifier, tampered)))
  const otherAudience = new Verifier(issuer, 'https://other.example.com', url)
  const misdirected = await outcome(otherAudience, token)
  check('a verifier with another audience refuses it', isRefused(misdirected))
  const otherIssuer = new Verifier('https://other.example.com', issuer, url)
  check('a verifier with another issuer refuses it', isRefused(await outcome(otherIssuer, token)))
  for (const [when, seconds, holds] of [
    ['a minute after it expired', 900 + 61, false],
    ['within the leeway', 900 + 55, true],
    ['before it was issued', -65, false],
  ] as const) {
    const clock = new Verifier(issuer, issuer, url)
    clock.now = () => new Date(Date.now() + seconds * 1000)
    const result = await outcome(clock, token)
    const expected = holds ? 'accepted' : 'refused'
    check(`${when} it is ${expected}`, isRefused(result) !== holds, `${result}`)
  }

  const second = await signIn()
  check('a second session is accepted', !isRefused(await outcome(verifier, second)))
  await until(async () => verifier.feedAt > 0)
  await post('/api/v1/auth/signout', undefined, token)
  const ended = await until(
    async () => (await outcome(verifier, token)) === 'refused: the session has ended',
  )
  check('after the sign-out it is refused', ended)
  check('the second session is still accepted', !isRefused(await outcome(verifier, second)))

  const rotate = process.env.ROTATE_KEYS
  if (!rotate) {
    untested++
    console.log('not tested: key rotation (ROTATE_KEYS is not set)')
    return
  }
  execSync(rotate, { stdio: ['ignore', 'ignore', 'inherit'] })
  let newest = second
  const rotated = await until(async () => {
    newest = await signIn()
    return newest.split('.')[3] !== footer
  }, 1_000)
  check('after a rotation new tokens use another key', rotated)
  const late = await outcome(verifier, newest)
  check('such a token is accepted', !isRefused(late), `${late}`)
  check('those of the old key still are', !isRefused(await outcome(verifier, second)))
}
