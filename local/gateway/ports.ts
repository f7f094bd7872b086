import { createServer } from 'node:net';

/** Ports that Envoy Gateway 1.9 listens on and that cannot be configured: xDS, Wasm files, metrics, health. */
export const ENVOY_GATEWAY_PORTS: readonly number[] = [18000, 18002, 8080, 8081];

/** Rejects with the port, and how to find who holds it, when one of the ports is in use by another program. */
export async function checkPortsFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (await isFree(port)) continue;
    throw new Error(
      `Port ${port} is in use, and Envoy Gateway cannot use another one: end the program that \`ss -ltnp sport = :${port}\` shows`,
    );
  }
}

/** Envoy Gateway listens on every address, so that is what has to be free. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
