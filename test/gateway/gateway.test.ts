import { useStack } from '../support/stack.ts';
import { gatewayTests } from './gateways.ts';
import { pathTests } from './paths.ts';
import { streamTests } from './streams.ts';

// One stack for all of them: its ports are fixed, so stacks could not run side by side.
const stack = useStack();

describe('through Envoy Gateway and Envoy', () => {
  pathTests(stack);
  streamTests(stack);
  gatewayTests(stack);
});
