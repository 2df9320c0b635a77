// The binary as a child process with an empty data folder.
//
// Most tests use `--dev`, which keeps mails; tests of sending do not.

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

/** Processes and folders to clean up when this process exits. */
const running = new Set();
const folders = new Set();
process.on('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

/**
 * Starts a service, by default with `--dev` and without limits.
 *
 * `variables` are additional environment variables, such as `VESTIBULE_RESET__TTL`.
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
    /** All lines of its log. */
    this.log = [];
  }

  async start() {
    // The public URL must be known at startup.
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

  /** Stops it; its data is deleted at exit. */
  async stop() {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit');
      // The second signal skips the drain.
      this.#child.kill('SIGTERM');
      this.#child.kill('SIGINT');
      await ended;
    }
  }

  /** Runs a command of the binary on the same data; returns its output. */
  async command(words, input = '') {
    const child = this.#spawn(words);
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => (output.stdout += data));
    child.stderr.on('data', (data) => (output.stderr += data));
    // A command that does not read its input may have exited.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    if (code !== 0) {
      throw new Error(`vestibule ${words.join(' ')} ended with ${code}\n${output.stderr}`);
    }
    return output.stdout.trim();
  }

  /** Sends JSON to the API; returns status and body. */
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

  /** Returns the mails of the dev mailbox, newest last, optionally to one address only. */
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
