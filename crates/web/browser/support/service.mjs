// The real binary as a child process on an empty data folder.
//
// Most tests use `--dev`: mails are kept and can be read. Those about sending start it without.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './port.mjs';
import { until } from './until.mjs';
import './watchdog.mjs';

/** Processes and folders that must not outlive this one, however it ends. */
const running = new Set();
const folders = new Set();
process.on('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

/**
 * Starts a service, by default with `--dev` and without limits.
 *
 * `variables` are more of its environment, such as `VESTIBULE_RESET__TTL`.
 */
export async function startService({ dev = true, variables = {} } = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'vestibule-browser-'));
  folders.add(dataDir);
  const service = new Service(dataDir, dev, variables);
  await service.start();
  return service;
}

export class Service {
  #child;
  #variables;
  #dev;

  constructor(dataDir, dev, variables) {
    this.dataDir = dataDir;
    this.#dev = dev;
    this.#variables = variables;
    /** Every line it has said. */
    this.log = [];
  }

  async start() {
    // The public address has to be known before the start.
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const options = ['serve', '--listen', `127.0.0.1:${port}`, ...(this.#dev ? ['--dev'] : [])];
    const child = this.#spawn(options);
    this.#child = child;
    child.stdout.resume();
    createInterface({ input: child.stderr }).on('line', (line) => this.log.push(line));
    const ready = () => this.log.some((line) => line.includes('"message":"ready"'));
    await until(() => ready() || child.exitCode !== null, 'the service to start');
    if (!ready()) {
      throw new Error(`the service did not start:\n${this.log.join('\n')}`);
    }
  }

  /** Ends it; its data go when the file is done. */
  async stop() {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit');
      // Nothing here needs a drain; the second signal says so.
      this.#child.kill('SIGTERM');
      this.#child.kill('SIGINT');
      await ended;
    }
  }

  /** Runs a command of the binary on the same data; answers what it printed. */
  async command(words, input = '') {
    const child = this.#spawn(words);
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => (output.stdout += data));
    child.stderr.on('data', (data) => (output.stderr += data));
    // A command that reads nothing may have ended before.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    if (code !== 0) {
      throw new Error(`vestibule ${words.join(' ')} ended with ${code}\n${output.stderr}`);
    }
    return output.stdout.trim();
  }

  /** Sends JSON to the API; answers the status and the body. */
  async api(path, body, { method = 'POST', token, language } = {}) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(language ? { 'accept-language': language } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }

  /** The mails kept so far, newest last; of one person, if an address is given. */
  async mails(to) {
    const answer = await fetch(`${this.url}/dev/mail.json`);
    const mails = await answer.json();
    return to ? mails.filter((mail) => mail.to === to) : mails;
  }

  #spawn(words) {
    const binary = process.env.VESTIBULE_BINARY;
    if (!binary) {
      throw new Error('VESTIBULE_BINARY is not set; `cargo xtask test --browser` does that');
    }
    const { PATH, HOME } = process.env;
    const child = spawn(binary, words, {
      cwd: this.dataDir,
      env: {
        PATH,
        HOME,
        VESTIBULE_SERVER__DATA_DIR: this.dataDir,
        VESTIBULE_SERVER__PUBLIC_URL: this.url,
        VESTIBULE_SERVER__LOG_FORMAT: 'json',
        VESTIBULE_LIMITS__ENABLED: 'false',
        ...this.#variables,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.add(child);
    child.on('exit', () => running.delete(child));
    return child;
  }
}
