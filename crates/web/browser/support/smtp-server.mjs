// An SMTP server that fails on demand and records all commands and mails.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { TLSSocket, createServer as createTlsServer } from 'node:tls';
import { selfSigned } from './certificate.mjs';

/**
 * Starts an SMTP server.
 *
 * `security` is `none`, `starttls` or `tls`, the last two with a self-signed certificate. `answers`
 * replaces responses by command. With `stalls` it accepts connections and sends nothing.
 */
export async function startSmtpServer({ security = 'none', answers = {}, stalls = false } = {}) {
  const identity = security === 'none' ? {} : selfSigned();
  const server = { lines: [], mails: [], sockets: new Set() };
  const greet = (socket) => {
    server.sockets.add(socket);
    // Tests close connections early.
    socket.on('error', () => {});
    if (!stalls) {
      socket.write('220 smtp.example ESMTP\r\n');
      serve(server, socket, { security, answers, identity });
    }
  };
  const listener =
    security === 'tls' ? createTlsServer(identity, greet) : createServer(greet);
  listener.on('tlsClientError', () => {});
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  server.port = String(listener.address().port);
  server.stop = () => {
    server.sockets.forEach((socket) => socket.destroy());
    listener.close();
  };
  /** Returns `true` if a client sent credentials. */
  server.receivedAuth = () => server.lines.some((line) => /^AUTH/i.test(line));
  return server;
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

function serve(server, socket, { security, answers, identity }) {
  let mail = null;
  const input = createInterface({ input: socket, crlfDelay: Infinity });
  input.on('error', () => {});
  const say = (text) => socket.write(`${text}\r\n`);
  input.on('line', (line) => {
    if (mail !== null) {
      if (line !== '.') {
        mail.push(line);
        return;
      }
      server.mails.push(mail.join('\n'));
      mail = null;
      say(answers['.'] ?? USUAL['.']);
      return;
    }
    server.lines.push(line);
    const word = line.split(' ')[0].toUpperCase();
    if (word === 'EHLO') {
      const offers = security === 'starttls' ? ['STARTTLS'] : ['AUTH PLAIN'];
      say(`250-smtp.example\r\n250-8BITMIME\r\n250 ${offers.join('')}`);
    } else if (word === 'STARTTLS' && security === 'starttls') {
      input.close();
      say('220 Go ahead');
      const secure = new TLSSocket(socket, { isServer: true, ...identity });
      secure.on('error', () => {});
      secure.on('secure', () => serve(server, secure, { security: 'tls', answers, identity }));
    } else {
      const answer = answers[word] ?? USUAL[word] ?? '502 What?';
      if (word === 'DATA' && answer.startsWith('354')) {
        mail = [];
      }
      say(answer);
    }
  });
}
