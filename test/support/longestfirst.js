import Sequencer from '@jest/test-sequencer';

/** Files that take more than a minute, the longest first: the others fill up the time of the other workers. */
const LONG = [
  'golden',
  'operator-faults',
  'uninstall',
  'hostile',
  'certificate',
  'configs',
  'operator-install',
  'operator',
].map((name) => `/cluster/${name}.test.ts`);

/** The order of test files. Jest's own follows from earlier runs, which a fresh clone does not have. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const place = LONG.findIndex((end) => path.endsWith(end));
      return place < 0 ? LONG.length : place;
    };
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}
