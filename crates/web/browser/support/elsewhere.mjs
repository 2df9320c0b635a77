// Another site with links and forms to the service. For a browser, `localhost` and `127.0.0.1` are
// different sites.

import { once } from 'node:events';
import { createServer } from 'node:http';

/** Serves pages by path; returns the address of the site and a function to stop it. */
export async function startSite(pages) {
  const server = createServer((request, answer) => {
    const text = pages[request.url];
    answer.writeHead(text ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
    answer.end(`<!doctype html><title>Elsewhere</title>${text ?? ''}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://localhost:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
