// A mail relay that does what a test wants to see dealt with, and remembers everything it was told.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { TLSSocket, createServer as createTlsServer } from 'node:tls';
import { selfSigned } from './certificate.mjs';

/**
 * Starts a relay.
 *
 * `security` is how it speaks: `none`, `starttls` or `tls`, the last two with a certificate nobody
 * vouches for. `answers` replaces what it says to a command, by the command's first word. With
 * `stalls` it takes the connection and says nothing.
 */
export async function startRelay({ security = 'none', answers = {}, stalls = false } = {}) {
  const identity = security === 'none' ? {} : selfSigned();
  const relay = { lines: [], mails: [], sockets: new Set() };
  const greet = (socket) => {
    relay.sockets.add(socket);
    // Who hangs up in the middle is part of the tests.
    socket.on('error', () => {});
    if (!stalls) {
      socket.write('220 relay.example ESMTP\r\n');
      converse(relay, socket, { security, answers, identity });
    }
  };
  const server =
    security === 'tls' ? createTlsServer(identity, greet) : createServer(greet);
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  relay.port = String(server.address().port);
  relay.stop = () => {
    relay.sockets.forEach((socket) => socket.destroy());
    server.close();
  };
  /** Whether anything was said that a password could be read from. */
  relay.heardAuth = () => relay.lines.some((line) => /^AUTH/i.test(line));
  return relay;
}

const USUAL = {
  AUTH: '235 2.7.0 Accepted',
  MAIL: '250 2.1.0 Ok',
  RCPT: '250 2.1.5 Ok',
  DATA: '354 Go on',
  RSET: '250 Ok',
  QUIT: '221 Bye',
  '.': '250 2.0.0 Ok: queued as 4711',
};

function converse(relay, socket, { security, answers, identity }) {
  let letter = null;
  const input = createInterface({ input: socket, crlfDelay: Infinity });
  input.on('error', () => {});
  const say = (text) => socket.write(`${text}\r\n`);
  input.on('line', (line) => {
    if (letter !== null) {
      if (line !== '.') {
        letter.push(line);
        return;
      }
      relay.mails.push(letter.join('\n'));
      letter = null;
      say(answers['.'] ?? USUAL['.']);
      return;
    }
    relay.lines.push(line);
    const word = line.split(' ')[0].toUpperCase();
    if (word === 'EHLO') {
      const offers = security === 'starttls' ? ['STARTTLS'] : ['AUTH PLAIN'];
      say(`250-relay.example\r\n250-8BITMIME\r\n250 ${offers.join('')}`);
    } else if (word === 'STARTTLS' && security === 'starttls') {
      input.close();
      say('220 Go ahead');
      const secure = new TLSSocket(socket, { isServer: true, ...identity });
      secure.on('error', () => {});
      secure.on('secure', () => converse(relay, secure, { security: 'tls', answers, identity }));
    } else {
      const answer = answers[word] ?? USUAL[word] ?? '502 What?';
      if (word === 'DATA' && answer.startsWith('354')) {
        letter = [];
      }
      say(answer);
    }
  });
}
