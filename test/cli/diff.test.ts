import { llmisvc, objectsOf, SERVICE, useFolder } from './cliprocess.ts';

const folder = useFolder();
const withArgs = (args: string): string => `${SERVICE}  template: {containers: [{name: main, args: ${args}}]}\n`;

async function diff(before: string, after: string, ...options: readonly string[]): ReturnType<typeof llmisvc> {
  const files = ['--from', folder.write('old.yaml', before), '-f', folder.write('new.yaml', after)];
  return llmisvc(['diff', ...files, ...options]);
}

it('ends with 0 and says so when nothing differs', async () => {
  expect(await diff(SERVICE, `# a comment\n${SERVICE}`)).toEqual({
    code: 0,
    stdout: '1 service: nothing changes.\n',
    stderr: '',
  });
});

it('groups by service, counts, and names the field that restarts pods', async () => {
  const { code, stdout } = await diff(withArgs('[a]'), `${withArgs('[b]')}---\n${SERVICE.replace('qwen', 'new')}`);
  expect(code).toBe(1);
  expect(stdout).toContain('LLMInferenceService default/qwen: 1 to change, 2 unchanged; pods restart or stop\n');
  expect(stdout).toContain('RESTARTS its pods (spec.template.spec.containers[name=main].args)\n');
  expect(stdout).toContain('LLMInferenceService default/new: 3 to create; no pod restarts\n');
  expect(stdout).toMatch(/^--- Deployment default\/qwen-kserve \(old files\)\n\+\+\+ .*\(new files\)\n@@/m);
  expect(stdout).toMatch(/^- {12}- a\n\+ {12}- b\n/m);
  expect(stdout).toMatch(
    /\n2 services: 2 changed \(3 created, 1 changed, 0 deleted, 2 unchanged\); pods .* for 1\.\n$/,
  );
});

it('restarts nothing for replicas, a route, or a template that runs no pod', async () => {
  const route = await diff(
    SERVICE,
    SERVICE.replace('    gateway: {}', '    gateway: {refs: [{name: other}]}'),
    '--no-patch',
  );
  expect(route.stdout).toBe(`LLMInferenceService default/qwen: 1 to change, 2 unchanged; no pod restarts
  ~ HTTPRoute default/qwen-kserve-route: changes (spec.parentRefs[name=kserve-ingress-gateway], spec.parentRefs[name=other])
1 service: 1 changed (0 created, 1 changed, 0 deleted, 2 unchanged); pods restart for none.
`);
  const stopped = await diff(`${withArgs('[a]')}  replicas: 0\n`, `${withArgs('[b]')}  replicas: 0\n`, '--no-patch');
  expect(stopped.stdout).toContain('; no pod restarts\n');
});

const replicas = (count: number | undefined): string => (count === undefined ? '' : `  replicas: ${count}\n`);

it.each([
  [4, 0, 'stop', 'changes and STOPS its 4 pods', true],
  [1, 0, 'stop', 'changes and STOPS its pod', true],
  [4, 1, 'scaleDown', 'changes and STOPS 3 of 4 pods', true],
  [4, 6, 'scaleUp', 'changes and adds 2 to 4 pods', false],
  [0, 2, 'start', 'changes and starts 2 pods', false],
  [undefined, 0, 'stop', 'changes and STOPS its pods', true],
  [undefined, 4, 'scaleUp', 'changes and sets the number of its pods to 4, which was left open', false],
  [4, undefined, 'none', 'changes', false],
])('tells what becomes of the pods when replicas go from %s to %s', async (from, to, pods, text, disturbs) => {
  const sides = [SERVICE + replicas(from), SERVICE + replicas(to)] as const;
  const { stdout } = await diff(...sides, '--no-patch');
  expect(stdout).toContain(`: ${text} (spec.replicas)\n`);
  expect(stdout).toContain(disturbs ? '; pods restart or stop for 1.\n' : '; pods restart for none.\n');
  const data: unknown = JSON.parse((await diff(...sides, '--no-patch', '-o', 'json')).stdout);
  expect(data).toMatchObject({
    services: [
      {
        restartsOrStopsPods: disturbs,
        changes: [
          { pods, ...(pods === 'none' ? {} : { replicas: JSON.parse(JSON.stringify({ from, to })) as object }) },
        ],
      },
    ],
    summary: { servicesWithPodsDisturbed: disturbs ? 1 : 0 },
  });
});

it('names every field that differs, also beside those that restart pods', async () => {
  const { stdout } = await diff(`${withArgs('[a]')}  replicas: 4\n`, `${withArgs('[b]')}  replicas: 2\n`, '--no-patch');
  expect(stdout).toContain(
    'RESTARTS its 4 pods, which become 2 (spec.replicas, spec.template.spec.containers[name=main].args)\n',
  );
});

