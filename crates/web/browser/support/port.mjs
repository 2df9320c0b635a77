// A port for something that has to be told its own before it starts.

import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
