import { styleText } from 'node:util';
import { printable } from '../../src/cli/io.ts';

const ESCAPE = '\u001b';

it('spells out what would steer a terminal', () => {
  expect(printable(`a${ESCAPE}[2Jb\rc\u0007d\u009be`)).toBe(String.raw`a\u001b[2Jb\u000dc\u0007d\u009be`);
});

it('leaves lines, tabs, letters of all languages and the styles of the commands', () => {
  const styled = (['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const).map((style) =>
    styleText(style, 'é 模型', { validateStream: false }),
  );
  const text = `${styled.join('\t')}\n`;
  expect(printable(text)).toBe(text);
});
