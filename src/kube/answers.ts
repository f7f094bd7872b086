import type { Answer } from '../api/snapshot.ts';
import { isForbidden, isUnserved } from './errors.ts';

/**
 * What a read says to the core: the value, its absence, or that the API server does not serve it or does not allow it.
 * Rejects with every other error of the client.
 */
export async function answerTo<T>(read: () => Promise<T | undefined>): Promise<Answer<T>> {
  try {
    const value = await read();
    return value === undefined ? { state: 'absent' } : { state: 'found', value };
  } catch (error) {
    if (isUnserved(error)) return { state: 'unserved' };
    if (isForbidden(error)) return { state: 'forbidden' };
    throw error;
  }
}
