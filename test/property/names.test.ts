import { constantFrom, property, stringMatching, uniqueArray } from 'fast-check';
import { childName } from '../../src/api/names.ts';
import { holds } from '../support/runs.ts';

describe('childName', () => {
  it.each([
    ['svc', '-kserve-self-signed-certs', 'svc-kserve-self-signed-certs'],
    ['a'.repeat(48), '-inference-pool', `${'a'.repeat(48)}-inference-pool`],
    ['a'.repeat(49), '-inference-pool', 'aaaaaaaaaaaaaaaa08ff5f7301d30200ab89169f6afdb7af-inference-pool'],
    ['a'.repeat(39), '-kserve-self-signed-certs', 'aaaaaa08b2f2b0864bac1ba1585043362cbec9-kserve-self-signed-certs'],
    [
      'my-very-long-llm-inference-service-name-for-testing-purposes',
      '-kserve-self-signed-certs',
      'my-ver3692b05ad3b11cc5f5adde0b2ef4627c-kserve-self-signed-certs',
    ],
    ['x'.repeat(40), '-this-suffix-is-thirty-one-char', `${'x'.repeat(31)}a249d5642482d44326106b9379d0b997`],
    ['ab', `-${'s'.repeat(70)}`, `ab5375ddadb50d7c9d6b96c2d384c867cf-${'s'.repeat(28)}`],
  ])('of %s and %s', (parent, suffix, expected) => {
    expect(childName(parent, suffix)).toBe(expected);
  });

  it('is a DNS label of at most 63 characters for a parent that is one', () => {
    const parent = stringMatching(/^[a-z][-a-z0-9]{0,61}[a-z0-9]$/);
    holds(
      property(
        parent,
        constantFrom('-kserve', '-kserve-route', '-kserve-workload-svc', '-inference-pool'),
        (name, suffix) => {
          expect(childName(name, suffix)).toMatch(/^[a-z][-a-z0-9]{0,61}[a-z0-9]$/);
        },
      ),
    );
  });

  it('is another one for another parent, also where both are too long', () => {
    const long = stringMatching(/^[a-z][-a-z0-9]{55,61}[a-z0-9]$/);
    const suffix = constantFrom('-kserve', '-kserve-workload-svc', '-kserve-self-signed-certs');
    holds(
      property(uniqueArray(long, { minLength: 2, maxLength: 8 }), suffix, (parents, ending) => {
        const names = parents.map((parent) => childName(parent, ending));
        expect(new Set(names).size).toBe(parents.length);
        for (const name of names) expect(name).toMatch(/^[a-z][-a-z0-9]{0,61}[a-z0-9]$/);
      }),
    );
  });

  it('has at most 63 bytes for every parent and suffix', () => {
    holds(
      property(stringMatching(/^.{0,90}$/u), stringMatching(/^[-a-z]{0,90}$/), (parent, suffix) => {
        expect(Buffer.byteLength(childName(parent, suffix).replaceAll('\ufffd', ''))).toBeLessThanOrEqual(63);
      }),
    );
  });
});
