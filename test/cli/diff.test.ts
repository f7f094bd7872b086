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
  const scaled = await diff(`${SERVICE}  replicas: 1\n`, `${SERVICE}  replicas: 2\n`, '--no-patch');
  expect(scaled.stdout).toContain('changes the number of pods, restarting none (spec.replicas)\n');
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

it('ends with 2 when the new files have a problem, not when only the old ones had', async () => {
  const bad = SERVICE.replace('hf://', 'ftp://');
  const now = await diff(SERVICE, bad, '--no-patch');
  expect(now).toMatchObject({
    code: 2,
    stdout: '1 service: nothing changes.\n',
    stderr: expect.stringContaining('new.yaml:7:5: spec.model.uri: '),
  });
  const before = await diff(bad, SERVICE, '--no-patch');
  expect(before).toMatchObject({ code: 1, stderr: '' });
});

it('uses colours on a terminal only', async () => {
  const files = ['--from', folder.write('old.yaml', withArgs('[a]')), '-f', folder.write('new.yaml', withArgs('[b]'))];
  const coloured = await llmisvc(['diff', ...files], { colours: true });
  expect(coloured.stdout).toContain('\u001b[32m+            - b\u001b[39m');
  expect((await llmisvc(['diff', ...files])).stdout).not.toContain('\u001b');
});