it('shows a service that is gone as deleted, with its pods', async () => {
  const { stdout } = await diff(`${SERVICE}---\n${SERVICE.replace('qwen', 'gone')}`, SERVICE, '--no-patch');
  expect(stdout).toContain('  - Deployment default/gone-kserve: is deleted and STOPS its pods\n');
});

it('is data with -o json and -o yaml', async () => {
  const { stdout } = await diff(withArgs('[a]'), withArgs('[b]'), '-o', 'json', '--no-patch');
  const data: unknown = JSON.parse(stdout);
  expect(data).toMatchObject({
    services: [
      {
        service: { namespace: 'default', name: 'qwen' },
        restartsOrStopsPods: true,
        unchanged: 2,
        changes: [{ action: 'change', pods: 'restart', object: { kind: 'Deployment', name: 'qwen-kserve' } }],
      },
    ],
    summary: { services: 1, servicesChanged: 1, servicesWithPodsDisturbed: 1, change: 1 },
  });
  const yaml = await diff(withArgs('[a]'), withArgs('[b]'), '-o', 'yaml', '--no-patch');
  expect(objectsOf(yaml.stdout)).toEqual([data]);
});

describe('what cannot be told ends with 2 and is said', () => {
  const BAD = SERVICE.replace('hf://', 'ftp://');
  const NOTHING = '1 service: what changes cannot be told, because of a problem.\n';

  it.each([
    ['new', SERVICE, BAD],
    ['old', BAD, SERVICE],
  ])('a service with a problem in the %s files', async (side, before, after) => {
    const { code, stdout, stderr } = await diff(before, after, '--no-patch');
    expect(code).toBe(2);
    expect(stderr).toContain(`${side}.yaml:7:5: spec.model.uri: `);
    expect(stdout).toBe(`LLMInferenceService default/qwen: cannot be told, because of a problem\n${NOTHING}`);
  });

  it.each([
    ['new', SERVICE, 'a: ['],
    ['old', 'a: [', SERVICE],
  ])('a text in the %s files that cannot be read and may hold the service', async (side, before, after) => {
    const { code, stdout, stderr } = await diff(before, after, '--no-patch');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`${side}.yaml:1:5: `) });
    expect(stdout).toContain(NOTHING);
    const data: unknown = JSON.parse((await diff(before, after, '-o', 'json')).stdout);
    expect(data).toMatchObject({ services: [{ uncertain: true, changes: [] }], summary: { servicesUncertain: 1 } });
  });

  it('leaves what is known of the other parts and services', async () => {
    const lost = (name: string): string =>
      SERVICE.replace('qwen', name).replace('gateway: {}', 'gateway: {refs: [{name: ""}]}');
    const { code, stdout } = await diff(
      `${SERVICE}---\n${SERVICE.replace('qwen', 'a')}`,
      `${withArgs('[b]')}---\n${lost('a')}  replicas: 2\n`,
      '--no-patch',
    );
    expect(code).toBe(2);
    expect(stdout).toContain('default/qwen: 1 to change, 2 unchanged; pods restart or stop\n');
    expect(stdout).toContain('default/a: 1 to change, 1 unchanged; the rest cannot be told, because of a problem\n');
    expect(stdout).toMatch(/; pods restart or stop for 1; for 1 it cannot be told, because of a problem\.\n$/);
  });

  it('a name that is on neither side', async () => {
    const { code, stdout, stderr } = await diff(SERVICE, SERVICE, 'nobody');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      'error: LLMInferenceService default/nobody is not in the input; the input has: default/qwen.\n',
    );
  });

  it('both sides from standard input', async () => {
    const { code, stderr } = await llmisvc(['diff', '-f', '-', '--from', '-'], { input: SERVICE });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('can be one side only') });
  });
});

it('takes a name that only one side has', async () => {
  const { code, stdout } = await diff(SERVICE, SERVICE.replace('qwen', 'other'), 'qwen', '--no-patch');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^LLMInferenceService default\/qwen: 3 to delete/);
  expect(stdout).toMatch(/^1 service: /m);
});

it('uses colours on a terminal only', async () => {
  const files = ['--from', folder.write('old.yaml', withArgs('[a]')), '-f', folder.write('new.yaml', withArgs('[b]'))];
  const coloured = await llmisvc(['diff', ...files], { colours: true });
  expect(coloured.stdout).toContain('\u001b[32m+            - b\u001b[39m');
  expect((await llmisvc(['diff', ...files])).stdout).not.toContain('\u001b');
});

it.each([
  [['diff'], 'Name new files or folders with --filename, or a service of the cluster.'],
  [['diff', '--from', 'a.yaml'], 'Name the new files or folders with --filename.'],
  [['diff', '-f', 'FILE', '--kubeconfig', '/nowhere'], 'To compare with other files instead, name them with --from.'],
])('%j says what is missing', async (args, text) => {
  const file = folder.write('new.yaml', SERVICE);
  const { code, stderr } = await llmisvc(args.map((arg) => (arg === 'FILE' ? file : arg)));
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(text) });
  expect(stderr).not.toContain('--from-cluster');
});
