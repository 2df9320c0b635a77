// Another site, which has links and forms that lead to the service. For a browser `localhost` is not
// `127.0.0.1`.

import { once } from 'node:events';
import { createServer } from 'node:http';

/** Serves pages by their paths; answers the address of the site and how to stop it. */
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
