import type { Condition, LLMInferenceService } from '../../src/api/llmisvc.ts';

/** What no sentence for a user contains: the traces of a value that the code did not expect. */
const SLIPS =
  /undefined|\[object |NaN\b|Cannot read prop|is not a function|is not iterable|call stack|RangeError|TypeError/;

/**
 * What is wrong with the conditions of a service that was looked at, whatever it says; empty when a user is told all
 * that he needs: whether it is ready, and of everything that is not so, why.
 */
export function silences(service: LLMInferenceService): readonly string[] {
  const { conditions = [], observedGeneration } = service.status ?? {};
  const ready = conditions.find(({ type }) => type === 'Ready');
  return [
    ...(observedGeneration === service.metadata.generation ? [] : ['the status is of another generation']),
    ...(ready ? [] : ['there is no condition Ready']),
    ...conditions.flatMap(faultsOf),
  ];
}

function faultsOf({ type, status, reason, message = '' }: Condition): readonly string[] {
  const slip = SLIPS.exec(message)?.[0];
  return [
    ...(status !== 'True' && (message === '' || !reason) ? [`${type} is ${status} and does not say why`] : []),
    ...(slip === undefined ? [] : [`${type} says "${slip}": ${message}`]),
  ];
}
